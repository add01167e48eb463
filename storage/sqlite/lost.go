package sqlite

import (
	"errors"

	"sotto/chat"
)

// lost stands for a message whose row is missing, and damaged for one whose row does not open: notices that say so. Their
// ids are made from their place, so that they are the same at each reading.
func (r messagesRepo) lost(conv chat.ConversationID, e entry) chat.Message {
	return r.standIn(conv, e, "messages.lost", chat.NoticeLost)
}

func (r messagesRepo) damaged(conv chat.ConversationID, e entry) chat.Message {
	return r.standIn(conv, e, "messages.damaged", chat.NoticeDamaged)
}

func (r messagesRepo) standIn(conv chat.ConversationID, e entry, column, notice string) chat.Message {
	place := messages.rowData(e.row, e.position, nil)
	return chat.Message{
		ID: chat.MessageID(r.t.s.tags.Tag(column, conv[:], place)), Conversation: conv, Direction: chat.In,
		Kind: chat.KindNotice, Notice: notice, Position: e.position,
	}
}

// shown reads the message that a conversation lists, or what stands for it when its row is missing or does not open. A row
// of a format that is not known is damaged too: a file whose tables were written by a newer version is not opened at all.
func (r messagesRepo) shown(th *thread, conv chat.ConversationID, e entry) (chat.Message, error) {
	row, err := r.t.c.row(selectMessage, e.row)
	if err == nil && row == nil {
		return r.lost(conv, e), nil
	}
	var m chat.Message
	if err == nil {
		m, err = r.decodeListed(th, e, row)
	}
	if unreadable(err) {
		return r.damaged(conv, e), nil
	}
	return m, err
}

// unreadable reports whether an error says that a row is not what was written.
func unreadable(err error) bool {
	return errors.Is(err, chat.ErrDamaged) || errors.Is(err, chat.ErrNewerFormat)
}

// dress gives the first of each run of stand-ins of a kind their number, and all of them the times of a neighbour, so that
// they stand on its day.
func dress(page []chat.Message) {
	for i := 0; i < len(page); i++ {
		if !page[i].StandsIn() {
			continue
		}
		n := 1
		for i+n < len(page) && page[i+n].StandsIn() && page[i+n].Notice == page[i].Notice {
			n++
		}
		near := neighbour(page, i)
		for j := i; j < i+n; j++ {
			page[j].Sent, page[j].Received = near.Sent, near.Received
		}
		page[i].Missing = n
		i += n - 1
	}
}

// neighbour returns the row before a stand-in, which has its times already, or else the first message after it.
func neighbour(page []chat.Message, i int) chat.Message {
	if i > 0 {
		return page[i-1]
	}
	for _, m := range page {
		if !m.StandsIn() {
			return m
		}
	}
	return chat.Message{}
}
