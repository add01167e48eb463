package messenger

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"sotto/chat"
	"sotto/chat/content"
	"sotto/crypto/handshake"
	"sotto/crypto/identity"
	"sotto/transport/wire"
)

// retiredFor is how long a mailbox is read after it was replaced.
const retiredFor = 30 * 24 * time.Hour

// Names of the settings about mailboxes and contacts; an id in hexadecimal follows.
const (
	settingCredential = "messenger/credential/" // mailboxCredential, until the mailbox is opened
	settingReach      = "messenger/reach/"      // ownRoute of a contact: where it writes to us
	settingRelay      = "messenger/relay/"      // host:port of a relay used before -> its address
)

// mailboxCredential opens a mailbox on its relay, and says what is granted there.
type mailboxCredential struct {
	Secret string // of the relay pass
	Grant  []byte // from an invitation
	Give   []byte // mailbox grant to hand out with the invitation of this mailbox
	Count  int    // mailboxes it opens
}

// settingReplaced holds the earlier mailboxes of a contact until it writes to the current one.
const settingReplaced = "messenger/replaced/"

type replaced struct{ Mailboxes []chat.MailboxID }

// ownRoute is where a contact writes to us.
type ownRoute struct {
	Mailbox chat.MailboxID
	Seq     uint64
}

// newMailbox makes the record of a mailbox that the tender then opens on its relay: everything it needs is stored
// before the relay hears of it, so an interrupted opening is repeated.
func (u *unit) newMailbox(relay string, contact chat.ContactID, invitation string, expires time.Time, cred mailboxCredential) (chat.Mailbox, error) {
	seed := make([]byte, ed25519.SeedSize)
	rand.Read(seed) //nolint:errcheck // never fails: a failing OS generator ends the process
	salt, token, secret := wire.NewSalt(), wire.NewToken(), handshake.NewSecret()
	key := ed25519.NewKeyFromSeed(seed)
	mb := chat.Mailbox{
		ID: chat.MailboxID(wire.MailboxAddress(key.Public().(ed25519.PublicKey), salt)), Relay: relay, OwnerKey: seed, Salt: salt[:],
		Secret: secret[:], Token: token[:], Contact: contact, Invitation: invitation, Created: u.now, Expires: expires,
	}
	if err := putJSON(u.Tx, settingCredential+mb.ID.String(), cred); err != nil {
		return chat.Mailbox{}, err
	}
	if err := u.knowRelay(relay); err != nil {
		return chat.Mailbox{}, err
	}
	u.tend = true
	return mb, u.Mailboxes().Put(mb)
}

// newReach gives a contact a new mailbox to write to and makes it the current one.
func (u *unit) newReach(contact chat.ContactID, relay string, cred mailboxCredential) (chat.Mailbox, error) {
	mb, err := u.newMailbox(relay, contact, "", time.Time{}, cred)
	if err != nil {
		return chat.Mailbox{}, err
	}
	return mb, u.setReach(contact, mb.ID)
}

// setReach makes a mailbox the one that the contact is told of.
func (u *unit) setReach(contact chat.ContactID, id chat.MailboxID) error {
	var reach ownRoute
	if _, err := getJSON(u.Tx, settingReach+contact.String(), &reach); err != nil {
		return err
	}
	if !reach.Mailbox.IsZero() {
		var old replaced
		if _, err := getJSON(u.Tx, settingReplaced+contact.String(), &old); err != nil {
			return err
		}
		old.Mailboxes = append(old.Mailboxes, reach.Mailbox)
		if err := putJSON(u.Tx, settingReplaced+contact.String(), old); err != nil {
			return err
		}
	}
	reach.Mailbox, reach.Seq = id, max(reach.Seq+1, uint64(u.now.Unix()))
	return putJSON(u.Tx, settingReach+contact.String(), reach)
}

// ownReach returns the mailbox the contact is told of; chat.ErrNotFound when there is none.
func ownReach(tx chat.Tx, contact chat.ContactID) (chat.Mailbox, uint64, error) {
	var reach ownRoute
	ok, err := getJSON(tx, settingReach+contact.String(), &reach)
	if err != nil {
		return chat.Mailbox{}, 0, err
	}
	if !ok {
		return chat.Mailbox{}, 0, chat.ErrNotFound
	}
	mb, err := tx.Mailboxes().Get(reach.Mailbox)
	return mb, reach.Seq, err
}

// routeFor returns the route content that tells a contact where to write.
func (u *unit) routeFor(contact chat.ContactID) (*content.Route, error) {
	mb, seq, err := ownReach(u.Tx, contact)
	if err != nil {
		return nil, err
	}
	return &content.Route{
		Seq: seq, Device: u.m.Self().Device, Relay: mb.Relay, Mailbox: mb.ID, Token: mb.Token, Secret: mb.Secret,
	}, nil
}

