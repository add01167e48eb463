package assistant_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sotto/app/apptest/memstore"
	"sotto/app/assistant"
	"sotto/app/messenger"
	"sotto/chat"
)

var guideID, ada, bob = chat.ContactID{0x6}, chat.ContactID{0xad}, chat.ContactID{0xb0}

// fake is a messenger without a network: it keeps what is sent in the store, and says that it was sent when told to.
type fake struct {
	t        *testing.T
	store    *memstore.Store
	tell     []func(messenger.Event)
	requests []messenger.Request
	rejected []chat.ContactID
	reads    int
	online   bool
	said     []string
	fail     error // of Send
}

func newFake(t *testing.T) *fake {
	return &fake{t: t, store: memstore.New(), online: true}
}

func (f *fake) update(do func(chat.Tx) error) {
	f.t.Helper()
	if err := f.store.Update(context.Background(), do); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fake) emit(e messenger.Event) {
	for _, tell := range f.tell {
		tell(e)
	}
}

func (f *fake) Subscribe(tell func(messenger.Event)) func() {
	f.tell = append(f.tell, tell)
	return func() { f.tell = nil }
}

func (f *fake) Requests(context.Context) ([]messenger.Request, error) {
	return slices.Clone(f.requests), nil
}

func (f *fake) Accept(_ context.Context, id chat.ContactID) (chat.Contact, error) {
	r := f.take(id)
	c := chat.Contact{ID: id, State: chat.ContactAccepted, FirstText: r.Text}
	f.befriend(c)
	if r.Text != "" {
		f.receive(id, chat.NewMessageID(), r.Text)
	}
	f.emit(messenger.Event{Type: messenger.EventContact, Contact: id, Detail: messenger.ContactAccepted})
	return c, nil
}

func (f *fake) befriend(c chat.Contact) {
	f.update(func(tx chat.Tx) error {
		return errors.Join(tx.Contacts().Put(c), tx.Conversations().Put(chat.Conversation{
			ID: f.ConversationWith(c.ID), Kind: chat.Direct, Members: []chat.ContactID{c.ID}, NextSeq: 1,
		}))
	})
}

func (f *fake) Reject(_ context.Context, id chat.ContactID) error {
	f.take(id)
	f.rejected = append(f.rejected, id)
	return nil
}

func (f *fake) take(id chat.ContactID) messenger.Request {
	i := slices.IndexFunc(f.requests, func(r messenger.Request) bool { return r.ID == id })
	r := f.requests[i]
	f.requests = slices.Delete(f.requests, i, i+1)
	return r
}

func (f *fake) Contacts(ctx context.Context) (out []chat.Contact, err error) {
	err = f.store.View(ctx, func(tx chat.Tx) error {
		out, err = tx.Contacts().List()
		return err
	})
	return out, err
}

func (f *fake) ConversationWith(id chat.ContactID) chat.ConversationID {
	return chat.ConversationID{0xc, id[0]}
}

func (f *fake) MessagesAfter(ctx context.Context, conv chat.ConversationID, after int64, limit int) (out []chat.Message, err error) {
	err = f.store.View(ctx, func(tx chat.Tx) error {
		out, err = tx.Messages().PageAfter(conv, after, limit)
		return err
	})
	return out, err
}

func (f *fake) Send(_ context.Context, conv chat.ConversationID, text string, o messenger.SendOptions) (chat.Message, error) {
	if f.fail != nil {
		return chat.Message{}, f.fail
	}
	f.said = append(f.said, text)
	m := chat.Message{
		ID: chat.NewMessageID(), Conversation: conv, Author: guideID, Direction: chat.Out, Kind: chat.KindText, Text: text,
		ReplyTo: o.ReplyTo, State: chat.Queued,
	}
	f.update(func(tx chat.Tx) (err error) {
		m, err = tx.Messages().Put(m)
		return err
	})
	f.emit(messenger.Event{Type: messenger.EventMessage, Conversation: conv, Message: m.ID})
	if f.online {
		f.sent(conv)
	}
	return m, nil
}

