// Package cddl checks CBOR against a schema in the concise data definition language of RFC 8610, as far as
// docs/PROTOCOL.md uses it. Only tests import it.
//
// What it knows: rules of types and of groups; integers, text and boolean values; ranges; choices; maps and arrays with
// occurrences, optional members and wildcard keys; .size of byte and text strings; the prelude's uint, nint, int, bstr,
// bytes, tstr, text, bool, true, false, null and any. Everything else is an error of [Parse], so that no part of a schema
// is silently taken for fulfilled: sockets, generics, group choices, cuts, tags, floating point and all other controls.
// Arrays are matched greedily, one member after the other, without going back.
//
// [FromPage] takes the schema out of a page's code blocks, [Parse] reads it, [Schema.Check] applies a rule of it.
package cddl
