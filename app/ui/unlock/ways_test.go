package unlock

import (
	"path/filepath"
	"testing"

	"fyne.io/fyne/v2"

	"sotto/app/apptest/stage"
	"sotto/app/platform"
	"sotto/app/profile"
	"sotto/app/security"
	"sotto/app/ui/screen"
)

// lockedWith shows the screen of a closed profile whose ways in were changed.
func lockedWith(t *testing.T, change func(s *stage.Stage, p *profile.Profile)) *stage.Stage {
	t.Helper()
	s := stage.New(t)
	p, _ := s.ProfileWithCode("Mira Sandoval")
	change(s, p)
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	s.Show(New(s.Services(nil), screen.Place{}))
	return s
}

// confirmed steps up before a change of slots.
func confirmed(t *testing.T, p *profile.Profile) {
	t.Helper()
	if err := p.StepUp.Confirm(t.Context(), security.ActSlots, []byte(stage.Passphrase)); err != nil {
		t.Fatal(err)
	}
}

func TestWhatTheVaultDoesNotOfferIsNotShown(t *testing.T) {
	s, _, _ := locked(t)
	s.Q.Drain()
	if s.Button("Use a key file") != nil || s.Button("Open with the keychain") != nil {
		t.Error("a way that there is not")
	}
}

func TestTheKeychainOpensWithOneClickAndItsFailureFallsBack(t *testing.T) {
	s := lockedWith(t, func(_ *stage.Stage, p *profile.Profile) {
		confirmed(t, p)
		if _, err := p.AddKeychain(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	for _, c := range []struct {
		fail func()
		says string
	}{
		{func() { s.Keychain.Fail(platform.ErrUnsupported) }, "There is no keychain to be reached on this computer. Nothing was changed. Type your passphrase."},
		{func() { s.Keychain.Fail(platform.ErrKeychain) }, "is locked or does not answer. Nothing was changed. Type your passphrase."},
		{func() { s.Keychain.Fail(nil); s.Keychain.Spoil() }, "holds no key that opens this profile. Nothing was changed. Type your passphrase."},
	} {
		c.fail()
		s.Tap("Open with the keychain")
		s.Sees(c.says)
		if s.Taken != nil {
			t.Fatal("it opened")
		}
	}
	s.Keychain.Spoil() // right again
	s.Tap("Open with the keychain")
	s.Until("it is open", func() bool { return s.Taken != nil })
}

func TestWhereTheKeychainFailsThePassphraseOpens(t *testing.T) {
	s := lockedWith(t, func(s *stage.Stage, p *profile.Profile) {
		confirmed(t, p)
		if _, err := p.AddKeychain(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.Keychain.Empty()
	})
	for range 5 { // and nobody has to wait for it
		s.Tap("Open with the keychain")
		s.Sees("holds no key that opens this profile")
	}
	try(s, stage.Passphrase)
	s.Until("it is open", func() bool { return s.Taken != nil })
}

func TestTheKeyFileIsAskedForWhereItIsNeeded(t *testing.T) {
	const words = "nine lanterns over the harbour"
	path := filepath.Join(t.TempDir(), "holiday.key")
	s := lockedWith(t, func(s *stage.Stage, p *profile.Profile) {
		if err := profile.MakeKeyFile(s.Dir, path); err != nil {
			t.Fatal(err)
		}
		confirmed(t, p)
		if _, err := p.AddKeyFile(t.Context(), words, path); err != nil {
			t.Fatal(err)
		}
		confirmed(t, p)
		slots, err := p.Slots(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := p.RemoveSlot(t.Context(), slots[0].ID); err != nil {
			t.Fatal(err)
		}
	})
	s.Sees("choose your key file to open the profile")
	try(s, words)
	s.Sees("opens this profile only together with its key file")
	s.Tap("Use a key file")
	s.Fill("Where it lies", filepath.Join(filepath.Dir(path), "nothing.key"))
	s.Press(fyne.KeyReturn)
	s.Sees("There is no such folder or file")
	s.Fill("Where it lies", path)
	s.Press(fyne.KeyReturn)
	s.Sees("With holiday.key")
	try(s, stage.Passphrase)
	s.Sees("does not open this profile")
	try(s, words)
	s.Until("it is open", func() bool { return s.Taken != nil })
}
