// Package files is what exports, backups and erasure do with the files of messages: it counts them, opens those that are
// here, and seals new ones, with memory that does not depend on their size.
//
// The bytes lie in a chat.Blobs, sealed as docs/PROTOCOL.md section 8.5 says (crypto/filecrypt); the key that opens them
// stands in the chat.Attachment of the message.
//
//	in, err := files.Open(blobs, attachment, message.File.Size)
//	n, err := files.Copy(ctx, out, in, nil)
//
// [Inside] keeps what is written for the person out of the profile's folder.
package files
