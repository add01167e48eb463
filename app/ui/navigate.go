package ui

import (
	"context"
	"time"

	"fyne.io/fyne/v2"

	"sotto/app/platform"
	"sotto/app/security"
	"sotto/app/ui/conversation"
	"sotto/app/ui/form"
	"sotto/app/ui/i18n"
	"sotto/app/ui/quickswitch"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/chat"
)

var _ screen.Navigator = (*Window)(nil)

// activeEvery is how often signs of a person are handed to the idle lock at most.
const activeEvery = time.Second

// Open implements screen.Navigator.
func (w *Window) Open(at screen.Place) {
	o := w.open
	if o == nil {
		return
	}
	w.Active()
	switch at.Screen {
	case screen.Home:
		o.closeAll()
		o.show()
		return
	case screen.Chat:
		if top := o.top(); at.Found && top != nil && (top.at.Screen == screen.Search || top.at.Screen == screen.Files) {
			break
		}
		if o.alreadyAt(at) {
			o.closeAbove(0)
			o.show()
			return
		}
		o.closeAll()
	}
	if top := o.top(); top != nil && top.at == at && at.Screen != screen.Chat && at.Text == "" {
		return // it is there already
	}
	make := w.makers[at.Screen]
	if make == nil || at.Screen == screen.Welcome || at.Screen == screen.Unlock {
		return
	}
	if top := o.top(); top != nil && top.at.Screen == at.Screen {
		o.pop() // one page of a kind: another contact takes the place of the first
	} else if top != nil {
		if l, ok := top.view.(screen.Leaver); ok && !o.besides(at) {
			l.Left()
		}
	}
	work := o.work.Child()
	o.stack = append(o.stack, &entry{at: at, view: make(w.services(work), at), work: work})
	o.show()
}

// alreadyAt reports whether the chat asked for is the one at the bottom, with nothing to jump to.
func (o *inside) alreadyAt(at screen.Place) bool {
	if len(o.stack) == 0 || !at.Message.IsZero() {
		return false
	}
	v, ok := o.stack[0].view.(*conversation.View)
	return ok && v.Conversation() == at.Conversation
}

// Back implements screen.Navigator.
func (w *Window) Back() {
	o := w.open
	if o == nil || len(o.stack) == 0 {
		return
	}
	w.Active()
	o.pop()
	o.show()
}

func (o *inside) top() *entry {
	if len(o.stack) == 0 {
		return nil
	}
	return o.stack[len(o.stack)-1]
}

// pop closes the screen on top.
func (o *inside) pop() {
	e := o.top()
	o.stack = o.stack[:len(o.stack)-1]
	e.view.Closed()
	e.work.End()
}

// closeAbove closes all screens over the i-th.
func (o *inside) closeAbove(i int) {
	for len(o.stack) > i+1 {
		o.pop()
	}
}

func (o *inside) closeAll() { o.closeAbove(-1) }

// besides reports whether a place would be shown beside the chat under it.
func (o *inside) besides(at screen.Place) bool {
	return at.Screen == screen.Contact && o.frame.roomy() && len(o.stack) > 0 && o.top().at.Screen == screen.Chat
}

// show brings the top of the stack to sight: over the empty area, or a contact beside its chat.
func (o *inside) show() {
	top := o.top()
	if top == nil {
		o.frame.narrowList, o.frame.whole = true, false
		o.frame.show(o.home.Content(), nil)
		o.column.Select(chat.ConversationID{})
		o.home.Shown()
		return
	}
	o.frame.narrowList = false
	o.frame.whole = top.at.Screen == screen.Viewer
	o.arrangeAll()
	shown := top
	if n := len(o.stack); n > 1 && top.at.Screen == screen.Contact && o.stack[n-2].at.Screen == screen.Chat && o.frame.roomy() {
		o.frame.show(o.stack[n-2].view.Content(), top.view.Content())
	} else {
		o.frame.show(shown.view.Content(), nil)
	}
	o.column.Select(o.chat())
	shown.view.Shown()
}

// arrange follows the width of the window.
func (o *inside) arrange() {
	o.arrangeAll()
	if len(o.stack) > 0 {
		top := o.top()
		if n := len(o.stack); n > 1 && top.at.Screen == screen.Contact && o.stack[n-2].at.Screen == screen.Chat && o.frame.roomy() {
			o.frame.show(o.stack[n-2].view.Content(), top.view.Content())
		} else {
			o.frame.show(top.view.Content(), nil)
		}
	}
}

