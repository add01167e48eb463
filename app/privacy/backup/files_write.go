package backup

import (
	"context"
	"errors"
	"io"

	"sotto/app/privacy/files"
	"sotto/chat"
	"sotto/chat/disk"
)

// stored is a file whose bytes are to be written when all lines are.
type stored struct {
	message chat.MessageID
	blob    chat.BlobID
	sealed  int64
}

// attachment writes the attachment of a message, if it has one that can be read. Its bytes come later, outside of the unit
// of work: erasure waits for readers.
func (w *writing) attachment(tx chat.Tx, m chat.Message) error {
	if m.File.IsZero() {
		return nil
	}
	a, err := tx.Attachments().Get(m.ID)
	if errors.Is(err, chat.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	preview, err := tx.Attachments().Preview(m.ID)
	if err != nil && !errors.Is(err, chat.ErrNotFound) && !errors.Is(err, chat.ErrDamaged) {
		return err
	}
	if err := w.line(lineAttachment, newAttachment(a, preview)); err != nil {
		return err
	}
	if a.Stored && !w.r.WithoutFiles && w.w.Blobs != nil {
		w.stored = append(w.stored, stored{m.ID, a.Blob, a.Sealed})
	}
	return nil
}

// files writes the bytes of the files. One that was deleted meanwhile is not in the backup; one that is damaged is, as it is:
// whoever reads the backup finds that it is not what its attachment names.
func (w *writing) files(ctx context.Context) error {
	for _, s := range w.stored {
		blob, err := w.w.Blobs.Open(s.blob)
		if err != nil {
			continue
		}
		err = w.file(ctx, s, blob)
		if err := errors.Join(err, disk.Error(blob.Close())); err != nil {
			return err
		}
	}
	return nil
}

func (w *writing) file(ctx context.Context, s stored, blob chat.BlobReader) error {
	if err := w.line(lineFile, fileLine{T: lineFile, Message: s.message, Bytes: s.sealed}); err != nil {
		return disk.Error(err)
	}
	told := int64(0)
	n, err := files.Copy(ctx, w.out, &steady{in: io.NewSectionReader(blob, 0, s.sealed), left: s.sealed}, func(n int64) {
		w.passed += n
		if told += n; told >= progressPieces*files.Piece {
			told = 0
			w.tell(w.done())
		}
	})
	if err == nil && n != s.sealed {
		err = ErrDamaged
	}
	if err != nil {
		return err
	}
	return disk.Error(w.out.WriteByte('\n'))
}

// steady reads as many bytes as were announced: zeros from where the disk gives none.
type steady struct {
	in   io.Reader
	left int64
	lost bool
}

// Read is that of io.Reader.
func (s *steady) Read(p []byte) (int, error) {
	if s.left == 0 {
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), s.left)]
	n := 0
	if !s.lost {
		var err error
		n, err = s.in.Read(p)
		s.lost = err != nil
	}
	if n == 0 && s.lost {
		clear(p)
		n = len(p)
	}
	s.left -= int64(n)
	return n, nil
}
