package platform

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/adrg/xdg"
)

func (a Autostart) path() string {
	folder := a.Folder
	if folder == "" {
		folder = filepath.Join(xdg.ConfigHome, "autostart")
	}
	return filepath.Join(folder, a.AppID+".desktop")
}

// Enabled reports whether the entry exists.
func (a Autostart) Enabled() (bool, error) {
	_, err := os.Stat(a.path())
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// Enable writes the entry.
func (a Autostart) Enable() error {
	exec, err := quoteExec(a.Exec)
	if err != nil {
		return err
	}
	entry := fmt.Sprintf("[Desktop Entry]\nType=Application\nName=%s\nExec=%s\nIcon=%s\nTerminal=false\n", a.AppName, exec, a.AppID)
	if err := os.MkdirAll(filepath.Dir(a.path()), 0o700); err != nil {
		return fmt.Errorf("make the autostart folder: %w", err)
	}
	if err := os.WriteFile(a.path(), []byte(entry), 0o600); err != nil {
		return fmt.Errorf("write the autostart entry: %w", err)
	}
	return nil
}

// Disable removes the entry; none is fine.
func (a Autostart) Disable() error {
	if err := os.Remove(a.path()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove the autostart entry: %w", err)
	}
	return nil
}

// quoteExec quotes a path for the Exec key (Desktop Entry Specification 1.5,
// "The Exec key"): quotes, then the escapes of a string value.
func quoteExec(path string) (string, error) {
	if !filepath.IsAbs(path) || strings.ContainsAny(path, "\n\r\x00") {
		return "", fmt.Errorf("%w: the program's path cannot be written into an entry", ErrUnsupported)
	}
	inner := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "`", "\\`", `$`, `\$`, `%`, `%%`).Replace(path)
	return `"` + strings.ReplaceAll(inner, `\`, `\\`) + `"`, nil
}
