package wire

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"pgregory.net/rapid"

	"sotto/app/apptest/cddl"
)

// schema is the one of docs/PROTOCOL.md.
func schema(t *testing.T) *cddl.Schema {
	t.Helper()
	page, err := os.ReadFile("../../docs/PROTOCOL.md")
	if err != nil {
		t.Fatal(err)
	}
	s, err := cddl.Parse(cddl.FromPage(string(page)))
	if err != nil {
		t.Fatalf("schema of docs/PROTOCOL.md: %v", err)
	}
	return s
}

// frameRules names the rule of the page for each kind of frame.
var frameRules = map[Kind]string{
	KindHello: "hello", KindOK: "ok", KindErr: "err", KindPush: "push", KindGoAway: "goaway", KindAuth: "auth",
	KindAuthed: "authed", KindSub: "sub", KindAck: "ack", KindCredit: "credit", KindSend: "send",
	KindMboxCreate: "mbox-create", KindMboxDelete: "mbox-delete", KindTokenPut: "token-put", KindTokenDrop: "token-revoke",
	KindGrantPut: "grant-frame", KindPrekeyPut: "prekey-put", KindPrekeyPop: "prekey-pop", KindPrekey: "prekey-frame",
	KindPrekeyCount: "prekey-count", KindCount: "count", KindStateGet: "state-get", KindStateSet: "state-set",
	KindState: "state", KindBlobGrant: "blob-grant",
}

func TestTheSchemaNamesEveryKindOfFrame(t *testing.T) {
	s := schema(t)
	for number := range 256 {
		k := Kind(number)
		rule, ok := frameRules[k]
		if known := newBody(k) != nil; known != ok {
			t.Errorf("kind %d: in the code %t, in the schema %t", number, known, ok)
		}
		if ok && !s.Has(rule) {
			t.Errorf("the page has no rule %q", rule)
		}
	}
}

// under returns a frame with an id, or with 0 where its kind has none.
func under(id uint64, b Body) Frame {
	if unasked(b.Kind()) {
		id = 0
	}
	return Frame{ID: id, Body: b}
}

// variants holds frames with every option used and with none.
func variants() []Frame {
	mbox := Mailbox{1}
	out := everyFrame()
	for _, b := range []Body{
		&Err{Code: 255},
		&PushFrame{Mailbox: mbox, Seq: 1, Envelope: make([]byte, MaxEnvelope)},
		&GoAway{},
		&Auth{},
		&Authed{},
		&Credit{},
		&MboxCreate{Type: ContactMailbox},
		&MboxCreate{Type: ContactMailbox, Grant: make([]byte, 32), Expires: maxTime},
		&TokenPut{Mailbox: mbox},
		&TokenPut{Mailbox: mbox, PopBurst: MaxPopBurst, PopEvery: 1 << 31, MaxPops: 1 << 31, Expires: maxTime},
		&GrantPut{Mailbox: mbox, Mailboxes: MaxGrantMailboxes},
		&PrekeyPut{Mailbox: mbox, Bundle: make([]byte, MaxBundle)},
		&PrekeyFrame{Bundle: []byte{1}},
		&StateSet{Mailbox: mbox, New: make([]byte, MaxState)},
		&StateFrame{},
		&BlobGrant{Mailbox: mbox, Size: MaxBlob},
	} {
		out = append(out, under(1<<64-1, b))
	}
	return out
}

func TestEveryFrameWrittenMatchesTheSchemaOfThePage(t *testing.T) {
	s := schema(t)
	for _, f := range variants() {
		mustMatch(t, s, f)
	}
	if len(frameRules) != len(everyFrame()) {
		t.Errorf("%d rules, %d samples", len(frameRules), len(everyFrame()))
	}
}

func mustMatch(t interface{ Errorf(string, ...any) }, s *cddl.Schema, f Frame) {
	b, err := Append(nil, f)
	if err != nil {
		t.Errorf("kind %d: %v", f.Body.Kind(), err)
		return
	}
	for _, rule := range []string{"frame", frameRules[f.Body.Kind()]} {
		if err := s.Check(rule, b); err != nil {
			t.Errorf("kind %d: %v", f.Body.Kind(), err)
		}
	}
}

