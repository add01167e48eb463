// Package chat is Sotto's vocabulary: the entities that every floor of the house speaks of (contacts, conversations,
// messages, consents, audit entries), the sentinel errors that callers branch on, and the ports through which use cases
// reach storage and each other.
//
// It is a leaf: it imports the standard library only and holds no behaviour beyond small, pure helpers. Cryptographic
// state (identities, sessions, prekeys) crosses its ports as bytes, opaque to storage.
//
// The unit of work is [Tx]: whatever must agree (ratchet state, plaintext, lookup tags, queue, audit entry) is written
// inside one [Store.Update] and commits together or not at all.
package chat
