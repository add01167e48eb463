//go:build unix

package messenger

import (
	"crypto/ecdh"
	"crypto/mlkem"
	"crypto/rand"
	"strings"
	"syscall"
	"testing"
	"time"

	"sotto/chat"
	"sotto/chat/content"
	"sotto/crypto/ratchet"
	"sotto/crypto/vault"
	"sotto/storage"
)

var benchNow = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// BenchmarkEnvelope writes one text of 200 bytes, the sides taking turns: session read, content encoded, padded to its
// class, encrypted, session serialised; and the way back at the peer. As in a Messenger, the state of the ratchet is kept
// parsed from one unit of work to the next.
func BenchmarkEnvelope(b *testing.B) {
	ada, ben := inMemory(b)
	pingPong(b, ada, ben)
}

// BenchmarkEnvelopeCommitted is BenchmarkEnvelope with each step committed to an encrypted store of its side: session
// and queued envelope when sending, session and message when receiving.
func BenchmarkEnvelopeCommitted(b *testing.B) {
	ada, ben := inMemory(b)
	ada.keepIn(b.TempDir())
	ben.keepIn(b.TempDir())
	pingPong(b, ada, ben)
}

// burst is how many texts one side writes before the other answers.
const burst = 100

// BenchmarkBurst is BenchmarkEnvelope with bursts of texts one way and an answer after each. An operation is a burst.
func BenchmarkBurst(b *testing.B) {
	from, to := inMemory(b)
	text := strings.Repeat("x", 200)
	settle(from, to, text)
	var writing, reading time.Duration
	for b.Loop() {
		var envelopes [burst][]byte
		began := cpuTime(b)
		for i := range envelopes {
			envelopes[i] = from.send(text)
		}
		written := cpuTime(b)
		for _, e := range envelopes {
			to.receive(e)
		}
		writing, reading = writing+written-began, reading+cpuTime(b)-written
		from.receive(to.send(text))
	}
	total := float64(b.N) * burst
	b.ReportMetric(total/writing.Seconds(), "written/CPU-s")
	b.ReportMetric(total/reading.Seconds(), "read/CPU-s")
}

// writer is one side of a session.
type writer struct {
	b     *testing.B
	m     *Messenger // keeps the states
	self  chat.ContactID
	saved chat.Session // where there is no store
	store chat.Store
	seq   uint64
	item  int64 // the queued envelope
}

func (w *writer) check(err error) {
	w.b.Helper()
	if err != nil {
		w.b.Fatal(err)
	}
}

// inMemory returns the two sides of a session without stores.
func inMemory(b *testing.B) (ada, ben *writer) {
	ada, ben = &writer{b: b, m: new(Messenger), self: chat.ContactID{1}}, &writer{b: b, m: new(Messenger), self: chat.ContactID{2}}
	var root ratchet.Root
	var binding ratchet.Binding
	var id ratchet.SessionID
	rand.Read(root[:])
	rand.Read(binding[:])
	rand.Read(id[:])
	prekey, err := ecdh.X25519().GenerateKey(rand.Reader)
	ada.check(err)
	static, err := mlkem.GenerateKey768()
	ada.check(err)
	a, err := ratchet.NewInitiator(ratchet.InitiatorParams{
		Root: root, Binding: binding, SessionID: id, PeerRatchetKey: prekey.PublicKey(), OwnStaticKEM: static,
	}, benchNow)
	ada.check(err)
	c, err := ratchet.NewAcceptor(ratchet.AcceptorParams{
		Root: root, Binding: binding, SessionID: id, OwnRatchetKey: prekey, PeerStaticKEM: static.EncapsulationKey(),
	}, benchNow)
	ada.check(err)
	ada.commit(func(u *unit) {
		ada.check(u.putSession(session{Session: chat.Session{ID: chat.SessionID(id), Peer: ben.self}, ratchet: a, binding: binding}))
	})
	ben.commit(func(u *unit) {
		ben.check(u.putSession(session{Session: chat.Session{ID: chat.SessionID(id), Peer: ada.self}, ratchet: c, binding: binding}))
	})
	return ada, ben
}

// memoryTx keeps the one session of a writer.
type memoryTx struct {
	chat.Tx
	w *writer
}

