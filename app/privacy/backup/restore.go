package backup

import (
	"context"
	"fmt"
	"io"

	"sotto/chat"
)

// batch is how many values one unit of work of a restore takes.
const batch = 500

// Restore brings a backup into an empty store that nobody uses yet, in the order of its lines. Only after a nil error is
// what the store holds authentic and whole; until then, and after an error, the caller throws it away. Errors: those of
// [Verify] and of the store.
func Restore(ctx context.Context, store chat.Store, in io.Reader, passphrase string, r Reading) (Summary, error) {
	plain, err := open(in, passphrase, r.Limits)
	if err != nil {
		return Summary{}, err
	}
	return restore(ctx, store, plain, r)
}

func restore(ctx context.Context, store chat.Store, plain io.Reader, r Reading) (Summary, error) {
	var waiting []any
	flush := func() error {
		err := store.Update(ctx, func(tx chat.Tx) error {
			for _, v := range waiting {
				if err := put(tx, v); err != nil {
					return err
				}
			}
			return nil
		})
		waiting = waiting[:0]
		return err
	}
	s, err := decode(ctx, plain, r, func(v any) error {
		if waiting = append(waiting, v); len(waiting) < batch {
			return nil
		}
		return flush()
	})
	if err != nil {
		return Summary{}, err
	}
	if err := flush(); err != nil {
		return Summary{}, err
	}
	return s, store.View(ctx, func(tx chat.Tx) error { return compare(tx, s.Counts) })
}

func put(tx chat.Tx, v any) error {
	switch v := v.(type) {
	case Summary:
		return nil
	case settingLine:
		return tx.Settings().Put(v.Name, v.Value)
	case chat.Contact:
		return tx.Contacts().Put(v)
	case chat.Route:
		return tx.Routes().Put(v)
	case chat.Consent:
		return tx.Consents().Append(v)
	case chat.AuditEntry:
		return tx.Audit().Append(v)
	case chat.Conversation:
		return tx.Conversations().Put(v)
	case chat.Message:
		_, err := tx.Messages().Put(v)
		return err
	case chat.Annotation:
		return tx.Annotations().Put(v)
	}
	panic(fmt.Sprintf("backup: value of type %T", v))
}

// compare finds lines that took each other's place: two with one id leave one row.
func compare(tx chat.Tx, want Counts) error {
	contacts, err := tx.Contacts().List()
	if err != nil {
		return err
	}
	conversations, err := tx.Conversations().List()
	if err != nil {
		return err
	}
	messages := 0
	for _, c := range conversations {
		n, err := tx.Messages().Count(c.ID)
		if err != nil {
			return err
		}
		messages += n
	}
	if len(contacts) != want.Contacts || len(conversations) != want.Conversations || messages != want.Messages {
		return malformed("an id that stands twice")
	}
	return nil
}
