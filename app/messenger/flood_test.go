package messenger

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"slices"
	"testing"
	"time"

	"sotto/app/apptest/memstore"
	"sotto/chat"
	"sotto/chat/content"
	"sotto/crypto/encode"
	"sotto/crypto/handshake"
	"sotto/crypto/identity"
	"sotto/crypto/ratchet"
	"sotto/transport/wire"
)

// flooded is one person with a reusable invitation, and what whoever holds its link knows.
type flooded struct {
	*post
	mb chat.Mailbox
}

func newFlooded(t testing.TB) *flooded {
	t.Helper()
	f := &flooded{post: newPost(t)}
	f.as(t, 0, func(m *Messenger) {
		err := m.update(t.Context(), func(u *unit) (err error) {
			f.mb, err = u.newMailbox(postRelay, chat.ContactID{}, "inv", time.Time{}, mailboxCredential{})
			if err != nil {
				return err
			}
			f.mb.Renewed = u.now
			if err := u.Mailboxes().Put(f.mb); err != nil {
				return err
			}
			return u.Invitations().Put(chat.Invitation{ID: "inv", Mailbox: f.mb.ID, Reusable: true, Created: u.now})
		})
		if err != nil {
			t.Fatal(err)
		}
		f.boxes[0] = f.mb.ID
		if err := m.publish(t.Context(), &desk{p: f.post}, f.mb, pairsReusable); err != nil {
			t.Fatal(err)
		}
	})
	return f
}

// take gives the person a flood in one mailbox and returns what it took.
func (f *flooded) take(t testing.TB, envelopes [][]byte) time.Duration {
	t.Helper()
	var took time.Duration
	f.as(t, 0, func(m *Messenger) {
		start := time.Now()
		for batch := range slices.Chunk(envelopes, receiveBatch) {
			var pushes []wire.Push
			for _, e := range batch {
				pushes = append(pushes, wire.Push{Mailbox: wire.Mailbox(f.mb.ID), Envelope: e})
			}
			if err := m.update(t.Context(), func(u *unit) error { return u.receiveAll(pushes) }); err != nil {
				t.Fatal(err)
			}
		}
		took = time.Since(start)
	})
	return took
}

// stranger makes the first envelope of a fresh identity that holds the link.
func (f *flooded) stranger(t testing.TB) []byte {
	t.Helper()
	id, err := identity.New(f.now)
	if err != nil {
		t.Fatal(err)
	}
	device, err := identity.NewDevice(f.now)
	if err != nil {
		t.Fatal(err)
	}
	list, err := identity.SignDeviceList(id, nil, [][]byte{device.Statement(id.Fingerprint())}, f.now)
	if err != nil {
		t.Fatal(err)
	}
	secret := handshake.Secret(f.mb.Secret)
	bundle, err := handshake.OpenBundle(nil, secret, f.pools[0].bundle, identity.Fingerprint(f.ids[0]), f.now)
	if err != nil {
		t.Fatal(err)
	}
	own := handshake.Own{Device: device, Certificate: id.Certificate(), List: list}
	in, err := handshake.Initiate(own, bundle, nil, secret, f.now)
	if err != nil {
		t.Fatal(err)
	}
	state, err := ratchet.NewInitiator(ratchet.InitiatorParams{
		Root: ratchet.Root(in.Root), Binding: in.Binding, SessionID: in.SessionID, PeerRatchetKey: in.PeerRatchetKey, OwnStaticKEM: device.KEM(),
	}, f.now)
	if err != nil {
		t.Fatal(err)
	}
	self := chat.ContactID(id.Fingerprint())
	c := content.Content{ID: chat.NewMessageID(), Conv: DirectConversation(self, f.ids[0]), Seq: 1, Sent: f.now, Body: content.Session{
		Action: content.Introduce, Profile: &content.Profile{Name: "Mallory"}, Text: "let me in", Route: &content.Route{
			Seq: 1, Device: chat.DeviceID(device.ID()), Relay: postRelay, Mailbox: chat.MailboxID{1}, Token: make([]byte, 32), Secret: make([]byte, 32),
		},
	}}
	b, err := c.Encode()
	if err != nil {
		t.Fatal(err)
	}
	s := session{Session: chat.Session{ID: in.SessionID, Header: in.Header}, ratchet: state, binding: in.Binding}
	_, envelope, err := seal(s, b)
	if err != nil {
		t.Fatal(err)
	}
	return envelope
}

// regated returns an initial envelope with one byte of its header changed and the gate made good again.
func (f *flooded) regated(envelope []byte, offset int) []byte {
	const prefix, gate = 1618, 16
	out := slices.Clone(envelope)
	header := out[headSize+lengthSize:]
	header[offset] ^= 1
	block := encode.NewReader(header[prefix+gate:]).Bytes(1 << 20)
	mac := hmac.New(sha256.New, encode.Derive(f.mb.Secret, nil, encode.Gate, 32))
	mac.Write(encode.Fields(encode.Gate, header[:prefix], block))
	copy(header[prefix:], mac.Sum(nil)[:gate])
	return out
}

