package ratchet

import (
	"bytes"
	"crypto/ecdh"
	"crypto/mlkem"
	"crypto/mlkem/mlkemtest"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"testing"
	"testing/cryptotest"
	"time"

	"golang.org/x/crypto/chacha20poly1305"

	"sotto/crypto/encode"
)

var recordReference = flag.Bool("record", false, "record the conversation of ../testdata/reference anew; see its README.md")

const (
	referenceHandshake   = "../testdata/reference/recorded-handshakes.json"
	referenceSession     = "../testdata/reference/derived-handshakes.json"
	recordedConversation = "../testdata/reference/recorded-conversation.json"
	derivedConversation  = "../testdata/reference/derived-conversation.json"
)

// hexBytes is a byte string in the JSON of the reference: hexadecimal.
type hexBytes []byte

func (h hexBytes) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h), nil }

func (h *hexBytes) UnmarshalText(text []byte) (err error) {
	*h, err = hex.AppendDecode(nil, text)
	return err
}

// referenceConversation is what the second implementation starts from, with the session of the first
// recorded handshake.
type referenceConversation struct {
	Random    uint64            `json:"random"` // the randomness of event n is that of seed random + 2 + n
	Initiator recordedSide      `json:"initiator"`
	Acceptor  recordedSide      `json:"acceptor"`
	Messages  []recordedMessage `json:"messages"`
	Events    []referenceEvent  `json:"events"`
}

// recordedSide is what one side drew at random, in the order it was used.
type recordedSide struct {
	Start          int64      `json:"start"`          // Unix milliseconds
	Keys           []hexBytes `json:"keys"`           // X25519 ratchet keys, private
	Offers         []hexBytes `json:"offers"`         // seeds of ML-KEM-768 keys
	Encapsulations []hexBytes `json:"encapsulations"` // randomness of each
}

type recordedMessage struct {
	Plaintext hexBytes `json:"plaintext"`
	Message   hexBytes `json:"message"`
}

// referenceEvent is one step of one side. A message without an opening event is lost.
type referenceEvent struct {
	Role    Role            `json:"role"`
	Action  referenceAction `json:"action"`
	Message int             `json:"message"`
	At      int64           `json:"at"` // Unix milliseconds
}

type referenceAction int

const (
	referenceSeal referenceAction = iota
	referenceOpen
	referenceRepeat // refused as a duplicate
)

// derivedValues is every value of section 6, in the order of the second implementation.
type derivedValues struct {
	Chains   []derivedChain   `json:"chains"`
	Messages []derivedMessage `json:"messages"`
	States   []hexBytes       `json:"states"` // SHA-256 of 6.9: both at the start, then the actor's after each event
}

type derivedChain struct {
	Role       Role     `json:"role"`
	RatchetKey hexBytes `json:"ratchet_key"`
	Receiver   hexBytes `json:"receiver"`
	Flags      flags    `json:"flags"`
	DH         hexBytes `json:"dh"`
	KEMSecrets hexBytes `json:"kem_secrets"`
	Transcript hexBytes `json:"transcript"`
	RootKey    hexBytes `json:"root_key"`
	ChainKey   hexBytes `json:"chain_key"`
}

type derivedMessage struct {
	MessageKey   hexBytes `json:"message_key"`
	HeaderHash   hexBytes `json:"header_hash"`
	Key          hexBytes `json:"key"`
	Nonce        hexBytes `json:"nonce"`
	NextChainKey hexBytes `json:"next_chain_key"`
}

