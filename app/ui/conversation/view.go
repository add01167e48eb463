package conversation

import (
	"context"
	"time"

	"fyne.io/fyne/v2"

	"sotto/app/messenger"
	"sotto/app/ui/i18n"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/chat"
)

// View is one conversation. Its methods are called on the UI thread.
type View struct {
	s       screen.Services
	id      chat.ConversationID
	goTo    chat.MessageID // go there when loaded; zero: the newest
	found   chat.MessageID // it was searched for: framed for a moment
	over    bool           // Back returns to the search
	source  source
	content *fyne.Container

	header    *header
	banners   *fyne.Container
	timeline  *widget.Timeline
	typing    *widget.Text
	typingAt  fyne.CanvasObject // typing with its margins
	stopIt    func()            // ends the notice of writing
	composer  *composer
	transfers *transfers

	conversation chat.Conversation
	contact      chat.Contact
	security     messenger.SecurityState
	timer        time.Duration // how long new messages stay; 0: for ever
	stuck        time.Time     // since when messages wait or the relay is away; zero: they do not
	look         func()        // stops a later look at that
	ready        bool          // conversation and contact were read
	reading      bool
	readAgain    bool

	known        map[chat.MessageID]chat.Message // what the rows were made of
	newest       chat.MessageID                  // newest message when the timeline holds the end
	unread       chat.MessageID                  // first unread one at opening
	refreshing   bool
	refreshAgain bool

	inSight bool
	seen    chat.MessageID // newest message that was in sight
	readTo  int64          // position told to the messenger
}

var (
	_ screen.Screen        = (*View)(nil)
	_ screen.Listener      = (*View)(nil)
	_ screen.Arranger      = (*View)(nil)
	_ screen.Leaver        = (*View)(nil)
	_ screen.Escaper       = (*View)(nil)
	_ screen.Reader        = (*View)(nil)
	_ screen.FocusFollower = (*View)(nil)
)

// New answers the chat at a place of kind screen.Chat.
func New(s screen.Services, at screen.Place) *View {
	v := &View{
		s: s, id: at.Conversation, goTo: at.Message, over: at.Found,
		source: source{m: s.Messenger(), id: at.Conversation},
		known:  map[chat.MessageID]chat.Message{},
	}
	v.header = newHeader(v)
	v.banners = widget.NewColumn(0)
	v.timeline = widget.NewTimeline(v, v.rowView)
	v.timeline.JumpLabel = i18n.T("chat.jump")
	v.timeline.Seen = v.saw
	v.typing = widget.NewText("", widget.TextOptions{Size: theme.SizeMeta, Color: theme.Muted, Cut: true})
	v.typingAt = widget.NewNarrow(theme.ChatWidth, false,
		widget.NewInset(0, theme.Space4, theme.Space1, theme.Space4+theme.Space1, v.typing))
	v.typingAt.Hide()
	v.composer = newComposer(v)
	v.transfers = newTransfers(v)
	v.content = widget.NewStack(2, v.header.place, v.banners, v.timeline, v.typingAt, v.composer.content, v.composer.ask)
	return v
}

// Content implements screen.Screen.
func (v *View) Content() fyne.CanvasObject { return v.content }

// Conversation is which one is shown.
func (v *View) Conversation() chat.ConversationID { return v.id }

// Contact is who it is with; the zero id before it was read.
func (v *View) Contact() chat.ContactID { return v.contact.ID }

// Shown implements screen.Screen.
func (v *View) Shown() {
	v.inSight = true
	if v.ready {
		v.Reread()
		v.markRead()
	} else {
		v.read()
	}
	v.composer.takeKeyboard()
}

// Left implements screen.Leaver.
func (v *View) Left() {
	v.inSight = false
	v.composer.leave()
}

// Closed implements screen.Screen.
func (v *View) Closed() {
	v.Left()
	clear(v.known)
	v.transfers.close()
	v.composer.forget()
	v.timeline.ShowRows(nil, false, false, "")
}

