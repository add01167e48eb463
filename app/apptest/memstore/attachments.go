package memstore

import (
	"slices"

	"sotto/chat"
)

type attachments struct{ t *tx }

func (r attachments) Get(id chat.MessageID) (chat.Attachment, error) {
	return get(r.t, r.t.s.attachments, id, copyAttachment)
}

func (r attachments) Put(a chat.Attachment) error {
	if err := r.t.writing(); err != nil {
		return err
	}
	s := r.t.s
	if m, ok := s.messages[a.Message]; !ok || m.Deleted {
		return chat.ErrNotFound
	}
	if !a.Blob.IsZero() {
		for id, other := range s.attachments {
			if other.v.Blob == a.Blob && id != a.Message {
				return chat.ErrExists
			}
		}
		r.t.left = slices.DeleteFunc(r.t.left, func(b chat.BlobID) bool { return b == a.Blob })
	}
	if old := s.attachments[a.Message].v.Blob; old != a.Blob {
		r.t.leaveBlob(old)
	}
	put(r.t, s.attachments, a.Message, copyAttachment(a))
	return nil
}

func (t *tx) leaveBlob(blob chat.BlobID) {
	if !blob.IsZero() {
		t.left = append(t.left, blob)
	}
}

func (r attachments) Page(conv chat.ConversationID, before int64, limit int) ([]chat.Message, error) {
	if err := r.t.reading(); err != nil {
		return nil, err
	}
	var out []chat.Message
	for _, p := range slices.Backward(r.t.s.threads[conv]) {
		if _, ok := r.t.s.attachments[p.id]; ok && (before == 0 || p.position < before) && len(out) < limit {
			out = append(out, copyMessage(r.t.s.messages[p.id]))
		}
	}
	return out, nil
}

func (r attachments) Moving() ([]chat.Attachment, error) {
	return collect(r.t.s.attachments, copyAttachment, func(a chat.Attachment) bool {
		return a.State == chat.FileSending || a.State == chat.FileFetching
	}, nil), r.t.reading()
}

func (r attachments) Delete(id chat.MessageID) error {
	if err := r.t.writing(); err != nil {
		return err
	}
	return r.t.destroyFile(id)
}

// destroyFile removes the attachment of a message, if it has one.
func (t *tx) destroyFile(id chat.MessageID) error {
	a, ok := t.s.attachments[id]
	if !ok {
		return nil
	}
	t.leaveBlob(a.v.Blob)
	if _, ok := t.s.previews[id]; ok {
		if err := unset(t, t.s.previews, id); err != nil {
			return err
		}
	}
	return unset(t, t.s.attachments, id)
}

func (r attachments) Preview(id chat.MessageID) ([]byte, error) {
	if err := r.t.reading(); err != nil {
		return nil, err
	}
	p, ok := r.t.s.previews[id]
	if !ok {
		return nil, chat.ErrNotFound
	}
	return blob(p), nil
}

func (r attachments) PutPreview(id chat.MessageID, picture []byte) error {
	if err := r.t.writing(); err != nil {
		return err
	}
	switch {
	case len(picture) > chat.MaxPreview:
		return chat.ErrTooLarge
	case len(picture) == 0:
		return chat.ErrMalformed
	}
	if _, ok := r.t.s.attachments[id]; !ok {
		return chat.ErrNotFound
	}
	set(r.t, r.t.s.previews, id, blob(picture))
	return nil
}
