package handshake

import (
	"crypto/cipher"
	"crypto/sha256"

	"golang.org/x/crypto/chacha20poly1305"

	"sotto/crypto/encode"
	"sotto/crypto/identity"
)

// secrets are the results of the DH computations, numbered as in PQXDH section 3.3, and of the KEM.
type secrets struct {
	dh1    []byte // initiator's identity key, acceptor's signed prekey
	dh2    []byte // ephemeral key, acceptor's identity key
	dh3    []byte // ephemeral key, signed prekey
	dh4    []byte // ephemeral key, one-time key; nil without a one-time pair
	shared []byte // ML-KEM-1024
}

func (s *secrets) clear() {
	for _, b := range [][]byte{s.dh1, s.dh2, s.dh3, s.dh4, s.shared} {
		clear(b)
	}
}

// stage is what both sides know before the initiator has named itself: the key of the identity block
// and the chaining key that the last DH is mixed into (docs/PROTOCOL.md section 5.3).
type stage struct {
	block    cipher.AEAD
	nonce    []byte
	chaining []byte
	prefix   []byte
}

// newStage derives it from all secrets but DH1 and from the invitation secret, for the clear prefix of
// the header and the acceptor's device statement.
func newStage(s *secrets, invitation Secret, prefix []byte, acceptor *identity.DeviceStatement) *stage {
	ikm := make([]byte, 0, 5*(4+32))
	for _, b := range [][]byte{s.dh2, s.dh3, s.dh4, s.shared, invitation[:]} {
		ikm = encode.Append(ikm, b)
	}
	defer clear(ikm)
	statement := acceptor.Hash()
	const key, nonce = chacha20poly1305.KeySize, chacha20poly1305.NonceSize
	out := encode.Derive(ikm, nil, encode.HandshakeIdentityBlock, key+nonce+32, prefix, statement[:])
	aead, err := chacha20poly1305.New(out[:key])
	if err != nil {
		panic("handshake: " + err.Error()) // only for a key of another size
	}
	clear(out[:key])
	return &stage{block: aead, nonce: out[key : key+nonce], chaining: out[key+nonce:], prefix: prefix}
}

func (s *stage) seal(plain []byte) []byte {
	return s.block.Seal(nil, s.nonce, plain, encode.Fields(encode.HandshakeIdentityBlock, s.prefix))
}

func (s *stage) open(sealed []byte) ([]byte, error) {
	plain, err := s.block.Open(nil, s.nonce, sealed, encode.Fields(encode.HandshakeIdentityBlock, s.prefix))
	if err != nil {
		return nil, ErrHandshake
	}
	return plain, nil
}

// transcript is everything both sides must agree on (docs/PROTOCOL.md section 5.4).
type transcript struct {
	initiator, acceptor         *identity.DeviceList
	initiatorDevice, peerDevice *identity.DeviceStatement
	setID                       ID
	signedPrekey                []byte
	pairID                      []byte // empty without a one-time pair
	oneTimeKey                  []byte // empty without a one-time pair
	kemKey, kemCiphertext       []byte
	ephemeral                   []byte
	header                      []byte
}

func (t transcript) hash() (sum [32]byte) {
	h := sha256.New()
	encode.WriteFields(h, encode.HandshakeTranscript,
		[]byte{Version},
		t.initiator.Identity[:],
		t.acceptor.Identity[:],
		t.initiator.Certificate[:],
		t.acceptor.Certificate[:],
		t.initiatorDevice.Bytes(),
		t.peerDevice.Bytes(),
		t.setID[:],
		t.signedPrekey,
		t.pairID,
		t.oneTimeKey,
		t.kemKey,
		t.kemCiphertext,
		t.ephemeral,
		t.header,
	)
	h.Sum(sum[:0])
	return sum
}

// keys are the outputs of the handshake.
type keys struct {
	root      RootKey
	binding   [32]byte
	sessionID [16]byte
}

// finish mixes in DH1 and binds the transcript. The session id is derived from the secrets, so that a
// relay that guesses two identities cannot test its guess against the id it sees.
func (s *stage) finish(dh1 []byte, t transcript) keys {
	ikm := make([]byte, 0, 2*(4+32))
	ikm = encode.Append(encode.Append(ikm, s.chaining), dh1)
	defer clear(ikm)
	hash := t.hash()
	clear(s.chaining)
	return keys{
		root:      RootKey(encode.Derive(ikm, hash[:], encode.HandshakeRoot, 32)),
		binding:   encode.Hash(encode.SessionBinding, hash[:]),
		sessionID: [16]byte(encode.Derive(ikm, hash[:], encode.SessionID, 16)),
	}
}
