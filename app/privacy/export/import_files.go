package export

import (
	"context"
	"errors"

	"sotto/app/privacy/files"
	"sotto/chat"
	"sotto/crypto/filecrypt"
)

// taken are the files of one batch, sealed and not named by a message yet.
type taken struct {
	sealed map[chat.MessageID]chat.Attachment
	used   map[chat.MessageID]bool // by the unit of work that ran last
}

// flush takes in messages: their files first, then all of them in one unit of work. What became of no message is removed.
func (n *importing) flush(ctx context.Context, p *placing, waiting []parsed) error {
	t := &taken{sealed: map[chat.MessageID]chat.Attachment{}}
	before := n.out
	err := n.seal(ctx, waiting, t)
	if err == nil {
		err = n.i.Store.Update(ctx, func(tx chat.Tx) error {
			n.out, t.used = before, map[chat.MessageID]bool{}
			return p.put(tx, waiting, t)
		})
	}
	if err != nil {
		n.out, t.used = before, nil
	}
	var unused []chat.BlobID
	for id, a := range t.sealed {
		if !t.used[id] {
			unused = append(unused, a.Blob)
		}
	}
	if len(unused) > 0 {
		err = errors.Join(err, n.i.Blobs.Remove(unused...))
	}
	return err
}

// seal brings the files that are missing here into the profile, each under a new key.
func (n *importing) seal(ctx context.Context, waiting []parsed, t *taken) error {
	if n.i.Blobs == nil {
		return nil
	}
	wanted := map[chat.MessageID]parsed{}
	err := n.i.Store.View(ctx, func(tx chat.Tx) error {
		for _, m := range waiting {
			if m.file.State != fileHere {
				continue
			}
			here, err := tx.Messages().Get(m.ID)
			switch {
			case errors.Is(err, chat.ErrNotFound):
				if m.Expires.IsZero() || n.i.Now().Before(m.Expires) {
					wanted[m.ID] = m
				}
				continue
			case err != nil:
				return err
			}
			bare, err := lacks(tx, here, m)
			if err != nil {
				return err
			}
			if bare {
				wanted[m.ID] = m
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, m := range waiting { // in their order: that of the files in the export
		if m.file.State != fileHere {
			continue
		}
		if _, ok := wanted[m.ID]; ok {
			if t.sealed[m.ID], err = n.sealOne(ctx, m); err != nil {
				return err
			}
		} else {
			n.passed += m.File.Size
		}
		if err := n.s.drop(m.file.Path); err != nil {
			return err
		}
	}
	return nil
}

func (n *importing) sealOne(ctx context.Context, m parsed) (chat.Attachment, error) {
	in, err := n.s.open(m.file.Path)
	if err != nil {
		return chat.Attachment{}, place(m.file.Path, 0, changeOf(err))
	}
	defer in.Close()
	a, err := files.Seal(ctx, n.i.Blobs, in, m.File.Size, func(size int64) {
		n.passed += size
		n.tell(tellPieces)
	})
	a.Message, a.Created = m.ID, n.i.Now()
	return a, err
}

// lacks reports whether a message that is here has the file of the export, and no bytes of it, and none on their way.
func lacks(tx chat.Tx, here chat.Message, m parsed) (bool, error) {
	if here.Conversation != m.Conversation || here.Deleted || here.File != m.File {
		return false, nil
	}
	a, err := tx.Attachments().Get(here.ID)
	if errors.Is(err, chat.ErrNotFound) || errors.Is(err, chat.ErrDamaged) {
		return true, nil
	}
	moving := a.State == chat.FileFetching || a.State == chat.FileSending
	return err == nil && !a.Stored && !moving, err
}

// complete gives a message that was here the file that it lacked.
func (n *importing) complete(tx chat.Tx, here chat.Message, m parsed, t *taken) error {
	a, ok := t.sealed[m.ID]
	if !ok {
		return nil
	}
	bare, err := lacks(tx, here, m)
	if err != nil || !bare {
		return err
	}
	return n.put(tx, a, m, t)
}

// attach gives a message that came in its file, or says that it has none.
func (n *importing) attach(tx chat.Tx, m parsed, t *taken) error {
	if m.File.IsZero() {
		return nil
	}
	if a, ok := t.sealed[m.ID]; ok {
		return n.put(tx, a, m, t)
	}
	n.out.FilesMissing++
	key := filecrypt.NewKey() // opens nothing: an attachment has one
	defer key.Zero()
	failure := chat.FailureFileLeftOut
	switch m.file.Reason {
	case reasonGone:
		failure = chat.FailureFileGone
	case reasonDamaged:
		failure = chat.FailureFileDamaged
	}
	return tx.Attachments().Put(chat.Attachment{
		Message: m.ID, Key: key.Bytes(), Sealed: filecrypt.SealedSize(m.File.Size), State: chat.FileFailed, Failure: failure, Created: n.i.Now(),
	})
}

func (n *importing) put(tx chat.Tx, a chat.Attachment, m parsed, t *taken) error {
	if err := tx.Attachments().Put(a); err != nil {
		return err
	}
	t.used[m.ID] = true
	n.out.Files++
	n.out.FileBytes += m.File.Size
	return nil
}
