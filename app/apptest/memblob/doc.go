// Package memblob is a chat.Blobs in memory for tests, held to the same conformance suite (storage/storetest.RunBlobs) as
// storage/blob.
//
//	blobs := memblob.New()
//	blobs.SetFree(1 << 20) // from here on a write of more than 1 MiB answers chat.ErrDiskFull
package memblob
