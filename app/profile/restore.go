package profile

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"sotto/app/messenger"
	"sotto/app/privacy/backup"
	"sotto/app/security"
	"sotto/chat"
	"sotto/chat/disk"
	"sotto/storage"
)

// restoringName is the folder inside a profile's in which a profile is restored before it becomes the folder's.
const restoringName = "restoring"

// RestoreOptions describe a profile to be made from a backup.
type RestoreOptions struct {
	Options
	Dir              string // holds no profile
	File             string // the backup
	BackupPassphrase string
	Passphrase       string                // of the new profile
	Progress         func(done, total int) // messages; called from the same goroutine; may be nil
}

// Restored says what a profile was restored from.
type Restored struct {
	Backup       backup.Summary
	RecoveryCode string // of the new profile, to be shown once
}

// Restore makes a profile from a backup: the same identity with its contacts, history, consents and audit log, as a new
// device with a vault of its own. It returns it open; Start tells the contacts. The folder gets the profile when the
// backup was read to its authenticated end and is whole, or not at all: after an error, the end of ctx or a crash there is
// none. Errors: chat.ErrNotFound (no such file), ErrWrongSecret for the backup's passphrase, ErrMalformed for a file that
// is no backup or an empty passphrase, backup.ErrDamaged, and those of [Create].
func Restore(ctx context.Context, o RestoreOptions) (*Profile, Restored, error) {
	o.Options = o.filled()
	if Exists(o.Dir) {
		return nil, Restored{}, chat.ErrProfileExists
	}
	in, err := os.Open(o.File)
	if err != nil {
		return nil, Restored{}, fmt.Errorf("%w: backup", chat.ErrNotFound)
	}
	defer in.Close()
	f, err := hold(o.Dir)
	if err != nil {
		return nil, Restored{}, err
	}
	r := &restoring{o: o, f: f, from: f.path(restoringName)}
	if err := r.all(ctx, in); err != nil {
		return nil, Restored{}, errors.Join(named(err), storage.Abandon(r.from, o.Dir), r.leave())
	}
	p, err := r.open(ctx)
	if err != nil {
		return nil, Restored{}, errors.Join(err, f.release())
	}
	return p, Restored{Backup: r.summary, RecoveryCode: r.code}, nil
}

// restoring is one restore under way.
type restoring struct {
	o       RestoreOptions
	f       *folder
	from    string
	code    string
	summary backup.Summary
}

func (r *restoring) all(ctx context.Context, in *os.File) error {
	if err := storage.Abandon(r.from, r.o.Dir); err != nil {
		return err
	}
	so := r.o.storage()
	so.Passphrase = r.o.Passphrase
	store, code, err := storage.Create(ctx, r.from, so)
	if err != nil {
		return err
	}
	r.code = code.Text()
	err = r.fill(ctx, store, in)
	if err := errors.Join(err, store.Close()); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return storage.Adopt(r.from, r.o.Dir)
}

// fill brings the backup into the new store and makes it a device.
func (r *restoring) fill(ctx context.Context, store *storage.Store, in *os.File) (err error) {
	reading := backup.Reading{Limits: r.o.Limits, Settings: inBackup, Blobs: store.Blobs(), Progress: r.o.Progress}
	if r.summary, err = backup.Restore(ctx, store, in, r.o.BackupPassphrase, reading); err != nil {
		return err
	}
	info, err := in.Stat()
	if err != nil {
		return disk.Error(err)
	}
	r.summary.Size = info.Size()
	relay, err := r.relay()
	if err != nil {
		return err
	}
	home := ""
	if has, err := hasHome(ctx, store); err != nil {
		return err
	} else if !has {
		home = relay.LoopbackPass()
	}
	now := r.o.Now()
	err = messenger.Restore(ctx, store, messenger.RestoreOptions{Identity: r.summary.Identity, Home: home, Unsent: r.summary.Unsent}, now)
	if errors.Is(err, chat.ErrMalformed) {
		return fmt.Errorf("%w: %w", backup.ErrDamaged, err)
	}
	if err != nil {
		return err
	}
	path, err := filepath.Abs(r.o.File)
	if err != nil {
		path = r.o.File
	}
	return store.Update(ctx, func(tx chat.Tx) error {
		if _, err := security.Verify(tx); err != nil {
			return fmt.Errorf("%w: %w", backup.ErrDamaged, err)
		}
		if err := backup.Remember(tx, r.summary, path); err != nil {
			return err
		}
		return security.NewAudit(r.o.Now).Record(tx, "profile.restored", r.summary.ID, "backup of "+r.summary.Created.UTC().Format(time.DateOnly))
	})
}

// relay prepares the embedded relay: the one of the folder, when it has one, else one that moves there with the rest.
func (r *restoring) relay() (*EmbeddedRelay, error) {
	dir := r.f.path(relayName)
	if _, err := os.Lstat(dir); err != nil {
		dir = filepath.Join(r.from, relayName)
	}
	return openEmbedded(dir)
}

func hasHome(ctx context.Context, store chat.Store) (has bool, err error) {
	err = store.View(ctx, func(tx chat.Tx) error {
		has, err = messenger.HasHome(tx)
		return err
	})
	return has, err
}

// open opens the finished profile under its own name.
func (r *restoring) open(ctx context.Context) (*Profile, error) {
	relay, err := openEmbedded(r.f.path(relayName))
	if err != nil {
		return nil, err
	}
	return unlock(ctx, r.f, relay, Passphrase(r.o.Passphrase), r.o.Options)
}

// leave lets go of a folder in which nothing was made, and removes it when nothing else is in it.
func (r *restoring) leave() error {
	_ = os.Remove(r.f.path(lockName)) // while it is held: nobody else can have taken it
	err := r.f.release()
	_ = os.Remove(r.o.Dir) // fails when something else is in it
	return err
}
