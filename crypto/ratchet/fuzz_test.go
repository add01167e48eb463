package ratchet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"sotto/app/apptest/alloc"
)

// fuzzStates returns states of every shape: waiting, fresh, offering, answering, with skipped keys.
func fuzzStates(t testing.TB) map[string]*side {
	alice, bob, _ := newSession(t)
	states := map[string]*side{"initiator": alice.fork(), "acceptor": bob.fork()}
	alice.send("lost")
	bob.open(alice.send("offer"))
	states["acceptor after the first message"] = bob.fork()
	alice.open(bob.send("answer"))
	states["initiator after the reply"] = alice.fork()
	alice.send("lost")
	bob.open(alice.send("turn"))
	states["acceptor with skipped keys"] = bob.fork()
	return states
}

func FuzzParseState(f *testing.F) {
	for _, s := range fuzzStates(f) {
		b := s.state.Marshal()
		f.Add(b)
		f.Add(b[:len(b)-1])
		f.Add(append(b, 0))
	}
	alice, _, _ := newSession(f)
	message := alice.send("for whom it may concern")
	f.Fuzz(func(t *testing.T, b []byte) {
		alloc.Check(t, len(b), func() { _, _ = ParseState(b) })
		s, err := ParseState(b)
		if err != nil {
			if !errors.Is(err, ErrState) || !s.IsZero() {
				t.Errorf("ParseState = %v, %v", s, err)
			}
			return
		}
		if !bytes.Equal(s.Marshal(), b) {
			t.Fatal("a state was read that is written otherwise")
		}
		// What was read can be used without a panic, and what comes of it can be read again.
		if next, _, err := Encrypt(s, []byte("text"), nil); err == nil {
			if _, err := ParseState(next.Marshal()); err != nil {
				t.Error("the state after sending cannot be read")
			}
		}
		copy(message[2:], s.s.session[:])
		if len(s.s.receive) > 0 {
			copy(message[18:], s.s.receive[0].public[:])
		}
		if _, plaintext, _, err := Decrypt(s, message, nil, start); err == nil {
			t.Errorf("a foreign message reads %q", plaintext)
		}
	})
}

func FuzzDecrypt(f *testing.F) {
	alice, bob, _ := newSession(f)
	first, second := alice.send("first"), alice.send("second")
	waiting := bob.fork()
	bob.open(first)
	answer := bob.send("answer")
	pending := alice.fork()
	alice.open(answer)
	turn := alice.send("turn")
	states := []*side{waiting, pending, bob}
	genuine := map[string]bool{string(first): true, string(second): true, string(answer): true, string(turn): true}
	for m := range genuine {
		for i := range states {
			f.Add(i, []byte(m))
			f.Add(i, []byte(m)[:len(m)-1])
			f.Add(i, []byte(m)[:MinOverhead])
		}
	}
	leaping := bytes.Clone(turn)
	binary.BigEndian.PutUint32(leaping[54:], MaxSkip)
	f.Add(2, leaping)
	valid, err := pending.state.s.outstanding.public()
	must(f, err)
	for i := range states {
		f.Add(-1-i, append([]byte{byte(carriesKey), 0, 0, 0, 1}, valid...))
		f.Add(-1-i, []byte{byte(carriesFirst), 3, 0xe8, 0, 0})
		f.Add(-1-i, []byte{byte(carriesNothing), 0, 0, 3, 0xe9})
	}
	f.Fuzz(func(t *testing.T, which int, message []byte) {
		if which < 0 && which >= -len(states) {
			hostilePeer(t, states[-1-which].state, message)
			return
		}
		if which < 0 || which >= len(states) {
			return
		}
		s := states[which].state
		before := s.Marshal()
		next, _, _, err := Decrypt(s, message, associated, start)
		size := len(message)
		if err == nil {
			size += len(before) // the state is read and written; a refused message must not touch it
		}
		alloc.CheckBesides(t, size, chainGarbage(s, message), func() { _, _, _, _ = Decrypt(s, message, associated, start) })
		switch {
		case err == nil && !genuine[string(message)]:
			t.Errorf("a forged message opens: %x", message)
		case err != nil && !errors.Is(err, ErrUndecryptable) && !errors.Is(err, ErrDuplicate):
			t.Errorf("Decrypt = %v", err)
		case errors.Is(err, ErrUndecryptable) && err.Error() != ErrUndecryptable.Error():
			t.Errorf("the error says more than that it failed (I19): %v", err)
		case err != nil && next != s:
			t.Error("a refused message changed the state")
		}
		if !bytes.Equal(s.Marshal(), before) {
			t.Error("Decrypt changed its argument")
		}
	})
}

