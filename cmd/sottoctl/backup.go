package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"sotto/app/privacy/backup"
	"sotto/app/profile"
	"sotto/chat"
)

// backupPassphrase is where the passphrase of a backup comes from; it is not that of the profile.
type backupPassphrase struct {
	BackupPassphraseFile string `placeholder:"FILE" xor:"backup" help:"Read the passphrase of the backup from the first line of a file."`
	BackupPassphraseEnv  string `placeholder:"VAR" xor:"backup" help:"Read the passphrase of the backup from an environment variable."`
}

func (b backupPassphrase) read(ctx context.Context, d *desk, repeat bool) (string, error) {
	secret, err := secretSource{
		file: b.BackupPassphraseFile, env: b.BackupPassphraseEnv, prompt: "Passphrase of the backup: ", repeat: repeat,
		flags: "--backup-passphrase-file or --backup-passphrase-env",
	}.read(ctx, d.words)
	return string(secret), err
}

// backupObject is a backup that was made.
type backupObject struct {
	V        v1     `json:"v"`
	ID       string `json:"id"`
	Created  stamp  `json:"created"`
	Path     string `json:"path"`
	Size     int64  `json:"size"`     // bytes
	Messages int    `json:"messages"` // in it
	Files    int    `json:"files"`    // of those, whose bytes are in it
	Deleted  int    `json:"deleted"`  // acts of deletion since, that it knows nothing of
}

func newBackup(k backup.Known) backupObject {
	return backupObject{ID: k.ID, Created: stamp(k.Time), Path: k.Path, Size: k.Size, Messages: k.Messages, Files: k.Files, Deleted: k.Since}
}

func (o backupObject) print(p *page) {
	p.pairs(
		[2]string{"id", o.ID}, [2]string{"created", o.Created.local()}, [2]string{"path", plain(o.Path)},
		[2]string{"size", amount(o.Size)}, [2]string{"holds", number(o.Messages, "message") + withFiles(o.Files)},
	)
}

func withFiles(n int) string {
	if n == 0 {
		return ""
	}
	return ", " + number(n, "file")
}

// writeBackup is export --encrypt backup.
func (v *exportVerb) writeBackup(ctx context.Context, d *desk, p *profile.Profile) (any, error) {
	if v.Conversation != "" {
		return nil, usagef("A backup holds everything. Leave --conversation out.")
	}
	secret, err := v.backupPassphrase.read(ctx, d, true)
	if err != nil {
		return nil, err
	}
	out, err := filepath.Abs(v.Out)
	if err != nil {
		return nil, err
	}
	s, err := p.Backup.Write(ctx, backup.Request{Out: out, Passphrase: secret, WithoutFiles: v.WithoutFiles})
	if errors.Is(err, chat.ErrExists) {
		return nil, explain(err, "There is a file or folder of that name already. It was left as it is.")
	}
	if err != nil {
		return nil, err
	}
	if s.Damaged > 0 {
		d.say("%s of the history are damaged or gone from the files; the backup is without them.", number(s.Damaged, "message"))
	}
	switch {
	case s.FilesDamaged > 0:
		d.say("The bytes of %s are damaged on this disk; the backup has their messages without them.", number(s.FilesDamaged, "file"))
	case s.FilesAway > 0:
		d.say("%s had no file to be backed up: it was left out, or is not on this computer.", number(s.FilesAway, "message"))
	}
	d.say("The backup was read back and is whole. Whoever has it and its passphrase is you. Restore it with: sottoctl restore FILE")
	return newBackup(backup.Known{ID: s.ID, Time: s.Created, Path: out, Size: s.Size, Messages: s.Counts.Messages, Files: s.Files}), nil
}

type backupGroup struct {
	List   backupListVerb   `cmd:"" help:"List the backups that were made; each still holds what was deleted since."`
	Forget backupForgetVerb `cmd:"" help:"Take a backup off the list, once its file is gone."`
}

type backupListVerb struct{}

type backupObjects []backupObject

func (o backupObjects) print(p *page) {
	rows := make([][]string, len(o))
	for i, b := range o {
		rows[i] = []string{b.ID, b.Created.local(), number(b.Messages, "message") + withFiles(b.Files), number(b.Deleted, "deletion") + " since", plain(b.Path)}
	}
	p.table([]string{"ID", "MADE", "HOLDS", "MISSES", "PATH"}, rows)
}

func (backupListVerb) do(ctx context.Context, d *desk) (any, error) {
	p, err := d.open(ctx)
	if err != nil {
		return nil, err
	}
	list, _, err := p.Backups(ctx)
	out := make(backupObjects, len(list))
	for i, k := range list {
		out[i] = newBackup(k)
	}
	return out, err
}

type backupForgetVerb struct {
	ID string `arg:"" name:"id" help:"Id of the backup."`
}

