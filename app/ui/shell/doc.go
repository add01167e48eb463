// Package shell is the window's edge towards the desktop: application metadata
// and the clipboard.
//
// main reads the metadata with [ParseMetadata] before it creates the
// application; screens copy through [Clipboard], which takes a secret back.
package shell
