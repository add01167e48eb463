// Package words turns errors into sentences: what happened, what was saved, what to do. It is the only place of the
// window where an error becomes text.
//
// [Error] answers a sentence for every sentinel of package chat (a test reads chat/errors.go and fails when one has
// none) and for those of the desktop; what it does not know is said as such, without the error's own text, which is for
// developers and may be in no one's language.
package words
