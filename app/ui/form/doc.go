// Package form holds what Sotto's pages of questions and settings have in common: the page itself, sections, a choice of
// one among several, a sheet over the window, and where files are saved.
//
// Like app/ui/widget it knows no use case: words come from the caller.
package form
