package messenger

import (
	"context"
	"slices"

	"sotto/chat"
)

// noteDamage raises AlertDamaged, once in a run, when a page shows that rows of the history are damaged or gone: reading
// goes on beside them, so nothing else would say it.
func (m *Messenger) noteDamage(page []chat.Message) {
	if !slices.ContainsFunc(page, chat.Message.StandsIn) {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed || m.damaged {
		return
	}
	m.damaged = true
	m.group.Go(func() {
		//nolint:errcheck // the page says it as well; a store that takes nothing is told of elsewhere
		m.update(context.Background(), func(u *unit) error { return u.emit(Event{Type: EventAlert, Detail: AlertDamaged}) })
	})
}
