package profile_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"sotto/app/messenger"
	"sotto/app/privacy/backup"
	"sotto/app/privacy/export"
	privacyfiles "sotto/app/privacy/files"
	"sotto/app/profile"
	"sotto/chat"
)

// fileOf is what the file of a message holds.
func fileOf(t *testing.T, p *profile.Profile, id chat.MessageID) []byte {
	t.Helper()
	in, _, err := p.Messenger.OpenFile(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(in)
	if err := errors.Join(err, in.Close()); err != nil {
		t.Fatal(err)
	}
	return b
}

func stateOfFile(t *testing.T, p *profile.Profile, id chat.MessageID) messenger.FileStatus {
	t.Helper()
	all, err := p.Messenger.FileStatus(t.Context(), id)
	if err != nil || len(all) != 1 {
		t.Fatalf("%d states, %v", len(all), err)
	}
	return all[0]
}

// offer lets one send a file that the other does not fetch.
func offer(t *testing.T, from, to *profile.Profile, conv chat.ConversationID, name string, data []byte) chat.MessageID {
	t.Helper()
	arrived := eventOf(to, messenger.EventMessage)
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	m, err := from.SendFile(t.Context(), conv, path, profile.FileOptions{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	await(t, arrived)
	return m.ID
}

func TestFilesComeBackWithABackup(t *testing.T) {
	for _, without := range []bool{false, true} {
		glass := newGlassRelay(t)
		dir, file := t.TempDir(), filepath.Join(t.TempDir(), "ben.sottobackup")
		ada := create(t, "Ada", glass.pass)
		ben := createAt(t, filepath.Join(dir, "old"), "Ben", glass.pass)
		introduce(t, ada, ben)
		conv := ada.Messenger.ConversationWith(ben.Messenger.Self().ID)
		large := bytes.Repeat([]byte("a page of the plan. "), 30_000)
		got, sent := hand(t, ada, ben, conv, "plan.txt", large), hand(t, ben, ada, conv, "answer.txt", []byte("agreed"))
		later := offer(t, ada, ben, conv, "later.txt", []byte("fetched after the restore"))
		e, err := ben.Backup.Estimate(t.Context())
		if err != nil || e.Files != 2 || e.Away != 1 {
			t.Errorf("estimate %+v, %v", e, err)
		}
		s, err := ben.Backup.Write(t.Context(), backup.Request{Out: file, Passphrase: backupPassphrase, WithoutFiles: without})
		if err != nil || (s.Files == 2) == without {
			t.Fatalf("made %+v, %v", s, err)
		}
		if err := errors.Join(ben.Close(), os.RemoveAll(filepath.Join(dir, "old"))); err != nil {
			t.Fatal(err)
		}
		again, _ := restore(t, filepath.Join(dir, "new"), file)
		start(t, again)
		if without {
			for _, id := range []chat.MessageID{got, sent} {
				if s := stateOfFile(t, again, id); s.State != chat.FileFailed || s.Stored || s.Failure != messenger.FailureFileGone {
					t.Errorf("a file that was left out is %+v", s)
				}
			}
		} else if !bytes.Equal(fileOf(t, again, got), large) || string(fileOf(t, again, sent)) != "agreed" {
			t.Error("files came back otherwise")
		}
		if s := stateOfFile(t, again, later); s.State != chat.FileOffered {
			t.Errorf("what was offered is %+v", s)
		}
		bring(t, again, later)
		if string(fileOf(t, again, later)) != "fetched after the restore" {
			t.Error("what was offered came otherwise")
		}
	}
}

// TestAFileThatWaitedToBeSentCanBeSentAgainAfterARestore: the relay is away when the backup is made.
func TestAFileThatWaitedToBeSentCanBeSentAgainAfterARestore(t *testing.T) {
	glass := newGlassRelay(t)
	dir, file := t.TempDir(), filepath.Join(t.TempDir(), "ada.sottobackup")
	ada, ben := createAt(t, filepath.Join(dir, "old"), "Ada", glass.pass), create(t, "Ben", glass.pass)
	introduce(t, ada, ben)
	conv := ada.Messenger.ConversationWith(ben.Messenger.Self().ID)
	if err := ada.Close(); err != nil {
		t.Fatal(err)
	}
	ada, err := profile.Open(t.Context(), profile.OpenOptions{Options: cheap, Dir: filepath.Join(dir, "old"), Secret: profile.Passphrase(passphrase)})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "waiting.txt")
	if err := os.WriteFile(path, []byte("it waited"), 0o600); err != nil {
		t.Fatal(err)
	}
	m, err := ada.SendFile(t.Context(), conv, path, profile.FileOptions{Caption: "look"}, nil) // never started: nothing leaves
	if err != nil {
		t.Fatal(err)
	}
	backUp(t, ada, file)
	if err := errors.Join(ada.Close(), os.RemoveAll(filepath.Join(dir, "old"))); err != nil {
		t.Fatal(err)
	}
	again, _ := restore(t, filepath.Join(dir, "new"), file)
	added := eventOf(ben, messenger.EventAlert, messenger.AlertDeviceAdded)
	start(t, again)
	await(t, added)
	if s := stateOfFile(t, again, m.ID); s.State != chat.FileFailed || !s.Stored || s.Failure != messenger.FailureRestored {
		t.Errorf("what waited is %+v", s)
	}
	if string(fileOf(t, again, m.ID)) != "it waited" {
		t.Error("its bytes are others")
	}
	arrived := eventOf(ben, messenger.EventMessage)
	if err := again.Messenger.Retry(t.Context(), m.ID); err != nil {
		t.Fatal(err)
	}
	for await(t, arrived).Message != m.ID {
	}
	bring(t, ben, m.ID)
	if string(fileOf(t, ben, m.ID)) != "it waited" {
		t.Error("it arrived otherwise")
	}
}

func TestFilesComeBackWithAnExport(t *testing.T) {
	ada, ben, conv := friends(t)
	large := bytes.Repeat([]byte("a page of the plan. "), 30_000)
	id := hand(t, ada, ben, conv, "plan.txt", large)
	out := filepath.Join(t.TempDir(), "export")
	s, err := ben.Export.Write(t.Context(), export.Request{Out: out})
	if err != nil || s.Manifest.Counts.Files != 1 {
		t.Fatalf("%+v, %v", s.Manifest.Counts, err)
	}
	if _, err := ben.Eraser.DeleteConversation(t.Context(), conv, false); err != nil {
		t.Fatal(err)
	}
	if _, _, err := ben.Messenger.OpenFile(t.Context(), id); !errors.Is(err, chat.ErrNotFound) {
		t.Errorf("a deleted file: %v", err)
	}
	got, err := ben.Import.Import(t.Context(), export.ImportRequest{Path: out})
	if err != nil || got.Files != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	if !bytes.Equal(fileOf(t, ben, id), large) {
		t.Error("the file came back otherwise")
	}
}

func TestNothingIsWrittenIntoTheProfile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "profile")
	ada := createAt(t, dir, "Ada", "")
	if _, err := ada.Export.Write(t.Context(), export.Request{Out: filepath.Join(dir, "export")}); !errors.Is(err, privacyfiles.ErrInside) {
		t.Errorf("an export: %v", err)
	}
	if _, err := ada.Backup.Write(t.Context(), backup.Request{Out: filepath.Join(dir, "blobs", "b"), Passphrase: backupPassphrase}); !errors.Is(err, privacyfiles.ErrInside) {
		t.Errorf("a backup: %v", err)
	}
}

