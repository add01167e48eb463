// Package client talks to one relay for one profile.
//
// It follows docs/PROTOCOL.md section 9. A [Client] holds two connections that share nothing, no TLS
// session cache either: one for the mailboxes the profile owns, kept up with jittered exponential
// back-off while anything is subscribed, and one for sending to the mailboxes of others, opened when
// needed and closed after [Options.SendIdle] without use.
//
// Blobs (section 9.9) travel over HTTPS, each request on a connection of its own: [Client.GrantBlob], [Client.Upload] in
// parts, [Client.CommitBlob], and on the other side [Client.Fetch] and [Client.DeleteBlob]. After a cut, or a restart, go on at
// [Client.UploadOffset], or at what Fetch has written.
//
// Make one with [New], open or name mailboxes with [Client.CreateMailbox] and [Client.Own], receive
// with [Client.Subscribe] and [Client.Pushes], acknowledge with [Client.Ack] after the envelope is
// committed, send with [Client.Send]. Every call may be repeated after an error; errors match the
// sentinels of transport/wire.
package client
