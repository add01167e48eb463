// Package store is the port behind a relay: what it keeps about mailboxes, and the envelopes in them.
//
// It follows docs/PROTOCOL.md section 9.6 for what is kept how long. store/sqlite is the
// implementation of a relay, store/memory the one of tests; store/storetest is the one suite both
// must pass. Every method takes the present time, and none of what ends in time (mailbox, token,
// grant, envelope) is seen after its end, swept or not.
package store