// sent brings everything that waits to the relay.
func (f *fake) sent(conv chat.ConversationID) {
	f.update(func(tx chat.Tx) error {
		all, err := tx.Messages().PageAfter(conv, 0, 1000)
		for _, m := range all {
			if m.Direction == chat.Out && m.State == chat.Queued {
				m.State = chat.Sent
				if _, err := tx.Messages().Put(m); err != nil {
					return err
				}
			}
		}
		return err
	})
	f.emit(messenger.Event{Type: messenger.EventReceipt, Conversation: conv})
}

func (f *fake) Discard(_ context.Context, id chat.MessageID) error {
	f.update(func(tx chat.Tx) error { return tx.Messages().Delete(id) })
	return nil
}

func (f *fake) Read(context.Context, chat.ConversationID, int64) error {
	f.reads++
	f.emit(messenger.Event{Type: messenger.EventContact, Detail: messenger.ContactRead})
	return nil
}

// answers returns what was said besides the welcome.
func (f *fake) answers() []string {
	return slices.DeleteFunc(slices.Clone(f.said), func(s string) bool { return s == assistant.Welcome() })
}

// receive stores a text from a contact.
func (f *fake) receive(from chat.ContactID, id chat.MessageID, text string) {
	f.t.Helper()
	conv := f.ConversationWith(from)
	f.update(func(tx chat.Tx) error {
		_, err := tx.Messages().Put(chat.Message{
			ID: id, Conversation: conv, Author: from, Direction: chat.In, Kind: chat.KindText, Text: text, State: chat.Delivered,
		})
		if err == nil {
			_, err = tx.Events().Append("message", []byte(`{"conversation":"`+conv.String()+`","text":"`+text+`"}`), time.Now())
		}
		return err
	})
	f.emit(messenger.Event{Type: messenger.EventMessage, Contact: from, Conversation: conv, Message: id})
}

// traces lists what the store still knows of what was said.
func (f *fake) traces() []string {
	f.t.Helper()
	var out []string
	if err := f.store.View(context.Background(), func(tx chat.Tx) error {
		conversations, err := tx.Conversations().List()
		for _, c := range conversations {
			rows, err := tx.Messages().PageAfter(c.ID, 0, 1000)
			if err != nil {
				return err
			}
			for _, m := range rows {
				out = append(out, "message: "+m.Text)
			}
			if c.Preview != "" || c.Draft != "" {
				out = append(out, "preview")
			}
		}
		contacts, _ := tx.Contacts().List()
		for _, c := range contacts {
			if c.FirstText != "" {
				out = append(out, "first text: "+c.FirstText)
			}
		}
		events, _ := tx.Events().Since(0, 1000)
		for _, e := range events {
			out = append(out, "event: "+string(e.Body))
		}
		return err
	}); err != nil {
		f.t.Fatal(err)
	}
	return out
}

// run starts a Guide, lets it come to rest, and ends it after do.
func run(t *testing.T, f *fake, do func()) {
	t.Helper()
	g := assistant.Start(assistant.Options{Messenger: f, Store: f.store, Now: time.Now})
	synctest.Wait()
	do()
	synctest.Wait()
	if err := g.Err(); err != nil {
		t.Errorf("the Guide failed: %v", err)
	}
	g.Close()
}

func TestTheGuideAcceptsAnswersAndForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		run(t, f, func() {
			f.requests = []messenger.Request{{ID: ada, Text: "how do I invite someone?"}}
			f.emit(messenger.Event{Type: messenger.EventRequest, Contact: ada})
			synctest.Wait()
			f.receive(ada, chat.NewMessageID(), "and how do I delete a message?")
		})
		if len(f.said) != 2 || !strings.Contains(f.said[0], "Ctrl+N") || !strings.Contains(f.said[1], "from its menu") {
			t.Errorf("the Guide said %q", f.said)
		}
		if f.reads != 2 {
			t.Errorf("marked as read %d times", f.reads)
		}
		if got := f.traces(); len(got) != 0 {
			t.Errorf("left: %q", got)
		}
		if err := f.store.View(t.Context(), func(tx chat.Tx) error {
			settings, err := tx.Settings().List()
			for name, b := range settings {
				if strings.Contains(string(b), "invite") || !strings.HasPrefix(name, "assistant.") {
					t.Errorf("setting %s holds %q", name, b)
				}
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestANewContactWithoutAQuestionIsGreetedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.requests = []messenger.Request{{ID: ada}}
		run(t, f, func() {})
		run(t, f, func() { f.emit(messenger.Event{Type: messenger.EventConnection, On: true}) })
		if len(f.said) != 1 || f.said[0] != assistant.Welcome() {
			t.Errorf("the Guide said %q", f.said)
		}
	})
}

func TestTheGuideNeverAnswersABot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.requests = []messenger.Request{{ID: ada, Bot: true, Text: "hello"}, {ID: bob, Spent: true}}
		f.befriend(chat.Contact{ID: chat.ContactID{9}, State: chat.ContactAccepted, Bot: true})
		run(t, f, func() { f.receive(chat.ContactID{9}, chat.NewMessageID(), "help") })
		if len(f.said) != 0 || len(f.rejected) != 2 {
			t.Errorf("said %q, rejected %d", f.said, len(f.rejected))
		}
	})
}

func TestAnAnswerWaitsForTheRelayBeforeItIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.befriend(chat.Contact{ID: ada, State: chat.ContactAccepted})
		f.online = false
		run(t, f, func() {
			f.receive(ada, chat.NewMessageID(), "help")
			synctest.Wait()
			if got := f.traces(); len(got) < 2 {
				t.Errorf("forgotten before it was sent: %q", got)
			}
			f.sent(f.ConversationWith(ada))
		})
		if got := f.traces(); len(got) != 0 {
			t.Errorf("left: %q", got)
		}
	})
}

func TestAQuestionIsAnsweredOnceOverRestarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.befriend(chat.Contact{ID: ada, State: chat.ContactAccepted})
		id := chat.NewMessageID()
		f.online = false
		run(t, f, func() { f.receive(ada, id, "help") }) // ends between the answer and its receipt
		run(t, f, func() { f.sent(f.ConversationWith(ada)) })
		run(t, f, func() { f.receive(ada, id, "help") }) // the same message again, after it was forgotten
		answers := 0
		for _, s := range f.said {
			if s == assistant.Answer("help") {
				answers++
			}
		}
		if answers != 1 {
			t.Errorf("answered %d times: %q", answers, f.said)
		}
		if got := f.traces(); len(got) != 0 {
			t.Errorf("left: %q", got)
		}
	})
}

func TestWhatCameInWhileTheGuideWasAwayIsAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.befriend(chat.Contact{ID: ada, State: chat.ContactAccepted})
		f.receive(ada, chat.NewMessageID(), "what is a relay?")
		run(t, f, func() {})
		if len(f.said) != 1 || f.said[0] != assistant.Answer("what is a relay?") {
			t.Errorf("the Guide said %q", f.said)
		}
	})
}

func TestAnEchoDoesNotMakeALoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.befriend(chat.Contact{ID: ada, State: chat.ContactAccepted})
		run(t, f, func() {
			f.receive(ada, chat.NewMessageID(), "help")
			for range 50 {
				synctest.Wait()
				f.receive(ada, chat.NewMessageID(), f.said[len(f.said)-1])
			}
		})
		if len(f.answers()) != 1 {
			t.Errorf("said %d things to an echo", len(f.answers()))
		}
	})
}

