package handshake

import "errors"

var (
	// ErrHandshake is the one error of the acceptor's side: whatever is wrong with an initial message,
	// nothing more is said (invariant I19).
	ErrHandshake = errors.New("handshake: initial message refused")

	// ErrBundle says that a sealed bundle or one-time pair does not open under the invitation secret,
	// is malformed, or is not signed by the device and identity it must be signed by.
	ErrBundle = errors.New("handshake: bundle refused")

	// ErrBundleExpired says that a bundle, or the device list in it, is past its not-after by more than
	// identity.ClockSkew. A fresh one is needed.
	ErrBundleExpired = errors.New("handshake: bundle expired")

	// ErrBundleFuture says that a bundle, or the device list in it, is dated more than
	// identity.ClockSkew ahead: one of the two clocks is wrong.
	ErrBundleFuture = errors.New("handshake: bundle dated in the future")

	// ErrOtherIdentity says that a bundle is a good one of another identity than the invitation names.
	ErrOtherIdentity = errors.New("handshake: bundle of another identity")

	// ErrUnlistedPair says that the bundle does not list the one-time pair: fetch the bundle again.
	ErrUnlistedPair = errors.New("handshake: one-time pair is not in the bundle")

	// ErrSelf says that the peer is the own identity.
	ErrSelf = errors.New("handshake: peer is the own identity")

	// ErrMalformed says that stored private prekeys do not parse, or that arguments do not belong
	// together (a device that its own list does not hold).
	ErrMalformed = errors.New("handshake: malformed")
)