// What the export says of a file comes from app/media, and a message that comes back without its file says why.
func TestAnExportSaysWhatToMindAndWhatItDoesNotHold(t *testing.T) {
	ada, ben, conv := friends(t)
	id := hand(t, ada, ben, conv, "invoice.pdf.exe", append([]byte("MZ"), make([]byte, 300)...))
	with, without := filepath.Join(t.TempDir(), "with"), filepath.Join(t.TempDir(), "without")
	if _, err := ben.Export.Write(t.Context(), export.Request{Out: with}); err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob(filepath.Join(with, "conversations", "*", "page-0001.html"))
	if err != nil || len(pages) != 1 {
		t.Fatalf("%d pages, %v", len(pages), err)
	}
	page, err := os.ReadFile(pages[0])
	if err != nil || !bytes.Contains(page, []byte("Careful: it is a program; it has another ending than it seems.")) ||
		!bytes.Contains(page, []byte(`download="invoice.pdf.exe.bin"`)) {
		t.Errorf("the page says %s, %v", page, err)
	}
	if _, err := ben.Export.Write(t.Context(), export.Request{Out: without, WithoutFiles: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := ben.Eraser.DeleteConversation(t.Context(), conv, false); err != nil {
		t.Fatal(err)
	}
	if got, err := ben.Import.Import(t.Context(), export.ImportRequest{Path: without}); err != nil || got.FilesMissing != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	if s := stateOfFile(t, ben, id); s.State != chat.FileFailed || s.Failure != messenger.FailureFileLeftOut {
		t.Errorf("a file that was left out is %+v", s)
	}
	if err := ben.Messenger.FetchFile(t.Context(), id); !errors.Is(err, chat.ErrFileLeftOut) {
		t.Errorf("asked for, it is %v", err)
	}
	if got, err := ben.Import.Import(t.Context(), export.ImportRequest{Path: with}); err != nil || got.Files != 1 {
		t.Errorf("the export that holds it: %+v, %v", got, err)
	}
	if s := stateOfFile(t, ben, id); s.State != chat.FileHere || s.Failure != "" {
		t.Errorf("then it is %+v", s)
	}
}
