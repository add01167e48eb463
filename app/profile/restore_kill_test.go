package profile_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sotto/app/privacy/backup"
	privacyfiles "sotto/app/privacy/files"
	"sotto/app/profile"
	"sotto/app/security"
	"sotto/chat"
	"sotto/storage"
)

// The test binary starts itself again with these variables: the child backs a profile up, or restores one, until it is
// killed.
const (
	childAct  = "SOTTO_TEST_BACKUP_ACT"
	childDir  = "SOTTO_TEST_BACKUP_DIR"
	childFile = "SOTTO_TEST_BACKUP_FILE"
)

func backUpOrRestore(act, dir, file string) {
	switch act {
	case "backup":
		childBackup(dir, file)
	case "restore":
		childRestore(dir, file)
	}
}

func childBackup(dir, file string) {
	p, err := profile.Open(context.Background(), profile.OpenOptions{Options: cheap, Dir: dir, Secret: profile.Passphrase(passphrase)})
	if err != nil {
		os.Exit(3)
	}
	fmt.Println("begun")
	if _, err := p.Backup.Write(context.Background(), backup.Request{Out: file, Passphrase: backupPassphrase}); err != nil {
		os.Exit(4)
	}
	_ = p.Close()
}

func childRestore(dir, file string) {
	fmt.Println("begun")
	p, _, err := profile.Restore(context.Background(), restoreOptions(dir, file))
	if err != nil {
		os.Exit(5)
	}
	_ = p.Close()
}

// killed runs the child and kills it after a while; it reports whether it had ended before.
func killed(t *testing.T, act, dir, file string, after time.Duration) bool {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childAct+"="+act, childDir+"="+dir, childFile+"="+file)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 6)
	if _, err := out.Read(line); err != nil {
		t.Fatalf("the child did not begin: %v", err)
	}
	timer := time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
	err = cmd.Wait()
	timer.Stop()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.Exited()) {
		t.Fatalf("the child failed by itself: %v", err)
	}
	return err == nil
}

// timed returns how long something takes when nobody kills it: the moments are chosen within.
func timed(f func()) time.Duration {
	begun := time.Now()
	f()
	return time.Since(begun)
}

const (
	manyMessages = 2000
	manyFiles    = 24 // of those, each of largeFile bytes
	largeFile    = 900_000
)

// contentOf is what the nth file holds.
func contentOf(n int) []byte { return bytes.Repeat([]byte{byte(n), byte(n + 1), 7}, largeFile/3) }

// idOfFile is the message of the nth file.
func idOfFile(n int) chat.MessageID { return chat.MessageID{0xf1, byte(n)} }

