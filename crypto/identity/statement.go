package identity

import (
	"bytes"
	"crypto/ecdh"
	"crypto/mlkem"
	"sync"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"sotto/crypto/encode"
)

// MaxDeviceStatement bounds a device statement in bytes; each has exactly 3,297.
const MaxDeviceStatement = 4 << 10

// DeviceStatement is the public half of a device (docs/PROTOCOL.md section 3.3). It carries no
// signature of its own: the device list that contains it is signed by the identity, so statements come
// only out of [VerifyDeviceList]. It is safe for concurrent use.
type DeviceStatement struct {
	// Identity is the owner, which the list has been checked to be signed by.
	Identity Fingerprint
	// ID names the device.
	ID DeviceID
	// DH is the X25519 identity key.
	DH *ecdh.PublicKey
	// Created and NotAfter bound the use of the keys, to the second, in UTC.
	Created, NotAfter time.Time

	raw     []byte
	kem     []byte // ML-KEM-768 encapsulation key
	signing signingKeyPacket
}

// signingKeyPacket is a public key packet, expanded when the first signature is to be verified with it.
type signingKeyPacket struct {
	packet []byte
	once   sync.Once
	key    *packet.PublicKey
	err    error
}

func (p *signingKeyPacket) expand() (*packet.PublicKey, error) {
	p.once.Do(func() { p.key, p.err = parsePublicKey(p.packet) })
	return p.key, p.err
}

// Bytes returns the statement as it was received.
func (s *DeviceStatement) Bytes() []byte { return bytes.Clone(s.raw) }

// KEM returns the static ML-KEM-768 key. It is expanded at each call: only who answers a first message needs it. The error,
// ErrMalformed, does not happen for a statement that was parsed.
func (s *DeviceStatement) KEM() (*mlkem.EncapsulationKey768, error) {
	key, err := mlkem.NewEncapsulationKey768(s.kem)
	if err != nil {
		return nil, ErrMalformed
	}
	return key, nil
}

// Hash returns Hash(device-statement, statement).
func (s *DeviceStatement) Hash() [32]byte { return encode.Hash(encode.DeviceStatement, s.raw) }

// Verify returns nil when signature was made by this device with [Device.Sign] for the same label
// and message; ErrFuture when it is dated more than ClockSkew after now, ErrSignature otherwise.
func (s *DeviceStatement) Verify(label encode.Label, message, signature []byte, now time.Time) error {
	key, err := s.signing.expand()
	if err != nil {
		return ErrSignature
	}
	dated, err := verify(key, label, message, signature)
	if err != nil {
		return err
	}
	return checkSigned(dated, now)
}

func parseStatement(b []byte) (*DeviceStatement, error) {
	r := encode.NewReader(b)
	owner := r.Exact(len(Fingerprint{}))
	id := r.Exact(len(DeviceID{}))
	signing := r.Exact(PublicKeySize)
	dhBytes := r.Exact(32)
	kemBytes := r.Exact(mlkem.EncapsulationKeySize768)
	created, notAfter := r.Time(), r.Time()
	if r.Done() != nil || !notAfter.After(created) || !looksLikePublicKey(signing) || !reducedKEM(kemBytes) {
		return nil, ErrMalformed
	}
	dh, err := ecdh.X25519().NewPublicKey(dhBytes)
	if err != nil {
		return nil, ErrMalformed
	}
	return &DeviceStatement{
		Identity: Fingerprint(owner),
		ID:       DeviceID(id),
		DH:       dh,
		Created:  created,
		NotAfter: notAfter,
		raw:      b,
		kem:      kemBytes,
		signing:  signingKeyPacket{packet: signing},
	}, nil
}

// reducedKEM is the check of an encapsulation key in FIPS 203 section 7.2, without the expansion of the key: its size, and
// that each coefficient, two of them in three bytes, is below the modulus.
func reducedKEM(b []byte) bool {
	const modulus, seed = 3329, 32
	if len(b) != mlkem.EncapsulationKeySize768 {
		return false
	}
	for c := b[:len(b)-seed]; len(c) > 0; c = c[3:] {
		if uint16(c[0])|uint16(c[1]&0x0f)<<8 >= modulus || uint16(c[1]>>4)|uint16(c[2])<<4 >= modulus {
			return false
		}
	}
	return true
}

// checkDates returns ErrFuture or ErrExpired when now lies outside [created, notAfter] by more than
// ClockSkew.
func checkDates(created, notAfter, now time.Time) error {
	switch {
	case created.After(now.Add(ClockSkew)):
		return ErrFuture
	case now.After(notAfter.Add(ClockSkew)):
		return ErrExpired
	}
	return nil
}

func seconds(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

func unix(t time.Time) uint64 { return uint64(max(t.Unix(), 0)) }
