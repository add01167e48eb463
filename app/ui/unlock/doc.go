// Package unlock is the screen of a locked profile: passphrase, the wait after wrong ones as a count-down, the line "New
// messages" when something arrived meanwhile, and the ways beside the passphrase: the recovery code, then a new passphrase,
// the system's keychain, a key file. A history that is damaged can be opened as far as it reads (salvage.go).
//
// It knows no name and shows none: names are inside the vault.
package unlock
