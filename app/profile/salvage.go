package profile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"sotto/app/messenger"
	"sotto/app/privacy/export"
	"sotto/app/security"
	"sotto/chat"
	"sotto/chat/disk"
	"sotto/crypto/identity"
	"sotto/storage"
)

// SalvageFile is the name of the report in the folder of a salvage.
const SalvageFile = "salvage.json"

// SalvageOptions say what to save, and where to.
type SalvageOptions struct {
	Options
	Dir      string
	Secret   Secret // a passphrase, alone or with a key file, or the recovery code
	Out      string // folder to make; its parent must exist
	Zone     *time.Location
	Progress func(done, total int) // may be nil
}

// SalvageReport is salvage.json: what could not be read. Fields are only ever added.
type SalvageReport struct {
	V             int             `json:"v"` // 1
	Created       string          `json:"created"`
	Complete      bool            `json:"complete"` // nothing is missing
	Signed        bool            `json:"signed"`   // the identity could be read, and signed the export
	VaultDamaged  bool            `json:"vault_damaged"`
	File          SalvagedFile    `json:"file"`
	Tables        []SalvagedTable `json:"tables"`
	Conversations []SalvagedTalk  `json:"conversations"`
}

// SalvagedFile tells of the files of the history.
type SalvagedFile struct {
	Pages           int  `json:"pages"`
	UnreadablePages int  `json:"unreadable_pages"`
	LogPages        int  `json:"log_pages"`
	UnreadableInLog int  `json:"unreadable_log_pages"`
	LogLost         bool `json:"log_lost"` // what was written last is missing, and what was deleted last may be here
}

// SalvagedTable counts the rows of one table.
type SalvagedTable struct {
	Table    string `json:"table"`
	Expected *int   `json:"expected"` // null: not known
	Readable int    `json:"readable"`
	Damaged  int    `json:"damaged"`
}

// SalvagedTalk counts the messages of one conversation.
type SalvagedTalk struct {
	ID       string          `json:"id"`
	Readable int             `json:"readable"`
	Lost     int             `json:"lost"`
	Exact    bool            `json:"exact"`   // false: more may be lost
	Rebuilt  bool            `json:"rebuilt"` // members and settings are lost too
	Places   []SalvagedPlace `json:"places"`
}

// SalvagedPlace is where messages are missing.
type SalvagedPlace struct {
	After string `json:"after"` // id of the message before; empty: they were the first
	Lost  int    `json:"lost"`
}

// Lost returns how many messages are known to be missing.
func (r SalvageReport) Lost() (n int) {
	for _, c := range r.Conversations {
		n += c.Lost
	}
	return n
}

// Salvaged says what was saved.
type Salvaged struct {
	Export export.Summary
	Report SalvageReport
}

// Salvage writes everything that can still be read of a damaged profile as an export, files of messages included, with a
// report of what of the history cannot (the manifest of the export lists the files that are missing, and why), and
// leaves the files of the profile as they are. It is for a profile that is closed. Errors: those of [Open] but
// chat.ErrDamaged only when no key can be read and chat.ErrVaultDamaged only when no slot can; chat.ErrExists,
// chat.ErrUnsupported for a secret of the keychain, chat.ErrDiskFull and chat.ErrReadOnly of the place to write to.
func Salvage(ctx context.Context, o SalvageOptions) (Salvaged, error) {
	o.Options = o.filled()
	if !Exists(o.Dir) {
		return Salvaged{}, chat.ErrNoProfile
	}
	f, err := hold(o.Dir)
	if errors.Is(err, chat.ErrReadOnly) {
		return salvage(ctx, nil, o) // from a disk that takes no writes: nobody else writes there either
	}
	if err != nil {
		return Salvaged{}, err
	}
	out, err := salvage(ctx, f, o)
	return out, errors.Join(err, f.release())
}

// Salvage is [Salvage] for a profile that this process holds locked.
func (l *Locked) Salvage(ctx context.Context, o SalvageOptions) (Salvaged, error) {
	o.Options, o.Dir = l.options, l.folder.dir
	return salvage(ctx, l.folder, o)
}

