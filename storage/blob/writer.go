package blob

import (
	"io"
	"os"

	"sotto/chat"
	"sotto/chat/disk"
)

// writer writes the file of a blob that is not committed.
type writer struct {
	folder *Folder
	id     chat.BlobID
	file   *os.File
	size   int64
	fresh  bool // its name may not be durable yet
}

func (w *writer) ID() chat.BlobID { return w.id }

func (w *writer) Size() int64 { return w.size }

// Write writes at the end, where the file's own offset is: WriteAt of the standard library does not tell how much of p a full
// disk took.
func (w *writer) Write(p []byte) (int, error) {
	n, err := w.file.Write(p)
	w.size += int64(n)
	return n, disk.Error(err)
}

func (w *writer) ReadAt(p []byte, offset int64) (int, error) { return readAt(w.file, p, offset) }

func (w *writer) Truncate(n int64) error {
	if n < 0 || n > w.size {
		return chat.ErrMalformed
	}
	if err := w.file.Truncate(n); err != nil {
		return disk.Error(err)
	}
	if _, err := w.file.Seek(n, io.SeekStart); err != nil {
		return disk.Error(err)
	}
	w.size = n
	return nil
}

func (w *writer) Sync() error {
	if err := w.file.Sync(); err != nil {
		return disk.Error(err)
	}
	if w.fresh {
		if err := disk.SyncFolder(w.folder.dir); err != nil {
			return err
		}
		w.fresh = false
	}
	return nil
}

// Commit closes the file whatever it answers; after an error it can be resumed.
func (w *writer) Commit() error {
	err := w.file.Sync()
	if closed := w.file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return disk.Error(err)
	}
	return disk.Rename(w.folder.part(w.id), w.folder.whole(w.id))
}

func (w *writer) Close() error { return disk.Error(w.file.Close()) }

// reader reads the file of a committed blob.
type reader struct {
	file *os.File
	size int64
}

func (r *reader) Size() int64 { return r.size }

func (r *reader) ReadAt(p []byte, offset int64) (int, error) { return readAt(r.file, p, offset) }

func (r *reader) Close() error { return disk.Error(r.file.Close()) }

// readAt keeps io.EOF as it is and takes the path out of anything else.
func readAt(file *os.File, p []byte, offset int64) (int, error) {
	n, err := file.ReadAt(p, offset)
	return n, disk.Error(err)
}
