package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
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

// Run opens a mailbox with the pass, sends an envelope and a file through it and deletes it. With an address only,
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
	mailbox, token, err := roundTrip(ctx, relay, pass)
	if err != nil {
		return explain(err)
	}
	_, _ = fmt.Fprintln(io.out, "mailbox: ok")
	err = carryFile(ctx, relay, mailbox, token)
	if e := relay.DeleteMailbox(ctx, mailbox); err == nil {
		err = e
	}
	switch {
	case errors.Is(err, wire.ErrUnsupported):
		_, _ = fmt.Fprintln(io.out, "files: this relay keeps none")
		return nil
	case err != nil:
		return fmt.Errorf("files do not get through: %w", explain(err))
	}
	_, _ = fmt.Fprintln(io.out, "files: ok")
	return nil
}

// roundTrip opens a mailbox and sends an envelope through it. The caller deletes the mailbox.
func roundTrip(ctx context.Context, relay *client.Client, pass wire.Pass) (mailbox wire.Mailbox, token wire.Token, err error) {
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		return mailbox, token, err
	}
	spec := wire.MailboxSpec{
		OwnerKey: key, Salt: wire.NewSalt(), Kind: wire.ContactMailbox,
		Credential: wire.Credential{Secret: pass.Secret}, Expires: time.Now().Add(time.Hour),
	}
	if mailbox, err = relay.CreateMailbox(ctx, spec); err != nil {
		return mailbox, token, err
	}
	defer func() {
		if err != nil {
			_ = relay.DeleteMailbox(ctx, mailbox)
		}
	}()
	token = wire.NewToken()
	if err := relay.PutToken(ctx, mailbox, token.Hash(), wire.TokenLimits{}); err != nil {
		return mailbox, token, err
	}
	relay.Subscribe(spec.Owned())
	if err := relay.Send(ctx, mailbox, token, wire.NewEnvelopeID(), make([]byte, wire.EnvelopeSizes()[0])); err != nil {
		return mailbox, token, err
	}
	select {
	case push := <-relay.Pushes():
		return mailbox, token, relay.Ack(ctx, mailbox, push.Seq)
	case <-ctx.Done():
		return mailbox, token, wire.ErrOffline
	}
}

// checkedFile is the size of the file that is tried, more than what a proxy commonly lets through by itself.
const checkedFile = 2 << 20

// carryFile sends a file in two parts and takes it back in two.
func carryFile(ctx context.Context, relay *client.Client, mailbox wire.Mailbox, token wire.Token) error {
	body := make([]byte, checkedFile)
	_, _ = rand.Read(body)
	read, upload := wire.NewReadKey(), wire.NewUploadKey()
	if err := relay.GrantBlob(ctx, mailbox, token, read.Hash(), upload.Hash(), checkedFile); err != nil {
		return err
	}
	for _, part := range [][2]int64{{0, 1000}, {1000, checkedFile}} {
		if _, err := relay.Upload(ctx, upload, part[0], bytes.NewReader(body[part[0]:part[1]]), part[1]-part[0]); err != nil {
			return err
		}
	}
	if err := relay.CommitBlob(ctx, upload, sha256.Sum256(body)); err != nil {
		return err
	}
	for _, offset := range []int64{0, checkedFile - 1000} {
		var got bytes.Buffer
		if _, err := relay.Fetch(ctx, read, offset, checkedFile, &got); err != nil {
			return err
		}
		if !bytes.Equal(got.Bytes(), body[offset:]) {
			return wire.ErrMalformed
		}
	}
	return relay.DeleteBlob(ctx, read)
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
	case errors.Is(err, wire.ErrMalformed):
		return errors.New("what answers there does not keep to the protocol; is there a proxy in between?")
	case errors.Is(err, wire.ErrOffline):
		return errors.New("no relay answers at this address")
	}
	return err
}
