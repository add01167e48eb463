package prefs

import (
	"context"
	"errors"

	"fyne.io/fyne/v2"

	"sotto/app/ui/theme"
	"sotto/chat"
)

const notifySetting = "ui/notifications" // sealed

// Settings are the sealed settings of a profile; profile.Profile is one.
type Settings interface {
	Setting(ctx context.Context, name string) ([]byte, error)
	PutSetting(ctx context.Context, name string, value []byte) error
}

// Notifications reports whether the desktop is told, in constant words, that something arrived. It is, unless switched
// off. What it answers holds for [Guard] from then on, also while the profile is locked and cannot be asked.
func Notifications(ctx context.Context, s Settings) (bool, error) {
	value, err := s.Setting(ctx, notifySetting)
	if errors.Is(err, chat.ErrNotFound) {
		value, err = nil, nil
	}
	on := err == nil && string(value) != "off"
	silent.Store(!on)
	return on, err
}

// PutNotifications keeps whether the desktop is told.
func PutNotifications(ctx context.Context, s Settings, on bool) error {
	value := "off"
	if on {
		value = "on"
	}
	if err := s.PutSetting(ctx, notifySetting, []byte(value)); err != nil {
		return err
	}
	silent.Store(!on)
	return nil
}

// Names of the open preferences.
const (
	modePreference  = "look.mode"
	scalePreference = "look.scale"
)

// Look answers the look that was chosen, the system's when none was.
func Look(p fyne.Preferences) theme.Options {
	o := theme.Options{Scale: float32(p.FloatWithFallback(scalePreference, 1))}
	switch p.String(modePreference) {
	case "light":
		o.Mode = theme.Light
	case "dark":
		o.Mode = theme.Dark
	}
	return o
}

// PutLook keeps a look.
func PutLook(p fyne.Preferences, o theme.Options) {
	mode := "system"
	switch o.Mode {
	case theme.Light:
		mode = "light"
	case theme.Dark:
		mode = "dark"
	}
	p.SetString(modePreference, mode)
	p.SetFloat(scalePreference, float64(o.Scale))
}
