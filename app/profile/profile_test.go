package profile_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sotto/app/messenger"
	"sotto/app/profile"
	"sotto/app/security"
	"sotto/chat"
	"sotto/crypto/vault"
	"sotto/transport/wire"
)

// cheap are passphrase costs for tests; no flag of a program reaches them.
var cheap = profile.Options{
	Params: vault.Params{Memory: 64, Time: 1, Threads: 1},
	Limits: vault.Limits{MinMemory: 64, MaxMemory: 4 << 20, MinTime: 1, MaxTime: 16},
}

const passphrase = "correct horse battery staple"

func create(t *testing.T, name, relay string) *profile.Profile {
	t.Helper()
	return createIn(t, filepath.Join(t.TempDir(), "profile"), name, relay)
}

func createIn(t *testing.T, dir, name, relay string) *profile.Profile {
	t.Helper()
	p, _, err := profile.Create(t.Context(), profile.CreateOptions{
		Options: cheap, Dir: dir, Name: name, Passphrase: passphrase, Relay: relay,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Errorf("closing %s: %v", name, err)
		}
	})
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return p
}

// introduce lets b add a's invitation and a accept.
func introduce(t *testing.T, a, b *profile.Profile) {
	t.Helper()
	requested := eventOf(a, messenger.EventRequest)
	invitation, _, err := a.Messenger.Invite(t.Context(), messenger.InviteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	accepted := eventOf(b, messenger.EventContact, messenger.ContactAccepted)
	if _, err := b.Messenger.Add(t.Context(), invitation.Link, messenger.AddOptions{Message: "it is me", ConfirmRelay: true}); err != nil {
		t.Fatal(err)
	}
	request := await(t, requested)
	if _, err := a.Messenger.Accept(t.Context(), request.Contact); err != nil {
		t.Fatal(err)
	}
	await(t, accepted)
}

func eventOf(p *profile.Profile, typ messenger.EventType, detail ...string) <-chan messenger.Event {
	ch := make(chan messenger.Event, 16)
	p.Messenger.Subscribe(func(e messenger.Event) {
		if e.Type == typ && (len(detail) == 0 || e.Detail == detail[0]) {
			select {
			case ch <- e:
			default:
			}
		}
	})
	return ch
}

func await(t *testing.T, ch <-chan messenger.Event) messenger.Event {
	t.Helper()
	select {
	case e := <-ch:
		return e
	case <-time.After(20 * time.Second):
		t.Fatal("the event did not come")
		return messenger.Event{}
	}
}

func TestTwoProfilesWithEmbeddedRelaysTalk(t *testing.T) {
	ada, ben := create(t, "Ada", ""), create(t, "Ben", "")
	introduce(t, ada, ben)
	arrived := eventOf(ben, messenger.EventMessage)
	conv := ada.Messenger.ConversationWith(ben.Messenger.Self().ID)
	sent, err := ada.Messenger.Send(t.Context(), conv, "hello Ben", messenger.SendOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got := await(t, arrived); got.Message != sent.ID {
		t.Fatalf("message %s arrived, want %s", got.Message, sent.ID)
	}
	m, err := ben.Messenger.Message(t.Context(), sent.ID)
	if err != nil || m.Text != "hello Ben" || m.Direction != chat.In {
		t.Fatalf("stored %+v, %v", m, err)
	}
}

func TestALockedProfileHasNoKeysAndStillHearsThatSomethingCame(t *testing.T) {
	ada, ben := create(t, "Ada", ""), create(t, "Ben", "")
	introduce(t, ada, ben)
	locked, err := ada.Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	arrival := make(chan struct{}, 8)
	locked.OnArrival(func() { arrival <- struct{}{} })
	if _, err := ada.Messenger.Contacts(t.Context()); !errors.Is(err, chat.ErrLocked) {
		t.Errorf("a locked profile answered %v, want ErrLocked", err)
	}
	conv := ben.Messenger.ConversationWith(ada.Messenger.Self().ID)
	sent, err := ben.Messenger.Send(t.Context(), conv, "are you there", messenger.SendOptions{})
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-arrival:
	case <-time.After(20 * time.Second):
		t.Fatal("a locked profile did not hear of the message")
	}
	if _, err := locked.Unlock(t.Context(), profile.Passphrase("wrong")); !errors.Is(err, chat.ErrWrongSecret) {
		t.Errorf("a wrong passphrase answered %v", err)
	}
	again, err := locked.Unlock(t.Context(), profile.Passphrase(passphrase))
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close() //nolint:errcheck // closed below
	if err := again.Messenger.Sync(t.Context(), 10*time.Second); err != nil {
		t.Fatal(err)
	}
	if _, err := again.Messenger.Message(t.Context(), sent.ID); err != nil {
		t.Errorf("the message that waited: %v", err)
	}
	if err := errors.Join(locked.Close(), again.Close()); err != nil {
		t.Error(err)
	}
}

func TestARecoveryCodeSetsANewPassphrase(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "p")
	p, code, err := profile.Create(t.Context(), profile.CreateOptions{Options: cheap, Dir: dir, Name: "Ada", Passphrase: passphrase})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.ResetPassphrase(t.Context(), "new words"); !errors.Is(err, chat.ErrRefused) {
		t.Errorf("reset without the code: %v, want ErrRefused", err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	open := func(s profile.Secret) (*profile.Profile, error) {
		return profile.Open(t.Context(), profile.OpenOptions{Options: cheap, Dir: dir, Secret: s})
	}
	p, err = open(profile.RecoveryCode(code))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := open(profile.Passphrase(passphrase)); !errors.Is(err, chat.ErrProfileInUse) {
		t.Errorf("a second opening answered %v, want ErrProfileInUse", err)
	}
	if err := errors.Join(p.ResetPassphrase(t.Context(), "new words"), p.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := open(profile.Passphrase(passphrase)); !errors.Is(err, chat.ErrWrongSecret) {
		t.Errorf("the old passphrase answered %v, want ErrWrongSecret", err)
	}
	p, err = open(profile.Passphrase("new words"))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestWrongPassphrasesMakeTheNextOneWait(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "p")
	p, _, err := profile.Create(t.Context(), profile.CreateOptions{Options: cheap, Dir: dir, Name: "Ada", Passphrase: passphrase})
	if err := errors.Join(err, p.Close()); err != nil {
		t.Fatal(err)
	}
	var last error
	for range 4 {
		_, last = profile.Open(t.Context(), profile.OpenOptions{Options: cheap, Dir: dir, Secret: profile.Passphrase("no")})
	}
	var delay *chat.DelayError
	if !errors.As(last, &delay) || delay.Wait <= 0 {
		t.Fatalf("the fourth attempt answered %v, want a delay", last)
	}
	if wait, err := profile.UnlockWait(dir, cheap); err != nil || wait <= 0 {
		t.Errorf("UnlockWait = %v, %v", wait, err)
	}
}

func TestUnlocksAndLocksStandInTheAuditLogAndFailedOnesRaiseAnAlert(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "p")
	now := time.Now()
	o := cheap
	o.Now = func() time.Time { return now }
	p, _, err := profile.Create(t.Context(), profile.CreateOptions{Options: o, Dir: dir, Name: "Ada", Passphrase: passphrase})
	if err := errors.Join(err, p.Close()); err != nil {
		t.Fatal(err)
	}
	open := func(secret string) error {
		now = now.Add(time.Hour)
		p, err = profile.Open(t.Context(), profile.OpenOptions{Options: o, Dir: dir, Secret: profile.Passphrase(secret)})
		return err
	}
	for range 4 {
		if err := open("no"); !errors.Is(err, chat.ErrWrongSecret) {
			t.Fatal(err)
		}
	}
	last := now
	if err := open(passphrase); err != nil {
		t.Fatal(err)
	}
	alerts, err := p.Alerts.List(t.Context())
	if err != nil || len(alerts) != 1 || alerts[0].Code != security.AlertFailedUnlocks || alerts[0].Count != 4 || alerts[0].Last.Sub(last).Abs() > time.Second {
		t.Errorf("alerts %+v, %v", alerts, err)
	}
	locked, err := p.Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if p, err = locked.Unlock(t.Context(), profile.Passphrase(passphrase)); err != nil {
		t.Fatal(err)
	}
	var got []string
	err = p.View(t.Context(), func(tx chat.Tx) error {
		entries, err := tx.Audit().List(0, 100)
		for _, e := range entries {
			got = append(got, strings.TrimSpace(e.Action+" "+e.Detail))
		}
		return err
	})
	want := []string{
		"profile.created", "profile.locked", "profile.unlocked wrong secrets before: 4", "profile.locked", "profile.unlocked",
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("audit log %q, %v; want %q", got, err, want)
	}
	if alerts, err := p.Alerts.List(t.Context()); err != nil || len(alerts) != 1 || alerts[0].Count != 4 {
		t.Errorf("raised again: %+v, %v", alerts, err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestEraseEverythingLeavesNoFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "p")
	p, _, err := profile.Create(t.Context(), profile.CreateOptions{Options: cheap, Dir: dir, Name: "Ada", Passphrase: passphrase})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := p.EraseEverything(t.Context()); !errors.Is(err, chat.ErrRefused) {
		t.Fatalf("without a step-up it answered %v, want ErrRefused", err)
	}
	if err := p.StepUp.Confirm(t.Context(), security.ActEraseEverything, []byte(passphrase)); err != nil {
		t.Fatal(err)
	}
	report, err := p.EraseEverything(t.Context())
	if err != nil || len(report.Unreached) != 0 {
		t.Fatalf("report %+v, %v", report, err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		entries, _ := os.ReadDir(dir)
		t.Errorf("the folder is still there, holding %v", entries)
	}
}

func TestAnEmptyNameMakesNoProfile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "p")
	_, _, err := profile.Create(context.Background(), profile.CreateOptions{Options: cheap, Dir: dir, Name: "\u202e ", Passphrase: passphrase})
	if !errors.Is(err, chat.ErrMalformed) || profile.Exists(dir) {
		t.Errorf("error %v, exists %v", err, profile.Exists(dir))
	}
	if bytes.Contains([]byte(err.Error()), []byte(dir)) {
		t.Error("the error holds the folder's path")
	}
}

func TestAStrangerOnTheEmbeddedRelaysPortLearnsNoPassword(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "p")
	p, _, err := profile.Create(t.Context(), profile.CreateOptions{Options: cheap, Dir: dir, Name: "Ada", Passphrase: passphrase})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close() //nolint:errcheck // the test is over
	pass, err := wire.ParsePass(p.Relay.LoopbackPass())
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp4", pass.Address.HostPort())
	if err != nil {
		t.Fatal(err)
	}
	heard := make(chan []byte, 16)
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			b := make([]byte, 4096)
			n, _ := c.Read(b)
			heard <- b[:n]
			_ = c.Close()
		}
	})
	defer serving.Wait()
	defer l.Close() //nolint:errcheck // the test is over
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, _, err := p.Messenger.Invite(t.Context(), messenger.InviteOptions{}); err != nil && !errors.Is(err, chat.ErrOffline) && !errors.Is(err, chat.ErrPinMismatch) {
		t.Fatal(err)
	}
	select {
	case b := <-heard:
		if len(b) == 0 || b[0] != 0x16 || bytes.Contains(b, []byte(pass.Secret)) { // 0x16: a TLS handshake record
			t.Errorf("the stranger heard %d bytes that are no TLS hello", len(b))
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the client did not try its relay")
	}
}
