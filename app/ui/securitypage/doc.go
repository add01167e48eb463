// Package securitypage shows how the profile is guarded: lock and passphrase, recovery code, the other ways to open it (a
// second passphrase, a key file, the keychain), alerts, this device, the sessions with contacts, and the relays it uses.
package securitypage
