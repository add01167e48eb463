package sqlite

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"os"
	"strings"
	"testing"

	"sotto/chat"
)

// grown returns a closed history of some hundred pages, most of them messages.
func grown(t *testing.T) profile {
	t.Helper()
	p := newProfile(t)
	s := p.create(t)
	write(t, s, func(tx chat.Tx) error {
		if err := tx.Conversations().Put(chat.Conversation{ID: conv(1), Kind: chat.Direct}); err != nil {
			return err
		}
		for i := range byte(200) {
			m := chat.Message{ID: chat.MessageID{1, i}, Conversation: conv(1), Author: chat.ContactID{1}, Seq: uint64(i), Text: strings.Repeat("x", 3000)}
			if _, err := tx.Messages().Put(m); err != nil {
				return err
			}
		}
		return nil
	})
	closeStore(t, s)
	return p
}

func TestCheckPassesASoundFileWhileItIsWritten(t *testing.T) {
	s := grown(t).open(t)
	err := s.Update(t.Context(), func(tx chat.Tx) error {
		if err := tx.Settings().Put("name", []byte("value")); err != nil {
			return err
		}
		return s.Check(t.Context())
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestCheckNamesADamagedPage(t *testing.T) {
	p := grown(t)
	db := fileBytes(t, p.db)
	size := int(binary.BigEndian.Uint16(db[16:]))
	pages := len(db) / size
	copy(db[(pages*3/4)*size:], bytes.Repeat([]byte{0xFF}, size))
	if err := os.WriteFile(p.db, db, 0o600); err != nil {
		t.Fatal(err)
	}
	s := p.open(t) // the small tables are whole
	if err := s.Check(t.Context()); !errors.Is(err, chat.ErrDamaged) {
		t.Errorf("Check = %v, want ErrDamaged", err)
	}
}

func TestCheckEndsWithItsContextAndItsStore(t *testing.T) {
	s := newProfile(t).create(t)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Check(gone); !errors.Is(err, context.Canceled) {
		t.Errorf("Check = %v, want Canceled", err)
	}
	closeStore(t, s)
	if err := s.Check(t.Context()); !errors.Is(err, chat.ErrLocked) {
		t.Errorf("Check = %v, want ErrLocked", err)
	}
}

func TestExamineReadsEverythingAndTellsWhatIsMissing(t *testing.T) {
	p, texts, _ := letters(t, 2, 150)
	s := p.open(t)
	last := 0
	got, err := s.Examine(t.Context(), func(done, total int) {
		if done < last || done > total {
			t.Errorf("progress %d of %d after %d", done, total, last)
		}
		last = done
	})
	if err != nil || !got.Sound() || got.Messages != len(texts) || last != len(texts) {
		t.Errorf("%+v, %v; progress to %d of %d", got, err, last, len(texts))
	}
	closeStore(t, s)
	for what, c := range map[string]struct {
		sql              string
		missing, damaged int
		table            string
	}{
		"dropped messages": {"DELETE FROM messages WHERE id IN (20, 21, 200)", 3, 0, ""},
		"another body":     {"UPDATE messages SET body = (SELECT body FROM messages WHERE id = 30) WHERE id = 31", 0, 1, ""},
		"dropped segment":  {"DELETE FROM segments WHERE id = (SELECT max(id) FROM segments)", 0, 0, "segments"},
		"tags not there":   {"UPDATE run SET merged = (SELECT max(id) FROM messages)", 0, 0, "tags"},
		"newer body":       {"UPDATE messages SET body = x'09' || substr(body, 2) WHERE id = 50", 0, 1, ""},
	} {
		q := profileFrom(t, p, fileBytes(t, p.db))
		q.tamper(t, c.sql)
		s := q.open(t)
		got, err := s.Examine(t.Context(), nil)
		if err != nil || got.Missing != c.missing || got.Damaged != c.damaged || (len(got.Tables) > 0) != (c.table != "") || got.Sound() {
			t.Errorf("%s: %+v, %v", what, got, err)
		}
		closeStore(t, s)
	}
}

// TestAnErasureNeedNotWaitForACheck begins a check that would take the reader for long, and erases beside it.
func TestAnErasureNeedNotWaitForACheck(t *testing.T) {
	p, _, _ := letters(t, 2, 400)
	s := p.open(t)
	end, cancel := context.WithCancel(t.Context())
	checks := make(chan error, 1)
	go func() {
		for end.Err() == nil {
			if err := s.Check(end); err != nil && end.Err() == nil {
				checks <- err
				return
			}
		}
		checks <- nil
	}()
	for n := range byte(8) {
		id := conv(100 + n)
		write(t, s, func(tx chat.Tx) error { return tx.Conversations().Put(chat.Conversation{ID: id}) })
		if err := s.Erase(t.Context(), func(tx chat.Tx) error { return tx.Conversations().Destroy(id) }); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	if err := <-checks; err != nil {
		t.Error(err)
	}
}
