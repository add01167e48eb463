// Package crypto is the floor that holds Sotto's cryptography; it has no code of its own.
//
// The rooms, each specified by a section of docs/PROTOCOL.md or docs/STORAGE.md:
//
//   - encode: length-prefixed fields and the one list of labels;
//   - identity: OpenPGP v6 identity, devices, device list, safety number;
//   - handshake: bundles, one-time prekeys, PQXDH-family key agreement;
//   - ratchet: the hybrid double ratchet;
//   - vault: vault key, slots, key table, sealing of rows;
//   - filecrypt: chunked authenticated encryption of attachments.
//
// Packages here are pure: bytes and values in, bytes and values out. They import each other, the
// standard library, golang.org/x/crypto and go-crypto, never net, os, a database or a logger.
// Time is always a parameter.
package crypto
