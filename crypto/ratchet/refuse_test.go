package ratchet

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"testing"
)

// I1 and I5: whatever is altered, in the header, its material, the body or the associated data, the
// message is refused and the state stays byte-identical.
func TestAlteredMessagesAreRefusedAndLeaveNoTrace(t *testing.T) {
	alice, bob, _ := newSession(t)
	first := alice.send("carries a key")
	type delivery struct {
		to      *side
		message []byte
	}
	kinds := map[string]delivery{"key": {bob.fork(), first}}
	bob.open(first)
	answer := bob.send("carries two ciphertexts")
	kinds["answer"] = delivery{alice.fork(), answer}
	alice.open(answer)
	plain := alice.send("carries nothing")
	kinds["plain turn"] = delivery{bob.fork(), plain}
	bob.open(plain)
	kinds["known chain"] = delivery{bob.fork(), alice.send("second of its chain")}

	for name, c := range kinds {
		t.Run(name, func(t *testing.T) {
			c.to.t = t
			// Every byte of the fixed header and of the body, and a sample of the material.
			for i := 0; i < len(c.message); i++ {
				if i >= HeaderSize && i < len(c.message)-64 && i%97 != 0 {
					continue
				}
				altered := bytes.Clone(c.message)
				altered[i] ^= 1 << (i % 8)
				c.to.refuses(altered, ErrUndecryptable)
			}
			for _, n := range []int{0, 1, HeaderSize, MinOverhead - 1, len(c.message) - 1} {
				c.to.refuses(c.message[:n], ErrUndecryptable)
			}
			c.to.refuses(append(bytes.Clone(c.message), 0), ErrUndecryptable)
			c.to.refuses(make([]byte, MaxMessage+1), ErrUndecryptable)
			if _, _, _, err := Decrypt(c.to.state, c.message, []byte("other data"), start); !errors.Is(err, ErrUndecryptable) {
				t.Errorf("other associated data: %v", err)
			}
			c.to.open(c.message) // unaltered, it opens all the same
		})
	}
}

// I2: a message key works once, in whatever way its message comes back.
func TestEveryMessageOpensOnlyOnce(t *testing.T) {
	t.Run("initial message", func(t *testing.T) {
		alice, bob, _ := newSession(t)
		first := alice.send("first")
		bob.open(first)
		bob.refuses(first, ErrDuplicate)
	})
	t.Run("in order", func(t *testing.T) {
		alice, bob := settled(t)
		for range 3 {
			m := alice.send("again")
			bob.open(m)
			bob.refuses(m, ErrDuplicate)
		}
	})
	t.Run("after a skip", func(t *testing.T) {
		alice, bob := settled(t)
		skipped, later := alice.send("skipped"), alice.send("later")
		bob.open(later)
		bob.open(skipped)
		bob.refuses(skipped, ErrDuplicate)
		bob.refuses(later, ErrDuplicate)
	})
	t.Run("after a restart", func(t *testing.T) {
		alice, bob := settled(t)
		skipped, later := alice.send("skipped"), alice.send("later")
		bob.open(later)
		bob.open(skipped)
		bob.restart()
		bob.refuses(skipped, ErrDuplicate)
		bob.refuses(later, ErrDuplicate)
	})
	t.Run("after turns", func(t *testing.T) {
		alice, bob := settled(t)
		old := alice.send("old chain")
		bob.open(old)
		for range MaxChains - 1 {
			alice.open(bob.send("turn"))
			bob.open(alice.send("turn"))
			bob.refuses(old, ErrDuplicate)
		}
		alice.open(bob.send("turn"))
		bob.open(alice.send("turn"))
		bob.refuses(old, ErrUndecryptable) // the chain is forgotten
	})
}

