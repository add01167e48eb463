package profile

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"sotto/app/messenger"
	"sotto/app/platform"
	"sotto/app/privacy/backup"
	"sotto/app/privacy/export"
	"sotto/app/security"
	"sotto/chat"
	"sotto/chat/content"
	"sotto/crypto/vault"
	"sotto/storage"
	"sotto/storage/search"
)

// Profile is an open profile: its use cases, wired. It is safe for concurrent use.
type Profile struct {
	Person
	Export *export.Exporter
	Import *export.Importer
	Backup *backup.Writer
	Alerts *security.Alerts
	StepUp *security.StepUp
	Relay  *EmbeddedRelay
	Search *search.Index // starts when it is asked first, or by its Start

	folder   *folder
	attempts *security.Attempts
	options  Options
	feed     func() // ends the taking in of alerts
	untend   context.CancelFunc
	tending  sync.WaitGroup

	copies *copies

	mu    sync.Mutex
	guide *guide
	by    opened
	done  bool

	integrity integrity
}

// Options are the same for creating, opening and unlocking a profile. The zero value is right for production.
type Options struct {
	Now func() time.Time // nil: time.Now
	// Params and Limits of passphrase slots; zero: vault.Calibrate and vault.Standard. Tests pass smaller ones as values.
	Params vault.Params
	Limits vault.Limits
	// Keychain is that of the system when nil.
	Keychain platform.Keychain
	// Session tells when the computer wakes up; nil: platform.WatchSession.
	Session func(context.Context) (<-chan platform.SessionEvent, error)

	seen time.Time // has passed for sure, as the profile saw it while it was locked
}

func (o Options) filled() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Keychain == nil {
		o.Keychain = platform.NewKeychain()
	}
	if o.Session == nil {
		o.Session = platform.WatchSession
	}
	return o
}

func (o Options) storage() storage.Options {
	return storage.Options{Params: o.Params, Limits: o.Limits, Now: o.Now}
}

// CreateOptions describe a new profile.
type CreateOptions struct {
	Options
	Dir        string
	Name       string
	Passphrase string
	Relay      string // pass or address of the home relay; empty: the embedded one
	Bot        bool
}

// Create makes a profile in a folder that holds none, and returns it open, with the recovery code to be shown once.
// Errors: chat.ErrProfileExists, ErrProfileInUse, ErrMalformed (empty name or passphrase, relay), ErrDiskFull,
// ErrReadOnly. After an error there is no profile.
func Create(ctx context.Context, o CreateOptions) (p *Profile, recoveryCode string, err error) {
	o.Options = o.filled()
	if content.CleanName(o.Name) == "" {
		return nil, "", fmt.Errorf("%w: empty name", chat.ErrMalformed)
	}
	if Exists(o.Dir) {
		return nil, "", chat.ErrProfileExists
	}
	f, err := hold(o.Dir)
	if err != nil {
		return nil, "", err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.release())
		}
	}()
	if err := storage.Abandon(f.path(restoringName), o.Dir); err != nil {
		return nil, "", err
	}
	relay, err := openEmbedded(f.path(relayName))
	if err != nil {
		return nil, "", err
	}
	so := o.storage()
	so.Passphrase = o.Passphrase
	store, code, err := storage.Create(ctx, o.Dir, so)
	if err != nil {
		return nil, "", err
	}
	home := o.Relay
	if home == "" {
		home = relay.LoopbackPass()
	}
	_, err = messenger.Create(ctx, store, messenger.Profile{Name: o.Name, Bot: o.Bot, Relay: home}, o.Now())
	if err != nil {
		return nil, "", errors.Join(err, store.Close(), storage.Destroy(o.Dir, lockName))
	}
	p, err = compose(ctx, f, relay, store, o.Options)
	if err != nil {
		return nil, "", errors.Join(err, store.Close())
	}
	f.begin()
	err = store.Update(ctx, func(tx chat.Tx) error { return p.Audit.Record(tx, "profile.created", "", "") })
	if err != nil {
		return nil, "", errors.Join(err, p.shut())
	}
	return p, code.Text(), nil
}

// OpenOptions say which profile to open, and with what.
type OpenOptions struct {
	Options
	Dir    string
	Secret Secret
}

