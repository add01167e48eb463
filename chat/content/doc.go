// Package content is the codec of the inner plaintext: what one device says to another once the ratchet has opened the
// envelope.
//
// The format is specified in docs/PROTOCOL.md section 8: one deterministic CBOR map (RFC 8949 section 4.2) with integer
// keys, at most [MaxSize] bytes, with a version, a kind, the common fields and a body that depends on the kind. The
// author never stands in a content: it is the session's identity and device.
//
// [Content.Encode] writes, [Decode] reads hostile bytes: anything not in the one canonical form is [chat.ErrMalformed].
// A kind or version this program does not know decodes as [Unknown] and keeps its bytes in Content.Raw, so that it can
// be shown as "needs a newer version".
package content
