package wire

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"reflect"
	"testing"

	"sotto/app/apptest/alloc"
)

// everyFrame holds one frame of each kind, fields set.
func everyFrame() []Frame {
	mbox := Mailbox{1, 2, 3}
	env := make([]byte, 4096)
	bodies := []Body{
		&Hello{Version: 1, Relay: RelayID{9}, Challenge: Challenge{8}},
		&OK{},
		&Err{Code: CodeQuota, After: 7},
		&PushFrame{Mailbox: mbox, Seq: 5, Received: 1e12, Envelope: env},
		&GoAway{After: 3},
		&Auth{Owner: [32]byte{4}, Mailboxes: []Mailbox{mbox, {7}}, Signature: [64]byte{1}},
		&Authed{Missing: []Mailbox{mbox}},
		&Sub{Mailboxes: []Mailbox{mbox}},
		&Ack{Mailbox: mbox, Seqs: []uint64{1, 2, 300}},
		&Credit{Messages: 3, Bytes: 4096},
		&Send{Mailbox: mbox, Token: Token{5}, ID: EnvelopeID{6}, Envelope: env},
		&MboxCreate{Owner: [32]byte{4}, Salt: Salt{1}, Type: InvitationMailbox, Pass: "abc", MaxMessages: 9, MaxBytes: 10, Expires: 11},
		&MboxDelete{Mailbox: mbox},
		&TokenPut{Mailbox: mbox, Hash: TokenHash{2}, PopBurst: 3, PopEvery: 4, MaxPops: 5, Expires: 6},
		&TokenDrop{Mailbox: mbox, Hash: TokenHash{2}},
		&GrantPut{Mailbox: mbox, Hash: GrantHash{2}, Mailboxes: 2, Expires: 6},
		&PrekeyPut{Mailbox: mbox, Bundle: []byte("bundle"), Prekeys: []Prekey{{ID: 1, Sealed: []byte("a")}, {ID: 2, Sealed: []byte("b")}}},
		&PrekeyPop{Mailbox: mbox, Token: Token{5}},
		&PrekeyFrame{Bundle: []byte("bundle"), Prekey: &Prekey{ID: 1, Sealed: []byte("a")}},
		&PrekeyCount{Mailbox: mbox},
		&Count{N: 7},
		&StateGet{Mailbox: mbox},
		&StateSet{Mailbox: mbox, Old: []byte("o"), New: []byte("n")},
		&StateFrame{Cell: []byte("n")},
		&BlobGrant{Mailbox: mbox, Token: Token{5}, Name: BlobName{6}, Upload: UploadHash{7}, Size: 8},
	}
	frames := make([]Frame, len(bodies))
	for i, b := range bodies {
		frames[i] = under(uint64(i), b)
	}
	return frames
}

func TestSequenceOfEveryFrameSurvivesTheWire(t *testing.T) {
	var message []byte
	for _, f := range everyFrame() {
		var err error
		if message, err = Append(message, f); err != nil {
			t.Fatalf("kind %d: %v", f.Body.Kind(), err)
		}
	}
	rest := message
	for _, want := range everyFrame() {
		var got Frame
		var err error
		got, rest, err = Decode(rest)
		if err != nil {
			t.Fatalf("kind %d: %v", want.Body.Kind(), err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("kind %d: got %#v, want %#v", want.Body.Kind(), got, want)
		}
	}
	if len(rest) != 0 {
		t.Errorf("%d bytes left", len(rest))
	}
}

func TestDecodeRefusesWhatIsNotTheDeterministicEncoding(t *testing.T) {
	cases := map[string]string{
		"empty":                          "",
		"not an array":                   "a0",
		"two elements":                   "8202 00",
		"four elements":                  "840200a000",
		"indefinite array":               "9f0200a0ff",
		"long form of the kind":          "83180200a0",
		"long form of the id":            "83021900 01a0",
		"float id":                       "8302f93c00a0",
		"negative id":                    "830220a0",
		"kind above 255":                 "8319010000a0",
		"tagged body":                    "830200c0a0",
		"array body":                     "83020080",
		"unknown key":                    "830200a10100",
		"text key":                       "830300a1613106",
		"missing key":                    "830300a0",
		"duplicate key":                  "830300a201060106",
		"keys out of order":              "830300a202070106",
		"optional key present with zero": "830300a201060200",
		"code of zero":                   "830300a10100",
		"going away under an id":         "830501a0",
		"credit under an id":             "830e01a201010201",
		"truncated":                      "830300a101",
		"mailbox of 31 bytes":            "831500a101581f" + hex.EncodeToString(make([]byte, 31)),
		"mailbox of 33 bytes":            "831500a1015821" + hex.EncodeToString(make([]byte, 33)),
		"mailbox as text":                "831500a1017820" + hex.EncodeToString(bytes.Repeat([]byte("a"), 32)),
		"bytes that lie about length":    "831500a1015affffffff00",
		"nesting":                        "830200a1018181818181",
	}
	for name, text := range cases {
		in := unhex(t, text)
		if f, _, err := Decode(in); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: frame %#v, error %v; want ErrMalformed", name, f, err)
		}
	}
}

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(string(bytes.ReplaceAll([]byte(text), []byte(" "), nil)))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestFrameOfALaterVersionIsUnknownAndDoesNotHideTheNextOne(t *testing.T) {
	f, rest, err := Decode(unhex(t, "8318c80780"+"830209a0"))
	if err != nil {
		t.Fatal(err)
	}
	if u, ok := f.Body.(*Unknown); !ok || u.Number != 200 || f.ID != 7 {
		t.Errorf("got %#v", f)
	}
	if f, _, err = Decode(rest); err != nil || f.ID != 9 || f.Body.Kind() != KindOK {
		t.Errorf("next frame %#v, %v", f, err)
	}
}

