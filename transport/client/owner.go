package client

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"time"

	"sotto/transport/wire"
)

// CreateMailbox opens a mailbox and takes its owner key into the client. Repeating it with the same
// key and salt does no harm. Errors: ErrUnauthorized (pass, grant), ErrExpired (grant), ErrQuota.
func (c *Client) CreateMailbox(ctx context.Context, spec wire.MailboxSpec) (wire.Mailbox, error) {
	create := &wire.MboxCreate{
		Owner:       [32]byte(spec.OwnerKey.Public().(ed25519.PublicKey)),
		Salt:        spec.Salt,
		Type:        spec.Kind,
		Pass:        string(spec.Credential.Secret),
		MaxMessages: uint64(spec.MaxMessages),
		MaxBytes:    spec.MaxBytes,
		Expires:     wire.UnixMilli(spec.Expires),
	}
	if !spec.Credential.Grant.IsZero() {
		create.Pass, create.Grant = "", spec.Credential.Grant[:]
	}
	session, err := c.owner.session(ctx)
	if err != nil {
		return wire.Mailbox{}, fmt.Errorf("create mailbox: %w", err)
	}
	if _, err := session.authenticate(ctx, spec.OwnerKey, nil); err != nil {
		return wire.Mailbox{}, fmt.Errorf("create mailbox: %w", err)
	}
	if err := session.callOK(ctx, create); err != nil {
		return wire.Mailbox{}, fmt.Errorf("create mailbox: %w", err)
	}
	owned := spec.Owned()
	session.remember(owned.Mailbox)
	c.Own(owned)
	return owned.Mailbox, nil
}

// Own gives the client owner keys without subscribing, so that the other calls may name the mailboxes.
func (c *Client) Own(owned ...wire.Owned) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, o := range owned {
		c.owned[o.Mailbox] = o.Key
	}
}

// Forget drops an owner key and the subscription. What was pushed and not acknowledged stays at the
// relay and takes no more room here.
func (c *Client) Forget(mailboxes ...wire.Mailbox) {
	for _, m := range mailboxes {
		c.mu.Lock()
		delete(c.owned, m)
		delete(c.subs, m)
		var seqs []uint64
		for key := range c.unacks {
			if key.mailbox == m {
				seqs = append(seqs, key.seq)
			}
		}
		c.mu.Unlock()
		c.release(m, seqs)
	}
}

// Subscribe takes the owner keys and keeps the mailboxes subscribed over reconnects until Forget,
// DeleteMailbox or Close. It returns at once: what happens is told by events and pushes.
func (c *Client) Subscribe(owned ...wire.Owned) {
	c.Own(owned...)
	c.mu.Lock()
	for _, o := range owned {
		c.subs[o.Mailbox] = true
	}
	c.mu.Unlock()
	c.owner.refresh()
}

// DeleteMailbox removes a mailbox with all it holds and forgets it. A mailbox that is not there is
// deleted.
func (c *Client) DeleteMailbox(ctx context.Context, m wire.Mailbox) error {
	err := c.asOwner(ctx, m, &wire.MboxDelete{Mailbox: m})
	if err != nil && !isGone(err) {
		return fmt.Errorf("delete mailbox: %w", err)
	}
	c.Forget(m)
	if s := c.owner.peek(); s != nil {
		s.forget(m)
	}
	return nil
}

// PutToken lets the holder of a token send to a mailbox, or changes its limits.
func (c *Client) PutToken(ctx context.Context, m wire.Mailbox, hash wire.TokenHash, limits wire.TokenLimits) error {
	return wrap("put token", c.asOwner(ctx, m, &wire.TokenPut{
		Mailbox:  m,
		Hash:     hash,
		PopBurst: uint64(limits.PopBurst),
		PopEvery: uint64(limits.PopEvery / time.Second),
		MaxPops:  uint64(limits.MaxPops),
		Expires:  wire.UnixMilli(limits.Expires),
	}))
}

