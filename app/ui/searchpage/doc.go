// Package searchpage is the screen that finds messages in all conversations or in one: a field, filters, and the hits
// with what matched, newest first. A hit opens the chat at its message; Back returns to the hits.
//
// A search begins shortly after the last key and runs off the UI thread; the next key ends it. What it finds is
// chat.Searcher's affair. The words of peers are shown as text, never interpreted.
package searchpage
