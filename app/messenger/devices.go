package messenger

import (
	"errors"
	"fmt"

	"sotto/chat"
	"sotto/crypto/identity"
)

// settingPin holds, under a contact's id, what is remembered of its last accepted device list.
const settingPin = "messenger/pin/"

type pinned struct {
	Version uint64
	Hash    []byte
}

// takeDevices judges a verified certificate and device list of a known contact against what is pinned and pins them.
// An identity that was restored or copied raises an alert, and stops sending to a contact that was verified, until the
// person confirms. Errors: chat.ErrIdentityChanged for another certificate, a rolled back or foreign list (I14).
func (u *unit) takeDevices(peer chat.ContactID, cert *identity.Certificate, list *identity.DeviceList) error {
	contact, err := u.Contacts().Get(peer)
	if err != nil {
		return err
	}
	if contact.Certificate != nil {
		known, err := identity.ParseCertificate(contact.Certificate)
		if err != nil {
			return fmt.Errorf("%w: certificate", chat.ErrDamaged)
		}
		if known.Hash() != cert.Hash() {
			return chat.ErrIdentityChanged
		}
	}
	var pin pinned
	var before *identity.Pinned
	ok, err := getJSON(u.Tx, settingPin+peer.String(), &pin)
	if err != nil {
		return err
	}
	if ok && len(pin.Hash) == 32 {
		before = &identity.Pinned{Identity: identity.Fingerprint(peer), Version: pin.Version, Hash: [32]byte(pin.Hash)}
	}
	verdict, err := identity.Advance(before, list, u.now)
	if err != nil {
		return fmt.Errorf("%w: %w", chat.ErrIdentityChanged, err)
	}
	if verdict == identity.Unchanged {
		return nil
	}
	contact.Certificate, contact.DeviceList = cert.Bytes(), list.Bytes()
	if verdict == identity.RestoredOrCopied {
		if contact.Verification == chat.Verified {
			contact.Verification = chat.Changed
		}
		if err := u.emit(Event{Type: EventAlert, Detail: AlertIdentityChanged, Contact: peer}); err != nil {
			return err
		}
	}
	if err := u.Contacts().Put(contact); err != nil {
		return err
	}
	next := list.Pin()
	if err := putJSON(u.Tx, settingPin+peer.String(), pinned{Version: next.Version, Hash: next.Hash[:]}); err != nil {
		return err
	}
	return u.dropDevices(peer, list)
}

// dropDevices archives the sessions with devices that are not on the list any more.
func (u *unit) dropDevices(peer chat.ContactID, list *identity.DeviceList) error {
	sessions, err := u.Sessions().ForPeer(peer)
	if err != nil {
		return err
	}
	for _, s := range sessions {
		if list.Device(identity.DeviceID(s.Device)) != nil || !s.Archived.IsZero() {
			continue
		}
		s.Archived = u.now
		if err := u.Sessions().Put(s); err != nil {
			return err
		}
	}
	return nil
}

// isRefusal reports whether an error is about what a peer presented, not about the store.
func isRefusal(err error) bool {
	return errors.Is(err, chat.ErrIdentityChanged) || errors.Is(err, chat.ErrMalformed)
}
