// Package attach is the sheet between choosing files and sending them: what each is, how large, what is taken out of it,
// and what will not be sent and why. Files come from the picker, from a drop onto the window, or from the clipboard.
//
// [Pick] asks for a file, [Paste] takes a picture from the clipboard, [Open] shows the sheet for what is there. Nothing is
// read before the sheet is open, and nothing is kept when it is cancelled.
package attach
