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
