// Package memstore is an in-memory chat.Store for tests: fast, unsealed, and held to the same conformance suite
// (storage/storetest) as the encrypted one.
//
// A unit of work that fails is undone; values are copied on the way in and out, so a test that keeps a slice cannot
// change what was stored. Erase is Update: there is no file whose residue could be read.
//
//	store := memstore.New()
//	err := store.Update(ctx, func(tx chat.Tx) error { return tx.Contacts().Put(c) })
//
// Units of work must not be nested.
package memstore
