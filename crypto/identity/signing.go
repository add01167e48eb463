package identity

import (
	"bytes"
	"crypto"
	"crypto/sha512"
	"encoding"
	"encoding/binary"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/mldsa_eddsa"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"

	"sotto/crypto/encode"
)

// Sizes in bytes of the OpenPGP structures of docs/PROTOCOL.md section 3.
const (
	// PublicKeySize is the size of a version 6 ML-DSA-65+Ed25519 public key packet.
	PublicKeySize = 3 + 1994
	// MaxSignature bounds a signature packet; real ones have about 3,500 bytes.
	MaxSignature = 4096

	// purposeNotation names the critical notation that carries the label of a signature.
	purposeNotation = "purpose@sotto.invalid"

	tagSignature = 2
	tagSecretKey = 5
	tagPublicKey = 6

	edPublicKeySize    = 32
	mldsaPublicKeySize = 1952
	edSignatureSize    = 64
	mldsaSignatureSize = 3309
	saltSize           = 32 // of a version 6 signature with SHA-512, RFC 9580 section 9.5
)

// config is what every call into the library gets: nothing is left to its defaults.
func config(now time.Time) *packet.Config {
	return &packet.Config{
		V6Keys:        true,
		Algorithm:     packet.PubKeyAlgoMldsa65Ed25519,
		DefaultHash:   crypto.SHA512,
		DefaultCipher: packet.CipherAES256,
		AEADConfig:    &packet.AEADConfig{DefaultMode: packet.AEADModeGCM},
		Time:          func() time.Time { return now },
	}
}

// signingKey is the secret half of an identity or a device.
type signingKey struct {
	entity *openpgp.Entity
}

// newSigningKey generates a key. The encryption subkey the library adds is dropped: nothing uses it,
// and the fingerprint does not depend on it.
func newSigningKey(now time.Time) (*signingKey, error) {
	entity, err := openpgp.NewEntityWithoutId(config(now))
	if err != nil {
		return nil, err
	}
	for i := range entity.Subkeys {
		entity.Subkeys[i].PrivateKey = nil
	}
	entity.Subkeys = nil
	return &signingKey{entity: entity}, nil
}

// public returns the public key packet, PublicKeySize bytes.
func (k *signingKey) public() []byte {
	var buf bytes.Buffer
	if err := k.entity.PrimaryKey.Serialize(&buf); err != nil {
		panic("identity: serialising a public key: " + err.Error()) // writes to memory only
	}
	return buf.Bytes()
}

