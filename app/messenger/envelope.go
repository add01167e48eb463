package messenger

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"sotto/chat"
	"sotto/crypto/encode"
	"sotto/crypto/handshake"
	"sotto/transport/wire"
)

// The envelope of docs/PROTOCOL.md section 7: what the relay stores. Its length is one of wire.EnvelopeSizes.
const (
	envelopeVersion = 1
	typeInitial     = 1 // carries the handshake header until the peer's first reply
	typeMessage     = 2

	headSize     = 2  // version and type
	previousSize = 16 // id of a session, before the content of an initial message
	lengthSize   = 4  // of the handshake header outside, of the content inside
)

// sealed is a parsed envelope. Slices alias the input.
type sealed struct {
	kind    byte
	header  []byte // handshake header of an initial envelope
	message []byte // ratchet message
}

// parseEnvelope reads hostile bytes. Every error is chat.ErrMalformed.
func parseEnvelope(b []byte) (sealed, error) {
	if !wire.ValidEnvelope(len(b)) || b[0] != envelopeVersion {
		return sealed{}, fmt.Errorf("%w: envelope", chat.ErrMalformed)
	}
	s, rest := sealed{kind: b[1]}, b[headSize:]
	switch s.kind {
	case typeMessage:
		s.message = rest
	case typeInitial:
		n := binary.BigEndian.Uint32(rest)
		rest = rest[lengthSize:]
		if n == 0 || n > handshake.MaxHeader || int(n) >= len(rest) {
			return sealed{}, fmt.Errorf("%w: envelope header", chat.ErrMalformed)
		}
		s.header, s.message = rest[:n], rest[n:]
	default:
		return sealed{}, fmt.Errorf("%w: envelope type", chat.ErrMalformed)
	}
	return s, nil
}

// associated returns the associated data of the ratchet message: version, type and the handshake header.
func (s sealed) associated() []byte {
	return encode.Append(encode.Append(nil, []byte{envelopeVersion, s.kind}), s.header)
}

// opened takes apart an authenticated plaintext: in an initial message the id of the session that the initiator used
// before, zero for none, goes ahead. Error: chat.ErrMalformed.
func (s sealed) opened(plaintext []byte) (previous chat.SessionID, padded []byte, err error) {
	if s.kind != typeInitial {
		return chat.SessionID{}, plaintext, nil
	}
	if len(plaintext) < previousSize {
		return chat.SessionID{}, nil, fmt.Errorf("%w: initial message", chat.ErrMalformed)
	}
	return chat.SessionID(plaintext[:previousSize]), plaintext[previousSize:], nil
}

// prefix appends everything before the ratchet message to dst.
func (s sealed) prefix(dst []byte) []byte {
	dst = append(dst, envelopeVersion, s.kind)
	if s.kind == typeInitial {
		dst = encode.Append(dst, s.header)
	}
	return dst
}

// prefixSize returns how long the prefix is.
func (s sealed) prefixSize() int {
	if s.kind == typeInitial {
		return headSize + lengthSize + len(s.header)
	}
	return headSize
}

// pad returns the ratchet plaintext: the lead, the length of the content, the content, and zeros so that the whole
// envelope, with the prefix and the ratchet's overhead, has the size of its class. Error: chat.ErrTooLarge.
func pad(lead, content []byte, prefix, overhead int) ([]byte, error) {
	fixed := prefix + overhead
	class, err := wire.EnvelopeSize(fixed + len(lead) + lengthSize + len(content))
	if err != nil {
		return nil, fmt.Errorf("%w: envelope", chat.ErrTooLarge)
	}
	out := make([]byte, class-fixed)
	rest := out[copy(out, lead):]
	binary.BigEndian.PutUint32(rest, uint32(len(content)))
	copy(rest[lengthSize:], content)
	return out, nil
}

// unpad takes the content out of an authenticated plaintext; the padding must be zeros. Error: chat.ErrMalformed.
func unpad(plaintext []byte) ([]byte, error) {
	if len(plaintext) < lengthSize {
		return nil, fmt.Errorf("%w: padding", chat.ErrMalformed)
	}
	n, rest := binary.BigEndian.Uint32(plaintext), plaintext[lengthSize:]
	if uint64(n) > uint64(len(rest)) || !zeros(rest[n:]) {
		return nil, fmt.Errorf("%w: padding", chat.ErrMalformed)
	}
	return rest[:n], nil
}

// zeros reports whether all bytes are zero: the first is, and each is the one before it.
func zeros(b []byte) bool {
	return len(b) == 0 || b[0] == 0 && bytes.Equal(b[1:], b[:len(b)-1])
}
