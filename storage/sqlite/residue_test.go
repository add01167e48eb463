package sqlite

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sotto/chat"
)

// canary is a message whose bytes are looked for in the files: its sealed body, the nonce in front of it, its edit, what
// opens its file, the small picture beside that, and the wrapped keys of its conversation and of its file.
func canary(t *testing.T, s *Store, id chat.MessageID) map[string]string {
	t.Helper()
	out := map[string]string{}
	for what, q := range map[string]struct {
		sql string
		arg value
	}{
		"body":       {"SELECT body FROM messages WHERE tag = ?", s.messageTagOf(id)},
		"edit":       {"SELECT a.body FROM annotations a JOIN messages m ON m.id = a.id WHERE m.tag = ?", s.messageTagOf(id)},
		"attachment": {"SELECT a.body FROM attachments a JOIN messages m ON m.id = a.message WHERE m.tag = ?", s.messageTagOf(id)},
		"preview": {
			"SELECT p.body FROM previews p JOIN attachments a ON a.id = p.id JOIN messages m ON m.id = a.message WHERE m.tag = ?",
			s.messageTagOf(id),
		},
		"wrapped file key": {
			"SELECT k.body FROM keys k JOIN attachments a ON a.key = k.id JOIN messages m ON m.id = a.message WHERE m.tag = ?",
			s.messageTagOf(id),
		},
		"wrapped key": {"SELECT k.body FROM keys k JOIN conversations c ON c.key = k.id WHERE c.id = ?", int64(1)},
	} {
		row, err := s.writer.row(q.sql, q.arg)
		if err != nil || row == nil {
			t.Fatal(what, err)
		}
		out[what] = string(bytesOf(row[0])[:64])
	}
	out["nonce"] = out["body"][1:25]
	return out
}

// residue answers which bytes of a canary lie in some file, by what they are.
func residue(t *testing.T, p profile, of map[string]string) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	for _, file := range folderBytes(t, filepath.Dir(p.db)) {
		for what, part := range of {
			found[what] = found[what] || strings.Contains(file, part)
		}
	}
	return found
}

// TestEveryRemovalLeavesNoResidue removes a canary in each way and looks for its bytes in every file, while the store is
// open and after it was closed. Where nothing is removed, all of them must be found.
func TestEveryRemovalLeavesNoResidue(t *testing.T) {
	ctx := context.Background()
	var id chat.MessageID
	bury := func(tx chat.Tx) error {
		m, err := tx.Messages().Get(id)
		if err != nil {
			return err
		}
		m.Deleted, m.Text = true, ""
		_, err = tx.Messages().Put(m)
		return errors.Join(err, tx.Annotations().DeleteForTarget(m.Conversation, m.ID))
	}
	for _, c := range []struct {
		name   string
		remove func(*Store) error
		stays  []string
	}{
		{"nothing", func(*Store) error { return nil }, []string{"body", "nonce", "edit", "attachment", "preview", "wrapped key", "wrapped file key"}},
		// After an erasure every key is wrapped anew.
		{"deleted here", func(s *Store) error { return s.Erase(ctx, bury) }, nil},
		{"deleted by its author", func(s *Store) error { return s.Update(ctx, bury) }, []string{"wrapped key"}},
		{"ended", func(s *Store) error {
			return s.Purge(ctx, func(tx chat.Tx) error {
				return errors.Join(tx.Messages().Delete(id), tx.Annotations().DeleteForTarget(conv(1), id))
			})
		}, []string{"wrapped key"}},
		{"conversation destroyed", func(s *Store) error {
			return s.Update(ctx, func(tx chat.Tx) error { return tx.Conversations().Destroy(conv(1)) })
		}, nil},
		{"ended while locked", func(s *Store) error {
			k, err := s.Leave(ctx)
			if err != nil {
				return err
			}
			if err := s.Close(); err != nil {
				return err
			}
			_, err = k.Remove(day.Add(time.Minute))
			return err
		}, []string{"wrapped key"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newProfile(t)
			s := p.create(t)
			minute, _, _ := endingMessages(t, s, 30)
			id = minute[3]
			if err := s.Update(ctx, func(tx chat.Tx) error {
				return errors.Join(
					tx.Attachments().Put(chat.Attachment{Message: id, Key: make([]byte, 32), Sealed: 4112, State: chat.FileHere, Created: day}),
					tx.Attachments().PutPreview(id, []byte(strings.Repeat("picture ", 20))),
				)
			}); err != nil {
				t.Fatal(err)
			}
			parts := canary(t, s, id)
			if err := c.remove(s); err != nil {
				t.Fatal(err)
			}
			want := map[string]bool{}
			for what := range parts {
				want[what] = false
			}
			for _, what := range c.stays {
				want[what] = true
			}
			check := func(when string) {
				for what, found := range residue(t, p, parts) {
					if found != want[what] {
						t.Errorf("%s: %s found: %t, want %t", when, what, found, want[what])
					}
				}
			}
			check("at once")
			closeStore(t, s)
			check("closed")
		})
	}
}
