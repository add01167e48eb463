package privacy

import (
	"context"

	"sotto/chat"
)

// MayShowContent reports whether a notification about a message of the contact may show who wrote and what. The answer
// is no on any doubt, also when the ledger cannot be read: the notification then says only that there is something new.
func (l *Ledger) MayShowContent(ctx context.Context, from chat.ContactID) bool {
	allowed := false
	err := l.store.View(ctx, func(tx chat.Tx) (err error) {
		allowed, err = l.Allowed(tx, from, chat.NotificationContent)
		return err
	})
	return err == nil && allowed
}
