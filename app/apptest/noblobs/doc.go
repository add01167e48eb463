// Package noblobs is the part of a messenger's Relay that is about files, of a relay that keeps none
// (docs/PROTOCOL.md section 9). Embed [Relay] in a fake relay whose test sends no files.
package noblobs
