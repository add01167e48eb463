//go:build !linux && !darwin && !freebsd && !windows

package blob

import "sotto/chat"

func freeBytes(string) (int64, error) { return 0, chat.ErrUnsupported }
