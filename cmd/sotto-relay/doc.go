// Command sotto-relay keeps sealed envelopes for people who use Sotto.
//
// It is transport/relay with a SQLite store, described in docs/RELAY.md. `sotto-relay serve` prints
// its address and its pass on standard output, one per line (`address: ...`, `pass: ...`), and its few
// words on standard error. Exit codes: 0 done, 1 failed, 2 usage.
package main
