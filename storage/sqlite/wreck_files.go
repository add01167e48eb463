package sqlite

import (
	"errors"

	"sotto/chat"
)

// Attachments are saved with their messages: without their rows nothing opens the files that lie beside the history.
// Previews are counted only; they are made from the files.

// wreckFile is what is known of an attachment.
type wreckFile struct {
	v       chat.Attachment
	preview bool
}

func (w *wrecker) takeAttachment(c cell, row []value) {
	id := integer(row[atKey])
	key, known := w.keys[id]
	if !known {
		w.tables[attachments].Damaged++
		return
	}
	body, err := key.Open(attachments.rowData(c.row, id, row[1:atBody]), bytesOf(row[atBody]))
	if err != nil {
		w.tables[attachments].Damaged++
		return
	}
	defer clear(body)
	v, preview, ok := decodeAttachment(body)
	if blob := bytesOf(row[atBlob]); ok && blob != nil {
		ok = copy(v.Blob[:], blob) == len(v.Blob)
	}
	if !ok {
		w.tables[attachments].Damaged++
		return
	}
	w.count(attachments, c.row)
	if old, again := w.files[c.row]; again { // once more, from a frame: the present state wins
		clear(old.v.Key)
	}
	w.files[c.row] = wreckFile{v, preview != mark{}}
}

// filesByMessage indexes what was found by the messages it belongs to.
func (w *wrecker) filesByMessage() {
	w.fileOf = make(map[chat.MessageID]chat.Attachment, len(w.files))
	for _, f := range w.files {
		w.fileOf[f.v.Message] = f.v
	}
}

// putFile puts the attachment of a message that was put, if it could be read. A file that another message has already is
// an older state's, and left out.
func (w *wrecker) putFile(tx chat.Tx, m chat.Message) error {
	a, ok := w.fileOf[m.ID]
	if !ok || m.Deleted {
		return nil
	}
	if err := tx.Attachments().Put(a); err != nil && !errors.Is(err, chat.ErrExists) {
		return err
	}
	return nil
}

func (w *wrecker) takePreview(c cell, row []value) {
	id := integer(row[1])
	key, known := w.keys[id]
	if !known {
		w.tables[previews].Damaged++
		return
	}
	if _, err := key.Open(previews.rowData(c.row, id, row[1:2]), bytesOf(row[2])); err != nil {
		w.tables[previews].Damaged++
		return
	}
	w.count(previews, c.row)
}

// readFiles says how many previews there were, and does not miss what was removed without a key.
func (w *wrecker) readFiles() {
	w.filesByMessage()
	expected := 0
	for _, f := range w.files {
		expected += btoi(f.preview)
	}
	for _, f := range w.settings {
		if f.v.name == leftSetting {
			w.expectLess(f.v.value)
		}
	}
	if w.cover == nil || len(w.cover.Tables) <= attachments.index() {
		return
	}
	w.tables[previews].Expected = expected
}

// expectLess takes the attachments of messages that have ended, and were removed while the profile was locked, out of
// what there was.
func (w *wrecker) expectLess(setting []byte) {
	list, ok := decodeLeft(setting)
	if !ok {
		return
	}
	for _, f := range list.files {
		_, there := w.files[f.row]
		if _, key := w.keys[f.key]; there || key || !w.ended(w.ends[f.message]) {
			continue
		}
		for _, tb := range []*table{keysTable, attachments} {
			if w.tables[tb].Expected > 0 {
				w.tables[tb].Expected--
			}
		}
	}
}
