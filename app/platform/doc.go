// Package platform is what Sotto asks of the desktop it runs on, without a
// toolkit: notifications, autostart, paths, the keychain, suspend and lock
// signals, raising the window that already runs, marking files that came from
// elsewhere, and switching core dumps off.
//
// Where a system lacks one, the function answers [ErrUnsupported] and the window
// says so. On Linux the package follows the Desktop Notifications
// Specification 1.2, the Desktop Application Autostart Specification 0.5, the
// XDG Base Directory Specification 0.8, the Secret Service API draft 0.2 and the
// D-Bus interface of systemd-logind. No text of a peer reaches the desktop through this package.
package platform

import "errors"

// ErrUnsupported says that this system offers no such thing, or that Sotto does
// not know how to ask for it here.
var ErrUnsupported = errors.New("platform: not supported on this system")
