package content_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"

	"sotto/app/apptest/alloc"
	"sotto/chat"
	"sotto/chat/content"
)

var sent = time.Date(2026, 3, 14, 15, 9, 26, 535e6, time.UTC)

func route() *content.Route {
	return &content.Route{
		Seq: 3, Device: chat.DeviceID{1}, Relay: "sotto-relay://relay.example:7443#web", Mailbox: chat.MailboxID{2},
		Token: bytes.Repeat([]byte{3}, 32), Secret: bytes.Repeat([]byte{4}, 32),
	}
}

// samples holds one content per kind, by the name of its golden vector.
func samples() map[string]content.Content {
	id, conv, target := chat.MessageID{0xa1}, chat.ConversationID{0xb2}, chat.MessageID{0xc3}
	with := func(seq uint64, b content.Body) content.Content {
		return content.Content{ID: id, Conv: conv, Seq: seq, Sent: sent, Body: b}
	}
	reply := with(7, content.Text{Text: "Grüße, 世界"})
	reply.ReplyTo, reply.ExpiresAfter = target, time.Hour
	return map[string]content.Content{
		"text":              with(1, content.Text{Text: "hello"}),
		"text-reply":        reply,
		"attachment":        with(9, attachment()),
		"attachment-full":   with(10, picture()),
		"reaction":          with(2, content.Reaction{Target: target, Emoji: "👍"}),
		"reaction-removed":  with(3, content.Reaction{Target: target}),
		"edit":              with(4, content.Edit{Target: target, Text: "hello again"}),
		"delete":            with(5, content.Delete{Target: target}),
		"receipt":           with(0, content.Receipt{State: content.Read, IDs: []chat.MessageID{target, id}}),
		"typing":            with(0, content.Typing{Active: true}),
		"timer":             with(6, content.Timer{Milliseconds: 60000}),
		"profile":           with(0, content.Profile{Name: "Guide", Bot: true}),
		"route":             with(0, *route()),
		"consent":           with(0, content.Consent{Purpose: "bot-reads", Given: true, Notice: "1", At: sent.UnixMilli()}),
		"erasure-request":   with(0, content.Erasure{Request: id, Targets: []chat.MessageID{target}}),
		"erasure-answer":    with(0, content.Erasure{Outcome: content.Partial, Request: target, Erased: 4}),
		"session-introduce": with(1, content.Session{Action: content.Introduce, Profile: &content.Profile{Name: "Ada"}, Route: route(), Text: "It is me"}),
		"session-silent":    with(0, content.Session{Action: content.Introduce, Profile: &content.Profile{Name: "Ada"}, Route: route()}),
		"session-accept":    with(0, content.Session{Action: content.Accept, Profile: &content.Profile{Name: "Ben"}, Route: route()}),
		"session-confirm":   with(0, content.Session{Action: content.Confirm}),
		"session-again":     with(0, content.Session{Action: content.Again}),
		"session-devices":   with(0, content.Session{Action: content.Devices, Devices: []byte("a signed list")}),
	}
}

