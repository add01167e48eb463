package ratchet

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// How long a theft lasts in a conversation that alternates (docs/PROTOCOL.md section 6): the chains
// that someone who stole one side's whole state can still read. They are exact, not bounds.
const (
	// Whoever cannot break X25519 loses the conversation at the victim's next own chain: it reads on in
	// the victim's current chain and in the peer's answer to it.
	healingChains = 2
	// Whoever can break X25519, but not ML-KEM, reads on until an answer to a key that was offered after
	// the theft: at worst the seed of the current exchange was stolen, and 22 chains pass before the
	// next offer.
	healingChainsPQ = 24
	// The same where a day passes between two messages, so that every third chain offers a key.
	healingChainsPQDaily = 4
)

const (
	alternating = "abababababababababababababababababababababababababababababababababababab" // 72: three exchanges
	daily       = "adbdadbdadbdadbdadbdadbd"
	uneven      = "aaabbaAa.bbbaBbb.aabAAa.babababaBBb.aababababababAb.abababBa.bbababAAAa.bababababababababababababababab"
)

// predicted returns the messages that a thief of stolen can read by the rules of section 6, as far as
// they were not opened or sent before: own and peer's chain in hand, and each further chain whose
// secrets all come from keys that were in the state, or are broken.
func (p *tape) predicted(stolen State, power powers) map[int]bool {
	s := stolen.s
	want := map[int]bool{}
	inHand := func(l *link, from uint32) {
		for _, m := range l.messages {
			if m.header.number >= from {
				want[m.index] = true
			}
		}
	}
	position := -1 // the chain after which the stolen root key stands
	for i, l := range p.links {
		if s.send.ready && l.public == s.own.public {
			inHand(l, s.send.number)
			position = i
		}
		for _, c := range s.receive {
			if c.public != l.public {
				continue
			}
			if c.open {
				inHand(l, c.next)
			}
			for _, k := range c.skipped {
				for _, m := range l.messages {
					if m.header.number == k.number {
						want[m.index] = true
					}
				}
			}
			// The own chain follows the newest of the peer, whether or not anything was sent in it.
			if c.public == s.peer {
				position = max(position, i+1)
			}
		}
	}
	known := map[string]bool{}
	for _, k := range []*kemKey{s.outstanding, s.ownStatic} {
		if k != nil {
			public, err := k.public()
			must(p.t, err)
			known[string(public)] = true
		}
	}
	for i := position + 1; i < len(p.links); i++ {
		l := p.links[i]
		if !power.breaksX25519 && l.public != s.own.public && l.receiver != s.own.public {
			break
		}
		if slices.ContainsFunc(p.targets(l), func(key []byte) bool { return !power.breaksMLKEM && !known[string(key)] }) {
			break
		}
		inHand(l, 0)
	}
	return want
}

// I8 and forward secrecy: whoever takes everything one side has, at any moment, reads exactly what the
// state must still be able to open and what the healing window lets it, nothing from before, and
// nothing after.
func TestAThiefReadsOnlyWithinTheWindow(t *testing.T) {
	for name, power := range map[string]powers{
		"full":                                 {},
		"classical only, ML-KEM broken":        {breaksMLKEM: true},
		"post-quantum only, X25519 broken":     {breaksX25519: true},
		"control: both broken, it never heals": {breaksX25519: true, breaksMLKEM: true},
	} {
		for _, script := range []string{alternating, uneven, daily} {
			t.Run(name, func(t *testing.T) {
				p := wiretap(t, script)
				for i, m := range p.moments {
					for victim, stolen := range map[Role]State{Initiator: m.alice, Acceptor: m.bob} {
						got, want := p.steals(stolen, power).reads, p.predicted(stolen, power)
						if !maps.Equal(got, want) {
							t.Fatalf("moment %d, state of the %v: reads %v, want %v",
								i, victim, sorted(got), sorted(want))
						}
						if power.breaksX25519 && power.breaksMLKEM && m.seen < len(p.messages) && !got[len(p.messages)-1] {
							t.Fatalf("moment %d: even with everything broken the attacker loses the trail", i)
						}
					}
				}
			})
		}
	}
}

