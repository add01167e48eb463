package identity

import (
	"crypto/sha256"
	"slices"
	"sync"
	"time"
)

// maxKnown is how many certificates with their lists a [Known] remembers, at about 60 KB each.
const maxKnown = 32

// Known verifies certificates that come with the device list that names them (docs/PROTOCOL.md section 3.4), and
// remembers by the SHA-256 of their exact bytes which it has verified: the next session with the same device then costs
// no signature. It remembers successes only, and judges the dates each time; succession is for [Advance]. The zero value
// is ready; a nil one verifies and remembers nothing. It is safe for concurrent use.
type Known struct {
	mu      sync.Mutex
	entries []knownPair // newest use first
}

type knownPair struct {
	certificateHash, listHash [32]byte
	certificate               *Certificate
	list                      *DeviceList
}

// Verify verifies a certificate and a device list that a peer sent together. The list must be signed by the primary key
// of the certificate and name the SHA-256 of its bytes, self-signature included: so that one signature says of both
// what the self-signature says of the certificate alone. Errors: those of [ParseCertificate] and [VerifyDeviceList].
func (k *Known) Verify(certificate, list []byte, now time.Time) (*Certificate, *DeviceList, error) {
	c, l, err := k.Load(certificate, list)
	if err != nil {
		return nil, nil, err
	}
	if err := l.check(now); err != nil {
		return nil, nil, err
	}
	return c, l, nil
}

// Load is Verify whatever the dates, for a contact's certificate and list that were accepted before and stored. Never
// use it on what a peer sends.
func (k *Known) Load(certificate, list []byte) (*Certificate, *DeviceList, error) {
	if len(certificate) > MaxCertificate || len(list) > MaxDeviceList {
		return nil, nil, ErrMalformed
	}
	p := knownPair{certificateHash: sha256.Sum256(certificate), listHash: sha256.Sum256(list)}
	if known, ok := k.find(p); ok {
		return known.certificate, known.list, nil
	}
	var err error
	if p.certificate, _, err = readCertificate(certificate); err != nil {
		return nil, nil, err
	}
	if p.list, err = LoadDeviceList(list, p.certificate); err != nil {
		return nil, nil, err
	}
	k.add(p)
	return p.certificate, p.list, nil
}

// Forget drops everything remembered.
func (k *Known) Forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	clear(k.entries)
	k.entries = nil
}

func (k *Known) find(p knownPair) (knownPair, bool) {
	if k == nil {
		return knownPair{}, false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	i := slices.IndexFunc(k.entries, p.same)
	if i < 0 {
		return knownPair{}, false
	}
	found := k.entries[i]
	copy(k.entries[1:i+1], k.entries[:i])
	k.entries[0] = found
	return found, true
}

func (k *Known) add(p knownPair) {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if slices.ContainsFunc(k.entries, p.same) {
		return // verified by two at once
	}
	if len(k.entries) == maxKnown {
		k.entries = slices.Delete(k.entries, maxKnown-1, maxKnown)
	}
	k.entries = slices.Insert(k.entries, 0, p)
}

func (p knownPair) same(other knownPair) bool {
	return p.certificateHash == other.certificateHash && p.listHash == other.listHash
}
