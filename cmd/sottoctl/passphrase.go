package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"sotto/chat"
)

// longestSecret bounds a passphrase or code read from a file, a variable or a terminal, in bytes.
const longestSecret = 4096

// secretSource says where a secret comes from: a file, a variable, else the terminal.
type secretSource struct {
	file, env string
	prompt    string // words of the question
	repeat    bool   // ask twice: the secret is new
	flags     string // what gives it without a terminal, where that is not --passphrase-file or --passphrase-env
}

// read returns the secret. A trailing line end is no part of it; only the first line of a file counts. Without a
// terminal to ask at, and with neither file nor variable, it is chat.ErrLocked.
func (s secretSource) read(ctx context.Context, words io.Writer) ([]byte, error) {
	switch {
	case s.file != "":
		return readSecretFile(s.file)
	case s.env != "":
		value, ok := os.LookupEnv(s.env)
		if !ok {
			return nil, usagef("The variable %s is not set.", s.env)
		}
		return checkSecret([]byte(value))
	}
	secret, err := ask(ctx, words, s.prompt)
	if s.flags != "" && errors.Is(err, chat.ErrLocked) {
		return nil, explain(err, "%sthere is no terminal to ask at. Give it with %s.", s.prompt, s.flags)
	}
	if err != nil || !s.repeat {
		return secret, err
	}
	again, err := ask(ctx, words, "Once more: ")
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(secret, again) {
		return nil, usagef("The two entries differ. Nothing was changed.")
	}
	return secret, nil
}

func readSecretFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, explain(errors.Unwrap(err), "The file with the passphrase or code cannot be read.")
	}
	defer f.Close()
	line, err := bufio.NewReader(io.LimitReader(f, longestSecret+2)).ReadBytes('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, explain(err, "The file with the passphrase or code cannot be read.")
	}
	return checkSecret(line)
}

func checkSecret(secret []byte) ([]byte, error) {
	secret = bytes.TrimSuffix(secret, []byte("\n"))
	secret = bytes.TrimSuffix(secret, []byte("\r"))
	switch {
	case len(secret) == 0:
		return nil, usagef("The passphrase or code is empty.")
	case len(secret) > longestSecret:
		return nil, usagef("The passphrase or code is longer than %d bytes.", longestSecret)
	}
	return secret, nil
}

// ask reads a line from the controlling terminal without showing it.
func ask(ctx context.Context, words io.Writer, prompt string) ([]byte, error) {
	tty, err := openTerminal()
	if err != nil {
		return nil, err
	}
	defer tty.Close()
	fmt.Fprint(words, prompt)
	defer fmt.Fprintln(words)

	type answer struct {
		line []byte
		err  error
	}
	typed := make(chan answer, 1)
	go func() {
		line, err := bufio.NewReader(io.LimitReader(tty, longestSecret+2)).ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			err = nil
		}
		typed <- answer{line, err}
	}()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case a := <-typed:
		if a.err != nil {
			return nil, explain(chat.ErrLocked, "The terminal could not be read.")
		}
		return checkSecret(a.line)
	}
}
