package storage

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"

	"sotto/chat"
	"sotto/crypto/vault"
	"sotto/storage/blob"
	"sotto/storage/sqlite"
	"sotto/storage/vaultfile"
)

// Salvaged is a store of its own with what could be read of a damaged history. Discard it after use.
type Salvaged struct {
	*Store
	Wreck        *sqlite.Wreck
	VaultDamaged bool // the vault file is altered; the slot that was used is not
	folder       string
	files        blob.ReadOnly
}

// Blobs returns the files of the damaged profile, which stay as they are.
func (o *Salvaged) Blobs() chat.Blobs { return o.files }

// Salvage reads what is left of the profile in dir into a store in the new folder scratch, whose key exists in this
// process only. It writes nothing in dir, and leaves the files of attachments there to be read. progress may be nil. Errors: chat.ErrNoProfile, ErrVaultDamaged and ErrDamaged
// when nothing at all can be read, ErrWrongSecret (in a damaged vault: or the slot of that secret is what is damaged),
// ErrNewerFormat, ErrDiskFull, ErrReadOnly.
func Salvage(ctx context.Context, dir string, secret Secret, scratch string, options Options, progress func(done, total int)) (*Salvaged, error) {
	options = options.filled()
	if secret.err != nil {
		return nil, secret.err
	}
	out := &Salvaged{folder: scratch, files: blob.Look(filepath.Join(dir, BlobFolder))}
	v, err := out.openVault(dir, secret.secret, options)
	if err != nil {
		return nil, err
	}
	defer v.Zero()
	if err := os.Mkdir(scratch, 0o700); err != nil {
		return nil, folderError(err)
	}
	var key [vault.KeySize]byte
	rand.Read(key[:]) //nolint:errcheck // never fails: a failing OS generator ends the process
	fresh, err := vault.New(options.Now(), options.Limits, vault.Credential{Secret: vault.Held(key)})
	if err != nil {
		return nil, errors.Join(sqlite.VaultError(err), out.Discard())
	}
	s, err := sqlite.Create(filepath.Join(scratch, HistoryFile), fresh, func([]byte) error { return nil })
	if err != nil {
		fresh.Zero()
		return nil, errors.Join(err, out.Discard())
	}
	out.Store = &Store{Store: s, options: options}
	if out.Wreck, err = sqlite.Salvage(ctx, filepath.Join(dir, HistoryFile), v, s, options.Now(), progress); err != nil {
		return nil, errors.Join(err, out.Discard())
	}
	return out, nil
}

// openVault opens the vault, or what a crash left beside it, sound if it can be and damaged if it must.
func (o *Salvaged) openVault(dir string, secret vault.Secret, options Options) (*vault.Vault, error) {
	path := filepath.Join(dir, VaultFile)
	b, err := vaultfile.Read(path)
	if err != nil {
		return nil, err
	}
	v, err := vault.Open(b, options.Limits, secret)
	if !errors.Is(err, vault.ErrDamaged) {
		return v, sqlite.VaultError(err)
	}
	o.VaultDamaged = true
	if whole, err := vaultfile.Read(path + vaultfile.Suffix); err == nil {
		if v, err := vault.Open(whole, options.Limits, secret); err == nil {
			return v, nil
		}
	}
	v, err = vault.OpenDamaged(b, options.Limits, secret)
	if errors.Is(err, vault.ErrParams) {
		err = vault.ErrDamaged
	}
	return v, sqlite.VaultError(err)
}

// Discard closes the store and removes its folder.
func (o *Salvaged) Discard() error {
	var err error
	if o.Store != nil {
		err = o.Close()
	}
	return errors.Join(err, folderError(os.RemoveAll(o.folder)))
}

var _ chat.Store = (*Salvaged)(nil)
