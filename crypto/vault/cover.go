package vault

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"hash"
	"sync"

	"sotto/crypto/encode"
)

// Element stands for one row in the digest of its table: a MAC that never leaves memory.
type Element [sha256.Size]byte

// Coverer makes elements under the cover key of one store. It is safe for concurrent use.
type Coverer struct{ macs sync.Pool }

// NewCoverer returns the coverer of a key.
func NewCoverer(key RowKey) *Coverer {
	secret := key.Bytes()
	return &Coverer{macs: sync.Pool{New: func() any { return hmac.New(sha256.New, secret) }}}
}

// Element returns the MAC of a row: its associated data and the Fingerprint of its body.
func (c *Coverer) Element(data, fingerprint []byte) Element {
	mac := c.macs.Get().(hash.Hash)
	defer c.macs.Put(mac)
	mac.Reset()
	mac.Write(encode.Fields(encode.CoveredTable, data, fingerprint))
	return Element(mac.Sum(nil))
}

// Digest covers the set of rows of one table: their number and the XOR of their elements. Adding and removing a row
// costs one MAC whatever the size of the table. XOR is safe here because rows form a set (the row id is in the MAC) and
// neither the elements nor the digest are ever seen in the clear: the digest is stored sealed only (the MSet-XOR-Hash of
// Clarke et al., ASIACRYPT 2003, with encryption in place of its nonce).
type Digest struct {
	Count uint64
	Sum   Element
}

// Add puts a row in.
func (d *Digest) Add(e Element) {
	d.Count++
	subtle.XORBytes(d.Sum[:], d.Sum[:], e[:])
}

// Remove takes a row out that was put in.
func (d *Digest) Remove(e Element) {
	d.Count--
	subtle.XORBytes(d.Sum[:], d.Sum[:], e[:])
}

// Subtract takes out all the rows of o, which were put in.
func (d *Digest) Subtract(o Digest) {
	d.Count -= o.Count
	subtle.XORBytes(d.Sum[:], d.Sum[:], o.Sum[:])
}

// Cover is what is sealed beside the covered tables: a counter of commits, one digest for each table in a fixed order,
// and the head of the audit log.
type Cover struct {
	Commits uint64
	Tables  []Digest
	Head    Element // covers the newest audit row; zero while there is none
}

const maxCovered = 64

// Bytes encodes the cover for sealing.
func (c Cover) Bytes() []byte {
	out := encode.Append(nil, encode.Uint64(c.Commits))
	out = encode.Append(out, c.Head[:])
	for _, d := range c.Tables {
		out = encode.Append(out, encode.Uint64(d.Count))
		out = encode.Append(out, d.Sum[:])
	}
	return out
}

// ParseCover reads what Bytes wrote.
func ParseCover(b []byte) (Cover, error) {
	r := encode.NewReader(b)
	c := Cover{Commits: r.Uint64(), Head: element(r)}
	for r.Len() > 0 && len(c.Tables) < maxCovered {
		c.Tables = append(c.Tables, Digest{Count: r.Uint64(), Sum: element(r)})
	}
	if r.Done() != nil {
		return Cover{}, ErrDamaged
	}
	return c, nil
}

func element(r *encode.Reader) Element {
	var e Element
	copy(e[:], r.Exact(len(e)))
	return e
}
