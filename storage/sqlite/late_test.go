package sqlite

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"sotto/chat"
)

// putMany puts messages into conversations in turn and returns them.
func putMany(t *testing.T, tx chat.Tx, n int) []chat.Message {
	t.Helper()
	var out []chat.Message
	for i := range n {
		m, err := tx.Messages().Put(chat.Message{
			ID: chat.NewMessageID(), Conversation: conv(byte(i % 3)), Author: chat.ContactID{1}, Seq: uint64(i + 1), Text: fmt.Sprint("text ", i),
		})
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, m)
	}
	return out
}

func threeConversations(t *testing.T, s *Store) {
	t.Helper()
	write(t, s, func(tx chat.Tx) error {
		for i := range 3 {
			if err := tx.Conversations().Put(chat.Conversation{ID: conv(byte(i))}); err != nil {
				return err
			}
		}
		return nil
	})
}

func TestAUnitOfWorkSeesMessagesThatItHasNotWrittenYet(t *testing.T) {
	// So many that some are written, some are being sealed and some wait.
	const n = 2*32 + 32 + 9
	for name, see := range map[string]func(chat.Tx, []chat.Message) error{
		"by id": func(tx chat.Tx, put []chat.Message) error {
			for _, want := range put {
				if got, err := tx.Messages().Get(want.ID); err != nil || got.Text != want.Text {
					return fmt.Errorf("%q, %v; want %q", got.Text, err, want.Text)
				}
			}
			return nil
		},
		"by page": func(tx chat.Tx, put []chat.Message) error {
			for c := range 3 {
				page, err := tx.Messages().Page(conv(byte(c)), 0, n)
				if err != nil || len(page) != n/3 || page[len(page)-1].ID != put[n-3+c].ID {
					return fmt.Errorf("%d messages, %v", len(page), err)
				}
			}
			return nil
		},
		"by page after": func(tx chat.Tx, put []chat.Message) error {
			page, err := tx.Messages().PageAfter(conv(0), put[0].Position, n)
			if err != nil || len(page) != n/3-1 {
				return fmt.Errorf("%d messages, %v", len(page), err)
			}
			return nil
		},
		"changed": func(tx chat.Tx, put []chat.Message) error {
			m := put[n-1]
			m.Text = "changed"
			got, err := tx.Messages().Put(m)
			if err == nil && (got.Revision != 2 || got.Position != m.Position) {
				err = fmt.Errorf("revision %d", got.Revision)
			}
			return err
		},
		"deleted": func(tx chat.Tx, put []chat.Message) error {
			if err := tx.Messages().Delete(put[n-2].ID); err != nil {
				return err
			}
			_, err := tx.Messages().Get(put[n-2].ID)
			if !errors.Is(err, chat.ErrNotFound) {
				return fmt.Errorf("a deleted message: %v", err)
			}
			return nil
		},
		"with its conversation": func(tx chat.Tx, put []chat.Message) error {
			if err := tx.Conversations().Destroy(conv(1)); err != nil {
				return err
			}
			_, err := tx.Messages().Get(put[1].ID)
			if !errors.Is(err, chat.ErrNotFound) {
				return fmt.Errorf("a message of a destroyed conversation: %v", err)
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProfile(t)
			s := p.create(t)
			threeConversations(t, s)
			var put []chat.Message
			write(t, s, func(tx chat.Tx) error {
				put = putMany(t, tx, n)
				return see(tx, put)
			})
			closeStore(t, s)
			s = p.open(t)
			if found, err := s.Examine(context.Background(), nil); err != nil || !found.Sound() {
				t.Errorf("after opening: %+v, %v", found, err)
			}
		})
	}
}

func TestAnUndoneUnitOfWorkLeavesNoneOfItsMessages(t *testing.T) {
	s := newProfile(t).create(t)
	threeConversations(t, s)
	undone := errors.New("undone")
	var put []chat.Message
	err := s.Update(context.Background(), func(tx chat.Tx) error {
		put = putMany(t, tx, 100)
		return undone
	})
	if !errors.Is(err, undone) {
		t.Fatal(err)
	}
	write(t, s, func(tx chat.Tx) error {
		for _, m := range put {
			if _, err := tx.Messages().Get(m.ID); !errors.Is(err, chat.ErrNotFound) {
				return fmt.Errorf("a message that was undone: %v", err)
			}
		}
		putMany(t, tx, 40)
		return nil
	})
	if found, err := s.Examine(context.Background(), nil); err != nil || !found.Sound() || found.Messages != 40 {
		t.Errorf("%+v, %v", found, err)
	}
}
