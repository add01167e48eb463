// Package keychain is a keychain in memory, for tests: it fails when it is told to.
//
//	chain := keychain.New()
//	chain.Fail(platform.ErrKeychain) // as one whose owner does not unlock it
package keychain
