package assets

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// TranslationsDir is the folder of [Translations] that holds the JSON files.
const TranslationsDir = "translations"

// Translations holds one JSON file per language under [TranslationsDir].
//
//go:embed translations/*.json
var Translations embed.FS

//go:embed icons/*.svg
var icons embed.FS

//go:embed appicon.png
var appIcon []byte

// AppIcon returns the application icon as a PNG of 512 by 512 pixels.
// The caller must not change it.
func AppIcon() []byte { return appIcon }

// Icon returns the SVG source of the icon called name (its file name without
// ".svg"). An unknown name is a programming error and panics.
func Icon(name string) []byte {
	data, err := icons.ReadFile("icons/" + name + ".svg")
	if err != nil {
		panic(fmt.Sprintf("assets: no icon %q", name))
	}
	return data
}

// IconNames returns the names of all icons in lexical order.
func IconNames() []string {
	files, err := fs.Glob(icons, "icons/*.svg")
	if err != nil {
		panic(err)
	}
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = strings.TrimSuffix(path.Base(f), ".svg")
	}
	return names
}
