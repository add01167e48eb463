package wire

// The checks of a decoded body that its Go type cannot express (docs/PROTOCOL.md section 9.4).

const maxTime = 253402300799999 // the last millisecond of the year 9999

func check(ok bool) error {
	if !ok {
		return ErrMalformed
	}
	return nil
}

func (b *Hello) valid() error  { return check(b.Version > 0) }
func (b *OK) valid() error     { return nil }
func (b *Err) valid() error    { return check(b.Code > 0) }
func (b *GoAway) valid() error { return nil }
func (b *Authed) valid() error { return check(len(b.Missing) <= MaxAuthMailboxes) }
func (b *Auth) valid() error   { return check(len(b.Mailboxes) <= MaxAuthMailboxes) }
func (b *Count) valid() error  { return check(b.N <= MaxPrekeys) }

func (b *PushFrame) valid() error {
	return check(b.Seq > 0 && b.Received <= maxTime && ValidEnvelope(len(b.Envelope)))
}

func (b *Sub) valid() error {
	return check(len(b.Mailboxes) > 0 && len(b.Mailboxes) <= MaxAuthMailboxes)
}

func (b *Ack) valid() error { return check(len(b.Seqs) > 0 && len(b.Seqs) <= MaxAckSeqs) }

func (b *Credit) valid() error {
	return check(b.Messages <= CreditMessages && b.Bytes <= CreditBytes)
}

func (b *Send) valid() error {
	if !ValidEnvelope(len(b.Envelope)) {
		return ErrTooLarge
	}
	return nil
}

func (b *MboxCreate) valid() error {
	return check((b.Type == ContactMailbox || b.Type == InvitationMailbox) &&
		len(b.Pass) <= MaxPassSecret && (len(b.Grant) == 0 || len(b.Grant) == 32) &&
		(b.Pass == "" || len(b.Grant) == 0) && b.Expires <= maxTime)
}

func (b *MboxDelete) valid() error { return nil }

func (b *TokenPut) valid() error {
	return check(b.PopBurst <= MaxPopBurst && b.PopEvery <= 1<<31 && b.MaxPops <= 1<<31 && b.Expires <= maxTime)
}

func (b *TokenDrop) valid() error { return nil }

func (b *GrantPut) valid() error {
	return check(b.Mailboxes > 0 && b.Mailboxes <= MaxGrantMailboxes && b.Expires <= maxTime)
}

func (b *PrekeyPut) valid() error {
	if len(b.Bundle) > MaxBundle || len(b.Prekeys) > MaxPrekeys {
		return ErrTooLarge
	}
	seen := make(map[uint64]bool, len(b.Prekeys))
	for _, p := range b.Prekeys {
		if len(p.Sealed) > MaxPrekey {
			return ErrTooLarge
		}
		if len(p.Sealed) == 0 || seen[p.ID] {
			return ErrMalformed
		}
		seen[p.ID] = true
	}
	return check(len(b.Bundle) > 0)
}

func (b *PrekeyPop) valid() error { return nil }

func (b *PrekeyFrame) valid() error {
	return check(len(b.Bundle) > 0 && len(b.Bundle) <= MaxBundle &&
		(b.Prekey == nil || len(b.Prekey.Sealed) > 0 && len(b.Prekey.Sealed) <= MaxPrekey))
}

func (b *PrekeyCount) valid() error { return nil }
func (b *StateGet) valid() error    { return nil }

func (b *StateSet) valid() error {
	if len(b.Old) > MaxState || len(b.New) > MaxState {
		return ErrTooLarge
	}
	return check(len(b.New) > 0)
}

func (b *StateFrame) valid() error { return check(len(b.Cell) <= MaxState) }

func (b *BlobGrant) valid() error {
	if b.Size > MaxBlob {
		return ErrTooLarge
	}
	return check(b.Size > 0)
}

func (b *Unknown) valid() error { return nil }
