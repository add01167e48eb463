package backup

import (
	"context"

	"sotto/app/privacy/files"
	"sotto/chat"
	"sotto/crypto/filecrypt"
)

// Estimate says how large a backup will be, about.
type Estimate struct {
	Messages int
	Files    int   // that are here
	Away     int   // messages whose file is not here
	Bytes    int64 // of the backup, its files included
	OfFiles  int64 // of those: what leaving them out saves
}

// Sizes of the estimate in bytes: of what there always is, and of a line for a message.
const (
	ofBackup  = 32 << 10
	ofMessage = 450
)

// Estimate says how large a backup of now will be, about.
func (w *Writer) Estimate(ctx context.Context) (e Estimate, err error) {
	err = w.Store.View(ctx, func(tx chat.Tx) error {
		e = Estimate{Bytes: ofBackup}
		all, err := tx.Conversations().List()
		if err != nil {
			return err
		}
		for _, c := range all {
			n, err := tx.Messages().Count(c.ID)
			if err != nil {
				return err
			}
			held, err := files.In(tx, c.ID)
			if err != nil {
				return err
			}
			e.Messages += n
			e.Files += held.Files
			e.Away += held.Away
			// Padding adds between nothing and 12 % to a file: some 3 % is the middle.
			e.OfFiles += held.Bytes + held.Bytes/32 + int64(held.Files)*filecrypt.MinPadded/2
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		e.Bytes += int64(e.Messages)*ofMessage + e.OfFiles
		return nil
	})
	return e, err
}
