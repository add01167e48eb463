package files

import (
	"errors"
	"os"
	"path/filepath"
)

// ErrInside says that an export or backup was to be written into the folder of the profile itself: it would lie among what
// Sotto counts, checks and deletes with the profile.
var ErrInside = errors.New("inside the folder of the profile")

// Inside returns ErrInside when something new called out would lie in the folder or below, whatever links lead there. A
// folder "" keeps nothing out.
func Inside(folder, out string) error {
	profile, err := os.Stat(folder)
	if folder == "" || err != nil {
		return nil
	}
	path, err := filepath.Abs(filepath.Dir(filepath.Clean(out)))
	if err != nil {
		return nil // whoever makes it finds out
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	for {
		if at, err := os.Stat(path); err == nil && os.SameFile(at, profile) {
			return ErrInside
		}
		up := filepath.Dir(path)
		if up == path {
			return nil
		}
		path = up
	}
}
