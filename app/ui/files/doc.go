// Package files is what the screens that show files of messages share: how one is described, what can be done with it,
// and what is said before it is opened or saved.
//
// [Describe] makes a bubble's attachment of a message and the state of its file; [Do] does one of its acts. Nothing is
// decided here about a file's bytes: profile.CheckFile answers codes, and this package has the words for them.
package files