// Arrange implements screen.Arranger.
func (v *View) Arrange(narrow bool) { v.header.setBack(narrow || v.over) }

// Escape implements screen.Escaper: it ends a reply or an edit first.
func (v *View) Escape() bool { return v.composer.escape() }

// WindowFocused implements screen.FocusFollower.
func (v *View) WindowFocused(on bool) {
	if on {
		v.markRead()
	}
}

// Reread implements screen.Reader.
func (v *View) Reread() {
	v.read()
	if v.ready {
		v.refresh()
	}
}

// Heard implements screen.Listener.
func (v *View) Heard(events []messenger.Event) {
	rows, state := false, false
	gone := map[chat.MessageID]bool{}
	for _, e := range events {
		mine := e.Conversation == v.id || !v.contact.ID.IsZero() && e.Contact == v.contact.ID
		switch {
		case e.Type == messenger.EventConnection:
			state = true
		case !mine:
		case e.Type == messenger.EventTyping:
			v.showTyping(e.On)
		case e.Type == messenger.EventContact && e.Detail == messenger.ContactDraft:
		case e.Type == messenger.EventContact && e.Detail == messenger.ContactRead:
			state = true
		case e.Type == messenger.EventMessage, e.Type == messenger.EventDelete:
			rows, state = true, true
			gone[e.Message] = e.Detail == messenger.RemovedExpired
			v.showTyping(false)
		default:
			rows, state = true, true
		}
	}
	if rows && v.ready {
		v.dropEnded(gone)
		v.refresh()
	}
	if rows || state {
		v.read()
	}
}

// header is what the head of the chat is made of.
type head struct {
	conversation chat.Conversation
	contact      chat.Contact
	security     messenger.SecurityState
	timer        time.Duration
	unread       chat.MessageID
}

func (v *View) readHead(ctx context.Context) (h head, err error) {
	m := v.s.Messenger()
	if h.conversation, err = m.Conversation(ctx, v.id); err != nil {
		return h, err
	}
	if len(h.conversation.Members) == 0 {
		return h, chat.ErrNotFound
	}
	if h.contact, err = m.Contact(ctx, h.conversation.Members[0]); err != nil {
		return h, err
	}
	if h.security, err = m.Security(ctx, h.contact.ID); err != nil {
		return h, err
	}
	if h.timer, err = m.Timer(ctx, v.id); err != nil || h.conversation.Unread == 0 {
		return h, err
	}
	next, err := m.MessagesAfter(ctx, v.id, h.conversation.ReadUpTo, readPage)
	for _, msg := range next {
		if msg.Direction == chat.In && msg.State != chat.Read {
			h.unread = msg.ID
			break
		}
	}
	return h, err
}

// read reads who this is with and how things stand.
func (v *View) read() {
	if v.reading {
		v.readAgain = true
		return
	}
	v.reading = true
	screen.Run(v.s.Work, v.readHead, func(h head, err error) {
		v.reading = false
		if err != nil {
			v.s.Nav.Fail(err)
			return
		}
		first := !v.ready
		v.conversation, v.contact, v.security, v.ready = h.conversation, h.contact, h.security, true
		v.timer = h.timer
		if first {
			v.unread = h.unread
			v.readTo = h.conversation.ReadUpTo
			v.composer.begin(h.conversation.Draft)
		}
		v.followDelivery()
		v.header.show()
		v.showBanners()
		v.composer.show()
		v.content.Refresh()
		if first {
			v.begin()
		}
		if v.readAgain {
			v.readAgain = false
			v.read()
		}
	})
}

// patience is how long delivery may take before the head of the chat speaks of it.
const patience = 3 * time.Second

