package search

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"sotto/chat"
	"sotto/chat/disk"
	"sotto/crypto/vault"
)

// suffix marks a snapshot whose key is not the present one yet.
const suffix = ".new"

// save writes the image as the snapshot: under a fresh key into a file beside it, then the key into the history, then the
// file into its place. Killed between the last two steps, load takes the file from beside.
func (x *Index) save(ctx context.Context) (err error) {
	x.image.settle(true)
	upTo := x.image.mark.Change
	plain := x.image.encode()
	defer clear(plain)
	key := vault.NewRowKey()
	defer key.Zero()
	beside := x.path + suffix
	if err := write(ctx, beside, plain, key); err != nil {
		os.Remove(beside) //nolint:errcheck // the next one overwrites it
		return err
	}
	x.reach("written")
	if err := x.store.PutSearchKey(ctx, key, upTo); err != nil {
		os.Remove(beside) //nolint:errcheck // the next one overwrites it
		return err
	}
	x.reach("keyed")
	if err := os.Rename(beside, x.path); err != nil {
		return errors.New("search: snapshot not renamed")
	}
	x.reach("renamed")
	return disk.SyncFolder(filepath.Dir(x.path))
}

func write(ctx context.Context, path string, plain []byte, key vault.RowKey) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("search: snapshot not created: %w", disk.Error(err))
	}
	w := bufio.NewWriterSize(f, 1<<16)
	err = seal(plain, key, func(b []byte) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		_, err := w.Write(b)
		return err
	})
	err = errors.Join(err, w.Flush(), f.Sync(), f.Close())
	if ctx.Err() == nil && err != nil {
		return fmt.Errorf("search: snapshot not written: %w", disk.Error(err))
	}
	return err
}

// load returns the image of the snapshot, an empty one when there is none that the present keys open: it is damaged,
// older, of another history, or was never made.
func (x *Index) load() *image {
	keys := x.store.SearchKeys()
	defer clear(keys)
	for _, path := range []string{x.path, x.path + suffix} {
		file, err := readFile(path)
		if err != nil {
			continue
		}
		for _, key := range keys {
			plain, err := unseal(file, key)
			if err != nil {
				continue
			}
			image, err := decode(plain)
			clear(plain)
			if err != nil {
				continue
			}
			if path != x.path {
				os.Rename(path, x.path) //nolint:errcheck // it opens there just as well
			}
			return image
		}
	}
	return newImage()
}

func readFile(path string) ([]byte, error) {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() || info.Size() > mostFile {
		return nil, chat.ErrNotFound
	}
	return os.ReadFile(path)
}
