package messenger

import (
	"testing"
	"time"

	"sotto/chat"
	"sotto/chat/content"
	"sotto/crypto/identity"
)

// ownList returns the device list that one side has stored as its own.
func (p *post) ownList(t testing.TB, i int) []byte {
	t.Helper()
	var list []byte
	p.change(t, i, func(tx chat.Tx) (err error) {
		list, err = tx.Settings().Get(settingList)
		return err
	})
	return list
}

// listOf returns the list of the other that one side has accepted.
func (p *post) listOf(t testing.TB, i int) *identity.DeviceList {
	t.Helper()
	var list *identity.DeviceList
	p.change(t, i, func(tx chat.Tx) error {
		c, err := tx.Contacts().Get(p.ids[1-i])
		if err != nil {
			return err
		}
		list, err = new(Messenger).deviceListOf(c)
		return err
	})
	return list
}

// send queues a session control that an honest program would not, and sends it.
func (p *post) send(t testing.TB, i int, control content.Session) {
	t.Helper()
	p.as(t, i, func(m *Messenger) {
		err := m.update(t.Context(), func(u *unit) error { return u.enqueueBody(p.ids[1-i], control, queueOptions{}) })
		if err != nil {
			t.Fatal(err)
		}
		m.sendTo(t.Context(), p.ids[1-i])
	})
}

func (p *post) sweep(t testing.TB, i int) {
	t.Helper()
	p.as(t, i, func(m *Messenger) { m.sweep(t.Context()) })
}

const renewal = identity.ListLifetime - identity.ListRenewal + time.Hour

func TestI14ARenewedListGoesToTheContacts(t *testing.T) {
	p := established(t)
	p.sweep(t, 0) // every start
	p.now = p.now.Add(renewal)
	p.sweep(t, 0)
	p.exchange(t)
	if got, want := p.listOf(t, 1), p.ownList(t, 0); string(got.Bytes()) != string(want) {
		t.Error("the contact has another list")
	}
	for _, code := range []string{AlertIdentityChanged, AlertDeviceAdded, AlertDevicesRefused} {
		if n := len(p.told(t, 1, EventAlert, code)); n != 0 {
			t.Errorf("%d alerts %s about an honest renewal", n, code)
		}
	}
	p.sweep(t, 0)
	p.flush(t, 0)
	if len(p.table[1]) != 0 {
		t.Error("the same list is told twice")
	}
}

// TestI14RenewalsMissedWhileAwayRaiseNoAlarm lets three renewals pass without the contact, which was verified.
func TestI14RenewalsMissedWhileAwayRaiseNoAlarm(t *testing.T) {
	p := established(t)
	p.as(t, 1, func(m *Messenger) {
		if err := m.Verify(t.Context(), p.ids[0], ""); err != nil {
			t.Fatal(err)
		}
	})
	p.sweep(t, 0)
	for range 3 {
		p.now = p.now.Add(renewal)
		p.sweep(t, 0)
		p.flush(t, 0)
		p.table[1] = nil
	}
	p.publishAll(t)
	p.forget(t, 0)
	p.write(t, 0, 1)
	p.exchange(t)
	if string(p.listOf(t, 1).Bytes()) != string(p.ownList(t, 0)) {
		t.Error("the contact has another list")
	}
	if n := len(p.told(t, 1, EventAlert, AlertIdentityChanged)); n != 0 {
		t.Error("a false alarm")
	}
	p.as(t, 1, func(m *Messenger) {
		if s, err := m.Security(t.Context(), p.ids[0]); err != nil || s.Verification != chat.Verified || s.Restored || s.NewDevices != 0 {
			t.Errorf("%+v, %v", s, err)
		}
	})
}

// publishAll puts fresh bundles on the table of both sides.
func (p *post) publishAll(t testing.TB) {
	t.Helper()
	for i := range 2 {
		p.as(t, i, func(m *Messenger) {
			mb := chat.Mailbox{}
			p.change(t, i, func(tx chat.Tx) (err error) {
				mb, err = tx.Mailboxes().Get(p.boxes[i])
				return err
			})
			if err := m.publish(t.Context(), &desk{p: p}, mb, 4); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestI14ARevokedDeviceIsNotHeardAnyMore(t *testing.T) {
	p := established(t)
	thief := p.copied() // Ada's device, as it was
	p.moved(t, 0, false)
	p.write(t, 0, 1)
	p.exchange(t)
	if n := len(p.told(t, 1, EventContact, ContactDeviceRemoved)); n != 1 {
		t.Errorf("the removal was told %d times", n)
	}
	before := len(p.heard(t, 1))
	for _, forget := range []bool{false, true} { // under the old session, and with a new handshake and the old list
		if forget {
			thief.forget(t, 0)
			thief.pools = p.pools
		}
		thief.write(t, 0, 1)
		p.table[1] = thief.table[1]
		thief.table[1] = nil
		p.handAll(t, 1)
	}
	if n := len(p.heard(t, 1)); n != before {
		t.Error("the revoked device was heard")
	}
	if n := len(p.told(t, 1, EventAlert, AlertDevicesRefused)); n != 1 {
		t.Errorf("%d alerts about the old list", n)
	}
	for _, s := range p.sessions(t, 1) {
		if p.listOf(t, 1).Device(identity.DeviceID(s.Device)) == nil && s.Device != (chat.DeviceID{}) {
			t.Error("a session of the revoked device is kept")
		}
	}
}

func TestI14AListSentInASessionIsJudgedLikeAnyOther(t *testing.T) {
	p := established(t)
	old := p.ownList(t, 0)
	foreign := p.ownList(t, 1)
	p.sweep(t, 0)
	p.now = p.now.Add(renewal)
	p.sweep(t, 0)
	p.exchange(t)
	accepted := p.listOf(t, 1).Version
	for name, list := range map[string][]byte{"rolled back": old, "foreign": foreign, "garbage": {1, 2, 3}} {
		p.now = p.now.Add(2 * time.Hour) // alerts are rare
		before := len(p.told(t, 1, EventAlert, AlertDevicesRefused))
		p.send(t, 0, content.Session{Action: content.Devices, Devices: list})
		p.handAll(t, 1)
		if p.listOf(t, 1).Version != accepted {
			t.Fatalf("a %s list was accepted", name)
		}
		if n := len(p.told(t, 1, EventAlert, AlertDevicesRefused)); n != before+1 {
			t.Errorf("a %s list raised %d alerts", name, n-before)
		}
	}
}

func TestI14AListThatWasNotRenewedShows(t *testing.T) {
	p := established(t)
	for range 2 {
		p.sweep(t, 1)
	}
	if n := len(p.told(t, 1, EventContact, ContactDevicesExpired)); n != 0 {
		t.Fatal("told too early")
	}
	p.now = p.now.Add(identity.ListLifetime + 2*identity.ClockSkew)
	for range 2 {
		p.sweep(t, 1)
	}
	if n := len(p.told(t, 1, EventContact, ContactDevicesExpired)); n != 1 {
		t.Errorf("told %d times", n)
	}
	p.as(t, 1, func(m *Messenger) {
		if s, err := m.Security(t.Context(), p.ids[0]); err != nil || !s.DevicesExpired {
			t.Errorf("%+v, %v", s, err)
		}
	})
}
