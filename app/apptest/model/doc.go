// Package model checks the session manager of app/messenger by bounded exhaustive search: two real messengers on stores in
// memory, and a relay that is nothing but data, so that every send, delivery, loss, repetition, reordering, crash at any
// commit, and return to an older store is a step that the search chooses.
//
// What must hold in every state it reaches are the invariants I1 to I6 and I10 to I13 of the protocol
// (docs/PROTOCOL.md sections 6 and 7); see check_test.go. From every state a continuation without faults must bring both
// sides to one session, deliver everything that no fault explains away, and let both talk (converge_test.go).
//
// Four things keep the search small, and none of them hides a state in which an invariant could break:
//
//   - States that differ in random bytes and in the clock only are one (state_test.go, key). What does depend on random
//     bytes, which of two sessions begun at once is kept, is part of the state.
//   - Repeating an envelope, or altering one so that it is refused, is no step of its own: in every state it is tried in a
//     copy, and must leave the party as it was (probe_test.go). So it would lead back to the same state. A relay that
//     replaces an envelope by an altered one is a step.
//   - Every step starts the process of one party on its store and ends it; so a process that lives on need not be told
//     from one that was started anew. In the searches marked replay, the way to every end is lived through once more
//     by processes that are not ended, and must come to the same state (replay_test.go).
//   - The continuation without faults is run from the states in which nothing waits. From every other one the next step
//     of its continuation, the arrival of the oldest envelope, is a step of the search as well; at the end the search
//     checks that such steps alone never lead in a circle. What follows from both holds for all states.
//
// The package consists of tests. `go test ./app/apptest/model` searches narrow bounds for some seconds of CPU time and
// plants one bug. `make model` searches the wide bounds (SOTTO_MODEL=large), each to its end, prints a table of bounds,
// states and transitions, and plants every bug (SOTTO_MODEL=planted), each of which must be found within a minute.
// docs/ARCHITECTURE.md, "How the protocol is checked", has the figures.
package model
