// Package confirm says that a contact has a new device, or an identity that was restored or copied, and takes the person's
// word for it (docs/PROTOCOL.md section 3; messenger.ConfirmIdentity).
//
//	if m := confirm.Of(state); m != confirm.Nothing {
//		banner(confirm.Sentence(m, state, name), func() { confirm.Ask(s, id, name, state, nil) })
//	}
package confirm
