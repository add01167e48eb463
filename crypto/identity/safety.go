package identity

import (
	"bytes"
	"crypto/sha512"
	"crypto/subtle"
	"fmt"
	"strings"

	"sotto/crypto/encode"
)

// safetyVersion is the first byte of the QR payload.
const safetyVersion = 1

// SafetyNumber is what two people compare to know that each holds the other's identity
// (docs/PROTOCOL.md section 3.6). It is the same on both sides and does not depend on devices.
type SafetyNumber [64]byte

// NewSafetyNumber returns the safety number of two identities, in whichever order.
func NewSafetyNumber(a, b Fingerprint) SafetyNumber {
	if bytes.Compare(a[:], b[:]) > 0 {
		a, b = b, a
	}
	return sha512.Sum512(encode.Fields(encode.SafetyNumber, a[:], b[:]))
}

// Groups returns the number as 12 groups of 5 decimal digits, about 199 bits.
func (n SafetyNumber) Groups() [12]string {
	var groups [12]string
	for i := range groups {
		var v uint64
		for _, b := range n[i*5 : i*5+5] {
			v = v<<8 | uint64(b)
		}
		groups[i] = fmt.Sprintf("%05d", v%100_000)
	}
	return groups
}

// String returns the 12 groups with a space between them.
func (n SafetyNumber) String() string {
	groups := n.Groups()
	return strings.Join(groups[:], " ")
}

// MatchesDigits compares digits as a person types or reads them; spaces, line breaks and hyphens do
// not count. It is false for anything but the 60 digits.
func (n SafetyNumber) MatchesDigits(digits string) bool {
	typed := strings.Map(func(r rune) rune {
		switch r {
		case ' ', '\t', '\n', '\r', '-', '\u00a0':
			return -1
		}
		return r
	}, digits)
	own := strings.ReplaceAll(n.String(), " ", "")
	return subtle.ConstantTimeCompare([]byte(typed), []byte(own)) == 1
}

// QR returns the payload of the QR code: the version byte 1 and the 64 bytes.
func (n SafetyNumber) QR() []byte {
	return append([]byte{safetyVersion}, n[:]...)
}

// ParseSafetyQR reads the payload of a scanned code; compare the result with [SafetyNumber.Equal]. It
// returns ErrMalformed for another length or version.
func ParseSafetyQR(payload []byte) (SafetyNumber, error) {
	if len(payload) != 1+len(SafetyNumber{}) || payload[0] != safetyVersion {
		return SafetyNumber{}, ErrMalformed
	}
	return SafetyNumber(payload[1:]), nil
}

// Equal compares in constant time.
func (n SafetyNumber) Equal(other SafetyNumber) bool {
	return subtle.ConstantTimeCompare(n[:], other[:]) == 1
}
