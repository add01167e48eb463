// Package storetest is the one conformance suite of relay stores (docs/PROTOCOL.md section 9.6). Every
// implementation of store.Store runs it: storetest.Run(t, open).
package storetest
