package profile

import (
	"context"
	"errors"
	"fmt"

	"sotto/app/messenger"
	"sotto/app/privacy"
	"sotto/app/security"
	"sotto/chat"
	"sotto/storage"
)

// mailboxes adapts the messenger to what erasure needs of the relays.
type mailboxes struct{ m *messenger.Messenger }

func (a mailboxes) DeleteMailboxes(ctx context.Context) ([]privacy.Unreached, error) {
	reports, err := a.m.DeleteMailboxes(ctx)
	var unreached []privacy.Unreached
	for _, r := range reports {
		if r.Err != nil {
			unreached = append(unreached, privacy.Unreached{Relay: r.Relay, Mailbox: r.Mailbox})
		}
	}
	return unreached, err
}

// DeleteContact deletes a contact with the conversation, sessions, consents and mailboxes that belong to it.
func (p *Profile) DeleteContact(ctx context.Context, id chat.ContactID) (privacy.Report, error) {
	return p.Eraser.DeleteContact(ctx, id, p.Messenger)
}

// EraseEverything deletes the whole profile: its mailboxes from the relays that can be reached, the Guide, and every
// file in its folder. It needs a step-up for [security.ActEraseEverything] and answers chat.ErrRefused without. The
// Profile is closed afterwards; the report says what could not be reached.
func (p *Profile) EraseEverything(ctx context.Context) (privacy.Report, error) {
	if err := p.StepUp.Use(security.ActEraseEverything); err != nil {
		return privacy.Report{}, err
	}
	return p.Eraser.Everything(ctx, mailboxes{p.Messenger}, func(ctx context.Context) error {
		if !p.end() {
			return errors.New("profile: ended already")
		}
		keys := p.keychainSlots()
		if err := errors.Join(p.shut(), p.Relay.Close()); err != nil {
			return fmt.Errorf("closing the profile: %w", err)
		}
		// The lock file goes last but while it is held, so that no other process takes a half-deleted folder.
		err := errors.Join(storage.Destroy(p.folder.dir, attemptsName, runningName, lockName), p.folder.release())
		for _, id := range keys {
			_ = p.forgetKey(ctx, id) // a key that a keychain does not give away opens nothing any more
		}
		return err
	})
}
