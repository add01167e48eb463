package sqlite

import (
	"context"
	"testing"

	"sotto/chat"
)

// mergeNow lets the next unit of work merge the tags so far, as in a long history.
func mergeNow(t *testing.T, s *Store) {
	t.Helper()
	write(t, s, func(tx chat.Tx) error { return tx.Settings().Put("merge", nil) })
	s.fresh.many = true
	write(t, s, func(tx chat.Tx) error { return tx.Settings().Put("merge", nil) })
}

func TestAMessageIsKnownAgainWhereverItsTagIs(t *testing.T) {
	for name, reopened := range map[string]bool{"in one opening": false, "after another opening": true} {
		t.Run(name, func(t *testing.T) {
			p := newProfile(t)
			s := p.create(t)
			threeConversations(t, s)
			var put []chat.Message
			for range 3 { // merged twice, and once not
				mergeNow(t, s)
				write(t, s, func(tx chat.Tx) error { put = append(put, putMany(t, tx, 50)...); return nil })
			}
			if s.fresh.merged == 0 || s.fresh.filter == nil {
				t.Fatal("nothing was merged")
			}
			if reopened {
				closeStore(t, s)
				s = p.open(t)
			}
			write(t, s, func(tx chat.Tx) error {
				for _, m := range put {
					again, err := tx.Messages().Put(m)
					if err != nil {
						return err
					}
					if again.Revision != m.Revision+1 {
						t.Fatalf("taken as new: revision %d", again.Revision)
					}
				}
				return nil
			})
			if found, err := s.Examine(context.Background(), nil); err != nil || !found.Sound() || found.Messages != len(put) {
				t.Errorf("%+v, %v; want %d messages", found, err, len(put))
			}
		})
	}
}

func TestTagsThatWereMergedAlreadyStopNoWriting(t *testing.T) {
	p := newProfile(t)
	s := p.create(t)
	threeConversations(t, s)
	write(t, s, func(tx chat.Tx) error { putMany(t, tx, 50); return nil })
	mergeNow(t, s)
	closeStore(t, s)
	p.tamper(t, "UPDATE run SET merged = 0")
	s = p.open(t)
	write(t, s, func(tx chat.Tx) error { putMany(t, tx, 50); return nil })
	mergeNow(t, s)
	if found, err := s.Examine(context.Background(), nil); err != nil || !found.Sound() || found.Messages != 100 {
		t.Errorf("%+v, %v", found, err)
	}
}
