package ratchet

import (
	"crypto/ecdh"
	"slices"
	"testing"
)

// The attacker of I8 and of forward secrecy. It sees every message, owns the complete state of one
// side at one moment, may be given every private key of one of the two key agreements ("broken"), and
// draws every conclusion from what it knows: a stolen root key is tried with each chain it saw, a stolen
// chain key and message key with every message. It also forges with everything it holds.

// link is one chain of the conversation as seen on the wire; chains alternate between the sides, so
// each is agreed with the ratchet key of the one before it.
type link struct {
	position         int
	sender           Role
	public, receiver [publicSize]byte
	flags            flags
	material         []byte
	messages         []*sighting
	secrets          []byte // what it was agreed with; only [attacker.secretsOf] hands it out
}

// sighting is one message on the wire.
type sighting struct {
	index  int
	sender Role
	header header
}

// moment is both sides after a step, and the number of messages seen until then.
type moment struct {
	alice, bob State
	seen       int
}

// tape is a whole conversation: what was on the wire, every state of both sides in between, and every
// private key there ever was, for the attackers that break one of the two primitives.
type tape struct {
	t        testing.TB
	binding  Binding
	session  SessionID
	began    secrets
	prekey   [publicSize]byte
	links    []*link
	messages []*sighting
	moments  []moment
	exchange map[[publicSize]byte]*ecdh.PrivateKey // every X25519 private key
	seeds    map[string]*kemKey                    // every decapsulation key by its public key
}

// wiretap lets a session run through its script: 'a' and 'b' let a side write and the other read, 'A'
// and 'B' let it write a message that stays under way until '.' delivers all that is, 'd' is a day.
func wiretap(t testing.TB, script string) *tape {
	t.Helper()
	alice, bob, began := newSession(t)
	p := &tape{
		t: t, binding: alice.state.s.binding, session: alice.state.s.session, began: began,
		prekey:   [publicSize]byte(began.prekey.PublicKey().Bytes()),
		exchange: map[[publicSize]byte]*ecdh.PrivateKey{}, seeds: map[string]*kemKey{},
	}
	p.exchange[p.prekey] = began.prekey
	p.learnSeed(newKEMKey(began.staticKEM))
	p.mark(alice, bob)
	type late struct {
		to      *side
		message []byte
	}
	var underWay []late
	for _, step := range script {
		from, to := alice, bob
		if step == 'b' || step == 'B' {
			from, to = bob, alice
		}
		switch step {
		case 'a', 'b':
			m := from.send("text")
			p.see(m)
			to.open(m)
		case 'A', 'B':
			m := from.send("text")
			p.see(m)
			underWay = append(underWay, late{to, m})
		case 'd':
			alice.now, bob.now = alice.now.Add(ExchangeAfter), bob.now.Add(ExchangeAfter)
		case '.':
			for _, l := range underWay {
				l.to.open(l.message)
			}
			underWay = nil
		}
		p.mark(alice, bob)
	}
	return p
}

// mark keeps the states, and the private keys for whoever may break a primitive.
func (p *tape) mark(alice, bob *side) {
	p.t.Helper()
	for _, s := range []*side{alice, bob} {
		key, err := ecdh.X25519().NewPrivateKey(s.state.s.own.private[:])
		must(p.t, err)
		p.exchange[s.state.s.own.public] = key
		if s.state.s.outstanding != nil {
			p.learnSeed(s.state.s.outstanding)
		}
	}
	p.moments = append(p.moments, moment{alice.state, bob.state, len(p.messages)})
}

func (p *tape) learnSeed(k *kemKey) {
	p.t.Helper()
	public, err := k.public()
	must(p.t, err)
	p.seeds[string(public)] = k
}

func (p *tape) see(message []byte) {
	p.t.Helper()
	h, err := parseHeader(message)
	must(p.t, err)
	m := &sighting{index: len(p.messages), header: h}
	p.messages = append(p.messages, m)
	for _, l := range p.links {
		if l.public == h.public {
			m.sender = l.sender
			l.messages = append(l.messages, m)
			return
		}
	}
	l := &link{
		position: len(p.links), sender: Initiator, public: h.public, receiver: p.prekey,
		flags: h.flags, material: h.material, messages: []*sighting{m},
	}
	if l.position > 0 {
		before := p.links[l.position-1]
		l.sender, l.receiver = before.sender.peer(), before.public
	}
	m.sender = l.sender
	p.links = append(p.links, l)
}