// RevokeToken ends a token; one that is not there is revoked.
func (c *Client) RevokeToken(ctx context.Context, m wire.Mailbox, hash wire.TokenHash) error {
	return wrap("revoke token", c.asOwner(ctx, m, &wire.TokenDrop{Mailbox: m, Hash: hash}))
}

// PutGrant lets whoever shows the grant open n mailboxes on this relay until expires (zero = as long
// as the mailbox m stands). ErrUnauthorized if m was itself opened by a grant.
func (c *Client) PutGrant(ctx context.Context, m wire.Mailbox, hash wire.GrantHash, n int, expires time.Time) error {
	if n < 1 || n > wire.MaxGrantMailboxes {
		return wrap("put grant", wire.ErrTooLarge)
	}
	return wrap("put grant", c.asOwner(ctx, m, &wire.GrantPut{
		Mailbox: m, Hash: hash, Mailboxes: uint64(n), Expires: wire.UnixMilli(expires),
	}))
}

// PutPrekeys replaces the sealed bundle (at most wire.MaxBundle) and all one-time prekeys (at most
// wire.MaxPrekeys, each at most wire.MaxPrekey) of a mailbox.
func (c *Client) PutPrekeys(ctx context.Context, m wire.Mailbox, bundle []byte, prekeys []wire.Prekey) error {
	return wrap("put prekeys", c.asOwner(ctx, m, &wire.PrekeyPut{Mailbox: m, Bundle: bundle, Prekeys: prekeys}))
}

// PrekeyCount returns how many one-time prekeys are left.
func (c *Client) PrekeyCount(ctx context.Context, m wire.Mailbox) (int, error) {
	count, err := ask[*wire.Count](ctx, c, m, &wire.PrekeyCount{Mailbox: m})
	if err != nil {
		return 0, wrap("count prekeys", err)
	}
	return int(count.N), nil
}

// State returns the state cell of a mailbox, nil if it was never set.
func (c *Client) State(ctx context.Context, m wire.Mailbox) ([]byte, error) {
	state, err := ask[*wire.StateFrame](ctx, c, m, &wire.StateGet{Mailbox: m})
	if err != nil {
		return nil, wrap("get state", err)
	}
	return state.Cell, nil
}

// CompareAndSetState replaces the state cell (at most wire.MaxState) if it equals old (nil = never
// set); otherwise ErrConflict. It succeeds also when the cell already equals new.
func (c *Client) CompareAndSetState(ctx context.Context, m wire.Mailbox, old, new []byte) error {
	return wrap("set state", c.asOwner(ctx, m, &wire.StateSet{Mailbox: m, Old: old, New: new}))
}

// Ack deletes pushed envelopes at the relay and makes room for as many more. nil means deleted.
func (c *Client) Ack(ctx context.Context, m wire.Mailbox, seqs ...uint64) error {
	for len(seqs) > 0 {
		n := min(len(seqs), wire.MaxAckSeqs)
		if err := c.asOwner(ctx, m, &wire.Ack{Mailbox: m, Seqs: seqs[:n]}); err != nil {
			return wrap("acknowledge", err)
		}
		c.release(m, seqs[:n])
		seqs = seqs[n:]
	}
	return nil
}

// asOwner sends a request about one owned mailbox and waits for OK.
func (c *Client) asOwner(ctx context.Context, m wire.Mailbox, body wire.Body) error {
	_, err := ask[*wire.OK](ctx, c, m, body)
	return err
}

// ask sends a request about one owned mailbox, authenticated on this connection first if need be.
func ask[B wire.Body](ctx context.Context, c *Client, m wire.Mailbox, body wire.Body) (B, error) {
	var none B
	c.mu.Lock()
	key, ok := c.owned[m]
	c.mu.Unlock()
	if !ok {
		return none, wire.ErrNotOwned
	}
	session, err := c.owner.session(ctx)
	if err != nil {
		return none, err
	}
	if !session.remembers(m) {
		missing, err := session.authenticate(ctx, key, []wire.Mailbox{m})
		if err != nil {
			return none, err
		}
		if len(missing) > 0 {
			return none, wire.ErrNoMailbox
		}
	}
	return call[B](ctx, session, body)
}

func wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", doing, err)
}