// sign returns a detached signature packet over Fields(label, message).
func (k *signingKey) sign(label encode.Label, message []byte, now time.Time) ([]byte, error) {
	secret := k.entity.PrivateKey
	if secret == nil {
		return nil, ErrErased
	}
	conf := config(now)
	sig := &packet.Signature{
		Version:           6,
		SigType:           packet.SigTypeBinary,
		PubKeyAlgo:        secret.PubKeyAlgo,
		Hash:              crypto.SHA512,
		CreationTime:      now,
		IssuerKeyId:       &secret.KeyId,
		IssuerFingerprint: secret.Fingerprint,
		Notations: []*packet.Notation{{
			Name:            purposeNotation,
			Value:           []byte(label),
			IsCritical:      true,
			IsHumanReadable: true,
		}},
	}
	h, err := sig.PrepareSign(conf)
	if err != nil {
		return nil, err
	}
	h.Write(encode.Fields(label, message))
	err = sig.Sign(h, secret, conf)
	leaveWideRegisters()
	if err != nil {
		return nil, err
	}
	var buf bytes.Buffer
	if err := sig.Serialize(&buf); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

// erase overwrites the secret halves as far as the library lets us reach them.
func (k *signingKey) erase() {
	secret := k.entity.PrivateKey
	if secret == nil {
		return
	}
	if composite, ok := secret.PrivateKey.(*mldsa_eddsa.PrivateKey); ok {
		clear(composite.SecretEc)
		clear(composite.SecretMldsaSeed)
		if expanded, ok := composite.SecretMldsa.(encoding.BinaryUnmarshaler); ok {
			zeros := make([]byte, composite.Mldsa.PrivateKeySize())
			_ = expanded.UnmarshalBinary(zeros) // best effort; the seed is gone already
		}
		composite.SecretMldsa = nil
	}
	k.entity.PrivateKey = nil
}

// leaveWideRegisters makes the processor drop the upper halves of its vector registers, which the
// AVX2 code of the ML-DSA implementation leaves in use: SSE code that follows, such as SHA-256, is then
// many times slower, and a session set-up takes half as long again. The standard library's SHA-512 ends
// with the instruction needed, and costs a third of a microsecond.
func leaveWideRegisters() {
	sha512.Sum512(nil)
}

// looksLikePublicKey reports whether b has the size and the fixed octets of the one form of public key
// packet we write (RFC 9580 section 5.5.2.3): a look that costs nothing, where the key may never be used.
func looksLikePublicKey(b []byte) bool {
	if len(b) != PublicKeySize {
		return false
	}
	body, rest, err := splitPacket(b, tagPublicKey, PublicKeySize)
	return err == nil && len(rest) == 0 && len(body) == PublicKeySize-3 && body[0] == 6 &&
		body[5] == byte(packet.PubKeyAlgoMldsa65Ed25519) &&
		binary.BigEndian.Uint32(body[6:10]) == edPublicKeySize+mldsaPublicKeySize
}

// parsePublicKey reads exactly one public key packet in the one form we write.
func parsePublicKey(b []byte) (*packet.PublicKey, error) {
	if !looksLikePublicKey(b) {
		return nil, ErrMalformed
	}
	p, err := packet.Read(bytes.NewReader(b))
	leaveWideRegisters()
	if err != nil {
		return nil, ErrMalformed
	}
	key, ok := p.(*packet.PublicKey)
	if !ok {
		return nil, ErrMalformed
	}
	if composite, ok := key.PublicKey.(*mldsa_eddsa.PublicKey); ok {
		composite.Curve = standardEd25519{composite.Curve}
	}
	return key, nil
}

// parseSignature reads exactly one version 6 signature packet of the given type by key, and returns
// it when its form is the one we write; it does not verify it.
func parseSignature(b []byte, key *packet.PublicKey, kind packet.SignatureType) (*packet.Signature, error) {
	body, rest, err := splitPacket(b, tagSignature, MaxSignature)
	if err != nil || len(rest) != 0 || !exactSignatureBody(body) {
		return nil, ErrMalformed
	}
	p, err := packet.Read(bytes.NewReader(b))
	if err != nil {
		return nil, ErrMalformed
	}
	sig, ok := p.(*packet.Signature)
	if !ok || sig.Version != 6 || sig.SigType != kind || sig.Hash != crypto.SHA512 ||
		sig.PubKeyAlgo != key.PubKeyAlgo || sig.IssuerKeyVersion != 6 ||
		!bytes.Equal(sig.IssuerFingerprint, key.Fingerprint) {
		return nil, ErrMalformed
	}
	if (sig.SigLifetimeSecs != nil && *sig.SigLifetimeSecs != 0) ||
		(sig.KeyLifetimeSecs != nil && *sig.KeyLifetimeSecs != 0) || sig.EmbeddedSignature != nil {
		return nil, ErrMalformed
	}
	return sig, nil
}

// exactSignatureBody reports whether the body of a version 6 signature packet (RFC 9580 section
// 5.2.3) has no unhashed subpackets and no byte beyond its signature: the library tolerates both.
func exactSignatureBody(body []byte) bool {
	const fixed = 4 + 4 + 4 + 2 + 1 + saltSize + edSignatureSize + mldsaSignatureSize
	if len(body) < fixed {
		return false
	}
	hashed := binary.BigEndian.Uint32(body[4:8])
	if uint64(len(body)) != fixed+uint64(hashed) {
		return false
	}
	return binary.BigEndian.Uint32(body[8+hashed:12+hashed]) == 0
}

// verify checks sig over Fields(label, message): both halves, the issuer, the purpose. It returns the date of the
// signature, which is for [checkSigned] to judge, or ErrSignature.
func verify(key *packet.PublicKey, label encode.Label, message, signature []byte) (dated time.Time, err error) {
	sig, err := parseSignature(signature, key, packet.SigTypeBinary)
	if err != nil {
		return time.Time{}, ErrSignature
	}
	if len(sig.Notations) != 1 {
		return time.Time{}, ErrSignature
	}
	purpose := sig.Notations[0]
	if purpose.Name != purposeNotation || !purpose.IsCritical || string(purpose.Value) != string(label) {
		return time.Time{}, ErrSignature
	}
	h, err := sig.PrepareVerify()
	if err != nil {
		return time.Time{}, ErrSignature
	}
	h.Write(encode.Fields(label, message))
	err = key.VerifySignature(h, sig)
	leaveWideRegisters()
	if err != nil {
		return time.Time{}, ErrSignature
	}
	return sig.CreationTime, nil
}

// checkSigned returns ErrFuture for a signature dated more than ClockSkew after now.
func checkSigned(dated, now time.Time) error {
	if dated.After(now.Add(ClockSkew)) {
		return ErrFuture
	}
	return nil
}

// splitPacket cuts one OpenPGP packet of the given tag from b: new format, definite length in its
// shortest form (RFC 9580 section 4.2.1), at most limit bytes of body.
func splitPacket(b []byte, tag byte, limit int) (body, rest []byte, err error) {
	if len(b) < 2 || b[0] != 0xc0|tag {
		return nil, nil, ErrMalformed
	}
	var size, header int
	switch first := b[1]; {
	case first < 192:
		size, header = int(first), 2
	case first < 224:
		if len(b) < 3 {
			return nil, nil, ErrMalformed
		}
		size, header = (int(first)-192)<<8+int(b[2])+192, 3
	default: // no packet of ours needs the long form; partial lengths are refused
		return nil, nil, ErrMalformed
	}
	if size > limit || len(b)-header < size {
		return nil, nil, ErrMalformed
	}
	return b[header : header+size], b[header+size:], nil
}

// secret returns the unencrypted secret key packet.
func (k *signingKey) secret() []byte {
	var buf bytes.Buffer
	if err := k.entity.PrivateKey.Serialize(&buf); err != nil {
		panic("identity: serialising a secret key: " + err.Error()) // writes to memory only
	}
	return buf.Bytes()
}
