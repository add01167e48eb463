package encode

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"math"
	"time"
)

// Fields returns label and fields, each preceded by its length as a uint32 in big-endian order
// (docs/PROTOCOL.md section 2). The result is the message to sign, the associated data, or the
// input of a hash.
func Fields(label Label, fields ...[]byte) []byte {
	size := 4 + len(label)
	for _, f := range fields {
		size += 4 + len(f)
	}
	out := make([]byte, 0, size)
	out = appendLength(out, len(label))
	out = append(out, label...)
	for _, f := range fields {
		out = Append(out, f)
	}
	return out
}

// Append appends one length-prefixed field to dst; [Reader.Bytes] reads it back.
func Append(dst, field []byte) []byte {
	return append(appendLength(dst, len(field)), field...)
}

// Hash returns the SHA-256 of Fields(label, fields...).
func Hash(label Label, fields ...[]byte) [32]byte {
	return sha256.Sum256(Fields(label, fields...))
}

// WriteFields writes Fields(label, fields...) to h, a hash or MAC, without a copy of the fields. Where
// they are as large as an initial message it is worth its calls; [Hash] is faster where they are small.
func WriteFields(h hash.Hash, label Label, fields ...[]byte) {
	prefix := appendLength(make([]byte, 0, 4), len(label))
	h.Write(prefix)
	h.Write([]byte(label))
	for _, f := range fields {
		h.Write(appendLength(prefix[:0], len(f)))
		h.Write(f)
	}
}

// Uint64 returns v as 8 bytes in big-endian order, for use as a field.
func Uint64(v uint64) []byte {
	return binary.BigEndian.AppendUint64(nil, v)
}

// Time returns the Unix seconds of t as Uint64 does, for use as a field; [Reader.Time] reads it back. A
// time outside the years 1970 to 9999 becomes the nearest second inside.
func Time(t time.Time) []byte {
	return Uint64(uint64(min(max(t.Unix(), 0), maxTime)))
}

// Derive returns n bytes (at most 8160) of HKDF-SHA-256 (RFC 5869) of secret and salt, with
// info = Fields(label, info...). A nil salt is the string of zeros of RFC 5869 section 2.2.
func Derive(secret, salt []byte, label Label, n int, info ...[]byte) []byte {
	out, err := hkdf.Key(sha256.New, secret, salt, string(Fields(label, info...)), n)
	if err != nil {
		panic("encode: " + err.Error()) // only an n above 255*32, which no caller passes
	}
	return out
}

func appendLength(dst []byte, n int) []byte {
	if n < 0 || uint64(n) > math.MaxUint32 {
		panic("encode: field longer than 4 GiB")
	}
	return binary.BigEndian.AppendUint32(dst, uint32(n))
}