// TestConversationMatchesTheSecondImplementation plays the recorded conversation with the production
// code and demands the recorded messages, and the very bytes of every key and state that the
// implementation in JavaScript wrote.
func TestConversationMatchesTheSecondImplementation(t *testing.T) {
	if *recordReference {
		r := newReplay(t, referenceScript(), true)
		r.run()
		must(t, os.WriteFile(recordedConversation, formatReference(t, r.referenceConversation), 0o644))
		return
	}
	var recorded referenceConversation
	readReference(t, recordedConversation, &recorded)
	r := newReplay(t, recorded, false)
	readReference(t, derivedConversation, &r.second)
	r.run()
	r.expectCoverage()

	want, err := os.ReadFile(derivedConversation)
	must(t, err)
	ours, theirs := bytes.Split(formatReference(t, r.derived), []byte("\n")), bytes.Split(want, []byte("\n"))
	for i := range min(len(ours), len(theirs)) {
		if !bytes.Equal(ours[i], theirs[i]) {
			t.Fatalf("line %d: here %s, second implementation %s", i+1, bytes.TrimSpace(ours[i]), bytes.TrimSpace(theirs[i]))
		}
	}
	if len(ours) != len(theirs) {
		t.Fatalf("%d lines here, %d of the second implementation", len(ours), len(theirs))
	}
}

// referenceReplay plays a conversation, and records it or derives its values.
type referenceReplay struct {
	*testing.T
	referenceConversation
	record  bool
	header  []byte // of the handshake: associated data of initial messages
	static  *mlkem.DecapsulationKey768
	states  map[Role]State
	started map[Role]*recordedSide
	used    map[Role]int // encapsulations
	ads     map[int][]byte
	heard   bool // the initiator has opened a message
	offered []byte
	second  derivedValues
	derived derivedValues
}

func newReplay(t *testing.T, c referenceConversation, record bool) *referenceReplay {
	t.Helper()
	var handshakes []struct {
		Header    hexBytes
		PrekeySet struct{ Private hexBytes } `json:"prekey_set"`
		Initiator struct{ Seed hexBytes }
	}
	var sessions []struct {
		Root    hexBytes `json:"root_key"`
		Binding hexBytes `json:"session_binding"`
		ID      hexBytes `json:"session_id"`
	}
	readLoosely(t, referenceHandshake, &handshakes)
	readLoosely(t, referenceSession, &sessions)
	r := &referenceReplay{
		T: t, referenceConversation: c, record: record, header: handshakes[0].Header,
		states: map[Role]State{}, used: map[Role]int{}, ads: map[int][]byte{},
	}
	r.started = map[Role]*recordedSide{Initiator: &r.Initiator, Acceptor: &r.Acceptor}
	static, err := mlkem.NewDecapsulationKey768(handshakes[0].Initiator.Seed)
	must(t, err)
	r.static = static
	prekey, err := ecdh.X25519().NewPrivateKey(handshakes[0].PrekeySet.Private)
	must(t, err)

	s := sessions[0]
	root, binding, id := Root(s.Root), Binding(s.Binding), SessionID(s.ID)
	r.draw(Initiator, 0, State{}, func() State {
		state, err := NewInitiator(InitiatorParams{
			Root: root, Binding: binding, SessionID: id, PeerRatchetKey: prekey.PublicKey(), OwnStaticKEM: static,
		}, time.UnixMilli(c.Initiator.Start))
		must(t, err)
		return state
	})
	r.draw(Acceptor, 1, State{}, func() State {
		state, err := NewAcceptor(AcceptorParams{
			Root: root, Binding: binding, SessionID: id, OwnRatchetKey: prekey, PeerStaticKEM: static.EncapsulationKey(),
		}, time.UnixMilli(c.Acceptor.Start))
		must(t, err)
		return state
	})
	return r
}

// draw runs a step of one side under the randomness of seed random + n, and notes the state after it
// and the chain it made, if any.
func (r *referenceReplay) draw(role Role, n uint64, before State, step func() State) {
	r.Helper()
	seed := r.Random + n
	cryptotest.SetGlobalRandom(r.T, seed)
	after := step()
	r.states[role] = after
	hash := sha256.Sum256(after.Marshal())
	r.derived.States = append(r.derived.States, hash[:])
	if after.s.send.ready && (before.IsZero() || before.s.own.public != after.s.own.public) {
		r.noteChain(role, before, after, seed)
	}
}

