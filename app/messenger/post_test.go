package messenger

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"sotto/app/apptest/memstore"
	"sotto/app/apptest/noblobs"
	"sotto/chat"
	"sotto/transport/wire"
)

// post is two people whose envelopes lie on a table until the test hands one over. A step opens a messenger on a copy of
// its store, acts, and closes it: every step is a restart, and a post can be copied and go two ways.
type post struct {
	now    time.Time
	stores [2]*memstore.Store
	boxes  [2]chat.MailboxID // where each reads the other
	ids    [2]chat.ContactID
	table  [2][]wire.Push // on their way to each
	pools  [2]shelf
	cells  [2][]byte
	lost   bool // the answer to the next change of a cell is lost
	said   int
	gate   chat.Gate // what both may; nil: nothing

	onSend func() // before an envelope comes to lie on the table
}

// shelf is what the relay holds of a mailbox.
type shelf struct {
	bundle  []byte
	prekeys []wire.Prekey
}

const postRelay = "sotto-relay://127.0.0.1:4001#plain"

func (p *post) copied() *post {
	q := *p
	for i := range q.stores {
		q.stores[i] = p.stores[i].Image()
		q.table[i] = slices.Clone(p.table[i])
		q.pools[i].prekeys = slices.Clone(p.pools[i].prekeys)
	}
	return &q
}

