package messenger

import (
	"context"
	"errors"
	"slices"
	"time"

	"sotto/chat"
	"sotto/chat/content"
	"sotto/crypto/ratchet"
	"sotto/transport/wire"
)

// Codes of why a content waits or cannot be sent (QueueItem.Failure, Message.Failure).
const (
	failureOffline = "offline"    // the relay is away; tried again
	failureQuota   = "quota"      // the relay asked to wait; tried again
	FailureRefused = "refused"    // the peer's relay takes nothing with this token: blocked, or the mailbox is gone
	FailureUsed    = "used"       // the invitation was used up or withdrawn
	FailureExpired = "expired"    // the mailbox or invitation has ended
	FailureTooLong = "too-large"  // the relay or the format refuses the size
	FailureBlocked = "blocked"    // the contact was blocked while it waited
	FailureRoute   = "no-route"   // it is not known where the peer is reached
	FailureSession = "no-session" // no session could be made: the peer's bundle is refused
)

const (
	batchSize    = 16
	sendTimeout  = 45 * time.Second
	firstBackoff = time.Second
	maxBackoff   = time.Hour
)

// result says when a contact is tried next. The zero value: nothing waits.
type result struct {
	held  bool      // until something happens: acceptance, confirmation, a mailbox
	until time.Time // back-off
	soft  bool      // the back-off ends when a relay comes back
	bot   bool      // what was sealed is for a bot
}

// errNoSession asks sendTo to begin a session before sealing.
var errNoSession = errors.New("no session")

// errStale asks sendTo to replace the session before sealing, if that can be done.
var errStale = errors.New("stale session")

// sendTo sends what is queued for a contact, in order: sealed and committed first, sent after, its outcome committed.
func (m *Messenger) sendTo(ctx context.Context, peer chat.ContactID) result {
	for ctx.Err() == nil {
		turns := m.outbox.turns.Load()
		batch, route, res, err := m.sealBatch(ctx, peer)
		if errors.Is(err, errNoSession) {
			if res, ok := m.beginWith(ctx, peer, route); !ok {
				return res
			}
			continue
		}
		if errors.Is(err, errStale) {
			m.renew(ctx, peer, route)
			continue
		}
		if err != nil {
			return result{until: m.now().Add(firstBackoff)} // the store; nothing is lost
		}
		if len(batch) == 0 {
			return res
		}
		watched := func() bool { return res.bot || m.outbox.turns.Load() != turns }
		if res, ok := m.sendBatch(ctx, batch, route, watched); !ok {
			return res
		}
	}
	return result{}
}

