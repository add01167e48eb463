// Package vaultfile reads and writes the vault file of a profile so that a crash at any moment leaves either the old or
// the new content, never a mixture (docs/STORAGE.md section 2.3). What the bytes mean is package crypto/vault's affair;
// they carry their own version.
//
//	err := vaultfile.Write(path, v.Bytes())
//	b, err := vaultfile.Read(path)
//	err = vaultfile.Destroy(path)
package vaultfile
