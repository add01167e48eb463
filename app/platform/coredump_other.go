//go:build !unix

package platform

// DisableCoreDumps answers [ErrUnsupported].
func DisableCoreDumps() error { return ErrUnsupported }