func TestADuplicateNamesTheMessageItRepeats(t *testing.T) {
	alice, bob := settled(t)
	alice.send("lost")
	m := alice.send("opened")
	next, _, opened, err := Decrypt(bob.state, m, associated, start)
	must(t, err)
	if opened.Number != alice.state.s.send.number-1 || opened.Chain != ChainID(alice.state.s.own.public) || opened.Turn {
		t.Errorf("opened %+v", opened)
	}
	_, _, again, err := Decrypt(next, m, associated, start)
	if !errors.Is(err, ErrDuplicate) || again != opened {
		t.Errorf("duplicate %+v, %v; opened was %+v", again, err, opened)
	}
}

// I6 and K2: what is owed is delivered, what was not asked for is refused. The peer here holds the
// right keys and cheats.
func TestAPeerThatCheatsWithTheKEMIsRefused(t *testing.T) {
	t.Run("the initiator offers no key", func(t *testing.T) {
		alice, bob, _ := newSession(t)
		alice.cheat(carriesNothing, nil)
		bob.refusesFor(alice.send("classical only"), reasonMaterial)
	})
	t.Run("the acceptor withholds both ciphertexts", func(t *testing.T) {
		alice, bob, _ := newSession(t)
		bob.open(alice.send("offer"))
		bob.cheat(carriesNothing, nil)
		alice.refusesFor(bob.send("classical only"), reasonMaterial)
	})
	t.Run("the acceptor withholds the static ciphertext (K7)", func(t *testing.T) {
		alice, bob, _ := newSession(t)
		bob.open(alice.send("offer"))
		bob.cheat(carriesAnswer, bob.state.s.send.answer[:ciphertextSize])
		alice.refusesFor(bob.send("half"), reasonMaterial)
	})
	t.Run("the acceptor offers instead of answering", func(t *testing.T) {
		alice, bob, _ := newSession(t)
		bob.open(alice.send("offer"))
		bob.cheat(carriesKey, nil)
		alice.refusesFor(bob.send("counter-offer"), reasonMaterial)
	})
	t.Run("a later answer is withheld", func(t *testing.T) {
		alice, bob := settled(t)
		offering, answering := untilOffer(t, alice, bob)
		answering.open(offering.send("offer"))
		answering.cheat(carriesNothing, nil)
		offering.refusesFor(answering.send("classical only"), reasonMaterial)
	})
	t.Run("an answer nobody asked for", func(t *testing.T) {
		alice, bob := settled(t)
		alice.open(bob.send("turn"))
		alice.cheat(carriesAnswer, make([]byte, ciphertextSize))
		bob.refusesFor(alice.send("unasked"), reasonMaterial)
	})
	t.Run("two answers after the first chain", func(t *testing.T) {
		alice, bob := settled(t)
		offering, answering := untilOffer(t, alice, bob)
		answering.open(offering.send("offer"))
		answering.cheat(carriesFirst, make([]byte, 2*ciphertextSize))
		offering.refusesFor(answering.send("too much"), reasonMaterial)
	})
	t.Run("an answer to another key", func(t *testing.T) {
		alice, bob := settled(t)
		offering, answering := untilOffer(t, alice, bob)
		answering.open(offering.send("offer"))
		answering.cheat(carriesAnswer, make([]byte, ciphertextSize))
		offering.refusesFor(answering.send("noise"), reasonAuthentication)
	})
	t.Run("a key that is none", func(t *testing.T) {
		alice, bob, _ := newSession(t)
		alice.state.s.outstanding.lazy.public = bytes.Repeat([]byte{0xff}, encapsulationKey)
		// Re-make the chain over the bad key, as a cheating initiator would.
		s := alice.state.s
		s.root = bob.state.s.root
		secret, err := s.own.agree(s.peer)
		must(t, err)
		hash := chainHash(&s.binding, s.role, &s.own.public, carriesKey, s.outstanding.lazy.public)
		s.root, s.send.key = rootStep(&s.root, hash, &s.peer, secret)
		bob.refusesFor(alice.send("bad key"), reasonKeyAgreement)
	})
	t.Run("material changed within a chain", func(t *testing.T) {
		alice, bob, _ := newSession(t)
		bob.open(alice.send("offer"))
		alice.cheat(carriesNothing, nil)
		bob.refusesFor(alice.send("stripped"), reasonMaterial)
	})
}

