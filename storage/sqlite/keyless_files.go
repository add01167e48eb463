package sqlite

import (
	"sotto/chat"
	"sotto/crypto/vault"
)

// leavingFile is what must be known of an attachment to remove it without a key; row 0: there is none.
type leavingFile struct {
	row, key int64
	blob     chat.BlobID
}

// leftFile is an attachment that may be missing at the next opening, with its message.
type leftFile struct {
	message, row, key      int64
	rowElement, keyElement vault.Element
}

// leavingFileOf returns the attachment of the message in a row.
func (t *tx) leavingFileOf(message int64) (f leavingFile, err error) {
	row, err := t.c.row("SELECT id, key, blob FROM attachments WHERE message = ?", message)
	if err != nil || row == nil {
		return f, err
	}
	f.row, f.key = integer(row[0]), integer(row[1])
	copy(f.blob[:], bytesOf(row[2]))
	return f, nil
}

func (t *tx) leftFileOf(message int64, f leavingFile) leftFile {
	l := leftFile{message: message, row: f.row, key: f.key}
	l.rowElement, _ = t.draft.element(attachments, f.row)
	l.keyElement, _ = t.draft.element(keysTable, f.key)
	return l
}

// removeFile removes an attachment with its preview and its key.
func (c *conn) removeFile(f leavingFile) error {
	if f.row == 0 {
		return nil
	}
	for _, d := range []struct {
		sql string
		id  int64
	}{
		{"DELETE FROM previews WHERE id = ?", f.row},
		{"DELETE FROM attachments WHERE id = ?", f.row},
		{"DELETE FROM keys WHERE id = ?", f.key},
	} {
		if _, err := c.exec(d.sql, d.id); err != nil {
			return mapped(err)
		}
	}
	return nil
}

func (k *Keyless) tellRemoved(batch []leaving) {
	var ids []chat.BlobID
	for _, l := range batch {
		if !l.file.blob.IsZero() {
			ids = append(ids, l.file.blob)
		}
	}
	if k.removed != nil && len(ids) > 0 {
		k.removed(ids...)
	}
}

// settleFiles makes up for the attachments that were removed while the store was closed: keys and rows of which the sealed
// list says that they might, and whose message went with them. What was removed is then no longer in the cover. Whether
// the message was to go by now is judged when its end is ([tx.settleLeft]): one that is missing too early shows.
func (s *Store) settleFiles(d *draft, sealed vault.Cover) error {
	t := &tx{s: s, c: s.writer, draft: d}
	list, err := t.leftList()
	if err != nil {
		return err
	}
	keys, rows := d.cover.Tables[keysTable.index()], d.cover.Tables[attachments.index()]
	for _, f := range list.files {
		message, err := s.writer.row("SELECT 1 FROM messages WHERE id = ?", f.message)
		if err != nil {
			return err
		}
		_, key := d.element(keysTable, f.key)
		_, row := d.element(attachments, f.row)
		if message == nil && !key && !row {
			keys.Add(f.keyElement)
			rows.Add(f.rowElement)
		}
	}
	if keys != sealed.Tables[keysTable.index()] {
		return damaged(keysTable.name)
	}
	if rows != sealed.Tables[attachments.index()] {
		return damaged(attachments.name)
	}
	return nil
}
