package blob

import (
	"errors"
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

	sync    func(*os.File) error // a test lets it fail
	ahead   int64                // bytes since the disk was last told to write
	writing chan error           // what came of that; nil: nobody waits for it
	failed  error                // of a sync
}

// writeAhead is after how many bytes the disk begins with what it has to have at the end, beside what still comes.
const writeAhead = 16 << 20

// begin lets the disk write beside, one time after the other.
func (w *writer) begin() {
	if w.writing != nil {
		select {
		case err := <-w.writing:
			w.failed = errors.Join(w.failed, err)
		default:
			return
		}
	}
	w.ahead, w.writing = 0, make(chan error, 1)
	go func(done chan error) { done <- w.sync(w.file) }(w.writing)
}

// settle waits until nothing is written beside. What failed there is kept: a system tells it once, and takes the bytes for
// written afterwards.
func (w *writer) settle() {
	if w.writing != nil {
		w.failed = errors.Join(w.failed, <-w.writing)
		w.writing = nil
	}
}

// synced returns when all bytes are on the disk, or the failure of that, which stays.
func (w *writer) synced() error {
	if w.settle(); w.failed == nil {
		w.failed = w.sync(w.file)
	}
	return w.failed
}

// close closes the file. What a failed sync left of it is worth nothing: it is not what a later one would find here.
func (w *writer) close() error {
	if w.settle(); w.failed != nil {
		_ = w.file.Truncate(0)
	}
	return w.file.Close()
}

func (w *writer) ID() chat.BlobID { return w.id }

func (w *writer) Size() int64 { return w.size }

// Write writes at the end, where the file's own offset is: WriteAt of the standard library does not tell how much of p a full
// disk took.
func (w *writer) Write(p []byte) (int, error) {
	n, err := w.file.Write(p)
	w.size += int64(n)
	if w.ahead += int64(n); w.ahead >= writeAhead {
		w.begin()
	}
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
	if err := w.synced(); err != nil {
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

// Commit closes the file whatever it answers; after an error it can be resumed, from nothing where the disk failed.
func (w *writer) Commit() error {
	err := w.synced()
	if closed := w.close(); err == nil {
		err = closed
	}
	if err != nil {
		return disk.Error(err)
	}
	return disk.Rename(w.folder.part(w.id), w.folder.whole(w.id))
}

func (w *writer) Close() error { return disk.Error(w.close()) }

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
