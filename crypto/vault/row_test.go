package vault

import (
	"bytes"
	"errors"
	"testing"

	"sotto/app/apptest/alloc"
)

func TestSealedRowOpensOnlyInItsPlace(t *testing.T) {
	key := NewRowKey()
	data := RowData("messages", 3, 4, []byte("position"), []byte("tag"))
	sealed := key.Seal(data, []byte("hello"))
	if got, err := key.Open(data, sealed); err != nil || string(got) != "hello" {
		t.Fatalf("%q, %v", got, err)
	}
	for name, other := range map[string][]byte{
		"table":  RowData("contacts", 3, 4, []byte("position"), []byte("tag")),
		"row":    RowData("messages", 2, 4, []byte("position"), []byte("tag")),
		"key id": RowData("messages", 3, 5, []byte("position"), []byte("tag")),
		"column": RowData("messages", 3, 4, []byte("positioN"), []byte("tag")),
		"border": RowData("messages", 3, 4, []byte("positiont"), []byte("ag")),
		"fewer":  RowData("messages", 3, 4, []byte("position")),
	} {
		if _, err := key.Open(other, sealed); !errors.Is(err, ErrDamaged) {
			t.Errorf("another %s: %v", name, err)
		}
	}
	if _, err := NewRowKey().Open(data, sealed); !errors.Is(err, ErrDamaged) {
		t.Errorf("another key: %v", err)
	}
	for i := range sealed {
		bad := bytes.Clone(sealed)
		bad[i] ^= 1
		if _, err := key.Open(data, bad); err == nil {
			t.Errorf("flipped byte %d is not noticed", i)
		}
		if _, err := key.Open(data, sealed[:i]); !errors.Is(err, ErrDamaged) {
			t.Errorf("cut to %d: %v", i, err)
		}
	}
}

func TestSealedLengthsSayLittle(t *testing.T) {
	key := NewRowKey()
	size := func(n int) int { return len(key.Seal(nil, make([]byte, n))) }
	for n := range 125 {
		if size(n) != size(0) {
			t.Fatalf("a body of %d bytes is told from an empty one", n)
		}
	}
	lengths := map[int]bool{}
	for n := 125; n < 4096; n++ {
		got := size(n) - size(0) + minPadded
		if over := got - n - 4; over < 0 || over*100 > 12*(n+4) {
			t.Fatalf("%d bytes are padded to %d", n, got)
		}
		lengths[got] = true
	}
	if len(lengths) > 80 {
		t.Errorf("%d different lengths", len(lengths))
	}
}

func TestPadmeIsThePublishedFunction(t *testing.T) {
	for in, want := range map[int]int{0: 0, 1: 1, 2: 2, 9: 10, 100: 104, 128: 128, 129: 144, 1000: 1024, 1025: 1088, 1 << 20: 1 << 20} {
		if got := padme(in); got != want {
			t.Errorf("padme(%d) = %d, want %d", in, got, want)
		}
	}
}

func TestTagsAreKeyedAndSeparated(t *testing.T) {
	key := NewRowKey()
	tags := NewTagger(key)
	base := tags.Tag("contacts.id", []byte("ab"), []byte("c"))
	if tags.Tag("contacts.id", []byte("ab"), []byte("c")) != base || NewTagger(key).Tag("contacts.id", []byte("ab"), []byte("c")) != base {
		t.Error("a tag is not the same twice")
	}
	for name, other := range map[string]Tag{
		"column": tags.Tag("contacts.ref", []byte("ab"), []byte("c")),
		"value":  tags.Tag("contacts.id", []byte("ab"), []byte("d")),
		"border": tags.Tag("contacts.id", []byte("a"), []byte("bc")),
		"key":    NewTagger(NewRowKey()).Tag("contacts.id", []byte("ab"), []byte("c")),
	} {
		if other == base {
			t.Errorf("another %s has the same tag", name)
		}
	}
}

