// Package messenger holds the use cases of a chat: create a profile, invite, add, accept, send, receive, edit, react,
// give and fetch files, confirm, verify. The window, sottoctl and the Guide use the same ones.
//
// It follows docs/PROTOCOL.md sections 7 (envelope), 8 (content) and 10 (invitations, requests, routes). One
// [Messenger] is one identity with its store. Everything that must agree (ratchet state, plaintext, queue, event)
// commits in one chat.Tx: a message is encrypted when it is first flushed and its envelope commits with the ratchet
// state before it leaves; what arrives is committed before the relay is told to forget it.
//
// A file is encrypted into chat.Blobs by [Messenger.SendFile] and uploaded behind it; its message leaves after that
// (section 8.4). A received one is fetched when [Messenger.FetchFile] asks for it, or by itself by consent, and shown only
// when all of it was checked. Both go on from the bytes that are there, whatever ended them.
//
// Call [Create] once for a new profile, [Open] and [Messenger.Start] for each run, [Messenger.Close] at its end. Use
// cases commit locally and return; delivery goes on behind them. [Messenger.Subscribe] tells what happened, in the order
// of commits; [Messenger.EventsSince] reads the same from the durable stream.
package messenger
