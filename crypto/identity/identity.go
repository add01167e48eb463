package identity

import (
	"bytes"
	"fmt"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"

	"sotto/crypto/encode"
)

// maxSecretKey bounds a secret key packet; real ones have 2,062 bytes.
const maxSecretKey = 4 << 10

// Identity is the secret half of an identity. Whoever holds it is that person: keep it sealed in the
// vault, erase it when locking. Signing is safe for concurrent use; Erase is not.
type Identity struct {
	key         *signingKey
	certificate *Certificate
}

// New creates an identity dated now, to the second. It fails only when the library does.
func New(now time.Time) (*Identity, error) {
	key, err := newSigningKey(now)
	if err != nil {
		return nil, fmt.Errorf("creating an identity: %w", err)
	}
	return newIdentity(key)
}

// Parse reads what Marshal wrote. It returns ErrMalformed or ErrSignature.
func Parse(secret []byte) (*Identity, error) {
	_, rest, err := splitPacket(secret, tagSecretKey, maxSecretKey)
	if err != nil {
		return nil, err
	}
	key, err := parseSecretKey(secret[:len(secret)-len(rest)])
	if err != nil {
		return nil, err
	}
	self, err := parseSignature(rest, key.entity.PrimaryKey, packet.SigTypeDirectSignature)
	if err != nil {
		return nil, err
	}
	key.entity.DirectSignatures = []*packet.VerifiableSignature{packet.NewVerifiableSig(self)}
	return newIdentity(key)
}

func newIdentity(key *signingKey) (*Identity, error) {
	var buf bytes.Buffer
	if err := key.entity.Serialize(&buf); err != nil {
		return nil, fmt.Errorf("serialising a certificate: %w", err)
	}
	certificate, err := ParseCertificate(buf.Bytes())
	if err != nil {
		return nil, err
	}
	return &Identity{key: key, certificate: certificate}, nil
}

// Marshal returns the secret: an unencrypted OpenPGP secret key packet and the direct-key signature,
// about 5,540 bytes, which the caller seals. It returns nil after Erase.
func (i *Identity) Marshal() []byte {
	if i.key.entity.PrivateKey == nil {
		return nil
	}
	var buf bytes.Buffer
	if err := i.key.entity.SerializePrivateWithoutSigning(&buf, nil); err != nil {
		panic("identity: serialising a secret: " + err.Error()) // writes to memory only
	}
	return buf.Bytes()
}

// Fingerprint returns the fingerprint of the identity.
func (i *Identity) Fingerprint() Fingerprint { return i.certificate.fingerprint }

// Certificate returns the public half.
func (i *Identity) Certificate() *Certificate { return i.certificate }

// Sign returns a detached OpenPGP signature of about 3,500 bytes over Fields(label, message), dated
// now, with the label as critical notation (docs/PROTOCOL.md section 3.2). [Certificate.Verify] checks
// it. It returns ErrErased after Erase.
func (i *Identity) Sign(label encode.Label, message []byte, now time.Time) ([]byte, error) {
	return i.key.sign(label, message, now)
}

// Erase overwrites the secret as far as Go and the library allow; Marshal and Sign then fail.
func (i *Identity) Erase() { i.key.erase() }

// String names the identity without its secret.
func (i *Identity) String() string { return "identity(" + i.Fingerprint().String()[:8] + ", redacted)" }

// GoString is String, so that no verb prints the secret.
func (i *Identity) GoString() string { return i.String() }

// parseSecretKey reads exactly one unencrypted secret key packet.
func parseSecretKey(b []byte) (*signingKey, error) {
	_, rest, err := splitPacket(b, tagSecretKey, maxSecretKey)
	if err != nil || len(rest) != 0 {
		return nil, ErrMalformed
	}
	p, err := packet.Read(bytes.NewReader(b))
	if err != nil {
		return nil, ErrMalformed
	}
	secret, ok := p.(*packet.PrivateKey)
	if !ok || secret.IsSubkey || secret.Version != 6 || secret.Encrypted || secret.Dummy() ||
		secret.PubKeyAlgo != packet.PubKeyAlgoMldsa65Ed25519 {
		return nil, ErrMalformed
	}
	// The library passes over a wrong count of the public part's octets, among others: one key has one form here.
	again := bytes.NewBuffer(make([]byte, 0, len(b)))
	defer func() { clear(again.Bytes()) }()
	if err := secret.Serialize(again); err != nil || !bytes.Equal(again.Bytes(), b) {
		return nil, ErrMalformed
	}
	return &signingKey{entity: &openpgp.Entity{
		PrimaryKey: &secret.PublicKey,
		PrivateKey: secret,
		Identities: map[string]*openpgp.Identity{},
	}}, nil
}
