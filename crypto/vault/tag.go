package vault

import (
	"crypto/hmac"
	"crypto/sha256"
	"hash"
	"sync"

	"sotto/crypto/encode"
)

// Tag is a lookup tag: what a clear column holds instead of a value.
type Tag [16]byte

// Tagger makes lookup tags under the lookup key of one store. It is safe for concurrent use.
type Tagger struct{ macs sync.Pool }

// NewTagger returns the tagger of a key.
func NewTagger(key RowKey) *Tagger {
	secret := key.Bytes()
	return &Tagger{macs: sync.Pool{New: func() any { return hmac.New(sha256.New, secret) }}}
}

// Tag returns HMAC-SHA-256(key, column || values)[:16], all length-prefixed.
func (t *Tagger) Tag(column string, values ...[]byte) Tag {
	mac := t.macs.Get().(hash.Hash)
	defer t.macs.Put(mac)
	mac.Reset()
	var buf [160]byte
	b := encode.Append(buf[:0], []byte(encode.LookupTag))
	b = encode.Append(b, []byte(column))
	for _, v := range values {
		b = encode.Append(b, v)
	}
	mac.Write(b)
	var sum [sha256.Size]byte
	return Tag(mac.Sum(sum[:0])[:16])
}