// followDelivery notes since when something is in the way of what is written.
func (v *View) followDelivery() {
	if v.look != nil {
		v.look()
		v.look = nil
	}
	if !v.hindered() {
		v.stuck = time.Time{}
		return
	}
	now := v.s.Now()
	if v.stuck.IsZero() {
		v.stuck = now
	}
	if left := patience - now.Sub(v.stuck); left > 0 {
		v.look = v.s.Work.After(left, v.read)
	}
}

// hindered reports whether messages wait that should not, or would.
func (v *View) hindered() bool {
	s := v.security
	return s.Relay != "" && !s.Online || s.Waiting > 0 && v.contact.State == chat.ContactAccepted && s.Verification != chat.Changed
}

// overdue reports whether the head of the chat speaks of delivery.
func (v *View) overdue() bool { return !v.stuck.IsZero() && v.s.Now().Sub(v.stuck) >= patience }

// begin fills the timeline for the first time.
func (v *View) begin() {
	if v.goTo.IsZero() {
		v.timeline.Reset()
		return
	}
	if v.over {
		v.found = v.goTo
		v.s.Work.After(foundShows, func() {
			v.found = chat.MessageID{}
			v.refresh()
		})
	}
	v.jump(v.goTo)
}

// foundShows is how long a message that was searched for is framed.
const foundShows = 3 * time.Second

// loadedOnce is called when rows came in.
func (v *View) loadedOnce() { v.markRead() }

func (v *View) teller() teller {
	return teller{
		format: v.s.Format, now: v.s.Now(), self: v.s.Messenger().Self().ID, contact: v.contact,
		unread: v.unread, open: v.security.NoForward, found: v.found,
	}
}

// knownMost bounds what is remembered of messages; the timeline holds fewer.
const knownMost = 4000

func (v *View) remember(s stretch) {
	if len(v.known) > knownMost {
		clear(v.known)
		v.refreshAgain = true
	}
	for _, m := range s.messages {
		v.known[m.ID] = m
	}
	v.transfers.remember(s)
}

// saw notes the newest row in sight.
func (v *View) saw(row widget.Row) {
	if id, ok := messageOf(row); ok {
		v.seen = id
		v.s.Nav.Active()
		v.markRead()
	}
}

// markRead tells the messenger what was read: what is in sight of a window at the front.
func (v *View) markRead() {
	m, ok := v.known[v.seen]
	if !ok || !v.inSight || !v.ready || !v.s.Nav.Focused() || m.Position <= v.readTo {
		return
	}
	v.readTo = m.Position
	messages, id, position := v.s.Messenger(), v.id, m.Position
	v.s.Work.InOrder(func(ctx context.Context) error { return messages.Read(ctx, id, position) }, v.s.Nav.Fail)
}

// jump shows a message in the upper third.
func (v *View) jump(id chat.MessageID) {
	if v.timeline.ScrollToRow(id.String()) {
		return
	}
	type result struct {
		stretch
		older, newer bool
	}
	screen.Run(v.s.Work, func(ctx context.Context) (r result, err error) {
		r.stretch, r.older, r.newer, err = v.source.around(ctx, id, 30)
		return r, err
	}, func(r result, err error) {
		if err != nil {
			v.s.Nav.Fail(err)
			if len(v.timeline.Rows()) == 0 {
				v.timeline.Reset()
			}
			return
		}
		v.remember(r.stretch)
		if !r.newer {
			v.noteNewest(r.stretch)
		}
		v.timeline.ShowRows(v.teller().rows(r.stretch), r.older, r.newer, id.String())
	})
}

func (v *View) showTyping(on bool) {
	if v.stopIt != nil {
		v.stopIt()
		v.stopIt = nil
	}
	if on {
		v.typing.SetContent(i18n.T("chat.typing", i18n.Args{"Name": screen.NameOf(v.contact)}))
		v.stopIt = v.s.Work.After(typingShows, func() { v.showTyping(false) })
	}
	if on != v.typingAt.Visible() {
		widget.SetVisible(v.typingAt, on)
		v.content.Refresh()
	}
}
