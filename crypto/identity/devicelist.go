package identity

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"sotto/crypto/encode"
)

const (
	// MaxDevices is how many statements a device list may hold.
	MaxDevices = 4
	// MaxDeviceList bounds a signed device list in bytes; one with one device has about 7,000.
	MaxDeviceList = 24 << 10
	// MaxEarlier is how many lists before its predecessor a list names, so that whoever missed some in between sees
	// the succession: with a renewal every 60 days, those of 16 months.
	MaxEarlier = 7
	// maxVersion bounds versions, which are read as times: the last second of the year 9999.
	maxVersion = 253402300799

	// ListLifetime is how long a device list is valid.
	ListLifetime = 90 * 24 * time.Hour
	// ListRenewal is the remaining validity under which a list is signed anew at unlock.
	ListRenewal = 30 * 24 * time.Hour
)

// DeviceList is a verified device list (docs/PROTOCOL.md section 3.4). It is safe for concurrent use.
type DeviceList struct {
	// Identity is who signed the list.
	Identity Fingerprint
	// Certificate is the SHA-256 of the identity's certificate.
	Certificate [32]byte
	// Version orders the lists of an identity; it is near the Unix time of signing.
	Version uint64
	// Previous is the Hash of the list before; zero for the first.
	Previous [32]byte
	// Earlier are the hashes of those before that, newest first, at most MaxEarlier.
	Earlier [][32]byte
	// NotAfter is when the list ends, to the second, in UTC.
	NotAfter time.Time
	// Devices are the statements, at least one, in the order of the list.
	Devices []*DeviceStatement

	raw    []byte
	hash   [32]byte
	signed time.Time // of the signature
}

// Bytes returns the signed list as it was received.
func (l *DeviceList) Bytes() []byte { return bytes.Clone(l.raw) }

// Hash returns Hash(device-list, body), which the next list names as its predecessor.
func (l *DeviceList) Hash() [32]byte { return l.hash }

// Device returns the statement of a device, or nil when the list does not hold it.
func (l *DeviceList) Device(id DeviceID) *DeviceStatement {
	for _, d := range l.Devices {
		if d.ID == id {
			return d
		}
	}
	return nil
}

// lineage returns what the next list names as its predecessors, newest first.
func (l *DeviceList) lineage() []byte {
	out := bytes.Clone(l.hash[:])
	if l.Previous == [32]byte{} {
		return out
	}
	out = append(out, l.Previous[:]...)
	for _, h := range l.Earlier[:min(len(l.Earlier), MaxEarlier-1)] {
		out = append(out, h[:]...)
	}
	return out
}

// follows reports whether the list names another, by its hash, among those before it.
func (l *DeviceList) follows(hash [32]byte) bool {
	return l.Previous == hash || slices.Contains(l.Earlier, hash)
}

// NeedsRenewal reports whether less than ListRenewal is left.
func (l *DeviceList) NeedsRenewal(now time.Time) bool {
	return now.Add(ListRenewal).After(l.NotAfter)
}

// SignDeviceList signs a list of the given statements ([Device.Statement]), valid for ListLifetime
// from now. Its version is max(previous+1, Unix seconds of now); previous is nil for the first list.
// It returns ErrForeign for a predecessor or statement of another identity, and ErrMalformed for none,
// too many or repeated devices.
func SignDeviceList(owner *Identity, previous *DeviceList, statements [][]byte, now time.Time) (*DeviceList, error) {
	version := unix(now)
	before := make([]byte, 32)
	if previous != nil {
		if previous.Identity != owner.Fingerprint() {
			return nil, ErrForeign
		}
		version = max(version, previous.Version+1)
		before = previous.lineage()
	}
	fingerprint, certificate := owner.Fingerprint(), owner.Certificate().Hash()
	var devices []byte
	for _, s := range statements {
		devices = encode.Append(devices, s)
	}
	var body []byte
	body = encode.Append(body, fingerprint[:])
	body = encode.Append(body, certificate[:])
	body = encode.Append(body, encode.Uint64(version))
	body = encode.Append(body, before)
	body = encode.Append(body, encode.Time(now.Add(ListLifetime)))
	body = encode.Append(body, devices)

	signature, err := owner.Sign(encode.DeviceList, body, now)
	if err != nil {
		return nil, fmt.Errorf("signing a device list: %w", err)
	}
	signed := encode.Append(encode.Append(nil, body), signature)
	return VerifyDeviceList(signed, owner.Certificate(), now)
}

