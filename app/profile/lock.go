package profile

import (
	"context"
	"errors"
	"runtime/debug"
	"sync"

	"sotto/app/messenger"
	"sotto/transport/client"
	"sotto/transport/wire"
)

// Locked is a locked profile: it holds the folder, serves the embedded relay and stays subscribed to its mailboxes, so
// that it can say "New messages". It has no key that opens anything, and acknowledges nothing.
type Locked struct {
	folder  *folder
	relay   *EmbeddedRelay
	options Options

	expiry *lockedExpiry // nil: what ends goes at unlock

	mu      sync.Mutex
	arrival func()
	clients []*client.Client
	group   sync.WaitGroup
	done    bool
}

// Lock drops everything that needs the keys and answers what is left. Buffers that Sotto owns are overwritten; memory
// that the runtime or the system still holds may keep traces (docs/THREATMODEL.md).
func (p *Profile) Lock(ctx context.Context) (*Locked, error) {
	keys, err := p.Messenger.MailboxKeys(ctx)
	if err != nil {
		keys = nil // a damaged or full store must not keep the profile from being locked
	}
	if !p.end() {
		return nil, errors.New("profile: ended already")
	}
	p.recordLock()
	expiry := p.leave(ctx)
	err = p.shut()
	l := &Locked{folder: p.folder, relay: p.Relay, options: p.options, expiry: expiry}
	l.expiry.start()
	for address, owned := range keys {
		l.watch(address, owned)
	}
	debug.FreeOSMemory()
	return l, err
}

// watch stays subscribed to the mailboxes on one relay.
func (l *Locked) watch(address string, owned []wire.Owned) {
	parsed, err := wire.ParseAddress(address)
	if err != nil {
		return
	}
	c := client.New(client.Options{Address: parsed, Now: l.options.Now})
	c.Subscribe(owned...)
	l.clients = append(l.clients, c)
	l.group.Go(func() {
		for {
			select {
			case <-c.Done():
				return
			case <-c.Pushes():
				l.arrived()
			}
		}
	})
}

// OnArrival calls f, from a goroutine of its own, whenever something waits in a mailbox.
func (l *Locked) OnArrival(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.arrival = f
}

func (l *Locked) arrived() {
	l.mu.Lock()
	f := l.arrival
	l.mu.Unlock()
	if f != nil {
		f()
	}
}

// Disconnect ends the subscriptions, for who does not want to be reachable while locked.
func (l *Locked) Disconnect() error {
	l.mu.Lock()
	clients := l.clients
	l.clients = nil
	l.mu.Unlock()
	var errs []error
	for _, c := range clients {
		errs = append(errs, c.Close())
	}
	l.group.Wait()
	return errors.Join(errs...)
}

// Unlock opens the profile again, started. After an error the Locked stays as it is. Errors: those of [Open].
func (l *Locked) Unlock(ctx context.Context, secret Secret) (*Profile, error) {
	options := l.options
	options.seen = l.expiry.stop()
	p, err := unlock(ctx, l.folder, l.relay, secret, options)
	if err != nil {
		l.expiry.start()
		return nil, err
	}
	if err := errors.Join(l.Disconnect(), p.Start(ctx)); err != nil {
		return nil, errors.Join(err, p.shut())
	}
	l.mu.Lock()
	l.done = true
	l.mu.Unlock()
	return p, nil
}

// Close ends a locked profile. After Unlock it does nothing.
func (l *Locked) Close() error {
	l.mu.Lock()
	first := !l.done
	l.done = true
	l.mu.Unlock()
	if !first {
		return nil
	}
	l.expiry.stop()
	return errors.Join(l.Disconnect(), l.relay.Close(), l.folder.release())
}

var _ messenger.Relay = (*client.Client)(nil)
