package ratchet

import "time"

// Limits of a session (docs/PROTOCOL.md section 6.7).
const (
	// MaxSkip is how many message numbers one message may leap over in its own chain, and, when it
	// starts a chain, in the one before.
	MaxSkip = 1000
	// MaxStored is how many keys of skipped messages a state keeps; the oldest go first.
	MaxStored = 2000
	// MaxChains is how many receiving chains a state keeps; the oldest goes first, with its keys.
	MaxChains = 5
)

// When the post-quantum part moves (K1, K7).
const (
	ExchangeAfterMessages = 20
	ExchangeAfter         = 24 * time.Hour
	OverdueAfterMessages  = 200
	OverdueAfter          = 7 * 24 * time.Hour
)
