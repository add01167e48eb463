package profile_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"sotto/app/messenger"
	"sotto/app/privacy/backup"
	"sotto/app/profile"
	"sotto/app/security"
	"sotto/chat"
)

const backupPassphrase = "a quite different staple"

// openAgain opens and starts the profile in a folder.
func openAgain(t *testing.T, dir string) *profile.Profile {
	t.Helper()
	p, err := profile.Open(t.Context(), profile.OpenOptions{Options: cheap, Dir: dir, Secret: profile.Passphrase(passphrase)})
	if err != nil {
		t.Fatal(err)
	}
	start(t, p)
	return p
}

func start(t *testing.T, p *profile.Profile) {
	t.Helper()
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// createAt is create with a folder whose path the test keeps.
func createAt(t *testing.T, dir, name, relay string) *profile.Profile {
	t.Helper()
	p, _, err := profile.Create(t.Context(), profile.CreateOptions{
		Options: cheap, Dir: dir, Name: name, Passphrase: passphrase, Relay: relay,
	})
	if err != nil {
		t.Fatal(err)
	}
	start(t, p)
	return p
}

func backUp(t *testing.T, p *profile.Profile, file string) backup.Summary {
	t.Helper()
	s, err := p.Backup.Write(t.Context(), backup.Request{Out: file, Passphrase: backupPassphrase})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func restoreOptions(dir, file string) profile.RestoreOptions {
	return profile.RestoreOptions{
		Options: cheap, Dir: dir, File: file, BackupPassphrase: backupPassphrase, Passphrase: passphrase,
	}
}

func restore(t *testing.T, dir, file string) (*profile.Profile, profile.Restored) {
	t.Helper()
	p, r, err := profile.Restore(t.Context(), restoreOptions(dir, file))
	if err != nil {
		t.Fatal(err)
	}
	return p, r
}

// say sends a text and waits until the other side has it.
func say(t *testing.T, from, to *profile.Profile, text string) chat.Message {
	t.Helper()
	arrived := eventOf(to, messenger.EventMessage)
	m := write(t, from, to.Messenger.Self().ID, text)
	for {
		if e := await(t, arrived); e.Message == m.ID {
			return m
		}
	}
}

func write(t *testing.T, from *profile.Profile, to chat.ContactID, text string) chat.Message {
	t.Helper()
	m, err := from.Messenger.Send(t.Context(), from.Messenger.ConversationWith(to), text, messenger.SendOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func texts(t *testing.T, p *profile.Profile, with chat.ContactID) (out []string) {
	t.Helper()
	messages, err := p.Messenger.Messages(t.Context(), p.Messenger.ConversationWith(with), 0, 200)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range messages {
		out = append(out, m.Text)
	}
	return out
}

// eventually waits for what happens in another goroutine and has no event of its own.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("%s did not happen", what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func TestARestoredProfileTalksAgainAndItsContactsSeeTheNewDevice(t *testing.T) {
	relay := create(t, "Relay", "")
	dir, file := t.TempDir(), filepath.Join(t.TempDir(), "ada.sottobackup")
	ada := createAt(t, filepath.Join(dir, "old"), "Ada", relay.Relay.LoopbackPass())
	ben := create(t, "Ben", relay.Relay.LoopbackPass())
	introduce(t, ada, ben)
	say(t, ada, ben, "one")
	say(t, ben, ada, "two")
	adaID, benID := ada.Messenger.Self().ID, ben.Messenger.Self().ID
	device := ada.Messenger.Self().Device
	backUp(t, ada, file)
	say(t, ben, ada, "after the backup")
	if err := ada.Close(); err != nil {
		t.Fatal(err)
	}
	missed := write(t, ben, adaID, "while she was away")
	eventually(t, "sending", func() bool {
		m, err := ben.Messenger.Message(t.Context(), missed.ID)
		return err == nil && m.State == chat.Sent
	})
	if err := os.RemoveAll(filepath.Join(dir, "old")); err != nil {
		t.Fatal(err)
	}

	again, _ := restore(t, filepath.Join(dir, "new"), file)
	if self := again.Messenger.Self(); self.ID != adaID || self.Name != "Ada" || self.Device == device {
		t.Fatalf("restored as %+v, was %s on device %s", self, adaID, device)
	}
	if got := texts(t, again, benID); !slices.Equal(got, []string{"it is me", "one", "two"}) {
		t.Fatalf("restored messages %q", got)
	}
	added := eventOf(ben, messenger.EventAlert, messenger.AlertDeviceAdded)
	held := eventOf(ben, messenger.EventSession, messenger.SessionResendHeld)
	start(t, again)
	if e := await(t, added); e.Contact != adaID {
		t.Errorf("alert about %s", e.Contact)
	}
	await(t, held)
	say(t, again, ben, "I am back")
	say(t, ben, again, "welcome")
	arrived := eventOf(again, messenger.EventMessage)
	if err := ben.Messenger.ConfirmIdentity(t.Context(), adaID); err != nil {
		t.Fatal(err)
	}
	for {
		if e := await(t, arrived); e.Message == missed.ID {
			break
		}
	}
	if got := texts(t, again, benID); !slices.Contains(got, "after the backup") {
		t.Errorf("what the backup missed was not sent again: %q", got)
	}
	entries := 0
	if err := again.View(t.Context(), func(tx chat.Tx) error {
		head, err := security.Verify(tx)
		entries = int(head.Seq)
		return err
	}); err != nil || entries < 3 {
		t.Errorf("audit log of %d entries: %v", entries, err)
	}
}

func TestAProfileWhoseHomeIsItsOwnRelayRestoresWithANewOne(t *testing.T) {
	dir, file := t.TempDir(), filepath.Join(t.TempDir(), "ada.sottobackup")
	ada, ben := createAt(t, filepath.Join(dir, "old"), "Ada", ""), create(t, "Ben", "")
	introduce(t, ada, ben)
	say(t, ada, ben, "one")
	backUp(t, ada, file)
	if err := errors.Join(ada.Close(), os.RemoveAll(filepath.Join(dir, "old"))); err != nil {
		t.Fatal(err)
	}
	again, _ := restore(t, filepath.Join(dir, "new"), file)
	start(t, again)
	say(t, again, ben, "from a new relay")
	say(t, ben, again, "and back")
	home, err := again.Messenger.HomeRelay(t.Context())
	if err != nil || home != again.Relay.LoopbackAddress() {
		t.Errorf("home relay %q, %v", home, err)
	}
}

// TestTheEarlierDeviceFindsOutThatItIsACopy: whoever restores a backup beside the running profile splits an identity. Both
// sides and the contact are told.
func TestTheEarlierDeviceFindsOutThatItIsACopy(t *testing.T) {
	relay := create(t, "Relay", "")
	dir, file := t.TempDir(), filepath.Join(t.TempDir(), "ada.sottobackup")
	old := createAt(t, filepath.Join(dir, "old"), "Ada", relay.Relay.LoopbackPass())
	ben := create(t, "Ben", relay.Relay.LoopbackPass())
	introduce(t, old, ben)
	say(t, old, ben, "one")
	backUp(t, old, file)
	added := eventOf(ben, messenger.EventAlert, messenger.AlertDeviceAdded)
	second, _ := restore(t, filepath.Join(dir, "new"), file)
	start(t, second)
	await(t, added)
	say(t, second, ben, "from the second")
	eventually(t, "taking over the mailboxes", func() bool { return takenOver(t, second) })

	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	refused := eventOf(ben, messenger.EventAlert, messenger.AlertDevicesRefused)
	copied := openAgain(t, filepath.Join(dir, "old"))
	eventually(t, "the alert of the earlier device", func() bool {
		alerts, err := copied.Alerts.List(t.Context())
		return err == nil && slices.ContainsFunc(alerts, func(a security.Alert) bool { return a.Code == messenger.AlertRolledBack })
	})
	write(t, copied, ben.Messenger.Self().ID, "from the first")
	if e := await(t, refused); e.Contact != old.Messenger.Self().ID {
		t.Errorf("alert about %s", e.Contact)
	}
	if got := texts(t, ben, old.Messenger.Self().ID); slices.Contains(got, "from the first") {
		t.Errorf("the contact took messages of a device that is not on the list: %q", got)
	}
	say(t, ben, second, "to the second")
}

// TestACopyThatKeepsRunningFindsOutWithinTheHour lets the earlier device run on while a backup of it is restored.
func TestACopyThatKeepsRunningFindsOutWithinTheHour(t *testing.T) {
	relay := create(t, "Relay", "")
	dir, file := t.TempDir(), filepath.Join(t.TempDir(), "ada.sottobackup")
	var later atomic.Int64
	options := cheap
	options.Now = func() time.Time { return time.Now().Add(time.Duration(later.Load())) }
	old, _, err := profile.Create(t.Context(), profile.CreateOptions{
		Options: options, Dir: filepath.Join(dir, "old"), Name: "Ada", Passphrase: passphrase, Relay: relay.Relay.LoopbackPass(),
	})
	if err != nil {
		t.Fatal(err)
	}
	start(t, old)
	ben := create(t, "Ben", relay.Relay.LoopbackPass())
	introduce(t, old, ben)
	say(t, old, ben, "one")
	backUp(t, old, file)
	second, _ := restore(t, filepath.Join(dir, "new"), file)
	start(t, second)
	eventually(t, "taking over the mailboxes", func() bool { return takenOver(t, second) })
	noticed := eventOf(old, messenger.EventAlert, messenger.AlertRolledBack)
	later.Store(int64(time.Hour + time.Minute))
	if _, _, err := old.Messenger.Invite(t.Context(), messenger.InviteOptions{}); err != nil { // any work on a mailbox looks at the clock
		t.Fatal(err)
	}
	await(t, noticed)
}

func takenOver(t *testing.T, p *profile.Profile) bool {
	t.Helper()
	all, taken := 0, 0
	if err := p.View(t.Context(), func(tx chat.Tx) error {
		settings, err := tx.Settings().List()
		for name, value := range settings {
			if bytes.HasPrefix([]byte(name), []byte("messenger/former/")) {
				all++
				if bytes.Contains(value, []byte(`"Taken":true`)) {
					taken++
				}
			}
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return all > 0 && all == taken
}

func TestABackupHoldsNothingThatBelongsToADevice(t *testing.T) {
	ada, ben := create(t, "Ada", ""), create(t, "Ben", "")
	introduce(t, ada, ben)
	say(t, ada, ben, "planted text")
	file := filepath.Join(t.TempDir(), "ada.sottobackup")
	backUp(t, ada, file)
	plain := decrypt(t, file)
	if !bytes.Contains(plain, []byte("planted text")) {
		t.Fatal("the control is not found: the scan would find nothing")
	}
	secrets := deviceSecrets(t, ada)
	if len(secrets) < 20 {
		t.Fatalf("only %d secrets to look for", len(secrets))
	}
	for what, secret := range secrets {
		for _, form := range forms(secret) {
			if bytes.Contains(plain, form) {
				t.Errorf("the backup holds %s", what)
			}
		}
	}
}

func TestARestoreThatFailsLeavesNothing(t *testing.T) {
	ada := create(t, "Ada", "")
	file := filepath.Join(t.TempDir(), "ada.sottobackup")
	backUp(t, ada, file)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	altered := slices.Clone(whole)
	altered[len(altered)/2] ^= 1
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, row := range []struct {
		name       string
		content    []byte
		passphrase string
		ctx        context.Context
		want       error
	}{
		{"wrong passphrase", whole, "something else", t.Context(), chat.ErrWrongSecret},
		{"cut off", whole[:len(whole)-20], backupPassphrase, t.Context(), backup.ErrDamaged},
		{"altered", altered, backupPassphrase, t.Context(), backup.ErrDamaged},
		{"not a backup", []byte("hello, this is just a text of some length, as long as the head of a backup at least or a little longer"), backupPassphrase, t.Context(), chat.ErrMalformed},
		{"canceled", whole, backupPassphrase, canceled, context.Canceled},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "file")
			if err := os.WriteFile(path, row.content, 0o600); err != nil {
				t.Fatal(err)
			}
			o := restoreOptions(filepath.Join(dir, "profile"), path)
			o.BackupPassphrase = row.passphrase
			_, _, err := profile.Restore(row.ctx, o)
			if !errors.Is(err, row.want) {
				t.Errorf("answered %v, want %v", err, row.want)
			}
			if _, err := os.Stat(filepath.Join(dir, "profile")); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("a folder is left: %v", err)
			}
		})
	}
	t.Run("over a profile", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "profile")
		createAt(t, dir, "Bea", "")
		if _, _, err := profile.Restore(t.Context(), restoreOptions(dir, file)); !errors.Is(err, chat.ErrProfileExists) {
			t.Errorf("answered %v", err)
		}
	})
}
