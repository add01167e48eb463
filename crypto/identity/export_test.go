package identity

import "crypto/sha256"

const MaxKnown = maxKnown

// ReducedKEM is the check of an ML-KEM-768 encapsulation key.
var ReducedKEM = reducedKEM

// Len returns how many pairs are remembered.
func (k *Known) Len() int { return len(k.entries) }

// Has reports whether a pair is remembered, and leaves the order as it is.
func (k *Known) Has(certificate, list []byte) bool {
	p := knownPair{certificateHash: sha256.Sum256(certificate), listHash: sha256.Sum256(list)}
	for _, e := range k.entries {
		if e.same(p) {
			return true
		}
	}
	return false
}
