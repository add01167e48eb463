package messenger

import (
	"errors"
	"slices"
	"testing"
	"time"

	"sotto/chat"
	"sotto/chat/content"
)

// consent is what a post's people allow; the zero value allows nothing.
type consent struct{ purposes map[chat.Purpose]bool }

func (c *consent) Allowed(_ chat.Tx, _ chat.ContactID, p chat.Purpose) (bool, error) {
	return c.purposes[p], nil
}

func (c *consent) set(p chat.Purpose, on bool) { c.purposes[p] = on }

// withBot is a post whose second side is a bot that the first knows as one.
func withBot(t *testing.T) (*post, *consent) {
	t.Helper()
	p, c := established(t), &consent{map[chat.Purpose]bool{}}
	p.gate = c
	p.change(t, 0, func(tx chat.Tx) error {
		bot, err := tx.Contacts().Get(p.ids[1])
		if err != nil {
			return err
		}
		bot.Bot, bot.ProfileName = true, "Ben"
		return tx.Contacts().Put(bot)
	})
	return p, c
}

func (p *post) message(t *testing.T, i int, id chat.MessageID) (m chat.Message) {
	t.Helper()
	p.change(t, i, func(tx chat.Tx) (err error) {
		m, err = tx.Messages().Get(id)
		return err
	})
	return m
}

func (p *post) queue(t *testing.T, i int) (out []chat.QueueItem) {
	t.Helper()
	p.change(t, i, func(tx chat.Tx) (err error) {
		out, err = tx.Queue().List()
		return err
	})
	return out
}

// enqueue queues without sealing: what a person wrote while the relay was away.
func (p *post) enqueue(t *testing.T, text string) (msg chat.Message) {
	t.Helper()
	p.as(t, 0, func(m *Messenger) {
		var err error
		if msg, err = m.Send(t.Context(), m.ConversationWith(p.ids[1]), text, SendOptions{}); err != nil {
			t.Fatal(err)
		}
	})
	return msg
}

func TestNothingIsQueuedForABotThatMayNotRead(t *testing.T) {
	p, c := withBot(t)
	c.set(chat.BotReads, true)
	known := p.write(t, 0, 1)[0]
	p.handAll(t, 1)
	theirs := p.write(t, 1, 1)[0]
	p.handAll(t, 0)
	c.set(chat.BotReads, false)
	conv := DirectConversation(p.ids[0], p.ids[1])
	acts := map[string]func(*Messenger) error{
		"a text": func(m *Messenger) error {
			_, err := m.Send(t.Context(), conv, "for nobody else", SendOptions{})
			return err
		},
		"a reply": func(m *Messenger) error {
			_, err := m.Send(t.Context(), conv, "for nobody else", SendOptions{ReplyTo: theirs})
			return err
		},
		"an edit":     func(m *Messenger) error { _, err := m.Edit(t.Context(), known, "other words"); return err },
		"a reaction":  func(m *Messenger) error { _, err := m.React(t.Context(), theirs, "👍"); return err },
		"a privy one": func(m *Messenger) error { return m.privy(t, p.ids[1], content.Text{Text: "by another way"}) },
	}
	for name, act := range acts {
		p.as(t, 0, func(m *Messenger) {
			err := act(m)
			if !errors.Is(err, chat.ErrNotConsented) {
				t.Errorf("%s: %v", name, err)
			}
		})
		if n := len(p.queue(t, 0)); n > 0 {
			t.Fatalf("%s: %d contents are queued", name, n)
		}
	}
	if m := p.message(t, 0, known); m.Edited {
		t.Error("the edit that was refused stands here")
	}
	c.set(chat.BotReads, true)
	for name, act := range acts {
		p.as(t, 0, func(m *Messenger) {
			if err := act(m); err != nil {
				t.Errorf("%s, allowed: %v", name, err)
			}
		})
	}
	if n := len(p.queue(t, 0)); n != len(acts) {
		t.Errorf("%d contents are queued, of %d that are allowed", n, len(acts))
	}
}

// privy queues as another use case does.
func (m *Messenger) privy(t *testing.T, to chat.ContactID, body content.Body) error {
	t.Helper()
	c := content.Content{ID: chat.NewMessageID(), Conv: m.ConversationWith(to), Sent: m.now(), Body: body}
	if c.Kind().Sequenced() {
		c.Seq = 900
	}
	b, err := c.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return m.store.Update(t.Context(), func(tx chat.Tx) error { return m.Enqueue(tx, to, c.ID, b) })
}

