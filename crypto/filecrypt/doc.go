// Package filecrypt seals the bytes of an attachment: chunked authenticated encryption under a key of their own, with a
// length that says little, read back in any order with flat memory.
//
// The format is specified in docs/PROTOCOL.md section 8.5. It is STREAM (Hoang, Reyhanitabar, Rogaway and Vizár, "Online
// Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance", CRYPTO 2015) as the payload of an age file has it:
// ChaCha20-Poly1305 over chunks of 64 KiB, whose nonce is the number of the chunk and a flag on the last one. What is sealed
// is the content and zeros up to its Padmé length; the size itself stands in the message.
//
// Use [NewWriter] to seal, with a fresh [NewKey] for every file: the nonces of two files under one key are the same. Use
// [Verify] to check a whole ciphertext that came from elsewhere, and [NewReader] to read what was checked: it gives out no
// byte of a chunk that it has not authenticated.
package filecrypt