// Open unlocks a profile. Errors: chat.ErrNoProfile, ErrProfileInUse, ErrWrongSecret, a [chat.DelayError] after too many
// of those, ErrVaultDamaged, ErrDamaged, ErrNewerFormat, ErrDiskFull, ErrReadOnly.
func Open(ctx context.Context, o OpenOptions) (*Profile, error) {
	o.Options = o.filled()
	if !Exists(o.Dir) {
		return nil, chat.ErrNoProfile
	}
	f, err := hold(o.Dir)
	if err != nil {
		return nil, err
	}
	if err := storage.Abandon(f.path(restoringName), o.Dir); err != nil {
		return nil, errors.Join(err, f.release())
	}
	_ = wipeCopies(f.path(storage.TempFolder)) // before any secret is tried; what stays is removed with the store's opening
	relay, err := openEmbedded(f.path(relayName))
	if err != nil {
		return nil, errors.Join(err, f.release())
	}
	p, err := unlock(ctx, f, relay, o.Secret, o.Options)
	if err != nil {
		return nil, errors.Join(err, f.release())
	}
	return p, nil
}

// unlock opens the store of a folder that is held and composes the use cases on it.
func unlock(ctx context.Context, f *folder, relay *EmbeddedRelay, secret Secret, o Options) (*Profile, error) {
	attempts := security.NewAttempts(f.path(attemptsName), o.Now)
	failed, err := attempts.Failed()
	if err != nil {
		return nil, err
	}
	var store *storage.Store
	var by opened
	try := attempts.Try
	if secret.keychain {
		try = attempts.Unguessed
	}
	err = try(func() (err error) {
		if store, by, err = secret.open(ctx, f.dir, o); err != nil {
			return err
		}
		// Before the count is cleared. A full disk or a damaged log keeps nobody out of what is theirs.
		_ = store.Update(ctx, func(tx chat.Tx) error {
			return errors.Join(security.RecordUnlock(tx, security.NewAudit(o.Now), failed), recordUse(tx, store, o.Now()))
		})
		return nil
	})
	if err != nil {
		if store != nil {
			err = errors.Join(err, store.Close())
		}
		return nil, named(err)
	}
	p, err := compose(ctx, f, relay, store, o)
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	p.by = by
	debug.FreeOSMemory() // what the derivation of the key took, which can be much
	p.integrity.state.Unclean = f.uncleanStop()
	f.begin()
	return p, nil
}

// UnlockWait returns how long the next attempt to open the profile in dir has to wait.
func UnlockWait(dir string, o Options) (time.Duration, error) {
	return security.NewAttempts((&folder{dir: dir}).path(attemptsName), o.filled().Now).Wait()
}

// compose wires the use cases on an open store.
func compose(ctx context.Context, f *folder, relay *EmbeddedRelay, store *storage.Store, o Options) (*Profile, error) {
	person, err := embody(ctx, store, o.Now, o.seen)
	if err != nil {
		return nil, err
	}
	// Before anything is shown. Nobody is kept out of what is theirs by a full disk or a damaged row.
	if err := person.Messenger.Expire(ctx); err != nil && !errors.Is(err, chat.ErrDiskFull) &&
		!errors.Is(err, chat.ErrReadOnly) && !errors.Is(err, chat.ErrDamaged) {
		return nil, errors.Join(err, person.Messenger.Close())
	}
	p := &Profile{
		Person:   person,
		Alerts:   security.NewAlerts(store),
		Relay:    relay,
		folder:   f,
		attempts: security.NewAttempts(f.path(attemptsName), o.Now),
		options:  o,
		copies:   newCopies(f.path(storage.TempFolder)),
		Search:   search.New(store.Store, f.path(searchName), search.Options{}),
	}
	p.StepUp = security.NewStepUp(store, p.Audit, p, p.attempts, o.Now)
	p.Import = &export.Importer{
		Store: store, Blobs: store.Blobs(), Audit: p.Audit, Self: func() chat.ContactID { return p.Messenger.Self().ID }, Temp: f.path(storage.TempFolder), Now: o.Now,
		Taken: person.Retention.Forget,
	}
	p.Backup = p.newBackup()
	p.Export = &export.Exporter{
		Store: store, Blobs: store.Blobs(), Audit: p.Audit, Identity: p.Messenger.Identity(), Name: func() string { return p.Messenger.Self().Name },
		Now: o.Now, Folder: f.dir, Warn: warningsOf,
	}
	return p, nil
}

// Start connects the profile: the embedded relay, the messenger, the Guide when it was added. What cannot be reached is
// tried again behind it; an error means that the profile cannot work at all.
func (p *Profile) Start(ctx context.Context) error {
	if err := p.startRelay(ctx); err != nil {
		return err
	}
	if err := p.tend(ctx); err != nil {
		return err
	}
	p.takeAlerts(ctx)
	if err := p.Messenger.Start(ctx); err != nil {
		return fmt.Errorf("start the messenger: %w", err)
	}
	return p.resumeGuide(ctx)
}

