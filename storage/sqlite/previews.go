package sqlite

import (
	"sotto/chat"
)

// A preview stands in a row of its own, with the id of its attachment and under the key of that, so that listing files
// reads no pictures. The attachment holds the mark of its body: an older picture, or one that was dropped, is noticed when
// it is read.

func (r attachmentsRepo) Preview(id chat.MessageID) ([]byte, error) {
	f, err := r.find(id)
	if err != nil {
		return nil, err
	}
	if f.preview == (mark{}) {
		return nil, chat.ErrNotFound
	}
	return r.preview(f)
}

// preview opens the preview that an attachment has.
func (r attachmentsRepo) preview(f storedFile) ([]byte, error) {
	row, err := r.t.c.row("SELECT id, key, body FROM previews WHERE id = ?", f.row)
	if err != nil {
		return nil, err
	}
	if row == nil || markOf(bytesOf(row[2])) != f.preview {
		return nil, damaged(previews.name)
	}
	picture, err := r.t.open(previews, f.row, f.keyID, f.key, row[1:2], bytesOf(row[2]))
	if err != nil {
		return nil, damaged(previews.name)
	}
	return picture, nil
}

// PutPreview refuses more than chat.MaxPreview bytes with ErrTooLarge, and none with ErrMalformed.
func (r attachmentsRepo) PutPreview(id chat.MessageID, picture []byte) error {
	if err := r.t.writing(); err != nil {
		return err
	}
	switch {
	case len(picture) > chat.MaxPreview:
		return chat.ErrTooLarge
	case len(picture) == 0:
		return chat.ErrMalformed
	}
	f, err := r.find(id)
	if err != nil {
		return err
	}
	if _, err := r.t.c.exec("DELETE FROM previews WHERE id = ?", f.row); err != nil {
		return mapped(err)
	}
	sealed, err := r.t.insertSealed(previews, f.row, f.keyID, f.key, []value{f.keyID}, picture)
	if err != nil {
		return mapped(err)
	}
	f.preview = markOf(sealed)
	return r.write(f, r.t.update)
}
