package profile_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"sotto/app/messenger"
	"sotto/app/privacy/backup"
	"sotto/app/privacy/export"
	"sotto/app/profile"
	"sotto/chat"
)

// TestALockThatFallsInTheMidstOfEverythingFalls begins all that takes long, with messages that end meanwhile, and locks.
func TestALockThatFallsInTheMidstOfEverythingFalls(t *testing.T) {
	ada, ben := create(t, "Ada", ""), create(t, "Ben", "")
	introduce(t, ada, ben)
	with := ada.Messenger.ConversationWith(ben.Messenger.Self().ID)
	for i := range 40 {
		write(t, ada, ben.Messenger.Self().ID, fmt.Sprintf("word%d of many", i))
	}
	if err := ada.Messenger.SetTimer(t.Context(), with, time.Second); err != nil {
		t.Fatal(err)
	}
	exported := filepath.Join(t.TempDir(), "export")
	if _, err := ada.Export.Write(t.Context(), export.Request{Out: exported}); err != nil {
		t.Fatal(err)
	}
	ended := eventOf(ada, messenger.EventDelete, messenger.RemovedExpired)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	dir := t.TempDir()
	var group sync.WaitGroup
	long := func(name string, f func(i int) error) {
		group.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				err := f(i)
				switch {
				case err == nil:
				case errors.Is(err, chat.ErrLocked), errors.Is(err, context.Canceled):
					return
				default:
					t.Errorf("%s: %v", name, err)
					return
				}
			}
		})
	}
	long("backup", func(i int) error {
		_, err := ada.Backup.Write(ctx, backup.Request{Out: filepath.Join(dir, fmt.Sprint(i, ".sottobackup")), Passphrase: backupPassphrase})
		return err
	})
	long("search", func(int) error {
		_, err := ada.Search.Search(ctx, chat.Query{Text: "word3"})
		return err
	})
	long("import", func(int) error {
		_, err := ada.Import.Import(ctx, export.ImportRequest{Path: exported})
		return err
	})
	long("send", func(i int) error {
		_, err := ada.Messenger.Send(ctx, with, fmt.Sprint("ends soon ", i), messenger.SendOptions{})
		if i == 500 {
			return context.Canceled
		}
		return err
	})
	long("step-up", func(int) error { return ada.VerifyPassphrase(ctx, []byte(passphrase)) })
	await(t, ended)
	begun := time.Now()
	locked, err := ada.Lock(t.Context())
	if err != nil {
		t.Errorf("locking: %v", err)
	}
	if took := time.Since(begun); took > 15*time.Second {
		t.Errorf("the lock took %v to fall", took)
	}
	cancel()
	group.Wait()
	if locked == nil {
		t.Fatal("not locked")
	}
	again, err := locked.Unlock(t.Context(), profile.Passphrase(passphrase))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := again.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := again.Search.Search(t.Context(), chat.Query{Text: "word3"}); err != nil {
		t.Error(err)
	}
}