// newPost makes two accepted contacts without a session.
func newPost(t testing.TB) *post {
	t.Helper()
	p := &post{now: time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)}
	names := []string{"Ada", "Ben"}
	routes := [2]chat.Route{}
	for i, name := range names {
		p.stores[i] = memstore.New()
		self, err := Create(t.Context(), p.stores[i], Profile{Name: name, Relay: postRelay}, p.now)
		if err != nil {
			t.Fatal(err)
		}
		p.ids[i] = self.ID
	}
	for i := range names {
		peer := p.ids[1-i]
		p.as(t, i, func(m *Messenger) {
			var mb chat.Mailbox
			err := m.update(t.Context(), func(u *unit) (err error) {
				contact := chat.Contact{ID: peer, Name: names[1-i], State: chat.ContactAccepted, Verification: chat.Unverified, Created: u.now, Accepted: u.now}
				if err := u.Contacts().Put(contact); err != nil {
					return err
				}
				if err := u.ensureConversation(peer); err != nil {
					return err
				}
				// A session with a device of old: they are not strangers that lost everything.
				if err := u.Sessions().Put(chat.Session{ID: chat.SessionID{9}, Peer: peer, Archived: u.now}); err != nil {
					return err
				}
				if mb, err = u.newReach(peer, postRelay, mailboxCredential{}); err != nil {
					return err
				}
				mb.Renewed = u.now
				return u.Mailboxes().Put(mb)
			})
			if err != nil {
				t.Fatal(err)
			}
			p.boxes[i] = mb.ID
			routes[i] = chat.Route{
				Peer: p.ids[i], Device: m.Self().Device, Seq: 1, Relay: postRelay, Mailbox: mb.ID, Token: mb.Token, Secret: mb.Secret,
			}
			if err := m.publish(t.Context(), &desk{p: p}, mb, 4); err != nil {
				t.Fatal(err)
			}
		})
	}
	for i := range names {
		err := p.stores[i].Update(t.Context(), func(tx chat.Tx) error { return tx.Routes().Put(routes[1-i]) })
		if err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// as opens the messenger of one side for one step.
func (p *post) as(t testing.TB, i int, step func(*Messenger)) {
	t.Helper()
	gate := p.gate
	if gate == nil {
		gate = nobody{}
	}
	m, err := Open(context.Background(), Options{
		Store: p.stores[i], Relays: p, Gate: gate, Now: func() time.Time { return p.now },
	})
	if err != nil {
		t.Fatal(err)
	}
	step(m)
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
}

// say lets one side write; the envelopes come to lie on the table.
func (p *post) say(t testing.TB, i int) {
	t.Helper()
	p.said++
	text := fmt.Sprintf("%d says %d", i, p.said)
	p.as(t, i, func(m *Messenger) {
		if _, err := m.Send(t.Context(), m.ConversationWith(p.ids[1-i]), text, SendOptions{}); err != nil {
			t.Fatal(err)
		}
		m.sendTo(t.Context(), p.ids[1-i])
	})
}

// flush sends what one side has queued.
func (p *post) flush(t testing.TB, i int) {
	t.Helper()
	p.as(t, i, func(m *Messenger) { m.sendTo(t.Context(), p.ids[1-i]) })
}

// hand gives one envelope on the table to one side.
func (p *post) hand(t testing.TB, i, n int) {
	t.Helper()
	push := p.table[i][n]
	p.table[i] = slices.Delete(slices.Clone(p.table[i]), n, n+1)
	p.as(t, i, func(m *Messenger) {
		if err := m.update(t.Context(), func(u *unit) error { return u.receiveAll([]wire.Push{push}) }); err != nil {
			t.Fatal(err)
		}
	})
}

func (p *post) handAll(t testing.TB, i int) {
	t.Helper()
	for len(p.table[i]) > 0 {
		p.hand(t, i, 0)
	}
}

// sending returns the session one side sends under.
func (p *post) sending(t testing.TB, i int) (s chat.Session) {
	t.Helper()
	n := 0
	for _, found := range p.sessions(t, i) {
		if found.Archived.IsZero() {
			s = found
			n++
		}
	}
	if n != 1 {
		t.Fatalf("%d has %d sessions that send", i, n)
	}
	return s
}

func (p *post) sessions(t testing.TB, i int) (list []chat.Session) {
	t.Helper()
	err := p.stores[i].View(context.Background(), func(tx chat.Tx) (err error) {
		list, err = tx.Sessions().ForPeer(p.ids[1-i])
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// heard returns how often each text of the other stands with one side.
func (p *post) heard(t testing.TB, i int) map[string]int {
	t.Helper()
	out := map[string]int{}
	err := p.stores[i].View(context.Background(), func(tx chat.Tx) error {
		list, err := tx.Messages().Page(DirectConversation(p.ids[0], p.ids[1]), 0, 1000)
		for _, m := range list {
			if m.Author == p.ids[1-i] {
				out[m.Text]++
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Open implements Relays.
func (p *post) Open(wire.Address, func(wire.Event)) (Relay, error) {
	return &desk{p: p, done: make(chan struct{}), pushes: make(chan wire.Push)}, nil
}

// desk is the relay of a post.
type desk struct {
	noblobs.Relay
	p      *post
	done   chan struct{}
	pushes chan wire.Push
}

func (*desk) Own(...wire.Owned)          {}
func (*desk) Subscribe(...wire.Owned)    {}
func (*desk) Forget(...wire.Mailbox)     {}
func (*desk) Online() bool               { return true }
func (*desk) Wake()                      {}
func (d *desk) Pushes() <-chan wire.Push { return d.pushes }
func (d *desk) Done() <-chan struct{}    { return d.done }

func (d *desk) Close() error {
	close(d.done)
	return nil
}

func (*desk) CreateMailbox(_ context.Context, s wire.MailboxSpec) (wire.Mailbox, error) {
	return s.Mailbox(), nil
}
func (*desk) DeleteMailbox(context.Context, wire.Mailbox) error { return nil }
func (*desk) PutToken(context.Context, wire.Mailbox, wire.TokenHash, wire.TokenLimits) error {
	return nil
}
func (*desk) RevokeToken(context.Context, wire.Mailbox, wire.TokenHash) error { return nil }
func (*desk) PutGrant(context.Context, wire.Mailbox, wire.GrantHash, int, time.Time) error {
	return nil
}

func (d *desk) State(_ context.Context, m wire.Mailbox) ([]byte, error) {
	return d.p.cells[d.at(m)], nil
}

func (d *desk) CompareAndSetState(_ context.Context, m wire.Mailbox, old, cell []byte) error {
	i := d.at(m)
	if !bytes.Equal(d.p.cells[i], old) && !bytes.Equal(d.p.cells[i], cell) {
		return wire.ErrConflict
	}
	d.p.cells[i] = slices.Clone(cell)
	if d.p.lost {
		d.p.lost = false
		return wire.ErrOffline
	}
	return nil
}

func (*desk) Ack(context.Context, wire.Mailbox, ...uint64) error { return nil }

// at returns whose mailbox it is.
func (d *desk) at(m wire.Mailbox) int { return slices.Index(d.p.boxes[:], chat.MailboxID(m)) }

func (d *desk) PutPrekeys(_ context.Context, m wire.Mailbox, bundle []byte, prekeys []wire.Prekey) error {
	d.p.pools[d.at(m)] = shelf{bundle, prekeys}
	return nil
}

func (d *desk) PrekeyCount(_ context.Context, m wire.Mailbox) (int, error) {
	return len(d.p.pools[d.at(m)].prekeys), nil
}

func (d *desk) PopPrekey(_ context.Context, m wire.Mailbox, _ wire.Token) ([]byte, *wire.Prekey, error) {
	pool := &d.p.pools[d.at(m)]
	if len(pool.prekeys) == 0 {
		return pool.bundle, nil, nil
	}
	first := pool.prekeys[0]
	pool.prekeys = pool.prekeys[1:]
	return pool.bundle, &first, nil
}

func (d *desk) Send(_ context.Context, m wire.Mailbox, _ wire.Token, _ wire.EnvelopeID, envelope []byte) error {
	i := d.at(m)
	if d.p.onSend != nil {
		d.p.onSend()
	}
	d.p.table[i] = append(d.p.table[i], wire.Push{Mailbox: m, Envelope: slices.Clone(envelope)})
	return nil
}

// nobody allows nothing.
type nobody struct{}

func (nobody) Allowed(chat.Tx, chat.ContactID, chat.Purpose) (bool, error) { return false, nil }
