package wire

import (
	"crypto/sha256"
	"errors"
	"strings"
	"testing"

	"sotto/app/apptest/alloc"
)

func TestAKeyShownInAHeaderIsReadBack(t *testing.T) {
	read, upload := NewReadKey(), NewUploadKey()
	if got, err := ParseBearer(read.Bearer()); err != nil || !read.Equal(got) {
		t.Errorf("read key: %v", err)
	}
	if got, err := ParseBearer(upload.Bearer()); err != nil || !upload.Equal(got) {
		t.Errorf("upload key: %v", err)
	}
}

func TestOnlyTheOneFormOfABearerIsRead(t *testing.T) {
	good := NewReadKey().Bearer()
	for name, header := range map[string]string{
		"empty":              "",
		"no key":             "Bearer ",
		"another scheme":     "Basic  " + good[7:],
		"scheme in capitals": "BEARER " + good[7:],
		"padding":            good + "=",
		"a byte less":        good[:len(good)-1],
		"unused bits set":    good[:len(good)-1] + "B",
		"standard alphabet":  good[:len(good)-2] + "+A",
		"line end":           good[:len(good)-1] + "\n",
	} {
		if _, err := ParseBearer(header); !errors.Is(err, ErrUnauthorized) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOnlyTheOneFormOfANumberIsRead(t *testing.T) {
	for text, want := range map[string]int64{"0": 0, "7": 7, "104883200": 104883200, "9223372036854775807": 1<<63 - 1} {
		if got, err := ParseDecimal([]string{text}); err != nil || got != want {
			t.Errorf("%s: %d, %v", text, got, err)
		}
	}
	for name, values := range map[string][]string{
		"none": nil, "two": {"7", "7"}, "empty": {""}, "plus": {"+7"}, "minus": {"-7"}, "minus zero": {"-0"}, "leading zeros": {"07"},
		"white space": {" 7"}, "underscores": {"1_000"}, "another base": {"0x7"}, "too large": {"9223372036854775808"},
	} {
		if got, err := ParseDecimal(values); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %d, %v", name, got, err)
		}
	}
}

func TestOnlyTheOneFormOfADigestIsRead(t *testing.T) {
	sum := sha256.Sum256([]byte("bytes"))
	good := FormatDigest(sum)
	if got, err := ParseDigest([]string{good}); err != nil || got != sum {
		t.Errorf("%x, %v", got, err)
	}
	for name, values := range map[string][]string{
		"none": nil, "two": {good, good}, "empty": {""}, "no bytes": {"sha-256=::"}, "no colon at the end": {good[:len(good)-1]},
		"another algorithm": {strings.Replace(good, "256", "512", 1)}, "a second one": {good + ", sha-512=:AA==:"}, "white space": {" " + good},
		"no padding": {strings.Replace(good, "=:", ":", 2)}, "only padding": {"sha-256=:" + strings.Repeat("=", 44) + ":"},
	} {
		if got, err := ParseDigest(values); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %x, %v", name, got, err)
		}
	}
}

func FuzzParseBearer(f *testing.F) {
	f.Add(ReadKey{}.Bearer())
	f.Add(NewUploadKey().Bearer())
	f.Add("Bearer")
	f.Add("Bearer " + strings.Repeat("=", 43))
	f.Fuzz(func(t *testing.T, header string) {
		alloc.Check(t, len(header), func() { _, _ = ParseBearer(header) })
		if key, err := ParseBearer(header); err == nil && bearer(key) != header {
			t.Fatal("read a form that is not written")
		}
	})
}

func FuzzParseDecimal(f *testing.F) {
	for _, text := range []string{"", "0", "104883200", "-0", "+1", "01", "9223372036854775808"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		alloc.Check(t, len(text), func() { _, _ = ParseDecimal([]string{text}) })
		if n, err := ParseDecimal([]string{text}); err == nil && (n < 0 || strings.Trim(text, "0123456789") != "" || len(text) > 1 && text[0] == '0') {
			t.Fatal("read a form that is not written")
		}
	})
}

func FuzzParseDigest(f *testing.F) {
	f.Add(FormatDigest([32]byte{1}))
	f.Add("sha-256=::")
	f.Add("sha-256=:" + strings.Repeat("=", 44) + ":")
	f.Fuzz(func(t *testing.T, text string) {
		alloc.Check(t, len(text), func() { _, _ = ParseDigest([]string{text}) })
		if sum, err := ParseDigest([]string{text}); err == nil && FormatDigest(sum) != text {
			t.Fatal("read a form that is not written")
		}
	})
}