// sealBatch returns the next contents with their envelopes, encrypting those that were not yet (I10): ratchet state and
// envelopes commit together before anything leaves.
func (m *Messenger) sealBatch(ctx context.Context, peer chat.ContactID) (batch []chat.QueueItem, route chat.Route, res result, err error) {
	noSession, stale := false, false
	err = m.update(ctx, func(u *unit) error {
		batch, res, noSession, stale = nil, result{}, false, false
		items, err := u.queueOf(peer)
		if err != nil || len(items) == 0 {
			return err
		}
		contact, err := u.Contacts().Get(peer)
		if errors.Is(err, chat.ErrNotFound) {
			return u.unqueue(items)
		}
		if err == nil && contact.State == chat.ContactBlocked {
			return u.keepBack(items)
		}
		if err != nil {
			return err
		}
		if contact.Verification == chat.Changed || contact.State == chat.ContactRequest {
			res.held = true
			return nil
		}
		items = slices.DeleteFunc(items, func(item chat.QueueItem) bool { return item.State == chat.QueueHeld })
		if len(items) == 0 {
			return nil
		}
		if until := items[0].NotBefore; until.After(u.now) && items[0].Failure == failureQuota {
			res.until = until
			return nil
		}
		if route, err = routeTo(u.Tx, peer); errors.Is(err, chat.ErrNotFound) {
			return u.park(items, FailureRoute)
		} else if err != nil {
			return err
		}
		res.bot = contact.Bot
		var s *session
		for _, item := range items {
			if len(batch) == batchSize {
				break
			}
			hold, err := u.mustWait(contact, item)
			if err != nil {
				return err
			}
			if hold {
				res.held = len(batch) == 0
				break
			}
			if held, err := m.heldBack(u.Tx, contact, item); err != nil {
				return err
			} else if held {
				if err := u.withhold(item); err != nil {
					return err
				}
				continue
			}
			// What was sealed for a relay that is away has not left either: its number is then leapt over.
			drop, err := u.withdrawn(item)
			if err != nil {
				return err
			}
			if drop || item.State == chat.QueueWaiting && !item.Expires.IsZero() && u.now.After(item.Expires) {
				if err := u.Queue().Delete(item.ID); err != nil {
					return err
				}
				continue
			}
			if item.State == chat.QueueWaiting {
				if s == nil {
					found, err := u.sendingSession(peer)
					if errors.Is(err, chat.ErrNotFound) {
						noSession = true
						break
					}
					if err != nil {
						return err
					}
					if found.stale(u.now) && m.mayRenew(peer, u.now) {
						stale = true
						if err := u.warnOverdue(&found); err != nil {
							return err
						}
						if err := u.putSession(found); err != nil {
							return err
						}
						break
					}
					s = &found
				}
				if item, err = u.sealItem(s, item); errors.Is(err, chat.ErrTooLarge) {
					if err := u.park([]chat.QueueItem{item}, FailureTooLong); err != nil {
						return err
					}
					continue
				} else if errors.Is(err, errNoSession) {
					noSession = true
					break
				} else if err != nil {
					return err
				}
			}
			batch = append(batch, item)
		}
		if s == nil {
			return nil
		}
		return u.putSession(*s)
	})
	switch {
	case err != nil || len(batch) > 0: // what is sealed already goes first
	case noSession:
		err = errNoSession
	case stale:
		err = errStale
	}
	return batch, route, res, err
}

// queueOf returns the contents for a contact that are not parked, in order.
func (u *unit) queueOf(peer chat.ContactID) ([]chat.QueueItem, error) {
	all, err := u.Queue().List()
	if err != nil {
		return nil, err
	}
	var out []chat.QueueItem
	for _, item := range all {
		if item.Peer == peer && item.State != chat.QueueParked {
			out = append(out, item)
		}
	}
	return out, nil
}

// mustWait reports whether a content waits for something else than the network: an introduction or acceptance until the
// mailbox for the answers stands, anything but the introduction until the peer has accepted.
func (u *unit) mustWait(contact chat.Contact, item chat.QueueItem) (bool, error) {
	c, err := content.Decode(item.Content)
	if err != nil {
		return false, nil //nolint:nilerr // queued by a later version: it goes out as it is
	}
	control, isControl := c.Body.(content.Session)
	if contact.State == chat.ContactPending && (!isControl || control.Action != content.Introduce) {
		return true, nil
	}
	if !isControl || control.Route == nil {
		return false, nil
	}
	mb, err := u.Mailboxes().Get(control.Route.Mailbox)
	if err != nil {
		return false, ignoreMissing(err)
	}
	return mb.Renewed.IsZero(), nil
}

// sealItem encrypts one content and stores its envelope; the caller stores the session.
func (u *unit) sealItem(s *session, item chat.QueueItem) (chat.QueueItem, error) {
	next, envelope, err := seal(*s, item.Content)
	if errors.Is(err, ratchet.ErrExhausted) {
		s.Archived = u.now // the caller stores it
		return item, errNoSession
	}
	if err != nil {
		return item, err
	}
	*s = next
	item.Device, item.Session, item.Envelope = s.Device, s.ID, envelope
	item.EnvelopeID = wire.NewEnvelopeID()
	item.State, item.Failure = chat.QueueFlushed, ""
	return item, u.Queue().Put(item)
}

