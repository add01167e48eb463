package handshake

// Regate returns the header with a gate MAC made anew: what someone who holds the invitation secret can
// do after changing a header.
func Regate(header []byte, secret Secret) []byte {
	out := append([]byte(nil), header...)
	copy(out[prefixSize:], gateMAC(secret, out[:prefixSize], out[prefixSize+gateSize+4:]))
	return out
}

// InitiateUnchecked is Initiate by someone who does not mind writing to itself.
var InitiateUnchecked = initiate

// Offsets of the parts of a header.
const (
	OffsetMode      = 1
	OffsetSetID     = 2
	OffsetPairID    = 10
	OffsetEphemeral = 18
	OffsetKEM       = 50
	OffsetGate      = prefixSize
	OffsetBlock     = prefixSize + gateSize + 4
)
