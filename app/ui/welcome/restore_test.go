package welcome

import (
	"os"
	"path/filepath"
	"testing"

	"sotto/app/apptest/stage"
	"sotto/app/privacy/backup"
	"sotto/app/profile"
)

const backupPass = "granite teapot willow comet desk"

// backupOf makes somebody with a backup.
func backupOf(t *testing.T, name string) (file string, id string) {
	t.Helper()
	p, _, err := profile.Create(t.Context(), profile.CreateOptions{
		Options: stage.Costs, Dir: filepath.Join(t.TempDir(), "old"), Name: name, Passphrase: stage.Passphrase,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	file = filepath.Join(t.TempDir(), "mira"+backup.Suffix)
	if _, err := p.Backup.Write(t.Context(), backup.Request{Out: file, Passphrase: backupPass}); err != nil {
		t.Fatal(err)
	}
	return file, p.Messenger.Self().ID.String()
}

func fillRestore(s *stage.Stage, file, old string) {
	s.T.Helper()
	s.Fill("Backup", file)
	s.Fill("Passphrase of the backup", old)
	s.Fill("New passphrase", strong)
	s.Fill("Passphrase again", strong)
	s.Tap("Restore")
}

func TestAProfileIsRestoredFromTheWelcomeScreen(t *testing.T) {
	file, id := backupOf(t, "Mira")
	s, w := begin(t)
	s.Tap("Restore from a backup")
	fillRestore(s, file, backupPass)
	s.Sees("Your recovery code")
	code := w.code
	s.Tap("I have written it down")
	s.Fill("Word 3", code[2])
	s.Fill("Word 9", code[8])
	s.Fill("Word 17", code[16])
	s.Tap("Continue")
	s.Sees("Welcome back, Mira")
	s.Tap("Open Sotto")
	s.Until("the profile is handed over", func() bool { return s.Taken != nil })
	t.Cleanup(func() { _ = s.Taken.Close() })
	if got := s.Taken.Messenger.Self().ID.String(); got != id {
		t.Errorf("restored as %s, was %s", got, id)
	}
}

func TestWhatCannotBeRestoredIsSaidBesideItAndMakesNothing(t *testing.T) {
	file, _ := backupOf(t, "Mira")
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cut, strange := filepath.Join(dir, "cut"), filepath.Join(dir, "strange")
	if err := os.WriteFile(cut, whole[:len(whole)-40], 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(strange, make([]byte, 4096), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ file, pass, says string }{
		{file, "not the passphrase", "This passphrase does not open the backup."},
		{filepath.Join(dir, "none"), backupPass, "There is no such file."},
		{cut, backupPass, "The backup is cut off or altered."},
		{strange, backupPass, "This is not a backup of Sotto."},
	} {
		s, w := begin(t)
		s.Tap("Restore from a backup")
		fillRestore(s, row.file, row.pass)
		s.Sees(row.says)
		if profile.Exists(s.Dir) {
			t.Errorf("%q: a profile was made", row.says)
		}
		w.Closed()
	}
}

func TestARestoreThatIsLeftMakesNothing(t *testing.T) {
	s, w := begin(t)
	s.Tap("Restore from a backup")
	s.Sees("Sotto reads the backup to its end")
	s.Tap("Restore")
	s.Sees("The whole path of the file.")
	s.Tap("Back")
	s.Sees("Welcome to Sotto")
	w.Closed()
}
