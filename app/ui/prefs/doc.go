// Package prefs names and reads what a person has set in the window: what needs the profile lies sealed in it
// (notifications; the idle time is app/ui/screen's), what is needed before it is unlocked lies in the open in the toolkit's preferences (theme, text scale,
// window size) and says nothing about anybody.
package prefs
