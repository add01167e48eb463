package filecrypt

import "errors"

// Sentinel errors. What [Writer], [Reader] and [Verify] return is one of these, or an error of the source or destination
// that they were given.
var (
	// ErrTruncated: the ciphertext ends before its length.
	ErrTruncated = errors.New("filecrypt: the ciphertext is cut short")
	// ErrChunk: a chunk is altered, elsewhere than it was sealed, of another file, or sealed with another key.
	ErrChunk = errors.New("filecrypt: a chunk does not open")
	// ErrLength: the ciphertext is longer than its size allows, the length said is not that of the size, the size is not
	// between 0 and MaxFile, or not the size written was announced.
	ErrLength = errors.New("filecrypt: not the length of its size")
	// ErrPadding: a byte after the content is not zero.
	ErrPadding = errors.New("filecrypt: the padding is not zeros")
	// ErrKey: a key of another length than 32 bytes.
	ErrKey = errors.New("filecrypt: not a key")
	// ErrClosed: the Writer or Reader is closed.
	ErrClosed = errors.New("filecrypt: closed")
)
