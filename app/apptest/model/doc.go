// Package model checks the session manager of app/messenger by bounded exhaustive search: two real messengers on stores in
// memory, and a relay that is nothing but data, so that every send, delivery, loss, repetition, reordering, crash at any
// commit, and return to an older store is a step that the search chooses.
//
// What must hold in every state it reaches are the invariants I1 to I6 and I10 to I13 of the protocol
// (docs/PROTOCOL.md sections 6 and 7); see check_test.go. From every state a continuation without faults must bring both
// sides to one session, deliver everything that no fault explains away, and let both talk (converge_test.go).
//
// The package consists of tests. `go test ./app/apptest/model` searches within bounds that fit a minute and applies a few
// planted bugs; SOTTO_MODEL=large widens the bounds, SOTTO_MODEL=planted applies every planted bug (`make model`).
package model
