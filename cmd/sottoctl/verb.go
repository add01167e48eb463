package main

import "context"

// verb is one command. Its exported fields are its flags and arguments.
type verb interface {
	// do runs it and answers what is printed: an object, or a slice of objects. Over rpc the verbs of one connection run
	// in the order in which they were asked for, unless they are [aside].
	do(ctx context.Context, d *desk) (any, error)
}

// settler is a verb with a second part that waits for the network. What do did is durable by then; settle answers the
// result in place of do and runs beside other verbs.
type settler interface {
	verb
	settle(ctx context.Context, d *desk) (any, error)
}

// aside marks a verb that may take long and that later verbs need not wait for.
type aside interface{ runsAside() }

// terminalOnly marks a verb that makes no sense over rpc: it needs the profile closed, or it never ends.
type terminalOnly interface{ onlyTerminal() }

// done is the result of a verb that has nothing to show.
type done struct {
	V v1 `json:"v"`
}

func (done) print(*page) {}
