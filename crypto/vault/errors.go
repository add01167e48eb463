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
	// ErrLastSlot: without this slot nothing would open the vault, or only the keychain of the operating system.
	ErrLastSlot = errors.New("vault: last slot")
	// ErrFull: there are 16 slots already.
	ErrFull = errors.New("vault: no room for another slot")
	// ErrKeyFile: a key file of less than 32 bytes or more than 1 MiB.
	ErrKeyFile = errors.New("vault: not usable as a key file")
	// ErrNoSlot: there is no slot with that id.
	ErrNoSlot = errors.New("vault: no such slot")
	// ErrEmptySecret: an empty passphrase or a malformed key.
	ErrEmptySecret = errors.New("vault: empty secret")
	// ErrTurnPending: an erasure epoch is already turning, or none is.
	ErrTurnPending = errors.New("vault: epoch turn in the wrong order")
	// ErrCode: words that are not a recovery code.
	ErrCode = errors.New("vault: not a recovery code")
)
