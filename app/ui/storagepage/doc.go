// Package storagepage is the screen that says what takes how much of the disk, checks the history and gives back room
// (docs/STORAGE.md section 10).
//
// It works with profile.Space, CheckHistory and Compact; all of it runs off the UI thread.
package storagepage