func (t memoryTx) Sessions() chat.Sessions { return memorySessions{w: t.w} }

type memorySessions struct {
	chat.Sessions
	w *writer
}

func (r memorySessions) Put(s chat.Session) error {
	r.w.saved = s
	return nil
}

// keepIn moves the writer's session into a new encrypted store.
func (w *writer) keepIn(dir string) {
	w.b.Helper()
	store, _, err := storage.Create(w.b.Context(), dir, storage.Options{
		Passphrase: "bench", Params: vault.Params{Memory: 64, Time: 1, Threads: 1},
		Limits: vault.Limits{MinMemory: 64, MaxMemory: 1 << 20, MinTime: 1, MaxTime: 16},
	})
	w.check(err)
	w.b.Cleanup(func() { w.check(store.Close()) })
	w.store = store
	w.commit(func(tx *unit) {
		w.check(tx.Conversations().Put(chat.Conversation{ID: chat.ConversationID{9}, Kind: chat.Direct}))
		w.check(tx.Sessions().Put(w.saved))
		item, err := tx.Queue().Add(chat.QueueItem{Peer: w.saved.Peer})
		w.check(err)
		w.item = item.ID
	})
}

// commit runs one unit of work, in the store if there is one.
func (w *writer) commit(f func(*unit)) {
	w.b.Helper()
	var u *unit
	run := func(tx chat.Tx) error {
		u = &unit{Tx: tx, m: w.m, now: benchNow}
		f(u)
		return nil
	}
	if w.store == nil {
		w.check(run(memoryTx{w: w}))
	} else {
		w.check(w.store.Update(w.b.Context(), run))
	}
	u.settleStates()
}

func (w *writer) session(u *unit) session {
	w.b.Helper()
	s := w.saved
	if w.store != nil {
		var err error
		s, err = u.Sessions().Get(w.saved.ID)
		w.check(err)
	}
	read, err := u.session(s)
	w.check(err)
	return read
}

func (w *writer) send(text string) (envelope []byte) {
	w.b.Helper()
	w.seq++
	encoded, err := content.Content{
		ID: chat.NewMessageID(), Conv: chat.ConversationID{9}, Seq: w.seq, Sent: benchNow, Body: content.Text{Text: text},
	}.Encode()
	w.check(err)
	w.commit(func(u *unit) {
		var s session
		s, envelope, err = seal(w.session(u), encoded)
		w.check(err)
		w.check(u.putSession(s))
		if w.store != nil {
			w.check(u.Queue().Put(chat.QueueItem{ID: w.item, Peer: s.Peer, Envelope: envelope, Session: s.ID, Created: benchNow}))
		}
	})
	return envelope
}

func (w *writer) receive(envelope []byte) {
	w.b.Helper()
	w.commit(func(u *unit) {
		e, err := parseEnvelope(envelope)
		w.check(err)
		s := w.session(u)
		next, plaintext, _, err := ratchet.Decrypt(s.ratchet, e.message, e.associated(), benchNow)
		w.check(err)
		s.ratchet.Erase()
		s.ratchet = next
		w.check(u.putSession(s))
		c, err := decodePlaintext(plaintext)
		w.check(err)
		if w.store != nil {
			_, err := u.Messages().Put(chat.Message{
				ID: c.ID, Conversation: c.Conv, Author: s.Peer, Direction: chat.In, Kind: chat.KindText, Seq: c.Seq,
				Sent: c.Sent, Received: benchNow, State: chat.Delivered, Text: c.Body.(content.Text).Text,
			})
			w.check(err)
		}
	})
}

// settle lets both sides write until they are authenticated and the first exchange is done.
func settle(from, to *writer, text string) {
	for range 4 {
		to.receive(from.send(text))
		from, to = to, from
	}
}

func pingPong(b *testing.B, from, to *writer) {
	text := strings.Repeat("x", 200)
	settle(from, to, text)
	b.ReportAllocs()
	b.ResetTimer()
	began := cpuTime(b)
	for range b.N {
		to.receive(from.send(text))
		from, to = to, from
	}
	b.ReportMetric(float64(b.N)/(cpuTime(b)-began).Seconds(), "messages/CPU-s")
}

// cpuTime returns what the process has used so far, collection of garbage included.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
