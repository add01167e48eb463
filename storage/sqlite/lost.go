package sqlite

import (
	"sotto/chat"
)

// lost stands for a message whose row is missing: a notice that says so. Its id is made from its place, so that it is the
// same at each reading.
func (r messagesRepo) lost(conv chat.ConversationID, e entry) chat.Message {
	place := messages.rowData(e.row, e.position, nil)
	return chat.Message{
		ID: chat.MessageID(r.t.s.tags.Tag("messages.lost", conv[:], place)), Conversation: conv, Direction: chat.In,
		Kind: chat.KindNotice, Notice: chat.NoticeLost, Position: e.position,
	}
}

func isLost(m chat.Message) bool { return m.Kind == chat.KindNotice && m.Notice == chat.NoticeLost }

// dressLost gives the first of each run of lost messages their number, and all of them the times of a neighbour, so that
// they stand on its day.
func dressLost(page []chat.Message) {
	for i := 0; i < len(page); i++ {
		if !isLost(page[i]) {
			continue
		}
		n := 1
		for i+n < len(page) && isLost(page[i+n]) {
			n++
		}
		var near chat.Message
		switch {
		case i > 0:
			near = page[i-1]
		case i+n < len(page):
			near = page[i+n]
		}
		for j := i; j < i+n; j++ {
			page[j].Sent, page[j].Received = near.Sent, near.Received
		}
		page[i].Missing = n
		i += n - 1
	}
}
