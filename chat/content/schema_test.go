package content_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"pgregory.net/rapid"

	"sotto/app/apptest/cddl"
	"sotto/chat"
	"sotto/chat/content"
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

func TestTheSchemaNamesEveryKindOfContent(t *testing.T) {
	s := schema(t)
	sampled := map[content.Kind]bool{}
	for _, c := range samples() {
		sampled[c.Body.Kind()] = true
	}
	for k := range content.Kind(64) {
		rule := k.String() + "-content"
		if k.Known() != s.Has(rule) || k.Known() != sampled[k] {
			t.Errorf("kind %d: in the code %t, in the schema %t, among the samples %t", k, k.Known(), s.Has(rule), sampled[k])
		}
	}
}

func TestEveryContentWrittenMatchesTheSchemaOfThePage(t *testing.T) {
	s := schema(t)
	for _, c := range samples() {
		mustMatch(t, s, c)
	}
}

func mustMatch(t interface{ Errorf(string, ...any) }, s *cddl.Schema, c content.Content) {
	b, err := c.Encode()
	if err != nil {
		t.Errorf("%s: %v", c.Body.Kind(), err)
		return
	}
	for _, rule := range []string{"content", c.Body.Kind().String() + "-content", "later-content"} {
		if err := s.Check(rule, b); err != nil {
			t.Errorf("%s: %v", c.Body.Kind(), err)
		}
	}
}

func TestGeneratedContentsMatchTheSchemaOfThePage(t *testing.T) {
	s := schema(t)
	rapid.Check(t, func(t *rapid.T) { mustMatch(t, s, anyContent(t)) })
}

// anyContent draws a content that may be sent.
func anyContent(t *rapid.T) content.Content {
	id := func() chat.MessageID {
		b := rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id")
		b[0] |= 1
		return chat.MessageID(b)
	}
	ids := func(least int) []chat.MessageID {
		out := make([]chat.MessageID, rapid.IntRange(least, content.MaxIDs).Draw(t, "ids"))
		for i := range out {
			out[i][15] = byte(i)
		}
		return out
	}
	words := func(least, most int) string {
		return rapid.StringOfN(rapid.RuneFrom([]rune("aé世👍\u202e \n")), least, most/4, most).Draw(t, "words")
	}
	profile := func() *content.Profile {
		return &content.Profile{Name: words(1, content.MaxName), Bot: rapid.Bool().Draw(t, "bot")}
	}
	anyRoute := func() *content.Route {
		r := route()
		r.Seq = rapid.Uint64Min(1).Draw(t, "route seq")
		r.Token = rapid.SliceOfN(rapid.Byte(), 1, content.MaxToken).Draw(t, "token")
		r.Relay = words(1, content.MaxRelay)
		return r
	}
	control := func() content.Body {
		switch a := rapid.SampledFrom([]content.Action{content.Introduce, content.Accept, content.Confirm, content.Again, content.Devices}).Draw(t, "action"); a {
		case content.Introduce:
			return content.Session{Action: a, Profile: profile(), Route: anyRoute(), Text: words(0, 4000)}
		case content.Accept:
			return content.Session{Action: a, Profile: profile(), Route: anyRoute()}
		case content.Devices:
			return content.Session{Action: a, Devices: rapid.SliceOfN(rapid.Byte(), 1, 4000).Draw(t, "list")}
		default:
			return content.Session{Action: a}
		}
	}
	millis := func() int64 { return rapid.Int64Range(0, 253402300799999).Draw(t, "milliseconds") }
	bodies := []func() content.Body{
		func() content.Body { return content.Text{Text: words(1, 4000)} },
		func() content.Body { return anyAttachment(t, words) },
		func() content.Body { return content.Reaction{Target: id(), Emoji: words(0, content.MaxEmoji)} },
		func() content.Body { return content.Edit{Target: id(), Text: words(1, 4000)} },
		func() content.Body { return content.Delete{Target: id()} },
		func() content.Body {
			return content.Receipt{State: content.ReceiptState(rapid.IntRange(1, 2).Draw(t, "state")), IDs: ids(1)}
		},
		func() content.Body { return content.Typing{Active: rapid.Bool().Draw(t, "active")} },
		func() content.Body { return content.Timer{Milliseconds: rapid.Uint64Max(31622400000).Draw(t, "timer")} },
		func() content.Body { return *profile() },
		func() content.Body { return *anyRoute() },
		func() content.Body {
			return content.Consent{Purpose: words(1, 64), Given: rapid.Bool().Draw(t, "given"), Notice: words(0, 64), At: millis()}
		},
		func() content.Body {
			return content.Erasure{
				Outcome: content.Outcome(rapid.IntRange(0, 4).Draw(t, "outcome")), Request: id(), Targets: ids(0),
				Erased: rapid.Uint64().Draw(t, "erased"),
			}
		},
		control,
	}
	c := content.Content{
		ID: id(), Conv: chat.ConversationID{byte(rapid.IntRange(0, 255).Draw(t, "conv"))}, Sent: time.UnixMilli(millis()).UTC(),
		Body: rapid.SampledFrom(bodies).Draw(t, "kind")(),
	}
	if s, ok := c.Body.(content.Session); c.Body.Kind().Sequenced() || ok && s.Text != "" {
		c.Seq = rapid.Uint64Min(1).Draw(t, "seq")
	}
	if rapid.Bool().Draw(t, "reply") {
		c.ReplyTo = id()
	}
	c.ExpiresAfter = time.Duration(rapid.Int64Range(0, 31622400000).Draw(t, "expires")) * time.Millisecond
	return c
}

