// Package wire is the vocabulary of the relay protocol: frames, limits, addresses, mailboxes,
// capabilities and errors, with their one strict encoding.
//
// It follows docs/PROTOCOL.md section 9. A binary WebSocket message of subprotocol
// [Subprotocol] is a CBOR sequence (RFC 8742) of frames; a frame is the array
// [kind, request id, body] in the deterministic encoding of RFC 8949 section 4.2.1, and anything
// else (another order, another length form, an indefinite length, a tag, a duplicate or unknown
// key) is refused.
//
// Use [Append] and [Decode] for frames, [ParseAddress] and [ParsePass] for what people paste,
// [MailboxSpec] and the other types of api.go to talk to a relay through transport/client, and
// errors.Is with the sentinels of errors.go for what a relay answers. The package does no input or
// output and reads no clock.
package wire