func TestEveryKindReadsBackAndKeepsItsGoldenBytes(t *testing.T) {
	for name, c := range samples() {
		t.Run(name, func(t *testing.T) {
			b, err := c.Encode()
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", name+".hex")
			if os.Getenv("SOTTO_UPDATE_GOLDEN") != "" {
				if err := os.WriteFile(file, []byte(hex.EncodeToString(b)+"\n"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got := hex.EncodeToString(b); got != strings.TrimSpace(string(want)) {
				t.Errorf("encoded as %s, golden %s", got, want)
			}
			got, err := content.Decode(b)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.Raw, b) || got.Number != c.Body.Kind() {
				t.Error("raw bytes or number differ")
			}
			got.Raw, got.Number = nil, 0
			if !reflect.DeepEqual(got, c) {
				t.Errorf("read back %+v, want %+v", got, c)
			}
		})
	}
}

func TestContentThatMayNotBeSentIsRefused(t *testing.T) {
	good := samples()["text"]
	cases := map[string]struct {
		change func(*content.Content)
		want   error
	}{
		"no id":                  {func(c *content.Content) { c.ID = chat.MessageID{} }, chat.ErrMalformed},
		"no seq":                 {func(c *content.Content) { c.Seq = 0 }, chat.ErrMalformed},
		"seq on typing":          {func(c *content.Content) { c.Body = content.Typing{} }, chat.ErrMalformed},
		"no body":                {func(c *content.Content) { c.Body = nil }, chat.ErrMalformed},
		"empty text":             {func(c *content.Content) { c.Body = content.Text{} }, chat.ErrMalformed},
		"invalid UTF-8":          {func(c *content.Content) { c.Body = content.Text{Text: "a\xff"} }, chat.ErrMalformed},
		"long text":              {func(c *content.Content) { c.Body = content.Text{Text: strings.Repeat("a", content.MaxText+1)} }, chat.ErrTooLarge},
		"time before 1970":       {func(c *content.Content) { c.Sent = time.Unix(-9, 0) }, chat.ErrMalformed},
		"negative expiry":        {func(c *content.Content) { c.ExpiresAfter = -1 }, chat.ErrMalformed},
		"edit of nothing":        {func(c *content.Content) { c.Body = content.Edit{Text: "x"} }, chat.ErrMalformed},
		"empty receipt":          {func(c *content.Content) { c.Seq, c.Body = 0, content.Receipt{State: content.Read} }, chat.ErrMalformed},
		"route without S":        {func(c *content.Content) { r := route(); r.Secret = nil; c.Seq, c.Body = 0, *r }, chat.ErrMalformed},
		"devices without a list": {func(c *content.Content) { c.Seq, c.Body = 0, content.Session{Action: content.Devices} }, chat.ErrMalformed},
		"a list elsewhere": {func(c *content.Content) {
			c.Seq, c.Body = 0, content.Session{Action: content.Again, Devices: []byte{1}}
		}, chat.ErrMalformed},
		"an endless list": {func(c *content.Content) {
			c.Seq, c.Body = 0, content.Session{Action: content.Devices, Devices: make([]byte, content.MaxDevices+1)}
		}, chat.ErrMalformed},
		"accept with text": {func(c *content.Content) {
			c.Body = content.Session{Action: content.Accept, Profile: &content.Profile{Name: "B"}, Route: route(), Text: "x"}
		}, chat.ErrMalformed},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			c := good
			tc.change(&c)
			if _, err := c.Encode(); !errors.Is(err, tc.want) {
				t.Errorf("Encode = %v, want %v", err, tc.want)
			}
		})
	}
}

func TestLongestTextFits(t *testing.T) {
	c := samples()["session-introduce"]
	s := c.Body.(content.Session)
	s.Text = strings.Repeat("é", content.MaxText/2)
	c.Body = s
	b, err := c.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := content.Decode(b); err != nil {
		t.Fatal(err)
	}
}

func TestUnknownKindsAndVersionsAreKeptRaw(t *testing.T) {
	for name, f := range map[string]map[int]any{
		"next kind":        {1: 1, 2: 14, 3: make16(9), 4: make([]byte, 32), 5: 4, 6: 1, 9: map[int]any{1: "file"}},
		"kind of tomorrow": {1: 1, 2: 99, 3: make16(9), 4: make([]byte, 32), 5: 4, 6: 1, 9: []int{1}},
		"version 2":        {1: 2, 2: 1, 3: make16(9), 4: make([]byte, 32), 5: 4, 6: 1, 9: "text", 77: true},
	} {
		t.Run(name, func(t *testing.T) {
			b := marshal(t, f)
			c, err := content.Decode(b)
			if err != nil {
				t.Fatal(err)
			}
			if c.Kind() != content.Unknown || c.Body != nil || c.Seq != 4 || !bytes.Equal(c.Raw, b) {
				t.Errorf("decoded as %+v", c)
			}
		})
	}
}

