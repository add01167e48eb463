package identity

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"sotto/crypto/encode"
)

// MaxCertificate bounds a certificate in bytes; real ones have about 5,500.
const MaxCertificate = 8 << 10

// ClockSkew is how far two clocks may differ (docs/PROTOCOL.md section 3).
const ClockSkew = 24 * time.Hour

// Fingerprint is the version 6 OpenPGP fingerprint of an identity (RFC 9580 section 5.5.4.3). It is
// the name of a contact: it never changes, and another one is another person.
type Fingerprint [32]byte

// String returns the fingerprint as 64 lowercase hexadecimal digits.
func (f Fingerprint) String() string { return hex.EncodeToString(f[:]) }

// IsZero reports whether f is no fingerprint at all.
func (f Fingerprint) IsZero() bool { return f == Fingerprint{} }

// Equal compares in constant time.
func (f Fingerprint) Equal(other Fingerprint) bool {
	return subtle.ConstantTimeCompare(f[:], other[:]) == 1
}

// ParseFingerprint reads 64 hexadecimal digits. It returns ErrMalformed for anything else.
func ParseFingerprint(s string) (Fingerprint, error) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(Fingerprint{}) {
		return Fingerprint{}, ErrMalformed
	}
	return Fingerprint(b), nil
}

// Certificate is the public half of an identity: one primary key and its direct-key self-signature,
// verified by itself or by the device list that names its hash. It is safe for concurrent use.
type Certificate struct {
	raw         []byte
	hash        [32]byte
	key         *packet.PublicKey
	fingerprint Fingerprint
}

// ParseCertificate reads and verifies a certificate that stands alone (docs/PROTOCOL.md section 3.1): exactly
// one version 6 ML-DSA-65+Ed25519 primary key followed by exactly one direct-key signature, nothing else.
// It returns ErrMalformed or ErrSignature. It does not keep b. One that comes with its device list is
// verified by [Known.Verify].
func ParseCertificate(b []byte) (*Certificate, error) {
	c, self, err := readCertificate(b)
	if err != nil {
		return nil, err
	}
	err = c.key.VerifyDirectKeySignature(self)
	leaveWideRegisters()
	if err != nil {
		return nil, ErrSignature
	}
	return c, nil
}

// readCertificate checks everything of a certificate but that its self-signature is the key's.
func readCertificate(b []byte) (*Certificate, *packet.Signature, error) {
	if len(b) > MaxCertificate || len(b) <= PublicKeySize {
		return nil, nil, ErrMalformed
	}
	raw := bytes.Clone(b)
	key, err := parsePublicKey(raw[:PublicKeySize])
	if err != nil {
		return nil, nil, err
	}
	self, err := parseSignature(raw[PublicKeySize:], key, packet.SigTypeDirectSignature)
	if err != nil {
		return nil, nil, err
	}
	if !self.FlagsValid || !self.FlagSign || !self.FlagCertify || len(self.Notations) != 0 {
		return nil, nil, ErrMalformed
	}
	return &Certificate{
		raw:         raw,
		hash:        sha256.Sum256(raw),
		key:         key,
		fingerprint: Fingerprint(key.Fingerprint),
	}, self, nil
}

// Bytes returns the certificate as it was received.
func (c *Certificate) Bytes() []byte { return bytes.Clone(c.raw) }

// Hash returns the SHA-256 of the certificate, as pinned in the device list.
func (c *Certificate) Hash() [32]byte { return c.hash }

// Fingerprint returns whose certificate it is.
func (c *Certificate) Fingerprint() Fingerprint { return c.fingerprint }

// Verify returns nil when signature was made by this identity with [Identity.Sign] for the same
// label and message; ErrFuture when it is dated more than ClockSkew after now, ErrSignature otherwise.
func (c *Certificate) Verify(label encode.Label, message, signature []byte, now time.Time) error {
	dated, err := verify(c.key, label, message, signature)
	if err != nil {
		return err
	}
	return checkSigned(dated, now)
}
