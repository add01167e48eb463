package identity

import (
	"crypto/ecdh"
	"crypto/mlkem"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"time"

	"sotto/crypto/encode"
)

// DeviceLifetime is how long a device's keys may be used. The device list, renewed every 90 days, is
// the shorter leash; this one ends a device whose identity forgot about it.
const DeviceLifetime = 10 * 365 * 24 * time.Hour

// deviceFormat is the first byte of a marshalled device.
const deviceFormat = 1

// DeviceID names a device of an identity: 8 random bytes.
type DeviceID [8]byte

// String returns the id as 16 lowercase hexadecimal digits.
func (d DeviceID) String() string { return hex.EncodeToString(d[:]) }

// Device is the secret half of a device: its signing key, its X25519 identity key and its static
// ML-KEM-768 key (docs/PROTOCOL.md section 3.3). Its methods other than Erase are safe for concurrent
// use.
type Device struct {
	id       DeviceID
	key      *signingKey
	dh       *ecdh.PrivateKey
	kem      *mlkem.DecapsulationKey768
	created  time.Time
	notAfter time.Time
}

// NewDevice creates a device with a random id, dated now and valid for DeviceLifetime.
func NewDevice(now time.Time) (*Device, error) {
	key, err := newSigningKey(now)
	if err != nil {
		return nil, fmt.Errorf("creating a device: %w", err)
	}
	key.entity.DirectSignatures = nil // the identity's list vouches for the key, not the key itself
	dh, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("creating a device: %w", err)
	}
	kem, err := mlkem.GenerateKey768()
	if err != nil {
		return nil, fmt.Errorf("creating a device: %w", err)
	}
	d := &Device{key: key, dh: dh, kem: kem, created: seconds(now), notAfter: seconds(now.Add(DeviceLifetime))}
	rand.Read(d.id[:])
	return d, nil
}

// ParseDevice reads what Marshal wrote. It returns ErrMalformed.
func ParseDevice(secret []byte) (*Device, error) {
	r := encode.NewReader(secret)
	format := r.Fixed(1)
	id := r.Exact(len(DeviceID{}))
	signing := r.Bytes(maxSecretKey)
	dhBytes := r.Exact(32)
	seed := r.Exact(mlkem.SeedSize)
	created, notAfter := r.Time(), r.Time()
	if r.Done() != nil || format[0] != deviceFormat {
		return nil, ErrMalformed
	}
	key, err := parseSecretKey(signing)
	if err != nil {
		return nil, err
	}
	dh, err := ecdh.X25519().NewPrivateKey(dhBytes)
	if err != nil {
		return nil, ErrMalformed
	}
	kem, err := mlkem.NewDecapsulationKey768(seed)
	if err != nil {
		return nil, ErrMalformed
	}
	return &Device{id: DeviceID(id), key: key, dh: dh, kem: kem, created: created, notAfter: notAfter}, nil
}

// Marshal returns the secret, about 2,200 bytes, which the caller seals. It returns nil after Erase.
func (d *Device) Marshal() []byte {
	if d.key.entity.PrivateKey == nil {
		return nil
	}
	out := []byte{deviceFormat}
	out = encode.Append(out, d.id[:])
	out = encode.Append(out, d.key.secret())
	out = encode.Append(out, d.dh.Bytes())
	out = encode.Append(out, d.kem.Bytes())
	out = encode.Append(out, encode.Time(d.created))
	return encode.Append(out, encode.Time(d.notAfter))
}

// ID returns the id of the device.
func (d *Device) ID() DeviceID { return d.id }

// Created returns when the device was created, to the second.
func (d *Device) Created() time.Time { return d.created }

// NotAfter returns when its keys end.
func (d *Device) NotAfter() time.Time { return d.notAfter }

// DH returns the secret X25519 identity key; nil after Erase.
func (d *Device) DH() *ecdh.PrivateKey { return d.dh }

// KEM returns the secret static ML-KEM-768 key; its Bytes are the 64-byte seed. Nil after Erase.
func (d *Device) KEM() *mlkem.DecapsulationKey768 { return d.kem }

// Sign returns a signature like [Identity.Sign], by the device; [DeviceStatement.Verify] checks it.
func (d *Device) Sign(label encode.Label, message []byte, now time.Time) ([]byte, error) {
	return d.key.sign(label, message, now)
}

// Statement returns the device statement for the identity that owns the device. The same device and
// identity always give the same bytes. It returns nil after Erase.
func (d *Device) Statement(owner Fingerprint) []byte {
	if d.dh == nil {
		return nil
	}
	var out []byte
	out = encode.Append(out, owner[:])
	out = encode.Append(out, d.id[:])
	out = encode.Append(out, d.key.public())
	out = encode.Append(out, d.dh.PublicKey().Bytes())
	out = encode.Append(out, d.kem.EncapsulationKey().Bytes())
	out = encode.Append(out, encode.Time(d.created))
	return encode.Append(out, encode.Time(d.notAfter))
}

// Erase overwrites the signing key as far as the library allows and drops the others, which the
// standard library does not let us overwrite; all methods but ID and the dates then fail or are nil.
func (d *Device) Erase() {
	d.key.erase()
	d.dh, d.kem = nil, nil
}

// String names the device without its secrets.
func (d *Device) String() string { return "device(" + d.id.String() + ", redacted)" }

// GoString is String, so that no verb prints the secrets.
func (d *Device) GoString() string { return d.String() }
