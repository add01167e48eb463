package apptest

import (
	"sync"

	"sotto/chat"
)

// Ledger is a chat.Gate that says no until the test says otherwise.
type Ledger struct {
	mu      sync.Mutex
	allowed map[chat.Purpose]bool
}

// NewLedger returns a ledger that allows nothing.
func NewLedger() *Ledger { return &Ledger{allowed: map[chat.Purpose]bool{}} }

// Allow opens or closes a purpose for everyone.
func (l *Ledger) Allow(purpose chat.Purpose, yes bool) {
	l.mu.Lock()
	l.allowed[purpose] = yes
	l.mu.Unlock()
}

// Allowed implements chat.Gate.
func (l *Ledger) Allowed(_ chat.Tx, _ chat.ContactID, purpose chat.Purpose) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.allowed[purpose], nil
}
