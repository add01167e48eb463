//go:build !linux && !darwin && !windows

package platform

import "context"

func clipboardPicture(context.Context) ([]byte, error) { return nil, ErrUnsupported }
