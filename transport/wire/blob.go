package wire

import (
	"crypto/rand"
	"crypto/subtle"
	"fmt"
)

// ReadKey is the 32-byte capability to fetch and to remove one blob. It travels inside a message. The relay stores its
// BlobName only.
type ReadKey [32]byte

// UploadKey is the 32-byte capability to bring the bytes of one blob. It stays with the uploader. The relay stores its
// UploadHash only.
type UploadKey [32]byte

// BlobName names a blob at the relay: SHA-256 over a label and the read key.
type BlobName [32]byte

// UploadHash names an upload at the relay: SHA-256 over a label and the upload key.
type UploadHash [32]byte

// NewReadKey returns a random read key.
func NewReadKey() (k ReadKey) { rand.Read(k[:]); return k }

// NewUploadKey returns a random upload key.
func NewUploadKey() (k UploadKey) { rand.Read(k[:]); return k }

// Hash returns the name of the blob at the relay.
func (k ReadKey) Hash() BlobName { return hashFields(LabelBlob, k[:]) }

// Hash returns the name of the upload at the relay.
func (k UploadKey) Hash() UploadHash { return hashFields(LabelUpload, k[:]) }

// Equal compares in constant time.
func (k ReadKey) Equal(o ReadKey) bool { return subtle.ConstantTimeCompare(k[:], o[:]) == 1 }

// Equal compares in constant time.
func (k UploadKey) Equal(o UploadKey) bool { return subtle.ConstantTimeCompare(k[:], o[:]) == 1 }

// Equal compares in constant time.
func (h UploadHash) Equal(o UploadHash) bool { return subtle.ConstantTimeCompare(h[:], o[:]) == 1 }

// IsZero reports whether the key is unset.
func (k ReadKey) IsZero() bool { return k == ReadKey{} }

// IsZero reports whether the key is unset.
func (k UploadKey) IsZero() bool { return k == UploadKey{} }

// Redacted forms, as of the values of mailbox.go.

func (ReadKey) String() string    { return "read key" }
func (UploadKey) String() string  { return "upload key" }
func (BlobName) String() string   { return "blob name" }
func (UploadHash) String() string { return "upload hash" }

func (k ReadKey) Format(f fmt.State, _ rune)    { redact(f, k.String()) }
func (k UploadKey) Format(f fmt.State, _ rune)  { redact(f, k.String()) }
func (n BlobName) Format(f fmt.State, _ rune)   { redact(f, n.String()) }
func (h UploadHash) Format(f fmt.State, _ rune) { redact(f, h.String()) }
