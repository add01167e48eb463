//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package main

import (
	"os"

	"golang.org/x/sys/unix"

	"sotto/chat"
)

// terminal is the controlling terminal with its echo off; Close turns the echo on again.
type terminal struct {
	*os.File
	before unix.Termios
}

// openTerminal opens the controlling terminal for a secret. Without one it is chat.ErrLocked.
func openTerminal() (*terminal, error) {
	f, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return nil, explain(chat.ErrLocked, "There is no terminal to ask at. Give the passphrase with --passphrase-file or --passphrase-env.")
	}
	state, err := unix.IoctlGetTermios(int(f.Fd()), readTermios)
	if err != nil {
		f.Close()
		return nil, explain(chat.ErrLocked, "The terminal cannot hide what is typed. Give the passphrase with --passphrase-file or --passphrase-env.")
	}
	quiet := *state
	quiet.Lflag &^= unix.ECHO
	quiet.Lflag |= unix.ICANON | unix.ISIG
	quiet.Iflag |= unix.ICRNL
	if err := unix.IoctlSetTermios(int(f.Fd()), writeTermios, &quiet); err != nil {
		f.Close()
		return nil, explain(chat.ErrLocked, "The terminal cannot hide what is typed. Give the passphrase with --passphrase-file or --passphrase-env.")
	}
	return &terminal{File: f, before: *state}, nil
}

// Close restores the echo.
func (t *terminal) Close() error {
	restored := unix.IoctlSetTermios(int(t.Fd()), writeTermios, &t.before)
	if err := t.File.Close(); err != nil {
		return err
	}
	return restored
}

// isTerminal reports whether a question asked at f would reach a person.
func isTerminal(f *os.File) bool {
	_, err := unix.IoctlGetTermios(int(f.Fd()), readTermios)
	return err == nil
}
