package privacy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"sotto/app/privacy/files"
	"sotto/chat"
	"sotto/chat/content"
)

// Answer answers a peer's request: content.Honoured erases what it names, content.Partial only what the peer wrote of it,
// content.Refused nothing. The answer is queued in the unit of work that erases. It returns how many messages went.
// Errors: chat.ErrNotFound, chat.ErrMalformed for another outcome.
func (e *Eraser) Answer(ctx context.Context, id chat.MessageID, outcome content.Outcome) (int, error) {
	if outcome != content.Honoured && outcome != content.Partial && outcome != content.Refused {
		return 0, fmt.Errorf("%w: answer to a request", chat.ErrMalformed)
	}
	work := e.store.Erase
	if outcome == content.Refused {
		work = e.store.Update
	}
	var went gone
	err := work(ctx, func(tx chat.Tx) error {
		q, err := question(tx, id)
		if err != nil {
			return err
		}
		if went, err = e.mail.erase(tx, q, outcome); err != nil {
			return err
		}
		return e.reply(tx, q, outcome, went)
	})
	if err != nil {
		return 0, fmt.Errorf("answering a request to erase: %w", err)
	}
	e.mail.flush()
	return went.messages, nil
}

// ExpireQuestions answers as expired the requests that waited longer than [RequestLife], and returns how many.
func (e *Eraser) ExpireQuestions(ctx context.Context) (int, error) {
	count := 0
	err := e.store.Update(ctx, func(tx chat.Tx) error {
		count = 0
		all, err := listedIn[Question](tx, questionPrefix)
		if err != nil {
			return err
		}
		for _, q := range all {
			if e.now().Before(q.Received.Add(RequestLife)) {
				continue
			}
			if err := e.reply(tx, q, content.Expired, gone{}); err != nil {
				return err
			}
			count++
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("expiring requests to erase: %w", err)
	}
	e.mail.flush()
	return count, nil
}

// Incoming takes a peer's request or answer within the unit of work that opened it. A request that names only messages
// the peer wrote itself is honoured at once, as its deletions are; any other waits for the person, or is refused where the
// policy says so. It is the messenger's handler for contents of kind erasure; an error is the store's.
func (e *Eraser) Incoming(tx chat.Tx, from chat.ContactID, c content.Content) error {
	body, ok := c.Body.(content.Erasure)
	if !ok {
		return nil
	}
	if body.Outcome != content.Requested {
		return e.answered(tx, from, body)
	}
	if body.Request != c.ID {
		return nil
	}
	q := Question{
		ID: c.ID, Peer: from, Conversation: c.Conv, Targets: body.Targets,
		Received: e.now().UTC().Truncate(time.Millisecond),
	}
	return e.requested(tx, q)
}

func (e *Eraser) requested(tx chat.Tx, q Question) error {
	if _, err := question(tx, q.ID); !errors.Is(err, chat.ErrNotFound) {
		return err
	}
	if known, err := isMember(tx, q); err != nil {
		return err
	} else if !known {
		return e.reply(tx, q, content.Honoured, gone{}) // nothing of it is here
	}
	own, err := onlyOwnMessages(tx, q)
	if err != nil {
		return err
	}
	if own {
		went, err := e.mail.erase(tx, q, content.Honoured)
		if err != nil {
			return err
		}
		return e.reply(tx, q, content.Honoured, went)
	}
	p, err := policy(tx)
	if err != nil {
		return err
	}
	open, err := listedIn[Question](tx, questionPrefix)
	if err != nil {
		return err
	}
	waiting := 0
	for _, o := range open {
		if o.Peer == q.Peer {
			waiting++
		}
	}
	if p == PolicyRefuse || waiting >= maxQuestions {
		return e.reply(tx, q, content.Refused, gone{})
	}
	if err := keep(tx, questionPrefix+q.ID.String(), q); err != nil {
		return err
	}
	return e.audit.Record(tx, "erasure.requested", q.Peer.String(), scopeWords(q.Targets))
}

// answered records a peer's answer. Only the peer that was asked can answer, once.
func (e *Eraser) answered(tx chat.Tx, from chat.ContactID, body content.Erasure) error {
	name := askedPrefix + body.Request.String()
	b, err := tx.Settings().Get(name)
	if errors.Is(err, chat.ErrNotFound) {
		return nil
	}
	var a Asked
	if err == nil && json.Unmarshal(b, &a) != nil {
		err = chat.ErrDamaged
	}
	if err != nil {
		return fmt.Errorf("taking an answer to a request: %w", err)
	}
	if a.Peer != from || a.Outcome != content.Requested {
		return nil
	}
	a.Outcome, a.Erased, a.Answered = body.Outcome, body.Erased, e.now().UTC().Truncate(time.Millisecond)
	if err := keep(tx, name, a); err != nil {
		return err
	}
	return e.audit.Record(tx, "erasure.answered", from.String(), body.Outcome.String())
}

// reply queues the answer, closes the question and records it.
func (e *Eraser) reply(tx chat.Tx, q Question, outcome content.Outcome, went gone) error {
	body := content.Erasure{Outcome: outcome, Request: q.ID, Erased: uint64(max(went.messages, 0))}
	now := e.now().UTC().Truncate(time.Millisecond)
	if err := e.mail.send(tx, q.Peer, chat.NewMessageID(), now, body); err != nil {
		return err
	}
	if err := tx.Settings().Delete(questionPrefix + q.ID.String()); err != nil && !errors.Is(err, chat.ErrNotFound) {
		return err
	}
	return e.audit.Record(tx, "erasure."+outcome.String(), q.Peer.String(), scopeWords(q.Targets)+", "+went.words("erased"))
}

func question(tx chat.Tx, id chat.MessageID) (Question, error) {
	b, err := tx.Settings().Get(questionPrefix + id.String())
	if err != nil {
		return Question{}, err
	}
	var q Question
	if err := json.Unmarshal(b, &q); err != nil {
		return Question{}, fmt.Errorf("%w: stored request", chat.ErrDamaged)
	}
	return q, nil
}

// isMember reports whether the conversation is here and the asking peer belongs to it.
func isMember(tx chat.Tx, q Question) (bool, error) {
	conv, err := tx.Conversations().Get(q.Conversation)
	if errors.Is(err, chat.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	for _, m := range conv.Members {
		if m == q.Peer {
			return true, nil
		}
	}
	return false, nil
}

// onlyOwnMessages reports whether a request names messages, and each that is here was written by the peer.
func onlyOwnMessages(tx chat.Tx, q Question) (bool, error) {
	if len(q.Targets) == 0 {
		return false, nil
	}
	for _, id := range q.Targets {
		m, err := tx.Messages().Get(id)
		switch {
		case errors.Is(err, chat.ErrNotFound):
		case err != nil:
			return false, err
		case m.Author != q.Peer || m.Conversation != q.Conversation:
			return false, nil
		}
	}
	return true, nil
}

// erase removes what the question names, as far as the outcome says.
func (out mail) erase(tx chat.Tx, q Question, outcome content.Outcome) (went gone, err error) {
	if outcome == content.Refused {
		return went, nil
	}
	conv, err := tx.Conversations().Get(q.Conversation)
	if errors.Is(err, chat.ErrNotFound) {
		return went, nil
	}
	if err != nil {
		return went, err
	}
	if len(q.Targets) == 0 && outcome == content.Honoured {
		if went, err = out.destroy(tx, conv); err != nil {
			return went, err
		}
		return went, tx.Conversations().Put(emptied(conv))
	}
	mayGo := func(m chat.Message) bool {
		return !m.Deleted && m.Conversation == conv.ID && (outcome == content.Honoured || m.Author == q.Peer)
	}
	if len(q.Targets) > 0 {
		return out.buryTargets(tx, q.Targets, mayGo)
	}
	return out.buryAll(tx, conv.ID, mayGo)
}

func (out mail) buryTargets(tx chat.Tx, targets []chat.MessageID, mayGo func(chat.Message) bool) (went gone, err error) {
	for _, id := range targets {
		m, err := tx.Messages().Get(id)
		if errors.Is(err, chat.ErrNotFound) {
			continue
		}
		if err != nil {
			return went, err
		}
		if !mayGo(m) {
			continue
		}
		held, err := files.Of(tx, m)
		if err != nil {
			return went, err
		}
		if err := out.bury(tx, m); err != nil {
			return went, err
		}
		went = went.plus(1, held)
	}
	return went, forget(tx, targets...)
}

func (out mail) buryAll(tx chat.Tx, conv chat.ConversationID, mayGo func(chat.Message) bool) (went gone, err error) {
	for after := int64(0); ; {
		page, err := tx.Messages().PageAfter(conv, after, 200)
		if err != nil || len(page) == 0 {
			return went, err
		}
		var buried []chat.MessageID
		for _, m := range page {
			after = m.Position
			if m.StandsIn() || !mayGo(m) {
				continue
			}
			held, err := files.Of(tx, m)
			if err != nil {
				return went, err
			}
			if err := out.bury(tx, m); err != nil {
				return went, err
			}
			buried, went = append(buried, m.ID), went.plus(1, held)
		}
		if err := forget(tx, buried...); err != nil {
			return went, err
		}
	}
}
