package sqlite

import (
	"cmp"
	"context"
	"slices"
	"time"

	"sotto/chat"
	"sotto/crypto/vault"
)

// Keyless removes messages that have ended from a history that is closed, without any key: it knows row ids and ends, and
// nothing else. The next opening finds the rows missing whose ends it has, and takes them out of the books
// (docs/STORAGE.md section 5.1).
type Keyless struct {
	path    string
	rows    []leaving // those that end first come first
	removed func(...chat.BlobID)
}

type leaving struct {
	at          time.Time
	message     int64
	annotations []int64
	file        leavingFile
}

// leftSetting names the sealed list of the annotations and attachments that may be removed without a key, with their
// elements.
const leftSetting = "storage/leaving"

// leftList is what stands there.
type leftList struct {
	annotations []left
	files       []leftFile
}

// left is an annotation on that list.
type left struct {
	message, thread, row int64
	element              vault.Element
}

// Leave prepares for the removal of what ends while the store is closed. Call it last, right before Close. The files of
// what goes then are told to the function that [Store.OnRemoved] was given before.
func (s *Store) Leave(ctx context.Context) (*Keyless, error) {
	k := &Keyless{path: s.pool.path}
	if f := s.removed.Load(); f != nil {
		k.removed = *f
	}
	err := s.write(ctx, removes, func(tx chat.Tx) error {
		t := inside(tx)
		var list leftList
		for id, v := range t.present() {
			l := leaving{at: v.at, message: id}
			found, err := t.annotationsOf(id, v.thread)
			if err != nil {
				return err
			}
			for _, a := range found {
				l.annotations = append(l.annotations, a.row)
			}
			list.annotations = append(list.annotations, found...)
			if l.file, err = t.leavingFileOf(id); err != nil {
				return err
			}
			if l.file.row != 0 {
				list.files = append(list.files, t.leftFileOf(id, l.file))
			}
			k.rows = append(k.rows, l)
		}
		slices.SortFunc(k.rows, func(a, b leaving) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.message, b.message)) })
		if len(list.annotations) == 0 && len(list.files) == 0 {
			return t.forgetLeft()
		}
		return t.Settings().Put(leftSetting, encodeLeft(list))
	})
	if err != nil {
		return nil, err
	}
	return k, nil
}

// annotationsOf returns the annotations of a message; none when its row does not open.
func (t *tx) annotationsOf(id, thread int64) ([]left, error) {
	row, err := t.c.row(selectMessage, id)
	if err != nil || row == nil {
		return nil, err
	}
	m, err := messagesRepo{t}.present(row)
	if err != nil {
		return nil, skipDamaged(err)
	}
	th, err := t.threadOf(thread)
	if err != nil {
		return nil, err
	}
	r := annotationsRepo{t}
	var out []left
	err = t.c.each("SELECT id, conversation, tag, target, body FROM annotations WHERE conversation = ? AND target = ?",
		[]value{th.row, r.tag("target", m.ID)}, func(row []value) error {
			out = append(out, left{message: id, thread: th.row, row: integer(row[0]), element: r.element(th, row)})
			return nil
		})
	return out, err
}

// Next returns when the next message ends; zero when there is none.
func (k *Keyless) Next() time.Time {
	if len(k.rows) == 0 {
		return time.Time{}
	}
	return k.rows[0].at
}

// keylessBatch is how many messages go in one transaction.
const keylessBatch = 500

// Remove removes what has ended by now and leaves nothing of it in the write-ahead log. It returns how many messages that
// were; what an error kept from going stays on its list.
func (k *Keyless) Remove(now time.Time) (count int, err error) {
	n, _ := slices.BinarySearchFunc(k.rows, now, func(l leaving, t time.Time) int {
		if l.at.After(t) {
			return 1
		}
		return -1
	})
	if n == 0 {
		return 0, nil
	}
	c, err := dial(k.path, forWriter)
	if err != nil {
		return 0, err
	}
	defer func() { err = cmp.Or(err, c.close()) }()
	for count < n {
		batch := k.rows[:min(keylessBatch, n-count)]
		if err := c.removeRows(batch); err != nil {
			return count, err
		}
		count += len(batch)
		k.rows = k.rows[len(batch):]
		k.tellRemoved(batch)
	}
	_, err = c.row("PRAGMA wal_checkpoint(TRUNCATE)")
	return count, err
}

