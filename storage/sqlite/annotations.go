package sqlite

import (
	"sotto/chat"
	"sotto/crypto/vault"
)

type annotationsRepo struct{ t *tx }

func (r annotationsRepo) tag(column string, id chat.MessageID) []byte {
	tag := r.t.s.tags.Tag("annotations."+column, id[:])
	return tag[:]
}

func (r annotationsRepo) Put(a chat.Annotation) error {
	if err := r.t.writing(); err != nil {
		return err
	}
	th, err := r.thread(a.Conversation)
	if err != nil {
		return err
	}
	tag := r.tag("id", a.ID)
	row, err := r.t.c.row("SELECT id, conversation, tag, target, body FROM annotations WHERE tag = ?", tag)
	if err != nil {
		return err
	}
	columns := []value{th.row, tag, r.tag("target", a.Target)}
	if row == nil {
		id, err := r.t.nextID(annotations)
		if err != nil {
			return err
		}
		sealed, err := r.t.insertSealed(annotations, id, th.keyID, th.key, columns, encodeAnnotation(a))
		if err != nil {
			return mapped(err)
		}
		r.count(th, id, columns, sealed)
		return nil
	}
	if integer(row[1]) != th.row {
		return chat.ErrExists
	}
	old, err := r.read(th, row)
	if err != nil {
		return err
	}
	if old.Author != a.Author || old.Kind != a.Kind || old.Target != a.Target {
		return chat.ErrExists
	}
	sealed, err := r.t.updateSealed(annotations, integer(row[0]), th.keyID, th.key, columns, encodeAnnotation(a))
	if err != nil {
		return mapped(err)
	}
	th.state.annotations.Remove(r.element(th, row))
	r.count(th, integer(row[0]), columns, sealed)
	return nil
}

// thread finds a conversation and checks its annotations when they are first asked for.
func (r annotationsRepo) thread(conv chat.ConversationID) (*thread, error) {
	th, err := r.t.thread(conv)
	if err != nil {
		return nil, err
	}
	return th, r.t.checkPart(th, annotations, th.state.annotations)
}

// count puts the present body of a row into the digest of the conversation's annotations.
func (r annotationsRepo) count(th *thread, id int64, columns []value, sealed []byte) {
	th.state.annotations.Add(r.t.s.covers.coverer.Element(annotations.rowData(id, th.keyID, columns), vault.Fingerprint(sealed)))
	r.t.change(th)
}

// element returns the element of a row: id, clear columns, body.
func (r annotationsRepo) element(th *thread, row []value) vault.Element {
	return r.t.s.covers.coverer.Element(annotations.rowData(integer(row[0]), th.keyID, row[1:4]),
		vault.Fingerprint(bytesOf(row[4])))
}

func (r annotationsRepo) ForTarget(conv chat.ConversationID, target chat.MessageID) ([]chat.Annotation, error) {
	if err := r.t.reading(); err != nil {
		return nil, err
	}
	th, err := r.thread(conv)
	if err == chat.ErrNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []chat.Annotation
	err = r.t.c.each(`SELECT id, conversation, tag, target, body FROM annotations
		WHERE conversation = ? AND target = ? ORDER BY id`, []value{th.row, r.tag("target", target)},
		func(row []value) error {
			a, err := r.read(th, row)
			out = append(out, a)
			return err
		})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (r annotationsRepo) List(conv chat.ConversationID, after chat.MessageID, limit int) ([]chat.Annotation, error) {
	if err := r.t.reading(); err != nil {
		return nil, err
	}
	th, err := r.thread(conv)
	if err == chat.ErrNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	first := int64(0)
	if !after.IsZero() {
		row, err := r.t.c.row("SELECT id FROM annotations WHERE tag = ? AND conversation = ?", r.tag("id", after), th.row)
		if err != nil {
			return nil, err
		}
		if row == nil {
			return nil, chat.ErrNotFound
		}
		first = integer(row[0])
	}
	var out []chat.Annotation
	err = r.t.c.each(`SELECT id, conversation, tag, target, body FROM annotations
		WHERE conversation = ? AND id > ? ORDER BY id LIMIT ?`, []value{th.row, first, int64(max(limit, 0))},
		func(row []value) error {
			a, err := r.read(th, row)
			out = append(out, a)
			return err
		})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (r annotationsRepo) read(th *thread, row []value) (chat.Annotation, error) {
	body, err := r.t.open(annotations, integer(row[0]), th.keyID, th.key, row[1:4], bytesOf(row[4]))
	if err != nil {
		return chat.Annotation{}, err
	}
	a, ok := decodeAnnotation(body)
	if !ok {
		return chat.Annotation{}, damaged(annotations.name)
	}
	return a, nil
}

func (r annotationsRepo) DeleteForTarget(conv chat.ConversationID, target chat.MessageID) error {
	if err := r.t.writing(); err != nil {
		return err
	}
	th, err := r.thread(conv)
	if err == chat.ErrNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	gone, err := r.t.scan(annotations, th.keyID, annotations.fingerprints()+" WHERE conversation = ? AND target = ?",
		th.row, r.tag("target", target))
	if err != nil || gone.Count == 0 {
		return err
	}
	th.state.annotations.Subtract(gone)
	r.t.change(th)
	_, err = r.t.c.exec("DELETE FROM annotations WHERE conversation = ? AND target = ?", th.row, r.tag("target", target))
	r.t.dirty = true
	return mapped(err)
}

const annotationV1 = 1

func encodeAnnotation(a chat.Annotation) []byte {
	return layout(annotationV1).fixed(a.ID[:]).fixed(a.Conversation[:]).fixed(a.Target[:]).text(string(a.Kind)).
		fixed(a.Author[:]).uint(a.Seq).time(a.Sent).text(a.Text).b
}

func decodeAnnotation(b []byte) (a chat.Annotation, ok bool) {
	r := read(b, annotationV1)
	r.fixed(a.ID[:])
	r.fixed(a.Conversation[:])
	r.fixed(a.Target[:])
	a.Kind = chat.AnnotationKind(r.text())
	r.fixed(a.Author[:])
	a.Seq, a.Sent, a.Text = r.uint(), r.time(), r.text()
	return a, r.done()
}