func TestEnvelopeOfAnotherSizeIsAnswerableAsTooLarge(t *testing.T) {
	for _, size := range []int{0, 1, 4095, 4097, 16383, 262143, 262145} {
		send := &Send{Envelope: make([]byte, size)}
		if _, err := Append(nil, Frame{ID: 3, Body: send}); !errors.Is(err, ErrTooLarge) {
			t.Errorf("size %d: encode = %v", size, err)
		}
		raw, err := encMode.Marshal(outFrame{Kind: KindSend, ID: 3, Body: send})
		if err != nil {
			t.Fatal(err)
		}
		if f, _, err := Decode(raw); !errors.Is(err, ErrTooLarge) || f.ID != 3 {
			t.Errorf("size %d: decode = id %d, %v", size, f.ID, err)
		}
	}
	for _, size := range EnvelopeSizes() {
		if _, err := Append(nil, Frame{Body: &Send{Envelope: make([]byte, size)}}); err != nil {
			t.Errorf("size %d: %v", size, err)
		}
	}
}

func TestPrekeyPutRefusesRepeatedIDsAndOversize(t *testing.T) {
	one := Prekey{ID: 1, Sealed: []byte("x")}
	many := make([]Prekey, MaxPrekeys+1)
	for i := range many {
		many[i] = Prekey{ID: uint64(i), Sealed: []byte("x")}
	}
	cases := []struct {
		name string
		put  PrekeyPut
		want error
	}{
		{"repeated id", PrekeyPut{Bundle: []byte("b"), Prekeys: []Prekey{one, one}}, ErrMalformed},
		{"empty prekey", PrekeyPut{Bundle: []byte("b"), Prekeys: []Prekey{{ID: 1}}}, ErrMalformed},
		{"no bundle", PrekeyPut{Prekeys: []Prekey{one}}, ErrMalformed},
		{"large bundle", PrekeyPut{Bundle: make([]byte, MaxBundle+1)}, ErrTooLarge},
		{"too many", PrekeyPut{Bundle: []byte("b"), Prekeys: many}, ErrTooLarge},
		{"large prekey", PrekeyPut{Bundle: []byte("b"), Prekeys: []Prekey{{Sealed: make([]byte, MaxPrekey+1)}}}, ErrTooLarge},
	}
	for _, c := range cases {
		if _, err := Append(nil, Frame{Body: &c.put}); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

func TestAuthSignatureIsBoundToRelayChallengeOwnerAndMailboxes(t *testing.T) {
	pub, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	relay, challenge := RelayID{1}, NewChallenge()
	boxes := []Mailbox{MailboxAddress(pub, NewSalt()), MailboxAddress(pub, NewSalt())}
	a := SignAuth(key, relay, challenge, boxes)
	if !a.Verify(relay, challenge) {
		t.Fatal("a genuine signature is refused")
	}
	if a.Verify(RelayID{2}, challenge) {
		t.Error("accepted at another relay")
	}
	if a.Verify(relay, NewChallenge()) {
		t.Error("accepted under another challenge")
	}
	swapped := *a
	swapped.Mailboxes = []Mailbox{boxes[1], boxes[0]}
	if swapped.Verify(relay, challenge) {
		t.Error("accepted with the mailboxes in another order")
	}
	fewer := *a
	fewer.Mailboxes = boxes[:1]
	if fewer.Verify(relay, challenge) {
		t.Error("accepted with a mailbox left out")
	}
	other := *a
	other.Owner[0] ^= 1
	if other.Verify(relay, challenge) {
		t.Error("accepted for another owner")
	}
}

func FuzzDecode(f *testing.F) {
	var all []byte
	for _, frame := range everyFrame() {
		b, err := Append(nil, frame)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		all = append(all, b...)
	}
	f.Add(all)
	f.Add([]byte{0x83, 0x18, 0xc8, 0x07, 0x80})
	f.Fuzz(func(t *testing.T, in []byte) {
		alloc.Check(t, len(in), func() { _, _, _ = Decode(in) })
		for rest := in; len(rest) > 0; {
			frame, next, err := Decode(rest)
			if err != nil {
				return
			}
			if len(next) >= len(rest) {
				t.Fatal("no progress")
			}
			if _, unknown := frame.Body.(*Unknown); !unknown {
				out, err := Append(nil, frame)
				if err != nil || !bytes.Equal(out, rest[:len(rest)-len(next)]) {
					t.Fatalf("accepted a frame that encodes otherwise: %v", err)
				}
			}
			rest = next
		}
	})
}
