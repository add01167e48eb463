// Package store is the port behind a relay: what it keeps about mailboxes, the envelopes in them, and the blobs that
// belong to them.
//
// It follows docs/PROTOCOL.md section 9.6 for what is kept how long. store/sqlite is the implementation of a relay,
// store/memory the one of tests; the bytes of blobs are a port of their own, [Blobs], which store/folder implements for a
// relay. store/storetest has the suites that all of them must pass. Every method takes the present time, and none of what
// ends in time (mailbox, token, grant, envelope, blob) is seen after its end, swept or not.
package store