func TestALoopWithAnUndeclaredBotIsSlowedDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.befriend(chat.Contact{ID: ada, State: chat.ContactAccepted})
		f.befriend(chat.Contact{ID: bob, State: chat.ContactAccepted})
		run(t, f, func() {
			for range 200 {
				f.receive(ada, chat.NewMessageID(), "Sorry, I did not get that.")
				synctest.Wait()
			}
			if len(f.answers()) != 12 {
				t.Errorf("said %d things in no time", len(f.answers()))
			}
			f.receive(bob, chat.NewMessageID(), "help")
			synctest.Wait()
			if len(f.answers()) != 13 {
				t.Error("one contact's loop silences the Guide for another")
			}
			time.Sleep(5 * time.Second)
			f.receive(ada, chat.NewMessageID(), "help")
		})
		if len(f.answers()) != 14 {
			t.Errorf("said %d things after a pause", len(f.answers()))
		}
		if got := f.traces(); len(got) != 0 {
			t.Errorf("what was not answered is left: %d", len(got))
		}
	})
}

func TestAFailedAnswerIsTriedAgainWithTheNextEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.befriend(chat.Contact{ID: ada, State: chat.ContactAccepted})
		g := assistant.Start(assistant.Options{Messenger: f, Store: f.store, Now: time.Now})
		defer g.Close()
		synctest.Wait()
		greeted := len(f.said)
		f.fail = chat.ErrDiskFull
		f.receive(ada, chat.NewMessageID(), "help")
		synctest.Wait()
		if !errors.Is(g.Err(), chat.ErrDiskFull) || len(f.traces()) == 0 {
			t.Errorf("Err = %v, %d traces", g.Err(), len(f.traces()))
		}
		f.fail = nil
		f.emit(messenger.Event{Type: messenger.EventConnection, On: true})
		synctest.Wait()
		if g.Err() != nil || len(f.said) != greeted+1 {
			t.Errorf("Err = %v, said %q", g.Err(), f.said)
		}
	})
}

func TestALateEditIsForgottenToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.befriend(chat.Contact{ID: ada, State: chat.ContactAccepted})
		conv, id := f.ConversationWith(ada), chat.NewMessageID()
		run(t, f, func() {
			f.receive(ada, id, "help")
			synctest.Wait()
			f.update(func(tx chat.Tx) error {
				return tx.Annotations().Put(chat.Annotation{ID: chat.NewMessageID(), Conversation: conv, Target: id, Kind: chat.AnnotateEdit, Text: "help me"})
			})
			f.emit(messenger.Event{Type: messenger.EventEdit, Conversation: conv, Message: id})
		})
		if err := f.store.View(t.Context(), func(tx chat.Tx) error {
			held, err := tx.Annotations().ForTarget(conv, id)
			if len(held) != 0 {
				t.Errorf("held: %+v", held)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestWhatCannotBeReadIsSaidSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.befriend(chat.Contact{ID: ada, State: chat.ContactAccepted})
		f.update(func(tx chat.Tx) error {
			_, err := tx.Messages().Put(chat.Message{
				ID: chat.NewMessageID(), Conversation: f.ConversationWith(ada), Author: ada, Direction: chat.In, Kind: chat.KindUnknown,
				Raw: []byte{1}, State: chat.Delivered,
			})
			return err
		})
		run(t, f, func() {})
		if len(f.said) != 1 || !strings.Contains(f.said[0], "plain text only") {
			t.Errorf("the Guide said %q", f.said)
		}
	})
}

func TestAFileIsThankedForAndWhatCameWithItAnswered(t *testing.T) {
	for _, c := range []struct{ caption, want string }{
		{"", "I do not open files"},
		{"how do I invite someone?", "Press Ctrl+N"},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t)
			f.befriend(chat.Contact{ID: ada, State: chat.ContactAccepted})
			f.update(func(tx chat.Tx) error {
				_, err := tx.Messages().Put(chat.Message{
					ID: chat.NewMessageID(), Conversation: f.ConversationWith(ada), Author: ada, Direction: chat.In,
					Kind: chat.KindAttachment, File: chat.File{Name: "letter.pdf", Size: 4}, Text: c.caption, State: chat.Delivered,
				})
				return err
			})
			run(t, f, func() {})
			if len(f.said) != 1 || !strings.Contains(f.said[0], c.want) || !strings.Contains(f.said[0], "I do not open files") {
				t.Errorf("the Guide said %q", f.said)
			}
		})
	}
}