func TestWhatTwoProgramsNeedGoesToABotThatMayNotRead(t *testing.T) {
	p, c := withBot(t)
	c.set(chat.BotReads, true)
	sent := p.write(t, 0, 1)[0]
	p.handAll(t, 1)
	c.set(chat.BotReads, false)
	p.as(t, 0, func(m *Messenger) {
		for _, body := range []content.Body{
			content.Consent{Purpose: string(chat.BotReads), Notice: "1", At: p.now.UnixMilli()},
			content.Profile{Name: "Ada"},
			content.Session{Action: content.Confirm},
		} {
			if err := m.privy(t, p.ids[1], body); err != nil {
				t.Errorf("%T: %v", body, err)
			}
		}
		if _, err := m.DeleteForEveryone(t.Context(), sent); err != nil {
			t.Errorf("taking it back: %v", err)
		}
	})
	p.flush(t, 0)
	if n := len(p.table[1]); n != 4 {
		t.Errorf("%d of 4 left", n)
	}
	p.handAll(t, 1)
	if !p.message(t, 1, sent).Deleted {
		t.Error("the bot was not told of the deletion")
	}
}

// A kind that nobody judged is the person's, so that one which is added later does not go to bots by oversight.
func TestEveryKindOfContentIsJudgedWhetherABotMayHaveIt(t *testing.T) {
	own := map[content.Kind]content.Body{
		content.Unknown: nil, content.KindText: content.Text{}, content.KindAttachment: content.Attachment{}, content.KindEdit: content.Edit{}, content.KindReaction: content.Reaction{},
	}
	programs := map[content.Kind]content.Body{
		content.KindDelete: content.Delete{}, content.KindReceipt: content.Receipt{}, content.KindTyping: content.Typing{},
		content.KindTimer: content.Timer{}, content.KindProfile: content.Profile{}, content.KindRoute: content.Route{},
		content.KindConsent: content.Consent{}, content.KindErasure: content.Erasure{},
		content.KindSession: content.Session{Action: content.Introduce},
	}
	for kind := content.Kind(0); kind < 64; kind++ {
		mine, isOwn := own[kind]
		theirs, isTheirs := programs[kind]
		switch {
		case isOwn && !ofThePerson(content.Content{Body: mine}), isTheirs && ofThePerson(content.Content{Body: theirs}):
			t.Errorf("%v is misjudged", kind)
		case kind.Known() && !isOwn && !isTheirs:
			t.Errorf("%v is known and nobody judged it", kind)
		}
	}
	if !ofThePerson(content.Content{Body: content.Session{Action: content.Introduce, Text: "It is me"}}) {
		t.Error("the text of an introduction is not taken for the person's")
	}
}

func TestWithdrawnWhileQueuedStaysAndWaits(t *testing.T) {
	for name, seal := range map[string]bool{"not sealed": false, "sealed for a relay that is away": true} {
		t.Run(name, func(t *testing.T) {
			p, c := withBot(t)
			c.set(chat.BotReads, true)
			old := p.write(t, 0, 1)[0]
			p.handAll(t, 1)
			msg := p.enqueue(t, "not for you any more")
			p.as(t, 0, func(m *Messenger) {
				if _, err := m.Edit(t.Context(), old, "nor is this"); err != nil {
					t.Fatal(err)
				}
				if !seal {
					return
				}
				if batch, _, _, err := m.sealBatch(t.Context(), p.ids[1]); err != nil || len(batch) != 2 {
					t.Fatalf("%d sealed, %v", len(batch), err)
				}
			})
			c.set(chat.BotReads, false)
			p.flush(t, 0)
			if n := len(p.table[1]); n > 0 {
				t.Fatalf("%d envelopes left after consent was withdrawn", n)
			}
			if m := p.message(t, 0, msg.ID); m.State != chat.Failed || m.Failure != FailureConsent || m.Text == "" {
				t.Fatalf("the message is %s %q %q", m.State, m.Failure, m.Text)
			}
			p.as(t, 0, func(m *Messenger) {
				if err := m.Retry(t.Context(), msg.ID); !errors.Is(err, chat.ErrNotConsented) {
					t.Errorf("tried again without consent: %v", err)
				}
			})
			c.set(chat.BotReads, true)
			p.as(t, 0, func(m *Messenger) {
				if !m.outbox.scan() {
					t.Error("no look at the queue")
				}
				m.sendTo(t.Context(), p.ids[1])
			})
			p.handAll(t, 1)
			heard := p.heard(t, 1)
			if heard["nor is this"] != 1 || heard[msg.Text] != 0 {
				t.Errorf("with consent again, before the person acts: %v", heard)
			}
			p.as(t, 0, func(m *Messenger) {
				if err := m.Retry(t.Context(), msg.ID); err != nil {
					t.Fatal(err)
				}
			})
			p.flush(t, 0)
			p.handAll(t, 1)
			if heard := p.heard(t, 1); heard[msg.Text] != 1 {
				t.Errorf("tried again with consent: %v", heard)
			}
			if m := p.message(t, 0, msg.ID); m.State != chat.Sent || len(p.queue(t, 0)) > 0 {
				t.Errorf("the message is %s, %d are queued", m.State, len(p.queue(t, 0)))
			}
		})
	}
}

