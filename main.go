// Command sotto is the desktop client: confidential talk with people and with
// chatbots, in one window. `sottoctl` (cmd/sottoctl) is the same without one.
//
//	sotto [--profile DIR]   opens the window; a second start raises it
//	sotto --demo DIR        makes a throw-away profile in DIR, talks to the Guide
//	sotto --version
package main

import (
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"os"

	"fyne.io/fyne/v2"
	fyneapp "fyne.io/fyne/v2/app"

	"sotto/app/profile"
	"sotto/app/ui/i18n"
	"sotto/app/ui/prefs"
	"sotto/app/ui/shell"
	"sotto/app/ui/theme"
	"sotto/assets"
)

//go:embed FyneApp.toml
var fyneAppTOML []byte

// windowTitle is constant because the first window's title becomes WM_CLASS,
// by which desktops match a window with its launcher.
const windowTitle = "Sotto"

// onWindow is called with the window before it is shown. The end-to-end test
// sets it (build tag e2e); no other build does.
var onWindow func(fyne.Window)

// Exit codes.
const (
	exitFailed = 1
	exitUsage  = 2
)

func main() {
	o, err := parse(os.Args[1:])
	switch {
	case errors.Is(err, flag.ErrHelp):
		return
	case err != nil:
		fmt.Fprintln(os.Stderr, "sotto:", err)
		os.Exit(exitUsage)
	case o.version:
		fmt.Println("sotto", assets.Version)
		return
	}
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "sotto:", err)
		os.Exit(exitFailed)
	}
}

// options are what the command line says.
type options struct {
	profile string
	demo    bool // the profile is a throw-away one that is made first
	version bool
}

func parse(args []string) (options, error) {
	var o options
	var demo string
	f := flag.NewFlagSet("sotto", flag.ContinueOnError)
	f.StringVar(&o.profile, "profile", profile.DefaultDir(), "folder of the profile")
	f.StringVar(&demo, "demo", "", "make a throw-away profile in this folder and talk to the Guide")
	f.BoolVar(&o.version, "version", false, "print the version")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q; see sotto --help", f.Arg(0))
	}
	if demo != "" {
		o.profile, o.demo = demo, true
	}
	return o, nil
}

// application makes the toolkit's application with our words and look.
func application() (fyne.App, error) {
	meta, err := shell.ParseMetadata(fyneAppTOML)
	if err != nil {
		return nil, err
	}
	meta.Icon = fyne.NewStaticResource("appicon.png", assets.AppIcon())
	if onWindow == nil {
		meta.Migrations = map[string]bool{"fyneDo": true} // under test the toolkit checks that we keep to it
	}
	fyneapp.SetMetadata(meta)
	makeCache()
	if err := i18n.Load(); err != nil {
		return nil, err
	}
	a := fyneapp.NewWithID(meta.ID)
	a.SetIcon(meta.Icon)
	a.Settings().SetTheme(theme.New(prefs.Look(a.Preferences())))
	return a, nil
}

// makeCache makes the folder for caches, in which the toolkit expects to make
// its own. Without it there are no caches, and it works all the same.
func makeCache() {
	if dir, err := os.UserCacheDir(); err == nil {
		_ = os.MkdirAll(dir, 0o700)
	}
}
