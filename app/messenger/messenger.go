package messenger

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"sotto/chat"
	"sotto/chat/content"
	"sotto/crypto/identity"
)

// Messenger is one identity with its store: the use cases, and the delivery that goes on behind them between Start and
// Close. It is safe for concurrent use.
type Messenger struct {
	store    chat.Store
	gate     chat.Gate
	auditor  chat.Auditor
	now      func() time.Time
	handlers map[content.Kind]Handler
	keys     keys
	known    identity.Known // certificates and device lists that were verified in this run
	ratchets ratchets       // guarded by commits
	clock    *clock         // by which messages end

	commits sync.Mutex // orders commits with what subscribers hear of them
	rolled  bool       // a rollback was noticed in this run; guarded by commits
	hub     hub[Event]
	pool    *pool
	outbox  *outbox
	tender  *tender
	expirer *expirer

	blobs     chat.Blobs // nil: files are neither sent nor fetched
	transfers *transfers

	retention Retention // nil: the person has no rules

	busy     atomic.Int64 // batches of pushes being committed
	received atomic.Int64 // pushes taken, in this run

	ctx    context.Context
	cancel context.CancelFunc
	group  sync.WaitGroup

	mu      sync.Mutex
	self    Self
	started bool
	damaged bool // it was told that rows of the history are damaged
	typing  map[chat.ConversationID]typingNotice
	renewed map[chat.ContactID]time.Time // last try for a new session
	closed  bool
}

// Open reads the identity from the store. It answers chat.ErrNoProfile when there is none. Nothing is sent or received
// before Start.
func Open(ctx context.Context, opts Options) (*Messenger, error) {
	if opts.Store == nil || opts.Relays == nil || opts.Gate == nil {
		return nil, errors.New("messenger: store, relays and gate are required")
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	k, self, err := loadKeys(ctx, opts.Store, opts.Now())
	if err != nil {
		return nil, err
	}
	var seen *clock
	err = opts.Store.View(ctx, func(tx chat.Tx) (err error) {
		seen, err = loadClock(tx, opts.Now, opts.Seen)
		return err
	})
	if err != nil {
		return nil, err
	}
	m := &Messenger{
		store: opts.Store, gate: opts.Gate, auditor: opts.Auditor, now: opts.Now, handlers: opts.Handlers,
		clock: seen, retention: opts.Retention, blobs: opts.Blobs,
		keys: k, self: self, typing: map[chat.ConversationID]typingNotice{}, renewed: map[chat.ContactID]time.Time{},
	}
	m.ctx, m.cancel = context.WithCancel(context.Background())
	m.pool = newPool(m, opts.Relays)
	m.outbox = newOutbox(m)
	m.tender = newTender(m)
	m.expirer = newExpirer(m)
	m.transfers = newTransfers(m)
	return m, nil
}

// Start connects to the relays of the own mailboxes and begins to send and receive. It returns at once.
func (m *Messenger) Start(ctx context.Context) error {
	m.mu.Lock()
	if m.closed || m.started {
		m.mu.Unlock()
		return nil
	}
	m.started = true
	m.mu.Unlock()
	if err := m.Expire(ctx); err != nil && !laterPerhaps(err) {
		return fmt.Errorf("start: %w", err)
	}
	if err := m.update(ctx, (*unit).reconnect); err != nil {
		return fmt.Errorf("start: %w", err)
	}
	var mailboxes []chat.Mailbox
	err := m.view(ctx, func(tx chat.Tx) (err error) {
		mailboxes, err = tx.Mailboxes().List()
		return err
	})
	if err != nil {
		return fmt.Errorf("start: %w", err)
	}
	for _, mb := range mailboxes {
		if !mb.Renewed.IsZero() {
			m.pool.subscribe(mb)
		}
	}
	m.takeOver()
	m.group.Go(m.expirer.run)
	m.group.Go(m.tender.run)
	m.group.Go(m.transfers.run)
	m.group.Go(func() {
		m.tender.awaitGenerations()
		m.outbox.run()
	})
	m.outbox.rescan()
	m.tender.wake()
	return nil
}

// Close ends delivery and waits for what is under way. What was queued stays queued.
func (m *Messenger) Close() error {
	m.mu.Lock()
	if m.closed {
		m.mu.Unlock()
		return nil
	}
	m.closed = true
	m.mu.Unlock()
	m.cancel()
	m.pool.close()
	m.group.Wait()
	m.hub.close()
	m.transfers.watch.close()
	m.keys.own.Device.Erase()
	m.keys.identity.Erase()
	m.known.Forget()
	m.commits.Lock()
	defer m.commits.Unlock()
	m.ratchets.close()
	return nil
}

// Self returns who this messenger is.
func (m *Messenger) Self() Self {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.self
}

// SetName changes the profile name and tells it to the accepted contacts.
func (m *Messenger) SetName(ctx context.Context, name string) error {
	name = content.CleanName(name)
	if name == "" {
		return fmt.Errorf("%w: empty name", chat.ErrMalformed)
	}
	err := m.update(ctx, func(u *unit) error {
		if err := u.Settings().Put(settingName, []byte(name)); err != nil {
			return err
		}
		contacts, err := u.Contacts().List()
		if err != nil {
			return err
		}
		for _, c := range contacts {
			if c.State != chat.ContactAccepted {
				continue
			}
			if err := u.enqueueBody(c.ID, content.Profile{Name: name, Bot: m.Self().Bot}, queueOptions{}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("set name: %w", err)
	}
	m.mu.Lock()
	m.self.Name = name
	m.mu.Unlock()
	return nil
}
