package messenger

import (
	"context"
	"errors"
	"sync"
	"time"

	"sotto/chat"
	"sotto/transport/wire"
)

// tender brings the own mailboxes on their relays to the state that the records say: opened, with fresh prekeys, token
// revoked, deleted. Every step may be repeated, so an interrupted one is.
type tender struct {
	m     *Messenger
	poked chan struct{}

	mu      sync.Mutex
	busy    map[string]bool              // relays being tended
	again   map[string]bool              // relays to tend once more
	revoked map[chat.MailboxID]bool      // tokens revoked in this run
	counted map[chat.MailboxID]time.Time // last look at the pool
	left    map[chat.MailboxID]int       // one-time pairs at the relay then
	delays  map[string]time.Duration     // after a failure
	claimed map[chat.MailboxID]bool      // mailboxes that someone else is opening

	advanced map[chat.MailboxID]time.Time // when the cell of a mailbox was last replaced in this run
	asked    chan struct{}                // closed when every relay was asked for its generations once
	asking   int                          // relays that were not; negative: none was named yet
}

const (
	tendEvery   = time.Hour
	tendTimeout = 2 * time.Minute
	tendRetry   = time.Second
	tendRetries = 5 * time.Minute
	reopenAfter = 10 * time.Minute // of an opened mailbox, before its relay may say that it is gone
)

func newTender(m *Messenger) *tender {
	return &tender{
		m: m, poked: make(chan struct{}, 1), busy: map[string]bool{}, again: map[string]bool{},
		revoked: map[chat.MailboxID]bool{}, counted: map[chat.MailboxID]time.Time{}, left: map[chat.MailboxID]int{}, delays: map[string]time.Duration{}, claimed: map[chat.MailboxID]bool{},
		advanced: map[chat.MailboxID]time.Time{}, asked: make(chan struct{}), asking: -1,
	}
}

func (t *tender) wake() {
	select {
	case t.poked <- struct{}{}:
	default:
	}
}

func (t *tender) run() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-t.m.ctx.Done():
			return
		case <-t.poked:
		case <-timer.C:
			t.m.sweep(t.m.ctx)
			timer.Reset(tendEvery)
		}
		t.round()
	}
}

// chore is one mailbox and what its owner wants of it.
type chore struct {
	chat.Mailbox
	reusable bool
	expires  time.Time // of the token: the invitation's
	blocked  bool
}

// round starts one goroutine per relay that has mailboxes.
func (t *tender) round() {
	byRelay := map[string][]chore{}
	err := t.m.view(t.m.ctx, func(tx chat.Tx) error {
		list, err := tx.Mailboxes().List()
		if err != nil {
			return err
		}
		for _, mb := range list {
			c := chore{Mailbox: mb, expires: tokenEnd(mb)}
			if mb.Invitation != "" {
				inv, err := tx.Invitations().Get(mb.Invitation)
				if err := ignoreMissing(err); err != nil {
					return err
				}
				c.reusable = inv.Reusable
			} else {
				contact, err := tx.Contacts().Get(mb.Contact)
				if err := ignoreMissing(err); err != nil {
					return err
				}
				c.blocked = contact.State == chat.ContactBlocked
			}
			byRelay[mb.Relay] = append(byRelay[mb.Relay], c)
		}
		return nil
	})
	if err != nil {
		return // the next round reads again
	}
	first := t.begin(len(byRelay))
	for address, chores := range byRelay {
		t.mu.Lock()
		if t.busy[address] {
			t.again[address] = true
			t.mu.Unlock()
			continue
		}
		t.busy[address] = true
		t.mu.Unlock()
		t.m.group.Go(func() { t.tend(address, chores, first) })
	}
}

// begin reports whether this is the first round, which asks so many relays for their generations.
func (t *tender) begin(relays int) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.asking >= 0 {
		return false
	}
	if t.asking = relays; relays == 0 {
		close(t.asked)
	}
	return true
}

// wasAsked counts a relay of the first round that was asked, whatever it answered.
func (t *tender) wasAsked() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.asking--; t.asking == 0 {
		close(t.asked)
	}
}

// tend does the chores of one relay and asks for another round after a failure.
func (t *tender) tend(address string, chores []chore, first bool) {
	err := t.advanceAll(address, chores)
	if first {
		t.wasAsked()
	}
	failed := err != nil
	if errors.Is(err, chat.ErrOffline) {
		chores = nil
	}
	for _, c := range chores {
		ctx, cancel := context.WithTimeout(t.m.ctx, tendTimeout)
		err := t.do(ctx, c)
		cancel()
		if err != nil {
			failed = true
			if errors.Is(err, chat.ErrOffline) {
				break
			}
		}
	}
	t.mu.Lock()
	delete(t.busy, address)
	again := t.again[address]
	delete(t.again, address)
	delay := t.delays[address]
	if failed {
		delay = min(max(2*delay, tendRetry), tendRetries)
		t.delays[address] = delay
	} else {
		delete(t.delays, address)
	}
	t.mu.Unlock()
	switch {
	case failed:
		timer := time.NewTimer(delay)
		defer timer.Stop()
		select {
		case <-t.m.ctx.Done():
		case <-timer.C:
			t.wake()
		}
	case again:
		t.wake()
	}
}