func (c *conn) removeRows(batch []leaving) error {
	if _, err := c.exec("BEGIN IMMEDIATE"); err != nil {
		return mapped(err)
	}
	err := func() error {
		for _, l := range batch {
			for _, sql := range []string{
				"DELETE FROM tags WHERE (tag, message) IN (SELECT substr(tag, 1, 8), id FROM messages WHERE id = ?)",
				"DELETE FROM messages WHERE id = ?",
			} {
				if _, err := c.exec(sql, l.message); err != nil {
					return mapped(err)
				}
			}
			for _, id := range l.annotations {
				if _, err := c.exec("DELETE FROM annotations WHERE id = ?", id); err != nil {
					return mapped(err)
				}
			}
			if err := c.removeFile(l.file); err != nil {
				return err
			}
		}
		_, err := c.exec("COMMIT")
		return mapped(err)
	}()
	if err != nil {
		c.exec("ROLLBACK") //nolint:errcheck // the first error is the one to report
	}
	return err
}

// settleLeft takes out of the books what was removed while the store was closed: messages whose rows are missing and that
// that have ended by now, and their annotations that are missing too. It returns what is known of the messages.
func (t *tx) settleLeft(now time.Time) ([]chat.Message, error) {
	if t.s.settled {
		return nil, nil
	}
	rows, err := t.c.rows("SELECT id FROM deadlines WHERE id NOT IN (SELECT id FROM messages)")
	if err != nil {
		return nil, err
	}
	var out []chat.Message
	gone, all := map[int64]bool{}, true
	for _, row := range rows {
		id := integer(row[0])
		v, ok := t.end(id)
		if !ok || v.at.After(now) {
			all = false // an attack, or a clock that is not trusted yet
			continue
		}
		m, err := t.writeOff(id, v, nil)
		if err != nil {
			return nil, err
		}
		out = append(out, m)
		gone[id] = true
	}
	if err := t.settleAnnotations(gone); err != nil {
		return nil, err
	}
	if !all {
		return out, nil
	}
	t.settles = true
	return out, t.forgetLeft()
}

func (t *tx) settleAnnotations(gone map[int64]bool) error {
	if len(gone) == 0 {
		return nil
	}
	list, err := t.leftList()
	if err != nil {
		return err
	}
	for _, l := range list.annotations {
		if !gone[l.message] {
			continue
		}
		row, err := t.c.row("SELECT 1 FROM annotations WHERE id = ?", l.row)
		if err != nil {
			return err
		}
		if row != nil {
			continue
		}
		th, err := t.threadOf(l.thread)
		if err != nil {
			return err
		}
		th.state.annotations.Remove(l.element)
		t.change(th)
	}
	return nil
}

func (t *tx) forgetLeft() error {
	if err := t.Settings().Delete(leftSetting); err != nil && err != chat.ErrNotFound {
		return err
	}
	return nil
}

// leftList reads what the store was left with; empty when nothing may be missing.
func (t *tx) leftList() (leftList, error) {
	b, err := t.Settings().Get(leftSetting)
	if err == chat.ErrNotFound {
		return leftList{}, nil
	}
	if err != nil {
		return leftList{}, err
	}
	list, ok := decodeLeft(b)
	if !ok {
		return leftList{}, damaged(settings.name)
	}
	return list, nil
}

// The first layout has no attachments.
const (
	leftV1 = 1
	leftV2 = 2
)

func encodeLeft(list leftList) []byte {
	w := layout(leftV2).uint(uint64(len(list.annotations)))
	for _, l := range list.annotations {
		w.int(l.message).int(l.thread).int(l.row).fixed(l.element[:])
	}
	w.uint(uint64(len(list.files)))
	for _, f := range list.files {
		w.int(f.message).int(f.row).int(f.key).fixed(f.rowElement[:]).fixed(f.keyElement[:])
	}
	return w.b
}

func decodeLeft(b []byte) (list leftList, ok bool) {
	version := byte(leftV2)
	if len(b) > 0 && b[0] == leftV1 {
		version = leftV1
	}
	r := read(b, version)
	n := r.count(3 + len(vault.Element{}))
	for range n {
		l := left{message: r.int(), thread: r.int(), row: r.int()}
		r.fixed(l.element[:])
		list.annotations = append(list.annotations, l)
	}
	if version == leftV1 {
		return list, r.done()
	}
	n = r.count(3 + 2*len(vault.Element{}))
	for range n {
		f := leftFile{message: r.int(), row: r.int(), key: r.int()}
		r.fixed(f.rowElement[:])
		r.fixed(f.keyElement[:])
		list.files = append(list.files, f)
	}
	return list, r.done()
}
