package storetest

import (
	"testing"

	"sotto/chat"
)

func annotations(t *testing.T, s chat.Store) {
	a := chat.Annotation{
		ID: fill[chat.MessageID](1), Conversation: conversation(1).ID, Target: fill[chat.MessageID](2),
		Kind: chat.AnnotateReaction, Author: contact(1).ID, Seq: 3, Sent: at(1), Text: "👍",
	}
	b := a
	b.ID, b.Kind, b.Text = fill[chat.MessageID](3), chat.AnnotateEdit, "better"
	other := a
	other.ID, other.Target = fill[chat.MessageID](4), fill[chat.MessageID](5)
	update(t, s, func(tx chat.Tx) error {
		is(t, "without conversation", tx.Annotations().Put(a), chat.ErrNotFound)
		if err := tx.Conversations().Put(conversation(1)); err != nil {
			return err
		}
		for _, v := range []chat.Annotation{a, b, other} {
			if err := tx.Annotations().Put(v); err != nil {
				return err
			}
		}
		a.Text = "🎉"
		if err := tx.Annotations().Put(a); err != nil {
			return err
		}
		elsewhere := conversation(2)
		if err := tx.Conversations().Put(elsewhere); err != nil {
			return err
		}
		for what, change := range map[string]func(*chat.Annotation){
			"another author":       func(v *chat.Annotation) { v.Author = contact(2).ID },
			"another kind":         func(v *chat.Annotation) { v.Kind = chat.AnnotateDelete },
			"another target":       func(v *chat.Annotation) { v.Target = other.Target },
			"another conversation": func(v *chat.Annotation) { v.Conversation = elsewhere.ID },
		} {
			taken := a
			change(&taken)
			is(t, "an id taken by "+what, tx.Annotations().Put(taken), chat.ErrExists)
		}
		return nil
	})
	view(t, s, func(tx chat.Tx) error {
		got, err := tx.Annotations().ForTarget(a.Conversation, a.Target)
		same(t, "ForTarget", got, []chat.Annotation{a, b})
		for _, row := range []struct {
			what  string
			after chat.MessageID
			limit int
			want  []chat.Annotation
		}{
			{"List", chat.MessageID{}, 10, []chat.Annotation{a, b, other}},
			{"List, bounded", chat.MessageID{}, 1, []chat.Annotation{a}},
			{"List after the first", a.ID, 1, []chat.Annotation{b}},
			{"List after the last", other.ID, 10, nil},
		} {
			listed, err := tx.Annotations().List(a.Conversation, row.after, row.limit)
			if err != nil {
				return err
			}
			same(t, row.what, listed, row.want)
		}
		nobody, _ := tx.Annotations().List(chat.ConversationID{0xee}, chat.MessageID{}, 10)
		same(t, "List of an unknown conversation", nobody, []chat.Annotation(nil))
		return err
	})
	update(t, s, func(tx chat.Tx) error {
		if err := tx.Annotations().DeleteForTarget(a.Conversation, a.Target); err != nil {
			return err
		}
		got, err := tx.Annotations().ForTarget(a.Conversation, a.Target)
		same(t, "after delete", len(got), 0)
		if err != nil {
			return err
		}
		rest, err := tx.Annotations().ForTarget(a.Conversation, other.Target)
		same(t, "the other target", rest, []chat.Annotation{other})
		return err
	})
}
