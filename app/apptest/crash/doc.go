// Package crash ends a process at a chosen point of what it writes: at the n-th write inside units of work, right
// before or after the n-th commit, or on either side of what it asks of a relay (docs/ARCHITECTURE.md, "How it is tested").
//
// A [Fuse] counts the points and burns at one of them. From then on the process is dead: its [Store] refuses every read
// and write, and rolls back the unit of work it was in; its [Relay] neither sends nor acknowledges anything. What is in
// the store beneath is what a process finds that is started next.
package crash
