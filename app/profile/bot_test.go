package profile_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"sotto/app/messenger"
	"sotto/app/privacy"
	"sotto/app/profile"
	"sotto/chat"
)

// TestABotReadsOnlyWhileItMaySeenAtTheBot goes through real profiles, a real ledger and a real relay: what Ada writes
// reaches the bot while she lets it read, and at no other time.
func TestABotReadsOnlyWhileItMaySeenAtTheBot(t *testing.T) {
	p := &pair{t: t, ada: create(t, "Ada", ""), ben: createBot(t, "Ben")}
	introduce(t, p.ada, p.ben)
	bot, conv := p.ben.Messenger.Self().ID, p.ada.Messenger.ConversationWith(p.ben.Messenger.Self().ID)
	refused := func(when string) {
		t.Helper()
		if _, err := p.ada.Messenger.Send(t.Context(), conv, "a text", messenger.SendOptions{}); !errors.Is(err, chat.ErrNotConsented) {
			t.Errorf("%s: %v", when, err)
		}
		if s, err := p.ada.Messenger.Security(t.Context(), bot); err != nil || !s.NeedsConsent {
			t.Errorf("%s: the chat does not ask, %v", when, err)
		}
	}
	renames := 0
	texts := func() (n int) { // what the bot has, once everything that was sent is there
		t.Helper()
		renames++
		name := "Ada " + string(rune('A'+renames))
		if err := p.ada.Messenger.SetName(t.Context(), name); err != nil {
			t.Fatal(err)
		}
		p.until("the name "+name, func() bool {
			c, err := p.ben.Messenger.Contact(context.Background(), p.ada.Messenger.Self().ID)
			return err == nil && c.ProfileName == name
		})
		all, err := p.ben.Messenger.Messages(t.Context(), conv, 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range all {
			if m.Direction == chat.In {
				n++
			}
		}
		return n
	}
	refused("before she was asked")
	if n := texts(); n != 0 {
		t.Errorf("the bot has %d texts before she was asked", n)
	}
	p.choose(chat.BotRemembers, true)
	refused("when she was asked about remembering only")
	p.choose(chat.BotReads, true)
	if s, err := p.ada.Messenger.Security(t.Context(), bot); err != nil || s.NeedsConsent {
		t.Errorf("the chat asks though it was answered, %v", err)
	}
	p.say(p.ada, p.ben)
	if n := texts(); n != 1 {
		t.Errorf("the bot has %d texts of one", n)
	}
	p.choose(chat.BotReads, false)
	refused("after she took it back")
	if n := texts(); n != 1 {
		t.Errorf("the bot has %d texts after she took it back", n)
	}
	var told chat.ConsentState
	err := p.ben.View(t.Context(), func(tx chat.Tx) (err error) {
		told, err = privacy.Peer(tx, p.ada.Messenger.Self().ID, chat.BotReads)
		return err
	})
	if err != nil || told != chat.Withdrawn {
		t.Errorf("the bot was told %q, %v", told, err)
	}
}

// What is written to someone who has not answered yet waits; if the answer says that it is a bot, it stays.
func TestWhatWaitsForSomeoneWhoTurnsOutToBeABotStays(t *testing.T) {
	for name, agreed := range map[string]bool{"not asked": false, "agreed while waiting": true} {
		t.Run(name, func(t *testing.T) {
			p := &pair{t: t, ada: create(t, "Ada", ""), ben: createBot(t, "Ben")}
			asked := eventOf(p.ben, messenger.EventRequest)
			link, _, err := p.ben.Messenger.Invite(t.Context(), messenger.InviteOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := p.ada.Messenger.Add(t.Context(), link.Link, messenger.AddOptions{ConfirmRelay: true}); err != nil {
				t.Fatal(err)
			}
			waiting := p.say(p.ada, p.ben)
			if agreed {
				p.choose(chat.BotReads, true)
			}
			if _, err := p.ben.Messenger.Accept(t.Context(), await(t, asked).Contact); err != nil {
				t.Fatal(err)
			}
			outcome := func() chat.Message {
				m, err := p.ada.Messenger.Message(context.Background(), waiting)
				if err != nil {
					t.Fatal(err)
				}
				return m
			}
			p.until("an outcome", func() bool { return outcome().State != chat.Queued })
			want := chat.Message{State: chat.Failed, Failure: messenger.FailureConsent}
			if agreed {
				want = chat.Message{State: chat.Sent}
			}
			if m := outcome(); m.State != want.State || m.Failure != want.Failure {
				t.Errorf("it is %s %q, want %s %q", m.State, m.Failure, want.State, want.Failure)
			}
			if !agreed {
				return
			}
			p.until("the bot to be told", func() (told bool) {
				err := p.ben.View(context.Background(), func(tx chat.Tx) error {
					state, err := privacy.Peer(tx, p.ada.Messenger.Self().ID, chat.BotReads)
					told = state == chat.Given
					return err
				})
				return err == nil && told
			})
		})
	}
}

func createBot(t *testing.T, name string) *profile.Profile {
	t.Helper()
	p, _, err := profile.Create(t.Context(), profile.CreateOptions{
		Options: cheap, Dir: filepath.Join(t.TempDir(), "profile"), Name: name, Passphrase: passphrase, Bot: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Errorf("closing %s: %v", name, err)
		}
	})
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return p
}
