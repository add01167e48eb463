//go:build !linux

package platform

// Enabled answers [ErrUnsupported].
func (Autostart) Enabled() (bool, error) { return false, ErrUnsupported }

// Enable answers [ErrUnsupported].
func (Autostart) Enable() error { return ErrUnsupported }

// Disable answers [ErrUnsupported].
func (Autostart) Disable() error { return ErrUnsupported }
