// Package contact shows one contact: the safety number to compare and the mark of having compared it, the name it has
// here, and the ways to part: block, remove.
//
// The window shows it as a panel beside the chat where there is room, else as a page.
package contact
