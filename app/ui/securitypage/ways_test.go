package securitypage

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"fyne.io/fyne/v2"

	"sotto/app/apptest/stage"
	"sotto/app/platform"
	"sotto/app/profile"
	"sotto/app/security"
	"sotto/app/ui/screen"
)

const second = "nine lanterns over the harbour"

// kinds are those of the slots of p.
func kinds(t *testing.T, p *profile.Profile) (out []profile.SlotKind) {
	t.Helper()
	slots, err := p.Slots(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range slots {
		out = append(out, s.Kind)
	}
	return out
}

// keyFile makes one beside the profile and answers its path.
func keyFile(t *testing.T, s *stage.Stage) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "holiday.key")
	if err := profile.MakeKeyFile(s.Dir, path); err != nil {
		t.Fatal(err)
	}
	return path
}

// choose takes a file in the open picker.
func choose(s *stage.Stage, path string) {
	s.T.Helper()
	s.Fill("Where it lies", path)
	s.Press(fyne.KeyReturn)
	s.Sees("With " + filepath.Base(path))
}

func TestTheWaysInAreListedWithWhatAGuessCosts(t *testing.T) {
	s, _ := open(t)
	s.Sees("Ways to open this profile")
	s.Sees("each guess costs 1 MB of memory")
	s.Sees("no use known")
	if s.Button("Remove") == nil {
		t.Error("the recovery code cannot be removed")
	}
}

func TestAnotherPassphraseIsAddedAndTheFirstRemoved(t *testing.T) {
	s, p := open(t)
	s.Tap("Add a passphrase")
	s.Fill("Present passphrase", "not this one")
	s.Fill("New passphrase", second)
	s.Fill("Passphrase again", second)
	s.Tap("Add it")
	s.Sees("does not open this profile")
	if got := kinds(t, p); len(got) != 2 {
		t.Fatalf("added with a wrong passphrase: %v", got)
	}
	s.Fill("Present passphrase", stage.Passphrase)
	s.Tap("Add it")
	s.Until("it is said", func() bool { return slices.Contains(s.Toasts, "Added.") })
	if got := kinds(t, p); len(got) != 3 {
		t.Fatalf("slots %v", got)
	}
	if err := p.StepUp.Use(security.ActSlots); err == nil {
		t.Error("a confirmation is left")
	}
}

func TestARequiredKeyFileIsASecondFactor(t *testing.T) {
	s, p := open(t)
	path := keyFile(t, s)
	s.Tap("Add a key file")
	s.Fill("Present passphrase", stage.Passphrase)
	s.Fill("New passphrase", second)
	s.Fill("Passphrase again", second)
	s.Tap("Add it")
	s.Sees("Choose a key file, or make one.")
	s.Tap("Use a key file")
	choose(s, path)
	s.Tap("Add it")
	s.Until("it is said", func() bool { return slices.Contains(s.Toasts, "Added.") })
	s.Sees("so the key file is not required yet")

	slots, err := p.Slots(t.Context())
	if err != nil || slots[0].Kind != profile.SlotPassphrase {
		t.Fatalf("%+v, %v", slots, err)
	}
	s.Shown().(*Screen).askRemove(slots[0], true)
	s.Sees("From then on no passphrase opens the profile without its key file.")
	s.Fill("Passphrase", stage.Passphrase)
	s.Tap("Remove it")
	s.Until("it is gone", func() bool {
		return slices.Equal(kinds(t, p), []profile.SlotKind{profile.SlotRecovery, profile.SlotKeyFile})
	})
	s.Sees("No passphrase opens the profile without its key file (second factor).")
	s.Leave()
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if opens(t, s, profile.Passphrase(stage.Passphrase)) || opens(t, s, profile.Passphrase(second)) ||
		!opens(t, s, profile.WithKeyFile(second, path)) {
		t.Error("it does not need both")
	}
}

func TestAKeyFileCanBeMadeThereAndNotInTheProfileFolder(t *testing.T) {
	s, p := open(t)
	s.Tap("Add a key file")
	s.Fill("Present passphrase", stage.Passphrase)
	s.Fill("New passphrase", second)
	s.Fill("Passphrase again", second)
	s.Tap("Make a new one")
	s.Fill("Folder", s.Dir)
	s.Tap("Save")
	s.Sees("A key file in the profile folder protects nothing")
	dir := t.TempDir()
	s.Tap("Make a new one")
	s.Fill("Folder", dir)
	s.Tap("Save")
	s.Sees("With sotto.key")
	s.Tap("Add it")
	s.Until("it is added", func() bool { return len(kinds(t, p)) == 3 })
	info, err := os.Stat(filepath.Join(dir, "sotto.key"))
	if err != nil || info.Size() != 64 {
		t.Errorf("%v, %v", info, err)
	}
}

