//go:build !linux && !darwin && !windows

package folder

import (
	"errors"
	"os"

	"sotto/transport/relay/store"
)

var quotaReached = errors.New("no quota is known")

func free(string) (uint64, error) { return 0, store.ErrUnknown }

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if e := d.Close(); err == nil {
		err = e
	}
	return err
}
