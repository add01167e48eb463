package profile_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"sotto/app/messenger"
	"sotto/app/privacy"
	"sotto/app/profile"
	"sotto/chat"
)

// pair is Ada, who decides, and Ben, at whom it shows.
type pair struct {
	t        *testing.T
	ada, ben *profile.Profile
	active   bool // what Ada last said of her typing
}

// acts holds, for each purpose whose gate is asked while messages go to and fro, what Ada does and whether Ben noticed.
var acts = map[chat.Purpose]func(p *pair) (seen func() bool){
	chat.DeliveryReceipts: func(p *pair) func() bool {
		sent := p.say(p.ben, p.ada)
		return func() bool { return p.stateAtBen(sent) == chat.Delivered }
	},
	chat.ReadReceipts: func(p *pair) func() bool {
		sent := p.say(p.ben, p.ada)
		p.until("the message", func() bool { _, err := p.ada.Messenger.Message(p.t.Context(), sent); return err == nil })
		conv := p.ada.Messenger.ConversationWith(p.ben.Messenger.Self().ID)
		if err := p.ada.Messenger.Read(p.t.Context(), conv, 0); err != nil {
			p.t.Fatal(err)
		}
		return func() bool { return p.stateAtBen(sent) == chat.Read }
	},
	chat.TypingNotices: func(p *pair) func() bool {
		before := p.notices()
		conv := p.ada.Messenger.ConversationWith(p.ben.Messenger.Self().ID)
		p.active = !p.active // what repeats the notice before is held back anyway
		if err := p.ada.Messenger.Typing(p.t.Context(), conv, p.active); err != nil {
			p.t.Fatal(err)
		}
		return func() bool { return p.notices() > before }
	},
}

// elsewhere holds the purposes whose gates are not on the way of a message, and where they are asked.
var elsewhere = map[chat.Purpose]string{
	chat.NotificationContent: "privacy.Ledger.NotificationText",
	chat.PeerExports:         "the export of the peer",
	chat.LinkPreviews:        "no preview is fetched by this version",
	chat.AutomaticDownload:   "no attachment is fetched by this version",
	chat.BotReads:            "TestABotReadsOnlyWhileItMaySeenAtTheBot",
	chat.BotRemembers:        "told to the bot, whose owner honours it or not",
	chat.UpdateChecks:        "this version checks for none",
}

// TestWithdrawnConsentHoldsBackTheNextOneSeenAtThePeer goes through real profiles and a real relay: what Ada agrees to
// reaches Ben, and what she withdrew does not, from the next message on.
func TestWithdrawnConsentHoldsBackTheNextOneSeenAtThePeer(t *testing.T) {
	for _, purpose := range chat.Purposes() {
		act, ok := acts[purpose]
		if !ok {
			if elsewhere[purpose] == "" {
				t.Errorf("purpose %q has neither a test at the peer nor a place where its gate is", purpose)
			}
			continue
		}
		t.Run(string(purpose), func(t *testing.T) {
			p := newPair(t)
			unseen := act(p)
			p.marker()
			if unseen() {
				t.Fatal("Ben noticed before Ada was asked")
			}
			p.choose(purpose, true)
			seen := act(p)
			p.until(string(purpose), seen)
			p.choose(purpose, false)
			next := act(p)
			p.marker()
			if next() {
				t.Error("Ben noticed after Ada withdrew her consent")
			}
			for other := range acts {
				if allowed := p.allowed(other); allowed {
					t.Errorf("%s is allowed though only %s was ever agreed to", other, purpose)
				}
			}
		})
	}
}

func newPair(t *testing.T) *pair {
	p := &pair{t: t, ada: create(t, "Ada", ""), ben: create(t, "Ben", "")}
	introduce(t, p.ada, p.ben)
	return p
}

// notices counts in the durable stream, which is written before anyone is told.
func (p *pair) notices() int {
	events, err := p.ben.Messenger.EventsSince(p.t.Context(), 0, 1000)
	if err != nil {
		p.t.Fatal(err)
	}
	n := 0
	for _, e := range events {
		if e.Type == messenger.EventTyping {
			n++
		}
	}
	return n
}

func (p *pair) choose(purpose chat.Purpose, given bool) {
	p.t.Helper()
	choice := privacy.Choice{Subject: p.ben.Messenger.Self().ID, Purpose: purpose, Given: given, Method: "privacy-page"}
	if err := p.ada.Ledger.Record(p.t.Context(), choice); err != nil {
		p.t.Fatal(err)
	}
}

func (p *pair) allowed(purpose chat.Purpose) (yes bool) {
	p.t.Helper()
	err := p.ada.View(p.t.Context(), func(tx chat.Tx) (err error) {
		yes, err = p.ada.Ledger.Allowed(tx, p.ben.Messenger.Self().ID, purpose)
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return yes
}

func (p *pair) say(from, to *profile.Profile) chat.MessageID {
	p.t.Helper()
	m, err := from.Messenger.Send(p.t.Context(), from.Messenger.ConversationWith(to.Messenger.Self().ID), "a text", messenger.SendOptions{})
	if err != nil {
		p.t.Fatal(err)
	}
	return m.ID
}

func (p *pair) stateAtBen(id chat.MessageID) chat.MessageState {
	m, err := p.ben.Messenger.Message(context.Background(), id)
	if err != nil {
		return ""
	}
	return m.State
}

// marker is a message of Ben's that Ada has, and then one of Ada's that Ben has: whatever Ada sent before it is there.
func (p *pair) marker() {
	p.t.Helper()
	for _, way := range [][2]*profile.Profile{{p.ben, p.ada}, {p.ada, p.ben}} {
		id := p.say(way[0], way[1])
		p.until("the marker", func() bool { _, err := way[1].Messenger.Message(context.Background(), id); return err == nil })
	}
}

func (p *pair) until(what string, done func() bool) {
	p.t.Helper()
	changed := make(chan struct{}, 1)
	for _, who := range []*profile.Profile{p.ada, p.ben} {
		cancel := who.Messenger.Subscribe(func(messenger.Event) {
			select {
			case changed <- struct{}{}:
			default:
			}
		})
		defer cancel()
	}
	late := time.After(20 * time.Second)
	for !done() {
		select {
		case <-changed:
		case <-late:
			p.t.Fatalf("waited in vain for %s", what)
		}
	}
}

func TestEveryPurposeHasItsPlace(t *testing.T) {
	for purpose := range elsewhere {
		if !slices.Contains(chat.Purposes(), purpose) || acts[purpose] != nil {
			t.Errorf("purpose %q is not one of those without a test", purpose)
		}
	}
}