func TestGeneratedFramesMatchTheSchemaOfThePage(t *testing.T) {
	s := schema(t)
	rapid.Check(t, func(t *rapid.T) { mustMatch(t, s, under(rapid.Uint64().Draw(t, "id"), anyBody(t))) })
}

// anyBody draws a body that may be sent.
func anyBody(t *rapid.T) Body {
	fixed := func(n int) []byte { return rapid.SliceOfN(rapid.Byte(), n, n).Draw(t, "bytes") }
	some := func(least, most int) []byte { return rapid.SliceOfN(rapid.Byte(), least, most).Draw(t, "some") }
	number := func(least, most uint64) uint64 { return rapid.Uint64Range(least, most).Draw(t, "number") }
	envelope := func() []byte { return make([]byte, rapid.SampledFrom(EnvelopeSizes()).Draw(t, "class")) }
	boxes := func(least int) []Mailbox {
		out := make([]Mailbox, rapid.IntRange(least, 40).Draw(t, "mailboxes"))
		for i := range out {
			out[i][0] = byte(i)
		}
		return out
	}
	m := Mailbox(fixed(32))
	prekey := func(id uint64) Prekey { return Prekey{ID: id, Sealed: some(1, MaxPrekey)} }
	all := map[Kind]func() Body{
		KindHello:  func() Body { return &Hello{Version: number(1, 9), Relay: RelayID(m), Challenge: Challenge(fixed(32))} },
		KindOK:     func() Body { return &OK{} },
		KindErr:    func() Body { return &Err{Code: Code(number(1, 255)), After: number(0, 1<<40)} },
		KindPush:   func() Body { return &PushFrame{m, number(1, 1<<63), number(0, maxTime), envelope()} },
		KindGoAway: func() Body { return &GoAway{After: number(0, 1<<40)} },
		KindAuth:   func() Body { return &Auth{[32]byte(fixed(32)), boxes(0), [64]byte(fixed(64))} },
		KindAuthed: func() Body { return &Authed{Missing: boxes(0)} },
		KindSub:    func() Body { return &Sub{Mailboxes: boxes(1)} },
		KindAck:    func() Body { return &Ack{m, rapid.SliceOfN(rapid.Uint64(), 1, MaxAckSeqs).Draw(t, "seqs")} },
		KindCredit: func() Body { return &Credit{number(0, CreditMessages), number(0, CreditBytes)} },
		KindSend:   func() Body { return &Send{m, Token(fixed(32)), EnvelopeID(fixed(16)), envelope()} },
		KindMboxCreate: func() Body {
			c := &MboxCreate{
				Owner: [32]byte(fixed(32)), Salt: Salt(fixed(16)), Type: MailboxKind(number(1, 2)),
				MaxMessages: number(0, 1<<40), MaxBytes: number(0, 1<<40), Expires: number(0, maxTime),
			}
			if rapid.Bool().Draw(t, "grant") {
				c.Grant = fixed(32)
			} else {
				c.Pass = rapid.StringMatching(`[A-Za-z0-9_-]{0,64}`).Draw(t, "pass")
			}
			return c
		},
		KindMboxDelete: func() Body { return &MboxDelete{m} },
		KindTokenPut: func() Body {
			return &TokenPut{m, TokenHash(fixed(32)), number(0, MaxPopBurst), number(0, 1<<31), number(0, 1<<31), number(0, maxTime)}
		},
		KindTokenDrop: func() Body { return &TokenDrop{m, TokenHash(fixed(32))} },
		KindGrantPut: func() Body {
			return &GrantPut{m, GrantHash(fixed(32)), number(1, MaxGrantMailboxes), number(0, maxTime)}
		},
		KindPrekeyPut: func() Body {
			put := &PrekeyPut{Mailbox: m, Bundle: some(1, 9000)}
			for id := range number(0, 4) {
				put.Prekeys = append(put.Prekeys, prekey(id))
			}
			return put
		},
		KindPrekeyPop: func() Body { return &PrekeyPop{m, Token(fixed(32))} },
		KindPrekey: func() Body {
			f := &PrekeyFrame{Bundle: some(1, 9000)}
			if rapid.Bool().Draw(t, "prekey") {
				p := prekey(number(0, 1<<63))
				f.Prekey = &p
			}
			return f
		},
		KindPrekeyCount: func() Body { return &PrekeyCount{m} },
		KindCount:       func() Body { return &Count{number(0, MaxPrekeys)} },
		KindStateGet:    func() Body { return &StateGet{m} },
		KindStateSet:    func() Body { return &StateSet{m, some(0, MaxState), some(1, MaxState)} },
		KindState:       func() Body { return &StateFrame{some(0, MaxState)} },
		KindBlobGrant: func() Body {
			return &BlobGrant{m, Token(fixed(32)), BlobName(fixed(32)), UploadHash(fixed(32)), number(1, MaxBlob)}
		},
	}
	kind := rapid.SampledFrom(slices.Sorted(maps.Keys(all))).Draw(t, "kind")
	return all[kind]()
}

