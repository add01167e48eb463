package platform

import (
	"errors"
	"strings"

	"github.com/godbus/dbus/v5"
)

// noKeychain reports whether there is no session bus, or no Secret Service on it and nothing that could start one.
func noKeychain(err error) bool {
	var answer dbus.Error
	if errors.As(err, &answer) {
		switch answer.Name {
		case "org.freedesktop.DBus.Error.ServiceUnknown", "org.freedesktop.DBus.Error.NameHasNoOwner":
			return true
		}
		return false
	}
	// Without a bus the library cannot connect; D-Bus has no type for that.
	return strings.HasPrefix(err.Error(), "dbus: couldn't determine address") || strings.HasPrefix(err.Error(), "dial unix") ||
		strings.Contains(err.Error(), "executable file not found")
}
