package handshake

import "sotto/crypto/encode"

// SealCell seals the state cell of an own mailbox under a key that only its owner can derive, from the
// 32-byte seed of the owner key and the mailbox's address (docs/PROTOCOL.md section 7.4). The result is
// 41 bytes longer than plain.
func SealCell(seed []byte, mailbox [32]byte, plain []byte) []byte {
	return cellKey(seed, mailbox).seal(encode.MailboxState, plain)
}

// OpenCell opens a state cell; it returns ErrBundle for one that SealCell did not make with this seed for this mailbox.
func OpenCell(seed []byte, mailbox [32]byte, cell []byte) ([]byte, error) {
	return cellKey(seed, mailbox).open(encode.MailboxState, cell, maxCell)
}

// maxCell is the size of a cell at a relay.
const maxCell = 256

func cellKey(seed []byte, mailbox [32]byte) Secret {
	return Secret(encode.Derive(seed, nil, encode.MailboxState, len(Secret{}), mailbox[:]))
}
