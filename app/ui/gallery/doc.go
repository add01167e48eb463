// Package gallery lists all files of a conversation: its pictures in a grid, the others in a list, the newest first, read
// page by page as one scrolls. Only what is in sight holds pixels.
package gallery
