package ratchet

import (
	"bytes"
	"crypto/ecdh"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/chacha20poly1305"
)

// held returns every secret in the state by name, and the keys its chains derive next.
func (s *side) held() map[string][]byte {
	st := s.state.s.clone()
	secrets := map[string][]byte{"root key": st.root[:], "own ratchet key": st.own.private[:]}
	if st.send.ready {
		key := st.send.key
		secrets["sending chain key"] = bytes.Clone(key[:])
		mk := chainStep(&key)
		secrets["next sending key"] = mk[:]
	}
	if st.outstanding != nil {
		secrets["outstanding KEM seed"] = st.outstanding.seed[:]
	}
	if st.ownStatic != nil {
		secrets["own static KEM seed"] = st.ownStatic.seed[:]
	}
	if len(st.receive) > 0 {
		key := st.receive[0].key
		secrets["receiving chain key"] = bytes.Clone(key[:])
		first := chainStep(&key)
		secrets["next receiving key"] = first[:]
		secrets["receiving chain key+1"] = bytes.Clone(key[:])
		second := chainStep(&key)
		secrets["second receiving key"] = second[:]
		for i, k := range st.receive[0].skipped {
			secrets[fmt.Sprintf("skipped key %d", i)] = bytes.Clone(k.key[:])
		}
	}
	return secrets
}

func (s *side) mustNotHold(name string, secret []byte) {
	s.t.Helper()
	if bytes.Contains(s.state.Marshal(), secret) {
		s.t.Errorf("the %s is still in the state", name)
	}
}

// I7: the decrypted, serialised state is scanned for every secret it once held.
func TestUsedSecretsLeaveTheState(t *testing.T) {
	t.Run("the scan finds a secret that is there", func(t *testing.T) {
		alice, _ := settled(t)
		for _, name := range []string{"root key", "own ratchet key", "sending chain key"} {
			if !bytes.Contains(alice.state.Marshal(), alice.held()[name]) {
				t.Errorf("the scan misses the %s", name)
			}
		}
	})
	t.Run("a sent message", func(t *testing.T) {
		alice, _ := settled(t)
		before := alice.held()
		alice.send("sent")
		alice.mustNotHold("sending chain key", before["sending chain key"])
		alice.mustNotHold("message key", before["next sending key"])
	})
	t.Run("a received message", func(t *testing.T) {
		alice, bob := settled(t)
		before := bob.held()
		bob.open(alice.send("received"))
		bob.mustNotHold("receiving chain key", before["receiving chain key"])
		bob.mustNotHold("message key", before["next receiving key"])
	})
	t.Run("a skipped message, once it came", func(t *testing.T) {
		alice, bob := settled(t)
		before := bob.held()
		late := alice.send("late")
		bob.open(alice.send("early"))
		if !bytes.Contains(bob.state.Marshal(), before["next receiving key"]) {
			t.Fatal("the skipped key is not kept")
		}
		bob.mustNotHold("message key of the early one", before["second receiving key"])
		bob.mustNotHold("chain key in between", before["receiving chain key+1"])
		bob.open(late)
		bob.mustNotHold("skipped key", before["next receiving key"])
	})
	t.Run("a turn", func(t *testing.T) {
		alice, bob := settled(t)
		alice.open(bob.send("turn"))
		before := bob.held()
		bob.open(alice.send("turn"))
		for name, secret := range before {
			bob.mustNotHold(name, secret)
		}
		if closed := bob.state.s.receive[1]; closed.open || closed.key != (chainKey{}) {
			t.Error("the closed chain keeps its key in memory")
		}
	})
	t.Run("the answered KEM seed and the static seed (K4)", func(t *testing.T) {
		alice, bob, began := newSession(t)
		before := alice.held()
		if len(before["outstanding KEM seed"]) != seedSize || len(before["own static KEM seed"]) != seedSize {
			t.Fatal("the initiator holds no KEM seeds")
		}
		bob.open(alice.send("offer"))
		alice.open(bob.send("answer"))
		for name, secret := range before {
			alice.mustNotHold(name, secret)
		}
		alice.mustNotHold("static KEM seed of the device", began.staticKEM.Bytes())
	})
	t.Run("a later KEM seed (K4)", func(t *testing.T) {
		alice, bob := settled(t)
		offering, answering := untilOffer(t, alice, bob)
		before := offering.held()
		if len(before["outstanding KEM seed"]) != seedSize {
			t.Fatal("no seed is held")
		}
		answering.open(offering.send("offer"))
		offering.open(answering.send("answer"))
		for name, secret := range before {
			offering.mustNotHold(name, secret)
		}
	})
	t.Run("an aged-out key", func(t *testing.T) {
		alice, bob := settled(t)
		alice.send("never comes")
		bob.open(alice.send("arrives"))
		oldest := bob.held()["skipped key 0"]
		for range 2 {
			for range MaxSkip {
				alice.send("never comes")
			}
			bob.open(alice.send("arrives"))
		}
		bob.mustNotHold("aged-out key", oldest)
	})
}