func (r *referenceReplay) noteChain(role Role, before, after State, seed uint64) {
	r.Helper()
	s, side := after.s, r.started[role]
	if r.record {
		side.Keys = append(side.Keys, bytes.Clone(s.own.private[:]))
		if s.send.flags == carriesKey {
			side.Offers = append(side.Offers, bytes.Clone(s.outstanding.seed[:]))
		}
	}
	var secrets []byte
	if s.send.flags == carriesAnswer || s.send.flags == carriesFirst {
		targets := [][]byte{r.offered, before.s.peerStatic}
		for i := range len(s.send.answer) / ciphertextSize {
			ciphertext := s.send.answer[i*ciphertextSize : (i+1)*ciphertextSize]
			secrets = append(secrets, r.encapsulated(role, targets[i], ciphertext, seed)...)
		}
	}
	dh, err := s.own.agree(s.peer)
	must(r.T, err)
	material, err := s.material()
	must(r.T, err)
	transcript := chainHash(&s.binding, role, &s.own.public, s.send.flags, material)
	r.derived.Chains = append(r.derived.Chains, derivedChain{
		Role: role, RatchetKey: bytes.Clone(s.own.public[:]), Receiver: bytes.Clone(s.peer[:]), Flags: s.send.flags, DH: dh,
		KEMSecrets: secrets, Transcript: transcript[:], RootKey: bytes.Clone(s.root[:]), ChainKey: bytes.Clone(s.send.key[:]),
	})
}

// encapsulated returns the secret of ciphertext, made to target under the recorded randomness. When
// recording, that is the part of the seed's stream that gives the ciphertext.
func (r *referenceReplay) encapsulated(role Role, target, ciphertext []byte, seed uint64) []byte {
	r.Helper()
	key, err := mlkem.NewEncapsulationKey768(target)
	must(r.T, err)
	side := r.started[role]
	if r.record {
		cryptotest.SetGlobalRandom(r.T, seed)
		for range 8 {
			drawn := make([]byte, 32)
			rand.Read(drawn)
			if _, c, _ := mlkemtest.Encapsulate768(key, drawn); bytes.Equal(c, ciphertext) {
				side.Encapsulations = append(side.Encapsulations, drawn)
				break
			}
		}
	}
	if r.used[role] == len(side.Encapsulations) {
		r.Fatal("the randomness of an encapsulation is not recorded")
	}
	secret, again, err := mlkemtest.Encapsulate768(key, side.Encapsulations[r.used[role]])
	must(r.T, err)
	r.used[role]++
	if !bytes.Equal(again, ciphertext) {
		r.Fatal("the recorded randomness gives another ciphertext")
	}
	return secret
}

func (r *referenceReplay) run() {
	r.Helper()
	for i, e := range r.Events {
		state, now := r.states[e.Role], time.UnixMilli(e.At)
		r.draw(e.Role, uint64(i)+2, state, func() State {
			switch e.Action {
			case referenceSeal:
				return r.seal(state, e)
			case referenceOpen:
				return r.open(state, e, now)
			default:
				after, _, _, err := Decrypt(state, r.Messages[e.Message].Message, r.ads[e.Message], now)
				if !errors.Is(err, ErrDuplicate) {
					r.Fatalf("message %d again: %v", e.Message, err)
				}
				return after
			}
		})
	}
}

func (r *referenceReplay) seal(state State, e referenceEvent) State {
	r.Helper()
	// The associated data of section 7: version and type, and the header in type initial.
	ad := encode.Append(encode.Append(nil, []byte{1, 2}), nil)
	if e.Role == Initiator && !r.heard {
		ad = encode.Append(encode.Append(nil, []byte{1, 1}), r.header)
	}
	r.ads[e.Message] = ad
	m := &r.Messages[e.Message]
	after, message, err := Encrypt(state, m.Plaintext, ad)
	must(r.T, err)
	if r.record {
		m.Message = message
	} else if !bytes.Equal(message, m.Message) {
		r.Fatalf("the recorded randomness gives another message %d", e.Message)
	}
	r.noteMessage(state, after, e, ad)
	return after
}

