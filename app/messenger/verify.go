package messenger

import (
	"context"
	"errors"

	"sotto/chat"
	"sotto/crypto/identity"
)

// SafetyNumber returns what the two people compare. It depends on the identities only, so it is there for requests too.
func (m *Messenger) SafetyNumber(ctx context.Context, id chat.ContactID) (SafetyNumber, error) {
	if _, err := m.Contact(ctx, id); err != nil {
		return SafetyNumber{}, err
	}
	n := m.safetyNumber(id)
	return SafetyNumber{Digits: n.Groups(), QR: n.QR()}, nil
}

func (m *Messenger) safetyNumber(id chat.ContactID) identity.SafetyNumber {
	return identity.NewSafetyNumber(identity.Fingerprint(m.Self().ID), identity.Fingerprint(id))
}

// Verify marks a contact as verified. digits are those the person was given, compared here; empty: the person compared
// them by eye. Errors: chat.ErrVerifyMismatch, chat.ErrIdentityChanged while a change waits for ConfirmIdentity.
func (m *Messenger) Verify(ctx context.Context, id chat.ContactID, digits string) error {
	if digits != "" && !m.safetyNumber(id).MatchesDigits(digits) {
		if _, err := m.Contact(ctx, id); err != nil {
			return err
		}
		return chat.ErrVerifyMismatch
	}
	return m.changeContact(ctx, "verify", id, ContactVerified, func(u *unit, c *chat.Contact) error {
		if c.State == chat.ContactRequest {
			return chat.ErrNotAccepted
		}
		if c.Verification == chat.Changed {
			u.queued = append(u.queued, id)
		}
		c.Verification = chat.Verified
		if err := u.confirmDevices(id); err != nil {
			return err
		}
		return u.audit("contact.verified", id)
	})
}

// Unverify takes a verification back.
func (m *Messenger) Unverify(ctx context.Context, id chat.ContactID) error {
	return m.changeContact(ctx, "unverify", id, ContactChanged, func(u *unit, c *chat.Contact) error {
		if c.Verification == chat.Verified {
			c.Verification = chat.Unverified
		}
		return u.audit("contact.unverified", id)
	})
}

// ConfirmIdentity lets sending go on after the contact's identity was restored or copied, or has a new device, and sends
// again what such a device asked for. A contact whose identity had changed is unverified until the numbers are compared
// again.
func (m *Messenger) ConfirmIdentity(ctx context.Context, id chat.ContactID) error {
	return m.changeContact(ctx, "confirm identity", id, ContactConfirmed, func(u *unit, c *chat.Contact) error {
		if c.Verification == chat.Changed {
			c.Verification = chat.Unverified
		}
		if err := u.confirmDevices(id); err != nil {
			return err
		}
		u.queued = append(u.queued, id)
		return u.audit("contact.identity-confirmed", id)
	})
}

// Security returns what the head of a chat shows.
func (m *Messenger) Security(ctx context.Context, id chat.ContactID) (SecurityState, error) {
	var out SecurityState
	err := m.view(ctx, func(tx chat.Tx) error {
		c, err := tx.Contacts().Get(id)
		if err != nil {
			return err
		}
		out = SecurityState{State: c.State, Verification: c.Verification, PQ: PQNone}
		s, err := sendingSession(tx, id)
		switch {
		case err == nil:
			out.PQ, out.NoForward = pqState(s, m), s.noForward
			out.SkippedKeys = s.ratchet.Status(m.now()).SkippedKeys
		case !errors.Is(err, chat.ErrNotFound):
			return err
		}
		mb, _, err := ownReach(tx, id)
		if err := ignoreMissing(err); err != nil {
			return err
		}
		out.Relay = mb.Relay
		allowed, err := m.mayRead(tx, c)
		if err != nil {
			return err
		}
		out.NeedsConsent = !allowed
		if err := out.devices(m, tx, c); err != nil {
			return err
		}
		items, err := tx.Queue().List()
		for _, item := range items {
			switch {
			case item.Peer != id:
			case item.State == chat.QueueParked:
				out.Parked++
			default:
				out.Waiting++
			}
		}
		return err
	})
	for _, r := range m.pool.list() {
		if r.address.String() == out.Relay {
			out.Online = r.Online()
		}
	}
	return out, err
}

// devices fills in what is known of the contact's devices.
func (s *SecurityState) devices(m *Messenger, tx chat.Tx, c chat.Contact) error {
	list, err := m.deviceListOf(c)
	if err != nil || list == nil {
		return err
	}
	s.Devices, s.DevicesUntil, s.DevicesExpired = len(list.Devices), list.NotAfter, expired(list, m.now())
	pin, err := (&unit{Tx: tx}).pinOf(c.ID)
	if err != nil {
		return err
	}
	s.NewDevices, s.Restored = len(pin.New), pin.Restored
	var r resendRecord
	_, err = getJSON(tx, settingResent+c.ID.String(), &r)
	s.ResendHeld = r.Held
	return err
}

func pqState(s session, m *Messenger) PQState {
	status := s.ratchet.Status(m.now())
	switch {
	case status.Overdue:
		return PQOverdue
	case status.PQAuthenticated:
		return PQAuthenticated
	}
	return PQPending
}
