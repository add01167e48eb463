package identity_test

import (
	"bytes"
	"crypto/mlkem"
	"errors"
	"testing"
	"time"

	"sotto/crypto/identity"
)

// listed returns the certificate and the signed list of a new identity with one device.
func listed(t testing.TB) (*identity.Identity, []byte, []byte) {
	t.Helper()
	id := newIdentity(t)
	list, err := identity.SignDeviceList(id, nil, [][]byte{newDevice(t).Statement(id.Fingerprint())}, now)
	if err != nil {
		t.Fatal(err)
	}
	return id, id.Certificate().Bytes(), list.Bytes()
}

func TestACertificateIsVerifiedByTheListThatNamesIt(t *testing.T) {
	var known identity.Known
	id, certificate, list := listed(t)
	for range 2 { // verified, then remembered
		c, l, err := known.Verify(certificate, list, now)
		if err != nil {
			t.Fatal(err)
		}
		if c.Fingerprint() != id.Fingerprint() || !bytes.Equal(c.Bytes(), certificate) || !bytes.Equal(l.Bytes(), list) {
			t.Fatal("another certificate or list came back")
		}
	}
}

// I14: nothing but the very certificate that the list names, and the very list that its key signed, is taken: alone, or
// after the good ones were remembered.
func TestI14ACertificateAndAListThatDoNotBelongTogetherAreRefused(t *testing.T) {
	_, certificate, list := listed(t)
	_, otherCertificate, otherList := listed(t)
	altered := func(b []byte, at int) []byte {
		c := bytes.Clone(b)
		c[at] ^= 1
		return c
	}
	var warm identity.Known
	if _, _, err := warm.Verify(certificate, list, now); err != nil {
		t.Fatal(err)
	}
	if _, _, err := warm.Verify(otherCertificate, otherList, now); err != nil {
		t.Fatal(err)
	}
	end := len(certificate) - 1
	for name, c := range map[string]struct {
		certificate, list []byte
		want              error
	}{
		"the list of another key":            {certificate, otherList, identity.ErrSignature},
		"the certificate of another key":     {otherCertificate, list, identity.ErrSignature},
		"an altered self-signature, ML-DSA":  {altered(certificate, end), list, identity.ErrForeign},
		"an altered self-signature, Ed25519": {altered(certificate, end-3309), list, identity.ErrForeign},
		"another salt of the self-signature": {altered(certificate, end-3309-64), list, identity.ErrForeign},
		"a self-signature of another key":    {append(bytes.Clone(certificate[:identity.PublicKeySize]), otherCertificate[identity.PublicKeySize:]...), list, identity.ErrMalformed},
		"an altered key":                     {altered(certificate, identity.PublicKeySize-1), list, identity.ErrMalformed},
		"no self-signature":                  {certificate[:identity.PublicKeySize], list, identity.ErrMalformed},
		"something after the self-signature": {append(bytes.Clone(certificate), 0), list, identity.ErrMalformed},
		"an altered signature of the list":   {certificate, altered(list, len(list)-1), identity.ErrSignature},
		"an altered body of the list":        {certificate, altered(list, 4+4), identity.ErrSignature},
		"nothing":                            {nil, nil, identity.ErrMalformed},
		"a certificate longer than there is": {make([]byte, identity.MaxCertificate+1), list, identity.ErrMalformed},
		"a list longer than there is":        {certificate, make([]byte, identity.MaxDeviceList+1), identity.ErrMalformed},
	} {
		for state, known := range map[string]*identity.Known{"nothing remembered": nil, "good ones remembered": &warm} {
			for range 2 { // a failure is not remembered as anything else
				if _, _, err := known.Verify(c.certificate, c.list, now); !errors.Is(err, c.want) {
					t.Errorf("%s, %s: %v, want %v", name, state, err, c.want)
				}
				if _, _, err := known.Load(c.certificate, c.list); !errors.Is(err, c.want) {
					t.Errorf("%s, %s, loaded: %v, want %v", name, state, err, c.want)
				}
			}
		}
	}
}

