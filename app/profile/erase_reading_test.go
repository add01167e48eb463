package profile_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"sotto/app/privacy/backup"
	"sotto/app/privacy/export"
	"sotto/app/profile"
	"sotto/chat"
)

type profileOf struct {
	*profile.Profile
	t *testing.T
}

// What is deleted must leave the files at once, and not when a backup to a slow disk has come to its end.
func TestADeletionStopsABackupAndAnExportAndNothingOfThemIsKept(t *testing.T) {
	for name, write := range map[string]func(p profileOf, out string, progress func(int, int)) error{
		"backup": func(p profileOf, out string, progress func(int, int)) error {
			_, err := p.Backup.Write(p.t.Context(), backup.Request{Out: out, Passphrase: backupPassphrase, Progress: progress})
			return err
		},
		"export": func(p profileOf, out string, progress func(int, int)) error {
			_, err := p.Export.Write(p.t.Context(), export.Request{Out: out, Progress: progress})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			ada, ben, conv := friends(t)
			hand(t, ada, ben, conv, "letter.txt", []byte("a letter"))
			p := profileOf{ben, t}
			out := filepath.Join(t.TempDir(), "out")
			deleted := make(chan error, 1)
			begun := false
			err := write(p, out, func(int, int) {
				if begun {
					return
				}
				begun = true
				go func() {
					_, err := ben.Eraser.DeleteConversation(t.Context(), conv, false)
					deleted <- err
				}()
				<-time.After(2 * time.Second) // so long the disk takes for what it was given
			})
			if !errors.Is(err, chat.ErrDeletedMeanwhile) {
				t.Errorf("it ended with %v", err)
			}
			if err := <-deleted; err != nil {
				t.Errorf("the deletion: %v", err)
			}
			if left, err := os.ReadDir(filepath.Dir(out)); err != nil || len(left) > 0 {
				t.Errorf("left are %v, %v", left, err)
			}
			if err := write(p, out, nil); err != nil {
				t.Errorf("started again: %v", err)
			}
		})
	}
}
