//go:build !unix

package media

import "errors"

func makePipe(string) error { return errors.ErrUnsupported }
