// Package sqlite is the encrypted history: it implements [sotto/chat.Store] on one SQLite file whose rows are sealed one
// by one.
//
// It follows docs/STORAGE.md: section 3 (keys and erasure epochs), 4 (rows), 5 (covered tables) and 6 (the database).
// SQLite sees row ids, foreign keys, positions and lookup tags; everything else passes through package crypto/vault.
//
// There is one writer and a pool of readers, each a connection of its own with its statements prepared once. Units of
// work must not be nested: a View inside a View may wait for a reader that the outer one holds.
//
//	s, err := sqlite.Create(path, v, save)   // v: *vault.Vault; save writes its file
//	s, err := sqlite.Open(path, v, save)     // migrates, checks the covered tables, finishes an interrupted erasure
//	err = s.Update(ctx, func(tx chat.Tx) error { ... })
//	err = s.Close()                          // closes the connections and clears the keys
//
// One file per repository: a table's statements and the layout of its sealed bodies stand together.
package sqlite
