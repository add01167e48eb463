// Package leak searches files and byte strings for planted secrets: every text, name, fingerprint or address that a
// test chose must not be found in what a profile leaves on disk or a relay gets to see. It knows each secret in the
// forms in which it could have leaked: UTF-8, UTF-16 in both orders, hexadecimal and base64 at each of its three alignments.
// Thousands of secrets cost one pass over the data.
package leak
