package privacy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"sotto/app/privacy/files"
	"sotto/chat"
)

// Bounds of how long messages can be kept by a rule.
const (
	ShortestKeep = time.Hour
	LongestKeep  = 10 * 366 * 24 * time.Hour
)

const (
	retentionSetting = "privacy.retention"
	// retentionPage is how many messages are read at once, and how many that are kept may stand before one that is not: a
	// late message is placed before newer ones, but was stored here after them.
	retentionPage = 64
	// retentionLook is how long the rules may go without a look at what there is.
	retentionLook = time.Hour
)

// Rules are how long messages are kept, counted from when they were stored here; 0: for ever.
type Rules struct {
	Default       time.Duration                         `json:"default,omitempty"`
	Conversations map[chat.ConversationID]time.Duration `json:"conversations,omitempty"` // instead of the default
}

// Keep returns the rule of a conversation, and whether it has one of its own.
func (r Rules) Keep(conv chat.ConversationID) (keep time.Duration, own bool) {
	if keep, own = r.Conversations[conv]; own {
		return keep, true
	}
	return r.Default, false
}

// shortest returns the shortest rule, 0 when everything is kept for ever.
func (r Rules) shortest() time.Duration {
	shortest := r.Default
	for _, keep := range r.Conversations {
		if keep > 0 && (shortest == 0 || keep < shortest) {
			shortest = keep
		}
	}
	return shortest
}

// RuleChange is what a person changes about the rules.
type RuleChange struct {
	Conversation chat.ConversationID // zero: the default
	Keep         time.Duration       // 0: for ever
	Inherit      bool                // the conversation follows the default again; Keep says nothing
}

func (c RuleChange) check() error {
	switch {
	case c.Inherit && c.Conversation.IsZero():
		return fmt.Errorf("%w: the default follows nothing", chat.ErrMalformed)
	case !c.Inherit && c.Keep != 0 && (c.Keep < ShortestKeep || c.Keep > LongestKeep):
		return fmt.Errorf("%w: messages are kept between %v and %v", chat.ErrMalformed, ShortestKeep, LongestKeep)
	}
	return nil
}

func (c RuleChange) apply(r Rules) Rules {
	next := Rules{Default: r.Default, Conversations: map[chat.ConversationID]time.Duration{}}
	for id, keep := range r.Conversations {
		next.Conversations[id] = keep
	}
	switch {
	case c.Conversation.IsZero():
		next.Default = c.Keep
	case c.Inherit:
		delete(next.Conversations, c.Conversation)
	default:
		next.Conversations[c.Conversation] = c.Keep
	}
	return next
}

// Kept is what a change of the rules would remove at once.
type Kept struct {
	Messages      int
	Conversations int   // that lose some
	Files         int   // of the messages, that are here
	FileBytes     int64 // of those
}

// Retention holds the person's rules of how long messages are kept, and says which are not. The messenger removes them
// ([messenger.Retention] is its part). A message that still waits to be sent stays until it has left.
type Retention struct {
	store chat.Store
	audit chat.Auditor
	now   func() time.Time
	wake  func()

	mu   sync.Mutex
	next time.Time // nothing is due before; zero: not known
}

// NewRetention returns the rules of a store.
func NewRetention(store chat.Store, audit chat.Auditor, now func() time.Time) *Retention {
	return &Retention{store: store, audit: audit, now: now, wake: func() {}}
}

// Connect hands over what makes the messenger look at the rules again. Call it once, before rules are changed.
func (r *Retention) Connect(wake func()) { r.wake = wake }

// Rules returns the rules.
func (r *Retention) Rules(ctx context.Context) (rules Rules, err error) {
	err = r.store.View(ctx, func(tx chat.Tx) error {
		rules, err = readRules(tx)
		return err
	})
	return rules, err
}

func readRules(tx chat.Tx) (rules Rules, err error) {
	b, err := tx.Settings().Get(retentionSetting)
	if errors.Is(err, chat.ErrNotFound) {
		return rules, nil
	}
	if err != nil {
		return rules, err
	}
	if json.Unmarshal(b, &rules) != nil {
		return Rules{}, fmt.Errorf("%w: stored rules of retention", chat.ErrDamaged)
	}
	return rules, nil
}

// Preview counts what a change would remove at once. Errors: chat.ErrMalformed, chat.ErrNotFound.
func (r *Retention) Preview(ctx context.Context, c RuleChange) (Kept, error) {
	var out Kept
	if err := c.check(); err != nil {
		return out, fmt.Errorf("preview of retention: %w", err)
	}
	err := r.store.View(ctx, func(tx chat.Tx) error {
		rules, err := r.changed(tx, c)
		if err != nil {
			return err
		}
		all, err := tx.Conversations().List()
		if err != nil {
			return err
		}
		for _, conv := range all {
			keep, _ := rules.Keep(conv.ID)
			n := 0
			var held files.Held
			var failed error
			if _, err := walk(tx, conv.ID, keep, r.now(), func(m chat.Message) bool {
				one, err := files.Of(tx, m)
				n, held, failed = n+1, held.Plus(one), errors.Join(err, ctx.Err())
				return failed == nil
			}); err != nil {
				return err
			}
			if failed != nil {
				return failed
			}
			if n > 0 {
				out.Messages, out.Conversations = out.Messages+n, out.Conversations+1
				out.Files, out.FileBytes = out.Files+held.Files, out.FileBytes+held.Bytes
			}
		}
		return nil
	})
	if err != nil {
		return Kept{}, fmt.Errorf("preview of retention: %w", err)
	}
	return out, nil
}

