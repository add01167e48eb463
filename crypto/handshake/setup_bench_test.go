//go:build unix

package handshake_test

import (
	"syscall"
	"testing"
	"time"

	"sotto/crypto/handshake"
	"sotto/crypto/identity"
	"sotto/crypto/ratchet"
)

// setups is how many sessions one operation of BenchmarkSetUp begins, each with a one-time pair, and those of a first
// contact each with a sender of its own. acquainted is how many senders begin further sessions.
const (
	setups     = 100
	acquainted = 16
)

// BenchmarkSetUp begins sessions per CPU-second (docs/PERFORMANCE.md): initiate opens a sealed bundle, verifies its
// signatures and computes the handshake; accept opens the initial message and verifies the initiator's signatures. With
// "opened" the private prekeys are read from what is stored, the ratchet is begun, and the first message opened. "Again" is a further session with a contact
// whose certificate and list were verified before in the same run.
func BenchmarkSetUp(b *testing.B) {
	w := newSetUps(b)
	var initiating, accepting, opening, initiatingAgain, acceptingAgain time.Duration
	for b.Loop() {
		w.bob.known = nil
		initiating += w.initiate(b, setups)
		accepting += w.accept(b)
		opening += w.open(b)
		w.bob.known = &w.remembered
		initiatingAgain += w.initiate(b, acquainted)
		acceptingAgain += w.accept(b)
	}
	total := float64(b.N) * setups
	b.ReportMetric(total/initiating.Seconds(), "initiated/CPU-s")
	b.ReportMetric(total/accepting.Seconds(), "accepted/CPU-s")
	b.ReportMetric(total/opening.Seconds(), "opened/CPU-s")
	b.ReportMetric(total/initiatingAgain.Seconds(), "initiated-again/CPU-s")
	b.ReportMetric(total/acceptingAgain.Seconds(), "accepted-again/CPU-s")
	b.ReportMetric(float64(len(w.initiated[0].Header)), "header-B")
}

// setUps is an acceptor, those who write to it, and the last round of theirs.
type setUps struct {
	bob        *mailbox
	remembered identity.Known
	sealed     [][]byte // one-time pairs
	senders    []*party
	initiated  [setups]*handshake.Initiated
	first      [setups][]byte // messages
}

func newSetUps(b *testing.B) *setUps {
	w := &setUps{bob: newMailbox(b, newParty(b), setups)}
	for _, pair := range w.bob.pairs {
		w.sealed = append(w.sealed, handshake.SealPair(w.bob.secret, pair))
		w.senders = append(w.senders, newParty(b))
	}
	w.bob.known = &w.remembered
	w.initiate(b, acquainted)
	w.accept(b)
	return w
}

// initiate lets so many senders begin a round of sessions, in turn.
func (w *setUps) initiate(b *testing.B, senders int) time.Duration {
	began := cpuTime(b)
	for i := range w.initiated {
		pair, err := handshake.OpenPair(w.bob.secret, w.sealed[i])
		if err != nil {
			b.Fatal(err)
		}
		w.initiated[i], err = handshake.Initiate(w.senders[i%senders].own, w.bob.open(b), pair, w.bob.secret, now)
		if err != nil {
			b.Fatal(err)
		}
	}
	took := cpuTime(b) - began
	for i, in := range w.initiated {
		state, err := ratchet.NewInitiator(ratchet.InitiatorParams{
			Root: ratchet.Root(in.Root), Binding: in.Binding, SessionID: in.SessionID,
			PeerRatchetKey: in.PeerRatchetKey, OwnStaticKEM: w.senders[i%senders].own.Device.KEM(),
		}, now)
		if err != nil {
			b.Fatal(err)
		}
		if _, w.first[i], err = ratchet.Encrypt(state, make([]byte, 200), nil); err != nil {
			b.Fatal(err)
		}
	}
	return took
}

// accept takes the handshakes of the round.
func (w *setUps) accept(b *testing.B) time.Duration {
	began := cpuTime(b)
	for _, in := range w.initiated {
		if _, err := w.bob.accept(in.Header); err != nil {
			b.Fatal(err)
		}
	}
	return cpuTime(b) - began
}

// open takes the handshakes of the round with prekeys as they are stored, begins the sessions and opens their first
// messages.
func (w *setUps) open(b *testing.B) time.Duration {
	storedSet := w.bob.set.Marshal()
	storedPairs := map[handshake.ID][]byte{}
	for _, pair := range w.bob.pairs {
		storedPairs[pair.ID()] = pair.Marshal()
	}
	began := cpuTime(b)
	for i, in := range w.initiated {
		initial, err := handshake.ParseInitial(in.Header)
		if err != nil {
			b.Fatal(err)
		}
		set, err := handshake.ParsePrekeySet(storedSet)
		if err != nil {
			b.Fatal(err)
		}
		id, _ := initial.PairID()
		pair, err := handshake.ParseOneTimePair(storedPairs[id])
		if err != nil {
			b.Fatal(err)
		}
		got, err := handshake.Accept(nil, w.bob.own, set, pair, initial, w.bob.secret, now)
		if err != nil {
			b.Fatal(err)
		}
		kem, err := got.PeerDevice.KEM()
		if err != nil {
			b.Fatal(err)
		}
		state, err := ratchet.NewAcceptor(ratchet.AcceptorParams{
			Root: ratchet.Root(got.Root), Binding: got.Binding, SessionID: got.SessionID,
			OwnRatchetKey: got.OwnRatchetKey, PeerStaticKEM: kem,
		}, now)
		if err != nil {
			b.Fatal(err)
		}
		if _, _, _, err := ratchet.Decrypt(state, w.first[i], nil, now); err != nil {
			b.Fatal(err)
		}
	}
	return cpuTime(b) - began
}

// cpuTime returns what the process has used so far, collection of garbage included.
func cpuTime(b testing.TB) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
