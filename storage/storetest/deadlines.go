package storetest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"sotto/chat"
)

// deadlines: messages are found by their end as long as they are there and have it.
func deadlines(t *testing.T, s chat.Store) {
	one, other := fill[chat.ConversationID](1), fill[chat.ConversationID](2)
	message := func(conv chat.ConversationID, n int, end time.Time) chat.Message {
		return chat.Message{
			ID: fill[chat.MessageID](n), Conversation: conv, Author: fill[chat.ContactID](1), Direction: chat.In, Kind: chat.KindText,
			Seq: uint64(n), Sent: base, Received: base, State: chat.Delivered, Text: "x", ExpiresAfter: time.Hour, Expires: end,
		}
	}
	due := func(tx chat.Tx, end time.Time, limit int) (ids []chat.MessageID) {
		t.Helper()
		list, err := tx.Deadlines().Due(end, limit)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range list {
			ids = append(ids, m.ID)
		}
		return ids
	}
	expect := func(what string, tx chat.Tx, end time.Time, next time.Time, want ...int) {
		t.Helper()
		var ids []chat.MessageID
		for _, n := range want {
			ids = append(ids, fill[chat.MessageID](n))
		}
		if got := due(tx, end, 100); !slices.Equal(got, ids) {
			t.Errorf("%s: due are %v, want %v", what, got, ids)
		}
		if n, err := tx.Deadlines().Count(end); err != nil || n != len(want) {
			t.Errorf("%s: count is %d, %v", what, n, err)
		}
		got, err := tx.Deadlines().Next()
		if next.IsZero() && errors.Is(err, chat.ErrNotFound) {
			return
		}
		if err != nil || !got.Equal(next) {
			t.Errorf("%s: next is %v, %v; want %v", what, got, err, next)
		}
	}
	update(t, s, func(tx chat.Tx) error {
		for _, conv := range []chat.ConversationID{one, other} {
			if err := tx.Conversations().Put(chat.Conversation{ID: conv, Kind: chat.Direct, Created: base}); err != nil {
				return err
			}
		}
		expect("nothing", tx, at(100), time.Time{})
		for _, m := range []chat.Message{
			message(one, 1, at(30)), message(one, 2, time.Time{}), message(other, 3, at(10)), message(other, 4, at(20)),
		} {
			if _, err := tx.Messages().Put(m); err != nil {
				return err
			}
		}
		expect("within the unit of work", tx, at(20), at(10), 3, 4)
		return nil
	})
	view(t, s, func(tx chat.Tx) error {
		expect("all", tx, at(100), at(10), 3, 4, 1)
		expect("at the very end", tx, at(10), at(10), 3)
		expect("before", tx, at(9), at(10))
		if got := due(tx, at(100), 1); len(got) != 1 || got[0] != fill[chat.MessageID](3) {
			t.Errorf("one is %v", got)
		}
		m, err := tx.Messages().Get(fill[chat.MessageID](1))
		if err != nil || !m.Expires.Equal(at(30)) || m.ExpiresAfter != time.Hour {
			t.Errorf("message is %+v, %v", m, err)
		}
		return nil
	})
	failed := errors.New("failed")
	err := s.Update(t.Context(), func(tx chat.Tx) error {
		if err := tx.Messages().Delete(fill[chat.MessageID](3)); err != nil {
			return err
		}
		return failed
	})
	if !errors.Is(err, failed) {
		t.Fatal(err)
	}
	update(t, s, func(tx chat.Tx) error {
		expect("after a failed unit of work", tx, at(100), at(10), 3, 4, 1)
		if _, err := tx.Messages().Put(message(other, 3, at(40))); err != nil {
			return err
		}
		if _, err := tx.Messages().Put(message(one, 1, time.Time{})); err != nil {
			return err
		}
		return tx.Messages().Delete(fill[chat.MessageID](4))
	})
	view(t, s, func(tx chat.Tx) error {
		expect("another end, none, and deleted", tx, at(100), at(40), 3)
		return nil
	})
	err = s.Erase(t.Context(), func(tx chat.Tx) error { return tx.Conversations().Destroy(other) })
	if err != nil {
		t.Fatal(err)
	}
	view(t, s, func(tx chat.Tx) error {
		expect("destroyed", tx, at(100), time.Time{})
		return nil
	})
}

// purging: Purge commits like Update, or leaves nothing.
func purging(t *testing.T, s chat.Store) {
	failed := errors.New("failed")
	err := s.Purge(t.Context(), func(tx chat.Tx) error {
		return errors.Join(tx.Settings().Put("a", []byte("1")), failed)
	})
	if !errors.Is(err, failed) {
		t.Fatal(err)
	}
	err = s.Purge(t.Context(), func(tx chat.Tx) error { return tx.Settings().Put("b", []byte("2")) })
	if err != nil {
		t.Fatal(err)
	}
	view(t, s, func(tx chat.Tx) error {
		if _, err := tx.Settings().Get("a"); !errors.Is(err, chat.ErrNotFound) {
			t.Errorf("a failed purge left something: %v", err)
		}
		_, err := tx.Settings().Get("b")
		return err
	})
}
