package profile

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sotto/app/assistant"
	"sotto/app/messenger"
	"sotto/app/privacy"
	"sotto/chat"
	"sotto/storage"
)

const (
	guideContact = "profile/guide" // setting: the Guide's contact id
	guideSubkey  = "guide"
	guideDisplay = "Guide"
)

// guide is the running Guide: a second identity in this process, whose store is sealed under a key of the user's vault.
type guide struct {
	Person
	bot *assistant.Guide // nil until started
}

func (g *guide) close() error {
	if g.bot != nil {
		g.bot.Close()
	}
	return g.Person.close()
}

// GuideAdded reports whether the person took the Guide as a contact.
func (p *Profile) GuideAdded(ctx context.Context) (bool, error) {
	_, err := p.Setting(ctx, guideContact)
	if errors.Is(err, chat.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// AddGuide makes the Guide, starts it, adds it as a contact and records that it may read what the person writes to it;
// call it after the person said yes to that, method being how it was asked (chat.Consent.Method). The profile must be
// started. Adding twice answers the same contact.
func (p *Profile) AddGuide(ctx context.Context, method string) (chat.Contact, error) {
	contact, err := p.addGuide(ctx)
	if err != nil {
		return chat.Contact{}, err
	}
	return contact, p.Ledger.Record(ctx, privacy.Choice{Subject: contact.ID, Purpose: chat.BotReads, Given: true, Method: method})
}

func (p *Profile) addGuide(ctx context.Context) (chat.Contact, error) {
	if raw, err := p.Setting(ctx, guideContact); err == nil {
		var id chat.ContactID
		copy(id[:], raw)
		if c, err := p.Messenger.Contact(ctx, id); err == nil {
			return c, nil
		}
	}
	g, err := p.startGuide(ctx)
	if err != nil {
		return chat.Contact{}, err
	}
	invitation, _, err := g.Messenger.Invite(ctx, messenger.InviteOptions{})
	if err != nil {
		return chat.Contact{}, fmt.Errorf("invite from the Guide: %w", err)
	}
	contact, err := p.Messenger.Add(ctx, invitation.Link, messenger.AddOptions{Name: guideDisplay, ConfirmRelay: true})
	if err != nil {
		return chat.Contact{}, fmt.Errorf("add the Guide: %w", err)
	}
	if err := p.PutSetting(ctx, guideContact, contact.ID[:]); err != nil {
		return chat.Contact{}, err
	}
	return contact, nil
}

// resumeGuide starts the Guide when it was added.
func (p *Profile) resumeGuide(ctx context.Context) error {
	added, err := p.GuideAdded(ctx)
	if err != nil || !added {
		return err
	}
	_, err = p.startGuide(ctx)
	return err
}

// startGuide opens the Guide's store, making identity and store the first time, and lets it answer.
func (p *Profile) startGuide(ctx context.Context) (*guide, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.guide != nil {
		return p.guide, nil
	}
	store, err := storage.OpenWithKey(ctx, p.folder.path(guideName), p.store.Subkey(guideSubkey), p.options.storage())
	if err != nil {
		return nil, fmt.Errorf("open the Guide: %w", err)
	}
	g, err := embodyGuide(ctx, store, p.Relay.LoopbackPass(), p.options)
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	if err := g.Messenger.Start(ctx); err != nil {
		return nil, errors.Join(err, g.close())
	}
	g.bot = g.RunGuide(p.options.Now)
	p.guide = g
	return g, nil
}

func embodyGuide(ctx context.Context, store *storage.Store, relay string, o Options) (*guide, error) {
	_, err := messenger.Create(ctx, store, messenger.Profile{Name: guideDisplay, Bot: true, Relay: relay}, o.Now())
	if err != nil && !errors.Is(err, chat.ErrExists) {
		return nil, fmt.Errorf("make the Guide: %w", err)
	}
	person, err := embody(ctx, store, o.Now, time.Time{})
	if err != nil {
		return nil, fmt.Errorf("open the Guide: %w", err)
	}
	return &guide{Person: person}, nil
}

func (p *Profile) stopGuide() error {
	p.mu.Lock()
	g := p.guide
	p.guide = nil
	p.mu.Unlock()
	if g == nil {
		return nil
	}
	return g.close()
}