// I9, the ratchet's side: once the first message is sent and opened, neither state nor the long-lived
// keys, without the handshake's secret, open it again.
func TestTheFirstMessageIsForwardSecret(t *testing.T) {
	alice, bob, began := newSession(t)
	before := alice.held()
	first := alice.send("first")
	bob.open(first)
	for name, secret := range map[string][]byte{
		"handshake root":    began.root[:],
		"first message key": before["next sending key"],
		"first chain key":   before["sending chain key"],
	} {
		alice.mustNotHold(name, secret)
		bob.mustNotHold(name, secret)
	}
	bob.mustNotHold("signed prekey", began.prekey.Bytes())
	bob.refuses(first, ErrDuplicate)
	// A thief of everything that lives on, who has to guess the root.
	thief, err := NewAcceptor(AcceptorParams{
		Binding: bob.state.s.binding, SessionID: bob.state.s.session,
		OwnRatchetKey: began.prekey, PeerStaticKEM: began.staticKEM.EncapsulationKey(),
	}, start)
	must(t, err)
	(&side{t, thief, start}).refusesFor(first, reasonAuthentication)
}

func TestStolenStateCannotReadEarlierMessages(t *testing.T) {
	alice, bob := settled(t)
	var recorded [][]byte
	for range 30 {
		m := alice.send("earlier")
		recorded = append(recorded, m)
		bob.open(m)
		alice.open(bob.send("turn"))
	}
	thief := bob.fork()
	for _, m := range recorded {
		if _, plaintext, _, err := Decrypt(thief.state, m, associated, start); err == nil {
			t.Fatalf("the stolen state reads %q", plaintext)
		}
	}
}

// I10 and K5, the pure side: what is not committed has not happened, and can be done again.
func TestAnUncommittedStepCanBeRepeated(t *testing.T) {
	alice, bob := settled(t)
	stored := alice.state.Marshal()
	lost := alice.send("never left: the commit failed")
	if bytes.Equal(alice.state.Marshal(), stored) {
		t.Fatal("sending does not advance the state")
	}
	again, err := ParseState(stored)
	must(t, err)
	alice.state = again
	m := alice.send("after the restart")
	if bytes.Equal(lost, m) {
		t.Error("two messages are equal")
	}

	kept := bob.state
	before := kept.Marshal()
	if got := bob.open(m); got != "after the restart" {
		t.Errorf("opened %q", got)
	}
	if !bytes.Equal(kept.Marshal(), before) {
		t.Error("Decrypt changed the state it was given")
	}
	bob.state = kept // the commit failed; the relay delivers again
	if got := bob.open(m); got != "after the restart" {
		t.Errorf("opened %q the second time", got)
	}
	bob.refuses(lost, ErrDuplicate)
}

