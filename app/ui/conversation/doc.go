// Package conversation is the chat itself: a header with the states that matter, the timeline, the composer.
//
// The timeline pages through the messenger's messages by position; after each
// bundle of events the rows it holds are read anew, off the UI thread, and only what differs is handed to the widget, so
// that late, edited, deleted and reordered messages come out right and the reader's place is kept. Days, groups, missing
// messages and the mark of what is unread follow from a message and its neighbours (rows.go).
package conversation
