// Package storetest is the conformance suite of chat.Store: what every implementation must do, run against the encrypted
// store and against the in-memory one of tests.
//
//	func TestConformance(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) chat.Store { ... })
//	}
package storetest
