package handshake

import (
	"bytes"
	"crypto/hmac"
	"crypto/mlkem"
	"crypto/sha256"

	"golang.org/x/crypto/chacha20poly1305"

	"sotto/crypto/encode"
	"sotto/crypto/identity"
)

// Version is the protocol version and suite in the first byte of a header. It is bound into every key
// and there is no other, so there is nothing to downgrade to (invariant I20).
const Version = 1

// Values of the second byte of a header.
const (
	modeLastResort = 0
	modeOneTime    = 1
)

// Sizes in bytes of the header of an initial message (docs/PROTOCOL.md section 5.2).
const (
	prefixSize = 1 + 1 + 8 + 8 + 32 + mlkem.CiphertextSize1024
	gateSize   = 16
	maxBlock   = 4 + identity.MaxCertificate + 4 + identity.MaxDeviceList + 4 + 8 + chacha20poly1305.Overhead

	// MaxHeader bounds a header; one from an identity with one device has about 14,120.
	MaxHeader = prefixSize + gateSize + 4 + maxBlock
)

// Initial is the parsed header of an initial message. Nothing in it is authentic before
// [Initial.CheckGate], and its sender is unknown before [Accept].
type Initial struct {
	raw       []byte
	prefix    []byte // everything before the gate MAC
	oneTime   bool
	setID     ID
	pairID    ID
	ephemeral []byte
	kem       []byte // ciphertext
	gate      []byte
	block     []byte // sealed identity block
}

// ParseInitial parses a header without any cryptography. It returns ErrHandshake. It does not keep b.
func ParseInitial(b []byte) (*Initial, error) {
	if len(b) > MaxHeader || len(b) < prefixSize+gateSize+4 {
		return nil, ErrHandshake
	}
	raw := bytes.Clone(b)
	in := &Initial{raw: raw, prefix: raw[:prefixSize]}
	r := encode.NewReader(raw)
	version, mode := r.Fixed(1), r.Fixed(1)
	in.setID, in.pairID = ID(r.Fixed(8)), ID(r.Fixed(8))
	in.ephemeral, in.kem = r.Fixed(32), r.Fixed(mlkem.CiphertextSize1024)
	in.gate = r.Fixed(gateSize)
	in.block = r.Bytes(maxBlock)
	if r.Done() != nil || version[0] != Version || mode[0] > modeOneTime {
		return nil, ErrHandshake
	}
	in.oneTime = mode[0] == modeOneTime
	if !in.oneTime && in.pairID != (ID{}) {
		return nil, ErrHandshake
	}
	return in, nil
}

// CheckGate returns nil when the sender held the secret of the mailbox, ErrHandshake otherwise. It
// costs one HMAC; call it before looking for keys.
func (in *Initial) CheckGate(secret Secret) error {
	if !hmac.Equal(in.gate, gateMAC(secret, in.prefix, in.block)) {
		return ErrHandshake
	}
	return nil
}

// SetID names the prekey set the message was written to.
func (in *Initial) SetID() ID { return in.setID }

// PairID names the one-time pair the message was written to; false when there was none left, and the
// first message has no forward secrecy until the reply.
func (in *Initial) PairID() (ID, bool) { return in.pairID, in.oneTime }

// ReplayHash identifies the handshake for the device that receives it. The caller keeps the hashes of
// accepted handshakes for PrekeyRetention; one that is known is not accepted again.
func (in *Initial) ReplayHash(device identity.DeviceID) [32]byte {
	return encode.Hash(encode.PrekeyReplay, device[:], in.prefix[1:2], in.setID[:], in.pairID[:], in.ephemeral, in.kem)
}

func gateMAC(secret Secret, prefix, block []byte) []byte {
	key := encode.Derive(secret[:], nil, encode.Gate, sha256.Size)
	defer clear(key)
	mac := hmac.New(sha256.New, key)
	encode.WriteFields(mac, encode.Gate, prefix, block)
	return mac.Sum(nil)[:gateSize]
}
