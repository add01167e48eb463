// Package storage opens the encrypted history of a profile folder: the vault file and the database that it unlocks
// (docs/STORAGE.md section 1).
//
//	s, code, err := storage.Create(ctx, dir, storage.Options{Passphrase: p, Now: time.Now})
//	s, err := storage.Open(ctx, dir, storage.Passphrase(p), storage.Options{})
//	defer s.Close()
//	err = s.Update(ctx, func(tx chat.Tx) error { ... })
//
// A profile also holds stores that no person unlocks, such as the Guide's: OpenWithKey takes the key that Store.Subkey
// of the person's store gives.
//
// Locking out other processes is the caller's affair (app/profile holds the lock file).
package storage
