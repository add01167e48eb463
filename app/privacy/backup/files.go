package backup

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// tempPattern names the files of backups in the making.
const tempPattern = ".sotto-backup-*"

// sweep removes what backups left in a folder that were killed a day ago or earlier. They are encrypted, and no use.
func sweep(folder string, now time.Time) {
	found, _ := filepath.Glob(filepath.Join(folder, tempPattern)) // the pattern is sound; a folder with brackets is not swept
	for _, name := range found {
		if info, err := os.Lstat(name); err == nil && info.Mode().IsRegular() && now.Sub(info.ModTime()) > 24*time.Hour {
			_ = os.Remove(name)
		}
	}
}

func sorted(m map[string][]byte) []string { return slices.Sorted(maps.Keys(m)) }