// beginWith makes a session with a contact that has none, over its mailbox.
func (m *Messenger) beginWith(ctx context.Context, peer chat.ContactID, route chat.Route) (result, bool) {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	o, err := m.initiate(ctx, route)
	if err == nil {
		err = m.update(ctx, func(u *unit) error {
			if err := u.forgotten(peer); err != nil {
				return err
			}
			return u.beginAs(peer, o)
		})
	}
	if err == nil {
		return result{}, true
	}
	var head chat.QueueItem
	viewErr := m.view(ctx, func(tx chat.Tx) error {
		items, err := (&unit{Tx: tx, m: m}).queueOf(peer)
		for _, item := range items {
			if item.State != chat.QueueHeld {
				head = item
				break
			}
		}
		return err
	})
	if viewErr != nil || head.ID == 0 {
		return result{until: m.now().Add(firstBackoff)}, false
	}
	return m.failed(m.ctx, head, route, err)
}

// sendBatch sends sealed contents in order and commits how far it got. While watched answers true, what has become of
// the consent is looked at before each further one.
func (m *Messenger) sendBatch(ctx context.Context, batch []chat.QueueItem, route chat.Route, watched func() bool) (result, bool) {
	relay, err := m.pool.get(route.Relay)
	if err != nil {
		return m.failed(ctx, batch[0], route, err)
	}
	sent := 0
	for i, item := range batch {
		if i > 0 && watched() && m.stops(ctx, item) {
			break
		}
		if err = m.sendOne(ctx, relay, route, item); err != nil {
			break
		}
		sent++
	}
	if sent > 0 {
		commitErr := m.update(m.ctx, func(u *unit) error {
			for _, item := range batch[:sent] {
				if err := u.wasSent(item); err != nil {
					return err
				}
			}
			return nil
		})
		if commitErr != nil {
			return result{until: m.now().Add(firstBackoff)}, false // sent again under the same id
		}
	}
	if err == nil {
		return result{}, true
	}
	return m.failed(ctx, batch[sent], route, err)
}

// stops reports whether what was sealed with others must not leave any more: those before it took their time.
func (m *Messenger) stops(ctx context.Context, item chat.QueueItem) (held bool) {
	err := m.view(ctx, func(tx chat.Tx) error {
		contact, err := tx.Contacts().Get(item.Peer)
		if err != nil {
			return err
		}
		held, err = m.heldBack(tx, contact, item)
		return err
	})
	return held || err != nil
}

func (m *Messenger) sendOne(ctx context.Context, relay Relay, route chat.Route, item chat.QueueItem) error {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	if len(route.Token) != len(wire.Token{}) {
		return wire.ErrUnauthorized
	}
	return relay.Send(ctx, wire.Mailbox(route.Mailbox), wire.Token(route.Token), item.EnvelopeID, item.Envelope)
}

// wasSent takes a content off the queue, unless it was to be sealed anew while its envelope was on its way.
func (u *unit) wasSent(item chat.QueueItem) error {
	if now, err := u.Queue().Get(item.ID); err != nil || now.EnvelopeID != item.EnvelopeID {
		return ignoreMissing(err)
	}
	if err := ignoreMissing(u.Queue().Delete(item.ID)); err != nil || !item.Visible {
		return err
	}
	return u.visibleState(item.Message, chat.Sent, "")
}

