package sqlite

import (
	"errors"
	"slices"

	"sotto/chat"
	"sotto/crypto/vault"
)

// wreckBatch is how many messages are put at once.
const wreckBatch = 500

// takeSmall reads every table but the messages, in the second pass.
func (w *wrecker) takeSmall(c cell, hint *[]*table) error {
	switch c.shape {
	case "nb", "nibb", "niib", "niiib", "nnnb", "nbnb", "nnbb", "nbbb",
		"niiiinib", "niiiibib", "nib":
	default:
		return nil
	}
	row, whole := w.im.values(c)
	if !whole {
		return nil // counted with what is missing
	}
	switch c.shape {
	case "nb":
		w.takeThread(c, row)
	case "nibb":
		w.takeConversation(c, row)
	case "niib":
		w.takeSegment(c, row)
	case "niiib":
		w.takeState(c, row)
	case "niiiinib", "niiiibib":
		w.takeAttachment(c, row)
	case "nib":
		w.takePreview(c, row)
	default:
		w.takeRecord(c, row, hint)
	}
	return nil
}

func (w *wrecker) takeThread(c cell, row []value) {
	if w.keyRows[markOf(bytesOf(row[1]))] || w.isDeadline(c, row) {
		return
	}
	th := w.thread(c.row)
	body, ok := w.opensIn(th, threads, c, row)
	if !ok {
		return // a key that cannot be read, or a thread: what is missing is counted
	}
	if s, ok := decodeThread(body); ok {
		w.count(threads, c.row)
		th.state = &s
	}
}

// isDeadline counts a row of the table of ends, and keeps what it says for the messages whose row is gone.
func (w *wrecker) isDeadline(c cell, row []value) bool {
	id, key, known := w.key(deadlines.purpose)
	if !known {
		return false
	}
	body, err := key.Open(deadlines.rowData(c.row, id, nil), bytesOf(row[1]))
	if err != nil {
		return false
	}
	w.count(deadlines, c.row)
	if v, ok := decodeEnding(body); ok {
		w.ends[c.row] = v.at
	}
	return true
}

func (w *wrecker) takeConversation(c cell, row []value) {
	id := integer(row[1])
	key, known := w.keys[id]
	if !known {
		w.tables[conversations].Damaged++
		return
	}
	body, err := key.Open(conversations.rowData(c.row, id, row[1:3]), bytesOf(row[3]))
	if err != nil {
		if !w.formerAuthor(row) {
			w.tables[conversations].Damaged++
		}
		return
	}
	v, ok := decodeConversation(body)
	if !ok {
		w.tables[conversations].Damaged++
		return
	}
	th := w.thread(c.row)
	w.count(conversations, c.row)
	th.keyID, th.key, th.conv, th.id = id, key, &v, v.ID
}

// formerAuthor reports whether a row is of the table of authors of the first two schemas, which has the same shape: its
// integer is a conversation.
func (w *wrecker) formerAuthor(row []value) bool {
	return len(bytesOf(row[2])) == len(vault.Tag{}) && w.cover != nil && len(w.cover.Tables) < digestsIn[3]
}

func (w *wrecker) takeSegment(c cell, row []value) {
	th := w.thread(integer(row[1]))
	body, ok := w.opensIn(th, segments, c, row)
	if !ok {
		w.tables[segments].Damaged++
		return
	}
	entries, ok := decodeSegment(body)
	if !ok {
		w.tables[segments].Damaged++
		return
	}
	w.count(segments, c.row)
	th.segments = append(th.segments, entries)
}

func (w *wrecker) takeState(c cell, row []value) {
	id, key, ok := w.key("cover")
	if !ok || c.row != 1 || integer(row[1]) != id {
		return
	}
	body, err := key.Open(stateTable.rowData(1, id, row[1:4]), bytesOf(row[4]))
	if err != nil {
		return
	}
	if cover, err := vault.ParseCover(body); err == nil {
		w.cover = &cover
	}
}

// wreckRecords are the tables of the common shape.
var wreckRecords = []*table{
	contacts, sessions, prekeys, initials, rejections, mailboxes, routes, invitations, queue, consents, audit, events, settings,
}

// takeRecord finds the table of a row by the one key and name under which it opens.
func (w *wrecker) takeRecord(c cell, row []value, hint *[]*table) {
	order := *hint
	if order == nil {
		order = wreckRecords
	}
	for i, tb := range order {
		id, key, ok := w.key(tb.purpose)
		if !ok {
			continue
		}
		body, err := key.Open(tb.rowData(c.row, id, row[1:3]), bytesOf(row[3]))
		if err != nil {
			continue
		}
		w.count(tb, c.row)
		w.keepRecord(tb, c.row, body)
		if i > 0 || *hint == nil {
			*hint = append([]*table{tb}, slices.DeleteFunc(slices.Clone(wreckRecords), func(o *table) bool { return o == tb })...)
		}
		return
	}
	if *hint != nil {
		w.tables[(*hint)[0]].Damaged++ // its neighbours are of this table
	}
}

func (w *wrecker) keepRecord(tb *table, id int64, body []byte) {
	switch tb {
	case contacts:
		keepRow(&w.contacts, id, body, decodeContact)
	case consents:
		keepRow(&w.consents, id, body, decodeConsent)
	case audit:
		keepRow(&w.audit, id, body, decodeEntry)
	case settings:
		keepRow(&w.settings, id, body, decodeSetting)
	}
}