// TestAlteredContentsFailSchemaAndDecoder alters each content in one place, in its head and in its body. Schema and decoder
// must agree on every one.
func TestAlteredContentsFailSchemaAndDecoder(t *testing.T) {
	s := schema(t)
	refused := 0
	for name, c := range samples() {
		encoded, err := c.Encode()
		if err != nil {
			t.Fatal(err)
		}
		var outer map[any]any
		if err := cbor.Unmarshal(encoded, &outer); err != nil {
			t.Fatal(err)
		}
		judge := func(what string, altered any) {
			b := marshal(t, altered)
			rule := "content"
			got, decodeErr := content.Decode(b)
			if decodeErr == nil && got.Body == nil {
				rule = "later-content"
			}
			schemaErr := s.Check(rule, b)
			if (decodeErr == nil) != (schemaErr == nil) {
				t.Errorf("%s, %s: the decoder says %v, the schema %v", name, what, decodeErr, schemaErr)
			}
			if schemaErr != nil {
				refused++
			}
		}
		judge("an array", []any{1})
		inner := outer[uint64(9)].(map[any]any)
		parts := map[string]struct {
			fields map[any]any
			whole  func(map[any]any) any
		}{
			"head": {outer, func(m map[any]any) any { return m }},
			"body": {inner, func(m map[any]any) any { all := maps.Clone(outer); all[uint64(9)] = m; return all }},
		}
		for part, p := range parts {
			alter := func(what string, change func(map[any]any)) {
				m := maps.Clone(p.fields)
				change(m)
				judge(part+", "+what, p.whole(m))
			}
			alter("a key too many", func(m map[any]any) { m[uint64(77)] = 1 })
			alter("a text key", func(m map[any]any) { m["1"] = 1 })
			for key, value := range p.fields {
				alter(fmt.Sprintf("without key %v", key), func(m map[any]any) { delete(m, key) })
				for _, other := range []any{"x", "", []byte{1}, -1, 0, 1, 2, uint64(1<<64 - 1), 1.5, true, false, nil, []any{}, []any{1}, map[any]any{}} {
					alter(fmt.Sprintf("key %v as %T %v", key, other, other), func(m map[any]any) { m[key] = other })
				}
				if b, ok := value.([]byte); ok && len(b) > 1 {
					alter(fmt.Sprintf("key %v longer", key), func(m map[any]any) { m[key] = append(slices.Clone(b), 0) })
					alter(fmt.Sprintf("key %v shorter", key), func(m map[any]any) { m[key] = b[:len(b)-1] })
				}
			}
		}
	}
	if refused < 2000 {
		t.Errorf("only %d altered contents were refused", refused)
	}
}

func TestContentOfLaterKindHasTheCommonFieldsAllTheSame(t *testing.T) {
	s := schema(t)
	base := map[int]any{1: 1, 2: 99, 3: make16(9), 4: make([]byte, 32), 5: 4, 6: 1, 9: []int{1}}
	if b := marshal(t, base); s.Check("later-content", b) != nil || s.Check("content", b) == nil {
		t.Error("a later kind is not a later content")
	}
	for name, change := range map[string]func(map[int]any){
		"no id":              func(m map[int]any) { delete(m, 3) },
		"long id":            func(m map[int]any) { m[3] = append(make16(9), 1) },
		"short id":           func(m map[int]any) { m[3] = []byte{9} },
		"no conversation":    func(m map[int]any) { delete(m, 4) },
		"long conversation":  func(m map[int]any) { m[4] = make([]byte, 33) },
		"no time":            func(m map[int]any) { delete(m, 6) },
		"time as nothing":    func(m map[int]any) { m[6] = nil },
		"empty reply":        func(m map[int]any) { m[7] = []byte{} },
		"endless lifetime":   func(m map[int]any) { m[8] = uint64(1 << 60) },
		"version of nothing": func(m map[int]any) { m[1] = 0 },
		"kind of nothing":    func(m map[int]any) { m[2] = 0 },
	} {
		m := maps.Clone(base)
		change(m)
		b := marshal(t, m)
		if _, err := content.Decode(b); !errors.Is(err, chat.ErrMalformed) {
			t.Errorf("%s: decoded, %v", name, err)
		}
		if s.Check("later-content", b) == nil {
			t.Errorf("%s: matches the schema", name)
		}
	}
}

func TestIntroductionWithATextNeedsItsNumber(t *testing.T) {
	c := samples()["session-introduce"]
	c.Seq = 0
	if _, err := c.Encode(); !errors.Is(err, chat.ErrMalformed) {
		t.Errorf("Encode = %v", err)
	}
	good, err := samples()["session-introduce"].Encode()
	if err != nil {
		t.Fatal(err)
	}
	var m map[int]cbor.RawMessage
	if err := cbor.Unmarshal(good, &m); err != nil {
		t.Fatal(err)
	}
	delete(m, 5)
	b := marshal(t, m)
	if _, err := content.Decode(b); !errors.Is(err, chat.ErrMalformed) || bytes.Equal(b, good) {
		t.Errorf("Decode = %v", err)
	}
}
