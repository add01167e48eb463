package wire

import (
	"crypto/sha256"
	"encoding/binary"
)

// The labels of this protocol (docs/PROTOCOL.md section 2). They stand here and not in
// crypto/encode because a relay links no cryptography of the messenger.
const (
	LabelMailbox = "sotto/v1/mailbox-address"
	LabelAuth    = "sotto/v1/relay-auth"
	LabelToken   = "sotto/v1/mailbox-token"
	LabelGrant   = "sotto/v1/mailbox-grant"
	LabelBlob    = "sotto/v1/blob-name"
	LabelUpload  = "sotto/v1/blob-upload"
)

// fields is the encoding of docs/PROTOCOL.md section 2: the label and every field, each preceded by
// its length as a 32-bit big-endian integer.
func fields(label string, parts ...[]byte) []byte {
	size := 4 + len(label)
	for _, p := range parts {
		size += 4 + len(p)
	}
	out := make([]byte, 0, size)
	out = binary.BigEndian.AppendUint32(out, uint32(len(label)))
	out = append(out, label...)
	for _, p := range parts {
		out = binary.BigEndian.AppendUint32(out, uint32(len(p)))
		out = append(out, p...)
	}
	return out
}

func hashFields(label string, parts ...[]byte) [sha256.Size]byte {
	return sha256.Sum256(fields(label, parts...))
}
