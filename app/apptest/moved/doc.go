// Package moved lets a closed profile live on as it would on another device: with a device that its list names after the
// last one, or restored from a backup, with a list that knows nothing of the last one (docs/PROTOCOL.md section 3).
//
//	p.Close()
//	err := moved.Restored(ctx, dir, options, storage.Passphrase("..."), time.Now().Add(time.Minute))
//	p, err = profile.Open(...)
package moved
