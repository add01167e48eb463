package profile_test

import (
	"errors"
	"testing"
	"time"

	"sotto/app/messenger"
	"sotto/app/privacy"
	"sotto/app/profile"
	"sotto/chat"
)

func TestTheGuideAnswersThroughTheEmbeddedRelayAndSurvivesALock(t *testing.T) {
	p := create(t, "Ada", "")
	if added, err := p.GuideAdded(t.Context()); err != nil || added {
		t.Fatalf("before asking: added %v, %v", added, err)
	}
	contact, err := p.AddGuide(t.Context(), "sheet")
	if err != nil {
		t.Fatal(err)
	}
	again, err := p.AddGuide(t.Context(), "sheet")
	if err != nil || again.ID != contact.ID {
		t.Fatalf("adding twice: %v, %v", again.ID, err)
	}
	awaitState(t, p, contact.ID, chat.ContactAccepted)
	decide := func(given bool) {
		t.Helper()
		if err := p.Ledger.Record(t.Context(), privacy.Choice{Subject: contact.ID, Purpose: chat.BotReads, Given: given, Method: "sheet"}); err != nil {
			t.Fatal(err)
		}
	}
	decide(false)
	conv := p.Messenger.ConversationWith(contact.ID)
	if _, err := p.Messenger.Send(t.Context(), conv, "Not for you", messenger.SendOptions{}); !errors.Is(err, chat.ErrNotConsented) {
		t.Errorf("the Guide is written to without consent: %v", err)
	}
	decide(true)
	ask(t, p, contact.ID, "How do I verify someone?")
	if c, err := p.Messenger.Contact(t.Context(), contact.ID); err != nil || !c.Bot {
		t.Errorf("the Guide does not say that it is a bot: %+v, %v", c.Bot, err)
	}

	locked, err := p.Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p, err = locked.Unlock(t.Context(), profile.Passphrase(passphrase))
	if err != nil {
		t.Fatal(err)
	}
	ask(t, p, contact.ID, "What is a recovery code?")
	if err := errors.Join(locked.Close(), p.Close()); err != nil {
		t.Error(err)
	}
}

// ask sends a question and waits for an answer.
func ask(t *testing.T, p *profile.Profile, id chat.ContactID, question string) {
	t.Helper()
	answers := eventOf(p, messenger.EventMessage)
	conv := p.Messenger.ConversationWith(id)
	if _, err := p.Messenger.Send(t.Context(), conv, question, messenger.SendOptions{}); err != nil {
		t.Fatal(err)
	}
	for {
		m, err := p.Messenger.Message(t.Context(), await(t, answers).Message)
		if err != nil {
			t.Fatal(err)
		}
		if m.Direction == chat.In {
			if len(m.Text) < 20 {
				t.Errorf("the answer is %q", m.Text)
			}
			return
		}
	}
}

func awaitState(t *testing.T, p *profile.Profile, id chat.ContactID, want chat.ContactState) {
	t.Helper()
	changes := make(chan struct{}, 64)
	cancel := p.Messenger.Subscribe(func(e messenger.Event) {
		if e.Type == messenger.EventContact {
			select {
			case changes <- struct{}{}:
			default:
			}
		}
	})
	defer cancel()
	for {
		c, err := p.Messenger.Contact(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if c.State == want {
			return
		}
		select {
		case <-changes:
		case <-time.After(20 * time.Second):
			t.Fatalf("the contact is %s, not %s", c.State, want)
		}
	}
}