func (t *tender) do(ctx context.Context, c chore) error {
	m, now := t.m, t.m.now()
	t.mu.Lock()
	claimed := t.claimed[c.ID]
	t.mu.Unlock()
	if claimed {
		return nil
	}
	if !c.Expires.IsZero() && !now.Before(c.Expires) || !c.Retired.IsZero() && now.Sub(c.Retired) > retiredFor {
		return m.dropMailbox(ctx, c.Mailbox)
	}
	relay, err := m.pool.get(c.Relay)
	if err != nil {
		return err
	}
	size := poolSize(c.Mailbox, c.reusable)
	if c.Renewed.IsZero() {
		return m.openMailbox(ctx, relay, c.Mailbox, c.reusable, size)
	}
	relay.Own(owned(c.Mailbox))
	closed := c.blocked || !c.Retired.IsZero() && c.Invitation != ""
	t.mu.Lock()
	revoked, counted := t.revoked[c.ID], t.counted[c.ID]
	t.mu.Unlock()
	token := wire.Token(c.Token).Hash()
	switch {
	case closed && !revoked:
		if err := relay.RevokeToken(ctx, wire.Mailbox(c.ID), token); err != nil {
			return m.gone(c.Mailbox, err)
		}
		t.setRevoked(c.ID, true)
	case !closed && revoked:
		if err := relay.PutToken(ctx, wire.Mailbox(c.ID), token, tokenLimits(c.reusable, c.expires)); err != nil {
			return m.gone(c.Mailbox, err)
		}
		t.setRevoked(c.ID, false)
	}
	if closed || !c.Retired.IsZero() || now.Sub(counted) < tendEvery && now.Sub(c.Renewed) < renewAfter {
		return nil
	}
	left, err := m.refill(ctx, relay, c.Mailbox, size)
	if err != nil {
		return m.gone(c.Mailbox, err)
	}
	t.mu.Lock()
	t.counted[c.ID], t.left[c.ID] = now, left
	t.mu.Unlock()
	return nil
}

// working reports whether a relay is being tended.
func (t *tender) working() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.busy) > 0 || len(t.poked) > 0
}

func (t *tender) setRevoked(id chat.MailboxID, on bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if on {
		t.revoked[id] = true
	} else {
		delete(t.revoked, id)
	}
}

// claim keeps the tender off a mailbox that the caller opens itself, until release.
func (t *tender) claim(id chat.MailboxID) {
	t.mu.Lock()
	t.claimed[id] = true
	t.mu.Unlock()
}

func (t *tender) release(id chat.MailboxID) {
	t.mu.Lock()
	delete(t.claimed, id)
	t.mu.Unlock()
	t.wake()
}

// recount lets the next round look at the pool of a mailbox, after a one-time pair was used.
func (t *tender) recount(id chat.MailboxID) {
	t.mu.Lock()
	delete(t.counted, id)
	t.mu.Unlock()
}

// reopenToken makes the next round put the token of an unblocked contact again, whatever this run did before.
func (t *tender) reopenToken(id chat.MailboxID) { t.setRevoked(id, true) }

// reopened lets the next round write the generation of a mailbox anew.
func (t *tender) reopened(id chat.MailboxID) {
	t.mu.Lock()
	delete(t.advanced, id)
	t.mu.Unlock()
}

// tokenEnd is when nothing more is taken: an invitation's mailbox is read a while longer.
func tokenEnd(mb chat.Mailbox) time.Time {
	if mb.Invitation == "" || mb.Expires.IsZero() {
		return time.Time{}
	}
	return mb.Expires.Add(-invitationGrace)
}

func tokenLimits(reusable bool, expires time.Time) wire.TokenLimits {
	limits := wire.TokenLimits{Expires: expires}
	if reusable {
		limits.PopBurst, limits.PopEvery = pairsReusable, time.Minute
	}
	return limits
}

