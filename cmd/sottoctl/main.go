package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"reflect"
	"slices"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run carries out one command line and returns the exit code.
func run(ctx context.Context, args []string, in *os.File, out, words io.Writer) int {
	g, v, helped, err := parseArguments(args, out, words)
	if helped {
		return exitDone
	}
	if err != nil {
		return report(words, err, wantsJSON(args))
	}
	d := newDesk(g.globals, in, out, words)
	err = carryOut(ctx, d, v)
	if closed := d.close(); err == nil {
		err = closed
	}
	if err != nil {
		return report(words, err, g.JSON)
	}
	return exitDone
}

// wantsJSON finds --json in a command line that could not be parsed.
func wantsJSON(args []string) bool {
	if end := slices.Index(args, "--"); end >= 0 {
		args = args[:end]
	}
	return slices.Contains(args, "--json")
}

// carryOut runs a verb to its end and prints what it answers.
func carryOut(ctx context.Context, d *desk, v verb) error {
	result, err := v.do(ctx, d)
	if err != nil {
		if f := (*failure)(nil); errors.As(err, &f) && f.Result != nil { // what was found, with what is wrong
			_ = d.show(f.Result)
		}
		return err
	}
	if s, ok := v.(settler); ok {
		result, err = s.settle(ctx, d)
	}
	if result == nil {
		return err
	}
	if shown := d.show(result); err == nil { // what is durable is shown also when it did not get as far as required
		err = shown
	}
	return err
}

// show prints a result: with --json one object on each line, else in words.
func (d *desk) show(result any) error {
	if !d.flags.JSON {
		if p, ok := result.(printer); ok {
			p.print(&page{out: d.out})
		}
		return nil
	}
	list := reflect.ValueOf(result)
	if list.Kind() != reflect.Slice {
		return d.line(result)
	}
	for i := range list.Len() {
		if err := d.line(list.Index(i).Interface()); err != nil {
			return err
		}
	}
	return nil
}

func (d *desk) line(object any) error {
	line, err := encodeLine(object)
	if err != nil {
		return err
	}
	_, err = d.out.Write(line)
	return err
}
