package unlock

import (
	"os"
	"path/filepath"
	"testing"

	"sotto/app/apptest/stage"
	"sotto/app/profile"
)

func TestADamagedProfileOffersToSaveWhatIsReadable(t *testing.T) {
	s, u, _ := locked(t)
	history := filepath.Join(u.s.Dir, "history.db")
	b, err := os.ReadFile(history)
	if err != nil {
		t.Fatal(err)
	}
	clear(b[:4096])
	if err := os.WriteFile(history, b, 0o600); err != nil {
		t.Fatal(err)
	}
	try(s, stage.Passphrase)
	s.Sees("This profile is damaged")
	out := filepath.Join(t.TempDir(), "saved")
	s.Fill("Folder to write", out)
	s.Tap("Save what is readable")
	s.Sees("0 messages in 0 conversations were saved.")
	if _, err := os.Stat(filepath.Join(out, profile.SalvageFile)); err != nil {
		t.Error(err)
	}
	s.Tap("Save what is readable")
	s.Sees("There is a folder of that name already.")
	s.Tap("Back")
	s.Until("the passphrase is asked for again", func() bool { return s.Button("Forgot passphrase?") != nil })
}
