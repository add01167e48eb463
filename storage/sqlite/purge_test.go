package sqlite

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sotto/chat"
	"sotto/crypto/vault"
)

// TestWhatAPurgeRemovesIsInNoFileAfterwards scans for the sealed body and nonce of a canary, also while the store is open,
// and must find it where Update removed it instead.
func TestWhatAPurgeRemovesIsInNoFileAfterwards(t *testing.T) {
	for _, c := range []struct {
		name string
		run  func(*Store) func(context.Context, func(chat.Tx) error) error
		left bool
	}{
		{"Purge", func(s *Store) func(context.Context, func(chat.Tx) error) error { return s.Purge }, false},
		{"Update", func(s *Store) func(context.Context, func(chat.Tx) error) error { return s.Update }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newProfile(t)
			s := p.create(t)
			minute, _, _ := endingMessages(t, s, 30)
			row, err := s.writer.row("SELECT body FROM messages WHERE tag = ?", s.messageTagOf(minute[0]))
			if err != nil || row == nil {
				t.Fatal(err)
			}
			body := bytes.Clone(bytesOf(row[0]))
			if err := s.PutSearchKey(context.Background(), vault.NewRowKey(), 1<<40); err != nil {
				t.Fatal(err)
			}
			key := s.SearchKeys()[0]
			err = c.run(s)(context.Background(), func(tx chat.Tx) error {
				list, err := tx.Deadlines().Due(day.Add(time.Minute), 100)
				for _, m := range list {
					if err := tx.Annotations().DeleteForTarget(m.Conversation, m.ID); err != nil {
						return err
					}
					if err := tx.Messages().Delete(m.ID); err != nil {
						return err
					}
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			found := false
			for name, b := range folderBytes(t, filepath.Dir(p.db)) {
				for what, part := range map[string][]byte{"body": body[:64], "nonce": body[1:25]} {
					if strings.Contains(b, string(part)) {
						found = true
						if !c.left {
							t.Errorf("%s holds the %s", name, what)
						}
					}
				}
			}
			if found != c.left {
				t.Errorf("found: %t", found)
			}
			if same := s.SearchKeys()[0] == key; same == !c.left {
				t.Errorf("the key of the search snapshot is the same: %t", same)
			}
			closeStore(t, s)
			closeStore(t, p.open(t))
		})
	}
}
