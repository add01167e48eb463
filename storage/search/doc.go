// Package search finds messages by their text: an index in memory, built from the decrypted rows of a history and kept
// on disk as a sealed snapshot.
//
// It follows docs/STORAGE.md section 7: what the index holds, how the snapshot is sealed, and how both follow the
// history. The index knows which words occur in which messages, not in which order; every hit is matched against the
// text of its message, read from the history, so that the index may hold too much but never answers wrong.
//
//	index := search.New(store, filepath.Join(dir, "search.sealed"), search.Options{})
//	index.Start()
//	found, err := index.Search(ctx, chat.Query{Text: `straße "good morning"`})
//	err = index.Close(ctx) // before the store
package search
