package handshake

import (
	"crypto/ecdh"
	"crypto/mlkem"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"sotto/crypto/encode"
	"sotto/crypto/identity"
)

// Initiated is the initiator's result.
type Initiated struct {
	// Root is the first root key. The caller clears it once the ratchet has it.
	Root RootKey
	// Binding is the hash of the transcript, equal on both sides and to no other session: associated
	// data of every message, and the tie-break of simultaneous initiation.
	Binding [32]byte
	// SessionID names the session in the clear part of an envelope.
	SessionID [16]byte
	// Header travels with each message until the peer's first reply.
	Header []byte
	// Peer is the acceptor's identity.
	Peer identity.Fingerprint
	// PeerDevice is the acceptor's device, from the bundle. The ratchet also takes the own device's KEM,
	// to which the first reply encapsulates (rule K7).
	PeerDevice *identity.DeviceStatement
	// PeerRatchetKey is the acceptor's signed prekey: its first ratchet key.
	PeerRatchetKey *ecdh.PublicKey
	// NoOneTimeKey marks a first message without forward secrecy until the reply.
	NoOneTimeKey bool
}

// Initiate computes the initiator's side (docs/PROTOCOL.md section 5; PQXDH section 3.3). pair is the
// popped one-time pair, nil when none was left; now is checked against the bundle again. It returns
// ErrMalformed for an own device that the own list does not hold, ErrSelf, ErrUnlistedPair,
// ErrBundleExpired, ErrBundleFuture, or ErrBundle for a peer key that is none.
func Initiate(own Own, peer *Bundle, pair *PublicPair, secret Secret, now time.Time) (*Initiated, error) {
	if peer.Identity() == own.List.Identity {
		return nil, ErrSelf
	}
	return initiate(own, peer, pair, secret, now)
}

func initiate(own Own, peer *Bundle, pair *PublicPair, secret Secret, now time.Time) (*Initiated, error) {
	device, err := own.statement()
	if err != nil {
		return nil, err
	}
	if pair != nil && !peer.lists(pair) {
		return nil, ErrUnlistedPair
	}
	if err := peer.checkDates(now); err != nil {
		return nil, err
	}
	ephemeral, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("creating an ephemeral key: %w", err)
	}
	target, err := peer.target(pair)
	if err != nil {
		return nil, err
	}
	shared, ciphertext := target.kem.Encapsulate()
	dh, err := target.agree(own.Device.DH(), ephemeral, peer)
	if err != nil {
		return nil, err
	}
	dh.shared = shared
	defer dh.clear()

	prefix := make([]byte, 0, prefixSize)
	prefix = append(prefix, Version, target.mode)
	prefix = append(prefix, peer.setID[:]...)
	prefix = append(prefix, target.pairID[:]...)
	prefix = append(prefix, ephemeral.PublicKey().Bytes()...)
	prefix = append(prefix, ciphertext...)
	stage := newStage(dh, secret, prefix, peer.Device)

	id := own.Device.ID()
	certificate, list := own.Certificate.Bytes(), own.List.Bytes()
	block := make([]byte, 0, 3*4+len(certificate)+len(list)+len(id))
	block = encode.Append(block, certificate)
	block = encode.Append(block, list)
	block = encode.Append(block, id[:])
	sealed := stage.seal(block)

	header := make([]byte, 0, prefixSize+gateSize+4+len(sealed))
	header = append(header, prefix...)
	header = append(header, gateMAC(secret, prefix, sealed)...)
	header = encode.Append(header, sealed)

	out := stage.finish(dh.dh1, transcript{
		initiator:       own.List,
		acceptor:        peer.List,
		initiatorDevice: device,
		peerDevice:      peer.Device,
		setID:           peer.setID,
		signedPrekey:    peer.dh.Bytes(),
		pairID:          target.pairField(),
		oneTimeKey:      target.keyField(),
		kemKey:          target.kem.Bytes(),
		kemCiphertext:   ciphertext,
		ephemeral:       ephemeral.PublicKey().Bytes(),
		header:          header,
	})
	return &Initiated{
		Root:           out.root,
		Binding:        out.binding,
		SessionID:      out.sessionID,
		Header:         header,
		Peer:           peer.Identity(),
		PeerDevice:     peer.Device,
		PeerRatchetKey: peer.dh,
		NoOneTimeKey:   pair == nil,
	}, nil
}

// target is what an initial message is written to: the one-time pair, or the last-resort KEM key.
type target struct {
	mode    byte
	pairID  ID
	oneTime *ecdh.PublicKey // nil without a one-time pair
	kem     *mlkem.EncapsulationKey1024
}

// target returns ErrBundle for a last-resort key that is none.
func (b *Bundle) target(pair *PublicPair) (target, error) {
	if pair != nil {
		return target{mode: modeOneTime, pairID: pair.id, oneTime: pair.dh, kem: pair.kem}, nil
	}
	kem, err := mlkem.NewEncapsulationKey1024(b.kem)
	if err != nil {
		return target{}, ErrBundle
	}
	return target{mode: modeLastResort, kem: kem}, nil
}

// pairField returns the id of the one-time pair as a field of the transcript, empty without one.
func (t target) pairField() []byte {
	if t.oneTime == nil {
		return nil
	}
	return t.pairID[:]
}

// keyField returns the X25519 key of the one-time pair as a field of the transcript, empty without one.
func (t target) keyField() []byte {
	if t.oneTime == nil {
		return nil
	}
	return t.oneTime.Bytes()
}

// agree computes the initiator's DHs. A peer key of low order gives an all-zero result and ErrBundle.
func (t target) agree(own, ephemeral *ecdh.PrivateKey, peer *Bundle) (*secrets, error) {
	var s secrets
	var err [4]error
	s.dh1, err[0] = own.ECDH(peer.dh)
	s.dh2, err[1] = ephemeral.ECDH(peer.Device.DH)
	s.dh3, err[2] = ephemeral.ECDH(peer.dh)
	if t.oneTime != nil {
		s.dh4, err[3] = ephemeral.ECDH(t.oneTime)
	}
	if errors.Join(err[:]...) != nil {
		return nil, ErrBundle
	}
	return &s, nil
}
