package identity_test

import (
	"bytes"
	"crypto"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"

	"sotto/crypto/encode"
	"sotto/crypto/identity"
)

// entityConfig is a library configuration close to ours, for building what must be refused.
func entityConfig() *packet.Config {
	return &packet.Config{
		V6Keys:      true,
		Algorithm:   packet.PubKeyAlgoMldsa65Ed25519,
		DefaultHash: crypto.SHA512,
		Time:        func() time.Time { return now },
	}
}

func newEntity(t testing.TB, config *packet.Config) *openpgp.Entity {
	t.Helper()
	entity, err := openpgp.NewEntityWithoutId(config)
	if err != nil {
		t.Fatal(err)
	}
	return entity
}

func serialize(t testing.TB, entity *openpgp.Entity) []byte {
	t.Helper()
	var buf bytes.Buffer
	if err := entity.Serialize(&buf); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func TestCertificateSurvivesTheRoundTrip(t *testing.T) {
	id := newIdentity(t)
	cert, err := identity.ParseCertificate(id.Certificate().Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if cert.Fingerprint() != id.Fingerprint() || cert.Hash() != id.Certificate().Hash() {
		t.Error("another identity came back")
	}
	again, err := identity.ParseFingerprint(id.Fingerprint().String())
	if err != nil || !again.Equal(id.Fingerprint()) || again.IsZero() {
		t.Errorf("ParseFingerprint = %v, %v", again, err)
	}
	for _, s := range []string{"", "ab", strings.Repeat("g", 64), strings.Repeat("a", 66)} {
		if _, err := identity.ParseFingerprint(s); !errors.Is(err, identity.ErrMalformed) {
			t.Errorf("ParseFingerprint(%q) = %v", s, err)
		}
	}
}

// A plain certificate made with the library is accepted: so each refusal below has the cause it names.
func TestCertificateOfAnyOtherFormIsRefused(t *testing.T) {
	bare := func(config *packet.Config) *openpgp.Entity {
		entity := newEntity(t, config)
		entity.Subkeys = nil
		return entity
	}
	good := serialize(t, bare(entityConfig()))
	if _, err := identity.ParseCertificate(good); err != nil {
		t.Fatal(err)
	}
	other := serialize(t, bare(entityConfig()))

	config := func(change func(*packet.Config)) *packet.Config {
		c := entityConfig()
		change(c)
		return c
	}
	named := bare(entityConfig())
	if err := named.AddUserId("Alice", "", "", entityConfig()); err != nil {
		t.Fatal(err)
	}
	twice := bare(entityConfig())
	twice.DirectSignatures = append(twice.DirectSignatures, twice.DirectSignatures[0])
	revoked := bare(entityConfig())
	if err := revoked.Revoke(packet.KeyCompromised, "", entityConfig()); err != nil {
		t.Fatal(err)
	}

	cases := map[string][]byte{
		"empty":                       nil,
		"a byte too many":             append(bytes.Clone(good), 0),
		"a byte too few":              good[:len(good)-1],
		"no self-signature":           good[:identity.PublicKeySize],
		"self-signature of another":   append(bytes.Clone(good[:identity.PublicKeySize]), other[identity.PublicKeySize:]...),
		"two certificates":            append(bytes.Clone(good), other...),
		"a padding packet behind":     append(bytes.Clone(good), 0xc0|21, 1, 0),
		"a marker packet before":      append([]byte{0xc0 | 10, 3, 'P', 'G', 'P'}, good...),
		"an encryption subkey":        serialize(t, newEntity(t, entityConfig())),
		"a user id":                   serialize(t, named),
		"two self-signatures":         serialize(t, twice),
		"a revocation":                serialize(t, revoked),
		"an expiring key":             serialize(t, bare(config(func(c *packet.Config) { c.KeyLifetimeSecs = 3600 }))),
		"an expiring signature":       serialize(t, bare(config(func(c *packet.Config) { c.SigLifetimeSecs = 3600 }))),
		"SHA-256":                     serialize(t, bare(config(func(c *packet.Config) { c.DefaultHash = crypto.SHA256 }))),
		"SHA3-512":                    serialize(t, bare(config(func(c *packet.Config) { c.DefaultHash = crypto.SHA3_512 }))),
		"a classical algorithm":       serialize(t, bare(config(func(c *packet.Config) { c.Algorithm = packet.PubKeyAlgoEd25519 }))),
		"a larger algorithm":          serialize(t, bare(config(func(c *packet.Config) { c.Algorithm = packet.PubKeyAlgoMldsa87Ed448 }))),
		"a secret key":                newIdentity(t).Marshal(),
		"more than the bound":         make([]byte, identity.MaxCertificate+1),
		"a length in the long form":   longForm(good),
		"a notation on the self-sig.": serialize(t, bare(config(func(c *packet.Config) { c.SignatureNotations = []*packet.Notation{{Name: "a@b", IsCritical: false}} }))),
	}
	for name, b := range cases {
		if _, err := identity.ParseCertificate(b); !errors.Is(err, identity.ErrMalformed) && !errors.Is(err, identity.ErrSignature) {
			t.Errorf("certificate with %s: %v", name, err)
		}
	}
}

// longForm rewrites the first packet's two-octet length in the five-octet form.
func longForm(certificate []byte) []byte {
	size := identity.PublicKeySize - 3
	out := []byte{certificate[0], 0xff, 0, 0, byte(size >> 8), byte(size)}
	return append(out, certificate[3:]...)
}

func TestEveryFlippedByteOfACertificateIsRefused(t *testing.T) {
	good := newIdentity(t).Certificate().Bytes()
	for i := range good {
		if i > 40 && i < identity.PublicKeySize-4 && i%37 != 0 { // the middle of the key material: a sample
			continue
		}
		if i > identity.PublicKeySize+250 && i%37 != 0 { // the middle of the signature: a sample
			continue
		}
		bad := bytes.Clone(good)
		bad[i] ^= 0x20
		if _, err := identity.ParseCertificate(bad); err == nil {
			t.Fatalf("flipping byte %d of %d goes unnoticed", i, len(good))
		}
	}
}

func TestSignatureHoldsForOnePurposeMessageAndKey(t *testing.T) {
	id, other := newIdentity(t), newIdentity(t)
	message := []byte("counts and hashes")
	sig, err := id.Sign(encode.ExportManifest, message, now)
	if err != nil {
		t.Fatal(err)
	}
	if err := id.Certificate().Verify(encode.ExportManifest, message, sig, now); err != nil {
		t.Fatal(err)
	}
	otherSig, err := other.Sign(encode.ExportManifest, message, now)
	if err != nil {
		t.Fatal(err)
	}
	late, err := id.Sign(encode.ExportManifest, message, now.Add(identity.ClockSkew+time.Second))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		label   encode.Label
		message []byte
		sig     []byte
	}{
		{"another purpose", encode.DeviceList, message, sig},
		{"another message", encode.ExportManifest, []byte("counts"), sig},
		{"another key", encode.ExportManifest, message, otherSig},
		{"no signature", encode.ExportManifest, message, nil},
		{"a byte too many", encode.ExportManifest, message, append(bytes.Clone(sig), 0)},
		{"two signatures", encode.ExportManifest, message, append(bytes.Clone(sig), sig...)},
		{"a byte too few", encode.ExportManifest, message, sig[:len(sig)-1]},
	} {
		if err := id.Certificate().Verify(c.label, c.message, c.sig, now); !errors.Is(err, identity.ErrSignature) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if err := id.Certificate().Verify(encode.ExportManifest, message, late, now); !errors.Is(err, identity.ErrFuture) {
		t.Errorf("more than the skew ahead: %v", err)
	}
}

func TestEveryFlippedByteOfASignatureIsRefused(t *testing.T) {
	id := newIdentity(t)
	sig, err := id.Sign(encode.AuditHead, []byte("x"), now)
	if err != nil {
		t.Fatal(err)
	}
	for i := range sig {
		if i > 300 && i%31 != 0 {
			continue
		}
		bad := bytes.Clone(sig)
		bad[i] ^= 0x01
		if err := id.Certificate().Verify(encode.AuditHead, []byte("x"), bad, now); !errors.Is(err, identity.ErrSignature) {
			t.Fatalf("flipping byte %d of %d: %v", i, len(sig), err)
		}
	}
}

// TestSignatureHasNoRoomForUnsignedBytes puts bytes where OpenPGP software looks and no signature covers.
func TestSignatureHasNoRoomForUnsignedBytes(t *testing.T) {
	id := newIdentity(t)
	sig, err := id.Sign(encode.AuditHead, []byte("x"), now)
	if err != nil {
		t.Fatal(err)
	}
	repack := func(body []byte) []byte {
		size := len(body) - 192
		return append([]byte{sig[0], byte(size>>8) + 192, byte(size)}, body...)
	}
	body := sig[3:]
	if !bytes.Equal(repack(body), sig) {
		t.Fatal("the signature does not have the header this test expects")
	}
	unhashed := 8 + int(body[6])<<8 + int(body[7]) // after the hashed subpackets
	withUnhashed := append(bytes.Clone(body[:unhashed]), 0, 0, 0, 3, 2, 100, 7)
	withUnhashed = append(withUnhashed, body[unhashed+4:]...)
	for name, b := range map[string][]byte{
		"an unhashed subpacket":           withUnhashed,
		"a byte at the end of the packet": append(bytes.Clone(body), 0),
	} {
		if err := id.Certificate().Verify(encode.AuditHead, []byte("x"), repack(b), now); !errors.Is(err, identity.ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestPurposeNotationIsExactlyOne signs the right bytes with the right key and a wrong notation.
func TestPurposeNotationIsExactlyOne(t *testing.T) {
	entity := newEntity(t, entityConfig())
	entity.Subkeys = nil
	cert, err := identity.ParseCertificate(serialize(t, entity))
	if err != nil {
		t.Fatal(err)
	}
	const label, name = encode.AuditHead, "purpose@sotto.invalid"
	message := []byte("message")
	sign := func(notations ...*packet.Notation) []byte {
		config := entityConfig()
		config.SignatureNotations = notations
		var buf bytes.Buffer
		signed := bytes.NewReader(encode.Fields(label, message))
		if err := openpgp.DetachSign(&buf, []*openpgp.Entity{entity}, signed, config); err != nil {
			t.Fatal(err)
		}
		return buf.Bytes()
	}
	right := &packet.Notation{Name: name, Value: []byte(label), IsCritical: true, IsHumanReadable: true}
	if err := cert.Verify(label, message, sign(right), now); err != nil {
		t.Fatalf("the right notation: %v", err)
	}
	for name, sig := range map[string][]byte{
		"none":         sign(),
		"twice":        sign(right, right),
		"another name": sign(&packet.Notation{Name: "other@sotto.invalid", Value: []byte(label), IsCritical: true}),
		"not critical": sign(&packet.Notation{Name: name, Value: []byte(label)}),
		"other value":  sign(&packet.Notation{Name: name, Value: []byte(encode.Gate), IsCritical: true}),
		"one more":     sign(right, &packet.Notation{Name: "a@b", IsCritical: false}),
	} {
		if err := cert.Verify(label, message, sig, now); !errors.Is(err, identity.ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOtherOpenPGPSoftwareVerifiesOurSignaturesOnlyIfItKnowsThePurpose(t *testing.T) {
	id := newIdentity(t)
	message := []byte("manifest")
	sig, err := id.Sign(encode.ExportManifest, message, now)
	if err != nil {
		t.Fatal(err)
	}
	ring, err := openpgp.ReadKeyRing(bytes.NewReader(id.Certificate().Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	signed := encode.Fields(encode.ExportManifest, message)
	config := entityConfig()
	if _, _, err := openpgp.VerifyDetachedSignature(ring, bytes.NewReader(signed), bytes.NewReader(sig), config); err == nil {
		t.Error("a verifier that does not know the critical notation accepts the signature")
	}
	config.KnownNotations = map[string]bool{"purpose@sotto.invalid": true}
	if _, _, err := openpgp.VerifyDetachedSignature(ring, bytes.NewReader(signed), bytes.NewReader(sig), config); err != nil {
		t.Errorf("a verifier that knows the notation: %v", err)
	}
}
