// Package ratchet is the hybrid double ratchet that encrypts every message of a session after the
// handshake: a pure state machine, state in and state out, without clock, storage or network.
//
// It follows docs/PROTOCOL.md section 6. The classical part is the Double Ratchet of Signal's
// specification, revision 4, sections 2 and 3 (X25519, HMAC-SHA-256 chains); at the first turn after
// [ExchangeAfterMessages] messages or [ExchangeAfter] the step also absorbs an ML-KEM-768 secret
// (FIPS 203), under the rules K1 to K7 of that section. Message keys come from HKDF over the chain's
// key, 16 random header bytes and the hash of the header, so that a state which was copied and used
// twice loses a message but never reuses a key with a nonce.
//
// The side that initiated the handshake calls [NewInitiator] and may write at once; the other calls
// [NewAcceptor] and may write after it has opened the first message. [Encrypt] and [Decrypt] return a
// new [State] and leave the one they were given as it was. The caller commits the new state together
// with its result (the ciphertext, or the plaintext) in one transaction before anything leaves, and
// only then calls [State.Erase] on the old one:
//
//	next, message, err := ratchet.Encrypt(state, plaintext, ad, now)
//	// commit next.Marshal() and message together
//	state.Erase()
//	state = next
//
// On the other side [MessageSession] says which session a message belongs to; the state is never
// found by trial. [Decrypt] answers [ErrDuplicate] for a message that was opened before and
// [ErrUndecryptable] for everything else that fails.
//
// A State may be used by several goroutines at once as long as none of them erases it.
package ratchet