// openMailbox opens a recorded mailbox on its relay, publishes its prekeys and begins to read it.
func (m *Messenger) openMailbox(ctx context.Context, relay Relay, mb chat.Mailbox, reusable bool, size int) error {
	var cred mailboxCredential
	opened := false
	err := m.view(ctx, func(tx chat.Tx) error {
		now, err := tx.Mailboxes().Get(mb.ID)
		if opened = err != nil || !now.Renewed.IsZero(); opened {
			return ignoreMissing(err) // opened, or removed, since it was listed
		}
		_, err = getJSON(tx, settingCredential+mb.ID.String(), &cred)
		return err
	})
	if err != nil || opened {
		return err
	}
	kind := wire.ContactMailbox
	if mb.Invitation != "" {
		kind = wire.InvitationMailbox
	}
	spec := wire.MailboxSpec{
		OwnerKey: owned(mb).Key, Salt: wire.Salt(mb.Salt), Kind: kind, Expires: mb.Expires,
		Credential: wire.Credential{Secret: wire.PassSecret(cred.Secret)},
	}
	if len(cred.Grant) == 32 {
		spec.Credential = wire.Credential{Grant: wire.Grant(cred.Grant)}
	}
	if _, err := relay.CreateMailbox(ctx, spec); err != nil {
		return relayError(err)
	}
	id := wire.Mailbox(mb.ID)
	if err := relay.PutToken(ctx, id, wire.Token(mb.Token).Hash(), tokenLimits(reusable, tokenEnd(mb))); err != nil {
		return relayError(err)
	}
	if len(cred.Give) == 32 {
		if err := relay.PutGrant(ctx, id, wire.Grant(cred.Give).Hash(), cred.Count, tokenEnd(mb)); err != nil {
			return relayError(err)
		}
	}
	if err := m.publish(ctx, relay, mb, size); err != nil {
		return err
	}
	err = m.update(ctx, func(u *unit) error { return u.mailboxOpened(mb.ID) })
	if err != nil {
		return err
	}
	m.pool.subscribe(mb)
	return nil
}

// mailboxOpened records that a mailbox stands. A contact's goes to the contact as its new route unless it was told of
// it already.
func (u *unit) mailboxOpened(id chat.MailboxID) error {
	mb, err := u.Mailboxes().Get(id)
	if err != nil {
		return ignoreMissing(err) // removed meanwhile
	}
	mb.Renewed, u.tend = u.now, true
	if err := u.Mailboxes().Put(mb); err != nil {
		return err
	}
	for _, name := range []string{settingCredential, settingGeneration} { // a mailbox opened anew has an empty cell
		if err := dropSetting(u.Tx, name+id.String()); err != nil {
			return err
		}
	}
	u.m.tender.reopened(id)
	if mb.Invitation != "" || mb.Contact.IsZero() {
		return nil
	}
	u.queued = append(u.queued, mb.Contact)
	current, _, err := ownReach(u.Tx, mb.Contact)
	if err == nil && current.ID == id {
		return nil
	}
	if err := ignoreMissing(err); err != nil {
		return err
	}
	if err := u.setReach(mb.Contact, id); err != nil {
		return err
	}
	return u.queueRoute(mb.Contact)
}

// dropMailbox deletes a mailbox on its relay and then its record.
func (m *Messenger) dropMailbox(ctx context.Context, mb chat.Mailbox) error {
	if err := m.deleteRemote(ctx, mb); err != nil && !errors.Is(err, chat.ErrUnauthorized) {
		return err
	}
	return m.update(ctx, func(u *unit) error {
		prekeys, err := u.Prekeys().ForMailbox(mb.ID)
		if err != nil {
			return err
		}
		for _, p := range prekeys {
			if err := ignoreMissing(u.Prekeys().Delete(p.ID)); err != nil {
				return err
			}
		}
		for _, name := range []string{settingCredential, settingGeneration} {
			if err := dropSetting(u.Tx, name+mb.ID.String()); err != nil {
				return err
			}
		}
		return ignoreMissing(u.Mailboxes().Delete(mb.ID))
	})
}

// gone looks at a failure of an opened mailbox: one that its relay lost is opened again.
func (m *Messenger) gone(mb chat.Mailbox, err error) error {
	if errors.Is(err, wire.ErrNoMailbox) {
		m.mailboxGone(mb.ID, mb.Relay)
	}
	return relayError(err)
}

// mailboxGone marks a mailbox that its relay does not hold any more, so that the next round opens it again under the
// same address and token. Envelopes that lay in it are lost; an alert says so. Only its own relay can say so, and once
// in a while: each opening makes keys that are kept for weeks. A later round asks the relay again.
func (m *Messenger) mailboxGone(id chat.MailboxID, relay string) {
	//nolint:errcheck // a failed mark is made again by the next answer of the relay
	m.update(m.ctx, func(u *unit) error {
		mb, err := u.Mailboxes().Get(id)
		if err != nil || mb.Renewed.IsZero() || !mb.Retired.IsZero() || mb.Relay != relay ||
			u.now.Sub(mb.Renewed) < reopenAfter {
			return ignoreMissing(err)
		}
		if !mb.Expires.IsZero() && !u.now.Before(mb.Expires) {
			return nil
		}
		pass, err := homePass(u.Tx)
		if err != nil || pass.Address.String() != mb.Relay {
			return ignoreMissing(err) // opened by a grant: cannot be opened again
		}
		mb.Renewed = time.Time{}
		if err := u.Mailboxes().Put(mb); err != nil {
			return err
		}
		if err := putJSON(u.Tx, settingCredential+id.String(), mailboxCredential{Secret: string(pass.Secret)}); err != nil {
			return err
		}
		u.tend = true
		return u.emit(Event{Type: EventAlert, Detail: AlertMailboxGone, Contact: mb.Contact, Relay: mb.Relay})
	})
}
