package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"

	"sotto/chat"
)

// Check runs SQLite's quick_check over the whole file, beside whoever reads and writes: pages, cells and the list of free
// pages are well formed (docs/STORAGE.md). It says nothing about who wrote them; that is what sealing and cover are for.
// Errors: chat.ErrDamaged, chat.ErrLocked, that of ctx, which interrupts it.
func (s *Store) Check(ctx context.Context) error {
	c, err := s.reader(ctx)
	if err != nil {
		return err
	}
	defer func() { s.pool <- c }()
	sound, err := c.quickCheck(ctx)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return mapped(err)
	case !sound:
		return fmt.Errorf("%w: quick_check", chat.ErrDamaged)
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
