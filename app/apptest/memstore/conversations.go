package memstore

import (
	"cmp"
	"slices"
	"time"

	"sotto/chat"
)

type contacts struct{ t *tx }

func (r contacts) Get(id chat.ContactID) (chat.Contact, error) {
	return get(r.t, r.t.s.contacts, id, copyContact)
}

func (r contacts) List() ([]chat.Contact, error) {
	return collect(r.t.s.contacts, copyContact, nil, func(a, b chat.Contact) int {
		return a.Created.Compare(b.Created)
	}), r.t.reading()
}

func (r contacts) Put(c chat.Contact) error {
	if err := r.t.writing(); err != nil {
		return err
	}
	put(r.t, r.t.s.contacts, c.ID, copyContact(c))
	return nil
}

func (r contacts) Delete(id chat.ContactID) error {
	if err := r.t.writing(); err != nil {
		return err
	}
	return unset(r.t, r.t.s.contacts, id)
}

type conversations struct{ t *tx }

func (r conversations) Get(id chat.ConversationID) (chat.Conversation, error) {
	return get(r.t, r.t.s.conversations, id, copyConversation)
}

func (r conversations) List() ([]chat.Conversation, error) {
	return collect(r.t.s.conversations, copyConversation, nil, func(a, b chat.Conversation) int {
		return cmp.Or(b.Last.Compare(a.Last), b.Created.Compare(a.Created))
	}), r.t.reading()
}

func (r conversations) Put(c chat.Conversation) error {
	if err := r.t.writing(); err != nil {
		return err
	}
	put(r.t, r.t.s.conversations, c.ID, copyConversation(c))
	return nil
}

func (r conversations) Destroy(id chat.ConversationID) error {
	if err := r.t.writing(); err != nil {
		return err
	}
	s := r.t.s
	for _, p := range s.threads[id] {
		if err := r.t.destroyFile(p.id); err != nil {
			return err
		}
		if err := unset(r.t, s.messages, p.id); err != nil {
			return err
		}
	}
	for key, a := range s.annotations {
		if a.v.Conversation == id {
			if err := unset(r.t, s.annotations, key); err != nil {
				return err
			}
		}
	}
	for key := range s.heads {
		if key.conv == id {
			if err := unset(r.t, s.heads, key); err != nil {
				return err
			}
		}
	}
	if _, ok := s.threads[id]; ok {
		if err := unset(r.t, s.threads, id); err != nil {
			return err
		}
	}
	return unset(r.t, s.conversations, id)
}

type annotations struct{ t *tx }

func (r annotations) Put(a chat.Annotation) error {
	if err := r.t.writing(); err != nil {
		return err
	}
	if _, ok := r.t.s.conversations[a.Conversation]; !ok {
		return chat.ErrNotFound
	}
	if old, ok := r.t.s.annotations[a.ID]; ok && (old.v.Conversation != a.Conversation || old.v.Author != a.Author ||
		old.v.Kind != a.Kind || old.v.Target != a.Target) {
		return chat.ErrExists
	}
	put(r.t, r.t.s.annotations, a.ID, copyAnnotation(a))
	return nil
}

func (r annotations) ForTarget(conv chat.ConversationID, target chat.MessageID) ([]chat.Annotation, error) {
	return collect(r.t.s.annotations, copyAnnotation, func(a chat.Annotation) bool {
		return a.Conversation == conv && a.Target == target
	}, nil), r.t.reading()
}

func (r annotations) List(conv chat.ConversationID, after chat.MessageID, limit int) ([]chat.Annotation, error) {
	if err := r.t.reading(); err != nil {
		return nil, err
	}
	all := collect(r.t.s.annotations, copyAnnotation, func(a chat.Annotation) bool { return a.Conversation == conv }, nil)
	if !after.IsZero() {
		at := slices.IndexFunc(all, func(a chat.Annotation) bool { return a.ID == after })
		if at < 0 {
			return nil, chat.ErrNotFound
		}
		all = all[at+1:]
	}
	return append([]chat.Annotation(nil), all[:min(len(all), max(limit, 0))]...), nil
}

func (r annotations) DeleteForTarget(conv chat.ConversationID, target chat.MessageID) error {
	if err := r.t.writing(); err != nil {
		return err
	}
	for id, a := range r.t.s.annotations {
		if a.v.Conversation == conv && a.v.Target == target {
			if err := unset(r.t, r.t.s.annotations, id); err != nil {
				return err
			}
		}
	}
	return nil
}

type queue struct{ t *tx }

func (r queue) Add(q chat.QueueItem) (chat.QueueItem, error) {
	if err := r.t.writing(); err != nil {
		return chat.QueueItem{}, err
	}
	q = copyQueueItem(q)
	q.ID = r.t.next()
	set(r.t, r.t.s.queue, q.ID, row[chat.QueueItem]{q.ID, q})
	return copyQueueItem(q), nil
}

func (r queue) Get(id int64) (chat.QueueItem, error) {
	return get(r.t, r.t.s.queue, id, copyQueueItem)
}

func (r queue) ForMessage(id chat.MessageID) ([]chat.QueueItem, error) {
	return collect(r.t.s.queue, copyQueueItem, func(q chat.QueueItem) bool {
		return q.Message == id
	}, nil), r.t.reading()
}

func (r queue) List() ([]chat.QueueItem, error) {
	return collect(r.t.s.queue, copyQueueItem, nil, nil), r.t.reading()
}

func (r queue) Put(q chat.QueueItem) error {
	if err := r.t.writing(); err != nil {
		return err
	}
	if _, ok := r.t.s.queue[q.ID]; !ok {
		return chat.ErrNotFound
	}
	put(r.t, r.t.s.queue, q.ID, copyQueueItem(q))
	return nil
}

func (r queue) Delete(id int64) error {
	if err := r.t.writing(); err != nil {
		return err
	}
	return unset(r.t, r.t.s.queue, id)
}

type events struct{ t *tx }

const keptEvents = 10_000

func (r events) Append(typ string, body []byte, now time.Time) (chat.Event, error) {
	if err := r.t.writing(); err != nil {
		return chat.Event{}, err
	}
	s := r.t.s
	e := copyEvent(chat.Event{Seq: s.lastEvent + 1, Time: now, Type: typ, Body: body})
	assign(r.t, &s.lastEvent, e.Seq)
	kept := s.events
	if len(kept) >= keptEvents {
		kept = slices.Clone(kept[len(kept)-keptEvents+1:])
	}
	assign(r.t, &s.events, append(kept, e))
	return copyEvent(e), nil
}

func (r events) Since(seq uint64, limit int) ([]chat.Event, error) {
	var out []chat.Event
	for _, e := range r.t.s.events {
		if e.Seq > seq && len(out) < limit {
			out = append(out, copyEvent(e))
		}
	}
	return out, r.t.reading()
}

func (r events) Last() (uint64, error) { return r.t.s.lastEvent, r.t.reading() }

func (r events) Forget(drop func(chat.Event) bool) error {
	if err := r.t.writing(); err != nil {
		return err
	}
	var kept []chat.Event
	for _, e := range r.t.s.events {
		if !drop(copyEvent(e)) {
			kept = append(kept, e)
		}
	}
	assign(r.t, &r.t.s.events, kept)
	return nil
}
