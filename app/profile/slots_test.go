package profile_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"sotto/app/apptest/keychain"
	"sotto/app/platform"
	"sotto/app/profile"
	"sotto/app/security"
	"sotto/chat"
)

// slotted is a profile with a keychain in memory and a clock of its own.
type slotted struct {
	*profile.Profile
	t     *testing.T
	dir   string
	code  string
	chain *keychain.Keychain
	now   time.Time
	o     profile.Options
}

func newSlotted(t *testing.T) *slotted {
	t.Helper()
	s := &slotted{t: t, dir: filepath.Join(t.TempDir(), "p"), chain: keychain.New(), now: time.Unix(1_800_000_000, 0).UTC(), o: cheap}
	s.o.Keychain = s.chain
	s.o.Now = func() time.Time { return s.now }
	var err error
	s.Profile, s.code, err = profile.Create(t.Context(), profile.CreateOptions{Options: s.o, Dir: s.dir, Name: "Ada", Passphrase: passphrase})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// confirm steps up.
func (s *slotted) confirm(pass string) {
	s.t.Helper()
	if err := s.StepUp.Confirm(s.t.Context(), security.ActSlots, []byte(pass)); err != nil {
		s.t.Fatal(err)
	}
}

// reopen closes the profile and opens it with a secret.
func (s *slotted) reopen(secret profile.Secret) error {
	s.t.Helper()
	if err := s.Close(); err != nil {
		s.t.Fatal(err)
	}
	p, err := profile.Open(s.t.Context(), profile.OpenOptions{Options: s.o, Dir: s.dir, Secret: secret})
	if err == nil {
		s.Profile = p
	}
	return err
}

func (s *slotted) kinds() (out []profile.SlotKind) {
	s.t.Helper()
	slots, err := s.Slots(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	for _, slot := range slots {
		out = append(out, slot.Kind)
	}
	return out
}

func (s *slotted) id(kind profile.SlotKind) string {
	s.t.Helper()
	slots, err := s.Slots(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	for _, slot := range slots {
		if slot.Kind == kind {
			return slot.ID
		}
	}
	s.t.Fatalf("no slot of kind %s", kind)
	return ""
}

// keyFile makes a key file outside of the profile.
func (s *slotted) keyFile() string {
	s.t.Helper()
	path := filepath.Join(s.t.TempDir(), "key")
	if err := profile.MakeKeyFile(s.dir, path); err != nil {
		s.t.Fatal(err)
	}
	return path
}

func TestEveryChangeOfSlotsNeedsTheStepUp(t *testing.T) {
	s := newSlotted(t)
	file := s.keyFile()
	before, err := os.ReadFile(filepath.Join(s.dir, "vault"))
	if err != nil {
		t.Fatal(err)
	}
	for name, act := range map[string]func() error{
		"a passphrase":    func() error { _, err := s.AddPassphrase(t.Context(), "x"); return err },
		"a key file":      func() error { _, err := s.AddKeyFile(t.Context(), "x", file); return err },
		"the keychain":    func() error { _, err := s.AddKeychain(t.Context()); return err },
		"a new code":      func() error { _, err := s.NewRecoveryCode(t.Context()); return err },
		"a removal":       func() error { return s.RemoveSlot(t.Context(), s.id(profile.SlotRecovery)) },
		"a new beginning": func() error { return s.ResetPassphrase(t.Context(), "x") },
	} {
		if err := act(); !errors.Is(err, chat.ErrRefused) {
			t.Errorf("%s: %v, want ErrRefused", name, err)
		}
	}
	after, err := os.ReadFile(filepath.Join(s.dir, "vault"))
	if err != nil || !bytes.Equal(before, after) || s.chain.Len() != 0 {
		t.Errorf("something was written: keys in the keychain %d, %v", s.chain.Len(), err)
	}
	s.confirm(passphrase)
	if _, err := s.AddPassphrase(t.Context(), "another one"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.AddPassphrase(t.Context(), "a third"); !errors.Is(err, chat.ErrRefused) {
		t.Errorf("one confirmation served twice: %v", err)
	}
}

func TestTheKeychainOpensWithoutAPassphraseAndItsFailureFallsBack(t *testing.T) {
	s := newSlotted(t)
	if err := s.reopen(profile.Keychain()); !errors.Is(err, platform.ErrNoKey) {
		t.Fatalf("without a slot: %v", err)
	}
	if err := s.reopen(profile.Passphrase(passphrase)); err != nil {
		t.Fatal(err)
	}
	s.confirm(passphrase)
	slot, err := s.AddKeychain(t.Context())
	if err != nil || slot.Kind != profile.SlotKeychain || s.chain.Len() != 1 {
		t.Fatalf("%+v, %v", slot, err)
	}
	if err := s.reopen(profile.Keychain()); err != nil {
		t.Fatal(err)
	}
	slots, err := s.Slots(t.Context())
	if err != nil || !slots[2].Current || !slots[2].Used.Equal(s.now) || slots[0].Current {
		t.Errorf("%+v, %v", slots, err)
	}
	for name, fail := range map[string]struct {
		with func()
		want error
	}{
		"no service": {func() { s.chain.Fail(platform.ErrUnsupported) }, platform.ErrUnsupported},
		"locked":     {func() { s.chain.Fail(platform.ErrKeychain) }, platform.ErrKeychain},
		"wrong":      {s.chain.Spoil, platform.ErrNoKey},
		"gone":       {s.chain.Empty, platform.ErrNoKey},
	} {
		if name == "gone" {
			continue // last, below: it cannot be undone
		}
		vault, err := os.ReadFile(filepath.Join(s.dir, "vault"))
		if err != nil {
			t.Fatal(err)
		}
		fail.with()
		for range 5 { // and it never makes anybody wait
			if err := s.reopen(profile.Keychain()); !errors.Is(err, fail.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
		after, err := os.ReadFile(filepath.Join(s.dir, "vault"))
		if err != nil || !bytes.Equal(vault, after) {
			t.Errorf("%s: the vault was touched, %v", name, err)
		}
		if err := s.reopen(profile.Passphrase(passphrase)); err != nil {
			t.Fatalf("%s: the passphrase: %v", name, err)
		}
		if name == "wrong" {
			s.chain.Spoil() // right again
		}
		s.chain.Fail(nil)
		if err := s.reopen(profile.Keychain()); err != nil {
			t.Fatalf("after %s: %v", name, err)
		}
	}
	s.chain.Empty()
	if err := s.reopen(profile.Keychain()); !errors.Is(err, platform.ErrNoKey) {
		t.Errorf("gone: %v", err)
	}
	if err := s.reopen(profile.Passphrase(passphrase)); err != nil {
		t.Fatal(err)
	}
	s.confirm(passphrase)
	if err := s.RemoveSlot(t.Context(), slot.ID); err != nil {
		t.Errorf("removing what the keychain forgot: %v", err)
	}
}

func TestARefusingKeychainAddsNoSlot(t *testing.T) {
	s := newSlotted(t)
	s.chain.Fail(platform.ErrUnsupported)
	s.confirm(passphrase)
	if _, err := s.AddKeychain(t.Context()); !errors.Is(err, platform.ErrUnsupported) {
		t.Errorf("error %v", err)
	}
	if got := s.kinds(); len(got) != 2 {
		t.Errorf("slots %v", got)
	}
}

func TestRemovingTheKeychainTakesItsKeyAway(t *testing.T) {
	s := newSlotted(t)
	s.confirm(passphrase)
	slot, err := s.AddKeychain(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.confirm(passphrase)
	if err := s.RemoveSlot(t.Context(), slot.ID); err != nil || s.chain.Len() != 0 {
		t.Errorf("%d keys are left, %v", s.chain.Len(), err)
	}
	s.confirm(passphrase)
	if _, err := s.AddKeychain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.StepUp.Confirm(t.Context(), security.ActEraseEverything, []byte(passphrase)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.EraseEverything(t.Context()); err != nil || s.chain.Len() != 0 {
		t.Errorf("after erasing everything %d keys are left, %v", s.chain.Len(), err)
	}
}

func TestAKeyFileIsASecondFactorOnceNoPassphraseOpensAlone(t *testing.T) {
	s := newSlotted(t)
	file := s.keyFile()
	const words = "a passphrase beside a file"
	s.confirm(passphrase)
	if _, err := s.AddKeyFile(t.Context(), words, file); err != nil {
		t.Fatal(err)
	}
	s.confirm(passphrase)
	if err := s.RemoveSlot(t.Context(), s.id(profile.SlotPassphrase)); err != nil {
		t.Fatal(err)
	}
	s.confirm(words) // the profile was shown its key file when the slot was made
	if err := s.RemoveSlot(t.Context(), s.id(profile.SlotKeyFile)); !errors.Is(err, profile.ErrLastWay) || !errors.Is(err, chat.ErrRefused) {
		t.Errorf("the last way with a passphrase: %v", err)
	}
	if got := s.kinds(); !slices.Equal(got, []profile.SlotKind{profile.SlotRecovery, profile.SlotKeyFile}) {
		t.Errorf("slots %v", got)
	}
	w, err := profile.WaysIn(s.dir, s.o)
	if err != nil || w != (profile.Ways{KeyFile: true, Recovery: true}) {
		t.Errorf("ways %+v, %v", w, err)
	}

	other := s.keyFile()
	for name, secret := range map[string]profile.Secret{
		"the old passphrase": profile.Passphrase(passphrase), "the words alone": profile.Passphrase(words),
		"another file": profile.WithKeyFile(words, other), "other words": profile.WithKeyFile(passphrase, file),
	} {
		s.now = s.now.Add(time.Hour)
		if err := s.reopen(secret); !errors.Is(err, chat.ErrWrongSecret) {
			t.Errorf("%s: %v", name, err)
		}
	}
	s.now = s.now.Add(time.Hour)
	if err := s.reopen(profile.WithKeyFile(words, filepath.Join(t.TempDir(), "lost"))); !errors.Is(err, profile.ErrKeyFile) {
		t.Errorf("a file that is not there: %v", err)
	}
	if err := s.reopen(profile.WithKeyFile(words, file)); err != nil {
		t.Fatal(err)
	}
	s.confirm(words)

	// Opened with the recovery code, the profile was not shown its key file yet.
	if err := s.reopen(profile.RecoveryCode(s.code)); err != nil {
		t.Fatal(err)
	}
	if err := s.StepUp.Confirm(t.Context(), security.ActSlots, []byte(words)); !errors.Is(err, profile.ErrKeyFileNeeded) || !s.NeedsKeyFile() {
		t.Errorf("the step-up without the file: %v", err)
	}
	if err := s.PresentKeyFile(file); err != nil || s.NeedsKeyFile() {
		t.Fatal(err)
	}
	s.confirm(words)
	if err := s.ChangePassphrase(t.Context(), words, "newer words"); err != nil {
		t.Fatal(err)
	}
	if err := s.reopen(profile.WithKeyFile("newer words", file)); err != nil {
		t.Fatal(err)
	}

	// Who lost the file sets a passphrase with the code; it opens alone.
	if err := s.reopen(profile.RecoveryCode(s.code)); err != nil {
		t.Fatal(err)
	}
	if err := s.ResetPassphrase(t.Context(), "without a file"); err != nil {
		t.Fatal(err)
	}
	if err := s.reopen(profile.Passphrase("without a file")); err != nil {
		t.Fatal(err)
	}
}

func TestAKeyFileInsideTheProfileFolderIsRefused(t *testing.T) {
	s := newSlotted(t)
	inside := filepath.Join(s.dir, "relay", "key")
	linked := filepath.Join(t.TempDir(), "folder")
	if runtime.GOOS != "windows" {
		if err := os.Symlink(s.dir, linked); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{
		inside, filepath.Join(s.dir, "key"), filepath.Join(linked, "key"), filepath.Join(s.dir, "..", filepath.Base(s.dir), "key"),
	} {
		if err := profile.MakeKeyFile(s.dir, path); !errors.Is(err, profile.ErrKeyFileInside) {
			t.Errorf("made: %v", err)
		}
	}
	if err := os.WriteFile(filepath.Join(s.dir, "key"), make([]byte, 64), 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(filepath.Join(s.dir, "key"), link); err != nil {
		t.Skip("no links here")
	}
	for _, path := range []string{filepath.Join(s.dir, "key"), filepath.Join(linked, "key"), link} {
		if _, err := s.AddKeyFile(t.Context(), "x", path); !errors.Is(err, profile.ErrKeyFileInside) {
			t.Errorf("taken: %v", err)
		}
	}
}

func TestWhatIsNoKeyFileIsRefused(t *testing.T) {
	s := newSlotted(t)
	dir := t.TempDir()
	for name, size := range map[string]int{"empty": 0, "short": 31, "long": 1<<20 + 1} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := s.AddKeyFile(t.Context(), "x", path); !errors.Is(err, profile.ErrKeyFile) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, path := range map[string]string{"a folder": dir, "nothing": filepath.Join(dir, "nothing")} {
		if _, err := s.AddKeyFile(t.Context(), "x", path); !errors.Is(err, profile.ErrKeyFile) {
			t.Errorf("%s: %v", name, err)
		}
	}
	made := filepath.Join(dir, "made")
	if err := profile.MakeKeyFile(s.dir, made); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(made)
	if err != nil || info.Size() != 64 || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if err := profile.MakeKeyFile(s.dir, made); !errors.Is(err, chat.ErrExists) {
		t.Errorf("made over another: %v", err)
	}
}

func TestTheRecoveryCodeResetsOnceAndSoon(t *testing.T) {
	s := newSlotted(t)
	if err := s.reopen(profile.RecoveryCode(s.code)); err != nil {
		t.Fatal(err)
	}
	s.now = s.now.Add(10 * time.Minute)
	if err := s.ResetPassphrase(t.Context(), "too late"); !errors.Is(err, chat.ErrRefused) {
		t.Errorf("ten minutes later: %v", err)
	}
	if err := s.reopen(profile.RecoveryCode(s.code)); err != nil {
		t.Fatal(err)
	}
	if err := s.ResetPassphrase(t.Context(), "in time"); err != nil {
		t.Fatal(err)
	}
	if err := s.ResetPassphrase(t.Context(), "again"); !errors.Is(err, chat.ErrRefused) {
		t.Errorf("twice: %v", err)
	}
}

func TestTheWaitIsThatOfTheProfilesClock(t *testing.T) {
	s := newSlotted(t)
	for range 3 {
		if err := s.reopen(profile.Passphrase("no")); !errors.Is(err, chat.ErrWrongSecret) {
			t.Fatal(err)
		}
	}
	if wait, err := profile.UnlockWait(s.dir, s.o); err != nil || wait != 2*time.Second {
		t.Errorf("%v, %v", wait, err)
	}
	s.now = s.now.Add(2 * time.Second)
	if wait, err := profile.UnlockWait(s.dir, s.o); err != nil || wait != 0 {
		t.Errorf("later %v, %v", wait, err)
	}
}

func TestASlotIsNotRemovedTwiceAndTheLastPassphraseStays(t *testing.T) {
	s := newSlotted(t)
	s.confirm(passphrase)
	if err := s.RemoveSlot(t.Context(), s.id(profile.SlotPassphrase)); !errors.Is(err, profile.ErrLastWay) {
		t.Errorf("the last passphrase: %v", err)
	}
	code := s.id(profile.SlotRecovery)
	if err := s.RemoveSlot(t.Context(), code); err != nil {
		t.Fatal(err)
	}
	if err := s.RemoveSlot(t.Context(), code); !errors.Is(err, chat.ErrNotFound) {
		t.Errorf("twice: %v", err)
	}
	if err := s.reopen(profile.RecoveryCode(s.code)); !errors.Is(err, chat.ErrWrongSecret) {
		t.Errorf("the removed code: %v", err)
	}
}
