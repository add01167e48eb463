package security

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"sotto/chat"
)

// Act is something that asks for the passphrase again though the profile is open.
type Act string

// Acts that need a step-up.
const (
	ActExport          Act = "export"
	ActEraseEverything Act = "erase-everything"
	ActIdentity        Act = "identity" // replace, restore or hand on the identity
	ActSlots           Act = "slots"    // add, remove or change a passphrase, recovery code or key file
)

// Acts lists every act that needs a step-up.
func Acts() []Act { return []Act{ActExport, ActEraseEverything, ActIdentity, ActSlots} }

// StepUpLife is how long a confirmation waits to be used.
const StepUpLife = 2 * time.Minute

// Secret checks a passphrase against the open profile's vault; app/profile implements it.
type Secret interface {
	// VerifyPassphrase returns nil for the right one, chat.ErrWrongSecret for a wrong one.
	VerifyPassphrase(ctx context.Context, passphrase []byte) error
}

// StepUp asks again before an act that cannot be undone. One confirmation allows one act once, within [StepUpLife].
// It stops a person at an unlocked window, not malware (docs/THREATMODEL.md).
type StepUp struct {
	store    chat.Store
	audit    chat.Auditor
	secret   Secret
	attempts *Attempts
	now      func() time.Time

	mu     sync.Mutex
	grants map[Act]time.Time // until when
}

// NewStepUp returns a StepUp without confirmations. Wrong passphrases share the delay of unlocking.
func NewStepUp(store chat.Store, audit chat.Auditor, secret Secret, attempts *Attempts, now func() time.Time) *StepUp {
	return &StepUp{store: store, audit: audit, secret: secret, attempts: attempts, now: now, grants: map[Act]time.Time{}}
}

// Confirm checks the passphrase for one act and records the answer in the audit log. Errors: chat.ErrWrongSecret,
// [chat.DelayError], chat.ErrMalformed for an unknown act.
func (s *StepUp) Confirm(ctx context.Context, act Act, passphrase []byte) error {
	if !known(act) {
		return fmt.Errorf("%w: unknown act", chat.ErrMalformed)
	}
	err := s.attempts.Try(func() error { return s.secret.VerifyPassphrase(ctx, passphrase) })
	action := "step-up.confirmed"
	switch {
	case errors.Is(err, chat.ErrWrongSecret):
		action = "step-up.refused"
	case err != nil:
		return err
	}
	failed := s.store.Update(ctx, func(tx chat.Tx) error { return s.audit.Record(tx, action, "", string(act)) })
	if err != nil || failed != nil {
		return errors.Join(err, failed)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.grants[act] = s.now().Add(StepUpLife)
	return nil
}

// Use takes the confirmation of an act. It fails with chat.ErrRefused when there is none, when it is used or too old.
func (s *StepUp) Use(act Act) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	until, ok := s.grants[act]
	delete(s.grants, act)
	if !ok || !s.now().Before(until) {
		return fmt.Errorf("%w: %s needs the passphrase again", chat.ErrRefused, act)
	}
	return nil
}

// Forget drops every confirmation; the composition root calls it when the profile locks.
func (s *StepUp) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.grants)
}

func known(act Act) bool {
	for _, a := range Acts() {
		if a == act {
			return true
		}
	}
	return false
}