// rows counts what a flood could leave behind.
func (f *flooded) rows(t testing.TB) (contacts, sessions, rejected, settings int) {
	t.Helper()
	f.change(t, 0, func(tx chat.Tx) error {
		all, err := tx.Contacts().List()
		if err != nil {
			return err
		}
		for _, c := range all {
			list, err := tx.Sessions().ForPeer(c.ID)
			if err != nil {
				return err
			}
			sessions += len(list)
		}
		r, err := tx.Replays().Rejections()
		if err != nil {
			return err
		}
		s, err := tx.Settings().List()
		contacts, rejected, settings = len(all), len(r), len(s)
		return err
	})
	return contacts, sessions, rejected, settings
}

const perMessage = 5 * time.Millisecond // what one forged message may take

func TestI16AFloodOfForgedFirstMessagesCostsLittleAndLeavesNothing(t *testing.T) {
	f := newFlooded(t)
	genuine := f.stranger(t)
	f.as(t, 0, func(m *Messenger) { // as whatever came before a flood did
		if err := m.update(t.Context(), func(u *unit) error { return m.clock.seal(u.Tx) }); err != nil {
			t.Fatal(err)
		}
	})
	const n = 1_500
	for name, forge := range map[string]func(i int) []byte{
		"noise": func(int) []byte {
			b := make([]byte, 4096)
			rand.Read(b) //nolint:errcheck // never fails
			return b
		},
		"a header without the link": func(i int) []byte {
			b := slices.Clone(genuine)
			b[headSize+lengthSize+100+i] ^= 1
			return b
		},
		"a gate made good, another ephemeral key": func(i int) []byte { return f.regated(genuine, 18+i%32) },
		"a gate made good, another ciphertext":    func(i int) []byte { return f.regated(genuine, 50+i%1500) },
		"a gate made good, another block":         func(i int) []byte { return f.regated(genuine, 1638+i) },
	} {
		t.Run(name, func(t *testing.T) {
			before := [3]int{}
			before[0], before[1], _, before[2] = f.rows(t)
			var flood [][]byte
			for i := range n {
				flood = append(flood, forge(i))
			}
			took := f.take(t, flood)
			t.Logf("%v each", took/n)
			if took > n*perMessage {
				t.Errorf("%d took %v", n, took)
			}
			contacts, sessions, rejected, settings := f.rows(t)
			if contacts != before[0] || sessions != before[1] || rejected > 1_000 || settings > before[2]+2 {
				t.Errorf("left %d contacts, %d sessions, %d hashes, %d settings", contacts, sessions, rejected, settings)
			}
		})
	}
	f.now = f.now.Add(firstsEvery)
	f.take(t, [][]byte{genuine})
	if contacts, _, _, _ := f.rows(t); contacts != 2 {
		t.Error("the genuine request did not come through")
	}
	if n := len(f.told(t, 0, EventAlert, AlertRejected)); n > 2 {
		t.Errorf("%d alerts", n)
	}
}

func TestI16AFloodOfStrangersIsBounded(t *testing.T) {
	f := newFlooded(t)
	var flood [][]byte
	for range maxRequests + 44 {
		flood = append(flood, f.stranger(t))
	}
	took := f.take(t, flood)
	t.Logf("%v each", took/time.Duration(len(flood)))
	contacts, sessions, _, settings := f.rows(t)
	if contacts != maxRequests+1 || sessions != maxRequests+1 {
		t.Errorf("%d contacts, %d sessions", contacts-1, sessions-1)
	}
	f.as(t, 0, func(m *Messenger) {
		if list, err := m.Requests(t.Context()); err != nil || len(list) != maxRequests {
			t.Errorf("%d requests, %v", len(list), err)
		}
	})
	again := f.take(t, flood) // the same once more: duplicates
	if c, s, _, k := f.rows(t); c != contacts || s != sessions || k != settings {
		t.Errorf("a replayed flood left %d contacts, %d sessions, %d settings", c, s, k)
	}
	if again > took {
		t.Errorf("a replayed flood took %v, the first %v", again, took)
	}
}

func TestI16OneMailboxWorksOnSoManyFirstMessagesADay(t *testing.T) {
	f := newFlooded(t)
	m := memstore.New()
	mb := f.mb
	at := f.now
	count := func() (n int) {
		err := m.Update(t.Context(), func(tx chat.Tx) error {
			for range firstsInvitation + 10 {
				ok, err := (&unit{Tx: tx, now: at}).affords(mb)
				if err != nil {
					return err
				}
				if ok {
					n++
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := count(); n != firstsInvitation {
		t.Errorf("%d on one day", n)
	}
	at = at.Add(firstsEvery - time.Second)
	if n := count(); n != 0 {
		t.Errorf("%d more on the same day", n)
	}
	at = at.Add(time.Second)
	if n := count(); n != firstsInvitation {
		t.Errorf("%d on the next day", n)
	}
}
