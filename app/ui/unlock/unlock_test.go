package unlock

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"sotto/app/apptest/stage"
	"sotto/app/messenger"
	"sotto/app/profile"
	"sotto/app/ui/screen"
)

// locked shows the screen of a profile that is closed, and answers its recovery code.
func locked(t *testing.T) (*stage.Stage, *Screen, string) {
	t.Helper()
	s := stage.New(t)
	p, code := s.ProfileWithCode("Mira Sandoval")
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	u := New(s.Services(nil), screen.Place{}).(*Screen)
	s.Show(u)
	return s, u, code
}

func try(s *stage.Stage, pass string) {
	s.T.Helper()
	s.Fill("Passphrase", pass)
	s.Press(fyne.KeyReturn)
}

func TestTheRightPassphraseOpensTheProfile(t *testing.T) {
	s, _, _ := locked(t)
	if s.Text("Mira") {
		t.Error("a locked profile shows its name")
	}
	try(s, stage.Passphrase)
	s.Until("it is open", func() bool { return s.Taken != nil })
}

func TestAWrongPassphraseIsSaidAndTheFieldIsReadyAgain(t *testing.T) {
	s, u, _ := locked(t)
	try(s, "not this one")
	s.Sees("does not open")
	if s.Taken != nil {
		t.Fatal("it opened")
	}
	if u.pass.Text() != "" || s.Win.Canvas().Focused() != u.pass.Focus() {
		t.Error("the field is not empty, or has not the keyboard")
	}
	s.Tap("Unlock")
	s.Sees("Type the passphrase first.")
}

func TestAfterSeveralWrongOnesTheWaitIsCountedDown(t *testing.T) {
	s, u, _ := locked(t)
	for range 3 {
		try(s, "not this one")
		s.Until("the answer", func() bool { return !u.busy })
	}
	s.Sees("The next try is possible in")
	if !u.open.Disabled() {
		t.Error("another try can be made")
	}
	s.Until("the wait is over", func() bool { return !s.Text("The next try is possible in") && !u.open.Disabled() })
	try(s, stage.Passphrase)
	s.Until("it is open", func() bool { return s.Taken != nil })
}

func TestTheRecoveryCodeHasToWaitAsWell(t *testing.T) {
	s, u, code := locked(t)
	for range 3 {
		try(s, "not this one")
		s.Until("the answer", func() bool { return !u.busy })
	}
	s.Tap("Forgot passphrase?")
	s.Sees("The next try is possible in")
	if !u.submit.Disabled() {
		t.Error("it does not wait")
	}
	s.Until("the wait is over", func() bool { return !u.submit.Disabled() })
	s.Fill("Recovery code", code)
	s.Tap("Continue")
	s.Sees("Choose a new passphrase")
}

func TestTheRecoveryCodeOpensAndANewPassphraseIsChosen(t *testing.T) {
	const fresh = "velvet harp nine canoes drifting"
	s, u, code := locked(t)
	s.Tap("Forgot passphrase?")
	s.Fill("Recovery code", "only three words")
	s.Tap("Continue")
	s.Sees("these are 3")
	wrong := strings.Fields(code)
	wrong[4] = map[bool]string{true: "anchor", false: "zebra"}[wrong[4] == "zebra"]
	s.Fill("Recovery code", strings.Join(wrong, " "))
	s.Tap("Continue")
	s.Sees("These words do not open the profile")
	s.Fill("Recovery code", strings.ToUpper(strings.ReplaceAll(code, " ", "\n")))
	s.Tap("Continue")
	s.Sees("Choose a new passphrase")
	s.Fill("New passphrase", "password")
	s.Fill("Passphrase again", "password")
	s.Tap("Set passphrase")
	s.Sees("too easy to guess")
	s.Fill("New passphrase", fresh)
	s.Fill("Passphrase again", fresh+"!")
	s.Tap("Set passphrase")
	s.Sees("The two passphrases differ.")
	if s.Taken != nil {
		t.Fatal("the window opened before a new passphrase was set")
	}
	s.Fill("Passphrase again", fresh)
	s.Tap("Set passphrase")
	s.Until("it is open", func() bool { return s.Taken != nil })
	if u.opened != nil {
		t.Error("the screen still holds the profile")
	}
	if err := s.Taken.Close(); err != nil {
		t.Fatal(err)
	}
	for pass, opens := range map[string]bool{stage.Passphrase: false, fresh: true} {
		p, err := profile.Open(t.Context(), profile.OpenOptions{Options: stage.Costs, Dir: s.Dir, Secret: profile.Passphrase(pass)})
		if (err == nil) != opens {
			t.Errorf("%q opens: %v", pass, err)
		}
		if p != nil {
			_ = p.Close()
		}
	}
}