func TestTheKeychainIsAddedAndItsRefusalSaid(t *testing.T) {
	s, p := open(t)
	s.Keychain.Fail(platform.ErrKeychain)
	s.Tap("Add the keychain")
	s.Sees("whoever is logged in as you can open it")
	s.Fill("Passphrase", stage.Passphrase)
	s.Tap("Add it")
	s.Until("it is said", func() bool { return s.Said("locked or does not answer") })
	if got := kinds(t, p); len(got) != 2 {
		t.Fatalf("slots %v", got)
	}
	s.Keychain.Fail(nil)
	s.Tap("Add the keychain")
	s.Fill("Passphrase", stage.Passphrase)
	s.Tap("Add it")
	s.Until("it is added", func() bool { return len(kinds(t, p)) == 3 })
	s.Sees("Opens without a passphrase on this computer")
}

func TestWithoutARecoveryCodeAWarningStands(t *testing.T) {
	s, p := open(t)
	s.Tap("Remove")
	s.Sees("The 20 words then open nothing any more.")
	s.Fill("Passphrase", stage.Passphrase)
	s.Tap("Remove it")
	s.Sees("There is no recovery code.")
	if got := kinds(t, p); !slices.Equal(got, []profile.SlotKind{profile.SlotPassphrase}) || s.Button("Remove") != nil {
		t.Errorf("slots %v; the last passphrase can be removed: %v", got, s.Button("Remove") != nil)
	}
	s.Tap("Make a new recovery code")
	s.Fill("Passphrase", stage.Passphrase)
	s.Press(fyne.KeyReturn)
	s.Sees("These 20 words replace the old code.")
}

func TestTheStepUpAsksForTheKeyFileWhereItIsNeeded(t *testing.T) {
	s := stage.New(t)
	p, code := s.ProfileWithCode("Mira")
	path := keyFile(t, s)
	if err := p.StepUp.Confirm(t.Context(), security.ActSlots, []byte(stage.Passphrase)); err != nil {
		t.Fatal(err)
	}
	if _, err := p.AddKeyFile(t.Context(), second, path); err != nil {
		t.Fatal(err)
	}
	if err := p.StepUp.Confirm(t.Context(), security.ActSlots, []byte(stage.Passphrase)); err != nil {
		t.Fatal(err)
	}
	slots, err := p.Slots(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := p.RemoveSlot(t.Context(), slots[0].ID); err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	p, err = profile.Open(t.Context(), profile.OpenOptions{Options: s.Services(nil).Options, Dir: s.Dir, Secret: profile.RecoveryCode(code)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Leave(); _ = p.Close() })
	s.Show(New(s.Services(p), screen.Place{}))
	s.Tap("Make a new recovery code")
	s.Fill("Passphrase", second)
	s.Tap("Make a new code")
	s.Sees("opens this profile only together with its key file")
	s.Tap("Use a key file")
	choose(s, path)
	s.Fill("Passphrase", second)
	s.Tap("Make a new code")
	s.Sees("These 20 words replace the old code.")
}

func TestADamagedRelayIsSaidAndANewOneBegun(t *testing.T) {
	s := stage.New(t)
	p, _ := s.ProfileWithCode("Mira")
	if err := errors.Join(p.Start(t.Context()), p.Close()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.Dir, "relay", "relay.db"), []byte("no database, though it stands where one should"), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := profile.Open(t.Context(), profile.OpenOptions{Options: s.Services(nil).Options, Dir: s.Dir, Secret: profile.Passphrase(stage.Passphrase)})
	if err == nil {
		err = p.Start(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Leave(); _ = p.Close() })
	s.Show(New(s.Services(p), screen.Place{}))
	s.Sees("The relay inside this client does not run: its file is damaged.")
	s.Tap("Begin a new relay")
	s.Sees("What lay in the old one and was not fetched yet is not delivered")
	s.Tap("Begin a new relay")
	s.Until("it runs", func() bool { return p.Relay.Serving() && slices.Contains(s.Toasts, "The new relay runs.") })
	s.Until("the button is gone", func() bool { return s.Button("Begin a new relay") == nil })
}
