package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"fyne.io/fyne/v2"

	"sotto/app/messenger"
	"sotto/app/profile"
	"sotto/app/ui"
	"sotto/app/ui/passphrase"
	"sotto/app/ui/screen"
	"sotto/chat"
)

// What the demonstration says. The line is a contract: .ci/open waits for it.
const (
	demoName     = "Demo"
	demoQuestion = "How do I invite someone?"
	demoMethod   = "demo" // how the ledger says the Guide's consent was given: by this script
	demoAnswered = "demo: the Guide answered"
)

// demoPatience bounds how long the Guide may take.
const demoPatience = 80 * time.Second

// demonstrate is the window's only scripted onboarding: it makes a throw-away
// profile with a passphrase that nobody learns, adds the Guide, asks it one
// question, and says so once the answer is stored. The chat is left open. When
// it fails it quits, so that whoever waits learns of it.
func demonstrate(ctx context.Context, dir string, w *ui.Window, quit func()) error {
	err := demonstrateIn(ctx, dir, w)
	if errors.Is(err, context.Canceled) {
		return nil // the window was closed
	}
	if err != nil {
		fyne.Do(quit)
		return fmt.Errorf("demo: %w", err)
	}
	fmt.Println(demoAnswered)
	return nil
}

func demonstrateIn(ctx context.Context, dir string, w *ui.Window) error {
	ctx, end := context.WithTimeout(ctx, demoPatience)
	defer end()
	p, _, err := profile.Create(ctx, profile.CreateOptions{Dir: dir, Name: demoName, Passphrase: passphrase.Generate()})
	if err != nil {
		return err
	}
	guide, err := meetGuide(ctx, p)
	if err != nil {
		return errors.Join(err, p.Close())
	}
	conv := p.Messenger.ConversationWith(guide.ID)
	fyne.DoAndWait(func() {
		w.Unlocked(p) // from here on the profile is the window's
		w.Open(screen.Place{Screen: screen.Chat, Conversation: conv})
	})
	return askGuide(ctx, p.Messenger, conv)
}

func meetGuide(ctx context.Context, p *profile.Profile) (chat.Contact, error) {
	if err := p.Start(ctx); err != nil {
		return chat.Contact{}, err
	}
	return p.AddGuide(ctx, demoMethod)
}

// askGuide sends the question, once the Guide has said hello, and returns when
// the answer to it is stored.
func askGuide(ctx context.Context, m *messenger.Messenger, conv chat.ConversationID) error {
	stored := make(chan struct{}, 1)
	cancel := m.Subscribe(func(e messenger.Event) {
		if e.Conversation == conv {
			select {
			case stored <- struct{}{}:
			default:
			}
		}
	})
	defer cancel()
	if err := waitFor(ctx, m, conv, stored, func(chat.Message) bool { return true }); err != nil {
		return err
	}
	question, err := m.Send(ctx, conv, demoQuestion, messenger.SendOptions{})
	if err != nil {
		return err
	}
	return waitFor(ctx, m, conv, stored, func(answer chat.Message) bool { return answer.ReplyTo == question.ID })
}

// waitFor returns when a message of the other side that is wanted is stored.
func waitFor(ctx context.Context, m *messenger.Messenger, conv chat.ConversationID, stored <-chan struct{}, wanted func(chat.Message) bool) error {
	for {
		messages, err := m.Messages(ctx, conv, 0, 20)
		if err != nil {
			return err
		}
		for _, msg := range messages {
			if msg.Direction == chat.In && msg.Kind == chat.KindText && wanted(msg) {
				return nil
			}
		}
		select {
		case <-stored:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
