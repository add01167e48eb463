// Package apptest is the world that tests of whole use cases live in: people with a messenger and a store each, real
// relays in memory with faults on demand, and a ledger that answers as the test says.
//
// Make a [World], people with [World.Person], let two of them meet with [World.Befriend], and wait for what must
// happen with [Person.Until]: it looks again after every event, so nothing sleeps. [Person.Crash] ends a messenger and
// opens it again on the same store.
//
// Nothing here is imported outside of tests.
package apptest
