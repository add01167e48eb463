// Package pictures brings the pictures of messages to the screen: read, decoded and made small off the UI thread, one at
// a time, with a bounded number of pixels kept.
//
// A screen has a [Shelf] of its own and empties it when it is closed, so that no picture outlives a lock:
//
//	shelf := pictures.NewShelf(work, load, came)
//	img := shelf.Get(id, revision) // nil: it is being read; came(id) follows
//
// What cannot be decoded is remembered as such and not read again.
package pictures
