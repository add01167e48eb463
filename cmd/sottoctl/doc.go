// Command sottoctl is Sotto without a window: one profile, driven by scripts, by bots and by end-to-end tests.
//
// It follows docs/CLI.md, which is a stable contract: commands, JSON objects, exit codes and the rpc protocol. Each
// command exists once, as a verb (verb.go): the command line parses it from arguments, rpc from named parameters, and
// both print the object it answers with. Results go to standard output, words to standard error.
//
//	sottoctl --profile DIR --passphrase-file F init --name Alice
//	sottoctl --profile DIR --passphrase-file F rpc
//
// How it writes to a terminal: results are aligned and carry no colour; text that somebody else chose is stripped of
// control and direction characters first; words are sentences; nothing is printed where nothing is to be said.
package main