func TestDatesAreJudgedEachTime(t *testing.T) {
	var known identity.Known
	_, certificate, list := listed(t)
	if _, _, err := known.Load(certificate, list); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		at   time.Time
		want error
	}{
		"when signed":             {now, nil},
		"long before":             {now.Add(-identity.ClockSkew - time.Minute), identity.ErrFuture},
		"within the clock's skew": {now.Add(-identity.ClockSkew + time.Minute), nil},
		"after its end":           {now.Add(identity.ListLifetime + identity.ClockSkew + time.Minute), identity.ErrExpired},
	} {
		if _, _, err := known.Verify(certificate, list, c.at); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestForgottenPairsAreVerifiedAgain(t *testing.T) {
	var known identity.Known
	_, certificate, list := listed(t)
	first, _, err := known.Verify(certificate, list, now)
	if err != nil {
		t.Fatal(err)
	}
	again, _, err := known.Verify(certificate, list, now)
	if err != nil || again != first {
		t.Errorf("was not remembered: %v", err)
	}
	known.Forget()
	anew, _, err := known.Verify(certificate, list, now)
	if err != nil || anew == first {
		t.Errorf("was not forgotten: %v", err)
	}
}

func TestOnlySoManyAreRemembered(t *testing.T) {
	var known identity.Known
	id, certificate, _ := listed(t)
	device := newDevice(t).Statement(id.Fingerprint())
	lists := make([][]byte, identity.MaxKnown+1)
	for i := range lists {
		list, err := identity.SignDeviceList(id, nil, [][]byte{device}, now.Add(time.Duration(i)*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		lists[i] = list.Bytes()
		if _, _, err := known.Verify(certificate, lists[i], now); err != nil {
			t.Fatal(err)
		}
		if _, _, err := known.Verify(certificate, lists[0], now); err != nil { // used all the time
			t.Fatal(err)
		}
		if n := known.Len(); n > identity.MaxKnown {
			t.Fatalf("%d are remembered", n)
		}
	}
	for i, want := range map[int]bool{0: true, 1: false, len(lists) - 1: true} {
		if known.Has(certificate, lists[i]) != want {
			t.Errorf("list %d: remembered is not %v", i, want)
		}
	}
}

// The check of a static KEM key says what the standard library's expansion of it would.
func TestAKEMKeyIsCheckedAsFIPS203Says(t *testing.T) {
	key := newDevice(t).KEM().EncapsulationKey().Bytes()
	for name, c := range map[string]func([]byte) []byte{
		"good":                         func(b []byte) []byte { return b },
		"first coefficient of a pair":  func(b []byte) []byte { b[0], b[1] = 0x01, b[1]&0xf0|0x0d; return b },
		"largest first":                func(b []byte) []byte { b[0], b[1] = 0x00, b[1]&0xf0|0x0d; return b },
		"second coefficient of a pair": func(b []byte) []byte { b[1], b[2] = b[1]&0x0f|0x10, 0xd0; return b },
		"largest second":               func(b []byte) []byte { b[1], b[2] = b[1]&0x0f, 0xd0; return b },
		"last coefficient":             func(b []byte) []byte { b[1150], b[1151] = 0xff, 0xff; return b },
		"seed of ones":                 func(b []byte) []byte { b[1183] = 0xff; return b },
		"too short":                    func(b []byte) []byte { return b[:1183] },
		"too long":                     func(b []byte) []byte { return append(b, 0) },
		"nothing":                      func([]byte) []byte { return nil },
	} {
		b := c(bytes.Clone(key))
		if _, err := mlkem.NewEncapsulationKey768(b); identity.ReducedKEM(b) != (err == nil) {
			t.Errorf("%s: %v, the library says %v", name, identity.ReducedKEM(b), err)
		}
	}
}
