package chat

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
)

// ContactID names a person or bot: the 32-byte OpenPGP v6 fingerprint of its identity.
type ContactID [32]byte

// DeviceID names one device of an identity: 8 random bytes.
type DeviceID [8]byte

// ConversationID names a conversation on every device: 32 bytes. A direct conversation's is the hash of its two sorted
// fingerprints, a group's is random.
type ConversationID [32]byte

// MessageID is a content id: 16 random bytes chosen by the author and kept over retries. It is the only message id in
// the CLI, in exports and on the wire.
type MessageID [16]byte

// SessionID names a ratchet session: 16 bytes derived from its handshake.
type SessionID [16]byte

// KeyID names a prekey: 8 random bytes.
type KeyID [8]byte

// MailboxID is a mailbox's address on its relay: 32 bytes.
type MailboxID [32]byte

// String returns the id in lowercase hexadecimal.
func (id ContactID) String() string { return hex.EncodeToString(id[:]) }

// IsZero reports whether the id is unset.
func (id ContactID) IsZero() bool { return id == ContactID{} }

// String returns the id in lowercase hexadecimal.
func (id DeviceID) String() string { return hex.EncodeToString(id[:]) }

// String returns the id in lowercase hexadecimal.
func (id ConversationID) String() string { return hex.EncodeToString(id[:]) }

// IsZero reports whether the id is unset.
func (id ConversationID) IsZero() bool { return id == ConversationID{} }

// String returns the id in lowercase hexadecimal.
func (id MessageID) String() string { return hex.EncodeToString(id[:]) }

// IsZero reports whether the id is unset.
func (id MessageID) IsZero() bool { return id == MessageID{} }

// MarshalText returns the id in lowercase hexadecimal.
func (id ContactID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads 64 hexadecimal digits.
func (id *ContactID) UnmarshalText(b []byte) error { return parseHex(id[:], string(b)) }

// MarshalText returns the id in lowercase hexadecimal.
func (id DeviceID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads 16 hexadecimal digits.
func (id *DeviceID) UnmarshalText(b []byte) error { return parseHex(id[:], string(b)) }

// MarshalText returns the id in lowercase hexadecimal.
func (id ConversationID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads 64 hexadecimal digits.
func (id *ConversationID) UnmarshalText(b []byte) error { return parseHex(id[:], string(b)) }

// MarshalText returns the id in lowercase hexadecimal.
func (id MessageID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads 32 hexadecimal digits.
func (id *MessageID) UnmarshalText(b []byte) error { return parseHex(id[:], string(b)) }

// String returns the id in lowercase hexadecimal.
func (id MailboxID) String() string { return hex.EncodeToString(id[:]) }

// IsZero reports whether the id is unset.
func (id MailboxID) IsZero() bool { return id == MailboxID{} }

// MarshalText returns the id in lowercase hexadecimal.
func (id MailboxID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads 64 hexadecimal digits.
func (id *MailboxID) UnmarshalText(b []byte) error { return parseHex(id[:], string(b)) }

// NewMessageID returns a fresh random id.
func NewMessageID() MessageID {
	var id MessageID
	rand.Read(id[:]) //nolint:errcheck // never fails: a failing OS generator ends the process
	return id
}

// ParseContactID reads 64 hexadecimal digits.
func ParseContactID(s string) (ContactID, error) {
	var id ContactID
	err := parseHex(id[:], s)
	return id, err
}

// ParseConversationID reads 64 hexadecimal digits.
func ParseConversationID(s string) (ConversationID, error) {
	var id ConversationID
	err := parseHex(id[:], s)
	return id, err
}

// ParseMessageID reads 32 hexadecimal digits.
func ParseMessageID(s string) (MessageID, error) {
	var id MessageID
	err := parseHex(id[:], s)
	return id, err
}

func parseHex(dst []byte, s string) error {
	if len(s) != hex.EncodedLen(len(dst)) {
		return fmt.Errorf("%w: want %d hexadecimal digits", ErrMalformed, hex.EncodedLen(len(dst)))
	}
	if _, err := hex.Decode(dst, []byte(s)); err != nil {
		return fmt.Errorf("%w: not hexadecimal", ErrMalformed)
	}
	return nil
}