func (o *inside) arrangeAll() {
	for _, e := range o.stack {
		if a, ok := e.view.(screen.Arranger); ok {
			a.Arrange(o.frame.narrow())
		}
	}
}

// Changed implements screen.Navigator.
func (w *Window) Changed() {
	if w.open == nil {
		return
	}
	w.open.column.Shown()
	for _, e := range w.open.stack {
		if r, ok := e.view.(screen.Reader); ok {
			r.Reread()
		}
	}
}

// Narrow implements screen.Navigator.
func (w *Window) Narrow() bool { return w.open != nil && w.open.frame.narrow() }

// Focused implements screen.Navigator.
func (w *Window) Focused() bool { return w.focused }

// Arrived implements screen.Navigator.
func (w *Window) Arrived() {
	if n := w.o.Notifier; n != nil && !w.focused {
		w.work.Leave(func(context.Context) { _ = n.Notify(platform.NewMessages) })
	}
}

// Active implements screen.Navigator.
func (w *Window) Active() {
	o := w.open
	if o == nil || o.idle == nil {
		return
	}
	if now := w.o.Now(); now.Sub(o.active) >= activeEvery {
		o.active = now
		w.signal(security.Activity)
	}
}

func (w *Window) signal(s security.Signal) {
	if w.open != nil && w.open.idle != nil {
		_ = w.open.idle.Signal(s) // only known signals are sent
	}
}

// IdleAfter implements screen.Navigator.
func (w *Window) IdleAfter(after time.Duration) {
	if w.open != nil && w.open.idle != nil {
		w.Fail(w.open.idle.SetAfter(after))
	}
}

// Escape closes what is open: a sheet over the window, what the screen itself closes, else the screen.
func (w *Window) Escape() {
	if w.win.Canvas().Overlays().Top() != nil {
		form.Escape(w.win.Canvas())
		return
	}
	o := w.open
	if w.gate != nil {
		if e, ok := w.gate.view.(screen.Escaper); ok {
			e.Escape()
		}
		return
	}
	if o == nil {
		return
	}
	top := o.top()
	if top == nil {
		o.column.FocusSearch()
		return
	}
	if e, ok := top.view.(screen.Escaper); ok && e.Escape() {
		return
	}
	if top.at.Screen != screen.Chat || top.at.Found || o.frame.narrow() {
		w.Back()
	}
}

// switchTo opens the quick switch.
func (w *Window) switchTo() {
	if w.open == nil || w.win.Canvas().Overlays().Top() != nil {
		return
	}
	w.Active()
	quickswitch.New(w.open.column.Entries(), func(id chat.ConversationID) {
		w.Open(screen.Place{Screen: screen.Chat, Conversation: id})
	}).Open(w.win.Canvas())
}

// searchHere opens the search of the chat that is shown, or of all.
func (w *Window) searchHere() {
	if w.open != nil && w.win.Canvas().Overlays().Top() == nil {
		w.Open(screen.Place{Screen: screen.Search, Conversation: w.open.chat()})
	}
}

// here answers the conversation on top, nil while something lies over it.
func (w *Window) here() *conversation.View {
	if w.open == nil || w.open.top() == nil || w.win.Canvas().Overlays().Top() != nil {
		return nil
	}
	v, _ := w.open.top().view.(*conversation.View)
	return v
}

// inChat answers an act on the conversation on top.
func (w *Window) inChat(act func(*conversation.View)) func() {
	return func() {
		if v := w.here(); v != nil {
			act(v)
		}
	}
}

// dropped hands files that were dropped onto the window to the conversation on top.
func (w *Window) dropped(_ fyne.Position, items []fyne.URI) {
	if w.open == nil {
		return
	}
	w.Active()
	var paths []string
	for _, i := range items {
		if i.Scheme() == "file" {
			paths = append(paths, i.Path())
		}
	}
	v := w.here()
	switch {
	case len(paths) == 0:
	case v == nil:
		w.Toast(theme.IconAttach, i18n.T("attach.nowhere"))
	default:
		v.Drop(paths)
	}
}

func (w *Window) step(n int) {
	if w.open != nil {
		w.Active()
		w.open.column.Step(n)
	}
}

// opens answers an act that opens a screen.
func (w *Window) opens(name screen.Name) func() {
	return func() {
		if w.win.Canvas().Overlays().Top() == nil {
			w.Open(screen.Place{Screen: name})
		}
	}
}
