package wire

import "crypto/ed25519"

// SignAuth signs an AUTH frame: the label, the relay's id, its challenge of this connection and every
// mailbox (docs/PROTOCOL.md section 9.4).
func SignAuth(owner ed25519.PrivateKey, relay RelayID, challenge Challenge, mailboxes []Mailbox) *Auth {
	a := &Auth{Mailboxes: mailboxes}
	copy(a.Owner[:], owner.Public().(ed25519.PublicKey))
	copy(a.Signature[:], ed25519.Sign(owner, a.signed(relay, challenge)))
	return a
}

// Verify checks the signature of an AUTH frame against the challenge of this connection.
func (a *Auth) Verify(relay RelayID, challenge Challenge) bool {
	return ed25519.Verify(a.Owner[:], a.signed(relay, challenge), a.Signature[:])
}

func (a *Auth) signed(relay RelayID, challenge Challenge) []byte {
	parts := make([][]byte, 0, 3+len(a.Mailboxes))
	parts = append(parts, relay[:], challenge[:], a.Owner[:])
	for i := range a.Mailboxes {
		parts = append(parts, a.Mailboxes[i][:])
	}
	return fields(LabelAuth, parts...)
}
