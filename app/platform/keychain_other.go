//go:build !linux && !windows && !darwin

package platform

// Put answers [ErrUnsupported].
func (systemKeychain) Put(string, [KeySize]byte) error { return ErrUnsupported }

// Get answers [ErrUnsupported].
func (systemKeychain) Get(string) ([KeySize]byte, error) { return [KeySize]byte{}, ErrUnsupported }

// Delete answers [ErrUnsupported].
func (systemKeychain) Delete(string) error { return ErrUnsupported }
