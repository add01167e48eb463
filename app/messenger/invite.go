package messenger

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"time"

	"sotto/chat"
	"sotto/crypto/handshake"
	"sotto/transport/wire"
)

// Lives of invitations, and how many mailboxes they grant (docs/PROTOCOL.md section 10.1).
const (
	oneTimeLife     = 7 * 24 * time.Hour
	reusableLife    = 365 * 24 * time.Hour
	grantPerPerson  = 2
	grantUnbounded  = 100
	maxInvitedLife  = 10 * 365 * 24 * time.Hour
	maxInviteQuota  = 100_000
	openNowTimeout  = 20 * time.Second
	invitationGrace = 30 * 24 * time.Hour // a used invitation is still read by whoever wrote before it closed
)

// Invite makes an invitation on the home relay and says how far it reaches. Its link can be used at once. Errors:
// chat.ErrNotFound without a home relay, chat.ErrOffline, chat.ErrUnauthorized, chat.ErrQuota, chat.ErrMalformed.
func (m *Messenger) Invite(ctx context.Context, o InviteOptions) (chat.Invitation, Reach, error) {
	if o.Expires < 0 || o.Expires > maxInvitedLife || o.Max < 0 || o.Max > maxInviteQuota {
		return chat.Invitation{}, "", fmt.Errorf("%w: expiry or number of an invitation", chat.ErrMalformed)
	}
	if o.Expires == 0 {
		o.Expires = oneTimeLife
		if o.Reusable {
			o.Expires = reusableLife
		}
	}
	if !o.Reusable {
		o.Max = 1
	}
	var inv chat.Invitation
	var mb chat.Mailbox
	var pass wire.Pass
	err := m.update(ctx, func(u *unit) (err error) {
		if pass, err = homePass(u.Tx); err != nil {
			return fmt.Errorf("home relay: %w", err)
		}
		inv, mb, err = u.newInvitation(pass, o)
		m.tender.claim(mb.ID)
		return err
	})
	defer m.tender.release(mb.ID)
	if err != nil {
		return chat.Invitation{}, "", fmt.Errorf("invite: %w", err)
	}
	if err := m.openNow(ctx, mb, o.Reusable); err != nil {
		m.abandon(inv)
		return chat.Invitation{}, "", fmt.Errorf("invite: %w", err)
	}
	return inv, reachOf(pass.Address), nil
}

func (u *unit) newInvitation(pass wire.Pass, o InviteOptions) (chat.Invitation, chat.Mailbox, error) {
	id := make([]byte, 8)
	rand.Read(id) //nolint:errcheck // never fails: a failing OS generator ends the process
	grant := wire.NewGrant()
	count := grantPerPerson
	switch {
	case o.Reusable && o.Max == 0:
		count = grantUnbounded
	case o.Reusable:
		count = min(grantPerPerson*o.Max, wire.MaxGrantMailboxes)
	}
	inv := chat.Invitation{
		ID: hex.EncodeToString(id), Reusable: o.Reusable, Created: u.now.UTC(), Max: o.Max,
		Expires: u.now.Add(o.Expires).UTC().Truncate(time.Second),
	}
	// The mailbox outlives the link, so that what was sent just before the end is still read.
	mb, err := u.newMailbox(pass.Address.String(), chat.ContactID{}, inv.ID, inv.Expires.Add(invitationGrace), mailboxCredential{
		Secret: string(pass.Secret), Give: grant[:], Count: count,
	})
	if err != nil {
		return chat.Invitation{}, chat.Mailbox{}, err
	}
	inv.Mailbox = mb.ID
	inv.Link = link{
		relay: pass.Address, mailbox: mb.ID, token: wire.Token(mb.Token), secret: handshake.Secret(mb.Secret), peer: u.m.Self().ID,
		grant: grant, oneTime: !o.Reusable, expires: inv.Expires,
	}.text()
	if err := u.Invitations().Put(inv); err != nil {
		return chat.Invitation{}, chat.Mailbox{}, err
	}
	return inv, mb, u.audit("invitation.created", u.m.Self().ID)
}

// openNow opens a mailbox while the person waits.
func (m *Messenger) openNow(ctx context.Context, mb chat.Mailbox, reusable bool) error {
	ctx, cancel := context.WithTimeout(ctx, openNowTimeout)
	defer cancel()
	relay, err := m.pool.get(mb.Relay)
	if err != nil {
		return err
	}
	return eagerly(ctx, relay, func() error { return m.openMailbox(ctx, relay, mb, reusable, poolSize(mb, reusable)) })
}

// abandon takes back an invitation whose mailbox could not be opened.
func (m *Messenger) abandon(inv chat.Invitation) {
	//nolint:errcheck // what remains is an invitation nobody was given
	m.update(m.ctx, func(u *unit) error {
		if err := ignoreMissing(u.Invitations().Delete(inv.ID)); err != nil {
			return err
		}
		return u.doom(inv.Mailbox)
	})
}

// doom lets the tender delete a mailbox from its relay and then here.
func (u *unit) doom(id chat.MailboxID) error {
	mb, err := u.Mailboxes().Get(id)
	if err != nil {
		return ignoreMissing(err)
	}
	mb.Expires, u.tend = u.now, true
	return u.Mailboxes().Put(mb)
}

// Invitations lists the invitations, oldest first; revoked and expired ones included.
func (m *Messenger) Invitations(ctx context.Context) (out []chat.Invitation, err error) {
	err = m.view(ctx, func(tx chat.Tx) error {
		out, err = tx.Invitations().List()
		return err
	})
	return out, err
}

// RevokeInvitation ends an invitation: its mailbox and the token of its link go. Requests that arrived can still be
// accepted.
func (m *Messenger) RevokeInvitation(ctx context.Context, id string) error {
	err := m.update(ctx, func(u *unit) error {
		inv, err := u.Invitations().Get(id)
		if err != nil || inv.Revoked {
			return err
		}
		inv.Revoked = true
		if err := u.Invitations().Put(inv); err != nil {
			return err
		}
		if err := u.doom(inv.Mailbox); err != nil {
			return err
		}
		return u.audit("invitation.revoked", u.m.Self().ID)
	})
	if err != nil {
		return fmt.Errorf("revoke invitation: %w", err)
	}
	return nil
}

// InspectLink says what a link is, without connecting anywhere. Errors: chat.ErrMalformed, chat.ErrNewerFormat,
// chat.ErrPinMismatch for a relay used before under another identity.
func (m *Messenger) InspectLink(ctx context.Context, text string) (LinkInfo, error) {
	l, err := parseLink(text)
	if err != nil {
		return LinkInfo{}, err
	}
	info := LinkInfo{
		Relay: l.relay.String(), Reach: reachOf(l.relay), Peer: l.peer, OneTime: l.oneTime, Expires: l.expires,
		Expired: !l.expires.IsZero() && !m.now().Before(l.expires), Own: l.peer == m.Self().ID,
	}
	err = m.view(ctx, func(tx chat.Tx) error {
		if info.KnownRelay, err = knowsRelay(tx, l.relay); err != nil {
			return err
		}
		pass, err := homePass(tx)
		info.MovesThere = movesThere(pass, l)
		return ignoreMissing(err)
	})
	return info, err
}

// movesThere reports whether the mailbox for the answers must be opened on the invitation's relay: the own home relay
// reaches less far than it, or there is none.
func movesThere(home wire.Pass, l link) bool {
	address := home.Address.String()
	if address == l.relay.String() || l.grant.IsZero() {
		return false
	}
	return address == "" || home.Address.Reach() < l.relay.Reach()
}
