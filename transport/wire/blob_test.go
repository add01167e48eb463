package wire

import (
	"errors"
	"fmt"
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

func TestTheTwoKeysOfABlobHaveUnlikeNames(t *testing.T) {
	key := [32]byte{1, 2, 3}
	if [32]byte(ReadKey(key).Hash()) == [32]byte(UploadKey(key).Hash()) {
		t.Error("a read key and an upload key of the same bytes have one name")
	}
}

func TestKeysOfBlobsArePrintedByNoVerb(t *testing.T) {
	for _, v := range []any{ReadKey{1}, UploadKey{1}, BlobName{1}, UploadHash{1}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d", "%q"} {
			if text := fmt.Sprintf(verb, v); strings.Contains(text, "1") || strings.Contains(text, "01") {
				t.Errorf("%T by %s: %s", v, verb, text)
			}
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
