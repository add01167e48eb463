package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"sotto/assets"
)

type cli struct {
	Serve   serveCommand   `cmd:"" help:"Run the relay."`
	Check   checkCommand   `cmd:"" help:"Connect to a relay and say whether it works."`
	Version versionCommand `cmd:"" help:"Print the version."`
}

// streams are where commands write: results to out, words to words.
type streams struct{ out, words io.Writer }

func main() { os.Exit(run(os.Args[1:], streams{os.Stdout, os.Stderr})) }

// run carries out one command line and returns its exit code.
func run(args []string, io streams) int {
	var c cli
	exited := -1
	parser, err := kong.New(&c,
		kong.Name("sotto-relay"),
		kong.Description("Keeps sealed envelopes for people who use Sotto."),
		kong.Writers(io.out, io.words),
		kong.Exit(func(code int) { exited = code }),
		kong.UsageOnError(),
	)
	if err != nil {
		panic(err) // the command line itself is wrong
	}
	command, err := parser.Parse(args)
	if exited >= 0 {
		return exited
	}
	if err != nil {
		fmt.Fprintf(io.words, "sotto-relay: %v. See: sotto-relay --help\n", err)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	command.BindTo(ctx, (*context.Context)(nil))
	err = command.Run(io)
	var usage usageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &usage):
		fmt.Fprintf(io.words, "sotto-relay: %v\n", err)
		return 2
	}
	fmt.Fprintf(io.words, "sotto-relay: %v\n", err)
	return 1
}

// usageError is a command line that cannot mean anything.
type usageError string

func (e usageError) Error() string { return string(e) }

type versionCommand struct{}

func (versionCommand) Run(io streams) error {
	_, err := fmt.Fprintf(io.out, "sotto-relay %s\n", assets.Version)
	return err
}
