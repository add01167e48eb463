package identity

import (
	"bytes"
	"crypto/ecdh"
	"crypto/mlkem"
	"time"

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
	// KEM is the static ML-KEM-768 key.
	KEM *mlkem.EncapsulationKey768
	// Created and NotAfter bound the use of the keys, to the second, in UTC.
	Created, NotAfter time.Time

	raw     []byte
	signing []byte // public key packet
}

// Bytes returns the statement as it was received.
func (s *DeviceStatement) Bytes() []byte { return bytes.Clone(s.raw) }

// Hash returns Hash(device-statement, statement).
func (s *DeviceStatement) Hash() [32]byte { return encode.Hash(encode.DeviceStatement, s.raw) }

// Verify returns nil when signature was made by this device with [Device.Sign] for the same label
// and message; ErrFuture when it is dated more than ClockSkew after now, ErrSignature otherwise.
func (s *DeviceStatement) Verify(label encode.Label, message, signature []byte, now time.Time) error {
	key, err := parsePublicKey(s.signing)
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
	if r.Done() != nil || !notAfter.After(created) || !looksLikePublicKey(signing) {
		return nil, ErrMalformed
	}
	dh, err := ecdh.X25519().NewPublicKey(dhBytes)
	if err != nil {
		return nil, ErrMalformed
	}
	kem, err := mlkem.NewEncapsulationKey768(kemBytes)
	if err != nil {
		return nil, ErrMalformed
	}
	return &DeviceStatement{
		Identity: Fingerprint(owner),
		ID:       DeviceID(id),
		DH:       dh,
		KEM:      kem,
		Created:  created,
		NotAfter: notAfter,
		raw:      b,
		signing:  signing,
	}, nil
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
