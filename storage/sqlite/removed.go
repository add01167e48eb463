package sqlite

import (
	"context"

	"sotto/chat"
)

// OnRemoved lets f be told, after every commit, of the files that no attachment names any more, so that it removes them.
// It is called before the unit of work returns, without the right to write, and may be called by several at once. A
// process that ends in between leaves files that [Store.BlobIDs] does not list. f is also told of what goes while the
// store is closed ([Keyless.Remove]): it must not use the store. There is one f; nil ends it.
func (s *Store) OnRemoved(f func(...chat.BlobID)) {
	if f == nil {
		s.removed.Store(nil)
		return
	}
	s.removed.Store(&f)
}

func (s *Store) tellRemoved(ids []chat.BlobID) {
	if f := s.removed.Load(); f != nil && len(ids) > 0 {
		(*f)(ids...)
	}
}

// BlobIDs returns the files that attachments name, begun or whole, in no order, without opening a row. Errors:
// chat.ErrLocked, that of ctx.
func (s *Store) BlobIDs(ctx context.Context) (ids []chat.BlobID, err error) {
	err = s.view(ctx, func(t *tx) error {
		return t.c.each("SELECT blob FROM attachments WHERE blob IS NOT NULL", nil, func(row []value) error {
			var id chat.BlobID
			if copy(id[:], bytesOf(row[0])) != len(id) {
				return damaged(attachments.name)
			}
			ids = append(ids, id)
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	return ids, nil
}