func sorted(m map[int]bool) []int { return slices.Sorted(maps.Keys(m)) }

// I8: how many chains healing takes, exactly.
func TestHealingTakesSoManyTurns(t *testing.T) {
	for _, c := range []struct {
		name   string
		script string
		power  powers
		want   int
	}{
		{"full", alternating, powers{}, healingChains},
		{"classical only, ML-KEM broken", alternating, powers{breaksMLKEM: true}, healingChains},
		{"post-quantum only, X25519 broken", alternating, powers{breaksX25519: true}, healingChainsPQ},
		{"post-quantum only, a message a day", daily, powers{breaksX25519: true}, healingChainsPQDaily},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := wiretap(t, c.script)
			worst := 0
			steps := len(c.script) / len(p.messages) // by message
			// Only thefts from which healing can still be seen.
			for _, m := range p.moments[:len(p.moments)-steps*(c.want+1)] {
				for _, stolen := range []State{m.alice, m.bob} {
					a := p.steals(stolen, c.power)
					if a.reads[len(p.messages)-1] {
						t.Fatal("the session never heals")
					}
					worst = max(worst, len(a.reads))
				}
			}
			t.Logf("at worst %d chains are read after the theft", worst)
			if worst != c.want {
				t.Errorf("healing takes %d chains, want %d", worst, c.want)
			}
		})
	}
}

// I8: after healing the thief can make nothing that either side opens; within the window it can, which
// shows that the forger knows its trade.
func TestAThiefInjectsOnlyWithinTheWindow(t *testing.T) {
	for _, c := range []struct {
		name   string
		power  powers
		window int
	}{
		{"full", powers{}, healingChains},
		{"classical only, ML-KEM broken", powers{breaksMLKEM: true}, healingChains},
		{"post-quantum only, X25519 broken", powers{breaksX25519: true}, healingChainsPQ},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := wiretap(t, alternating)
			stride := 2
			if testing.Short() {
				stride = 10
			}
			for i := 0; i+c.window+2 < len(p.moments); i += stride {
				for victim, stolen := range map[Role]State{Initiator: p.moments[i].alice, Acceptor: p.moments[i].bob} {
					a := p.steals(stolen, c.power)
					if !a.injects(p.moments[i].alice) && !a.injects(p.moments[i].bob) {
						t.Fatalf("moment %d, state of the %v: not even within the window is anything opened", i, victim)
					}
					// Two chains further neither of the two that can be continued is the attacker's.
					for _, after := range []int{i + c.window + 2, len(p.moments) - 1} {
						if a.reads[after-1] || a.reads[after-2] {
							t.Fatalf("moment %d, state of the %v: still reads at moment %d", i, victim, after)
						}
						for _, target := range []State{p.moments[after].alice, p.moments[after].bob} {
							if a.injects(target) {
								t.Fatalf("moment %d, state of the %v: injects at moment %d into the %v's side", i, victim, after, target.s.role)
							}
						}
					}
				}
			}
		})
	}
}

// What healing cannot cure: a thief who answers before the victim does takes the victim's place for
// good. It shows: neither side opens what the other writes any more.
func TestAThiefWhoAnswersFirstShutsTheVictimOut(t *testing.T) {
	alice, bob := settled(t)
	thief := alice.fork()
	m := bob.send("to Alice, and to the thief")
	alice.open(m)
	thief.open(m)
	bob.open(thief.send("from the thief"))
	if got := thief.open(bob.send("to the thief")); got != "to the thief" {
		t.Errorf("the thief reads %q", got)
	}
	bob.refusesFor(alice.send("from Alice"), reasonAuthentication)
	alice.refusesFor(bob.send("to the thief"), reasonAuthentication)
}

