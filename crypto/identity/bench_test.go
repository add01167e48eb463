package identity_test

import (
	"testing"

	"sotto/crypto/encode"
	"sotto/crypto/identity"
)

func BenchmarkNewIdentity(b *testing.B) {
	for b.Loop() {
		newIdentity(b)
	}
}

func BenchmarkSign(b *testing.B) {
	id := newIdentity(b)
	for b.Loop() {
		if _, err := id.Sign(encode.ExportManifest, []byte("message"), now); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	id := newIdentity(b)
	sig, err := id.Sign(encode.ExportManifest, []byte("message"), now)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := id.Certificate().Verify(encode.ExportManifest, []byte("message"), sig, now); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseCertificate(b *testing.B) {
	raw := newIdentity(b).Certificate().Bytes()
	for b.Loop() {
		if _, err := identity.ParseCertificate(raw); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifyDeviceList(b *testing.B) {
	id := newIdentity(b)
	raw := signList(b, id, nil, now, newDevice(b)).Bytes()
	for b.Loop() {
		if _, err := identity.VerifyDeviceList(raw, id.Certificate(), now); err != nil {
			b.Fatal(err)
		}
	}
}