// queueRoute queues where a contact is to write.
func (u *unit) queueRoute(contact chat.ContactID) error {
	route, err := u.routeFor(contact)
	if err != nil {
		return ignoreMissing(err)
	}
	if err := putJSON(u.Tx, settingRouted+contact.String(), u.now.UTC()); err != nil {
		return err
	}
	u.queued = append(u.queued, contact)
	return u.enqueueBody(contact, *route, queueOptions{})
}

// takeRoute stores where a peer's device is reached, when it is news. Only one device per peer is reached today.
func (u *unit) takeRoute(peer chat.ContactID, device chat.DeviceID, r *content.Route) error {
	if r.Device != device {
		return nil // a session speaks for its own device
	}
	a, err := wire.ParseAddress(r.Relay)
	if err != nil || a.String() != r.Relay {
		return nil //nolint:nilerr // a peer's mistake has no effect
	}
	known, err := u.Routes().ForPeer(peer)
	if err != nil {
		return err
	}
	for _, k := range known {
		if k.Device == device && k.Seq >= r.Seq {
			return nil
		}
	}
	if ok, err := u.mayMove(peer, device, a, known); err != nil || !ok {
		return err
	}
	for _, k := range known {
		if k.Device != device {
			if err := ignoreMissing(u.Routes().Delete(peer, k.Device)); err != nil {
				return err
			}
		}
	}
	u.queued = append(u.queued, peer)
	return u.Routes().Put(chat.Route{
		Peer: peer, Device: device, Seq: r.Seq, Relay: r.Relay, Mailbox: r.Mailbox, Token: r.Token, Secret: r.Secret,
	})
}

// mayMove reports whether a device may say where its owner is reached. It must be on the last accepted device list: a
// device that was taken off still has its session, but not the say. And nobody may point this computer at itself or at
// its local network, unless that relay is used already or the peer was reached no farther before.
func (u *unit) mayMove(peer chat.ContactID, device chat.DeviceID, to wire.Address, known []chat.Route) (bool, error) {
	contact, err := u.Contacts().Get(peer)
	if err != nil {
		return false, err
	}
	list, err := u.m.deviceListOf(contact)
	if err != nil || list != nil && list.Device(identity.DeviceID(device)) == nil {
		return false, err
	}
	for _, k := range known {
		before, err := wire.ParseAddress(k.Relay)
		if err != nil || before.Reach() <= to.Reach() {
			continue
		}
		used, err := knowsRelay(u.Tx, to)
		if errors.Is(err, chat.ErrPinMismatch) {
			return false, nil
		}
		return used, err
	}
	return true, nil
}

// routeTo returns where a peer is reached; chat.ErrNotFound when that is not known.
func routeTo(tx chat.Tx, peer chat.ContactID) (chat.Route, error) {
	routes, err := tx.Routes().ForPeer(peer)
	if err != nil {
		return chat.Route{}, err
	}
	if len(routes) == 0 {
		return chat.Route{}, chat.ErrNotFound
	}
	best := routes[0]
	for _, r := range routes[1:] {
		if r.Seq > best.Seq {
			best = r
		}
	}
	return best, nil
}

// knowRelay remembers a relay by host and port, so that another identity there is noticed.
func (u *unit) knowRelay(address string) error {
	a, err := wire.ParseAddress(address)
	if err != nil {
		return fmt.Errorf("%w: relay address", chat.ErrMalformed)
	}
	return u.Settings().Put(settingRelay+a.HostPort(), []byte(address))
}

// knowsRelay reports whether a relay was used before; chat.ErrPinMismatch when it was, as another one.
func knowsRelay(tx chat.Tx, a wire.Address) (bool, error) {
	known, ok, err := setting(tx, settingRelay+a.HostPort())
	if err != nil || !ok {
		return false, err
	}
	if string(known) != a.String() {
		return true, fmt.Errorf("relay of the link: %w", chat.ErrPinMismatch)
	}
	return true, nil
}

// homePass returns the pass of the home relay; chat.ErrNotFound when none is set.
func homePass(tx chat.Tx) (wire.Pass, error) {
	text, err := tx.Settings().Get(settingHome)
	if err != nil {
		return wire.Pass{}, err
	}
	pass, err := wire.ParsePass(string(text))
	if err != nil {
		return wire.Pass{}, fmt.Errorf("%w: home relay", chat.ErrDamaged)
	}
	return pass, nil
}

// HomeRelay returns the address of the home relay, never its password; empty when none is set.
func (m *Messenger) HomeRelay(ctx context.Context) (address string, err error) {
	err = m.view(ctx, func(tx chat.Tx) error {
		pass, err := homePass(tx)
		address = pass.Address.String()
		return ignoreMissing(err)
	})
	return address, err
}

