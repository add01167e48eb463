// Package securitypage shows how the profile is guarded: lock and passphrase, recovery code, alerts, this device, the
// sessions with contacts, and the relays it uses.
package securitypage
