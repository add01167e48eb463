// Package askbot asks whether a bot may read what the person writes to it.
//
// The words are those of the notice that the ledger's record will name (package privacy, docs/PRIVACY.md). Sheet asks
// before a bot is added, Panel stands in a chat where the composer would be. Neither is remembered as anything but what
// was answered: a sheet or panel that is left says no.
package askbot