func TestTakingBackWhatWaitsForConsentLeavesNoWords(t *testing.T) {
	p, c := withBot(t)
	c.set(chat.BotReads, true)
	old := p.write(t, 0, 1)[0]
	msg := p.enqueue(t, "never said")
	p.as(t, 0, func(m *Messenger) {
		if _, err := m.Edit(t.Context(), old, "never changed"); err != nil {
			t.Fatal(err)
		}
	})
	c.set(chat.BotReads, false)
	p.flush(t, 0)
	p.as(t, 0, func(m *Messenger) {
		for _, id := range []chat.MessageID{old, msg.ID} {
			if _, err := m.DeleteForEveryone(t.Context(), id); err != nil {
				t.Fatal(err)
			}
		}
	})
	if n := len(p.queue(t, 0)); n != 2 { // under the numbers of what they replace
		t.Errorf("%d deletions are queued of two", n)
	}
	for _, item := range p.queue(t, 0) {
		if found, err := content.Decode(item.Content); err != nil || found.Kind() != content.KindDelete {
			t.Errorf("%v is still queued", found.Kind())
		}
	}
	p.flush(t, 0)
	p.handAll(t, 1)
	if heard := p.heard(t, 1); heard["never said"]+heard["never changed"] > 0 {
		t.Errorf("the bot heard %v", heard)
	}
}

func TestConsentWithdrawnInTheMidstOfABatchStopsTheRest(t *testing.T) {
	p, c := withBot(t)
	c.set(chat.BotReads, true)
	first, second := p.enqueue(t, "the first"), p.enqueue(t, "the second")
	p.onSend = func() { c.set(chat.BotReads, false) }
	p.flush(t, 0)
	p.handAll(t, 1)
	if heard := p.heard(t, 1); heard[first.Text] != 1 || heard[second.Text] != 0 {
		t.Errorf("the bot heard %v", heard)
	}
	if m := p.message(t, 0, second.ID); m.State != chat.Failed || m.Failure != FailureConsent {
		t.Errorf("the second is %s %q", m.State, m.Failure)
	}
}

func TestAContactThatTurnsIntoABotInTheMidstOfABatchGetsNotTheRest(t *testing.T) {
	p := established(t)
	p.gate = &consent{map[chat.Purpose]bool{}}
	first, second := p.enqueue(t, "the first"), p.enqueue(t, "the second")
	p.as(t, 0, func(m *Messenger) {
		p.onSend = func() {
			err := m.update(t.Context(), func(u *unit) error {
				ben, err := u.Contacts().Get(p.ids[1])
				if err != nil {
					return err
				}
				_, err = u.rename(ben, content.Profile{Name: "Ben", Bot: true})
				return err
			})
			if err != nil {
				t.Error(err)
			}
		}
		m.sendTo(t.Context(), p.ids[1])
	})
	p.handAll(t, 1)
	if heard := p.heard(t, 1); heard[first.Text] != 1 || heard[second.Text] != 0 {
		t.Errorf("the bot heard %v", heard)
	}
	if m := p.message(t, 0, first.ID); m.State != chat.Sent {
		t.Errorf("the first is %s %q though it had left", m.State, m.Failure)
	}
	if m := p.message(t, 0, second.ID); m.State != chat.Failed || m.Failure != FailureConsent {
		t.Errorf("the second is %s %q", m.State, m.Failure)
	}
}

