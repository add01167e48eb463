// Package chats is the left column of the window: search, requests, the conversations with their previews and unread
// counts, and at its foot oneself, the connection, settings and lock.
//
// [New] answers the column; the window shows it beside every other screen, tells it which conversation is open
// ([Column.Select]) and forwards what happens ([Column.Heard]). It reads the messenger anew after each bundle of events,
// off the UI thread, never twice at once.
package chats
