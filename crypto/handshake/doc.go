// Package handshake agrees on the first keys of a session between two devices, one of which may be
// offline, with classical and post-quantum secrets together.
//
// It follows docs/PROTOCOL.md sections 4 and 5, suite 1: a member of the family of Signal's PQXDH
// (The PQXDH Key Agreement Protocol, revision 3, sections 3.2 to 3.4) with X25519, ML-KEM-1024,
// SHA-256, HKDF and ChaCha20-Poly1305. It differs in that bundles and prekeys lie sealed under an
// invitation secret, the initiator's identity travels encrypted, the post-quantum part is mandatory,
// and the whole transcript, KEM key and ciphertext included, is bound into the keys.
//
// The acceptor publishes [NewBundle] sealed with [SealBundle], and one-time pairs sealed with
// [SealPair]. The initiator opens both ([OpenBundle], [OpenPair]) and calls [Initiate]; its header
// travels with every message until the first reply. The acceptor answers in stages, the cheap ones
// first: [ParseInitial], [Initial.CheckGate], look-up of the private prekeys by [Initial.SetID] and
// [Initial.PairID], then [Accept]. Every failure of the acceptor's stages is [ErrHandshake].
package handshake
