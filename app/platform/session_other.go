//go:build !linux

package platform

import "context"

// WatchSession answers [ErrUnsupported].
func WatchSession(context.Context) (<-chan SessionEvent, error) { return nil, ErrUnsupported }