// takeAlerts feeds the alerts of the event stream into the list of alerts, those first that came before.
func (p *Profile) takeAlerts(ctx context.Context) {
	raise := func(e messenger.Event) {
		if !alarms(e) {
			return
		}
		times := 1
		if e.Type == messenger.EventAlert {
			times = max(e.Count, 1)
		}
		_ = p.Alerts.Raise(ctx, e.Seq, security.Alert{ // what fails now is taken in at the next start
			Code: e.Detail, Contact: e.Contact, Relay: e.Relay, Count: times, First: e.Time, Last: e.Time,
		})
	}
	p.feed = p.Messenger.Subscribe(raise)
	seq, err := p.Alerts.Taken(ctx)
	for err == nil {
		var events []messenger.Event
		if events, err = p.Messenger.EventsSince(ctx, seq, 500); len(events) == 0 {
			return
		}
		for _, e := range events {
			raise(e)
			seq = e.Seq
		}
	}
}

// alarms reports whether an event deserves a look: the alerts, and what happened to the devices and sessions of a contact
// that does not happen every day.
func alarms(e messenger.Event) bool {
	switch e.Type {
	case messenger.EventAlert:
		return true
	case messenger.EventSession:
		switch e.Detail {
		case messenger.AlertOverdue, messenger.SessionLost, messenger.SessionResent, messenger.SessionResendHeld,
			messenger.SessionResendRefused:
			return true
		}
	case messenger.EventContact:
		return e.Detail == messenger.ContactDeviceRemoved || e.Detail == messenger.ContactDevicesExpired
	}
	return false
}

func (p *Profile) recorded(ctx context.Context, err error, action string) error {
	if err != nil {
		return err
	}
	return p.store.Update(ctx, func(tx chat.Tx) error { return p.Audit.Record(tx, action, "", "") })
}

// Setting returns a small sealed setting of the window; chat.ErrNotFound when it was never put.
func (p *Profile) Setting(ctx context.Context, name string) (value []byte, err error) {
	err = p.store.View(ctx, func(tx chat.Tx) (err error) {
		value, err = tx.Settings().Get(name)
		return err
	})
	return value, err
}

// PutSetting keeps a small setting, sealed.
func (p *Profile) PutSetting(ctx context.Context, name string, value []byte) error {
	return p.store.Update(ctx, func(tx chat.Tx) error { return tx.Settings().Put(name, value) })
}

// View reads the store in one unit of work.
func (p *Profile) View(ctx context.Context, f func(chat.Tx) error) error { return p.store.View(ctx, f) }

// SetNetwork switches the embedded relay's local-network side. Switched on, new invitations and mailboxes carry this
// computer's address there, when the embedded relay is the home relay; switched off, the loopback address again. It
// answers chat.ErrUnsupported when this computer has no address on a local network.
func (p *Profile) SetNetwork(ctx context.Context, on bool) error {
	pass := p.Relay.LoopbackPass()
	if on {
		var err error
		if pass, err = p.Relay.NetworkPass(); err != nil {
			return err
		}
	}
	embedded, err := p.homeIsEmbedded(ctx)
	if err != nil {
		return err
	}
	if err := p.Relay.SetNetwork(on); err != nil {
		return err
	}
	if !embedded {
		return nil
	}
	return p.Messenger.SetHomeRelay(ctx, pass)
}

// homeIsEmbedded reports whether the home relay is the embedded one, under either of its addresses.
func (p *Profile) homeIsEmbedded(ctx context.Context) (bool, error) {
	home, err := p.Messenger.HomeRelay(ctx)
	if err != nil {
		return false, err
	}
	return p.Relay.is(home), nil
}

// Close ends the profile: delivery, Guide, relay, store, and the hold on the folder.
func (p *Profile) Close() error {
	if !p.end() {
		return nil
	}
	p.recordLock()
	return errors.Join(p.shut(), p.Relay.Close(), p.folder.release())
}

// recordLock takes into the audit log that the keys go. A full disk or a damaged log must not keep them here.
func (p *Profile) recordLock() {
	_ = p.store.Update(context.Background(), func(tx chat.Tx) error { return security.RecordLock(tx, p.Audit) })
}

// end reports whether the caller is the one that ends the profile.
func (p *Profile) end() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	first := !p.done
	p.done = true
	return first
}

// searchLeave bounds how long the search index may take to save itself at the end; unsaved, it is built anew.
const searchLeave = 3 * time.Second

// shut ends what needs the keys: use cases and store.
func (p *Profile) shut() error {
	if p.feed != nil {
		p.feed()
	}
	if p.untend != nil {
		p.untend()
		p.tending.Wait()
	}
	wiped := p.copies.close()
	p.StepUp.Forget()
	ctx, cancel := context.WithTimeout(context.Background(), searchLeave)
	defer cancel()
	err := errors.Join(p.stopGuide(), p.Messenger.Close(), p.Search.Close(ctx), p.Person.close())
	if err == nil && p.settled() {
		p.folder.endWell()
	}
	return errors.Join(err, wiped)
}
