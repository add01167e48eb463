package platform

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"slices"
)

// clipboardProgram prints what the clipboard offers, and its picture.
type clipboardProgram struct {
	display     string // variable that names the display it needs
	name        string
	types, read []string
}

var clipboardPrograms = []clipboardProgram{
	{"WAYLAND_DISPLAY", "wl-paste", []string{"--list-types"}, []string{"--no-newline", "--type", "image/png"}},
	{"DISPLAY", "xclip", []string{"-selection", "clipboard", "-out", "-target", "TARGETS"}, []string{"-selection", "clipboard", "-out", "-target", "image/png"}},
}

func clipboardPicture(ctx context.Context) ([]byte, error) {
	for _, p := range clipboardPrograms {
		path, err := exec.LookPath(p.name)
		if err != nil || os.Getenv(p.display) == "" {
			continue
		}
		types, err := ask(p.command(ctx, path, p.types), 64<<10)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(bytes.Fields(types), func(t []byte) bool { return string(t) == "image/png" }) {
			return nil, ErrNoPicture
		}
		return ask(p.command(ctx, path, p.read), maxClipboard)
	}
	return nil, ErrUnsupported
}

// command gives the program what it needs to find the display, and no other variable.
func (p clipboardProgram) command(ctx context.Context, path string, args []string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Args[0] = p.name
	cmd.Env = []string{"LC_ALL=C"}
	for _, name := range []string{p.display, "XAUTHORITY", "XDG_RUNTIME_DIR", "HOME", "PATH"} {
		if v := os.Getenv(name); v != "" {
			cmd.Env = append(cmd.Env, name+"="+v)
		}
	}
	return cmd
}
