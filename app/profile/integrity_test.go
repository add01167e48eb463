package profile_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sotto/app/messenger"
	"sotto/app/profile"
	"sotto/chat"
)

func openIn(t *testing.T, dir string) *profile.Profile {
	t.Helper()
	p, err := profile.Open(t.Context(), profile.OpenOptions{Options: cheap, Dir: dir, Secret: profile.Passphrase(passphrase)})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func closed(t *testing.T, p *profile.Profile) {
	t.Helper()
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
}

// lastAction returns the newest audit entry of an action.
func lastAction(t *testing.T, p *profile.Profile, action string) (detail string) {
	t.Helper()
	err := p.View(t.Context(), func(tx chat.Tx) error {
		all, err := tx.Audit().List(0, 1000)
		for _, e := range all {
			if e.Action == action {
				detail = e.Detail
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return detail
}

// checkedIn starts the profile and waits for the check behind it.
func checkedIn(t *testing.T, p *profile.Profile) profile.Integrity {
	t.Helper()
	changed := make(chan struct{}, 1)
	defer p.OnIntegrity(func() {
		select {
		case changed <- struct{}{}:
		default:
		}
	})()
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	for late := time.After(20 * time.Second); p.Integrity().Checked.IsZero(); {
		select {
		case <-changed:
		case <-late:
			t.Fatal("no check was made")
		}
	}
	return p.Integrity()
}

func TestAnUncleanStopIsNoticedCheckedAndRecorded(t *testing.T) {
	dir, _, texts := written(t)
	mark := filepath.Join(dir, "running")
	if _, err := os.Stat(mark); err == nil {
		t.Fatal("a profile that was closed is marked as running")
	}
	p := openIn(t, dir)
	if _, err := os.Stat(mark); err != nil || p.Integrity().Unclean {
		t.Fatalf("an open profile: mark %v, %+v", err, p.Integrity())
	}
	image := files(t, dir) // as a kill leaves it
	closed(t, p)

	killed := filepath.Join(t.TempDir(), "killed")
	if err := os.CopyFS(killed, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	for name, b := range image {
		if err := os.WriteFile(filepath.Join(killed, name), []byte(b), 0o600); err != nil {
			t.Fatal(err)
		}
	}

	p = openIn(t, killed)
	if !p.Integrity().Unclean {
		t.Fatal("the unclean stop was not noticed")
	}
	closed(t, p) // without a check: the mark stays
	p = openIn(t, killed)
	i := checkedIn(t, p)
	if !i.Unclean || !i.Findings.Sound() || i.Findings.Messages < len(texts) || i.Checking {
		t.Errorf("%+v", i)
	}
	if got := lastAction(t, p, "history.checked"); !strings.HasPrefix(got, "after an unclean stop: sound") {
		t.Errorf("recorded %q", got)
	}
	closed(t, p)
	p = openIn(t, killed)
	if p.Integrity().Unclean {
		t.Error("the stop is still unclean after its check")
	}
	closed(t, p)
}

func TestACheckNamesWhatIsDamaged(t *testing.T) {
	dir, _, _ := written(t)
	history := filepath.Join(dir, "history.db")
	sound, err := os.ReadFile(history)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for at := len(sound) - 4096; at > 0 && found == 0; at -= 4096 {
		bad := bytes.Clone(sound)
		copy(bad[at:], bytes.Repeat([]byte{0xff}, 4096))
		if err := os.WriteFile(history, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		p, err := profile.Open(t.Context(), profile.OpenOptions{Options: cheap, Dir: dir, Secret: profile.Passphrase(passphrase)})
		if err != nil {
			continue // a table that is checked at opening
		}
		f, err := p.CheckHistory(t.Context(), nil)
		if err == nil && f.File && !f.Sound() {
			found++
			if got := lastAction(t, p, "history.checked"); !strings.Contains(got, "pages malformed") {
				t.Errorf("recorded %q", got)
			}
		}
		_ = p.Close() // the file is damaged
	}
	if found == 0 {
		t.Error("no damaged page was found by a check")
	}
}

func TestACheckNamesTheFilesThatAreNotWhatWasStored(t *testing.T) {
	glass, dir := newGlassRelay(t), filepath.Join(t.TempDir(), "ben")
	ada, ben := create(t, "Ada", glass.pass), createIn(t, dir, "Ben", glass.pass)
	introduce(t, ada, ben)
	conv := ada.Messenger.ConversationWith(ben.Messenger.Self().ID)
	lost := hand(t, ada, ben, conv, "letter.txt", []byte("a letter"))
	hand(t, ada, ben, conv, "other.txt", []byte("another"))
	var a chat.Attachment
	err := ben.View(t.Context(), func(tx chat.Tx) (err error) {
		a, err = tx.Attachments().Get(lost)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "blobs", a.Blob.String())); err != nil {
		t.Fatal(err)
	}
	f, err := ben.CheckHistory(t.Context(), nil)
	if err != nil || f.Sound() || f.Files.Files != 2 || f.Files.Faults[messenger.FaultMissing] != 1 || f.Missing+f.Damaged > 0 {
		t.Errorf("found %+v, %v", f, err)
	}
	if detail := lastAction(t, ben, "history.checked"); !strings.Contains(detail, "files missing 1") {
		t.Errorf("the audit log says %q", detail)
	}
	if i := ben.Integrity(); i.Checking || i.Read != i.Bytes || i.Bytes == 0 {
		t.Errorf("%+v", i)
	}
	if f, err := ben.CheckHistory(t.Context(), nil); err != nil || !f.Sound() { // it is not said to be here any more
		t.Errorf("again %+v, %v", f, err)
	}
}
