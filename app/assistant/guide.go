package assistant

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"sotto/app/messenger"
	"sotto/chat"
)

// Messenger is what a bot needs of messenger.Messenger.
type Messenger interface {
	Subscribe(f func(messenger.Event)) (cancel func())
	Requests(ctx context.Context) ([]messenger.Request, error)
	Accept(ctx context.Context, id chat.ContactID) (chat.Contact, error)
	Reject(ctx context.Context, id chat.ContactID) error
	Contacts(ctx context.Context) ([]chat.Contact, error)
	ConversationWith(id chat.ContactID) chat.ConversationID
	MessagesAfter(ctx context.Context, conv chat.ConversationID, after int64, limit int) ([]chat.Message, error)
	Send(ctx context.Context, conv chat.ConversationID, text string, o messenger.SendOptions) (chat.Message, error)
	Discard(ctx context.Context, id chat.MessageID) error
	Read(ctx context.Context, conv chat.ConversationID, upTo int64) error
}

// Options of a Guide; all are required.
type Options struct {
	Messenger Messenger
	Store     chat.Store // the Guide's own, from which it erases what it answered
	Now       func() time.Time
}

// Guide is the offline bot at work: it accepts whoever writes to it, answers, and forgets. It works in one goroutine
// between Start and Close.
type Guide struct {
	m      Messenger
	store  chat.Store
	now    func() time.Time
	cancel context.CancelFunc
	unsub  func()
	done   chan struct{}
	wake   chan struct{}

	mu    sync.Mutex
	fresh map[chat.ConversationID]bool // where something happened
	all   bool                         // look at everyone
	err   error

	budgets map[chat.ContactID]*budget
}

// Start runs the Guide. What came in while it was away is answered first.
func Start(o Options) *Guide {
	ctx, cancel := context.WithCancel(context.Background())
	g := &Guide{
		m: o.Messenger, store: o.Store, now: o.Now, cancel: cancel, done: make(chan struct{}), wake: make(chan struct{}, 1),
		fresh: map[chat.ConversationID]bool{}, all: true, budgets: map[chat.ContactID]*budget{},
	}
	g.unsub = o.Messenger.Subscribe(g.notice)
	g.nudge()
	go g.run(ctx)
	return g
}

// Close stops the Guide and waits for what it is doing. It does not close the messenger.
func (g *Guide) Close() {
	g.unsub()
	g.cancel()
	<-g.done
}

// Err returns the last failure, nil when the last round went well. A failed round is tried again with the next event.
func (g *Guide) Err() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.err
}

// notice remembers where something happened; it never blocks.
func (g *Guide) notice(e messenger.Event) {
	spoken, met := false, false
	switch e.Type {
	case messenger.EventMessage, messenger.EventReceipt, messenger.EventEdit, messenger.EventReaction, messenger.EventDelete:
		spoken = true
	case messenger.EventContact:
		met = e.Detail == messenger.ContactAccepted || e.Detail == messenger.ContactUnblocked
	case messenger.EventRequest, messenger.EventConnection:
		met = true
	}
	if !spoken && !met {
		return
	}
	g.mu.Lock()
	g.all = g.all || met
	if spoken {
		g.fresh[e.Conversation] = true
	}
	g.mu.Unlock()
	g.nudge()
}

func (g *Guide) nudge() {
	select {
	case g.wake <- struct{}{}:
	default:
	}
}

func (g *Guide) run(ctx context.Context) {
	defer close(g.done)
	for {
		select {
		case <-ctx.Done():
			return
		case <-g.wake:
		}
		err := g.round(ctx)
		g.mu.Lock()
		g.err = err
		g.mu.Unlock()
	}
}

// round answers requests, then every conversation in which something happened. One that fails does not hold up others.
func (g *Guide) round(ctx context.Context) error {
	g.mu.Lock()
	fresh, all := g.fresh, g.all
	g.fresh, g.all = map[chat.ConversationID]bool{}, false
	g.mu.Unlock()

	var failures []error
	if all {
		failures = append(failures, g.meet(ctx))
	}
	contacts, err := g.m.Contacts(ctx)
	if err != nil {
		failures = append(failures, err)
	}
	for _, c := range contacts {
		touched := fresh[g.m.ConversationWith(c.ID)]
		if c.State != chat.ContactAccepted || c.Removed || c.Bot || !all && !touched {
			continue
		}
		if err := g.talk(ctx, c, touched); err != nil {
			failures = append(failures, fmt.Errorf("guide: %w", err))
		}
	}
	err = errors.Join(failures...)
	if err != nil {
		g.mu.Lock()
		g.all = true // nothing is forgotten: the next event looks at everyone
		g.mu.Unlock()
	}
	return err
}

