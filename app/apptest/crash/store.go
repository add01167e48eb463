package crash

import (
	"context"

	"sotto/chat"
)

// Store is the store of a process, over the one that outlives it.
type Store struct {
	Beneath chat.Store
	Fuse    *Fuse
}

// View implements chat.Store.
func (s *Store) View(ctx context.Context, f func(chat.Tx) error) error {
	if err := s.Fuse.Alive(); err != nil {
		return err
	}
	return s.Beneath.View(ctx, f)
}

// Update implements chat.Store.
func (s *Store) Update(ctx context.Context, f func(chat.Tx) error) error {
	return s.unit(ctx, s.Beneath.Update, f)
}

// Purge implements chat.Store.
func (s *Store) Purge(ctx context.Context, f func(chat.Tx) error) error {
	return s.unit(ctx, s.Beneath.Purge, f)
}

// Erase implements chat.Store.
func (s *Store) Erase(ctx context.Context, f func(chat.Tx) error) error {
	return s.unit(ctx, s.Beneath.Erase, f)
}

// unit has a point at each write, one before the commit, and one after it.
func (s *Store) unit(ctx context.Context, run func(context.Context, func(chat.Tx) error) error, f func(chat.Tx) error) error {
	if err := s.Fuse.Alive(); err != nil {
		return err
	}
	wrote := false
	err := run(ctx, func(inner chat.Tx) error {
		if err := f(tx{inner, point{s.Fuse, &wrote}}); err != nil {
			return err
		}
		if err := s.Fuse.Alive(); err != nil || !wrote {
			return err
		}
		return s.Fuse.Pass("before a commit")
	})
	if err != nil || !wrote {
		return err
	}
	return s.Fuse.Pass("after a commit")
}

// tx is a unit of work whose repositories have a point before every write.
type tx struct {
	chat.Tx
	point
}

type point struct {
	fuse  *Fuse
	wrote *bool
}

// write passes the point of one write and then does it.
func (p point) write(what string, do func() error) error {
	*p.wrote = true
	if err := p.fuse.Pass(what); err != nil {
		return err
	}
	return do()
}

// writing is write for what answers something.
func writing[V any](p point, what string, do func() (V, error)) (v V, err error) {
	err = p.write(what, func() (err error) {
		v, err = do()
		return err
	})
	return v, err
}
