package chat

import (
	"context"
	"time"
)

// Bounds of a search. What is longer is an ErrMalformed: nothing is cut in silence.
const (
	MaxQuery     = 1024 // bytes of Query.Text
	MaxTerms     = 16   // words and phrases of Query.Text
	MaxSearch    = 500  // Query.Limit
	DefaultLimit = 50   // for a Query.Limit of 0
)

// Query says what to look for. The zero value of a field asks for nothing; a query must ask for something.
//
// Text is words separated by spaces, all of which a message must contain, in any order, in its text or in the name of its
// file; what stands in double quotes must stand in one of them as it is. Nothing else has a meaning. Letters match in any case and with or without diacritics; a
// word matches inside others too, a single letter of an alphabet only where a word begins.
type Query struct {
	Text         string
	Conversation ConversationID
	Author       ContactID
	Kind         MessageKind // KindText or KindAttachment
	Since, Until time.Time   // of the display time, to the second: not before Since, before Until
	Limit        int         // at most so many hits
	Before       Cursor      // goes on where Found.Next says
}

// Cursor is a place in the results; its text has no meaning outside the searcher that gave it. Empty: the newest.
type Cursor string

// Hit is one message that matches.
type Hit struct {
	Message Message
	// Ranges are what matched in Message.Text: half-open ranges of bytes at rune boundaries, ascending and apart. There
	// are none when the query has no text.
	Ranges [][2]int
	// NameRanges are the same in Message.File.Name. A word of the query is in one of them at least.
	NameRanges [][2]int
	Cursor     Cursor // goes on behind this hit
}

// Found is one page of results, newest first: by display time, within a second by the order of storing.
type Found struct {
	Hits []Hit
	Next Cursor // of the page after this one; empty: there are no more
	// Progress of the index when the search was made: while it is not ready, hits that were stored later may be missing.
	Progress Progress
}

// Progress is how much of the history the index holds.
type Progress struct {
	Done, Total int  // messages
	Ready       bool // everything that was committed before is found
	Held        bool // it does not go on until it is let
}

// Percent is Done of Total from 0 to 99, and 100 when it is ready.
func (p Progress) Percent() int {
	switch {
	case p.Ready:
		return 100
	case p.Total <= 0:
		return 0
	}
	return min(99, max(0, p.Done)*100/p.Total)
}

// Searcher finds messages by their text and by the names of their files.
type Searcher interface {
	// Search answers a page of results. It answers from what is indexed when a rebuild runs. Errors: ErrMalformed for a
	// query that asks for nothing, is too long, or has a cursor of another searcher; ErrLocked; those of the context.
	Search(context.Context, Query) (Found, error)
	// Progress answers how far the index is.
	Progress() Progress
	// Wait returns when everything that was committed before is found; the context's error when it ends first.
	Wait(context.Context) error
	// Hold stops the building of the index where it is, and lets it go on. What is indexed is found meanwhile.
	Hold(bool)
}
