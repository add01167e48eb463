package platform

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"sotto/chat"
)

// program puts a program of a few lines of shell on the path instead of those of the system.
func program(t *testing.T, name, lines string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+lines), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	t.Setenv("WAYLAND_DISPLAY", "")
	t.Setenv("DISPLAY", "")
}

func TestWithoutAProgramOrADisplayThereIsNoPasting(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv("DISPLAY", ":1")
	t.Setenv("WAYLAND_DISPLAY", "wayland-0")
	if _, err := ReadClipboardPicture(t.Context()); !errors.Is(err, ErrUnsupported) {
		t.Errorf("without a program: %v", err)
	}
	program(t, "wl-paste", "exit 0")
	if _, err := ReadClipboardPicture(t.Context()); !errors.Is(err, ErrUnsupported) {
		t.Errorf("without a display: %v", err)
	}
}

func TestOnlyAPictureIsPasted(t *testing.T) {
	for name, c := range map[string]struct {
		lines string
		want  error
	}{
		"a picture":          {`case "$*" in *--list-types*) echo text/html; echo image/png;; *) printf '\211PNG\r\n\032\n...';; esac`, nil},
		"no picture offered": {`echo text/plain`, ErrNoPicture},
		"something else":     {`case "$*" in *--list-types*) echo image/png;; *) echo text;; esac`, ErrNoPicture},
		"a failure":          {`exit 1`, ErrNoPicture},
		"types without end":  {`i=0; while [ $i -lt 5000 ]; do echo image/jpeg image/jpeg image/jpeg image/jpeg; i=$((i+1)); done`, chat.ErrTooLarge},
		"a secret variable":  {`test -z "$SECRET" || exit 1; test -n "$WAYLAND_DISPLAY" || exit 1; case "$*" in *--list-types*) echo image/png;; *) printf '\211PNG\r\n\032\n...';; esac`, nil},
		"neither nor":        {``, ErrNoPicture},
	} {
		t.Run(name, func(t *testing.T) {
			program(t, "wl-paste", c.lines)
			t.Setenv("WAYLAND_DISPLAY", "wayland-0")
			t.Setenv("SECRET", "for nobody")
			picture, err := ReadClipboardPicture(t.Context())
			if !errors.Is(err, c.want) || c.want == nil && string(picture) != pngSignature+"..." {
				t.Errorf("%q, %v", picture, err)
			}
		})
	}
}

func TestPastingStopsWithItsContext(t *testing.T) {
	program(t, "wl-paste", "while :; do :; done")
	t.Setenv("WAYLAND_DISPLAY", "wayland-0")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := ReadClipboardPicture(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestAPictureIsPastedFromX11 uses a real X server and the real xclip.
func TestAPictureIsPastedFromX11(t *testing.T) {
	xvfb, err1 := exec.LookPath("Xvfb")
	xclip, err2 := exec.LookPath("xclip")
	if errors.Join(err1, err2) != nil {
		t.Skip("needs Xvfb and xclip (.ci/deps test)")
	}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	server := exec.Command(xvfb, "-displayfd", "3", "-nolisten", "tcp", "-screen", "0", "64x64x24")
	server.ExtraFiles = []*os.File{write}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	write.Close()
	t.Cleanup(func() { _ = server.Process.Kill(); _ = server.Wait() })
	line := make([]byte, 16)
	n, err := read.Read(line) // the server prints its number when it is ready
	if err != nil {
		t.Fatal(err)
	}
	number, err := strconv.Atoi(strings.TrimSpace(string(line[:n])))
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("DISPLAY", ":"+strconv.Itoa(number))
	t.Setenv("WAYLAND_DISPLAY", "")

	if _, err := ReadClipboardPicture(t.Context()); !errors.Is(err, ErrNoPicture) {
		t.Errorf("from an empty clipboard: %v", err)
	}
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewRGBA(image.Rect(0, 0, 400, 300))); err != nil {
		t.Fatal(err)
	}
	copying := exec.Command(xclip, "-quiet", "-selection", "clipboard", "-in", "-target", "image/png")
	copying.Stdin = bytes.NewReader(picture.Bytes())
	said, err := copying.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := copying.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = copying.Process.Kill(); _ = copying.Wait() })
	if _, err := said.Read(make([]byte, 64)); err != nil { // it says so when it owns the clipboard
		t.Fatal(err)
	}
	got, err := ReadClipboardPicture(t.Context())
	if err != nil || !bytes.Equal(got, picture.Bytes()) {
		t.Errorf("%d bytes of %d, %v", len(got), picture.Len(), err)
	}
}
