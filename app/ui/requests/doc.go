// Package requests shows the strangers who wrote first. A request is text only: no links, no images, nothing is confirmed
// back until it is accepted.
//
// Accepting asks, once and on one sheet, what the new contact may learn; nothing is switched on that was not chosen
// there, and the answers can be kept as the own default for the next sheet. The words of the questions are those of
// package privacy, because a consent holds for the words that were shown.
package requests
