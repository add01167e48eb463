package messenger

import (
	"context"
	"time"

	"sotto/chat"
)

// settingLeft holds the conversations whose previews were taken away while the profile is locked.
const settingLeft = "messenger/left"

// Timekeeper goes on with the clock by which messages end, without anything else of a messenger.
type Timekeeper struct{ c *clock }

// Now returns the time by which messages end.
func (t Timekeeper) Now() time.Time { return t.c.time() }

// Leave prepares the store for being locked, and returns what keeps the time meanwhile: the time seen is stored, and the
// previews of conversations go whose newest message has an end, since without keys they could not go with it. Expire
// brings back those that may still be seen. Call it right before Close.
func (m *Messenger) Leave(ctx context.Context) (Timekeeper, error) {
	keeper := Timekeeper{m.clock}
	return keeper, m.update(ctx, func(u *unit) error {
		all, err := u.Conversations().List()
		if err != nil {
			return err
		}
		var left []chat.ConversationID
		for _, conv := range all {
			newest, err := u.newestWritten(conv.ID)
			if err != nil {
				return err
			}
			if newest.Expires.IsZero() || conv.Preview == "" {
				continue
			}
			conv.Preview = ""
			if err := u.Conversations().Put(conv); err != nil {
				return err
			}
			left = append(left, conv.ID)
		}
		if len(left) > 0 {
			if err := putJSON(u.Tx, settingLeft, left); err != nil {
				return err
			}
		}
		return m.clock.seal(u.Tx)
	})
}

// comeBack brings back the previews that Leave took away.
func (m *Messenger) comeBack(ctx context.Context) error {
	var left []chat.ConversationID
	read := func(tx chat.Tx) error {
		_, err := getJSON(tx, settingLeft, &left)
		return err
	}
	if err := m.view(ctx, read); err != nil || len(left) == 0 {
		return err
	}
	return m.update(ctx, func(u *unit) error {
		for _, id := range left {
			if err := ignoreMissing(u.refresh(id)); err != nil {
				return err
			}
		}
		return dropSetting(u.Tx, settingLeft)
	})
}
