package identity_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"sotto/crypto/identity"
)

func TestSafetyNumberHasTheSpecifiedDigits(t *testing.T) {
	a, b := identity.Fingerprint(bytes.Repeat([]byte{1}, 32)), identity.Fingerprint(bytes.Repeat([]byte{2}, 32))
	n := identity.NewSafetyNumber(a, b)
	const want = "91243 19758 20677 73294 23594 41264 83355 40970 03059 27680 09432 03421"
	if n.String() != want {
		t.Errorf("safety number %q, want %q", n, want)
	}
	if n != identity.NewSafetyNumber(b, a) {
		t.Error("the two sides see different numbers")
	}
	c := identity.Fingerprint(bytes.Repeat([]byte{3}, 32))
	if n.Equal(identity.NewSafetyNumber(a, c)) || n.MatchesDigits(identity.NewSafetyNumber(a, c).String()) {
		t.Error("another person has the same number")
	}
}

func TestTypedDigitsAreCompared(t *testing.T) {
	n := identity.NewSafetyNumber(identity.Fingerprint{1}, identity.Fingerprint{2})
	digits := strings.ReplaceAll(n.String(), " ", "")
	if len(digits) != 60 {
		t.Fatalf("%d digits", len(digits))
	}
	changed := "0"
	if digits[59] == '0' {
		changed = "1"
	}
	for typed, want := range map[string]bool{
		n.String():                               true,
		digits:                                   true,
		strings.ReplaceAll(n.String(), " ", "-"): true,
		"\n" + n.String() + "\n":                 true,
		digits[:59]:                              false,
		digits + "0":                             false,
		digits[:59] + changed:                    false,
		"":                                       false,
		"x" + digits[1:]:                         false,
	} {
		if got := n.MatchesDigits(typed); got != want {
			t.Errorf("MatchesDigits(%q) = %v", typed, got)
		}
	}
}

func TestScannedCodeIsCompared(t *testing.T) {
	n := identity.NewSafetyNumber(identity.Fingerprint{1}, identity.Fingerprint{2})
	got, err := identity.ParseSafetyQR(n.QR())
	if err != nil || !got.Equal(n) {
		t.Errorf("ParseSafetyQR = %v, %v", got, err)
	}
	other := n.QR()
	other[0] = 2
	for name, payload := range map[string][]byte{
		"empty": nil, "short": n.QR()[:64], "long": append(n.QR(), 0), "another version": other,
	} {
		if _, err := identity.ParseSafetyQR(payload); !errors.Is(err, identity.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
