package identity

import (
	"crypto/ed25519"
	"io"
)

// eddsaCurve is what the OpenPGP library asks of an EdDSA curve.
type eddsaCurve interface {
	GetCurveName() string
	MarshalBytePoint(x []byte) []byte
	UnmarshalBytePoint(point []byte) []byte
	MarshalByteSecret(d []byte) []byte
	UnmarshalByteSecret(d []byte) []byte
	MarshalSignature(sig []byte) (r, s []byte)
	UnmarshalSignature(r, s []byte) []byte
	GenerateEdDSA(rand io.Reader) (pub, priv []byte, err error)
	Sign(publicKey, privateKey, message []byte) ([]byte, error)
	Verify(publicKey, message, sig []byte) bool
	ValidateEdDSA(publicKey, privateKey []byte) error
}

// standardEd25519 verifies the Ed25519 half of a composite signature (RFC 9980) with the standard library, which takes a
// fraction of the time that the OpenPGP library's own curve does. The ML-DSA half stays with the library, as does the
// rule that both must be valid.
type standardEd25519 struct{ eddsaCurve }

// Verify is Ed25519 verification of RFC 8032 section 5.1.7.
func (standardEd25519) Verify(publicKey, message, sig []byte) bool {
	return len(publicKey) == ed25519.PublicKeySize && ed25519.Verify(publicKey, message, sig)
}
