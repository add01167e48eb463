// Package vault holds the keys of one profile and seals its rows; it works on bytes and knows neither files nor
// databases.
//
// It follows docs/STORAGE.md sections 2 (vault file and slots), 3 (keys and erasure epochs), 4 (sealed rows) and 5
// (covered tables). Primitives: XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03), Argon2id (RFC 9106), HKDF and HMAC over
// SHA-256 (RFC 5869, RFC 2104).
//
// A [Vault] is a value: every step (adding a slot, beginning and finishing an erasure epoch) returns a new one, and the
// caller decides when its bytes reach the disk.
//
//	v, err := vault.New(now, limits, vault.Credential{Secret: vault.Passphrase(p), Params: params}, ...)
//	file := v.Bytes()
//	v, err = vault.Open(file, limits, vault.Passphrase(p))
//	key := vault.NewRowKey()
//	wrapped := v.Wrap(7, key.Bytes())
//	body := key.Seal(vault.RowData("contacts", 1, 7), plaintext)
package vault
