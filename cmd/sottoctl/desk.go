package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"sotto/app/messenger"
	"sotto/app/profile"
	"sotto/chat"
)

// desk is what a verb works at: where it reads and writes, and the profile, opened when the first verb needs it.
type desk struct {
	flags globals
	in    *os.File // nil over rpc: "-" is then an ordinary text
	out   io.Writer
	words io.Writer
	emit  func(any) error // prints one object of a verb that streams; nil: the verb collects and answers them
	// notify writes a notification of rpc; nil: there is nobody to notify.
	notify func(method string, params any)
	input  context.Context // ends with the input of rpc, so that what waits for more to happen ends too

	session *session
}

// session is the open profile of this process; copies of a desk share it.
type session struct {
	mu      sync.Mutex
	profile *profile.Profile // nil: not opened, or deleted
	started bool
	typed   string // the passphrase, for the one verb that needs it again
}

func newDesk(flags globals, in *os.File, out, words io.Writer) *desk {
	d := &desk{flags: flags, in: in, out: out, words: words, input: context.Background(), session: &session{}}
	d.emit = d.show
	return d
}

// dir is the folder of the profile.
func (d *desk) dir() (string, error) {
	if d.flags.Profile != "" {
		return d.flags.Profile, nil
	}
	return profile.DefaultDir(), nil
}

// passphrase returns the passphrase of the profile, typed at most once.
func (d *desk) passphrase(ctx context.Context) (string, error) {
	if d.session.typed != "" {
		return d.session.typed, nil
	}
	source := secretSource{file: d.flags.PassphraseFile, env: d.flags.PassphraseEnv, prompt: "Passphrase: "}
	secret, err := source.read(ctx, d.words)
	return string(secret), err
}

// open unlocks the profile, once, without any connection.
func (d *desk) open(ctx context.Context) (*profile.Profile, error) {
	d.session.mu.Lock()
	defer d.session.mu.Unlock()
	return d.unlock(ctx)
}

func (d *desk) unlock(ctx context.Context) (*profile.Profile, error) {
	if d.session.profile != nil {
		return d.session.profile, nil
	}
	dir, err := d.dir()
	if err != nil {
		return nil, err
	}
	if !profile.Exists(dir) { // said before anybody is asked for a passphrase
		return nil, chat.ErrNoProfile
	}
	if d.flags.Keychain {
		p, err := d.enter(ctx, dir, profile.Keychain())
		if err == nil && d.flags.KeyFile != "" {
			err = p.PresentKeyFile(d.flags.KeyFile)
		}
		return p, err
	}
	if w, err := profile.WaysIn(dir, profile.Options{}); err == nil && d.flags.KeyFile == "" && w.KeyFile && !w.Passphrase {
		return nil, profile.ErrKeyFileNeeded
	}
	secret, err := d.passphrase(ctx)
	if err != nil {
		return nil, err
	}
	if d.flags.KeyFile != "" {
		return d.enter(ctx, dir, profile.WithKeyFile(secret, d.flags.KeyFile))
	}
	return d.enter(ctx, dir, profile.Passphrase(secret))
}

// enter opens the profile with a secret.
func (d *desk) enter(ctx context.Context, dir string, secret profile.Secret) (*profile.Profile, error) {
	p, err := profile.Open(ctx, profile.OpenOptions{Dir: dir, Secret: secret})
	if err != nil {
		return nil, err
	}
	d.session.profile = p
	return p, nil
}

// connect is open with the connections started. They last as long as the profile is open, not only this command.
func (d *desk) connect(ctx context.Context) (*profile.Profile, error) {
	d.session.mu.Lock()
	defer d.session.mu.Unlock()
	p, err := d.unlock(ctx)
	if err != nil || d.session.started {
		return p, err
	}
	if err := p.Start(context.WithoutCancel(ctx)); err != nil {
		return nil, err
	}
	d.session.started = true
	return p, nil
}

// local returns the use cases without any connection.
func (d *desk) local(ctx context.Context) (*messenger.Messenger, error) {
	p, err := d.open(ctx)
	if err != nil {
		return nil, err
	}
	return p.Messenger, nil
}

// online returns the use cases with the connections started.
func (d *desk) online(ctx context.Context) (*messenger.Messenger, error) {
	p, err := d.connect(ctx)
	if err != nil {
		return nil, err
	}
	return p.Messenger, nil
}

// deleted forgets the profile after everything of it was deleted.
func (d *desk) deleted() {
	d.session.mu.Lock()
	defer d.session.mu.Unlock()
	d.session.profile = nil
}

func (d *desk) close() error {
	d.session.mu.Lock()
	defer d.session.mu.Unlock()
	if d.session.profile == nil {
		return nil
	}
	err := d.session.profile.Close()
	d.session.profile = nil
	return err
}

// say writes a sentence beside the results.
func (d *desk) say(format string, args ...any) {
	if !d.flags.JSON {
		fmt.Fprintf(d.words, format+"\n", args...)
	}
}

// text returns an argument, or standard input for "-" on the command line. A last line end of the input is dropped.
func (d *desk) text(argument string, limit int) (string, error) {
	if argument != "-" || d.in == nil {
		return argument, nil
	}
	b, err := io.ReadAll(io.LimitReader(d.in, int64(limit)+1))
	if err != nil {
		return "", fmt.Errorf("reading standard input: %w", err)
	}
	if len(b) > limit {
		return "", chat.ErrTooLarge
	}
	return strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r"), nil
}

// contact returns the object of a contact as it is now.
func (d *desk) contact(ctx context.Context, m *messenger.Messenger, id chat.ContactID) (contactObject, error) {
	c, err := m.Contact(ctx, id)
	if err != nil {
		return contactObject{}, err
	}
	return withUnread(ctx, m, c)
}

func withUnread(ctx context.Context, m *messenger.Messenger, c chat.Contact) (contactObject, error) {
	conv, err := m.Conversation(ctx, m.ConversationWith(c.ID))
	if err != nil && !errors.Is(err, chat.ErrNotFound) {
		return contactObject{}, err
	}
	o := newContact(c, conv.Unread)
	after, err := m.Timer(ctx, m.ConversationWith(c.ID))
	o.Timer = lasting(after)
	return o, err
}

// find returns the contact of a name, id or prefix, and says which one failed.
func find(ctx context.Context, m *messenger.Messenger, name string) (chat.Contact, error) {
	c, err := m.Find(ctx, name)
	switch {
	case errors.Is(err, chat.ErrNotFound):
		return c, explain(err, "There is no contact %q.", plain(name))
	case errors.Is(err, chat.ErrAmbiguous):
		return c, explain(err, "More than one contact fits %q. Use more of the id.", plain(name))
	}
	return c, err
}
