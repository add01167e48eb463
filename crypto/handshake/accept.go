package handshake

import (
	"crypto/ecdh"
	"errors"
	"time"

	"sotto/crypto/encode"
	"sotto/crypto/identity"
)

// Accepted is the acceptor's result.
type Accepted struct {
	// Root is the first root key. The caller clears it once the ratchet has it.
	Root RootKey
	// Binding is the hash of the transcript, see [Initiated].
	Binding [32]byte
	// SessionID names the session in the clear part of an envelope.
	SessionID [16]byte
	// Peer is the initiator's identity.
	Peer identity.Fingerprint
	// PeerCertificate is the initiator's verified certificate.
	PeerCertificate *identity.Certificate
	// PeerList is the initiator's verified device list; the caller judges it with identity.Advance.
	PeerList *identity.DeviceList
	// PeerDevice is the initiator's device, from the list; its KEM is the static ML-KEM-768 key to
	// which the first reply encapsulates (rule K7).
	PeerDevice *identity.DeviceStatement
	// OwnRatchetKey is the secret signed prekey: the first own ratchet key.
	OwnRatchetKey *ecdh.PrivateKey
	// Replay is the hash to keep for PrekeyRetention.
	Replay [32]byte
	// UsedPair names the one-time pair to delete in the transaction that commits the first message; it
	// is meaningless when NoOneTimeKey is true.
	UsedPair ID
	// NoOneTimeKey marks a first message without forward secrecy until the reply.
	NoOneTimeKey bool
}

// Accept computes the acceptor's side (docs/PROTOCOL.md section 5; PQXDH section 3.4). set and pair are
// the private prekeys named by the header, nil when they are unknown or the header names no pair; known, if
// not nil, remembers whose certificate and list were verified. Every failure is ErrHandshake. The result says who claims to write; that it is them is shown by the first
// message that opens under the root key, so nothing may be stored before.
func Accept(known *identity.Known, own Own, set *PrekeySet, pair *OneTimePair, in *Initial, secret Secret, now time.Time) (*Accepted, error) {
	device, err := own.statement()
	if err != nil {
		return nil, ErrHandshake
	}
	if err := in.CheckGate(secret); err != nil {
		return nil, err
	}
	if !in.written(set, pair, now) {
		return nil, ErrHandshake
	}
	ephemeral, err := ecdh.X25519().NewPublicKey(in.ephemeral)
	if err != nil {
		return nil, ErrHandshake
	}
	dh, err := in.agree(own.Device.DH(), set, pair, ephemeral)
	if err != nil {
		return nil, err
	}
	defer dh.clear()
	stage := newStage(dh, secret, in.prefix, device)
	block, err := stage.open(in.block)
	if err != nil {
		return nil, err
	}
	peer, err := parseBlock(known, block, now)
	if err != nil || peer.list.Identity == own.List.Identity {
		return nil, ErrHandshake
	}
	if dh.dh1, err = set.dh.ECDH(peer.device.DH); err != nil {
		return nil, ErrHandshake
	}
	t := transcript{
		initiator:       peer.list,
		acceptor:        own.List,
		initiatorDevice: peer.device,
		peerDevice:      device,
		setID:           set.id,
		signedPrekey:    set.dh.PublicKey().Bytes(),
		kemCiphertext:   in.kem,
		ephemeral:       in.ephemeral,
		header:          in.raw,
	}
	if in.oneTime {
		t.pairID = pair.id[:]
		t.oneTimeKey = pair.dh.PublicKey().Bytes()
		t.kemKey = pair.kem.EncapsulationKey().Bytes()
	} else {
		t.kemKey = set.kem.EncapsulationKey().Bytes()
	}
	out := stage.finish(dh.dh1, t)
	return &Accepted{
		Root:            out.root,
		Binding:         out.binding,
		SessionID:       out.sessionID,
		Peer:            peer.list.Identity,
		PeerCertificate: peer.certificate,
		PeerList:        peer.list,
		PeerDevice:      peer.device,
		OwnRatchetKey:   set.dh,
		Replay:          in.ReplayHash(own.Device.ID()),
		UsedPair:        in.pairID,
		NoOneTimeKey:    !in.oneTime,
	}, nil
}

// written reports whether the private prekeys are the ones the header names and young enough.
func (in *Initial) written(set *PrekeySet, pair *OneTimePair, now time.Time) bool {
	if set == nil || set.id != in.setID || set.Expired(now) {
		return false
	}
	if !in.oneTime {
		return true
	}
	return pair != nil && pair.id == in.pairID && !pair.Expired(now)
}

// agree computes the acceptor's DHs but the first, which needs the initiator's identity, and
// decapsulates.
func (in *Initial) agree(own *ecdh.PrivateKey, set *PrekeySet, pair *OneTimePair, ephemeral *ecdh.PublicKey) (*secrets, error) {
	var s secrets
	var err [4]error
	s.dh2, err[0] = own.ECDH(ephemeral)
	s.dh3, err[1] = set.dh.ECDH(ephemeral)
	kem := set.kem
	if in.oneTime {
		s.dh4, err[2] = pair.dh.ECDH(ephemeral)
		kem = pair.kem
	}
	s.shared, err[3] = kem.Decapsulate(in.kem)
	if errors.Join(err[:]...) != nil {
		s.clear()
		return nil, ErrHandshake
	}
	return &s, nil
}

// peer is the opened identity block.
type peer struct {
	certificate *identity.Certificate
	list        *identity.DeviceList
	device      *identity.DeviceStatement
}

func parseBlock(known *identity.Known, block []byte, now time.Time) (*peer, error) {
	r := encode.NewReader(block)
	certBytes, listBytes := r.Bytes(identity.MaxCertificate), r.Bytes(identity.MaxDeviceList)
	id := r.Exact(len(identity.DeviceID{}))
	if r.Done() != nil {
		return nil, ErrHandshake
	}
	certificate, list, err := known.Verify(certBytes, listBytes, now)
	if err != nil {
		return nil, ErrHandshake
	}
	device := list.Device(identity.DeviceID(id))
	if device == nil {
		return nil, ErrHandshake
	}
	return &peer{certificate: certificate, list: list, device: device}, nil
}
