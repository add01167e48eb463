package wire

import "time"

// Subprotocol is the WebSocket subprotocol of this version; Path is where it is served.
const (
	Subprotocol = "sotto.relay.v1"
	Path        = "/v1/ws"
	Version     = 1
)

// Limits every relay and client of this version keeps (docs/PROTOCOL.md section 9.2). Sizes in bytes.
const (
	MaxMessage         = 1 << 20   // one WebSocket message: a sequence of frames
	MaxFrames          = 256       // frames in one message
	MaxBundle          = 64 << 10  // sealed prekey bundle
	MaxPrekeys         = 128       // one-time prekeys of one mailbox
	MaxPrekey          = 4 << 10   // one sealed one-time prekey
	MaxState           = 256       // state cell of a mailbox
	MaxAuthMailboxes   = 1024      // mailboxes in one AUTH or SUB
	MaxAckSeqs         = 1024      // sequence numbers in one ACK
	MaxPassSecret      = 64        // characters of a creation password
	MaxGrantMailboxes  = 1024      // mailboxes one grant may open
	CreditMessages     = 64        // pushes in flight on one connection
	CreditBytes        = 4 << 20   // bytes of envelopes in flight on one connection
	MaxEnvelope        = 256 << 10 // the largest envelope class
	RepeatAnsweredFor  = 7 * 24 * time.Hour
	Retention          = 30 * 24 * time.Hour
	MaxPopBurst        = 1000
	DefaultMaxMessages = 2000
	DefaultMaxBytes    = 64 << 20
	MaxBlob            = 104_883_200 // one blob: the ciphertext of a file of 100 MiB
	BlobRetention      = 30 * 24 * time.Hour
	UploadRetention    = 48 * time.Hour // of an upload that is not committed
)

// EnvelopeSizes are the only sizes of envelope a relay accepts, in bytes, ascending.
func EnvelopeSizes() []int { return []int{4 << 10, 16 << 10, 64 << 10, MaxEnvelope} }

// EnvelopeSize returns the smallest accepted envelope size that holds n bytes, or ErrTooLarge.
func EnvelopeSize(n int) (int, error) {
	for _, size := range EnvelopeSizes() {
		if n <= size {
			return size, nil
		}
	}
	return 0, ErrTooLarge
}

// ValidEnvelope reports whether n is one of the accepted sizes.
func ValidEnvelope(n int) bool {
	size, err := EnvelopeSize(n)
	return err == nil && size == n
}