// noteMessage derives the keys of a message from the state before it. The key and the header hash,
// which no function gives away, are taken from the second implementation once sealing under them has
// given the recorded message.
func (r *referenceReplay) noteMessage(before, after State, e referenceEvent, ad []byte) {
	r.Helper()
	if r.record {
		return
	}
	m := r.Messages[e.Message]
	h, err := parseHeader(m.Message)
	must(r.T, err)
	key := before.s.send.key
	mk := chainStep(&key)
	noted := derivedMessage{MessageKey: bytes.Clone(mk[:]), NextChainKey: bytes.Clone(after.s.send.key[:])}
	_, nonce, fullAD := sealing(&mk, &before.s.binding, e.Role, h.raw, h.salt, ad)
	noted.Nonce = bytes.Clone(nonce)

	if len(r.second.Messages) <= len(r.derived.Messages) {
		r.Fatal("the second implementation has fewer messages")
	}
	second := r.second.Messages[len(r.derived.Messages)]
	aead, err := chacha20poly1305.New(second.Key)
	must(r.T, err)
	if bytes.Equal(aead.Seal(nil, nonce, m.Plaintext, fullAD), h.body) {
		noted.Key = second.Key
	}
	if bytes.Equal(encode.Fields(encode.RatchetMessage, second.HeaderHash, ad), fullAD) {
		noted.HeaderHash = second.HeaderHash
	}
	r.derived.Messages = append(r.derived.Messages, noted)
}

func (r *referenceReplay) open(state State, e referenceEvent, now time.Time) State {
	r.Helper()
	m := r.Messages[e.Message]
	h, err := parseHeader(m.Message)
	must(r.T, err)
	r.offered = h.material
	after, plaintext, _, err := Decrypt(state, m.Message, r.ads[e.Message], now)
	if err != nil || !bytes.Equal(plaintext, m.Plaintext) {
		r.Fatalf("message %d: %q, %v", e.Message, plaintext, err)
	}
	r.heard = r.heard || e.Role == Initiator
	return after
}

// expectCoverage fails when the recording does not hold what it is there to show.
func (r *referenceReplay) expectCoverage() {
	r.Helper()
	kinds := map[flags]map[Role]int{}
	for _, c := range r.derived.Chains {
		if kinds[c.Flags] == nil {
			kinds[c.Flags] = map[Role]int{}
		}
		kinds[c.Flags][c.Role]++
	}
	opened, repeated, newest := map[int]bool{}, 0, map[Role]int{}
	late := 0
	for _, e := range r.Events {
		switch e.Action {
		case referenceOpen:
			opened[e.Message] = true
			if e.Message < newest[e.Role] {
				late++
			}
			newest[e.Role] = max(newest[e.Role], e.Message)
		case referenceRepeat:
			repeated++
		}
	}
	lost := len(r.Messages) - len(opened)
	r.Logf("%d messages, %d lost, %d late, %d repeated, chains by flags and role %v", len(r.Messages), lost, late, repeated, kinds)
	if len(r.Messages) < 40 || lost < 5 || late < 10 || repeated < 3 {
		r.Error("too few messages, or too few of them lost, late or repeated")
	}
	for _, f := range []flags{carriesNothing, carriesKey, carriesAnswer} {
		if kinds[f][Initiator] == 0 || kinds[f][Acceptor] == 0 {
			r.Errorf("no chain with flags %d of one side: %v", f, kinds[f])
		}
	}
	if kinds[carriesFirst][Acceptor] != 1 {
		r.Error("no first answer")
	}
	if chains := len(r.states[Acceptor].s.receive); chains != MaxChains {
		r.Errorf("%d receiving chains kept, want the most, %d", chains, MaxChains)
	}
}

func readReference(t *testing.T, path string, into any) {
	t.Helper()
	b, err := os.ReadFile(path)
	must(t, err)
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	must(t, d.Decode(into))
}

func readLoosely(t *testing.T, path string, into any) {
	t.Helper()
	b, err := os.ReadFile(path)
	must(t, err)
	must(t, json.Unmarshal(b, into))
}

// formatReference is JSON.stringify(v, null, 2) and a newline.
func formatReference(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.MarshalIndent(v, "", "  ")
	must(t, err)
	return append(b, '\n')
}