// failed commits what follows from a failure to send and says when to try again; true: at once.
func (m *Messenger) failed(ctx context.Context, item chat.QueueItem, route chat.Route, cause error) (result, bool) {
	if ctx.Err() != nil {
		return result{}, false
	}
	var res result
	again := false
	err := m.update(ctx, func(u *unit) error {
		res, again = result{}, false
		item, err := u.Queue().Get(item.ID)
		if err != nil {
			again = errors.Is(err, chat.ErrNotFound)
			return ignoreMissing(err)
		}
		if item.State == chat.QueueParked {
			again = true // set aside meanwhile
			return nil
		}
		now, err := routeTo(u.Tx, item.Peer)
		if err := ignoreMissing(err); err != nil {
			return err
		}
		if code := permanent(cause); code != "" {
			again = true
			if now.Mailbox != route.Mailbox {
				return nil // a newer route came in meanwhile
			}
			contact, err := u.Contacts().Get(item.Peer)
			if err := ignoreMissing(err); err != nil {
				return err
			}
			if code == FailureRefused && contact.State == chat.ContactPending {
				code = FailureUsed
			}
			return u.park([]chat.QueueItem{item}, code)
		}
		item.Attempts++
		delay := min(firstBackoff<<min(item.Attempts-1, 20), maxBackoff)
		item.Failure, res.soft = failureOffline, true
		if errors.Is(cause, wire.ErrQuota) {
			item.Failure, res.soft = failureQuota, false
			if after, ok := wire.RetryAfter(cause); ok {
				delay = max(after, firstBackoff)
			}
		}
		item.NotBefore = u.now.Add(delay)
		res.until = item.NotBefore
		return u.Queue().Put(item)
	})
	if err != nil {
		return result{until: m.now().Add(firstBackoff)}, false
	}
	return res, again
}

// permanent returns the code of a failure that trying again does not cure; empty for the others.
func permanent(err error) string {
	switch {
	case errors.Is(err, chat.ErrOffline), errors.Is(err, wire.ErrOffline), errors.Is(err, wire.ErrUnavailable),
		errors.Is(err, wire.ErrQuota), errors.Is(err, wire.ErrClosed), errors.Is(err, wire.ErrPinMismatch),
		errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return ""
	case errors.Is(err, wire.ErrExpired), errors.Is(err, chat.ErrInviteExpired):
		return FailureExpired
	case errors.Is(err, wire.ErrUnauthorized), errors.Is(err, wire.ErrNoMailbox), errors.Is(err, chat.ErrUnauthorized):
		return FailureRefused
	case errors.Is(err, wire.ErrTooLarge), errors.Is(err, chat.ErrTooLarge):
		return FailureTooLong
	case errors.Is(err, chat.ErrMalformed), errors.Is(err, wire.ErrMalformed), errors.Is(err, chat.ErrIdentityChanged):
		return FailureSession
	}
	return ""
}

// park sets contents aside until the person acts. What nobody sees is dropped instead, except session control, without
// which nothing else would work.
func (u *unit) park(items []chat.QueueItem, code string) error {
	for _, item := range items {
		if !item.Visible {
			c, err := content.Decode(item.Content)
			if err != nil || c.Kind() != content.KindSession && c.Kind() != content.KindRoute && c.Kind() != content.KindErasure {
				if err := ignoreMissing(u.Queue().Delete(item.ID)); err != nil {
					return err
				}
				continue
			}
		}
		item.State, item.Failure, item.NotBefore = chat.QueueParked, code, time.Time{}
		if err := u.Queue().Put(item); err != nil {
			return err
		}
		if err := u.visibleState(item.Message, chat.Failed, code); err != nil {
			return err
		}
		if item.Visible {
			if err := u.stopSending(item.Message, code); err != nil {
				return err
			}
			continue
		}
		if err := u.emit(Event{Type: EventContact, Contact: item.Peer, Detail: ContactChanged, Text: code}); err != nil {
			return err
		}
	}
	return nil
}

// keepBack sets aside the messages that waited for a contact when it was blocked, and drops what nobody sees.
func (u *unit) keepBack(items []chat.QueueItem) error {
	var messages, others []chat.QueueItem
	for _, item := range items {
		if item.Visible {
			messages = append(messages, item)
		} else {
			others = append(others, item)
		}
	}
	if err := u.unqueue(others); err != nil {
		return err
	}
	return u.park(messages, FailureBlocked)
}

func (u *unit) unqueue(items []chat.QueueItem) error {
	for _, item := range items {
		if err := ignoreMissing(u.Queue().Delete(item.ID)); err != nil {
			return err
		}
	}
	return nil
}