// powers are the private keys an attacker has beyond what it stole.
type powers struct{ breaksX25519, breaksMLKEM bool }

// attacker is what someone knows.
type attacker struct {
	*tape
	roots    []knownRoot
	chains   []knownChain
	exchange map[[publicSize]byte]*ecdh.PrivateKey
	seeds    map[string]*kemKey
	reads    map[int]bool // messages by index
}

// knownRoot is a root key and the chain it makes; before is nil for a stolen one, which is tried
// everywhere.
type knownRoot struct {
	key    rootKey
	before *link
}

// knownChain is a chain key at some number; on is nil for a stolen one, which is tried everywhere.
type knownChain struct {
	key    chainKey
	number uint32
	on     *link
}

func (p *tape) newAttacker(power powers) *attacker {
	a := &attacker{
		tape: p, exchange: map[[publicSize]byte]*ecdh.PrivateKey{}, seeds: map[string]*kemKey{},
		reads: map[int]bool{},
	}
	if power.breaksX25519 {
		a.exchange = p.exchange
	}
	if power.breaksMLKEM {
		a.seeds = p.seeds
	}
	return a
}

// steals takes the complete state through its serialised form, as a thief of the decrypted store does,
// and reads all it can.
func (p *tape) steals(stolen State, power powers) *attacker {
	p.t.Helper()
	a := p.newAttacker(power)
	parsed, err := ParseState(stolen.Marshal())
	must(p.t, err)
	s := parsed.s
	a.roots = append(a.roots, knownRoot{key: s.root})
	key, err := ecdh.X25519().NewPrivateKey(s.own.private[:])
	must(p.t, err)
	a.exchange = cloneAnd(a.exchange, s.own.public, key)
	for _, k := range []*kemKey{s.outstanding, s.ownStatic} {
		if k != nil {
			public, err := k.public()
			must(p.t, err)
			a.seeds = cloneAnd(a.seeds, string(public), k)
		}
	}
	if s.send.ready {
		a.chains = append(a.chains, knownChain{key: s.send.key, number: s.send.number})
	}
	for _, c := range s.receive {
		if c.open {
			a.chains = append(a.chains, knownChain{key: c.key, number: c.next})
		}
		for _, k := range c.skipped {
			for _, m := range p.messages {
				a.tryKey(k.key, m)
			}
		}
	}
	a.conclude()
	return a
}

func cloneAnd[K comparable, V any](m map[K]V, k K, v V) map[K]V {
	c := make(map[K]V, len(m)+1)
	for k, v := range m {
		c[k] = v
	}
	c[k] = v
	return c
}

// conclude derives until nothing new follows, then reads.
func (a *attacker) conclude() {
	for i := 0; i < len(a.roots); i++ {
		for _, l := range a.links {
			if from := a.roots[i].before; from != nil && from.position+1 != l.position {
				continue
			}
			secrets := a.secretsOf(l)
			if secrets == nil {
				continue
			}
			hash := chainHash(&a.binding, l.sender, &l.public, l.flags, l.material)
			root, key := rootStep(&a.roots[i].key, hash, &l.receiver, slices.Clone(secrets))
			// Whether it is the right root shows at any message of the chain.
			if first := l.messages[0]; a.tryKey(advanced(key, first.header.number), first) {
				a.roots = append(a.roots, knownRoot{root, l})
				a.chains = append(a.chains, knownChain{key: key, on: l})
			}
		}
	}
	for _, c := range a.chains {
		for _, l := range a.links {
			if c.on != nil && c.on != l {
				continue
			}
			for _, m := range l.messages {
				if m.header.number >= c.number && !a.reads[m.index] {
					a.tryKey(advanced(c.key, m.header.number-c.number), m)
				}
			}
		}
	}
}

// advanced returns the message key that lies n steps ahead of a chain key.
func advanced(key chainKey, n uint32) messageKey {
	mk := chainStep(&key)
	for range n {
		mk = chainStep(&key)
	}
	return mk
}

func (a *attacker) tryKey(mk messageKey, m *sighting) bool {
	aead, nonce, ad := sealing(&mk, &a.binding, m.sender, m.header.raw, m.header.salt, associated)
	_, err := aead.Open(nil, nonce, m.header.body, ad)
	if err == nil {
		a.reads[m.index] = true
	}
	return err == nil
}

