package profile_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"sotto/app/messenger"
	"sotto/app/privacy"
	"sotto/app/profile"
	"sotto/chat"
)

// liesIn reports whether bytes lie in some file of a folder.
func liesIn(t *testing.T, dir string, part []byte) (found bool) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(filepath.Join(dir, name))
		found = found || bytes.Contains(b, part)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestNothingOfADeletedFileIsLeftInTheFolder plants a file and looks for pieces of its ciphertext after each way to delete
// it. Where nothing is deleted, they must be found.
func TestNothingOfADeletedFileIsLeftInTheFolder(t *testing.T) {
	for _, row := range []struct {
		name   string
		delete func(t *testing.T, ada, ben *profile.Profile, m chat.MessageID) error
		stays  bool
	}{
		{"not at all", func(*testing.T, *profile.Profile, *profile.Profile, chat.MessageID) error { return nil }, true},
		{"the message", func(t *testing.T, _, ben *profile.Profile, m chat.MessageID) error {
			_, err := ben.Eraser.DeleteMessages(t.Context(), m)
			return err
		}, false},
		{"the conversation", func(t *testing.T, ada, ben *profile.Profile, _ chat.MessageID) error {
			_, err := ben.Eraser.DeleteConversation(t.Context(), ben.Messenger.ConversationWith(ada.Messenger.Self().ID), false)
			return err
		}, false},
		{"the contact", func(t *testing.T, ada, ben *profile.Profile, _ chat.MessageID) error {
			report, err := ben.Eraser.DeleteContact(t.Context(), ada.Messenger.Self().ID, ben.Messenger)
			if report.Files != 1 || report.FileBytes == 0 {
				t.Errorf("reported %+v", report)
			}
			return err
		}, false},
		{"for everyone, by its author", func(t *testing.T, ada, ben *profile.Profile, m chat.MessageID) error {
			deleted := eventOf(ben, messenger.EventDelete)
			_, err := ada.Messenger.DeleteForEveryone(t.Context(), m)
			await(t, deleted)
			return err
		}, false},
		{"as its author asks", func(t *testing.T, ada, ben *profile.Profile, m chat.MessageID) error {
			err := ada.Eraser.AskMessages(t.Context(), ada.Messenger.ConversationWith(ben.Messenger.Self().ID), m)
			eventually(t, "the answer", func() bool {
				asked, err := ada.Eraser.Asked(t.Context())
				return err == nil && len(asked) == 1 && asked[0].Outcome == privacy.OutcomeHonoured && asked[0].Erased == 1
			})
			return err
		}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			glass := newGlassRelay(t)
			dir := filepath.Join(t.TempDir(), "ben")
			ada, ben := create(t, "Ada", glass.pass), createAt(t, dir, "Ben", glass.pass)
			introduce(t, ada, ben)
			id := hand(t, ada, ben, ada.Messenger.ConversationWith(ben.Messenger.Self().ID), "plan.txt", bytes.Repeat([]byte("a page of the plan. "), 10_000))
			var a chat.Attachment
			if err := ben.View(t.Context(), func(tx chat.Tx) (err error) {
				a, err = tx.Attachments().Get(id)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			ciphertext, err := os.ReadFile(filepath.Join(dir, "blobs", a.Blob.String()))
			if err != nil {
				t.Fatal(err)
			}
			if err := row.delete(t, ada, ben, id); err != nil {
				t.Fatal(err)
			}
			for what, part := range map[string][]byte{
				"the beginning": ciphertext[:64], "the middle": ciphertext[len(ciphertext)/2:][:64], "the end": ciphertext[len(ciphertext)-64:], "the key": a.Key,
			} {
				if found := liesIn(t, dir, part); found != (row.stays && what != "the key") {
					t.Errorf("%s found: %t", what, found)
				}
			}
		})
	}
}
