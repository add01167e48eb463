package vault

import (
	"crypto/rand"
	"strings"
)

// codeSize is the entropy of a recovery code: 160 bits, one word for every byte.
const codeSize = 20

// RecoveryCode is the 160-bit secret that opens a vault when the passphrase is forgotten. It is shown once.
type RecoveryCode struct{ b [codeSize]byte }

// NewRecoveryCode returns a fresh code.
func NewRecoveryCode() RecoveryCode {
	var c RecoveryCode
	rand.Read(c.b[:]) //nolint:errcheck // never fails: a failing OS generator ends the process
	return c
}

// ParseRecoveryCode reads 20 words of the list in any case, separated by anything that is not a letter; the first four
// letters of a word are enough. It returns ErrCode otherwise.
func ParseRecoveryCode(s string) (RecoveryCode, error) {
	fields := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return r < 'a' || r > 'z' })
	var c RecoveryCode
	if len(fields) != codeSize {
		return RecoveryCode{}, ErrCode
	}
	for i, f := range fields {
		n, ok := wordIndex(f)
		if !ok {
			return RecoveryCode{}, ErrCode
		}
		c.b[i] = n
	}
	return c, nil
}

func wordIndex(s string) (byte, bool) {
	for i, w := range words {
		if s == w || len(s) >= 4 && strings.HasPrefix(w, s) {
			return byte(i), true
		}
	}
	return 0, false
}

// Words returns the 20 words of the code, to be shown as 4 rows of 5.
func (c RecoveryCode) Words() []string {
	out := make([]string, codeSize)
	for i, b := range c.b {
		out[i] = words[b]
	}
	return out
}

// Text returns the 20 words separated by spaces; ParseRecoveryCode reads them back.
func (c RecoveryCode) Text() string { return strings.Join(c.Words(), " ") }

// String hides the code from logs and formatted errors.
func (RecoveryCode) String() string { return "RecoveryCode(redacted)" }

// GoString hides the code from %#v.
func (c RecoveryCode) GoString() string { return c.String() }

// WordList returns the 256 words a code is made of, for completion while typing.
func WordList() []string { return append([]string(nil), words[:]...) }
