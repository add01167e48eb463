// Package transporttest is a relay world in memory for tests: the real relay, the real client and the
// real wire codec over connections that are pipes, with an in-memory store, and faults on demand.
//
// Start a relay with [NewRelay]; [Relay.Client] gives a faultless client, [Relay.Faulty] one with the
// same methods whose sends and pushes are dropped, doubled, reordered and delayed by a seed.
// [Network.CutBlobs] breaks uploads and downloads after so many bytes, [Network.Tap] sees every byte.
// [Relay.Cut] breaks every connection, [Relay.Down] refuses new ones, [Relay.Observe] sees every frame
// as the relay decodes it. Nothing here runs outside of tests.
package transporttest