// K5: a turn opens its message first and makes the own new chain after. One that does not open, by whoever knows no more
// than what is public, makes no chain; the own one goes on, and the genuine turn still opens.
func TestK5AForgedTurnMakesNoChainOfItsOwn(t *testing.T) {
	alice, bob := settled(t)
	other, err := ecdh.X25519().GenerateKey(rand.Reader)
	must(t, err)
	own := func(m []byte) []byte { return m[2+16 : 2+16+32] } // version, flags, session, then the chain
	first := bob.send("in the chain before")
	before := bytes.Clone(own(first))
	alice.open(first)
	genuine := alice.send("a turn")
	forged := bytes.Clone(genuine)
	copy(own(forged), other.PublicKey().Bytes())
	bob.refuses(forged, ErrUndecryptable)
	if after := own(bob.send("still in it")); !bytes.Equal(after, before) {
		t.Error("a message that did not open made a new chain")
	}
	if got := bob.open(genuine); got != "a turn" {
		t.Errorf("opened %q", got)
	}
	if after := own(bob.send("in the chain after")); bytes.Equal(after, before) {
		t.Error("control: a message that opened made no new chain")
	}
}

func TestErasingAStateLeavesItsSuccessors(t *testing.T) {
	alice, bob := settled(t)
	alice.send("lost")
	late := alice.send("late")
	bob.open(alice.send("early"))
	old := bob.state
	bob.open(late)
	want := bytes.Clone(bob.state.Marshal())
	old.Erase()
	if !bytes.Equal(bob.state.Marshal(), want) {
		t.Error("erasing a state reaches into the one after it")
	}
	old = alice.state
	m := alice.send("more")
	old.Erase()
	bob.open(m)
	alice.open(bob.send("turn"))
}

// I18: a copied state that sends twice never uses a key with a nonce twice, because of the salt.
func TestAForcedCloneNeverRepeatsAKeyAndNonce(t *testing.T) {
	alice, bob := settled(t)
	seen := map[string]bool{}
	const clones = 500
	plaintext := bytes.Repeat([]byte("x"), 32)
	for range clones {
		clone := alice.fork()
		key := clone.state.s.send.key
		mk := chainStep(&key)
		m := clone.send(string(plaintext))
		h, err := parseHeader(m)
		must(t, err)
		aead, nonce, ad := sealing(&mk, &clone.state.s.binding, Initiator, h.raw, h.salt, associated)
		if again := aead.Seal(nil, nonce, plaintext, ad); !bytes.Equal(again, h.body) {
			t.Fatal("the test derives another key than Encrypt")
		}
		// The key stream stands for key and nonce.
		stream := make([]byte, len(plaintext))
		subtle.XORBytes(stream, h.body[:len(plaintext)], plaintext)
		seen[string(stream)] = true
	}
	if len(seen) != clones {
		t.Errorf("%d key streams for %d clones", len(seen), clones)
	}
	one, two := alice.fork().send("one of two"), alice.fork().send("two of two")
	bob.open(one)
	bob.refuses(two, ErrDuplicate) // a message is lost, nothing more
}

// I18: key and nonce come from the message key, the salt and the whole header.
func TestKeyAndNonceDependOnSaltAndHeader(t *testing.T) {
	var binding Binding
	seen := map[string]string{}
	for name, c := range map[string]struct{ raw, salt []byte }{
		"base":         {make([]byte, HeaderSize), make([]byte, saltSize)},
		"other salt":   {make([]byte, HeaderSize), append(make([]byte, saltSize-1), 1)},
		"other header": {append(make([]byte, HeaderSize-1), 1), make([]byte, saltSize)},
		"longer":       {make([]byte, HeaderSize+1), make([]byte, saltSize)},
	} {
		mk := messageKey{9}
		aead, nonce, _ := sealing(&mk, &binding, Initiator, c.raw, c.salt, nil)
		if mk != (messageKey{}) {
			t.Error("the message key is not cleared")
		}
		stream := aead.Seal(nil, make([]byte, chacha20poly1305.NonceSize), make([]byte, 32), nil)
		for what, value := range map[string][]byte{"key": stream, "nonce": nonce} {
			if other, ok := seen[what+string(value)]; ok {
				t.Errorf("%s and %s share a %s", name, other, what)
			}
			seen[what+string(value)] = name
		}
	}
}

