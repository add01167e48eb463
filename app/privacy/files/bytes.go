package files

import (
	"context"
	"errors"
	"fmt"
	"io"

	"sotto/chat"
	"sotto/chat/disk"
	"sotto/crypto/filecrypt"
)

// Reader reads the content of a file of a message. Its errors but io.EOF are chat.ErrFileDamaged.
type Reader struct {
	plain *filecrypt.Reader
	blob  chat.BlobReader
}

// Open opens the file of a message, size bytes long. Errors: chat.ErrNotFetched, chat.ErrFileGone for one that should be
// here and is not, chat.ErrFileDamaged.
func Open(blobs chat.Blobs, a chat.Attachment, size int64) (*Reader, error) {
	if !a.Stored || blobs == nil {
		return nil, chat.ErrNotFetched
	}
	key, err := filecrypt.KeyFrom(a.Key)
	if err != nil {
		return nil, chat.ErrFileDamaged
	}
	defer key.Zero()
	blob, err := blobs.Open(a.Blob)
	if errors.Is(err, chat.ErrNotFound) {
		return nil, chat.ErrFileGone
	}
	if err != nil {
		return nil, chat.ErrFileDamaged
	}
	plain, err := filecrypt.NewReader(blob, key, a.Sealed, size)
	if err != nil {
		_ = blob.Close() // read only
		return nil, chat.ErrFileDamaged
	}
	return &Reader{plain, blob}, nil
}

// Read is that of io.Reader.
func (r *Reader) Read(b []byte) (int, error) {
	n, err := r.plain.Read(b)
	return n, damaged(err)
}

// ReadAt is that of io.ReaderAt.
func (r *Reader) ReadAt(b []byte, offset int64) (int, error) {
	n, err := r.plain.ReadAt(b, offset)
	return n, damaged(err)
}

// Close ends the reading and clears what was opened.
func (r *Reader) Close() error { return errors.Join(r.plain.Close(), r.blob.Close()) }

func damaged(err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return err
	}
	return chat.ErrFileDamaged
}

// Seal takes in size bytes as a new file under a fresh key. What it returns lacks only the message and the time; until an
// attachment with it is stored, the file is nobody's, and the caller removes it. After an error nothing is left. Errors:
// chat.ErrMalformed when in has fewer or more bytes, chat.ErrDiskFull, chat.ErrReadOnly, what in returned, ctx.
func Seal(ctx context.Context, blobs chat.Blobs, in io.Reader, size int64, step func(int64)) (a chat.Attachment, err error) {
	blob, err := blobs.Create()
	if err != nil {
		return a, disk.Error(err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, blob.Close(), blobs.Remove(blob.ID()))
		}
	}()
	key := filecrypt.NewKey()
	defer key.Zero()
	out := filecrypt.NewWriter(blob, key, size)
	defer out.Close() //nolint:errcheck // ends it after an error; else it is closed below
	n, err := Copy(ctx, out, io.LimitReader(in, size+1), step)
	switch {
	case errors.Is(err, filecrypt.ErrLength), err == nil && n != size:
		return a, fmt.Errorf("%w: length of a file", chat.ErrMalformed)
	case err != nil:
		return a, err
	}
	if err := out.Close(); err != nil {
		return a, disk.Error(err)
	}
	if err := blob.Commit(); err != nil {
		return a, disk.Error(err)
	}
	return chat.Attachment{
		Key: key.Bytes(), Hash: out.Sum(), Sealed: filecrypt.SealedSize(size), Blob: blob.ID(), Stored: true, State: chat.FileHere,
	}, nil
}

// Piece is how much [Copy] copies at once, and looks at its context.
const Piece = 64 << 10

// Copy copies until the end of in, one piece at a time, calling step with the bytes of each (nil: nobody). Errors: those of
// in as they are, those of out as of disk.Error, ctx.
func Copy(ctx context.Context, out io.Writer, in io.Reader, step func(int64)) (n int64, err error) {
	buffer := make([]byte, Piece)
	defer clear(buffer)
	for {
		if err := ctx.Err(); err != nil {
			return n, err
		}
		got, err := in.Read(buffer)
		if got > 0 {
			if _, err := out.Write(buffer[:got]); err != nil {
				return n, disk.Error(err)
			}
			n += int64(got)
			if step != nil {
				step(int64(got))
			}
		}
		if err == io.EOF { //nolint:errorlint // io.Reader returns it as it is; wrapped, it is a failure
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}
