package messenger

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"time"

	"sotto/chat"
	"sotto/chat/content"
	"sotto/crypto/handshake"
	"sotto/crypto/identity"
)

// settingPin holds, under a contact's id, what is remembered of its last accepted device list.
const settingPin = "messenger/pin/"

// settingListTold holds the version of the own device list that the contacts were told of.
const settingListTold = "messenger/device-list-told"

type pinned struct {
	Version  uint64
	Hash     []byte
	New      []chat.DeviceID `json:",omitempty"` // came with a later list and wait for the person's word
	Restored bool            `json:",omitempty"` // the identity was restored or copied, and the person has not confirmed
}

func (p pinned) isNew(device chat.DeviceID) bool { return slices.Contains(p.New, device) }

func (u *unit) pinOf(peer chat.ContactID) (pin pinned, err error) {
	_, err = getJSON(u.Tx, settingPin+peer.String(), &pin)
	return pin, err
}

// takeDevices judges a verified certificate and device list of a known contact against what is pinned and pins them.
// An identity that was restored or copied raises an alert, and stops sending to a contact that was verified, until the
// person confirms. Errors: chat.ErrIdentityChanged for another certificate, a rolled back or foreign list (I14).
func (u *unit) takeDevices(peer chat.ContactID, cert *identity.Certificate, list *identity.DeviceList) error {
	contact, err := u.Contacts().Get(peer)
	if err != nil {
		return err
	}
	if contact.Certificate != nil && sha256.Sum256(contact.Certificate) != cert.Hash() {
		return chat.ErrIdentityChanged
	}
	pin, err := u.pinOf(peer)
	if err != nil {
		return err
	}
	var before *identity.Pinned
	if len(pin.Hash) == 32 {
		before = &identity.Pinned{Identity: identity.Fingerprint(peer), Version: pin.Version, Hash: [32]byte(pin.Hash)}
	}
	verdict, err := identity.Advance(before, list, u.now)
	if err != nil {
		return fmt.Errorf("%w: %w", chat.ErrIdentityChanged, err)
	}
	if verdict == identity.Unchanged {
		return nil
	}
	known, err := u.m.knownDevices(contact)
	if err != nil {
		return err
	}
	contact.Certificate, contact.DeviceList = cert.Bytes(), list.Bytes()
	if verdict == identity.RestoredOrCopied {
		pin.Restored = true
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
	if before != nil {
		if err := u.compareDevices(peer, &pin, known, list); err != nil {
			return err
		}
	}
	next := list.Pin()
	pin.Version, pin.Hash = next.Version, next.Hash[:]
	if err := putJSON(u.Tx, settingPin+peer.String(), pin); err != nil {
		return err
	}
	return u.dropDevices(peer, list)
}

// knownDevices returns the devices of the last accepted list.
func (m *Messenger) knownDevices(contact chat.Contact) (out []chat.DeviceID, err error) {
	list, err := m.deviceListOf(contact)
	if err != nil || list == nil {
		return nil, err
	}
	for _, d := range list.Devices {
		out = append(out, chat.DeviceID(d.ID))
	}
	return out, nil
}

// deviceListOf returns the last accepted list of a contact, nil when there is none.
func (m *Messenger) deviceListOf(contact chat.Contact) (*identity.DeviceList, error) {
	if contact.DeviceList == nil || contact.Certificate == nil {
		return nil, nil
	}
	_, list, err := m.known.Load(contact.Certificate, contact.DeviceList)
	if err != nil {
		return nil, fmt.Errorf("%w: device list", chat.ErrDamaged)
	}
	return list, nil
}

// compareDevices tells which devices came and which went.
func (u *unit) compareDevices(peer chat.ContactID, pin *pinned, known []chat.DeviceID, list *identity.DeviceList) error {
	pin.New = slices.DeleteFunc(pin.New, func(d chat.DeviceID) bool { return list.Device(identity.DeviceID(d)) == nil })
	for _, d := range list.Devices {
		id := chat.DeviceID(d.ID)
		if slices.Contains(known, id) {
			continue
		}
		pin.New = append(pin.New, id)
		if err := u.emit(Event{Type: EventAlert, Detail: AlertDeviceAdded, Contact: peer, Text: id.String()}); err != nil {
			return err
		}
	}
	for _, id := range known {
		if list.Device(identity.DeviceID(id)) != nil {
			continue
		}
		if err := u.emit(Event{Type: EventContact, Detail: ContactDeviceRemoved, Contact: peer, Text: id.String()}); err != nil {
			return err
		}
	}
	return nil
}

// dropDevices ends what belongs to devices that are not on the list any more: nothing of theirs is opened from now on.
func (u *unit) dropDevices(peer chat.ContactID, list *identity.DeviceList) error {
	sessions, err := u.Sessions().ForPeer(peer)
	if err != nil {
		return err
	}
	gone := false
	for _, s := range sessions {
		if list.Device(identity.DeviceID(s.Device)) != nil {
			continue
		}
		gone = true
		if err := u.deleteSession(s.ID); err != nil {
			return err
		}
	}
	if !gone {
		return nil
	}
	return u.unseal(peer)
}

// confirmDevices takes the person's word for the devices of a contact, and sends what waited for it.
func (u *unit) confirmDevices(peer chat.ContactID) error {
	pin, err := u.pinOf(peer)
	if err != nil {
		return err
	}
	if pin.Restored || len(pin.New) > 0 {
		pin.Restored, pin.New = false, nil
		if err := putJSON(u.Tx, settingPin+peer.String(), pin); err != nil {
			return err
		}
	}
	return u.resendHeld(peer)
}

// refusedList tells, now and then, that a contact's device presented a list that is not accepted (I14).
func (u *unit) refusedList(peer chat.ContactID) error {
	if rare, err := u.rarely(settingRefused+peer.String(), alertEvery); err != nil || !rare {
		return err
	}
	return u.emit(Event{Type: EventAlert, Detail: AlertDevicesRefused, Contact: peer})
}

// settingRefused holds, under a contact's id, when the last alert about a refused device list was raised.
const settingRefused = "messenger/refused-list/"

// applyDevices takes the list that a contact sends when it has a new one.
func (in *intake) applyDevices(contact chat.Contact, signed []byte) error {
	if contact.Certificate == nil {
		return nil
	}
	cert, list, err := in.m.known.Verify(contact.Certificate, signed, in.now)
	if err != nil {
		return in.refusedList(contact.ID)
	}
	if err := in.takeDevices(contact.ID, cert, list); isRefusal(err) {
		return in.refusedList(contact.ID)
	} else if err != nil {
		return err
	}
	return nil
}

// renewList signs the own device list anew when it runs out, and tells the contacts of the present one once.
func (u *unit) renewList() error {
	own := u.m.own()
	list := own.List
	if list.NeedsRenewal(u.now) {
		var err error
		list, err = identity.SignDeviceList(u.m.keys.identity, list, [][]byte{own.Device.Statement(list.Identity)}, u.now)
		if err != nil {
			return fmt.Errorf("renew device list: %w", err)
		}
		if err := u.Settings().Put(settingList, list.Bytes()); err != nil {
			return err
		}
	}
	var told uint64
	known, err := getJSON(u.Tx, settingListTold, &told)
	if err != nil {
		return err
	}
	if known && told == list.Version {
		return nil
	}
	if err := putJSON(u.Tx, settingListTold, list.Version); err != nil {
		return err
	}
	u.list = list
	if !known {
		return nil // the first: every contact has it from the handshake
	}
	contacts, err := u.Contacts().List()
	if err != nil {
		return err
	}
	for _, c := range contacts {
		if c.State != chat.ContactAccepted {
			continue
		}
		if err := u.enqueueBody(c.ID, content.Session{Action: content.Devices, Devices: list.Bytes()}, queueOptions{}); err != nil {
			return err
		}
	}
	return nil
}

// own returns the device with the list of now.
func (m *Messenger) own() handshake.Own {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.keys.own
}

// expired reports whether a contact's list has ended: it did not renew it, so its identity does not vouch any more.
func expired(list *identity.DeviceList, now time.Time) bool {
	return list != nil && now.After(list.NotAfter.Add(identity.ClockSkew))
}

// settingExpired holds, under a contact's id, the version of its list whose end was told.
const settingExpired = "messenger/expired-list/"

// noteExpired tells once that an accepted contact did not renew its device list.
func (u *unit) noteExpired(c chat.Contact) error {
	if c.State != chat.ContactAccepted {
		return nil
	}
	list, err := u.m.deviceListOf(c)
	if err != nil || !expired(list, u.now) {
		return err
	}
	var told uint64
	if _, err := getJSON(u.Tx, settingExpired+c.ID.String(), &told); err != nil || told == list.Version {
		return err
	}
	if err := putJSON(u.Tx, settingExpired+c.ID.String(), list.Version); err != nil {
		return err
	}
	return u.emit(Event{Type: EventContact, Contact: c.ID, Detail: ContactDevicesExpired})
}

// isRefusal reports whether an error is about what a peer presented, not about the store.
func isRefusal(err error) bool {
	return errors.Is(err, chat.ErrIdentityChanged) || errors.Is(err, chat.ErrMalformed)
}
