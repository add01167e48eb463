package prefs

import (
	"context"
	"errors"
	"strconv"
	"time"

	"fyne.io/fyne/v2"

	"sotto/app/security"
	"sotto/app/ui/theme"
	"sotto/chat"
)

// Names of the sealed settings.
const (
	idleSetting   = "ui/idle-minutes" // decimal; 0: never
	notifySetting = "ui/notifications"
)

// DefaultIdle is the idle time of a new profile.
const DefaultIdle = 10 * time.Minute

// Settings are the sealed settings of a profile; profile.Profile is one.
type Settings interface {
	Setting(ctx context.Context, name string) ([]byte, error)
	PutSetting(ctx context.Context, name string, value []byte) error
}

// Idle answers after how long without a sign of a person the profile locks; 0: never.
func Idle(ctx context.Context, s Settings) (time.Duration, error) {
	value, err := s.Setting(ctx, idleSetting)
	if errors.Is(err, chat.ErrNotFound) {
		return DefaultIdle, nil
	}
	if err != nil {
		return DefaultIdle, err
	}
	minutes, err := strconv.Atoi(string(value))
	idle := time.Duration(minutes) * time.Minute
	if err != nil || idle < 0 || idle > security.MaxIdle {
		return DefaultIdle, nil // of another version: the default locks
	}
	return idle, nil
}

// PutIdle keeps the idle time, in whole minutes.
func PutIdle(ctx context.Context, s Settings, idle time.Duration) error {
	return s.PutSetting(ctx, idleSetting, strconv.AppendInt(nil, int64(idle/time.Minute), 10))
}

// Notifications reports whether the desktop is told, in constant words, that something arrived. It is, unless switched
// off.
func Notifications(ctx context.Context, s Settings) (bool, error) {
	value, err := s.Setting(ctx, notifySetting)
	if errors.Is(err, chat.ErrNotFound) {
		return true, nil
	}
	return err == nil && string(value) != "off", err
}

// PutNotifications keeps whether the desktop is told.
func PutNotifications(ctx context.Context, s Settings, on bool) error {
	value := "off"
	if on {
		value = "on"
	}
	return s.PutSetting(ctx, notifySetting, []byte(value))
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
