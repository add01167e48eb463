package messenger

import (
	"bytes"
	"errors"
	"slices"

	"sotto/chat"
	"sotto/chat/content"
)

// annotationOf reads an edit, deletion or reaction.
func annotationOf(c content.Content, author chat.ContactID) chat.Annotation {
	a := chat.Annotation{ID: c.ID, Conversation: c.Conv, Author: author, Seq: c.Seq, Sent: c.Sent}
	switch b := c.Body.(type) {
	case content.Edit:
		a.Kind, a.Target, a.Text = chat.AnnotateEdit, b.Target, b.Text
	case content.Delete:
		a.Kind, a.Target = chat.AnnotateDelete, b.Target
	case content.Reaction:
		a.Kind, a.Target, a.Text = chat.AnnotateReaction, b.Target, b.Emoji
	}
	return a
}

// annotate keeps an annotation and applies it when its target is there. Of each author and kind only the one with the
// highest seq is kept; it waits while the target is missing.
func (u *unit) annotate(a chat.Annotation) error {
	kept, err := u.Annotations().ForTarget(a.Conversation, a.Target)
	if err != nil {
		return err
	}
	for _, k := range kept {
		if k.Kind == a.Kind && k.Author == a.Author && k.Seq >= a.Seq {
			return nil
		}
	}
	target, err := u.Messages().Get(a.Target)
	missing := errors.Is(err, chat.ErrNotFound)
	if err := ignoreMissing(err); err != nil {
		return err
	}
	if !missing && (target.Conversation != a.Conversation || target.Deleted || a.Kind != chat.AnnotateReaction && target.Author != a.Author) {
		return nil
	}
	if err := u.keepNewest(append(kept, a)); err != nil || missing {
		return err
	}
	target, changed, err := u.fold(target)
	if err != nil || !changed {
		return err
	}
	if err := u.refresh(target.Conversation); err != nil {
		return err
	}
	peer, err := u.peerOf(target.Conversation)
	if err != nil {
		return err
	}
	kinds := map[chat.AnnotationKind]EventType{
		chat.AnnotateEdit: EventEdit, chat.AnnotateDelete: EventDelete, chat.AnnotateReaction: EventReaction,
	}
	e := Event{Type: kinds[a.Kind], Contact: peer, Conversation: a.Conversation, Message: a.Target}
	if a.Kind == chat.AnnotateReaction {
		e.Text = a.Text
	}
	return u.emit(e)
}

// keepNewest stores the newest annotation of each author and kind in place of all.
func (u *unit) keepNewest(all []chat.Annotation) error {
	type key struct {
		author chat.ContactID
		kind   chat.AnnotationKind
	}
	newest := map[key]chat.Annotation{}
	var order []key
	for _, a := range all {
		k := key{a.Author, a.Kind}
		old, known := newest[k]
		if !known {
			order = append(order, k)
		}
		if !known || a.Seq > old.Seq {
			newest[k] = a
		}
	}
	last := all[len(all)-1]
	if len(order) < len(all) {
		if err := ignoreMissing(u.Annotations().DeleteForTarget(last.Conversation, last.Target)); err != nil {
			return err
		}
	} else {
		order = order[len(order)-1:] // nothing is replaced: only the last is new
	}
	for _, k := range order {
		// An id that is taken belongs to somebody else's annotation, or points elsewhere: the later one has no effect.
		if err := u.Annotations().Put(newest[k]); err != nil && !errors.Is(err, chat.ErrExists) {
			return err
		}
	}
	return nil
}

// fold writes the annotations of a stored message into its row: the author's newest edit, everyone's reaction, or the
// tombstone that nothing revives. It reports whether the row changed.
func (u *unit) fold(msg chat.Message) (chat.Message, bool, error) {
	list, err := u.Annotations().ForTarget(msg.Conversation, msg.ID)
	if err != nil || len(list) == 0 {
		return msg, false, err
	}
	changed := false
	var reactions []chat.Reaction
	for _, a := range list {
		switch {
		case a.Kind == chat.AnnotateReaction:
			if a.Text != "" {
				reactions = append(reactions, chat.Reaction{From: a.Author, Emoji: a.Text, Seq: a.Seq})
			}
		case a.Author != msg.Author:
		case a.Kind == chat.AnnotateDelete:
			return u.bury(msg)
		case a.Kind == chat.AnnotateEdit && a.Seq > msg.EditSeq && msg.Kind == chat.KindText:
			msg.Text, msg.Edited, msg.EditSeq, changed = a.Text, true, a.Seq, true
		}
	}
	slices.SortFunc(reactions, func(a, b chat.Reaction) int { return bytes.Compare(a.From[:], b.From[:]) })
	if !slices.Equal(msg.Reactions, reactions) {
		msg.Reactions, changed = reactions, true
	}
	if !changed {
		return msg, false, nil
	}
	msg, err = u.Messages().Put(msg)
	return msg, true, err
}

// bury leaves a tombstone and forgets what was said about the message.
func (u *unit) bury(msg chat.Message) (chat.Message, bool, error) {
	if err := ignoreMissing(u.Annotations().DeleteForTarget(msg.Conversation, msg.ID)); err != nil {
		return msg, false, err
	}
	if err := u.letGo(msg, true); err != nil {
		return msg, false, err
	}
	msg.Deleted, msg.Edited, msg.File = true, false, chat.File{}
	msg.Text, msg.Raw, msg.Reactions, msg.Failure = "", nil, nil, ""
	if msg.Direction == chat.In && msg.State != chat.Read {
		if err := u.uncount(msg.Conversation, msg); err != nil {
			return msg, false, err
		}
	}
	msg, err := u.Messages().Put(msg)
	return msg, true, err
}

// uncount takes a message that was never read off the unread ones.
func (u *unit) uncount(id chat.ConversationID, msg chat.Message) error {
	conv, err := u.Conversations().Get(id)
	if err != nil {
		return err
	}
	if conv.Unread > 0 && msg.Position > conv.ReadUpTo {
		conv.Unread--
	}
	return u.Conversations().Put(conv)
}
