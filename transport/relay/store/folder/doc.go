// Package folder keeps the bytes of a relay's blobs as files of one folder.
//
// It implements [store.Blobs] (docs/PROTOCOL.md section 9.9, docs/RELAY.md): a file is named by 32 random hexadecimal
// digits, while its bytes come with the ending .part; it is complete when it stands under its final name, which it gets
// by a rename after a sync, followed by a sync of the folder. Files are 0600, the folder 0700, and neither names nor
// times say whose a file is.
//
// Open one with [Open]. What no row names is removed by the relay's sweep.
package folder