// SetHomeRelay makes a relay the one where new mailboxes are opened, and moves the mailboxes of the contacts there:
// each is told its new route once the mailbox stands, and the old one is read until it writes to the new. text is a
// relay pass or address. Errors: chat.ErrMalformed.
func (m *Messenger) SetHomeRelay(ctx context.Context, text string) error {
	pass, err := wire.ParsePass(text)
	if err != nil {
		return fmt.Errorf("%w: relay pass", chat.ErrMalformed)
	}
	address := pass.Address.String()
	return m.update(ctx, func(u *unit) error {
		old, err := homePass(u.Tx)
		if err != nil && !errors.Is(err, chat.ErrNotFound) {
			return err
		}
		if err := u.Settings().Put(settingHome, []byte(pass.Text())); err != nil {
			return err
		}
		if err := u.knowRelay(address); err != nil || old.Address.String() == address {
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
			if _, err := u.newMailbox(address, c.ID, "", time.Time{}, mailboxCredential{Secret: string(pass.Secret)}); err != nil {
				return err
			}
		}
		return u.audit("relay.home-changed", chat.ContactID{})
	})
}

// TestRelay opens a mailbox with the pass and deletes it again. Errors: chat.ErrMalformed, chat.ErrOffline,
// chat.ErrPinMismatch, chat.ErrUnauthorized, chat.ErrQuota.
func (m *Messenger) TestRelay(ctx context.Context, text string) error {
	pass, err := wire.ParsePass(text)
	if err != nil {
		return fmt.Errorf("%w: relay pass", chat.ErrMalformed)
	}
	relay, err := m.pool.get(pass.Address.String())
	if err != nil {
		return err
	}
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return fmt.Errorf("test relay: %w", err)
	}
	spec := wire.MailboxSpec{
		OwnerKey: key, Salt: wire.NewSalt(), Kind: wire.ContactMailbox, Credential: wire.Credential{Secret: pass.Secret},
		Expires: m.now().Add(time.Hour),
	}
	var id wire.Mailbox
	err = eagerly(ctx, relay, func() (err error) {
		id, err = relay.CreateMailbox(ctx, spec)
		return err
	})
	if err == nil {
		err = relay.DeleteMailbox(ctx, id)
	}
	if err != nil {
		return fmt.Errorf("test relay: %w", relayError(err))
	}
	return nil
}

// DeleteMailboxes removes every own mailbox from its relay, for the deletion of everything, and says which remain.
// Nothing is deleted locally: whoever asks erases the profile next.
func (m *Messenger) DeleteMailboxes(ctx context.Context) ([]MailboxReport, error) {
	var list []chat.Mailbox
	err := m.view(ctx, func(tx chat.Tx) (err error) {
		list, err = tx.Mailboxes().List()
		return err
	})
	if err != nil {
		return nil, err
	}
	var out []MailboxReport
	dead := map[string]error{}
	for _, mb := range list {
		report := MailboxReport{Mailbox: mb.ID, Relay: mb.Relay}
		if report.Err = dead[mb.Relay]; report.Err == nil {
			report.Err = m.deleteRemote(ctx, mb)
		}
		if errors.Is(report.Err, chat.ErrOffline) {
			dead[mb.Relay] = report.Err // one wait per relay that is away
		}
		out = append(out, report)
	}
	return out, nil
}

func (m *Messenger) deleteRemote(ctx context.Context, mb chat.Mailbox) error {
	relay, err := m.pool.get(mb.Relay)
	if err != nil {
		return err
	}
	relay.Own(owned(mb))
	if err := relay.DeleteMailbox(ctx, wire.Mailbox(mb.ID)); err != nil && !errors.Is(err, wire.ErrNoMailbox) {
		return relayError(err)
	}
	m.pool.forget(mb)
	return nil
}

// remindEvery is how often a contact that writes to an old mailbox is told of the new one: the first word of it may have
// been lost, or have lain at its relay for too long.
const remindEvery = 24 * time.Hour

// settingRouted holds, under a contact's id, when it was last told where to write.
const settingRouted = "messenger/routed/"

// remindRoute tells a contact once more where it is to write.
func (in *intake) remindRoute(mb chat.Mailbox) error {
	rare, err := in.rarely(settingRouted+mb.Contact.String(), remindEvery)
	if err != nil || !rare {
		return err
	}
	return in.queueRoute(mb.Contact)
}

// retireOthers marks the older mailboxes of a contact once it writes to the current one.
func (in *intake) retireOthers(mb chat.Mailbox) error {
	if mb.Contact.IsZero() || !mb.Retired.IsZero() {
		return nil
	}
	var old replaced
	ok, err := getJSON(in.Tx, settingReplaced+mb.Contact.String(), &old)
	if err != nil || !ok {
		return err
	}
	current, _, err := ownReach(in.Tx, mb.Contact)
	if err != nil {
		return ignoreMissing(err)
	}
	if current.ID != mb.ID {
		return in.remindRoute(mb)
	}
	for _, id := range old.Mailboxes {
		prior, err := in.Mailboxes().Get(id)
		if errors.Is(err, chat.ErrNotFound) || err == nil && !prior.Retired.IsZero() {
			continue
		}
		if err != nil {
			return err
		}
		prior.Retired = in.now
		if err := in.Mailboxes().Put(prior); err != nil {
			return err
		}
	}
	return dropSetting(in.Tx, settingReplaced+mb.Contact.String())
}
