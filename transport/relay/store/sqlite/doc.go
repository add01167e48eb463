// Package sqlite is the relay store of one server: one SQLite file in WAL mode with synchronous=FULL,
// written by one goroutine that commits everything waiting as one group.
//
// It keeps the contract of package store: a method, and the callback of Append, returns success only
// after the commit that holds the change has been synced. What one group costs is one sync, so
// throughput grows with the number of senders while the delay stays that of a sync.
//
// Open a directory with [Open]; the file is relay.db.
package sqlite
