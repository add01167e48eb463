package privacy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"strings"
	"time"

	"sotto/chat"
	"sotto/chat/content"
)

// Names of the settings that hold open and answered requests, each followed by the request's id.
const (
	askedPrefix    = "privacy.asked."
	questionPrefix = "privacy.question."
	policySetting  = "privacy.erasure-policy"
)

// RequestLife is how long a request waits for an answer; then it is answered, or counts, as expired.
const RequestLife = 30 * 24 * time.Hour

// maxQuestions is how many open requests one peer may have here; further ones are refused unseen.
const maxQuestions = 16

// Outcome is what became of a request for erasure.
type Outcome = content.Outcome

// Outcomes of a request. OutcomeOpen means that no answer came yet.
const (
	OutcomeOpen     = content.Requested
	OutcomeHonoured = content.Honoured
	OutcomeRefused  = content.Refused
	OutcomePartial  = content.Partial
	OutcomeExpired  = content.Expired
)

// Policy says what happens to a peer's request to erase more than its own messages.
type Policy string

// Policies. Asking is the default; a peer never erases by itself what others wrote.
const (
	PolicyAsk    Policy = "ask"
	PolicyRefuse Policy = "refuse"
)

// Asked is a request of ours to a peer, and its answer. Nothing is claimed beyond what the peer said.
type Asked struct {
	ID           chat.MessageID
	Peer         chat.ContactID
	Conversation chat.ConversationID
	Targets      []chat.MessageID // empty: the whole conversation
	Time         time.Time
	Outcome      content.Outcome // Requested while there is no answer
	Erased       uint64          // how many messages the peer says it erased
	Answered     time.Time
}

// Question is a request of a peer that waits for the person here.
type Question struct {
	ID           chat.MessageID
	Peer         chat.ContactID
	Conversation chat.ConversationID
	Targets      []chat.MessageID // empty: the whole conversation
	Received     time.Time
}

// AskConversation asks the other members of a conversation to delete it from their computers. Nothing is deleted here.
// Errors: chat.ErrNotFound; chat.ErrNotAccepted when no member could be asked.
func (e *Eraser) AskConversation(ctx context.Context, id chat.ConversationID) error {
	return e.askIn(ctx, id, nil)
}

// AskMessages asks the other members of a conversation to delete at most 64 messages of it, also those they wrote. For
// one's own messages the messenger's delete for everyone is the simpler way.
func (e *Eraser) AskMessages(ctx context.Context, conv chat.ConversationID, targets ...chat.MessageID) error {
	if len(targets) == 0 || len(targets) > content.MaxIDs {
		return fmt.Errorf("%w: between 1 and %d messages in a request", chat.ErrMalformed, content.MaxIDs)
	}
	return e.askIn(ctx, conv, targets)
}

func (e *Eraser) askIn(ctx context.Context, id chat.ConversationID, targets []chat.MessageID) error {
	err := e.store.Update(ctx, func(tx chat.Tx) error {
		conv, err := tx.Conversations().Get(id)
		if err != nil {
			return err
		}
		return e.ask(tx, conv, targets)
	})
	if err != nil {
		return fmt.Errorf("asking to erase: %w", err)
	}
	e.mail.flush()
	return nil
}

func (e *Eraser) ask(tx chat.Tx, conv chat.Conversation, targets []chat.MessageID) error {
	asked := 0
	for _, peer := range conv.Members {
		contact, err := tx.Contacts().Get(peer)
		if err != nil {
			return err
		}
		if contact.State != chat.ContactAccepted {
			continue
		}
		a := Asked{
			ID: chat.NewMessageID(), Peer: peer, Conversation: conv.ID, Targets: targets,
			Time: e.now().UTC().Truncate(time.Millisecond),
		}
		body := content.Erasure{Outcome: content.Requested, Request: a.ID, Targets: targets}
		if err := e.mail.send(tx, peer, a.ID, a.Time, body); err != nil {
			return err
		}
		if err := keep(tx, askedPrefix+a.ID.String(), a); err != nil {
			return err
		}
		if err := e.audit.Record(tx, "erasure.asked", peer.String(), scopeWords(targets)); err != nil {
			return err
		}
		asked++
	}
	if asked == 0 {
		return chat.ErrNotAccepted
	}
	return nil
}

// Asked lists the requests to peers with their answers, oldest first. One without an answer for longer than
// [RequestLife] shows as expired.
func (e *Eraser) Asked(ctx context.Context) ([]Asked, error) {
	all, err := listed[Asked](ctx, e.store, askedPrefix)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].Outcome == content.Requested && !e.now().Before(all[i].Time.Add(RequestLife)) {
			all[i].Outcome = content.Expired
		}
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].Time.Before(all[j].Time) })
	return all, nil
}

// Questions lists the peers' requests that wait for an answer, oldest first.
func (e *Eraser) Questions(ctx context.Context) ([]Question, error) {
	all, err := listed[Question](ctx, e.store, questionPrefix)
	sort.SliceStable(all, func(i, j int) bool { return all[i].Received.Before(all[j].Received) })
	return all, err
}

// SetPolicy says what happens to later requests. Errors: chat.ErrMalformed.
func (e *Eraser) SetPolicy(ctx context.Context, p Policy) error {
	if p != PolicyAsk && p != PolicyRefuse {
		return fmt.Errorf("%w: erasure policy", chat.ErrMalformed)
	}
	return e.store.Update(ctx, func(tx chat.Tx) error {
		if err := tx.Settings().Put(policySetting, []byte(p)); err != nil {
			return err
		}
		return e.audit.Record(tx, "erasure.policy", "", string(p))
	})
}

// Policy returns the present policy.
func (e *Eraser) Policy(ctx context.Context) (Policy, error) {
	var p Policy
	err := e.store.View(ctx, func(tx chat.Tx) (err error) {
		p, err = policy(tx)
		return err
	})
	return p, err
}

func policy(tx chat.Tx) (Policy, error) {
	b, err := tx.Settings().Get(policySetting)
	if err != nil && !errors.Is(err, chat.ErrNotFound) {
		return "", err
	}
	if Policy(b) == PolicyRefuse {
		return PolicyRefuse, nil
	}
	return PolicyAsk, nil
}

func scopeWords(targets []chat.MessageID) string {
	if len(targets) == 0 {
		return "conversation"
	}
	return fmt.Sprintf("%d messages", len(targets))
}

func keep(tx chat.Tx, name string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return tx.Settings().Put(name, b)
}

func listed[T any](ctx context.Context, store chat.Store, prefix string) ([]T, error) {
	var out []T
	err := store.View(ctx, func(tx chat.Tx) error {
		var err error
		out, err = listedIn[T](tx, prefix)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listing requests to erase: %w", err)
	}
	return out, nil
}

func listedIn[T any](tx chat.Tx, prefix string) ([]T, error) {
	all, err := tx.Settings().List()
	if err != nil {
		return nil, err
	}
	var out []T
	for name, b := range all {
		if !strings.HasPrefix(name, prefix) {
			continue
		}
		var v T
		if err := json.Unmarshal(b, &v); err != nil {
			return nil, fmt.Errorf("%w: stored request", chat.ErrDamaged)
		}
		out = append(out, v)
	}
	return out, nil
}
