package encode_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"testing"
	"time"

	"sotto/app/apptest/alloc"
	"sotto/crypto/encode"
)

func TestLabelsListsEveryConstant(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "labels.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, l := range encode.Labels() {
		listed[string(l)] = true
	}
	constants := 0
	ast.Inspect(file, func(n ast.Node) bool {
		lit, ok := n.(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING {
			return true
		}
		value, err := strconv.Unquote(lit.Value)
		if err != nil {
			t.Fatal(err)
		}
		constants++
		if !listed[value] {
			t.Errorf("constant %q is missing from Labels", value)
		}
		return true
	})
	if constants != len(listed) {
		t.Errorf("%d constants, %d labels listed", constants, len(listed))
	}
}

func TestFieldsHasTheSpecifiedBytes(t *testing.T) {
	got := encode.Fields("sotto/v1/gate", []byte("ab"), nil, encode.Uint64(258))
	want := "0000000d" + hex.EncodeToString([]byte("sotto/v1/gate")) +
		"00000002" + "6162" + "00000000" + "00000008" + "0000000000000102"
	if hex.EncodeToString(got) != want {
		t.Errorf("Fields = %x, want %s", got, want)
	}
}

func TestMovingAByteBetweenFieldsChangesTheHash(t *testing.T) {
	variants := [][32]byte{
		encode.Hash(encode.Gate, []byte("ab"), []byte("c")),
		encode.Hash(encode.Gate, []byte("a"), []byte("bc")),
		encode.Hash(encode.Gate, []byte("abc")),
		encode.Hash(encode.Gate, []byte("abc"), nil),
		encode.Hash(encode.BundleSeal, []byte("ab"), []byte("c")),
	}
	seen := map[[32]byte]bool{}
	for _, v := range variants {
		if seen[v] {
			t.Errorf("two lists of fields share the hash %x", v)
		}
		seen[v] = true
	}
}

func TestDeriveSeparatesLabelSaltInfoAndLength(t *testing.T) {
	secret := bytes.Repeat([]byte{7}, 32)
	base := encode.Derive(secret, nil, encode.Gate, 32)
	if !bytes.Equal(base, encode.Derive(secret, make([]byte, 32), encode.Gate, 32)) {
		t.Error("a nil salt is not the string of zeros")
	}
	if !bytes.Equal(base, encode.Derive(secret, nil, encode.Gate, 64)[:32]) {
		t.Error("a longer output does not begin with the shorter one")
	}
	others := map[string][]byte{
		"label":  encode.Derive(secret, nil, encode.BundleSeal, 32),
		"salt":   encode.Derive(secret, []byte{1}, encode.Gate, 32),
		"info":   encode.Derive(secret, nil, encode.Gate, 32, []byte{1}),
		"empty":  encode.Derive(secret, nil, encode.Gate, 32, nil),
		"secret": encode.Derive(secret[:31], nil, encode.Gate, 32),
	}
	for name, got := range others {
		if bytes.Equal(got, base) {
			t.Errorf("changing the %s leaves the key as it was", name)
		}
	}
}

func TestReaderReadsWhatFieldsWrote(t *testing.T) {
	b := encode.Fields(encode.Gate, []byte("ab"), encode.Uint64(9), []byte("xyz"))
	r := encode.NewReader(append(b, 0xfe))
	r.Label(encode.Gate)
	if got := r.Bytes(2); string(got) != "ab" {
		t.Errorf("Bytes = %q", got)
	}
	if got := r.Uint64(); got != 9 {
		t.Errorf("Uint64 = %d", got)
	}
	if got := r.Exact(3); string(got) != "xyz" {
		t.Errorf("Exact = %q", got)
	}
	if err := r.Done(); !errors.Is(err, encode.ErrMalformed) {
		t.Errorf("Done with a byte left = %v", err)
	}
	if got := r.Fixed(1); len(got) != 1 || got[0] != 0xfe {
		t.Errorf("Fixed = %x", got)
	}
	if err := r.Done(); err != nil {
		t.Errorf("Done = %v", err)
	}
}

