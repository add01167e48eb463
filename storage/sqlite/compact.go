package sqlite

import (
	"context"
	"errors"

	"sotto/chat"
)

// Space is how many bytes a history takes.
type Space struct {
	File int64 // the database
	Log  int64 // its write-ahead log
	Free int64 // of File: pages that hold nothing, which Compact gives back
}

// Space asks the file. Errors: chat.ErrLocked, that of ctx.
func (s *Store) Space(ctx context.Context) (out Space, err error) {
	err = s.view(ctx, func(t *tx) error {
		var n [3]int64
		for i, pragma := range []string{"PRAGMA page_size", "PRAGMA page_count", "PRAGMA freelist_count"} {
			row, err := t.c.row(pragma)
			if err != nil {
				return err
			}
			n[i] = integer(row[0])
		}
		out.File, out.Free = n[0]*n[1], n[0]*n[2]
		return nil
	})
	return out, err
}

// Compact writes the database anew without the pages that hold nothing. It takes as long as reading and writing all of
// it, once more its room on the disk, and the right to write meanwhile; readers go on. What stops it (ctx, chat.ErrDiskFull)
// leaves the history as it was.
func (s *Store) Compact(ctx context.Context) error {
	if err := s.acquire(ctx); err != nil {
		return err
	}
	defer s.release()
	// Temporary tables are kept in memory; the copy of a whole history is not. What it holds is sealed.
	if err := s.writer.script("PRAGMA temp_store = FILE"); err != nil {
		return err
	}
	_, err := s.writer.raw.ExecContext(ctx, "VACUUM", nil)
	back := s.writer.script("PRAGMA temp_store = MEMORY")
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return mapped(err)
	case back != nil:
		return back
	}
	err = s.truncate()
	if errors.Is(err, chat.ErrLocked) {
		return nil
	}
	return err
}
