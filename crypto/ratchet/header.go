package ratchet

import (
	"encoding/binary"
	"math"

	"sotto/crypto/encode"
)

// Version is the first byte of every message and of every serialised state.
const Version = 1

// Sizes of a message in bytes (docs/PROTOCOL.md section 6.2).
const (
	// HeaderSize is the header without KEM material: version, flags, session id, ratchet key,
	// previous chain length, number, salt.
	HeaderSize = 1 + 1 + 16 + publicSize + 4 + 4 + saltSize
	// TagSize is the authentication tag at the end.
	TagSize = 16
	// MinOverhead is what a message without KEM material adds to its plaintext.
	MinOverhead = HeaderSize + TagSize
	// MaxOverhead is what a message adds to its plaintext at most: two ML-KEM-768 ciphertexts.
	MaxOverhead = MinOverhead + 2*ciphertextSize
	// MaxMessage is the largest message, the largest envelope of the wire.
	MaxMessage = 256 << 10
	// MaxPlaintext is the largest plaintext, whatever material the message carries.
	MaxPlaintext = MaxMessage - MaxOverhead
)

const saltSize = 16

// flags say what follows the fixed part of the header. Bit 7 is reserved for headers that carry only
// a hash of the material (K6) and is refused in this version, as are all other bits.
type flags uint8

const (
	flagKey              flags = 1 << 0
	flagCiphertext       flags = 1 << 1
	flagStaticCiphertext flags = 1 << 2

	carriesNothing flags = 0
	carriesKey           = flagKey
	carriesAnswer        = flagCiphertext
	carriesFirst         = flagCiphertext | flagStaticCiphertext
)

// materialSize returns how many bytes of material follow the fixed header, and whether the
// combination of flags exists (K1: never a key beside a ciphertext).
func (f flags) materialSize() (int, bool) {
	switch f {
	case carriesNothing:
		return 0, true
	case carriesKey:
		return encapsulationKey, true
	case carriesAnswer:
		return ciphertextSize, true
	case carriesFirst:
		return 2 * ciphertextSize, true
	}
	return 0, false
}

// header is a parsed message header (docs/PROTOCOL.md section 6.2). Slices alias the message.
type header struct {
	flags    flags
	session  SessionID
	public   [publicSize]byte
	previous uint32 // PN: messages in the sender's previous chain
	number   uint32 // N: number of the message in its chain, from 0
	salt     []byte
	material []byte

	raw  []byte // the header as received
	body []byte // ciphertext and tag
}

func parseHeader(message []byte) (header, error) {
	if len(message) < MinOverhead || len(message) > MaxMessage || message[0] != Version {
		return header{}, refuse(reasonMalformed)
	}
	h := header{flags: flags(message[1])}
	size, ok := h.flags.materialSize()
	if !ok || len(message) < MinOverhead+size {
		return header{}, refuse(reasonMalformed)
	}
	r := encode.NewReader(message[2:])
	copy(h.session[:], r.Fixed(len(h.session)))
	copy(h.public[:], r.Fixed(publicSize))
	h.previous = binary.BigEndian.Uint32(r.Fixed(4))
	h.number = binary.BigEndian.Uint32(r.Fixed(4))
	if h.number == math.MaxUint32 {
		return header{}, refuse(reasonMalformed) // never sent, so that a chain's length is a uint32
	}
	h.salt = r.Fixed(saltSize)
	h.material = r.Fixed(size)
	h.raw, h.body = message[:HeaderSize+size], message[HeaderSize+size:]
	return h, nil
}

// append writes the header; h.raw and h.body are not used.
func (h *header) append(dst []byte) []byte {
	dst = append(dst, Version, byte(h.flags))
	dst = append(dst, h.session[:]...)
	dst = append(dst, h.public[:]...)
	dst = binary.BigEndian.AppendUint32(dst, h.previous)
	dst = binary.BigEndian.AppendUint32(dst, h.number)
	dst = append(dst, h.salt...)
	return append(dst, h.material...)
}

// MessageSession returns the session id a message names, without authenticating anything, and
// whether the message has a header of this version at all.
func MessageSession(message []byte) (SessionID, bool) {
	h, err := parseHeader(message)
	return h.session, err == nil
}