// I20: nothing talks a side into an older or another version, or out of the post-quantum part.
func TestVersionAndFlagsCannotBeDowngraded(t *testing.T) {
	alice, bob, _ := newSession(t)
	first := alice.send("first")
	for _, version := range []byte{0, 2, 255} {
		m := bytes.Clone(first)
		m[0] = version
		bob.refusesFor(m, reasonMalformed)
	}
	for f := range 256 {
		if flags(f) == carriesKey {
			continue
		}
		m := bytes.Clone(first)
		m[1] = byte(f)
		bob.refuses(m, ErrUndecryptable)
	}
	// The key cut out, as if the sender were classical.
	stripped := append(bytes.Clone(first[:HeaderSize]), first[HeaderSize+encapsulationKey:]...)
	stripped[1] = byte(carriesNothing)
	bob.refusesFor(stripped, reasonMaterial)
	bob.open(first)
}

// I20: the version a message was sealed under is part of what its tag authenticates.
func TestTheVersionIsAuthenticated(t *testing.T) {
	var binding Binding
	salt := make([]byte, saltSize)
	raw := bytes.Repeat([]byte{7}, HeaderSize)
	raw[0] = 2
	mk := messageKey{1}
	aead, nonce, ad := sealing(&mk, &binding, Initiator, raw, salt, nil)
	body := aead.Seal(nil, nonce, []byte("sealed as version 2"), ad)
	raw[0] = 1
	mk = messageKey{1}
	aead, nonce, ad = sealing(&mk, &binding, Initiator, raw, salt, nil)
	if _, err := aead.Open(nil, nonce, body, ad); err == nil {
		t.Error("a message of version 2 opens as version 1")
	}
}

// I15: own messages coming back are refused, whatever their age.
func TestReflectedMessagesAreRefused(t *testing.T) {
	alice, bob, _ := newSession(t)
	first := alice.send("first")
	alice.refusesFor(first, reasonReflected)
	bob.open(first)
	reply := bob.send("reply")
	bob.refusesFor(reply, reasonReflected)
	alice.open(reply)
	alice.refusesFor(first, reasonAuthentication)
	current := alice.send("current")
	alice.refusesFor(current, reasonReflected)
	bob.open(current)
	bob.refuses(reply, ErrUndecryptable)
}

// I15: the side that sends is part of the key, so a reflected message fails even under the right
// message key.
func TestTheSenderIsPartOfTheMessageKey(t *testing.T) {
	var binding Binding
	raw, salt := make([]byte, HeaderSize), make([]byte, saltSize)
	one, two := messageKey{1}, messageKey{1}
	_, nonceOne, adOne := sealing(&one, &binding, Initiator, raw, salt, nil)
	_, nonceTwo, adTwo := sealing(&two, &binding, Acceptor, raw, salt, nil)
	if bytes.Equal(nonceOne, nonceTwo) || bytes.Equal(adOne, adTwo) {
		t.Error("both roles derive the same key and associated data")
	}
}

// I15: parts of two genuine messages never make a third, within a session or across sessions.
func TestSplicedMessagesAreRefused(t *testing.T) {
	alice, bob := settled(t)
	one, two := alice.send("one message"), alice.send("two message")
	for cut := 1; cut < len(one); cut++ {
		spliced := append(bytes.Clone(one[:cut]), two[cut:]...)
		if bytes.Equal(spliced, one) || bytes.Equal(spliced, two) {
			continue // before the number they are equal
		}
		bob.refuses(spliced, ErrUndecryptable)
	}

	carol, dave := settled(t)
	foreign := carol.send("for dave")
	bob.refusesFor(foreign, reasonSession)
	// Relabelled with the id of the other session.
	relabelled := bytes.Clone(foreign)
	id := bob.state.SessionID()
	copy(relabelled[2:], id[:])
	bob.refusesFor(relabelled, reasonAuthentication)
	dave.open(foreign)
	bob.open(two)
	bob.open(one)
}

