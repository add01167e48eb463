package shell

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
)

// ErrMetadata says that FyneApp.toml lacks a value or has one of another form.
var ErrMetadata = errors.New("shell: FyneApp.toml is not as expected")

// ParseMetadata reads name, id, version and build from the [Details] table of
// FyneApp.toml. The fyne command rewrites that file but embeds nothing into
// plain builds, so main embeds it and hands the result to app.SetMetadata.
// It reads the subset of TOML that the file uses: one `Key = value` per line,
// values being strings without escapes and whole numbers.
func ParseMetadata(toml []byte) (fyne.AppMetadata, error) {
	var m fyne.AppMetadata
	table := ""
	for line := range strings.Lines(string(toml)) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "["); ok {
			table = strings.TrimSuffix(name, "]")
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok || table != "Details" {
			continue
		}
		if err := setDetail(&m, strings.TrimSpace(key), strings.TrimSpace(value)); err != nil {
			return fyne.AppMetadata{}, err
		}
	}
	if m.ID == "" || m.Name == "" || m.Version == "" || m.Build == 0 {
		return fyne.AppMetadata{}, fmt.Errorf("%w: name, id, version or build is missing", ErrMetadata)
	}
	return m, nil
}

func setDetail(m *fyne.AppMetadata, key, value string) error {
	if key == "Build" {
		n, err := strconv.Atoi(value)
		if err != nil {
			return fmt.Errorf("%w: build is not a number", ErrMetadata)
		}
		m.Build = n
		return nil
	}
	dst := map[string]*string{"Name": &m.Name, "ID": &m.ID, "Version": &m.Version}[key]
	if dst == nil {
		return nil
	}
	if len(value) < 2 || value[0] != '"' || value[len(value)-1] != '"' {
		return fmt.Errorf("%w: %s is not a string", ErrMetadata, key)
	}
	*dst = value[1 : len(value)-1]
	return nil
}
