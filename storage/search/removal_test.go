package search

import (
	"bytes"
	"os"
	"testing"

	"sotto/chat"
)

// TestNoSnapshotIsLeftThatTellsWhatWasRemoved removes a message in each way and looks at the files as they lie there when
// the process dies right after, before the index has written another snapshot; and then at the next one.
func TestNoSnapshotIsLeftThatTellsWhatWasRemoved(t *testing.T) {
	gone := message(1, "gooseberry")
	gone.Conversation = conv(2)
	buried := gone
	buried.Text, buried.Deleted = "", true
	for what, remove := range map[string]func(chat.Store) error{
		"its author deletes it from afar": func(s chat.Store) error {
			return s.Update(ctx, func(tx chat.Tx) error {
				_, err := tx.Messages().Put(buried)
				return err
			})
		},
		"it is deleted here": func(s chat.Store) error {
			return s.Erase(ctx, func(tx chat.Tx) error {
				_, err := tx.Messages().Put(buried)
				return err
			})
		},
		"it ended, or a rule does not keep it": func(s chat.Store) error {
			return s.Purge(ctx, func(tx chat.Tx) error { return tx.Messages().Delete(gone.ID) })
		},
		"its conversation is deleted": func(s chat.Store) error {
			return s.Update(ctx, func(tx chat.Tx) error { return tx.Conversations().Destroy(gone.Conversation) })
		},
	} {
		t.Run(what, func(t *testing.T) {
			h := newHistory(t)
			x := h.index(t, never)
			h.put(t, message(0, "kept"), gone)
			x.saved(t)
			if !bytes.Contains(unsealed(t, h), []byte("gooseberry")) { // positive control
				t.Fatal("the word is not in the snapshot before")
			}
			if err := remove(h.store); err != nil {
				t.Fatal(err)
			}
			if info, err := os.Stat(h.dir + "/history.db-wal"); err == nil && info.Size() > 0 {
				t.Error("the log is there")
			}
			died := h.copy(t)
			died.open(t)
			defer died.close(t)
			file, err := os.ReadFile(died.path())
			if err != nil {
				t.Fatal(err)
			}
			for _, key := range died.store.SearchKeys() {
				if b, err := unseal(file, key); err == nil && bytes.Contains(b, []byte("gooseberry")) {
					t.Error("the snapshot from before opens with the files from after")
				}
			}
			x.saved(t)
			if bytes.Contains(unsealed(t, h), []byte("gooseberry")) {
				t.Error("the next snapshot holds the word")
			}
		})
	}
}
