// Package assistant holds bot peers: programs that talk through the messenger like any person. The first one is the Guide,
// an offline bot that answers how Sotto works.
//
// It follows docs/PRIVACY.md (what the Guide keeps: nothing it has answered) and the rules of every bot: it says that it is
// one, answers no other bot, and reads only what was encrypted to it.
//
// [Answer] is the whole of its wit: a text in, an answer out, no network, no state. [Start] runs it on a messenger with an
// identity and a store of its own.
package assistant
