// Package relay is the relay server: it keeps sealed envelopes until the owner of a mailbox has
// fetched them, and knows nothing of who writes what to whom beyond what docs/RELAY.md lists.
//
// It follows docs/PROTOCOL.md section 9. Make one with [New] over a store (relay/store/sqlite), give it an [Identity] from
// [OpenIdentity], with a folder of bytes (relay/store/folder) if it is to keep blobs, and call [Relay.Serve] (plain,
// loopback) or [Relay.ServeTLS] with a listener; [Relay.Operations] is the handler of /livez, /readyz and /metrics for a
// loopback listener; [Relay.Shutdown] drains. The same code is cmd/sotto-relay and the relay inside the client.
//
// It logs no address, mailbox or size, at no level.
package relay
