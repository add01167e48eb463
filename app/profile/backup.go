package profile

import (
	"context"
	"errors"
	"strings"
	"time"

	"sotto/app/messenger"
	"sotto/app/privacy/backup"
	"sotto/chat"
)

// kept are the beginnings of the names of settings that belong into a backup, beside the messenger's: what the person
// decided. What is left out belongs to one device or one run.
var kept = []string{"privacy.", "ui/"}

// inBackup reports whether a setting belongs into a backup, and may come from one.
func inBackup(name string) bool {
	for _, prefix := range kept {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return messenger.InBackup(name)
}

// newBackup wires the writer of backups.
func (p *Profile) newBackup() *backup.Writer {
	return &backup.Writer{
		Store: p.store, Blobs: p.store.Blobs(), Folder: p.folder.dir, Audit: p.Audit, Settings: p.backupSettings, Omit: isGuide, Cost: p.options.Params, Limits: p.options.Limits, Now: p.options.Now,
		Self: func() (chat.ContactID, string) {
			self := p.Messenger.Self()
			return self.ID, self.Name
		},
	}
}

func (p *Profile) backupSettings(tx chat.Tx) (map[string][]byte, error) {
	elsewhere := func(relay string) bool { return !p.Relay.is(relay) }
	out, err := messenger.BackupSettings(tx, elsewhere, p.options.Now())
	if err != nil {
		return nil, err
	}
	all, err := tx.Settings().List()
	if err != nil {
		return nil, err
	}
	for name, value := range all {
		if inBackup(name) && !messenger.InBackup(name) {
			out[name] = value
		}
	}
	return out, nil
}

// isGuide reports whether a contact is the Guide of this profile: its own half of the talk is not in a backup.
func isGuide(tx chat.Tx, id chat.ContactID) (bool, error) {
	raw, err := tx.Settings().Get(guideContact)
	if errors.Is(err, chat.ErrNotFound) {
		return false, nil
	}
	return err == nil && string(raw) == string(id[:]), err
}

// Backups returns the backups that were made and still hold what was deleted since, newest first, and how old the newest
// is.
func (p *Profile) Backups(ctx context.Context) (list []backup.Known, state backup.Standing, err error) {
	err = p.store.View(ctx, func(tx chat.Tx) error {
		if list, err = backup.List(tx); err != nil {
			return err
		}
		state, err = backup.State(tx)
		return err
	})
	return list, state, err
}

// ForgetBackup takes a backup off the list, once its file is gone. Error: chat.ErrNotFound.
func (p *Profile) ForgetBackup(ctx context.Context, id string) error {
	return p.store.Update(ctx, func(tx chat.Tx) error {
		if err := backup.Forget(tx, id); err != nil {
			return err
		}
		return p.Audit.Record(tx, "backup.forgotten", id, "")
	})
}

// SetBackupReminder sets after how long without a backup the person is reminded; 0: never. Error: chat.ErrMalformed for
// less than a day.
func (p *Profile) SetBackupReminder(ctx context.Context, after time.Duration) error {
	return p.store.Update(ctx, func(tx chat.Tx) error { return backup.SetReminder(tx, after) })
}
