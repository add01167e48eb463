// Package blob keeps the ciphertexts of attachments as files in one folder of a profile: it implements
// [sotto/chat.Blobs].
//
// It follows docs/STORAGE.md section 4.6. A file is called by 16 random bytes in hexadecimal; while it is written its name ends
// in ".part". A commit syncs it, gives it its name and syncs the folder, so that a name without ".part" is a whole file
// whatever happened to the process. What is inside is sealed by package crypto/filecrypt before it comes here.
//
//	blobs, err := blob.Open(filepath.Join(profile, "blobs"))
//	w, err := blobs.Create()
//	_, err = w.Write(ciphertext)
//	err = w.Commit()
//	removed, err := blobs.Sweep(func(id chat.BlobID) bool { return named[id] })
package blob