func TestHostileBytesAreMalformed(t *testing.T) {
	good, err := samples()["text"].Encode()
	if err != nil {
		t.Fatal(err)
	}
	base := map[int]any{1: 1, 2: 1, 3: make16(9), 4: make([]byte, 32), 5: 4, 6: 1, 9: map[int]any{1: "x"}}
	with := func(k int, v any) []byte {
		m := map[int]any{}
		for key, value := range base {
			m[key] = value
		}
		m[k] = v
		return marshal(t, m)
	}
	cases := map[string][]byte{
		"nothing":              nil,
		"truncated":            good[:len(good)-1],
		"trailing byte":        append(bytes.Clone(good), 0),
		"an array":             {0x81, 0x01},
		"unknown outer field":  with(40, 1),
		"unknown body field":   with(9, map[int]any{1: "x", 9: 1}),
		"short id":             with(3, []byte{1, 2}),
		"long id":              with(3, make([]byte, 20)),
		"short conversation":   with(4, []byte{1}),
		"negative time":        with(6, -5),
		"time beyond 9999":     with(6, int64(1)<<60),
		"body of another kind": with(9, map[int]any{1: make16(1)}),
		"deep nesting":         append(bytes.Repeat([]byte{0x81}, 64), 0x00),
		"too long":             make([]byte, content.MaxSize+1),
		"not shortest integer": bytes.Replace(good, []byte{0x01, 0x01, 0x02, 0x01}, []byte{0x01, 0x18, 0x01, 0x02, 0x01}, 1),
		"invalid UTF-8":        bytes.Replace(good, []byte("hello"), []byte("hell\xff"), 1),
	}
	for name, b := range cases {
		t.Run(name, func(t *testing.T) {
			if _, err := content.Decode(b); !errors.Is(err, chat.ErrMalformed) {
				t.Errorf("Decode = %v", err)
			}
		})
	}
}

func TestNamesLoseTheirDisguises(t *testing.T) {
	cases := map[string]string{
		"Ada":                         "Ada",
		"  Ada \n\t Lovelace ":        "Ada Lovelace",
		"Ada\u202egpj.exe":            "Adagpj.exe",
		"\u2066Ada\u2069\u200f\u061c": "Ada",
		"A\u200bd\ufeffa\x00":         "Ada",
		"👩\u200d💻":                    "👩\u200d💻",
		"\u202e":                      "",
		"\u200dAda\u200d \u200c":      "Ada",
		"Ada\u2063\u206a\u3164":       "Ada",
		"\u3164\u2800\U000E0101":      "",
		strings.Repeat("é", 100):      strings.Repeat("é", content.MaxName/2),
	}
	for in, want := range cases {
		if got := content.CleanName(in); got != want {
			t.Errorf("CleanName(%q) = %q, want %q", in, got, want)
		}
	}
	c := samples()["profile"]
	c.Body = content.Profile{Name: "Gu\u202eide"}
	b, err := c.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := content.Decode(b)
	if err != nil || got.Body.(content.Profile).Name != "Guide" {
		t.Errorf("decoded %+v, %v", got.Body, err)
	}
}

func FuzzDecode(f *testing.F) {
	for _, c := range samples() {
		b, err := c.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add(marshal(f, map[int]any{1: 2, 2: 99, 3: make16(9), 4: make([]byte, 32), 5: 4, 6: 1, 9: []int{1}}))
	f.Add(bytes.Repeat([]byte{0x81}, 64))
	f.Fuzz(func(t *testing.T, b []byte) {
		alloc.Check(t, len(b), func() { _, _ = content.Decode(b) })
		c, err := content.Decode(b)
		if err != nil {
			if !errors.Is(err, chat.ErrMalformed) {
				t.Fatalf("error without its sentinel: %v", err)
			}
			return
		}
		if c.Body == nil || c.Kind() == content.KindProfile || c.Kind() == content.KindSession || c.Kind() == content.KindAttachment {
			return // kept raw, or cleaned of what is not shown
		}
		again, err := c.Encode()
		if err != nil || !bytes.Equal(again, b) {
			t.Errorf("%x reads back as %x, %v", b, again, err)
		}
	})
}

func make16(first byte) []byte { return append([]byte{first}, make([]byte, 15)...) }

func marshal(t testing.TB, v any) []byte {
	t.Helper()
	mode, err := cbor.EncOptions{Sort: cbor.SortBytewiseLexical}.EncMode()
	if err != nil {
		t.Fatal(err)
	}
	b, err := mode.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
