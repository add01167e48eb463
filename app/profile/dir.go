package profile

import (
	"path/filepath"

	"github.com/adrg/xdg"
)

// DefaultDir is where a profile lies unless another folder is named: "sotto" in the system's folder for data of the
// user.
func DefaultDir() string { return filepath.Join(xdg.DataHome, "sotto") }
