package identity

import "errors"

var (
	// ErrMalformed says that bytes are not the certificate, statement, list, secret or code they
	// should be: wrong form, size, algorithm or version.
	ErrMalformed = errors.New("identity: malformed")

	// ErrSignature says that a signature is malformed, was made by another key, for another purpose, or
	// over other bytes.
	ErrSignature = errors.New("identity: bad signature")

	// ErrForeign says that a statement or list belongs to another identity or certificate than the
	// one it is presented for.
	ErrForeign = errors.New("identity: belongs to another identity")

	// ErrExpired says that a list or statement is past its not-after by more than ClockSkew.
	ErrExpired = errors.New("identity: expired")

	// ErrFuture says that a good signature, a list or a statement is dated more than ClockSkew ahead:
	// one of the two clocks is wrong.
	ErrFuture = errors.New("identity: dated in the future")

	// ErrListRolledBack says that a device list is older than the pinned one, or has the same version
	// and other contents.
	ErrListRolledBack = errors.New("identity: device list rolled back")

	// ErrErased says that a secret was used after Erase.
	ErrErased = errors.New("identity: secret was erased")
)
