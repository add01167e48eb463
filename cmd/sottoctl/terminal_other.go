//go:build !(linux || darwin || dragonfly || freebsd || netbsd || openbsd)

package main

import (
	"os"

	"sotto/chat"
)

// openTerminal refuses: on this system sottoctl cannot hide what is typed, and a passphrase is never shown.
func openTerminal() (*os.File, error) {
	return nil, explain(chat.ErrLocked, "On this system the passphrase cannot be typed unseen. Give it with --passphrase-file or --passphrase-env.")
}

// isTerminal answers no: nobody is asked anything on this system.
func isTerminal(*os.File) bool { return false }