// TestAlteredFramesFailSchemaAndDecoder alters each frame in one place. Schema and decoder must agree on every one; what
// takes away, adds or changes the type must be refused by both.
func TestAlteredFramesFailSchemaAndDecoder(t *testing.T) {
	s := schema(t)
	refused := 0
	for _, f := range variants() {
		encoded, err := Append(nil, f)
		if err != nil {
			t.Fatal(err)
		}
		var frame []any
		if err := cbor.Unmarshal(encoded, &frame); err != nil {
			t.Fatal(err)
		}
		body := frame[2].(map[any]any)
		alter := func(what string, must bool, change func(map[any]any) any) {
			altered, err := encMode.Marshal([]any{frame[0], frame[1], change(maps.Clone(body))})
			if err != nil {
				t.Fatal(err)
			}
			_, _, decodeErr := Decode(altered)
			schemaErr := s.Check("frame", altered)
			if (decodeErr == nil) != (schemaErr == nil) {
				t.Errorf("kind %v, %s: the decoder says %v, the schema %v", frame[0], what, decodeErr, schemaErr)
			}
			if must && schemaErr == nil {
				t.Errorf("kind %v, %s: passes", frame[0], what)
			}
			if schemaErr != nil {
				refused++
			}
		}
		alter("a key too many", true, func(m map[any]any) any { m[uint64(99)] = 1; return m })
		alter("a text key", true, func(m map[any]any) any { m["1"] = 1; return m })
		alter("an array for the body", true, func(map[any]any) any { return []any{} })
		for key, value := range body {
			alter(fmt.Sprintf("without key %v", key), false, func(m map[any]any) any { delete(m, key); return m })
			for _, other := range []any{"x", []byte{1}, -1, 0, uint64(1<<64 - 1), 1.5, true, nil, []any{}, map[any]any{}} {
				alter(fmt.Sprintf("key %v as %T %v", key, other, other), false, func(m map[any]any) any { m[key] = other; return m })
			}
			if b, ok := value.([]byte); ok {
				alter(fmt.Sprintf("key %v longer", key), false, func(m map[any]any) any { m[key] = append(slices.Clone(b), 0); return m })
				alter(fmt.Sprintf("key %v shorter", key), false, func(m map[any]any) any { m[key] = b[:len(b)-1]; return m })
			}
		}
	}
	if refused < 500 {
		t.Errorf("only %d altered frames were refused", refused)
	}
}

func TestFrameOfALaterKindMatchesItsRule(t *testing.T) {
	s := schema(t)
	later := unhex(t, "8318c80780")
	if err := s.Check("later-frame", later); err != nil {
		t.Error(err)
	}
	if s.Check("frame", later) == nil {
		t.Error("a frame of an unknown kind matches")
	}
}
