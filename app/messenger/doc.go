// Package messenger holds the use cases of a chat: create a profile, invite, add, accept, send, receive, edit, react,
// confirm, verify. The window, sottoctl and the Guide use the same ones.
//
// It follows docs/PROTOCOL.md sections 7 (envelope), 8 (content) and 10 (invitations, requests, routes). One
// [Messenger] is one identity with its store. Everything that must agree (ratchet state, plaintext, queue, event)
// commits in one chat.Tx: a message is encrypted when it is first flushed and its envelope commits with the ratchet
// state before it leaves; what arrives is committed before the relay is told to forget it.
//
// Call [Create] once for a new profile, [Open] and [Messenger.Start] for each run, [Messenger.Close] at its end. Use
// cases commit locally and return; delivery goes on behind them. [Messenger.Subscribe] tells what happened, in the order
// of commits; [Messenger.EventsSince] reads the same from the durable stream.
package messenger
