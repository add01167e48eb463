// Package passphrase says in words how hard a passphrase is to guess, and makes one that is.
//
// It follows the idea of published estimators (zxcvbn, USENIX Security 2016): a guess is counted by the patterns that
// people use (words, names, years, runs, keyboard rows, repetitions), not by kinds of characters. What a guess costs is
// what the vault makes it cost (Argon2id with at least 128 MiB, about a second; docs/STORAGE.md), so a sentence such as
// "years for someone with a thousand computers" is about a stolen copy of the files.
//
//	passphrase.Rate("correct horse", name) // for widget.NewPassphraseField
//	passphrase.Generate()                  // six of 512 words: 54 bits
package passphrase
