package storage

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"sotto/chat"
	"sotto/chat/disk"
	"sotto/crypto/vault"
	"sotto/storage/blob"
	"sotto/storage/sqlite"
	"sotto/storage/vaultfile"
)

// Names inside a profile folder (docs/STORAGE.md section 1).
const (
	VaultFile   = "vault"
	HistoryFile = "history.db"
	BlobFolder  = "blobs"
	TempFolder  = "tmp"
	// vaultSuffix follows the name of a database that has a vault of its own (OpenWithKey).
	vaultSuffix = ".vault"
	// BlobSuffix follows it in the name of a folder of its own for attachments.
	BlobSuffix = ".blobs"
	// orphanSuffix follows the name of a database that was found without a vault.
	orphanSuffix = ".orphan"
)

// Store is an open history with the vault that seals it. It implements chat.Store.
type Store struct {
	*sqlite.Store
	options Options
	blobs   *blob.Folder
}

var _ chat.Store = (*Store)(nil)

// Blobs returns the files of the attachments, nil for a store without (see OpenWithKey).
func (s *Store) Blobs() chat.Blobs {
	if s.blobs == nil {
		return nil
	}
	return s.blobs
}

// Exists reports whether the folder holds a profile.
func Exists(dir string) bool {
	_, err := os.Lstat(filepath.Join(dir, VaultFile))
	return err == nil
}

// Create makes a profile's vault and history in dir (0700, made if missing) and returns the open store and the recovery
// code, which is to be shown once. It returns chat.ErrProfileExists, ErrMalformed (empty passphrase), ErrDiskFull or
// ErrReadOnly. A creation that was interrupted before the vault was written is begun anew.
func Create(ctx context.Context, dir string, options Options) (*Store, vault.RecoveryCode, error) {
	options = options.filled()
	if Exists(dir) {
		return nil, vault.RecoveryCode{}, chat.ErrProfileExists
	}
	passphrase, err := options.credential(vault.Passphrase(options.Passphrase))
	if err != nil {
		return nil, vault.RecoveryCode{}, err
	}
	options.Passphrase = ""
	if err := ctx.Err(); err != nil {
		return nil, vault.RecoveryCode{}, err
	}
	if err := prepare(dir); err != nil {
		return nil, vault.RecoveryCode{}, err
	}
	code := vault.NewRecoveryCode()
	v, err := vault.New(options.Now(), options.Limits, passphrase, vault.Credential{Secret: vault.Recovery(code)})
	if err != nil {
		return nil, vault.RecoveryCode{}, sqlite.VaultError(err)
	}
	options.Blobs = filepath.Join(dir, BlobFolder)
	s, err := create(filepath.Join(dir, HistoryFile), filepath.Join(dir, VaultFile), v, options)
	return s, code, err
}