// grown makes a profile with many messages, some of them with files, and closes it.
func grown(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "grown")
	p, _, err := profile.Create(t.Context(), profile.CreateOptions{Options: cheap, Dir: dir, Name: "Ada", Passphrase: passphrase})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	store, err := storage.Open(t.Context(), dir, storage.Passphrase(passphrase), storage.Options{Limits: cheap.Limits})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	var sealed []chat.Attachment
	for n := range manyFiles {
		a, err := privacyfiles.Seal(t.Context(), store.Blobs(), bytes.NewReader(contentOf(n)), largeFile, nil)
		if err != nil {
			t.Fatal(err)
		}
		a.Message, a.Created = idOfFile(n), time.Now()
		sealed = append(sealed, a)
	}
	err = store.Update(t.Context(), func(tx chat.Tx) error {
		conv := chat.Conversation{ID: chat.ConversationID{1}, Kind: chat.Group, Created: time.Now(), NextSeq: 1}
		if err := tx.Conversations().Put(conv); err != nil {
			return err
		}
		for n, a := range sealed {
			_, err := tx.Messages().Put(chat.Message{
				ID: a.Message, Conversation: conv.ID, Author: chat.ContactID{1}, Direction: chat.In, Kind: chat.KindAttachment, Seq: uint64(n + 1),
				State: chat.Read, File: chat.File{Name: "plan.txt", Size: largeFile}, Sent: time.Now(), Received: time.Now(),
			})
			if err := errors.Join(err, tx.Attachments().Put(a)); err != nil {
				return err
			}
		}
		for i := manyFiles; i < manyMessages; i++ {
			_, err := tx.Messages().Put(chat.Message{
				ID: chat.NewMessageID(), Conversation: conv.ID, Author: chat.ContactID{1}, Direction: chat.In, Kind: chat.KindText, Seq: uint64(i + 1),
				State: chat.Read, Text: fmt.Sprintf("message %d %s", i, strings.Repeat("words ", 20)), Sent: time.Now(), Received: time.Now(),
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// whole opens a profile and checks what a crash must not have touched.
func whole(t *testing.T, dir string) {
	t.Helper()
	p, err := profile.Open(t.Context(), profile.OpenOptions{Options: cheap, Dir: dir, Secret: profile.Passphrase(passphrase)})
	if err != nil {
		t.Fatalf("the profile does not open: %v", err)
	}
	defer p.Close()
	err = p.View(t.Context(), func(tx chat.Tx) error {
		if _, err := security.Verify(tx); err != nil {
			return err
		}
		n, err := tx.Messages().Count(chat.ConversationID{1})
		if n != manyMessages {
			t.Errorf("%d messages", n)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	for n := range manyFiles {
		if !bytes.Equal(fileOf(t, p, idOfFile(n)), contentOf(n)) {
			t.Errorf("file %d is another", n)
		}
	}
	if lying, err := os.ReadDir(filepath.Join(dir, "blobs")); err != nil || len(lying) != manyFiles {
		t.Errorf("%d files lie there, %v", len(lying), err)
	}
}

func TestAKilledBackupIsWholeOrNotThere(t *testing.T) {
	dir := grown(t)
	choose := rand.New(rand.NewPCG(1, 1))
	took := timed(func() { killed(t, "backup", dir, filepath.Join(t.TempDir(), "first"), time.Minute) })
	ended, there := 0, 0
	for i := range 14 {
		file := filepath.Join(t.TempDir(), "b"+backup.Suffix)
		if killed(t, "backup", dir, file, time.Duration(choose.Int64N(int64(took)))) {
			ended++
		}
		in, err := os.Open(file)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		there++
		if s, err := backup.Verify(t.Context(), in, backupPassphrase, backup.Reading{Limits: cheap.Limits}); err != nil || s.Counts.Messages != manyMessages || s.Files != manyFiles {
			t.Errorf("kill %d left a backup of %d messages and %d files: %v", i, s.Counts.Messages, s.Files, err)
		}
		_ = in.Close()
	}
	t.Logf("%d of 14 ended before they were killed, %d files were there", ended, there)
	if ended == 14 {
		t.Error("nothing was killed in time")
	}
	whole(t, dir)
}

func TestAKilledRestoreIsWholeOrNotThere(t *testing.T) {
	dir := grown(t)
	p, err := profile.Open(t.Context(), profile.OpenOptions{Options: cheap, Dir: dir, Secret: profile.Passphrase(passphrase)})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "b"+backup.Suffix)
	backUp(t, p, file)
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	choose := rand.New(rand.NewPCG(2, 2))
	took := timed(func() { killed(t, "restore", filepath.Join(t.TempDir(), "first"), file, time.Minute) })
	ended := 0
	for i := range 14 {
		target := filepath.Join(t.TempDir(), "new")
		if killed(t, "restore", target, file, time.Duration(choose.Int64N(int64(took)))) {
			ended++
		}
		if !profile.Exists(target) {
			again, _ := restore(t, target, file)
			if err := again.Close(); err != nil {
				t.Fatal(err)
			}
		}
		whole(t, target)
		entries, err := os.ReadDir(target)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if e.Name() == "restoring" || strings.Contains(e.Name(), "orphan") {
				t.Errorf("kill %d left %s", i, e.Name())
			}
		}
	}
	t.Logf("%d of 14 ended before they were killed", ended)
	if ended == 14 {
		t.Error("nothing was killed in time")
	}
}

// TestAnAdoptionCutOffIsUndone puts a folder into the states between the two renames that make a profile.
func TestAnAdoptionCutOffIsUndone(t *testing.T) {
	dir := grown(t)
	p, err := profile.Open(t.Context(), profile.OpenOptions{Options: cheap, Dir: dir, Secret: profile.Passphrase(passphrase)})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "b"+backup.Suffix)
	backUp(t, p, file)
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	inside := filepath.Join(dir, "restoring")
	if err := errors.Join(os.Mkdir(inside, 0o700), os.Rename(filepath.Join(dir, "vault"), filepath.Join(inside, "vault"))); err != nil {
		t.Fatal(err)
	}
	again, _ := restore(t, dir, file)
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
	whole(t, dir)
	if _, err := os.Stat(filepath.Join(dir, "history.db.orphan")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a history that nobody can open is left: %v", err)
	}
}