func (v *backupForgetVerb) do(ctx context.Context, d *desk) (any, error) {
	p, err := d.open(ctx)
	if err != nil {
		return nil, err
	}
	if err := p.ForgetBackup(ctx, v.ID); errors.Is(err, chat.ErrNotFound) {
		return nil, explain(err, "There is no backup of that id. See: sottoctl backup list")
	} else if err != nil {
		return nil, err
	}
	d.say("It is off the list. The file is not touched: where it still exists, delete it.")
	return done{}, nil
}

type restoreVerb struct {
	File string `arg:"" help:"The backup."`
	backupPassphrase
}

func (*restoreVerb) onlyTerminal() {}

// restoreObject is a profile that was restored. The recovery code stands here once and nowhere else.
type restoreObject struct {
	V             v1     `json:"v"`
	ID            string `json:"id"`
	Name          string `json:"name"`
	Device        string `json:"device"` // the new one
	Backup        string `json:"backup"`
	Created       stamp  `json:"created"` // when the backup was made
	Contacts      int    `json:"contacts"`
	Conversations int    `json:"conversations"`
	Messages      int    `json:"messages"`
	RecoveryCode  string `json:"recovery_code"`
}

func (o restoreObject) print(p *page) {
	p.pairs(
		[2]string{"name", plain(o.Name)}, [2]string{"id", o.ID}, [2]string{"backup of", o.Created.local()},
		[2]string{"holds", number(o.Messages, "message") + " in " + number(o.Conversations, "conversation") + ", " + number(o.Contacts, "contact")},
		[2]string{"recovery code", o.RecoveryCode},
	)
}

func (v *restoreVerb) do(ctx context.Context, d *desk) (any, error) {
	dir, err := d.dir()
	if err != nil {
		return nil, err
	}
	if profile.Exists(dir) { // said before anybody is asked for a passphrase
		return nil, chat.ErrProfileExists
	}
	old, err := v.backupPassphrase.read(ctx, d, false)
	if err != nil {
		return nil, err
	}
	secret, err := secretSource{
		file: d.flags.PassphraseFile, env: d.flags.PassphraseEnv, prompt: "New passphrase of this profile: ", repeat: true,
	}.read(ctx, d.words)
	if err != nil {
		return nil, err
	}
	p, r, err := profile.Restore(ctx, profile.RestoreOptions{Dir: dir, File: v.File, BackupPassphrase: old, Passphrase: string(secret)})
	switch {
	case errors.Is(err, chat.ErrWrongSecret):
		return nil, explain(err, "That passphrase does not open this backup. Nothing was made.")
	case errors.Is(err, chat.ErrNotFound):
		return nil, explain(err, "There is no such file.")
	case errors.Is(err, backup.ErrDamaged):
		return nil, &failure{Code: "backup-damaged", Exit: exitFailed, Message: "The backup is cut off or altered. Nothing of it was used and nothing was made.", cause: err}
	case errors.Is(err, chat.ErrMalformed):
		return nil, explain(err, "This is not a backup of Sotto. An export is taken in with: sottoctl import PATH")
	case err != nil:
		return nil, err
	}
	d.session.profile = p
	d.say("Write the recovery code down; the one of before opens nothing here. Contacts are told of the new device as soon as this profile connects.")
	d.say("Do not use the earlier profile any more if it still exists: two devices of one identity refuse each other.")
	self, s := p.Messenger.Self(), r.Backup
	return restoreObject{
		ID: self.ID.String(), Name: self.Name, Device: self.Device.String(), Backup: s.ID, Created: stamp(s.Created), Contacts: s.Counts.Contacts,
		Conversations: s.Counts.Conversations, Messages: s.Counts.Messages, RecoveryCode: r.RecoveryCode,
	}, nil
}

// noteBackup says how old the newest backup is. Having none is no fault of the profile.
func (o *doctorObject) noteBackup(ctx context.Context, p *profile.Profile, now time.Time) error {
	list, state, err := p.Backups(ctx)
	switch {
	case err != nil:
		o.note("backup", err, "")
	case state.Last.IsZero():
		o.note("backup", nil, "There is none. Make one with: sottoctl export --encrypt backup --out FILE")
	default:
		age := int(now.Sub(state.Last) / (24 * time.Hour))
		words := fmt.Sprintf("The newest is of %s, %s old; %s known.", stamp(state.Last).local(), number(age, "day"), number(len(list), "backup"))
		if state.Due(now) {
			words += " It is time for another."
		}
		o.note("backup", nil, words)
	}
	return ctx.Err()
}

// reminderSetting is after how long without a backup the person is reminded.
var reminderSetting = setting{
	get: func(ctx context.Context, p *profile.Profile) (string, error) {
		_, state, err := p.Backups(ctx)
		if state.Remind == 0 {
			return "off", err
		}
		return span(state.Remind).String(), err
	},
	put: func(ctx context.Context, p *profile.Profile, value string) error {
		if value == "off" {
			return p.SetBackupReminder(ctx, 0)
		}
		after, err := parseSpan(value)
		if err != nil || after < 24*time.Hour {
			return usagef("backup-reminder is off, or a time of a day or more such as 30d.")
		}
		return p.SetBackupReminder(ctx, after)
	},
}