func TestTimesAreWholeSecondsOfFourDigitYears(t *testing.T) {
	for _, c := range []struct{ in, want time.Time }{
		{time.Date(2026, 3, 1, 12, 0, 0, 999, time.FixedZone("", 3600)), time.Date(2026, 3, 1, 11, 0, 0, 0, time.UTC)},
		{time.Date(1969, 1, 1, 0, 0, 0, 0, time.UTC), time.Unix(0, 0).UTC()},
		{time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)},
	} {
		r := encode.NewReader(encode.Append(nil, encode.Time(c.in)))
		if got := r.Time(); got != c.want || r.Done() != nil {
			t.Errorf("%v was read back as %v", c.in, got)
		}
	}
}

func TestReaderRefusesAndStaysFailed(t *testing.T) {
	cases := []struct {
		name string
		in   []byte
		read func(*encode.Reader)
	}{
		{"field above its limit", encode.Append(nil, []byte("abc")), func(r *encode.Reader) { r.Bytes(2) }},
		{"negative limit", encode.Append(nil, []byte("a")), func(r *encode.Reader) { r.Bytes(-1) }},
		{"truncated prefix", []byte{0, 0, 0}, func(r *encode.Reader) { r.Bytes(9) }},
		{"truncated field", []byte{0, 0, 0, 2, 1}, func(r *encode.Reader) { r.Bytes(9) }},
		{"huge length", []byte{0xff, 0xff, 0xff, 0xff}, func(r *encode.Reader) { r.Bytes(1 << 30) }},
		{"field shorter than exact", encode.Append(nil, []byte("ab")), func(r *encode.Reader) { r.Exact(3) }},
		{"integer of seven bytes", encode.Append(nil, make([]byte, 7)), func(r *encode.Reader) { r.Uint64() }},
		{"time after the year 9999", encode.Append(nil, encode.Uint64(253402300800)), func(r *encode.Reader) { r.Time() }},
		{"negative fixed", []byte{1}, func(r *encode.Reader) { r.Fixed(-1) }},
		{"another label", encode.Fields(encode.BundleSeal), func(r *encode.Reader) { r.Label(encode.Gate) }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := encode.NewReader(c.in)
			c.read(r)
			if err := r.Err(); !errors.Is(err, encode.ErrMalformed) {
				t.Fatalf("Err = %v", err)
			}
			if b := r.Fixed(0); b != nil || r.Len() != 0 {
				t.Error("the reader goes on after a failure")
			}
			if err := r.Done(); !errors.Is(err, encode.ErrMalformed) {
				t.Errorf("Done = %v", err)
			}
		})
	}
}

func TestFieldsAreWrittenAsTheyAreEncoded(t *testing.T) {
	for _, fields := range [][][]byte{nil, {nil}, {[]byte("a"), nil, make([]byte, 300)}} {
		h := sha256.New()
		encode.WriteFields(h, encode.Gate, fields...)
		if want := encode.Hash(encode.Gate, fields...); !bytes.Equal(h.Sum(nil), want[:]) {
			t.Errorf("%d fields are hashed as another string", len(fields))
		}
	}
}

func FuzzReader(f *testing.F) {
	f.Add(encode.Fields(encode.Gate, []byte("ab"), encode.Uint64(9)))
	f.Add([]byte{0, 0, 0, 1})
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		alloc.Check(t, len(b), func() {
			for r := encode.NewReader(b); r.Len() > 0; {
				r.Bytes(1 << 16)
			}
		})
		var fields [][]byte
		r := encode.NewReader(b)
		for r.Len() > 0 {
			fields = append(fields, r.Bytes(1<<16))
		}
		if r.Done() != nil {
			return
		}
		var again []byte
		for _, field := range fields {
			again = encode.Append(again, field)
		}
		if !bytes.Equal(again, b) {
			t.Errorf("%x was read as fields that encode to %x", b, again)
		}
	})
}
