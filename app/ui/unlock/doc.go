// Package unlock is the screen of a locked profile: passphrase, the wait after wrong ones as a count-down, the line "New
// messages" when something arrived meanwhile, and the way of who forgot the passphrase: the recovery code, then a new
// passphrase.
//
// It knows no name and shows none: names are inside the vault.
package unlock
