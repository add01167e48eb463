package relay

import (
	"sync"
	"time"

	"sotto/transport/wire"
)

// Limits of a relay (docs/PROTOCOL.md section 9.7). A rate of zero is no limit.
type Limits struct {
	MaxMessages  uint64        // envelopes in one mailbox
	MaxBytes     uint64        // bytes in one mailbox
	SendBurst    uint64        // envelopes at once by token
	SendEvery    time.Duration // one more after each
	PopBurst     uint64        // prekeys at once by token, unless the token says otherwise
	PopEvery     time.Duration
	MaxPopBurst  uint64 // the most a token may say
	MinPopEvery  time.Duration
	PerHost      int // connections from one network address; loopback is not counted
	Connections  int // in all
	GrantedBoxes uint64

	MaxBlobBytes   uint64 // bytes of blobs in one mailbox
	MaxBlobs       uint64 // blobs in one mailbox
	TokenBlobBytes uint64 // and granted by one token
	TokenBlobs     uint64
	KeepFree       uint64 // bytes of the disk that blobs leave alone
	Transfers      int    // uploads and downloads at once
	HostTransfers  int    // from one network address; loopback is not counted
}

// Rates of a relay for many, and how it shares out.
const (
	sendBurst      = 60 // envelopes at once by token
	sendEvery      = time.Second
	popBurst       = 6 // prekeys at once by token, unless the token says otherwise
	popEvery       = 10 * time.Minute
	maxPopBurst    = 200 // the most a token may say
	minPopEvery    = time.Second
	perHost        = 64 // connections from one network address
	maxBlobBytes   = 1 << 30
	maxBlobs       = 256
	tokenBlobBytes = 512 << 20
	tokenBlobs     = 128
	hostTransfers  = 16 // uploads and downloads at once from one network address
	grantedPart    = 8  // a mailbox opened by a grant holds one part in so many of the bytes of another
)

// granted are the limits of a mailbox that was opened by a grant: whoever holds a link opens as many as it grants.
func (l Limits) granted() Limits {
	l.MaxBytes = l.MaxBytes / grantedPart
	return l
}

// ServerLimits are the defaults of a relay for many.
func ServerLimits() Limits {
	return Limits{
		MaxMessages: wire.DefaultMaxMessages, MaxBytes: wire.DefaultMaxBytes,
		SendBurst: sendBurst, SendEvery: sendEvery,
		PopBurst: popBurst, PopEvery: popEvery, MaxPopBurst: maxPopBurst, MinPopEvery: minPopEvery,
		PerHost: perHost, Connections: 20000, GrantedBoxes: wire.MaxGrantMailboxes,
		MaxBlobBytes: maxBlobBytes, MaxBlobs: maxBlobs, TokenBlobBytes: tokenBlobBytes, TokenBlobs: tokenBlobs,
		KeepFree: 2 << 30, Transfers: 512, HostTransfers: hostTransfers,
	}
}

// EmbeddedLimits are those of the relay inside a client: sizes only.
func EmbeddedLimits() Limits {
	return Limits{
		MaxMessages: wire.DefaultMaxMessages, MaxBytes: wire.DefaultMaxBytes,
		Connections: 256, GrantedBoxes: wire.MaxGrantMailboxes,
		MaxBlobBytes: maxBlobBytes, MaxBlobs: maxBlobs, TokenBlobBytes: tokenBlobBytes, TokenBlobs: tokenBlobs,
		KeepFree: 512 << 20, Transfers: 64,
	}
}

type bucketKey struct {
	mailbox wire.Mailbox
	token   wire.TokenHash
	kind    wire.Kind // of the request
}

type bucket struct {
	left uint64
	at   time.Time // when left was last filled
	full time.Time // when it will be full again
}

const maxBuckets = 1 << 16

// buckets are the token buckets of all capabilities that were used lately.
type buckets struct {
	mu   sync.Mutex
	held map[bucketKey]*bucket
}

// take takes one from a bucket, or returns how long until there is one.
func (b *buckets) take(key bucketKey, burst uint64, every time.Duration, now time.Time) (time.Duration, bool) {
	if burst == 0 || every <= 0 {
		return 0, true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	k, ok := b.held[key]
	if !ok {
		b.prune(now)
		k = &bucket{left: burst, at: now}
		b.held[key] = k
	}
	if gained := now.Sub(k.at) / every; gained > 0 {
		k.left = min(burst, k.left+uint64(gained))
		k.at = k.at.Add(gained * every)
	}
	if k.left == 0 {
		return k.at.Add(every).Sub(now), false
	}
	if k.left == burst {
		k.at = now
	}
	k.left--
	k.full = k.at.Add(time.Duration(burst-k.left) * every)
	return 0, true
}

// prune forgets full buckets, which are as good as new, when there are many.
func (b *buckets) prune(now time.Time) {
	if len(b.held) < maxBuckets {
		return
	}
	for key, k := range b.held {
		if !now.Before(k.full) || len(b.held) > 2*maxBuckets {
			delete(b.held, key)
		}
	}
}