func salvage(ctx context.Context, f *folder, o SalvageOptions) (Salvaged, error) {
	out := filepath.Clean(o.Out)
	if _, err := os.Lstat(out); err == nil {
		return Salvaged{}, fmt.Errorf("%w: the folder for what is saved", chat.ErrExists)
	}
	scratch, err := os.MkdirTemp(filepath.Dir(out), ".sotto-salvage-*")
	if err != nil {
		return Salvaged{}, disk.Error(err)
	}
	defer os.RemoveAll(scratch) //nolint:errcheck // sealed under a key that is gone
	try := func(open func() error) error { return open() }
	if f != nil {
		try = security.NewAttempts(f.path(attemptsName), o.Now).Try
	}
	var s *storage.Salvaged
	err = try(func() error {
		secret, err := o.Secret.stored()
		if err != nil {
			return err
		}
		s, err = storage.Salvage(ctx, o.Dir, secret, filepath.Join(scratch, "history"), o.storage(), o.portion(0, 2))
		return err
	})
	if err != nil {
		if s != nil {
			err = errors.Join(err, s.Discard())
		}
		return Salvaged{}, named(err)
	}
	written, err := o.write(ctx, s, out)
	return written, errors.Join(err, s.Discard())
}

// stored is the secret as the store takes it.
func (s Secret) stored() (storage.Secret, error) {
	switch {
	case s.keychain:
		return storage.Secret{}, fmt.Errorf("%w: a salvage with the keychain", chat.ErrUnsupported)
	case s.code != "":
		return storage.RecoveryCode(s.code), nil
	case s.keyFile != "":
		key, err := readKeyFile(s.keyFile)
		return storage.WithKeyFile(s.passphrase, key), err
	}
	return storage.Passphrase(s.passphrase), nil
}

// portion is the progress of one of several parts.
func (o SalvageOptions) portion(part, parts int) func(done, total int) {
	return func(done, total int) {
		if o.Progress != nil && total > 0 {
			o.Progress(part*1000+done*1000/total, parts*1000)
		}
	}
}

// write makes the export of what was saved.
func (o SalvageOptions) write(ctx context.Context, s *storage.Salvaged, out string) (Salvaged, error) {
	who, name, err := storedIdentity(ctx, s)
	if err != nil {
		return Salvaged{}, err
	}
	if who != nil {
		defer who.Erase()
	}
	saved := Salvaged{Report: o.report(s, who != nil)}
	text, err := json.MarshalIndent(saved.Report, "", " ")
	if err != nil {
		return Salvaged{}, err
	}
	x := export.Exporter{Store: s, Blobs: s.Blobs(), Folder: o.Dir, Identity: who, Name: func() string { return name }, Now: o.Now, Warn: warningsOf}
	saved.Export, err = x.Write(ctx, export.Request{
		Out: out, Zone: o.Zone, Progress: o.portion(1, 2), Attach: map[string][]byte{SalvageFile: append(text, '\n')},
	})
	return saved, err
}

// storedIdentity reads who it was; nil when that is lost.
func storedIdentity(ctx context.Context, s chat.Store) (who *identity.Identity, name string, err error) {
	err = s.View(ctx, func(tx chat.Tx) error {
		who, name, err = messenger.StoredIdentity(tx)
		return err
	})
	if errors.Is(err, chat.ErrNotFound) || errors.Is(err, chat.ErrDamaged) {
		return nil, "", nil
	}
	return who, name, err
}

func (o SalvageOptions) report(s *storage.Salvaged, signed bool) SalvageReport {
	w := s.Wreck
	r := SalvageReport{
		V: 1, Created: o.Now().UTC().Format("2006-01-02T15:04:05.000Z"), Complete: w.Whole() && signed && !s.VaultDamaged, Signed: signed,
		VaultDamaged: s.VaultDamaged, Tables: []SalvagedTable{}, Conversations: []SalvagedTalk{},
		File: SalvagedFile{
			Pages: w.Pages, UnreadablePages: w.Unreadable, LogPages: w.Frames, UnreadableInLog: w.StrayFrames, LogLost: w.LogLost,
		},
	}
	for _, t := range w.Tables {
		table := SalvagedTable{Table: t.Name, Readable: t.Readable, Damaged: t.Damaged}
		if t.Expected >= 0 {
			table.Expected = &t.Expected
		}
		r.Tables = append(r.Tables, table)
	}
	for _, c := range w.Threads {
		talk := SalvagedTalk{
			ID: c.ID.String(), Readable: c.Readable, Lost: c.Lost, Exact: c.Known, Rebuilt: c.Rebuilt, Places: []SalvagedPlace{},
		}
		for _, p := range c.Places {
			place := SalvagedPlace{Lost: p.Count}
			if !p.After.IsZero() {
				place.After = p.After.String()
			}
			talk.Places = append(talk.Places, place)
		}
		r.Conversations = append(r.Conversations, talk)
	}
	return r
}
