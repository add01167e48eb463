//go:build !linux

package platform

// NewNotifier answers [ErrUnsupported]: Sotto knows no way here that keeps a
// notification's words from a shell.
func NewNotifier(NotifierOptions) (Notifier, error) { return nil, ErrUnsupported }
