// Package shell is the window's edge towards the desktop: application metadata,
// the clipboard, and later the tray and the screen guard.
//
// main reads the metadata with [ParseMetadata] before it creates the
// application; screens copy through [Clipboard], which takes a secret back.
package shell
