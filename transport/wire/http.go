package wire

import (
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
)

// The paths of the HTTP side, on the listener of the WebSocket (docs/PROTOCOL.md section 9.9).
const (
	UploadPath = "/v1/upload"
	BlobPath   = "/v1/blob"
)

// Headers of the HTTP side beside those of HTTP itself.
const (
	HeaderOffset = "Upload-Offset" // bytes of an upload that are on the relay's disk, or where a part begins
	HeaderLength = "Upload-Length" // bytes that were granted
	HeaderDigest = "Content-Digest"
)

const bearerScheme = "Bearer "

// Bearer is the Authorization header that shows the key.
func (k ReadKey) Bearer() string { return bearer(k) }

// Bearer is the Authorization header that shows the key.
func (k UploadKey) Bearer() string { return bearer(k) }

func bearer(key [32]byte) string { return bearerScheme + base64.RawURLEncoding.EncodeToString(key[:]) }

// ParseBearer reads an Authorization header: the scheme and 43 characters of base64url. ErrUnauthorized.
func ParseBearer(header string) (key [32]byte, err error) {
	if len(header) != len(bearerScheme)+base64.RawURLEncoding.EncodedLen(len(key)) || header[:len(bearerScheme)] != bearerScheme {
		return key, ErrUnauthorized
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(header[len(bearerScheme):])
	if err != nil || len(raw) != len(key) {
		return [32]byte{}, ErrUnauthorized
	}
	return [32]byte(raw), nil
}

// ParseDecimal reads a header that stands once, as a number from 0 on without sign and leading zeros. ErrMalformed.
func ParseDecimal(values []string) (int64, error) {
	if len(values) != 1 {
		return 0, ErrMalformed
	}
	n, err := strconv.ParseInt(values[0], 10, 64)
	if err != nil || n < 0 || strconv.FormatInt(n, 10) != values[0] {
		return 0, ErrMalformed
	}
	return n, nil
}

const digestBegin, digestEnd = "sha-256=:", ":"

// FormatDigest is the Content-Digest of bytes with this SHA-256 (RFC 9530 section 2).
func FormatDigest(sum [sha256.Size]byte) string {
	return digestBegin + base64.StdEncoding.EncodeToString(sum[:]) + digestEnd
}

// ParseDigest reads a Content-Digest that stands once, in the form of FormatDigest. ErrMalformed.
func ParseDigest(values []string) (sum [sha256.Size]byte, err error) {
	if len(values) != 1 {
		return sum, ErrMalformed
	}
	text, begun := strings.CutPrefix(values[0], digestBegin)
	text, ended := strings.CutSuffix(text, digestEnd)
	if !begun || !ended || len(text) != base64.StdEncoding.EncodedLen(len(sum)) {
		return sum, ErrMalformed
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) != len(sum) {
		return sum, ErrMalformed
	}
	return [sha256.Size]byte(raw), nil
}
