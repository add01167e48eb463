package sqlite

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"sotto/chat"
)

// endingMessages puts n messages: every third ends after a minute, every third after an hour, the others never; each has an edit.
func endingMessages(t *testing.T, s *Store, n int) (minute, hour, never []chat.MessageID) {
	t.Helper()
	write(t, s, func(tx chat.Tx) error {
		if err := tx.Conversations().Put(chat.Conversation{ID: conv(1), Kind: chat.Direct, Created: day}); err != nil {
			return err
		}
		for i := range n {
			m := chat.Message{
				ID: chat.MessageID{1, byte(i), byte(i >> 8)}, Conversation: conv(1), Author: chat.ContactID{1}, Direction: chat.In,
				Kind: chat.KindText, Seq: uint64(i + 1), Sent: day, Received: day, State: chat.Delivered, Text: fmt.Sprint("text ", i),
			}
			switch i % 3 {
			case 0:
				m.Expires = day.Add(time.Minute)
				minute = append(minute, m.ID)
			case 1:
				m.Expires = day.Add(time.Hour)
				hour = append(hour, m.ID)
			default:
				never = append(never, m.ID)
			}
			if _, err := tx.Messages().Put(m); err != nil {
				return err
			}
			err := tx.Annotations().Put(chat.Annotation{
				ID: chat.MessageID{2, byte(i), byte(i >> 8)}, Conversation: conv(1), Target: m.ID, Kind: chat.AnnotateEdit,
				Author: m.Author, Seq: uint64(n + i + 1), Sent: day, Text: "edited",
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return minute, hour, never
}

func leave(t *testing.T, s *Store) *Keyless {
	t.Helper()
	k, err := s.Leave(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	closeStore(t, s)
	return k
}

// due settles what has ended by a time and returns how many messages are there then, and how many of them are lost.
func due(t *testing.T, s *Store, now time.Time) (there, lost, due int) {
	t.Helper()
	write(t, s, func(tx chat.Tx) error {
		if _, err := tx.Deadlines().Due(now, 10); err != nil {
			return err
		}
		list, err := tx.Deadlines().Due(now, 10)
		due = len(list)
		return err
	})
	view(t, s, func(tx chat.Tx) error {
		page, err := tx.Messages().Page(conv(1), 0, 10_000)
		for _, m := range page {
			if m.Notice == chat.NoticeLost {
				lost++
			} else {
				there++
			}
		}
		return err
	})
	return there, lost, due
}

func TestMessagesThatEndWhileLockedGoWithoutAKeyAndAreNotMissed(t *testing.T) {
	p := newProfile(t)
	s := p.create(t)
	minute, hour, never := endingMessages(t, s, 300)
	var bodies [][]byte
	for _, id := range minute {
		row, err := s.writer.row("SELECT body FROM messages WHERE tag = ?", s.messageTagOf(id))
		if err != nil || row == nil {
			t.Fatal(err)
		}
		bodies = append(bodies, bytes.Clone(bytesOf(row[0])[:40]))
	}
	k := leave(t, s)
	if next := k.Next(); !next.Equal(day.Add(time.Minute)) {
		t.Errorf("next is %v", next)
	}
	if n, err := k.Remove(day.Add(59 * time.Second)); n != 0 || err != nil {
		t.Errorf("%d went too early, %v", n, err)
	}
	if n, err := k.Remove(day.Add(time.Minute)); n != len(minute) || err != nil {
		t.Errorf("%d went, %v", n, err)
	}
	if next := k.Next(); !next.Equal(day.Add(time.Hour)) {
		t.Errorf("next is %v", next)
	}
	for name, b := range folderBytes(t, filepath.Dir(p.db)) {
		for _, body := range bodies {
			if bytes.Contains([]byte(b), body) {
				t.Fatalf("%s holds the body of a message that went", name)
			}
		}
	}
	s = p.open(t)
	there, lost, left := due(t, s, day.Add(2*time.Minute))
	if there != len(hour)+len(never) || lost != 0 || left != 0 {
		t.Errorf("%d are there, %d lost, %d due; want %d", there, lost, left, len(hour)+len(never))
	}
	// The annotations of those that went are gone, the others whole.
	view(t, s, func(tx chat.Tx) error {
		list, err := tx.Annotations().List(conv(1), chat.MessageID{}, 1000)
		if len(list) != len(hour)+len(never) {
			t.Errorf("%d annotations, want %d", len(list), len(hour)+len(never))
		}
		return err
	})
	closeStore(t, s)
	s = p.open(t)
	if there, lost, _ := due(t, s, day.Add(2*time.Minute)); there != len(hour)+len(never) || lost != 0 {
		t.Errorf("opened again: %d are there, %d lost", there, lost)
	}
	examined, err := s.Examine(context.Background(), nil)
	if err != nil || !examined.Sound() {
		t.Errorf("examined: %+v, %v", examined, err)
	}
}

func TestADropBeforeItsEndIsAnAttackAndShows(t *testing.T) {
	for _, c := range []struct {
		name string
		sql  string
		lost int
	}{
		{"an end later", "DELETE FROM messages WHERE id = 2", 1},
		{"no end", "DELETE FROM messages WHERE id = 3", 1},
		{"ended", "DELETE FROM messages WHERE id = 1", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newProfile(t)
			s := p.create(t)
			endingMessages(t, s, 3)
			leave(t, s)
			p.tamper(t, c.sql)
			if _, lost, _ := due(t, p.open(t), day.Add(2*time.Minute)); lost != c.lost {
				t.Errorf("%d are lost, want %d", lost, c.lost)
			}
		})
	}
}

func TestADroppedOrChangedEndIsDamage(t *testing.T) {
	for _, sql := range []string{
		"DELETE FROM deadlines WHERE id = 1", "UPDATE deadlines SET id = 3 WHERE id = 1",
		"UPDATE deadlines SET body = (SELECT body FROM deadlines WHERE id = 2) WHERE id = 1",
	} {
		p := newProfile(t)
		s := p.create(t)
		endingMessages(t, s, 3)
		closeStore(t, s)
		p.tamper(t, sql)
		if _, err := p.tryOpen(nil); err == nil {
			t.Errorf("%q was not noticed", sql)
		}
	}
}

func TestADamagedMessageThatHasEndedGoesAllTheSame(t *testing.T) {
	p := newProfile(t)
	s := p.create(t)
	endingMessages(t, s, 3)
	closeStore(t, s)
	p.tamper(t, "UPDATE messages SET body = zeroblob(200) WHERE id = 1")
	s = p.open(t)
	there, lost, left := due(t, s, day.Add(time.Minute))
	if there != 2 || lost != 0 || left != 0 {
		t.Errorf("%d are there, %d lost, %d due", there, lost, left)
	}
}

func (s *Store) messageTagOf(id chat.MessageID) []byte { return (&tx{s: s}).messageTag(id) }

func view(t *testing.T, s *Store, f func(chat.Tx) error) {
	t.Helper()
	if err := s.View(context.Background(), f); err != nil {
		t.Fatal(err)
	}
}