// changed returns the rules after a change.
func (r *Retention) changed(tx chat.Tx, c RuleChange) (Rules, error) {
	if !c.Conversation.IsZero() {
		if _, err := tx.Conversations().Get(c.Conversation); err != nil {
			return Rules{}, err
		}
	}
	rules, err := readRules(tx)
	return c.apply(rules), err
}

// Set changes the rules; what they do not keep is removed behind it. Errors: chat.ErrMalformed, chat.ErrNotFound.
func (r *Retention) Set(ctx context.Context, c RuleChange) error {
	err := c.check()
	if err == nil {
		err = r.store.Update(ctx, func(tx chat.Tx) error {
			rules, err := r.changed(tx, c)
			if err != nil {
				return err
			}
			for id := range rules.Conversations { // of contacts that were removed since
				if _, err := tx.Conversations().Get(id); errors.Is(err, chat.ErrNotFound) {
					delete(rules.Conversations, id)
				} else if err != nil {
					return err
				}
			}
			if err := keep(tx, retentionSetting, rules); err != nil {
				return err
			}
			subject := ""
			if !c.Conversation.IsZero() {
				subject = c.Conversation.String()
			}
			return r.audit.Record(tx, "retention.set", subject, c.words())
		})
	}
	if err != nil {
		return fmt.Errorf("setting retention: %w", err)
	}
	r.Forget()
	return nil
}

// words is what the audit log says of a change.
func (c RuleChange) words() string {
	switch {
	case c.Inherit:
		return "as by default"
	case c.Keep == 0:
		return "for ever"
	}
	return fmt.Sprintf("%d hours", int(c.Keep.Hours()))
}

// Forget makes the rules be applied anew to everything, as after messages were imported.
func (r *Retention) Forget() {
	r.mu.Lock()
	r.next = time.Time{}
	r.mu.Unlock()
	r.wake()
}

// Due returns at most limit messages that the rules do not keep at now, and when to ask again.
func (r *Retention) Due(tx chat.Tx, now time.Time, limit int) (due []chat.Message, next time.Time, err error) {
	r.mu.Lock()
	next = r.next
	r.mu.Unlock()
	if limit <= 0 || now.Before(next) {
		return nil, next, nil
	}
	rules, err := readRules(tx)
	shortest := rules.shortest()
	if err != nil || shortest == 0 {
		return nil, time.Time{}, err
	}
	all, err := tx.Conversations().List()
	if err != nil {
		return nil, time.Time{}, err
	}
	next = now.Add(min(shortest, retentionLook)) // what is stored from now on ends later, save what is imported
	for _, conv := range all {
		keep, _ := rules.Keep(conv.ID)
		ends, err := walk(tx, conv.ID, keep, now, func(m chat.Message) bool {
			due = append(due, m)
			return len(due) < limit
		})
		if err != nil {
			return nil, time.Time{}, err
		}
		if len(due) == limit {
			return due, now, nil
		}
		if !ends.IsZero() && ends.Before(next) {
			next = ends
		}
	}
	if len(due) == 0 {
		r.mu.Lock()
		r.next = next
		r.mu.Unlock()
	}
	return due, next, nil
}

// Removed records what the rules removed.
func (r *Retention) Removed(tx chat.Tx, count int) error {
	return r.audit.Record(tx, "retention.deleted", "", fmt.Sprintf("%d messages", count))
}

// walk calls f with the messages of a conversation that are not kept, until f answers false, and returns when the next one
// is not: zero when none is seen.
func walk(tx chat.Tx, conv chat.ConversationID, keep time.Duration, now time.Time, f func(chat.Message) bool) (next time.Time, err error) {
	if keep == 0 {
		return next, nil
	}
	for after, kept := int64(0), 0; kept < retentionPage; {
		page, err := tx.Messages().PageAfter(conv, after, retentionPage)
		if err != nil {
			return next, err
		}
		for _, m := range page {
			after = m.Position
			end := m.Received.Add(keep)
			switch {
			case m.State == chat.Queued || m.StandsIn():
			case end.After(now):
				kept++
				if next.IsZero() || end.Before(next) {
					next = end
				}
			case !f(m):
				return next, nil
			}
		}
		if len(page) < retentionPage {
			break
		}
	}
	return next, nil
}

// forgetRule drops the rule of a conversation that is going.
func forgetRule(tx chat.Tx, conv chat.ConversationID) error {
	rules, err := readRules(tx)
	if err != nil {
		return err
	}
	if _, own := rules.Keep(conv); !own {
		return nil
	}
	return keep(tx, retentionSetting, RuleChange{Conversation: conv, Inherit: true}.apply(rules))
}
