package vault

import "errors"

// Sentinel errors. They never say which check failed first: the bytes may be hostile.
var (
	// ErrWrongSecret: the secret opens no slot of its kind.
	ErrWrongSecret = errors.New("vault: wrong secret")
	// ErrDamaged: the file, a wrapped key, or a sealed row is altered, moved or incomplete.
	ErrDamaged = errors.New("vault: damaged")
	// ErrNewerFormat: the file or row was written by a newer version.
	ErrNewerFormat = errors.New("vault: newer format")
	// ErrParams: Argon2id parameters outside the limits; nothing was computed with them.
	ErrParams = errors.New("vault: Argon2id parameters outside the limits")
	// ErrLastSlot: the only slot of a vault is never removed.
	ErrLastSlot = errors.New("vault: last slot")
	// ErrNoSlot: there is no slot with that id.
	ErrNoSlot = errors.New("vault: no such slot")
	// ErrEmptySecret: an empty passphrase or a malformed key.
	ErrEmptySecret = errors.New("vault: empty secret")
	// ErrTurnPending: an erasure epoch is already turning, or none is.
	ErrTurnPending = errors.New("vault: epoch turn in the wrong order")
	// ErrCode: words that are not a recovery code.
	ErrCode = errors.New("vault: not a recovery code")
)
