package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"slices"

	"sotto/chat"
)

// Check runs SQLite's quick_check over the whole file, beside whoever reads and writes: pages, cells and the list of free
// pages are well formed (docs/STORAGE.md). It says nothing about who wrote them; that is what sealing and cover are for.
// Errors: chat.ErrDamaged, chat.ErrLocked, that of ctx, which interrupts it.
func (s *Store) Check(ctx context.Context) error {
	for {
		done, err := s.checkOnce(ctx)
		if done {
			return err
		}
	}
}

// checkOnce is not done when the turn of an epoch, which waits for readers, interrupted it.
func (s *Store) checkOnce(ctx context.Context) (done bool, err error) {
	c, err := s.reader(ctx)
	if err != nil {
		return true, err
	}
	defer s.pool.release(c)
	interruptible, cancel := context.WithCancel(ctx)
	defer cancel()
	s.checking.Store(&cancel)
	defer s.checking.Store(nil)
	if s.truncating.Load() {
		cancel()
	}
	sound, err := c.quickCheck(interruptible)
	switch {
	case ctx.Err() != nil:
		return true, ctx.Err()
	case interruptible.Err() != nil:
		return false, nil
	case err != nil:
		return true, mapped(err)
	case !sound:
		return true, fmt.Errorf("%w: quick_check", chat.ErrDamaged)
	}
	return true, nil
}

// Examined is what reading everything found.
type Examined struct {
	Messages int      // that are listed
	Missing  int      // listed, and not there
	Damaged  int      // there, and not what is listed
	Tables   []string // other tables in which something is wrong
}

// Sound reports whether nothing is wrong.
func (e Examined) Sound() bool { return e.Missing == 0 && e.Damaged == 0 && len(e.Tables) == 0 }

// examinedAtOnce is how many messages one unit of work of Examine reads: readers are asked for again in between, so that
// neither the log nor an erasure waits long.
const examinedAtOnce = 256

// Examine reads every message, compares it with the manifest of its conversation and looks for its tag, every attachment
// with its preview, and the tables that are compared when they are first read. It works beside whoever reads and writes; a conversation that is deleted meanwhile is left
// out. progress, which may be nil, is told how many messages of how many were read. Damage is in the answer; an error is
// chat.ErrLocked, that of ctx, or one of reading that names no row.
func (s *Store) Examine(ctx context.Context, progress func(done, total int)) (Examined, error) {
	var out Examined
	var rows []int64
	total := 0
	err := s.view(ctx, func(t *tx) error {
		ids, err := t.c.rows("SELECT id FROM conversations ORDER BY id")
		if err != nil {
			return err
		}
		for _, row := range ids {
			rows = append(rows, integer(row[0]))
		}
		row, err := t.c.row("SELECT count(*) FROM messages")
		if err == nil {
			total = int(integer(row[0]))
		}
		return err
	})
	if err != nil {
		return out, err
	}
	for _, tb := range counted {
		if err := out.note(tb.name, s.view(ctx, func(t *tx) error { return t.check(tb) })); err != nil {
			return out, err
		}
	}
	if err := s.examineFiles(ctx, &out); err != nil {
		return out, err
	}
	for _, row := range rows {
		if err := s.examineThread(ctx, row, &out, func() {
			if progress != nil {
				progress(min(out.Messages, total), total)
			}
		}); err != nil {
			return out, err
		}
	}
	return out, nil
}

// note takes damage into the answer and passes every other error on.
func (e *Examined) note(table string, err error) error {
	if !unreadable(err) {
		return err
	}
	if !slices.Contains(e.Tables, table) {
		e.Tables = append(e.Tables, table)
	}
	return nil
}

func (s *Store) examineThread(ctx context.Context, row int64, out *Examined, progress func()) error {
	for position, more := int64(0), true; more; progress() {
		err := s.view(ctx, func(t *tx) error {
			found, err := t.c.row("SELECT 1 FROM conversations WHERE id = ?", row)
			if more = found != nil; err != nil || !more {
				return err
			}
			th, err := t.threadOf(row)
			if err != nil {
				return err
			}
			if position == 0 {
				if err := out.note(annotations.name, t.checkPart(th, annotations, th.state.annotations)); err != nil {
					return err
				}
			}
			entries, err := t.after(th, position, examinedAtOnce)
			if more = len(entries) > 0; err != nil || !more {
				return err
			}
			position = entries[len(entries)-1].position
			return t.examine(th, entries, out)
		})
		if err != nil {
			if err := out.note(segments.name, err); err != nil {
				return err
			}
			return nil // its manifest cannot be read
		}
	}
	return nil
}

func (t *tx) examine(th *thread, entries []entry, out *Examined) error {
	merged, err := t.merged()
	if err != nil {
		return err
	}
	for _, e := range entries {
		out.Messages++
		row, err := t.c.row(selectMessage, e.row)
		if err == nil && row == nil {
			out.Missing++
			continue
		}
		if err == nil {
			_, err = messagesRepo{t}.decodeListed(th, e, row)
		}
		if unreadable(err) {
			out.Damaged++
			continue
		}
		if err != nil {
			return err
		}
		if e.row > merged { // its tag is read from the row itself
			continue
		}
		found, err := t.c.row("SELECT 1 FROM tags WHERE tag = ? AND message = ?", bytesOf(row[3])[:len(shortTag{})], e.row)
		if err == nil && found == nil {
			err = out.note("tags", damaged("tags"))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// quickCheck stops at the first fault. What SQLite says about it is dropped: no step depends on it.
func (c *conn) quickCheck(ctx context.Context) (sound bool, err error) {
	rows, err := c.raw.QueryContext(ctx, "PRAGMA quick_check(1)", nil)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	row := make([]driver.Value, len(rows.Columns()))
	if err := rows.Next(row); err != nil {
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		return false, err
	}
	answer, _ := row[0].(string)
	return answer == "ok", nil
}