// secretsOf returns what a chain was agreed with, or nil when the attacker lacks a key for a part of it.
func (a *attacker) secretsOf(l *link) []byte {
	if a.exchange[l.public] == nil && a.exchange[l.receiver] == nil {
		return nil
	}
	for _, target := range a.targets(l) {
		if a.seeds[string(target)] == nil {
			return nil
		}
	}
	if l.secrets == nil {
		l.secrets = a.agree(l)
	}
	return l.secrets
}

// agree computes the secrets of a chain as its receiver does.
func (p *tape) agree(l *link) []byte {
	peer, err := ecdh.X25519().NewPublicKey(l.public[:])
	must(p.t, err)
	secrets, err := p.exchange[l.receiver].ECDH(peer)
	must(p.t, err)
	for i, target := range p.targets(l) {
		secret, err := p.seeds[string(target)].decapsulate(l.material[i*ciphertextSize : (i+1)*ciphertextSize])
		must(p.t, err)
		secrets = append(secrets, secret...)
	}
	return secrets
}

// targets returns the public keys that the ciphertexts of a chain were made for.
func (p *tape) targets(l *link) [][]byte {
	if l.flags&flagCiphertext == 0 {
		return nil
	}
	offer := p.links[l.position-1].material
	if l.flags&flagStaticCiphertext == 0 {
		return [][]byte{offer}
	}
	return [][]byte{offer, p.began.staticKEM.EncapsulationKey().Bytes()}
}

// injects reports whether target opens anything that the attacker can make. The target is only asked,
// not moved.
func (a *attacker) injects(target State) bool {
	a.t.Helper()
	before := string(target.Marshal())
	opened := false
	for _, message := range a.forgeries(target) {
		next, _, _, err := Decrypt(target, message, associated, start)
		opened = opened || err == nil
		if err != nil && next != target {
			a.t.Error("a refused injection changed the state")
		}
	}
	if string(target.Marshal()) != before {
		a.t.Error("a refused injection changed the state")
	}
	return opened
}

// forgeries makes whatever could be meant for target: a further message of any chain it keeps under any
// chain key, and a new chain under any root key.
func (a *attacker) forgeries(target State) (messages [][]byte) {
	a.t.Helper()
	s := target.s
	for _, c := range s.receive {
		for _, known := range a.chains {
			if m := a.inject(s, &c, known); m != nil {
				messages = append(messages, m)
			}
		}
	}
	for _, root := range a.roots {
		for _, f := range []flags{carriesNothing, carriesKey, carriesAnswer, carriesFirst} {
			if s.allowed(f) { // that all others are refused is tested for I6
				messages = append(messages, a.injectTurn(s, root.key, f))
			}
		}
	}
	return messages
}

// inject makes the next message of a chain that the target keeps, under a chain key.
func (a *attacker) inject(target *state, c *receiveChain, known knownChain) []byte {
	i := slices.IndexFunc(a.links, func(l *link) bool { return l.public == c.public })
	if i < 0 || known.number > c.next {
		return nil
	}
	l := a.links[i]
	h := header{flags: l.flags, session: a.session, public: l.public, number: c.next, salt: make([]byte, saltSize), material: l.material}
	mk := advanced(known.key, c.next-known.number)
	raw := h.append(nil)
	aead, nonce, ad := sealing(&mk, &a.binding, target.role.peer(), raw, h.salt, associated)
	return aead.Seal(raw, nonce, []byte("injected"), ad)
}

// injectTurn makes a new chain towards the target's newest ratchet key under a root key. It answers
// the target's offer, which is public, and the static key, which is public too.
func (a *attacker) injectTurn(target *state, root rootKey, f flags) []byte {
	a.t.Helper()
	forger := &state{role: target.role.peer(), session: a.session, binding: a.binding, root: root, peer: target.own.public}
	var answer, kemSecrets []byte
	if f&flagCiphertext != 0 {
		offer, err := target.outstanding.public()
		must(a.t, err)
		if f&flagStaticCiphertext != 0 {
			forger.peerStatic = a.began.staticKEM.EncapsulationKey().Bytes()
		}
		answer, kemSecrets, err = forger.answerOffer(offer)
		must(a.t, err)
	}
	must(a.t, forger.startSending(f, answer, kemSecrets))
	_, m, err := Encrypt(State{forger}, []byte("injected"), associated)
	must(a.t, err)
	return m
}