// Without any theft, what was recorded stays closed to whoever breaks one primitive later, even when
// the secret of the handshake is known to them too.
func TestARecordedConversationOutlivesOneBrokenPrimitive(t *testing.T) {
	p := wiretap(t, uneven)
	withRoot := func(power powers) *attacker {
		a := p.newAttacker(power)
		a.roots = append(a.roots, knownRoot{key: firstRoot(p.began.root, p.binding, p.session)})
		a.conclude()
		return a
	}
	firstChain := map[int]bool{}
	for _, m := range p.links[0].messages {
		firstChain[m.index] = true
	}
	for _, c := range []struct {
		name string
		got  map[int]bool
		want map[int]bool
	}{
		{"X25519 broken", p.newAttacker(powers{breaksX25519: true}).reads, nil},
		{"handshake known", withRoot(powers{}).reads, nil},
		{"handshake known, ML-KEM broken", withRoot(powers{breaksMLKEM: true}).reads, nil},
		// The first chain is made before any ML-KEM-768 exchange: the handshake's ML-KEM-1024 guards it.
		{"handshake known, X25519 broken", withRoot(powers{breaksX25519: true}).reads, firstChain},
	} {
		if !maps.Equal(c.got, c.want) {
			t.Errorf("%s: reads %v, want %v", c.name, sorted(c.got), sorted(c.want))
		}
	}
	if got := withRoot(powers{breaksX25519: true, breaksMLKEM: true}).reads; len(got) != len(p.messages) {
		t.Errorf("control: with everything known %d of %d messages are read", len(got), len(p.messages))
	}
}

// The scripts must hold what the tests above are about.
func TestTheScriptsExerciseTheRatchet(t *testing.T) {
	for _, script := range []string{alternating, uneven} {
		p := wiretap(t, script)
		kinds := map[flags]int{}
		for _, l := range p.links {
			kinds[l.flags]++
		}
		if kinds[carriesKey] < 3 || kinds[carriesAnswer] < 2 || kinds[carriesFirst] != 1 || kinds[carriesNothing] < 20 {
			t.Errorf("chains by what they carry: %v", kinds)
		}
		skipped := 0
		for _, m := range p.moments {
			skipped = max(skipped, m.alice.Status(start).SkippedKeys+m.bob.Status(start).SkippedKeys)
		}
		if (skipped > 0) != strings.Contains(script, ".") {
			t.Errorf("%d keys are skipped", skipped)
		}
		t.Logf("%d messages in %d chains", len(p.messages), len(p.links))
	}
}

// K7: whoever holds the handshake's secret, every X25519 private key and every decapsulation key but
// the static one of the initiator's device can write in the initiator's first chain, and never gets
// the acceptor past "PQ authentication pending".
func TestWithoutTheStaticKeyTheAcceptorStaysPending(t *testing.T) {
	p := wiretap(t, alternating)
	static := string(p.began.staticKEM.EncapsulationKey().Bytes())
	for _, holdsStatic := range []bool{false, true} {
		a := p.newAttacker(powers{breaksX25519: true, breaksMLKEM: true})
		a.roots = []knownRoot{{key: firstRoot(p.began.root, p.binding, p.session)}}
		if !holdsStatic {
			a.seeds = maps.Clone(a.seeds)
			delete(a.seeds, static)
		}
		a.conclude()
		if got := len(a.reads) == len(p.messages); got != holdsStatic {
			t.Fatalf("reads %d of %d messages, static key held: %v", len(a.reads), len(p.messages), holdsStatic)
		}
		// After the acceptor's first answer, and after each later one that it could still write.
		answered := p.moments[1].bob
		for range 3 {
			authenticated := false
			for _, message := range a.forgeries(answered) {
				next, _, _, err := Decrypt(answered, message, associated, start)
				authenticated = authenticated || err == nil && next.Status(start).PQAuthenticated
			}
			if authenticated != holdsStatic {
				t.Fatalf("authenticates: %v, static key held: %v", authenticated, holdsStatic)
			}
			next, _, err := Encrypt(answered, []byte("to whom it may concern"), associated)
			must(t, err)
			answered = next
		}
		if !holdsStatic && !a.injects(answered) {
			t.Error("control: not even the first chain can be written in")
		}
	}
}
