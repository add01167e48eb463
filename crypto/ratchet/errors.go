package ratchet

import "errors"

var (
	// ErrDuplicate says that the message with this chain and number was opened before. Its key is gone,
	// so that this one is a true copy of it is only a claim; there is nothing to gain from it.
	ErrDuplicate = errors.New("ratchet: message was already opened")

	// ErrUndecryptable is the one error for every other message that cannot be opened: malformed, of
	// another session or version, altered, out of bounds, or against the rules of the ratchet
	// (docs/PROTOCOL.md section 6.8).
	ErrUndecryptable = errors.New("ratchet: message cannot be opened")

	// ErrNotReady says that an acceptor wanted to write before it opened the first message.
	ErrNotReady = errors.New("ratchet: nothing received yet")

	// ErrTooLarge says that a plaintext is longer than MaxPlaintext.
	ErrTooLarge = errors.New("ratchet: plaintext too large")

	// ErrExhausted says that a sending chain has used all its numbers; only a new session helps.
	ErrExhausted = errors.New("ratchet: sending chain exhausted")

	// ErrState says that a serialised state is not one this version wrote, or that a State is the
	// zero value or was erased.
	ErrState = errors.New("ratchet: invalid state")

	// ErrParams says that a key is missing from the parameters of a new session, or is unusable.
	ErrParams = errors.New("ratchet: invalid parameters")
)

// reason is why a message was refused. Tests read it; nothing outside the package can, and it is in
// no text (I19).
type reason uint8

const (
	reasonMalformed reason = iota + 1
	reasonSession
	reasonReflected
	reasonChainClosed
	reasonSkipLimit
	reasonAgedOut
	reasonMaterial
	reasonKeyAgreement
	reasonAuthentication
)

type refusal struct{ reason reason }

func (refusal) Error() string { return ErrUndecryptable.Error() }
func (refusal) Unwrap() error { return ErrUndecryptable }

func refuse(r reason) error { return refusal{r} }