// Open unlocks the profile in dir. It returns chat.ErrNoProfile, ErrWrongSecret, ErrVaultDamaged, ErrDamaged,
// ErrNewerFormat, ErrDiskFull or ErrReadOnly.
func Open(ctx context.Context, dir string, secret Secret, options Options) (*Store, error) {
	options = options.filled()
	if secret.err != nil {
		if !Exists(dir) {
			return nil, chat.ErrNoProfile
		}
		return nil, secret.err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	options.Blobs = filepath.Join(dir, BlobFolder)
	s, err := open(filepath.Join(dir, HistoryFile), filepath.Join(dir, VaultFile), secret.secret, options)
	if err != nil {
		return nil, err
	}
	if err := emptyTemp(dir); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// OpenWithKey opens the database file that is unlocked by a key held in another store, and makes it, with its vault file
// beside it (name + ".vault"), when neither exists. Erasure epochs of the two stores turn independently. It keeps files
// only where Options.Blobs names a folder for them.
func OpenWithKey(ctx context.Context, file string, key [vault.KeySize]byte, options Options) (*Store, error) {
	options = options.filled()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	secret := vault.Held(key)
	if _, err := os.Lstat(file + vaultSuffix); err == nil {
		return open(file, file+vaultSuffix, secret, options)
	}
	v, err := vault.New(options.Now(), options.Limits, vault.Credential{Secret: secret})
	if err != nil {
		return nil, sqlite.VaultError(err)
	}
	return create(file, file+vaultSuffix, v, options)
}

// create writes the database first and the vault last: the vault is what makes a profile exist.
func create(database, vaultPath string, v *vault.Vault, options Options) (*Store, error) {
	if err := setAside(database, options.Blobs); err != nil {
		return nil, err
	}
	s, err := sqlite.Create(database, v, func(b []byte) error { return vaultfile.Write(vaultPath, b) })
	if err != nil {
		v.Zero()
		return nil, errors.Join(err, removeDatabase(database))
	}
	return withBlobs(&Store{Store: s, options: options})
}

// withBlobs opens the folder of attachments of a store, and closes the store when that fails. From then on the files of
// removed attachments go with them; those that a crash left are removed here.
func withBlobs(s *Store) (*Store, error) {
	if s.options.Blobs == "" {
		return s, nil
	}
	var err error
	if s.blobs, err = blob.Open(s.options.Blobs); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	ids, err := s.BlobIDs(context.Background())
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	named := make(map[chat.BlobID]bool, len(ids))
	for _, id := range ids {
		named[id] = true
	}
	// A file that cannot be removed now is tried again at the next opening. Its key is gone either way.
	s.blobs.Sweep(func(id chat.BlobID) bool { return named[id] })    //nolint:errcheck // see above
	s.OnRemoved(func(ids ...chat.BlobID) { s.blobs.Remove(ids...) }) //nolint:errcheck // see above
	return s, nil
}

// setAside renames a database that has no vault, and its folder of attachments: what an interrupted creation left, or what
// a vault from a backup may open one day. blobs may be empty.
func setAside(database, blobs string) error {
	if blobs != "" {
		if err := setFolderAside(blobs); err != nil {
			return err
		}
	}
	for _, suffix := range databaseSuffixes {
		err := os.Rename(database+suffix, database+orphanSuffix+suffix)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return folderError(err)
		}
	}
	return nil
}

func setFolderAside(blobs string) error {
	if err := os.Remove(blobs); err == nil || errors.Is(err, os.ErrNotExist) {
		return nil // nothing was in it
	}
	if err := os.RemoveAll(blobs + orphanSuffix); err != nil {
		return folderError(err)
	}
	return folderError(os.Rename(blobs, blobs+orphanSuffix))
}

func open(database, vaultPath string, secret vault.Secret, options Options) (*Store, error) {
	b, err := vaultfile.Read(vaultPath)
	if err != nil {
		return nil, err
	}
	v, err := vault.Open(b, options.Limits, secret)
	if err != nil {
		return nil, sqlite.VaultError(err)
	}
	s, err := sqlite.Open(database, v, func(b []byte) error { return vaultfile.Write(vaultPath, b) })
	if err != nil {
		v.Zero()
		return nil, err
	}
	return withBlobs(&Store{Store: s, options: options})
}

func prepare(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return folderError(err)
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return folderError(err)
	}
	return emptyTemp(dir)
}

// emptyTemp wipes what an earlier run left in the folder of opened attachments.
func emptyTemp(dir string) error {
	tmp := filepath.Join(dir, TempFolder)
	if err := os.RemoveAll(tmp); err != nil {
		return folderError(err)
	}
	return folderError(os.Mkdir(tmp, 0o700))
}

func folderError(err error) error {
	switch {
	case err == nil:
		return nil
	case disk.IsFull(err):
		return chat.ErrDiskFull
	case disk.IsReadOnly(err):
		return chat.ErrReadOnly
	case errors.Is(err, os.ErrNotExist):
		return chat.ErrNoProfile
	}
	return errors.New("storage: profile folder refused")
}