// meet accepts people and refuses bots.
func (g *Guide) meet(ctx context.Context) error {
	requests, err := g.m.Requests(ctx)
	if err != nil {
		return err
	}
	var failures []error
	for _, r := range requests {
		if r.Bot || r.Spent {
			failures = append(failures, g.m.Reject(ctx, r.ID))
			continue
		}
		_, err := g.m.Accept(ctx, r.ID)
		failures = append(failures, err)
	}
	return errors.Join(failures...)
}

// talk answers what is open in the conversation with a contact, and forgets it once nothing waits to be sent. Touched says
// that something happened there, if only an edit of what is forgotten already.
func (g *Guide) talk(ctx context.Context, c chat.Contact, touched bool) error {
	conv := g.m.ConversationWith(c.ID)
	rows, err := g.rows(ctx, conv)
	if err != nil {
		return err
	}
	answered, err := loadAnswered(ctx, g.store)
	if err != nil {
		return err
	}
	t := newThread(rows, answered)
	if err := g.greet(ctx, c.ID, conv, t); err != nil {
		return err
	}
	if err := g.answer(ctx, c.ID, conv, t); err != nil {
		return err
	}
	for _, id := range t.failed {
		if err := g.m.Discard(ctx, id); err != nil {
			return err
		}
	}
	if t.waiting > 0 || t.rows == 0 && !touched {
		return nil // the receipt that it was sent brings us back
	}
	return g.forget(ctx, c.ID, conv, t)
}

// answer answers the open questions. They are marked as read, which the other side learns only where the Guide's own
// ledger allows it.
func (g *Guide) answer(ctx context.Context, id chat.ContactID, conv chat.ConversationID, t *thread) error {
	if len(t.open) == 0 {
		return nil
	}
	if err := g.m.Read(ctx, conv, 0); err != nil {
		return err
	}
	for _, q := range t.open {
		if isOwnWords(q.Text) || !g.budget(id).take(g.now()) {
			continue
		}
		if _, err := g.m.Send(ctx, conv, answerTo(q), messenger.SendOptions{ReplyTo: q.ID}); err != nil {
			return err
		}
		t.waiting++
	}
	return nil
}

// answerTo answers a row. A file is thanked for and left where it is; what came with it as a text is answered. What is
// neither cannot be read.
func answerTo(m chat.Message) string {
	switch {
	case m.Kind == chat.KindAttachment && m.Text == "":
		return noFiles
	case m.Kind == chat.KindAttachment:
		return noFiles + "\n\n" + Answer(m.Text)
	case m.Kind != chat.KindText:
		return onlyText
	}
	return Answer(m.Text)
}

// isOwnWords reports whether a text is one of the Guide's own answers: whoever sends it back is an echo.
func isOwnWords(text string) bool {
	text = strings.TrimPrefix(text, noFiles+"\n\n")
	if text == welcome || text == noFiles || text == onlyText || text == fallback() {
		return true
	}
	for _, t := range topics {
		if t.answer == text {
			return true
		}
	}
	return false
}

// rows reads the whole conversation; it is short, since what was answered is gone.
func (g *Guide) rows(ctx context.Context, conv chat.ConversationID) ([]chat.Message, error) {
	var out []chat.Message
	after := int64(0)
	for {
		page, err := g.m.MessagesAfter(ctx, conv, after, 100)
		if errors.Is(err, chat.ErrNotFound) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		if len(page) == 0 {
			return out, nil
		}
		out = append(out, page...)
		after = page[len(page)-1].Position
	}
}

// thread is a conversation as the Guide sees it.
type thread struct {
	rows      int
	questions []chat.MessageID // everything that came in
	open      []chat.Message   // what of it has no answer
	waiting   int              // answers that the relay does not have yet
	failed    []chat.MessageID // answers that cannot be sent
}

func newThread(rows []chat.Message, answered answeredIDs) *thread {
	t := &thread{rows: len(rows)}
	replied := map[chat.MessageID]bool{}
	for _, m := range rows {
		if m.Direction != chat.Out || m.Kind == chat.KindNotice {
			continue
		}
		replied[m.ReplyTo] = true
		switch {
		case m.State == chat.Failed:
			t.failed = append(t.failed, m.ID)
		case m.State.Rank() < chat.Sent.Rank():
			t.waiting++
		}
	}
	for _, m := range rows {
		if m.Direction != chat.In || m.Kind == chat.KindNotice {
			continue
		}
		t.questions = append(t.questions, m.ID)
		if !replied[m.ID] && !answered.has(m.ID) && !m.Deleted {
			t.open = append(t.open, m)
		}
	}
	return t
}
