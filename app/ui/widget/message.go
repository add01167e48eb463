package widget

// Delivery is how far an own message has come.
type Delivery int

// The states of delivery. Each has a shape of its own: clock, check, check in
// a circle, two checks, exclamation mark.
const (
	NoDelivery Delivery = iota // a peer's message
	Queued
	Sent
	Delivered
	Read
	Failed
)

// Reaction is one emoji under a message and how many chose it.
type Reaction struct {
	Emoji string
	Count int
	Mine  bool
}

// Quote is the message that a message answers.
type Quote struct {
	ID     string
	Author string
	Text   string
}

// Message is one bubble. All texts come as the peer wrote them; the widget
// cleans them.
type Message struct {
	ID       string // stable; the row's key in a timeline
	Revision uint64 // grows whenever anything below but First and Last changes

	Own       bool
	Author    string // shown above the first bubble of a group in a conversation of several
	Text      string
	File      *Attachment // nil: none; Text is its caption then
	PlainText bool        // no links, no markup: requests of strangers
	Quote     *Quote
	Reactions []Reaction

	Time     string // "14:03"
	Edited   string // the word for edited, "" when it was not
	Delivery Delivery
	Note     string // words beside the state, such as "Not sent"; shown in danger when Failed
	Removed  string // words in place of a deleted message; nothing else is shown then

	First, Last bool // of a group of the same author
	Found       bool // framed for a moment: it was gone to
}

// RowKey implements [Row].
func (m Message) RowKey() string { return m.ID }

// RowRevision implements [Row]. The place in the group is part of it, because
// it changes with the neighbours and moves the height.
func (m Message) RowRevision() uint64 {
	rev := m.Revision << 2
	if m.First {
		rev |= 1
	}
	if m.Last {
		rev |= 2
	}
	return rev
}