// keepRow keeps the newest state of a row.
func keepRow[V any](list *[]found[V], id int64, body []byte, decode func([]byte) (V, bool)) {
	v, ok := decode(body)
	if !ok {
		return
	}
	for i := range *list {
		if (*list)[i].id == id {
			(*list)[i].v = v
			return
		}
	}
	*list = append(*list, found[V]{id, v})
}

// putSmall writes what the second pass found into the new store.
func (w *wrecker) putSmall() error {
	slices.SortFunc(w.contacts, byRow)
	slices.SortFunc(w.consents, byRow)
	slices.SortFunc(w.audit, byRow)
	return w.into.Update(w.ctx, func(tx chat.Tx) error {
		unit := inside(tx)
		for _, f := range w.settings {
			if err := tx.Settings().Put(f.v.name, f.v.value); err != nil {
				return err
			}
		}
		for _, f := range w.contacts {
			if err := tx.Contacts().Put(f.v); err != nil {
				return err
			}
		}
		for _, f := range w.consents {
			if err := tx.Consents().Append(f.v); err != nil && !errors.Is(err, chat.ErrExists) {
				return err
			}
		}
		for _, f := range w.audit {
			if err := unit.appendAfterGap(f.v); err != nil && !errors.Is(err, chat.ErrExists) {
				return err
			}
		}
		for _, th := range w.conversations {
			if th.conv == nil {
				continue
			}
			if err := tx.Conversations().Put(*th.conv); err != nil {
				return err
			}
			th.put = true
		}
		return nil
	})
}

// inside returns the unit of work behind the port.
func inside(t chat.Tx) *tx { return t.(*tx) }

func byRow[V any](a, b found[V]) int { return int(a.id - b.id) }

// appendAfterGap appends an entry where those before it are missing. The row id is the seq, as ever.
func (t *tx) appendAfterGap(e chat.AuditEntry) error {
	if err := t.writing(); err != nil {
		return err
	}
	t.s.last[audit] = int64(e.Seq) - 1
	_, err := records[chat.AuditEntry]{t, audit, decodeEntry}.add(nil, nil, func(int64) []byte { return encodeEntry(e) })
	return err
}

// takeMessage reads messages and annotations, in the third pass.
func (w *wrecker) takeMessage(c cell, _ *[]*table) error {
	tb := messages
	switch c.shape {
	case "niibb":
	case "nibbb":
		tb = annotations
	default:
		return nil
	}
	row, whole := w.im.values(c)
	if !whole {
		w.tables[tb].Damaged++
		return nil
	}
	th := w.thread(integer(row[1]))
	body, ok := w.opensIn(th, tb, c, row)
	if !ok {
		w.tables[tb].Damaged++
		return nil
	}
	if tb == annotations {
		w.count(tb, c.row)
		return nil
	}
	m, ok := decodeMessage(body)
	if !ok {
		w.tables[tb].Damaged++
		return nil
	}
	m.Position = integer(row[2])
	if w.ended(m.Expires) || !th.wants(c.row, markOf(bytesOf(row[4]))) {
		return nil
	}
	return w.putMessage(th, m)
}

// wants reports whether a genuine row is one to keep, and notes that it was found: one that the manifest lists in this
// state, or one newer than the manifest. What the manifest does not list was deleted, or is an older state.
func (th *wreckThread) wants(row int64, m mark) bool {
	i, listed := slices.BinarySearchFunc(th.entries, row, compareRows)
	switch {
	case listed && th.have[i]:
		return th.entries[i].mark == m // once more, from a frame: the present state wins
	case listed:
		th.have[i] = true
		return true
	case th.known && row <= th.newest:
		return false
	}
	th.extra++
	return true
}

func (w *wrecker) putMessage(th *wreckThread, m chat.Message) error {
	if m.Direction == chat.In {
		th.authors[m.Author] = true
	}
	if !th.put {
		conv := chat.Conversation{ID: m.Conversation, Kind: chat.Direct, Created: m.DisplayTime()}
		if err := w.into.Update(w.ctx, func(tx chat.Tx) error { return tx.Conversations().Put(conv) }); err != nil {
			return err
		}
		th.conv, th.id, th.put, th.rebuilt = &conv, conv.ID, true, true
	}
	w.batch = append(w.batch, m)
	if len(w.batch) < wreckBatch {
		return nil
	}
	return w.putBatch()
}

func (w *wrecker) putBatch() error {
	err := w.into.Update(w.ctx, func(tx chat.Tx) error {
		for _, m := range w.batch {
			err := error(chat.ErrExists)
			for range 8 { // an older state of another row may have the place
				if _, err = tx.Messages().Put(m); !errors.Is(err, chat.ErrExists) {
					break
				}
				m.Position++
			}
			if errors.Is(err, chat.ErrExists) {
				m.Position = 0
				_, err = tx.Messages().Put(m)
			}
			if err != nil {
				return err
			}
			if err := w.putFile(tx, m); err != nil {
				return err
			}
		}
		return nil
	})
	w.batch = w.batch[:0]
	return err
}

// flush writes what is left, and who takes part in conversations that were rebuilt.
func (w *wrecker) flush() error {
	if err := w.putBatch(); err != nil {
		return err
	}
	return w.into.Update(w.ctx, func(tx chat.Tx) error {
		for _, th := range w.conversations {
			if !th.rebuilt {
				continue
			}
			for a := range th.authors {
				th.conv.Members = append(th.conv.Members, a)
			}
			if err := tx.Conversations().Put(*th.conv); err != nil {
				return err
			}
		}
		return nil
	})
}