func TestAContactThatTurnsIntoABotGetsNothingMoreUntilAsked(t *testing.T) {
	p, c := established(t), &consent{map[chat.Purpose]bool{}}
	p.gate = c
	p.change(t, 0, func(tx chat.Tx) error {
		ben, err := tx.Contacts().Get(p.ids[1])
		if err != nil {
			return err
		}
		ben.ProfileName = "Ben"
		return tx.Contacts().Put(ben)
	})
	tell := func(name string, bot bool) {
		t.Helper()
		p.as(t, 1, func(m *Messenger) {
			if err := m.privy(t, p.ids[0], content.Profile{Name: name, Bot: bot}); err != nil {
				t.Fatal(err)
			}
			m.sendTo(t.Context(), p.ids[0])
		})
		p.handAll(t, 0)
	}
	waiting := p.enqueue(t, "to Ben, the person")
	tell("Ben", true)
	if m := p.message(t, 0, waiting.ID); m.State != chat.Failed || m.Failure != FailureConsent {
		t.Errorf("what waited is %s %q", m.State, m.Failure)
	}
	p.flush(t, 0)
	if len(p.table[1]) > 0 {
		t.Error("something left for the new bot")
	}
	if n := len(p.told(t, 0, EventAlert, AlertBecameBot)); n != 1 {
		t.Errorf("%d alerts", n)
	}
	p.change(t, 0, func(tx chat.Tx) error {
		conv, err := tx.Conversations().Get(DirectConversation(p.ids[0], p.ids[1]))
		if err != nil {
			return err
		}
		rows, err := tx.Messages().Page(conv.ID, 0, 1)
		if err != nil {
			return err
		}
		if rows[0].Kind != chat.KindNotice || rows[0].Notice != NoticeBot || conv.Unread != 1 || conv.Preview == "" {
			t.Errorf("the thread ends with %+v, unread %d, %q", rows[0], conv.Unread, conv.Preview)
		}
		return nil
	})
	tell("Benedict", false)
	p.as(t, 0, func(m *Messenger) {
		if _, err := m.Send(t.Context(), m.ConversationWith(p.ids[1]), "is it you", SendOptions{}); !errors.Is(err, chat.ErrNotConsented) {
			t.Errorf("it says that it is none any more: %v", err)
		}
	})
	tell("Ben", true)
	if n := len(p.told(t, 0, EventAlert, AlertBecameBot)); n != 1 {
		t.Errorf("%d alerts in the end", n)
	}
}

func TestI13ABotThatMayNotReadIsSentNothingAgain(t *testing.T) {
	for name, allowed := range map[string]bool{"without consent": false, "with it": true} {
		t.Run(name, func(t *testing.T) {
			p, c := withBot(t)
			c.set(chat.BotReads, true)
			p.write(t, 0, 2)
			p.table[1] = nil // lost on the way
			gone := p.write(t, 0, 1)[0]
			p.table[1] = nil
			c.set(chat.BotReads, allowed)
			p.as(t, 0, func(m *Messenger) {
				if _, err := m.DeleteForEveryone(t.Context(), gone); err != nil {
					t.Fatal(err)
				}
			})
			p.flush(t, 0)
			p.table[1] = nil
			p.forget(t, 1)
			p.now = p.now.Add(time.Minute)
			p.as(t, 0, func(m *Messenger) { // something that it cannot open
				if err := m.privy(t, p.ids[1], content.Profile{Name: "Ada"}); err != nil {
					t.Fatal(err)
				}
			})
			p.exchange(t)
			resent, refused := p.told(t, 0, EventSession, SessionResent), p.told(t, 0, EventSession, SessionResendRefused)
			want := map[bool][2]int{false: {1, 3}, true: {4, 0}}[allowed] // one of established, two, one deleted
			got := [2]int{}
			for _, e := range resent {
				got[0] += e.Count
			}
			for _, e := range refused {
				got[1] += e.Count
			}
			if got != want {
				t.Errorf("%v sent again and refused, want %v", got, want)
			}
			heard := p.heard(t, 1)
			delete(heard, "0 says 1") // before it lost anything
			if texts := len(heard) - heard[""]; !allowed && texts > 0 {
				t.Errorf("the bot heard %v", heard)
			}
			if failed := slices.ContainsFunc(p.queue(t, 0), func(q chat.QueueItem) bool { return q.State == chat.QueueParked }); failed {
				t.Error("what had left is shown as failed")
			}
		})
	}
}
