// Package settings is the page of what a person may set: the name, the relay (built in, on the local network, or another
// one by its pass, which is tested before it is used), idle time, look, notifications.
//
// Each choice acts at once; app/ui/prefs keeps it.
package settings
