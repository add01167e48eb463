package client

import (
	"context"

	"sotto/transport/wire"
)

// Send stores an envelope (one of wire.EnvelopeSizes) in a mailbox. nil means it is on the relay's
// disk; a repeat under the same id is stored once. Errors: ErrNoMailbox, ErrUnauthorized (token
// revoked), ErrExpired, ErrQuota (with wire.RetryAfter), ErrTooLarge, ErrOffline.
func (c *Client) Send(ctx context.Context, m wire.Mailbox, token wire.Token, id wire.EnvelopeID, envelope []byte) error {
	session, err := c.sender.session(ctx)
	if err != nil {
		return wrap("send", err)
	}
	return wrap("send", session.callOK(ctx, &wire.Send{Mailbox: m, Token: token, ID: id, Envelope: envelope}))
}

// PopPrekey takes the sealed bundle of a mailbox and one of its one-time prekeys; the prekey is nil
// when none was left. Errors as of Send; ErrNotFound if the mailbox has no bundle.
func (c *Client) PopPrekey(ctx context.Context, m wire.Mailbox, token wire.Token) (bundle []byte, prekey *wire.Prekey, err error) {
	session, err := c.sender.session(ctx)
	if err != nil {
		return nil, nil, wrap("take prekey", err)
	}
	answer, err := call[*wire.PrekeyFrame](ctx, session, &wire.PrekeyPop{Mailbox: m, Token: token})
	if err != nil {
		return nil, nil, wrap("take prekey", err)
	}
	return answer.Bundle, answer.Prekey, nil
}