// VerifyDeviceList verifies the signature of a received list and only then parses it. It returns
// ErrMalformed, ErrSignature, ErrForeign for a list or statement of another identity or certificate,
// ErrFuture for a signature, version or device dated more than ClockSkew ahead, or ErrExpired. Whether the
// list may replace the one known before is for [Advance] to say. It does not keep received.
func VerifyDeviceList(received []byte, cert *Certificate, now time.Time) (*DeviceList, error) {
	list, err := LoadDeviceList(received, cert)
	if err != nil {
		return nil, err
	}
	if err := list.check(now); err != nil {
		return nil, err
	}
	return list, nil
}

// LoadDeviceList verifies a list that was accepted before and stored, whatever its dates: the own one,
// which may have expired while the profile was closed and is then renewed, or a contact's, to look at.
// It returns ErrMalformed, ErrSignature or ErrForeign. Never use it on what a peer sends.
func LoadDeviceList(stored []byte, cert *Certificate) (*DeviceList, error) {
	if len(stored) > MaxDeviceList {
		return nil, ErrMalformed
	}
	raw := bytes.Clone(stored)
	outer := encode.NewReader(raw)
	body, signature := outer.Bytes(MaxDeviceList), outer.Bytes(MaxSignature)
	if outer.Done() != nil {
		return nil, ErrMalformed
	}
	signed, err := verify(cert.key, encode.DeviceList, body, signature)
	if err != nil {
		return nil, err
	}
	list, err := parseListBody(body)
	if err != nil {
		return nil, err
	}
	list.raw, list.signed = raw, signed
	if list.Identity != cert.Fingerprint() || list.Certificate != cert.Hash() {
		return nil, ErrForeign
	}
	for _, d := range list.Devices {
		if d.Identity != list.Identity {
			return nil, ErrForeign
		}
	}
	return list, nil
}

func parseListBody(body []byte) (*DeviceList, error) {
	r := encode.NewReader(body)
	owner, certificate := r.Exact(32), r.Exact(32)
	version := r.Uint64()
	previous := r.Bytes(32 * (1 + MaxEarlier))
	notAfter := r.Time()
	devices := encode.NewReader(r.Bytes(MaxDeviceList))
	if r.Done() != nil || version > maxVersion || devices.Len() == 0 || len(previous) == 0 || len(previous)%32 != 0 {
		return nil, ErrMalformed
	}
	list := &DeviceList{
		Identity:    Fingerprint(owner),
		Certificate: [32]byte(certificate),
		Version:     version,
		Previous:    [32]byte(previous[:32]),
		NotAfter:    notAfter,
		hash:        encode.Hash(encode.DeviceList, body),
	}
	for earlier := previous[32:]; len(earlier) > 0; earlier = earlier[32:] {
		list.Earlier = append(list.Earlier, [32]byte(earlier))
	}
	for devices.Len() > 0 {
		statement := devices.Bytes(MaxDeviceStatement)
		if devices.Err() != nil || len(list.Devices) == MaxDevices {
			return nil, ErrMalformed
		}
		d, err := parseStatement(statement)
		if err != nil {
			return nil, err
		}
		if list.Device(d.ID) != nil {
			return nil, ErrMalformed
		}
		list.Devices = append(list.Devices, d)
	}
	return list, nil
}

// check returns ErrFuture or ErrExpired when the list or one of its devices may not be used at now.
func (l *DeviceList) check(now time.Time) error {
	if err := checkSigned(l.signed, now); err != nil {
		return err
	}
	if err := checkDates(time.Unix(int64(l.Version), 0), l.NotAfter, now); err != nil {
		return err
	}
	for _, d := range l.Devices {
		if err := checkDates(d.Created, d.NotAfter, now); err != nil {
			return err
		}
	}
	return nil
}