func TestDigestDependsOnTheSetOnly(t *testing.T) {
	c := NewCoverer(NewRowKey())
	e := func(s string) Element { return c.Element([]byte(s), []byte("body of "+s)) }
	var a, b Digest
	for _, s := range []string{"1", "2", "3"} {
		a.Add(e(s))
	}
	for _, s := range []string{"3", "4", "1", "2"} {
		b.Add(e(s))
	}
	if a == b {
		t.Error("a row more is not noticed")
	}
	b.Remove(e("4"))
	if a != b {
		t.Error("order or a removed row leaves a trace")
	}
	b.Remove(e("3"))
	b.Add(c.Element([]byte("3"), []byte("older body")))
	if a == b {
		t.Error("a replayed row is not noticed")
	}
	cover := Cover{Commits: 9, Tables: []Digest{a, b}, Head: e("head")}
	got, err := ParseCover(cover.Bytes())
	if err != nil || got.Commits != 9 || got.Head != cover.Head || len(got.Tables) != 2 || got.Tables[1] != b {
		t.Errorf("%+v, %v", got, err)
	}
	for n := range cover.Bytes() {
		if _, err := ParseCover(cover.Bytes()[:n]); err == nil && n != len(Cover{}.Bytes()) && (n-len(Cover{}.Bytes()))%48 != 0 {
			t.Errorf("cut to %d is accepted", n)
		}
	}
}

func TestWordListIsUnambiguous(t *testing.T) {
	seen := map[string]string{}
	for i, w := range words {
		if len(w) < 4 || len(w) > 8 {
			t.Errorf("%q has %d letters", w, len(w))
		}
		if other := seen[w[:4]]; other != "" {
			t.Errorf("%q and %q begin alike", w, other)
		}
		seen[w[:4]] = w
		if i > 0 && words[i-1] >= w {
			t.Errorf("%q stands before %q", words[i-1], w)
		}
		for _, r := range w {
			if r < 'a' || r > 'z' {
				t.Errorf("%q holds %q", w, r)
			}
		}
	}
}

func TestRecoveryCodeIsReadBackInAnyCaseAndSpacing(t *testing.T) {
	var c RecoveryCode
	for i := range c.b {
		c.b[i] = byte(i*13 + 5)
	}
	var short, numbered string
	for i, w := range c.Words() {
		short += " " + w[:4]
		numbered += string(rune('0'+i%10)) + ". " + w + ",\n"
	}
	for name, s := range map[string]string{
		"text": c.Text(), "short": short, "numbered": numbered,
		"upper": string(bytes.ToUpper([]byte(c.Text()))),
	} {
		if got, err := ParseRecoveryCode(s); err != nil || got != c {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, s := range map[string]string{
		"empty": "", "a word less": c.Text()[:len(c.Text())-9], "a word more": c.Text() + " lemon",
		"three letters": c.Text()[:3] + c.Text()[len(c.Words()[0]):], "unknown": "qwerty" + c.Text()[len(c.Words()[0]):],
	} {
		if _, err := ParseRecoveryCode(s); !errors.Is(err, ErrCode) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if first, second := NewRecoveryCode(), NewRecoveryCode(); first == second {
		t.Error("two codes are the same")
	}
}

func FuzzRowOpen(f *testing.F) {
	key := RowKey{[KeySize]byte{1}}
	f.Add(key.Seal([]byte("data"), []byte("body")))
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, sealed []byte) {
		alloc.Check(t, len(sealed), func() { _, _ = key.Open([]byte("data"), sealed) })
		alloc.Check(t, len(sealed), func() { _, _ = ParseCover(sealed) })
		if body, err := key.Open([]byte("data"), sealed); err == nil && len(body) > len(sealed) {
			t.Error("a body longer than its row")
		}
	})
}

func FuzzParseRecoveryCode(f *testing.F) {
	f.Add(NewRecoveryCode().Text())
	f.Add("acorn")
	f.Fuzz(func(t *testing.T, s string) {
		alloc.Check(t, len(s), func() { _, _ = ParseRecoveryCode(s) })
		c, err := ParseRecoveryCode(s)
		if err != nil {
			return
		}
		if again, err := ParseRecoveryCode(c.Text()); err != nil || again != c {
			t.Errorf("%q is read back as another code", s)
		}
	})
}