// hostilePeer starts a chain that is keyed as the other side would key it, but says and carries what the
// fuzzer chose: flags, N and PN of two bytes each, material. It opens into a state that can be stored and
// used, or is refused without a trace.
func hostilePeer(t *testing.T, target State, chosen []byte) {
	t.Helper()
	if len(chosen) < 5 {
		return
	}
	s := target.s
	h := header{
		flags: flags(chosen[0]), session: s.session, salt: make([]byte, saltSize), public: [publicSize]byte{9},
		number: uint32(binary.BigEndian.Uint16(chosen[1:])), previous: uint32(binary.BigEndian.Uint16(chosen[3:])),
	}
	size, ok := h.flags.materialSize()
	if !ok || !s.allowed(h.flags) || h.number > MaxSkip {
		return // refused before any key is computed
	}
	h.material = make([]byte, size)
	copy(h.material, chosen[5:])
	secrets, err := s.turnSecrets(&h)
	must(t, err)
	var chain receiveChain
	_, chain.key = rootStep(&s.root, chainHash(&s.binding, s.role.peer(), &h.public, h.flags, h.material), &s.own.public, secrets)
	mk := chain.keyAt(h.number)
	raw := h.append(nil)
	aead, nonce, ad := sealing(&mk, &s.binding, s.role.peer(), raw, h.salt, associated)
	message := aead.Seal(raw, nonce, []byte("from a hostile peer"), ad)

	before := target.Marshal()
	next, _, opened, err := Decrypt(target, message, associated, start)
	if !bytes.Equal(target.Marshal(), before) || err != nil && (next != target || !errors.Is(err, ErrUndecryptable)) {
		t.Fatalf("leaves a trace: %v", err)
	}
	if err != nil {
		return
	}
	after, err := ParseState(next.Marshal())
	if err != nil || !opened.Turn || leap(s.received(), h.previous) > MaxSkip {
		t.Fatalf("opens against the rules: %v", err)
	}
	if _, _, err := Encrypt(after, []byte("answer"), associated); err != nil {
		t.Errorf("the state after it cannot write: %v", err)
	}
}

// chainGarbage returns what the steps of a chain allocate on the way to the number of a message: each
// makes an HMAC and keeps nothing of it.
func chainGarbage(s State, message []byte) uint64 {
	h, err := parseHeader(message)
	if err != nil || h.session != s.s.session {
		return 0
	}
	steps := leap(0, h.number) + 1
	for _, c := range s.s.receive {
		if c.public == h.public {
			steps = leap(c.next, h.number) + 1
		}
	}
	if steps > MaxSkip+1 {
		return 0
	}
	var key chainKey
	return uint64(steps) * (alloc.Bytes(func() { chainStep(&key) }) + 16)
}

// What an authentic message allocates is bounded by the state before and after it, whatever it leaps
// over.
func TestTheLargestLeapAllocatesInProportionToTheState(t *testing.T) {
	alice, bob := settled(t)
	for range MaxSkip {
		alice.send("lost")
	}
	reachable := alice.fork()
	turn := bob.send("turn")
	reachable.open(turn)
	for range MaxSkip {
		reachable.send("lost")
	}
	m := reachable.send("leaps over two thousand")
	before := bob.state
	bob.open(m)
	if bob.storedKeys() != MaxStored {
		t.Fatalf("%d keys are stored", bob.storedKeys())
	}
	var key chainKey
	step := alloc.Bytes(func() { chainStep(&key) })
	size := len(m) + len(before.Marshal()) + len(bob.state.Marshal())
	alloc.CheckBesides(t, size, (3*MaxSkip+3)*step, func() { _, _, _, _ = Decrypt(before, m, associated, start) })
}

// A refused message allocates within the bound of its own size even at the limit of a leap, and against
// the largest state.
func TestARefusedMessageAllocatesInProportionToItself(t *testing.T) {
	alice, bob := settled(t)
	for range MaxSkip {
		alice.send("lost")
	}
	bob.open(alice.send("arrives"))
	known := alice.send("text")
	alice.open(bob.send("turn"))
	turn := alice.send("text")
	for _, m := range [][]byte{known, turn} {
		for _, number := range []uint32{0, MaxSkip, 2 * MaxSkip, 3 * MaxSkip} {
			forged := bytes.Clone(m)
			binary.BigEndian.PutUint32(forged[54:], number)
			forged[len(forged)-1] ^= 1
			alloc.CheckBesides(t, len(forged), chainGarbage(bob.state, forged), func() {
				_, _, _, _ = Decrypt(bob.state, forged, associated, start)
			})
		}
	}
}
