package ui

import (
	"context"
	"sync"
	"time"

	"sotto/app/messenger"
	"sotto/app/platform"
	"sotto/app/profile"
	"sotto/app/security"
	"sotto/app/ui/chats"
	"sotto/app/ui/conversation"
	"sotto/app/ui/screen"
	"sotto/chat"
)

// inside is the window while a profile is open: the column, the screens that are kept, and what feeds them.
type inside struct {
	w       *Window
	profile *profile.Profile
	work    *screen.Work // of everything that shows this profile
	column  *chats.Column
	home    *home
	frame   *frame
	stack   []*entry // the last is shown; the others come back by Back

	idle   *security.Idle
	active time.Time // last sign that was handed on
	cancel func()    // ends the events
	unhear func()    // ends the news of checks

	mu      sync.Mutex
	heard   []messenger.Event // not handed on yet
	pending bool
}

func newInside(w *Window, p *profile.Profile) *inside {
	o := &inside{w: w, profile: p, work: screen.NewWork(w.o.Dispatcher)}
	w.open = o
	o.column = chats.New(w.services(o.work.Child()), nil)
	o.home = newHome(w.services(o.work.Child()))
	o.frame = newFrame(o.column.Content(), o.arrange)
	return o
}

// begin shows the column and begins to listen.
func (o *inside) begin() {
	o.cancel = o.profile.Messenger.Subscribe(o.hear)
	o.profile.Search.Start()
	o.column.Shown()
	o.show()
	o.watchIntegrity()
	screen.Run(o.work, func(ctx context.Context) (time.Duration, error) { return screen.Idle(ctx, o.profile) }, func(after time.Duration, err error) {
		if err != nil {
			after = screen.IdleDefault
		}
		o.guard(after)
	})
}

// guard begins the idle lock.
func (o *inside) guard(after time.Duration) {
	work := o.work
	idle, err := security.NewIdle(o.w.o.Now, after, func() {
		work.Do(o.w.Lock)
	})
	if err != nil {
		o.w.Fail(err)
		return
	}
	o.idle = idle
	_ = idle.Signal(security.Unlock) // a known signal
}

// end closes all screens. What they still finish runs in o.work.
func (o *inside) end() {
	if o.cancel != nil {
		o.cancel()
	}
	if o.unhear != nil {
		o.unhear()
	}
	if o.idle != nil {
		o.idle.Stop()
	}
	o.closeAll()
	o.column.Closed()
	o.home.Closed()
	o.work.End()
	o.frame.show(nil, nil)
}

// hear takes one event in, on the messenger's goroutine, and wakes the UI thread once for a bundle.
func (o *inside) hear(e messenger.Event) {
	o.mu.Lock()
	o.heard = append(o.heard, e)
	wake := !o.pending
	o.pending = true
	o.mu.Unlock()
	if wake {
		o.work.Do(o.tell)
	}
}

// tell hands the bundle to the screens that follow.
func (o *inside) tell() {
	o.mu.Lock()
	events := o.heard
	o.heard, o.pending = nil, false
	o.mu.Unlock()
	o.column.Heard(events)
	if len(o.stack) == 0 {
		o.home.Heard(events)
	}
	for _, e := range o.stack {
		if l, ok := e.view.(screen.Listener); ok {
			l.Heard(events)
		}
	}
	o.notify(events)
}

// notify says on the desktop that something came, in constant words, when nobody is looking.
func (o *inside) notify(events []messenger.Event) {
	n := o.w.o.Notifier
	if n == nil || o.w.focused {
		return
	}
	kinds := map[platform.Kind]bool{}
	var messages []chat.MessageID
	for _, e := range events {
		switch e.Type {
		case messenger.EventRequest:
			kinds[platform.NewRequest] = true
		case messenger.EventAlert:
			kinds[platform.Attention] = true
		case messenger.EventMessage:
			messages = append(messages, e.Message)
		}
	}
	m := o.profile.Messenger
	o.work.Go(func(ctx context.Context) error {
		for _, id := range messages {
			if !kinds[platform.NewMessages] && wantsNotice(ctx, m, id) {
				kinds[platform.NewMessages] = true
			}
		}
		for k := range kinds {
			_ = n.Notify(k) // a desktop without notifications was said so in the settings
		}
		return nil
	}, nil)
}

// wantsNotice reports whether a message is new, from the other side, in a conversation that is not muted.
func wantsNotice(ctx context.Context, m *messenger.Messenger, id chat.MessageID) bool {
	msg, err := m.Message(ctx, id)
	if err != nil || msg.Direction != chat.In || msg.State == chat.Read || msg.Deleted {
		return false
	}
	conv, err := m.Conversation(ctx, msg.Conversation)
	return err == nil && !conv.Muted
}

func (o *inside) windowFocused(on bool) {
	for _, e := range o.stack {
		if f, ok := e.view.(screen.FocusFollower); ok {
			f.WindowFocused(on)
		}
	}
	if n := o.w.o.Notifier; on && n != nil {
		o.work.Go(func(context.Context) error {
			_ = n.Clear(platform.NewMessages)
			return n.Clear(platform.NewRequest)
		}, nil)
	}
}

// chat answers the conversation that is shown or lies under what is shown, the zero id for none.
func (o *inside) chat() chat.ConversationID {
	for i := len(o.stack) - 1; i >= 0; i-- {
		if v, ok := o.stack[i].view.(*conversation.View); ok {
			return v.Conversation()
		}
	}
	return chat.ConversationID{}
}
