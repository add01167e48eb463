// Package widget holds the pieces that Sotto's screens are built of: bubbles,
// the timeline, the composer, rows, cards, fields, dialogs.
//
// Widgets are pure: they show the values they are given and call back. They
// know no use case, no language and no clock; every word they show comes from
// the caller (app/ui/i18n), every colour and size from app/ui/theme. Names and
// texts from peers are cleaned here ([CleanName], [CleanText]) and never
// interpreted beyond the small formatter in markup.go.
//
// Widgets whose height depends on their width answer HeightFor(width); the
// layouts of this package ([NewColumn], [NewRow], [NewInset], [NewPage])
// respect it.
package widget