func TestAProfileOpenedWithTheCodeAndLeftIsClosed(t *testing.T) {
	s, _, code := locked(t)
	s.Tap("Forgot passphrase?")
	s.Fill("Recovery code", code)
	s.Tap("Continue")
	s.Sees("Choose a new passphrase")
	s.Leave()
	p, err := profile.Open(t.Context(), profile.OpenOptions{Options: stage.Costs, Dir: s.Dir, Secret: profile.Passphrase(stage.Passphrase)})
	if err != nil {
		t.Fatalf("it cannot be opened again: %v", err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestWhatStandsInTheWayIsSaid(t *testing.T) {
	t.Run("in use", func(t *testing.T) {
		s, _, _ := locked(t)
		p, err := profile.Open(t.Context(), profile.OpenOptions{Options: stage.Costs, Dir: s.Dir, Secret: profile.Passphrase(stage.Passphrase)})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		try(s, stage.Passphrase)
		s.Sees("has this profile open")
	})
	t.Run("damaged vault", func(t *testing.T) {
		s, _, _ := locked(t)
		path := filepath.Join(s.Dir, "vault")
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b[:len(b)/2], 0o600); err != nil {
			t.Fatal(err)
		}
		try(s, stage.Passphrase)
		s.Sees("holds your keys is damaged")
	})
}

func TestALockedProfileSaysThatSomethingArrivedAndNotWhat(t *testing.T) {
	s := stage.New(t)
	p := s.Profile("Mira")
	peer := peerOf(t, s, p)
	l, err := p.Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	services := s.Services(nil)
	services.Locked = l
	s.Show(New(services, screen.Place{}))
	if s.Text("New messages") {
		t.Fatal("something arrived before anything was sent")
	}
	if _, err := peer.Messenger.Send(t.Context(), peer.Messenger.ConversationWith(p.Messenger.Self().ID), "the secret of the day", messenger.SendOptions{}); err != nil {
		t.Fatal(err)
	}
	s.Sees("New messages")
	if s.Arrivals == 0 || s.Text("secret") || s.Text("Ada") {
		t.Error("the window was not told, or too much was")
	}
	try(s, stage.Passphrase)
	s.Until("it is open again", func() bool { return s.Taken != nil })
}

// peerOf makes somebody whom p has accepted.
func peerOf(t *testing.T, s *stage.Stage, p *profile.Profile) *profile.Profile {
	t.Helper()
	ctx := t.Context()
	peer, _, err := profile.Create(ctx, profile.CreateOptions{
		Options: stage.Costs, Dir: filepath.Join(t.TempDir(), "peer"), Name: "Ada", Passphrase: stage.Passphrase,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = peer.Close() })
	peer.Messenger.Subscribe(func(messenger.Event) { s.Q.Do(func() {}) })
	p.Messenger.Subscribe(func(messenger.Event) { s.Q.Do(func() {}) })
	if err := peer.Start(ctx); err != nil {
		t.Fatal(err)
	}
	invitation, _, err := p.Messenger.Invite(ctx, messenger.InviteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := peer.Messenger.Add(ctx, invitation.Link, messenger.AddOptions{Message: "hello", ConfirmRelay: true}); err != nil {
		t.Fatal(err)
	}
	s.Until("the request", func() bool {
		_, err := p.Messenger.Accept(ctx, peer.Messenger.Self().ID)
		return err == nil
	})
	s.Until("the acceptance", func() bool {
		state, err := peer.Messenger.Security(ctx, p.Messenger.Self().ID)
		return err == nil && state.State == "accepted"
	})
	return peer
}
