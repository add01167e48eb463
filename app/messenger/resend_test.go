package messenger

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"sotto/chat"
	"sotto/crypto/identity"
)

// established is a post whose sides have exchanged a word.
func established(t testing.TB) *post {
	t.Helper()
	p := newPost(t)
	p.say(t, 0)
	p.handAll(t, 1)
	p.say(t, 1)
	p.handAll(t, 0)
	return p
}

// change edits the store of one side.
func (p *post) change(t testing.TB, i int, f func(chat.Tx) error) {
	t.Helper()
	if err := p.stores[i].Update(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

// forget lets one side lose its sessions.
func (p *post) forget(t testing.TB, i int) {
	t.Helper()
	p.change(t, i, func(tx chat.Tx) error {
		for _, s := range p.list(tx, i) {
			if err := tx.Sessions().Delete(s.ID); err != nil {
				return err
			}
		}
		return nil
	})
}

func (p *post) list(tx chat.Tx, i int) []chat.Session {
	list, _ := tx.Sessions().ForPeer(p.ids[1-i]) // the store of a test
	return list
}

// told returns the events of one side with a detail.
func (p *post) told(t testing.TB, i int, typ EventType, detail string) (out []Event) {
	t.Helper()
	p.as(t, i, func(m *Messenger) {
		all, err := m.EventsSince(t.Context(), 0, 10_000)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range all {
			if e.Type == typ && e.Detail == detail {
				out = append(out, e)
			}
		}
	})
	return out
}

// exchange flushes and hands over until nothing moves.
func (p *post) exchange(t testing.TB) {
	t.Helper()
	for range 10 {
		p.flush(t, 0)
		p.flush(t, 1)
		if len(p.table[0])+len(p.table[1]) == 0 {
			return
		}
		p.handAll(t, 0)
		p.handAll(t, 1)
	}
	t.Fatal("they never come to rest")
}

func TestI13WhatALostStateMissedIsSentAgain(t *testing.T) {
	p := established(t)
	first := p.write(t, 0, 3)
	p.handAll(t, 1)
	p.change(t, 0, func(tx chat.Tx) error { // the peer confirmed one of them
		m, err := tx.Messages().Get(first[1])
		if err != nil {
			return err
		}
		m.State = chat.Delivered
		_, err = tx.Messages().Put(m)
		return err
	})
	p.forget(t, 1)
	p.write(t, 0, 2)
	p.handAll(t, 1) // cannot be opened
	if n := len(p.told(t, 1, EventSession, SessionLost)); n != 1 {
		t.Errorf("the loss was told %d times", n)
	}
	p.exchange(t)
	resent := p.told(t, 0, EventSession, SessionResent)
	if len(resent) != 1 || resent[0].Count != 5 { // one of established, two of three, two that were lost
		t.Errorf("resent: %+v", resent)
	}
	if p.sending(t, 0).ID != p.sending(t, 1).ID {
		t.Error("they send under two sessions")
	}
	heard := p.heard(t, 1)
	for text, n := range heard {
		if n != 1 {
			t.Errorf("%q stands %d times", text, n)
		}
	}
	if len(heard) != 6 {
		t.Errorf("%d messages", len(heard))
	}
}

// write lets one side write n messages with one opening.
func (p *post) write(t testing.TB, i, n int) (out []chat.MessageID) {
	t.Helper()
	p.as(t, i, func(m *Messenger) {
		for range n {
			p.said++
			msg, err := m.Send(t.Context(), m.ConversationWith(p.ids[1-i]), fmt.Sprintf("%d says %d", i, p.said), SendOptions{})
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, msg.ID)
			m.sendTo(t.Context(), p.ids[1-i])
		}
	})
	return out
}

func TestI13OnlyTheNewestFiftyOfSevenDaysThatHaveNotExpiredAreSentAgain(t *testing.T) {
	p := established(t)
	old := p.write(t, 0, 3)
	p.table[1] = nil
	p.now = p.now.Add(resendAge + time.Minute)
	p.write(t, 1, 1) // a session renewed in time
	p.handAll(t, 0)
	p.write(t, 0, 1)
	p.handAll(t, 1)
	young := p.write(t, 0, 60)
	expiring := young[59]
	p.change(t, 0, func(tx chat.Tx) error {
		m, err := tx.Messages().Get(expiring)
		if err != nil {
			return err
		}
		m.ExpiresAfter, m.Expires = time.Minute, p.now.Add(time.Minute)
		_, err = tx.Messages().Put(m)
		return err
	})
	p.now = p.now.Add(2 * time.Minute)
	p.table[1] = nil // nothing of it arrived
	p.forget(t, 1)
	p.write(t, 0, 1)
	p.exchange(t)
	resent := p.told(t, 0, EventSession, SessionResent)
	if len(resent) != 1 || resent[0].Count != resendMost {
		t.Fatalf("resent: %+v", resent)
	}
	has := p.known(t, 1)
	for _, id := range append(old, expiring) {
		if has(id) {
			t.Error("an old or expired message was sent again")
		}
	}
	if has(young[0]) || !has(young[58]) || !has(young[20]) {
		t.Error("not the newest were sent again")
	}
}

// known answers whether one side holds a message.
func (p *post) known(t testing.TB, i int) func(chat.MessageID) bool {
	t.Helper()
	var all []chat.Message
	p.as(t, i, func(m *Messenger) {
		var err error
		if all, err = m.Messages(t.Context(), m.ConversationWith(p.ids[1-i]), 0, 1000); err != nil {
			t.Fatal(err)
		}
	})
	return func(id chat.MessageID) bool {
		return slices.ContainsFunc(all, func(m chat.Message) bool { return m.ID == id })
	}
}

func TestI13AskingAgainAndAgainIsAnsweredOnceAnHour(t *testing.T) {
	p := established(t)
	p.write(t, 0, 4)
	p.handAll(t, 1)
	lose := func() int {
		p.forget(t, 1)
		p.change(t, 1, func(tx chat.Tx) error { return ignoreMissing(tx.Settings().Delete(settingAsked + p.ids[0].String())) })
		p.write(t, 1, 1) // begins anew, and asks
		p.exchange(t)
		return len(p.told(t, 0, EventSession, SessionResent))
	}
	for range 4 {
		if n := lose(); n != 1 {
			t.Fatalf("answered %d times", n)
		}
		p.now = p.now.Add(10 * time.Minute)
	}
	p.now = p.now.Add(resendEvery)
	if n := lose(); n != 2 {
		t.Errorf("answered %d times after an hour", n)
	}
}

// moved gives one side another device, on a list that follows the present one or, restored, comes from nowhere.
func (p *post) moved(t testing.TB, i int, restored bool) {
	t.Helper()
	p.now = p.now.Add(time.Minute)
	p.change(t, i, func(tx chat.Tx) error {
		secret, err := tx.Settings().Get(settingIdentity)
		if err != nil {
			return err
		}
		id, err := identity.Parse(secret)
		if err != nil {
			return err
		}
		device, err := identity.NewDevice(p.now)
		if err != nil {
			return err
		}
		stored, err := tx.Settings().Get(settingList)
		if err != nil {
			return err
		}
		before, err := identity.LoadDeviceList(stored, id.Certificate())
		if err != nil {
			return err
		}
		if restored {
			before = nil
		}
		list, err := identity.SignDeviceList(id, before, [][]byte{device.Statement(id.Fingerprint())}, p.now)
		if err != nil {
			return err
		}
		if err := tx.Settings().Put(settingDevice, device.Marshal()); err != nil {
			return err
		}
		return tx.Settings().Put(settingList, list.Bytes())
	})
	p.forget(t, i)
}

func TestI13ANewDeviceGetsNothingAgainBeforeAClick(t *testing.T) {
	for name, restored := range map[string]bool{"a new device": false, "a restored identity": true} {
		t.Run(name, func(t *testing.T) {
			p := established(t)
			missed := p.write(t, 0, 3)
			p.table[1] = nil
			p.moved(t, 1, restored)
			p.write(t, 1, 1)
			p.exchange(t)
			if n := len(p.told(t, 0, EventSession, SessionResent)); n != 0 {
				t.Fatal("sent again without being asked")
			}
			if n := len(p.told(t, 0, EventSession, SessionResendHeld)); n != 1 {
				t.Errorf("told %d times that something waits", n)
			}
			if n := len(p.told(t, 0, EventAlert, AlertDeviceAdded)); n != 1 {
				t.Errorf("%d alerts about the device", n)
			}
			if n := len(p.told(t, 0, EventAlert, AlertIdentityChanged)); (n == 1) != restored {
				t.Errorf("%d alerts about the identity", n)
			}
			p.as(t, 0, func(m *Messenger) {
				s, err := m.Security(t.Context(), p.ids[1])
				if err != nil || !s.ResendHeld || s.NewDevices != 1 || s.Restored != restored {
					t.Errorf("before the click %+v, %v", s, err)
				}
				if err := m.ConfirmIdentity(t.Context(), p.ids[1]); err != nil {
					t.Fatal(err)
				}
				if s, err := m.Security(t.Context(), p.ids[1]); err != nil || s.ResendHeld || s.NewDevices != 0 || s.Restored {
					t.Errorf("after the click %+v, %v", s, err)
				}
			})
			p.exchange(t)
			has := p.known(t, 1)
			for _, id := range missed {
				if !has(id) {
					t.Error("not sent again after the click")
				}
			}
		})
	}
}
