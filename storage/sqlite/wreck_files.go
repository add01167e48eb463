package sqlite

// Attachments and previews are counted, not saved: their files lie beside the history, and need no salvage of it.

// wreckFile is what is known of an attachment.
type wreckFile struct {
	message int64
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
	_, preview, ok := decodeAttachment(body)
	if !ok {
		w.tables[attachments].Damaged++
		return
	}
	w.count(attachments, c.row)
	w.files[c.row] = wreckFile{integer(row[atMessage]), preview != mark{}}
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
