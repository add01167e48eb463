// Package storagepage is the screen that says what takes how much of the disk, removes the readable copies of opened
// files, checks the history and gives back room (docs/STORAGE.md sections 1 and 10).
//
// It works with profile.Space, Copies, CloseCopies, CheckHistory and Compact; all of it runs off the UI thread.
package storagepage
