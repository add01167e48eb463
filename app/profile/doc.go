// Package profile is the composition root of a client: it opens a profile (lock file, vault, history, relay
// connections, embedded relay) and wires the use cases of app/messenger, app/privacy, app/security and app/assistant on
// it. The window and sottoctl both start here; the folder's layout is in docs/STORAGE.md.
//
// Create a profile once with [Create], or open it with [Open]; both answer a [Profile] whose Start connects it. Lock
// gives it up for a [Locked], which keeps the folder, the embedded relay and the mailbox owner keys, and nothing else;
// Unlock brings the Profile back. Close ends either.
package profile
