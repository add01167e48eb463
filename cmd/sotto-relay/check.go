package main

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"time"

	"sotto/transport/client"
	"sotto/transport/wire"
)

type checkCommand struct {
	Relay   string        `arg:"" help:"Relay address, or relay pass to also open and delete a mailbox."`
	Timeout time.Duration `help:"How long to try." default:"10s"`
}

// Run opens a mailbox with the pass, sends an envelope through it and deletes it. With an address only,
// it is enough that the relay proves its identity and answers.
func (c *checkCommand) Run(ctx context.Context, io streams) error {
	pass, err := wire.ParsePass(c.Relay)
	if err != nil {
		return usageError("that is not a relay address or relay pass")
	}
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	relay := client.New(client.Options{Address: pass.Address, Timeout: c.Timeout})
	defer func() { _ = relay.Close() }()
	_, _, err = relay.PopPrekey(ctx, wire.Mailbox(wire.NewChallenge()), wire.NewToken())
	if !errors.Is(err, wire.ErrNoMailbox) {
		return explain(err)
	}
	_, _ = fmt.Fprintln(io.out, "connection: ok")
	if pass.Secret == "" {
		return nil
	}
	if err := roundTrip(ctx, relay, pass); err != nil {
		return explain(err)
	}
	_, _ = fmt.Fprintln(io.out, "mailbox: ok")
	return nil
}

func roundTrip(ctx context.Context, relay *client.Client, pass wire.Pass) (err error) {
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		return err
	}
	spec := wire.MailboxSpec{
		OwnerKey: key, Salt: wire.NewSalt(), Kind: wire.ContactMailbox,
		Credential: wire.Credential{Secret: pass.Secret}, Expires: time.Now().Add(time.Hour),
	}
	mailbox, err := relay.CreateMailbox(ctx, spec)
	if err != nil {
		return err
	}
	defer func() {
		if e := relay.DeleteMailbox(ctx, mailbox); err == nil {
			err = e
		}
	}()
	token := wire.NewToken()
	if err := relay.PutToken(ctx, mailbox, token.Hash(), wire.TokenLimits{}); err != nil {
		return err
	}
	relay.Subscribe(spec.Owned())
	if err := relay.Send(ctx, mailbox, token, wire.NewEnvelopeID(), make([]byte, wire.EnvelopeSizes()[0])); err != nil {
		return err
	}
	select {
	case push := <-relay.Pushes():
		return relay.Ack(ctx, mailbox, push.Seq)
	case <-ctx.Done():
		return wire.ErrOffline
	}
}

// explain puts an error of the relay into words.
func explain(err error) error {
	switch {
	case errors.Is(err, wire.ErrPinMismatch):
		return errors.New("this is another relay than the address says; do not use it")
	case errors.Is(err, wire.ErrUnauthorized):
		return errors.New("the relay does not accept this pass")
	case errors.Is(err, wire.ErrUnsupported):
		return errors.New("there is something at this address, but not a Sotto relay of this version")
	case errors.Is(err, wire.ErrOffline):
		return errors.New("no relay answers at this address")
	}
	return err
}
