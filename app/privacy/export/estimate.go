package export

import (
	"context"

	"sotto/app/privacy/files"
	"sotto/chat"
)

// Estimate says how large an export will be, about.
type Estimate struct {
	Messages int
	Files    int   // of messages, that are here
	Away     int   // messages whose file is not here
	Bytes    int64 // of the export, its files included
	OfFiles  int64 // of those: what leaving them out saves
}

// ofMessage is about how many bytes a message is as a line and on a page.
const ofMessage = 1200

// Estimate says how large an export of these conversations will be, about; none: everything. Error: chat.ErrNotFound.
func (x *Exporter) Estimate(ctx context.Context, conversations ...chat.ConversationID) (e Estimate, err error) {
	r := &run{x: x, r: Request{Conversations: conversations}}
	err = x.Store.View(ctx, func(tx chat.Tx) error {
		e = Estimate{}
		chosen, err := r.chosen(tx)
		if err != nil {
			return err
		}
		for _, c := range chosen {
			n, err := tx.Messages().Count(c.ID)
			if err != nil {
				return err
			}
			held, err := files.In(tx, c.ID)
			if err != nil {
				return err
			}
			e.Messages, e.Files, e.Away, e.OfFiles = e.Messages+n, e.Files+held.Files, e.Away+held.Away, e.OfFiles+held.Bytes
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		e.Bytes = int64(len(schema)) + int64(e.Messages)*ofMessage + e.OfFiles
		return nil
	})
	return e, err
}
