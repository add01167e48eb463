package wire

import (
	"errors"
	"fmt"
	"time"
)

// What a relay, or the way to it, may answer. Branch with errors.Is; docs/PROTOCOL.md section 9.5.
var (
	// ErrMalformed: bytes or a frame that this version does not allow. Never worth a retry.
	ErrMalformed = errors.New("malformed frame")
	// ErrUnauthorized: the token, grant, relay pass or owner signature is not accepted here.
	ErrUnauthorized = errors.New("not authorised by the relay")
	// ErrNoMailbox: the mailbox does not exist (any more).
	ErrNoMailbox = errors.New("no such mailbox")
	// ErrNotFound: the mailbox exists, what was asked of it does not.
	ErrNotFound = errors.New("not found on the relay")
	// ErrConflict: the state cell holds another value than expected, or an id is taken.
	ErrConflict = errors.New("conflicts with what the relay holds")
	// ErrQuota: a limit of rate or size; RetryAfter tells how long to wait.
	ErrQuota = errors.New("over a limit of the relay")
	// ErrTooLarge: above a size limit, or an envelope of no accepted size.
	ErrTooLarge = errors.New("size not accepted by the relay")
	// ErrExpired: the mailbox, token or grant has ended or is used up.
	ErrExpired = errors.New("expired")
	// ErrUnsupported: a frame kind this relay does not know.
	ErrUnsupported = errors.New("not supported by the relay")
	// ErrDigest: the bytes of an upload have another SHA-256 than was said; the relay has discarded them.
	ErrDigest = errors.New("upload has another digest")
	// ErrUnavailable: the relay failed or is shutting down; nothing was stored; try again.
	ErrUnavailable = errors.New("relay unavailable")

	// ErrOffline: no connection to the relay, or it broke before the answer. What was asked may or may
	// not have happened; every request may be repeated.
	ErrOffline = errors.New("relay not reachable")
	// ErrPinMismatch: the relay at this address holds another identity key than the address says.
	ErrPinMismatch = errors.New("relay has another identity than its address says")
	// ErrNotOwned: the client was given no owner key for this mailbox.
	ErrNotOwned = errors.New("no owner key for this mailbox")
	// ErrClosed: the client was closed.
	ErrClosed = errors.New("relay client closed")

	// ErrBadAddress: not a relay address or relay pass.
	ErrBadAddress = errors.New("not a relay address")
)

// Code is the number of an error in an ERR frame.
type Code uint8

// The codes of docs/PROTOCOL.md section 9.5.
const (
	CodeMalformed    Code = 1
	CodeUnauthorized Code = 2
	CodeNoMailbox    Code = 3
	CodeNotFound     Code = 4
	CodeConflict     Code = 5
	CodeQuota        Code = 6
	CodeTooLarge     Code = 7
	CodeExpired      Code = 8
	CodeUnsupported  Code = 9
	CodeUnavailable  Code = 10
)

var codes = map[Code]error{
	CodeMalformed:    ErrMalformed,
	CodeUnauthorized: ErrUnauthorized,
	CodeNoMailbox:    ErrNoMailbox,
	CodeNotFound:     ErrNotFound,
	CodeConflict:     ErrConflict,
	CodeQuota:        ErrQuota,
	CodeTooLarge:     ErrTooLarge,
	CodeExpired:      ErrExpired,
	CodeUnsupported:  ErrUnsupported,
	CodeUnavailable:  ErrUnavailable,
}

// Error is an answer of a relay as a Go error. It matches the sentinel of its code.
type Error struct {
	Code  Code
	After time.Duration // for ErrQuota and ErrUnavailable: when to try again; 0 = not said
}

// Error names the sentinel and, if said, the delay.
func (e *Error) Error() string {
	text := e.Unwrap().Error()
	if e.After > 0 {
		return fmt.Sprintf("%s (try again in %s)", text, e.After)
	}
	return text
}

// Unwrap returns the sentinel of the code; ErrUnavailable for a code of a later version.
func (e *Error) Unwrap() error {
	if err, ok := codes[e.Code]; ok {
		return err
	}
	return ErrUnavailable
}

// RetryAfter returns how long a relay asked to wait, if err says so.
func RetryAfter(err error) (time.Duration, bool) {
	var e *Error
	if errors.As(err, &e) && e.After > 0 {
		return e.After, true
	}
	return 0, false
}

// ErrFrame turns an error of the relay's own code into the ERR body that answers it. What is none of
// the coded sentinels becomes CodeUnavailable: no detail leaves the relay.
func ErrFrame(err error) *Err {
	var e *Error
	if errors.As(err, &e) {
		return &Err{Code: e.Code, After: uint64((e.After + time.Second - 1) / time.Second)}
	}
	for code, sentinel := range codes {
		if errors.Is(err, sentinel) {
			return &Err{Code: code}
		}
	}
	return &Err{Code: CodeUnavailable}
}

// AsError turns an ERR body into a Go error. A delay is at most one day.
func (b *Err) AsError() error {
	return &Error{Code: b.Code, After: time.Duration(min(b.After, 24*60*60)) * time.Second}
}
