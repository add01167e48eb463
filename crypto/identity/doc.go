// Package identity holds who someone is: the OpenPGP identity, its devices, the signed list of
// them, and the safety number two people compare.
//
// It follows docs/PROTOCOL.md section 3. Keys and signatures are OpenPGP version 6 (RFC 9580) with
// the composite algorithm ML-DSA-65+Ed25519 (RFC 9980); the forms accepted are far narrower than
// OpenPGP's: exactly one primary key, no user ids, no subkeys, exact lengths, SHA-512. A signature is
// valid only if both halves are, and only for the one purpose it names.
//
// An [Identity] and a [Device] are secrets: create them once, keep what Marshal returns sealed in the
// vault, and call Erase when locking. [SignDeviceList] ties devices to the identity. From a peer come
// bytes: [Known.Verify] for the certificate and its list, then [Advance] against the list pinned before.
package identity
