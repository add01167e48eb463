// Package encode holds the one encoding and the one list of labels under everything Sotto signs,
// hashes, derives keys from, or uses as associated data.
//
// The encoding is specified in docs/PROTOCOL.md section 2: a label and any number of fields, each
// preceded by its length as a 32-bit big-endian integer. It is injective, so two different lists of
// fields never give the same bytes, and a label separates every purpose from every other.
//
// Use [Fields] to build associated data or a message to sign, [Hash] to hash fields, [Derive] to
// derive a key, [Append] and [Reader] to write and read structures made of the same fields.
package encode
