package storage_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"sotto/chat"
	"sotto/crypto/vault"
	"sotto/storage"
)

// image is a copy of every file of a profile folder, by name.
type image map[string][]byte

func takeImage(t *testing.T, dir string) image {
	t.Helper()
	out := image{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		out[name], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// lay writes an image into a folder of its own.
func (i image) lay(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, b := range i {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, b, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// with returns the image with another vault file.
func (i image) with(vaultOf image) image {
	out := image{}
	for name, b := range i {
		out[name] = b
	}
	out[storage.VaultFile] = vaultOf[storage.VaultFile]
	return out
}

var (
	doomed, kept = chat.ConversationID{1}, chat.ConversationID{2}
	doomedText   = chat.MessageID{1}
	keptText     = chat.MessageID{2}
)

// fourWays makes a closed profile with two conversations that opens in four ways, and answers their secrets.
func fourWays(t *testing.T) (dir string, secrets map[string]storage.Secret, ids map[string]vault.SlotID) {
	t.Helper()
	dir, s, code := create(t)
	file, err := vault.ReadKeyFile(bytes.Repeat([]byte("file"), 16))
	if err != nil {
		t.Fatal(err)
	}
	chain := [vault.KeySize]byte{5}
	withFile, err := s.AddKeyFile(ctx, "beside the file", file)
	if err != nil {
		t.Fatal(err)
	}
	inChain, err := s.AddKeychain(ctx, vault.NewSlotID(), chain)
	if err != nil {
		t.Fatal(err)
	}
	err = s.Update(ctx, func(tx chat.Tx) error {
		var errs []error
		for c, m := range map[chat.ConversationID]chat.MessageID{doomed: doomedText, kept: keptText} {
			errs = append(errs, tx.Conversations().Put(chat.Conversation{ID: c, Kind: chat.Direct}))
			_, err := tx.Messages().Put(chat.Message{ID: m, Conversation: c, Text: "the words"})
			errs = append(errs, err)
		}
		return errors.Join(errs...)
	})
	if err != nil {
		t.Fatal(err)
	}
	slots := s.Slots()
	closed(t, s)
	secrets = map[string]storage.Secret{
		"passphrase": storage.Passphrase("first passphrase"), "recovery code": storage.RecoveryCode(code),
		"key file": storage.WithKeyFile("beside the file", file), "keychain": storage.Keychain(chain),
	}
	ids = map[string]vault.SlotID{
		"passphrase": slots[0].ID, "recovery code": slots[1].ID, "key file": withFile.ID, "keychain": inChain.ID,
	}
	return dir, secrets, ids
}

// reads opens the folder and reads a message; sentinel is what that answers, nil for its text.
func reads(t *testing.T, what, dir string, secret storage.Secret, m chat.MessageID, sentinel error) {
	t.Helper()
	s, err := storage.Open(ctx, dir, secret, options())
	if err != nil {
		t.Errorf("%s: opening: %v", what, err)
		return
	}
	defer closed(t, s)
	err = s.View(ctx, func(tx chat.Tx) error {
		got, err := tx.Messages().Get(m)
		if err == nil && got.Text != "the words" {
			t.Errorf("%s: the text is %q", what, got.Text)
		}
		return err
	})
	if !errors.Is(err, sentinel) || sentinel == nil && err != nil {
		t.Errorf("%s: reading: %v, want %v", what, err, sentinel)
	}
}

// TestWhatWasErasedIsGoneFromTheCurrentFilesAndNotFromOlderOnes is the claim of docs/STORAGE.md section 3.2, both halves,
// for each kind of slot.
func TestWhatWasErasedIsGoneFromTheCurrentFilesAndNotFromOlderOnes(t *testing.T) {
	dir, secrets, _ := fourWays(t)
	before := takeImage(t, dir)
	s := reopen(t, dir, secrets["passphrase"])
	if err := s.Erase(ctx, func(tx chat.Tx) error { return tx.Conversations().Destroy(doomed) }); err != nil {
		t.Fatal(err)
	}
	closed(t, s)
	after := takeImage(t, dir)
	for name, secret := range secrets {
		// The first half: the current files, alone and mixed with older ones.
		reads(t, "current files, "+name, after.lay(t), secret, doomedText, chat.ErrNotFound)
		reads(t, "current files, "+name, after.lay(t), secret, keptText, nil)
		refused(t, before.with(after).lay(t), secret, chat.ErrDamaged)
		refused(t, after.with(before).lay(t), secret, chat.ErrDamaged)
		// The second half: nothing takes an older image of all files back.
		reads(t, "older image, "+name, before.lay(t), secret, doomedText, nil)
	}
}

// TestARemovedSecretOpensOlderImagesOnly is the same claim for a change of slots.
func TestARemovedSecretOpensOlderImagesOnly(t *testing.T) {
	for _, gone := range []string{"passphrase", "recovery code", "key file", "keychain"} {
		t.Run(gone, func(t *testing.T) {
			dir, secrets, ids := fourWays(t)
			before := takeImage(t, dir)
			s := reopen(t, dir, secrets[gone])
			if err := s.RemoveSlot(ctx, ids[gone]); err != nil {
				t.Fatal(err)
			}
			put(t, s, "later", "1")
			closed(t, s)
			after := takeImage(t, dir)

			refused(t, after.lay(t), secrets[gone], chat.ErrWrongSecret)
			refused(t, after.with(before).lay(t), secrets[gone], chat.ErrDamaged)
			refused(t, before.with(after).lay(t), secrets[gone], chat.ErrWrongSecret)
			for name, secret := range secrets {
				if name != gone {
					reads(t, "current files, "+name, after.lay(t), secret, keptText, nil)
					refused(t, before.with(after).lay(t), secret, chat.ErrDamaged)
				}
			}
			reads(t, "older image", before.lay(t), secrets[gone], keptText, nil)
		})
	}
}

func TestAKeychainIsNotLeftAlone(t *testing.T) {
	dir, secrets, ids := fourWays(t)
	s := reopen(t, dir, secrets["keychain"])
	for _, name := range []string{"passphrase", "recovery code"} {
		if err := s.RemoveSlot(ctx, ids[name]); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.RemoveSlot(ctx, ids["key file"]); !errors.Is(err, chat.ErrRefused) || !errors.Is(err, vault.ErrLastSlot) {
		t.Errorf("leaving the keychain alone: %v", err)
	}
	if err := s.RemoveSlot(ctx, ids["keychain"]); err != nil {
		t.Fatal(err)
	}
	closed(t, s)
	reads(t, "with the file", dir, secrets["key file"], keptText, nil)
}

func TestTheSlotsOfAClosedProfileAreListed(t *testing.T) {
	dir, _, ids := fourWays(t)
	slots, err := storage.ListSlots(dir, options())
	if err != nil || len(slots) != 4 || !slices.ContainsFunc(slots, func(s vault.Slot) bool { return s.ID == ids["keychain"] }) {
		t.Errorf("%+v, %v", slots, err)
	}
	if _, err := storage.ListSlots(t.TempDir(), options()); !errors.Is(err, chat.ErrNoProfile) {
		t.Errorf("no profile: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, storage.VaultFile), []byte("none"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := storage.ListSlots(dir, options()); !errors.Is(err, chat.ErrVaultDamaged) {
		t.Errorf("a damaged vault: %v", err)
	}
}

// TestASlotOfALaterVersionIsRefusedUntouched is what an older program does with the vault of a newer one.
func TestASlotOfALaterVersionIsRefusedUntouched(t *testing.T) {
	dir, secrets, _ := fourWays(t)
	path := filepath.Join(dir, storage.VaultFile)
	later := laterKind(t, takeImage(t, dir)[storage.VaultFile])
	if err := os.WriteFile(path, later, 0o600); err != nil {
		t.Fatal(err)
	}
	before := takeImage(t, dir)
	for _, secret := range secrets {
		refused(t, dir, secret, chat.ErrNewerFormat)
	}
	if _, err := storage.ListSlots(dir, options()); !errors.Is(err, chat.ErrNewerFormat) {
		t.Errorf("listing: %v", err)
	}
	for name, b := range takeImage(t, dir) {
		if !bytes.Equal(b, before[name]) {
			t.Errorf("%s was changed", name)
		}
	}
}

// laterKind returns a vault file whose first slot has a kind that is not known here, with its hash repaired.
func laterKind(t *testing.T, file []byte) []byte {
	t.Helper()
	const kindAt = 12 + 1 + 12 + 2 + 8 // magic, version, epoch, counts, id
	content := bytes.Clone(file[:len(file)-sha256.Size])
	if content[kindAt] != byte(vault.KindPassphrase) {
		t.Fatalf("the kind is not where the test looks: %d", content[kindAt])
	}
	content[kindAt] = 200
	sum := sha256.Sum256(content)
	return append(content, sum[:]...)
}