// I18: a session is chosen by its id, before any key operation.
func TestAMessageNamesItsSession(t *testing.T) {
	alice, bob := settled(t)
	m := alice.send("text")
	id, ok := MessageSession(m)
	if !ok || id != bob.state.SessionID() || id != alice.state.SessionID() {
		t.Errorf("MessageSession = %v, %v", id, ok)
	}
	if _, ok := MessageSession(m[:HeaderSize]); ok {
		t.Error("a truncated message names a session")
	}
	m[2] ^= 1
	bob.refusesFor(m, reasonSession)
}

// I19: every refusal looks the same from outside.
func TestEveryRefusalIsTheSameError(t *testing.T) {
	want := fmt.Sprintf("%v %+v %s", ErrUndecryptable, ErrUndecryptable, ErrUndecryptable)
	for r := reasonMalformed; r <= reasonAuthentication; r++ {
		err := refuse(r)
		if got := fmt.Sprintf("%v %+v %s", err, err, err); got != want {
			t.Errorf("reason %d reads %q", r, got)
		}
		if !errors.Is(err, ErrUndecryptable) || errors.Is(err, ErrDuplicate) {
			t.Errorf("reason %d is not exactly ErrUndecryptable", r)
		}
	}
}

func TestStatesAndSecretsPrintNothing(t *testing.T) {
	alice, _, began := newSession(t)
	for _, v := range []any{alice.state, &alice.state, began.root} {
		for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
			if got := fmt.Sprintf(format, v); !bytes.HasSuffix([]byte(got), []byte(redacted)) {
				t.Errorf("%s of %T prints %q", format, v, got)
			}
		}
	}
}

func TestUnusableArguments(t *testing.T) {
	if _, err := NewInitiator(InitiatorParams{}, start); !errors.Is(err, ErrParams) {
		t.Errorf("NewInitiator without keys: %v", err)
	}
	if _, err := NewAcceptor(AcceptorParams{}, start); !errors.Is(err, ErrParams) {
		t.Errorf("NewAcceptor without keys: %v", err)
	}
	alice, bob, _ := newSession(t)
	if _, _, err := Encrypt(bob.state, nil, nil); !errors.Is(err, ErrNotReady) {
		t.Errorf("an acceptor that has opened nothing writes: %v", err)
	}
	if _, _, err := Encrypt(alice.state, make([]byte, MaxPlaintext+1), nil); !errors.Is(err, ErrTooLarge) {
		t.Errorf("too large a plaintext: %v", err)
	}
	if _, m, err := Encrypt(alice.state, make([]byte, MaxPlaintext), nil); err != nil || len(m) > MaxMessage {
		t.Errorf("the largest plaintext: %d bytes, %v", len(m), err)
	}
	alice.state.s.send.number = math.MaxUint32
	if _, _, err := Encrypt(alice.state, nil, nil); !errors.Is(err, ErrExhausted) {
		t.Errorf("an exhausted chain: %v", err)
	}
	var zero State
	if _, _, err := Encrypt(zero, nil, nil); !errors.Is(err, ErrState) {
		t.Errorf("Encrypt with no state: %v", err)
	}
	if _, _, _, err := Decrypt(zero, nil, nil, start); !errors.Is(err, ErrState) {
		t.Errorf("Decrypt with no state: %v", err)
	}
	kept := alice.state
	alice.state.Erase()
	if !alice.state.IsZero() || !kept.IsZero() || kept.Marshal() != nil {
		t.Error("an erased state lives on")
	}
}
