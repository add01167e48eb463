package export

import "sotto/crypto/encode"

// merkle computes the root of a Merkle tree in the shape of RFC 6962 section 2.1, leaf by leaf, keeping one hash for each
// level. Leaves and nodes are hashed under labels of their own.
type merkle struct {
	full []level // complete subtrees, greatest first
}

type level struct {
	size uint64
	hash [32]byte
}

func (m *merkle) add(leaf [32]byte) {
	m.full = append(m.full, level{1, leaf})
	for n := len(m.full); n > 1 && m.full[n-2].size == m.full[n-1].size; n = len(m.full) {
		m.full[n-2] = level{2 * m.full[n-2].size, node(m.full[n-2].hash, m.full[n-1].hash)}
		m.full = m.full[:n-1]
	}
}

// root returns the root; that of no leaves is the hash of no fields.
func (m *merkle) root() [32]byte {
	if len(m.full) == 0 {
		return encode.Hash(encode.ExportLeaf)
	}
	root := m.full[len(m.full)-1].hash
	for i := len(m.full) - 2; i >= 0; i-- {
		root = node(m.full[i].hash, root)
	}
	return root
}

func lineLeaf(line []byte) [32]byte { return encode.Hash(encode.ExportLeaf, line) }

func node(left, right [32]byte) [32]byte { return encode.Hash(encode.ExportNode, left[:], right[:]) }