// K1, K2, K3: who offers and who answers, in a conversation that alternates.
func TestAKeyIsOfferedAtTheFirstTurnAfterTwentyMessages(t *testing.T) {
	alice, bob, _ := newSession(t)
	from, to := alice, bob
	var got strings.Builder
	for range 2 + 3*23 {
		m := from.send("talk")
		switch flags(m[1]) {
		case carriesNothing:
			got.WriteByte('-')
		case carriesKey:
			got.WriteByte('K')
		case carriesAnswer:
			got.WriteByte('c')
		case carriesFirst:
			got.WriteByte('C')
		}
		to.open(m)
		from, to = to, from
	}
	plain := strings.Repeat("-", 21)
	if want := "KC" + strings.Repeat(plain+"Kc", 3); got.String() != want {
		t.Errorf("exchanges\n%s, want\n%s", got.String(), want)
	}
}

func TestAKeyIsOfferedAfterADay(t *testing.T) {
	for _, c := range []struct {
		wait time.Duration
		want flags
	}{
		{ExchangeAfter - time.Second, carriesNothing},
		{ExchangeAfter, carriesKey},
		{-ExchangeAfter, carriesNothing},
	} {
		t.Run(fmt.Sprint(c.wait), func(t *testing.T) {
			alice, bob := settled(t)
			alice.now = start.Add(c.wait)
			alice.open(bob.send("turn"))
			if got := flags(alice.send("talk")[1]); got != c.want {
				t.Errorf("the chain carries %b, want %b", got, c.want)
			}
		})
	}
}

// K6: each message of a chain carries its material, so any of them can be the first to arrive.
func TestAnyMessageOfAChainCompletesItsExchange(t *testing.T) {
	alice, bob, _ := newSession(t)
	first := []([]byte){alice.send("0"), alice.send("1"), alice.send("2")}
	bob.open(first[2])
	answers := [][]byte{bob.send("0"), bob.send("1")}
	alice.open(answers[1])
	if !alice.state.Status(start).PQAuthenticated {
		t.Error("the second message of the reply does not authenticate")
	}
	alice.open(answers[0])
	bob.open(first[0])
	bob.open(first[1])
}

// K4: what waits for an answer is stored as a 64-byte seed and works after a restart.
func TestAnOfferIsStoredAsASeed(t *testing.T) {
	alice, bob, _ := newSession(t)
	public, err := alice.state.s.outstanding.public()
	must(t, err)
	if bytes.Contains(alice.state.Marshal(), public[:32]) {
		t.Error("the encapsulation key is stored")
	}
	alice.restart()
	first := alice.send("offer")
	if !bytes.Contains(first, public) {
		t.Error("another key is offered after a restart")
	}
	bob.open(first)
	alice.restart()
	alice.open(bob.send("answer"))
}

func TestOverheadIsAnnounced(t *testing.T) {
	alice, bob, _ := newSession(t)
	if bob.state.Overhead() != 0 {
		t.Error("a state that cannot write announces an overhead")
	}
	from, to := alice, bob
	largest := 0
	for range 40 {
		want := from.state.Overhead()
		m := from.send("four")
		if len(m)-4 != want || want < MinOverhead || want > MaxOverhead {
			t.Errorf("overhead %d, announced %d", len(m)-4, want)
		}
		largest = max(largest, want)
		to.open(m)
		from, to = to, from
	}
	if largest != MaxOverhead {
		t.Errorf("the largest overhead was %d, MaxOverhead is %d", largest, MaxOverhead)
	}
}
