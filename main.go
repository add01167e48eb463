// Command sotto is the desktop client: confidential talk with people and with
// chatbots, in one window. `sottoctl` (cmd/sottoctl) is the same without one.
package main

import (
	_ "embed"
	"fmt"
	"os"

	"fyne.io/fyne/v2"
	fyneapp "fyne.io/fyne/v2/app"

	"sotto/app/ui/i18n"
	"sotto/app/ui/shell"
	"sotto/app/ui/theme"
	"sotto/assets"
)

//go:embed FyneApp.toml
var fyneAppTOML []byte

// windowTitle is constant because the first window's title becomes WM_CLASS,
// by which desktops match a window with its launcher.
const windowTitle = "Sotto"

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "sotto:", err)
		os.Exit(1)
	}
}

func run() error {
	meta, err := shell.ParseMetadata(fyneAppTOML)
	if err != nil {
		return err
	}
	meta.Icon = fyne.NewStaticResource("appicon.png", assets.AppIcon())
	fyneapp.SetMetadata(meta)
	if err := i18n.Load(); err != nil {
		return err
	}

	a := fyneapp.NewWithID(meta.ID)
	a.SetIcon(meta.Icon)
	a.Settings().SetTheme(theme.New(theme.Options{}))
	w := a.NewWindow(windowTitle)
	w.Resize(fyne.NewSize(theme.WindowWidth, theme.WindowHeight))
	w.CenterOnScreen()
	w.ShowAndRun()
	return nil
}
