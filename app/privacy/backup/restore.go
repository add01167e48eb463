package backup

import (
	"context"
	"errors"
	"fmt"
	"io"

	"sotto/app/privacy/files"
	"sotto/chat"
	"sotto/chat/disk"
)

// batch is how many values one unit of work of a restore takes.
const batch = 500

// Restore brings a backup into an empty store that nobody uses yet, in the order of its lines. Only after a nil error is
// what the store holds authentic and whole; until then, and after an error, the caller throws it away, files included.
// Files that the backup has not, or has damaged, are restored as failed, those that were offered as offered. Errors: those of
// [Verify] and of the store.
func Restore(ctx context.Context, store chat.Store, in io.Reader, passphrase string, r Reading) (Summary, error) {
	plain, err := open(in, passphrase, r.Limits)
	if err != nil {
		return Summary{}, err
	}
	return restore(ctx, store, plain, r)
}

func restore(ctx context.Context, store chat.Store, plain io.Reader, r Reading) (Summary, error) {
	var waiting []any
	flush := func() error {
		err := store.Update(ctx, func(tx chat.Tx) error {
			for _, v := range waiting {
				if err := put(tx, v); err != nil {
					return err
				}
			}
			return nil
		})
		waiting = waiting[:0]
		return err
	}
	s, err := decode(ctx, plain, r, func(v any) error {
		if f, ok := v.(file); ok {
			if r.Blobs == nil {
				return nil
			}
			a, err := take(r.Blobs, f)
			if err != nil {
				return err
			}
			v = attachment{without: a}
		}
		if waiting = append(waiting, v); len(waiting) < batch {
			return nil
		}
		return flush()
	})
	if err != nil {
		return Summary{}, err
	}
	if err := flush(); err != nil {
		return Summary{}, err
	}
	return s, store.View(ctx, func(tx chat.Tx) error { return compare(tx, s.Counts) })
}

// take brings the bytes of a file into the profile and returns its attachment.
func take(blobs chat.Blobs, f file) (chat.Attachment, error) {
	a := f.attachment
	out, err := blobs.Create()
	if err != nil {
		return a, disk.Error(err)
	}
	if _, err := io.CopyBuffer(struct{ io.Writer }{out}, f.bytes, make([]byte, files.Piece)); err != nil {
		return a, errors.Join(disk.Error(err), out.Close(), blobs.Remove(out.ID()))
	}
	if !f.bytes.whole() {
		a.State, a.Failure, a.Stored = chat.FileFailed, chat.FailureFileDamaged, false
		return a, errors.Join(out.Close(), blobs.Remove(out.ID()))
	}
	a.Blob = out.ID()
	return a, disk.Error(out.Commit())
}

func put(tx chat.Tx, v any) error {
	switch v := v.(type) {
	case Summary:
		return nil
	case settingLine:
		return tx.Settings().Put(v.Name, v.Value)
	case chat.Contact:
		return tx.Contacts().Put(v)
	case chat.Route:
		return tx.Routes().Put(v)
	case chat.Consent:
		return tx.Consents().Append(v)
	case chat.AuditEntry:
		return tx.Audit().Append(v)
	case chat.Conversation:
		return tx.Conversations().Put(v)
	case chat.Message:
		_, err := tx.Messages().Put(v)
		return err
	case attachment:
		if err := tx.Attachments().Put(v.without); err != nil || len(v.preview) == 0 {
			return err
		}
		return tx.Attachments().PutPreview(v.without.Message, v.preview)
	case chat.Annotation:
		return tx.Annotations().Put(v)
	}
	panic(fmt.Sprintf("backup: value of type %T", v))
}

// compare finds lines that took each other's place: two with one id leave one row.
func compare(tx chat.Tx, want Counts) error {
	contacts, err := tx.Contacts().List()
	if err != nil {
		return err
	}
	conversations, err := tx.Conversations().List()
	if err != nil {
		return err
	}
	messages := 0
	for _, c := range conversations {
		n, err := tx.Messages().Count(c.ID)
		if err != nil {
			return err
		}
		messages += n
	}
	if len(contacts) != want.Contacts || len(conversations) != want.Conversations || messages != want.Messages {
		return malformed("an id that stands twice")
	}
	return nil
}
