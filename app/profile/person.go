package profile

import (
	"context"
	"errors"
	"time"

	"sotto/app/assistant"
	"sotto/app/messenger"
	"sotto/app/privacy"
	"sotto/app/security"
	"sotto/chat/content"
	"sotto/storage"
)

// Person is one identity with its store and the use cases that everyone who talks has: the user, and the Guide.
type Person struct {
	Messenger *messenger.Messenger
	Ledger    *privacy.Ledger
	Eraser    *privacy.Eraser
	Retention *privacy.Retention
	Audit     *security.Audit

	store *storage.Store
}

// embody wires the use cases of the identity that lives in the store; seen is a time that has passed for sure, or zero. The store stays the caller's until it succeeds.
func embody(ctx context.Context, store *storage.Store, now func() time.Time, seen time.Time) (Person, error) {
	audit := security.NewAudit(now)
	p := Person{
		Audit:     audit,
		Ledger:    privacy.NewLedger(store, audit, now),
		Eraser:    privacy.NewEraser(store, audit, now),
		Retention: privacy.NewRetention(store, audit, now),
		store:     store,
	}
	m, err := messenger.Open(ctx, messenger.Options{
		Store:     store,
		Relays:    relays{now: now},
		Gate:      p.Ledger,
		Auditor:   audit,
		Blobs:     store.Blobs(),
		Now:       now,
		Seen:      seen,
		Retention: p.Retention,
		Handlers: map[content.Kind]messenger.Handler{
			content.KindConsent: p.Ledger.Incoming,
			content.KindErasure: p.Eraser.Incoming,
		},
	})
	if err != nil {
		return Person{}, err
	}
	p.Messenger = m
	self := m.Self().ID
	p.Ledger.Connect(self, m)
	p.Eraser.Connect(self, m)
	p.Retention.Connect(m.WakeExpiry)
	return p, nil
}

// RunGuide lets this identity answer as the Guide until the result is closed.
func (p Person) RunGuide(now func() time.Time) *assistant.Guide {
	return assistant.Start(assistant.Options{Messenger: p.Messenger, Store: p.store, Now: now})
}

func (p Person) close() error { return errors.Join(p.Messenger.Close(), p.store.Close()) }
