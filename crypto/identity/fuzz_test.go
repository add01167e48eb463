package identity

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"sotto/app/apptest/alloc"
	"sotto/crypto/encode"
)

var fuzzNow = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func FuzzParseCertificate(f *testing.F) {
	id, err := New(fuzzNow)
	if err != nil {
		f.Fatal(err)
	}
	raw := id.Certificate().Bytes()
	f.Add(raw)
	f.Add(raw[:PublicKeySize])
	f.Add(id.Marshal())
	f.Add([]byte{0xc6, 0xff, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		alloc.Check(t, len(b), func() { _, _ = ParseCertificate(b) })
		cert, err := ParseCertificate(b)
		if err != nil {
			if !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrSignature) {
				t.Errorf("error %v", err)
			}
			return
		}
		if !bytes.Equal(cert.Bytes(), b) {
			t.Error("a certificate was accepted that is not the bytes received")
		}
	})
}

func FuzzVerifySignature(f *testing.F) {
	id, err := New(fuzzNow)
	if err != nil {
		f.Fatal(err)
	}
	sig, err := id.Sign(encode.AuditHead, []byte("x"), fuzzNow)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sig)
	f.Add(sig[:100])
	f.Add([]byte{0xc2, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		alloc.Check(t, len(b), func() { _ = id.Certificate().Verify(encode.AuditHead, []byte("x"), b, fuzzNow) })
		err := id.Certificate().Verify(encode.AuditHead, []byte("x"), b, fuzzNow)
		if err == nil && !bytes.Equal(b, sig) {
			t.Error("a signature nobody made was accepted")
		}
	})
}

func FuzzParseListBody(f *testing.F) {
	id, err := New(fuzzNow)
	if err != nil {
		f.Fatal(err)
	}
	device, err := NewDevice(fuzzNow)
	if err != nil {
		f.Fatal(err)
	}
	list, err := SignDeviceList(id, nil, [][]byte{device.Statement(id.Fingerprint())}, fuzzNow)
	if err != nil {
		f.Fatal(err)
	}
	body := encode.NewReader(list.Bytes()).Bytes(MaxDeviceList)
	f.Add(body)
	f.Add(body[:200])
	f.Fuzz(func(t *testing.T, b []byte) {
		alloc.Check(t, len(b), func() { _, _ = parseListBody(b) })
		got, err := parseListBody(b)
		if err != nil {
			return
		}
		if len(got.Devices) == 0 || len(got.Devices) > MaxDevices || got.Version > maxVersion {
			t.Errorf("accepted %d devices, version %d", len(got.Devices), got.Version)
		}
		_ = got.check(fuzzNow)
	})
}

func FuzzParseSecrets(f *testing.F) {
	id, err := New(fuzzNow)
	if err != nil {
		f.Fatal(err)
	}
	device, err := NewDevice(fuzzNow)
	if err != nil {
		f.Fatal(err)
	}
	// An ML-DSA key is a short seed that is expanded to be used: as much as a new key takes, whatever the input.
	expanding := alloc.Bytes(func() { _, _ = New(fuzzNow) })
	f.Add(id.Marshal())
	f.Add(device.Marshal())
	f.Fuzz(func(t *testing.T, b []byte) {
		alloc.CheckBesides(t, len(b), expanding, func() { _, _ = ParseDevice(b) })
		alloc.CheckBesides(t, len(b), expanding, func() { _, _ = Parse(b) })
		if d, err := ParseDevice(b); err == nil && !bytes.Equal(d.Marshal(), b) {
			t.Error("a device was accepted that does not marshal to the bytes received")
		}
		if i, err := Parse(b); err == nil && !bytes.Equal(i.Marshal(), b) {
			t.Error("an identity was accepted that does not marshal to the bytes received")
		}
	})
}
