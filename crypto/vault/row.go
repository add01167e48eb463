package vault

import (
	"encoding/binary"
	"math/bits"
	"slices"

	"sotto/crypto/encode"
)

// rowFormat is the first byte of every sealed row.
const rowFormat = 1

// minPadded is the smallest plaintext of a row after padding, in bytes.
const minPadded = 128

// maxBody bounds one row's plaintext, in bytes.
const maxBody = 64 << 20

// RowData returns the associated data of a row: table, row id, key id and every clear column, in the order of the
// schema (docs/STORAGE.md section 4).
func RowData(table string, row, key int64, clearColumns ...[]byte) []byte {
	size := len(encode.RowSeal) + len(table) + 28 + 4*len(clearColumns)
	for _, c := range clearColumns {
		size += len(c)
	}
	out := make([]byte, 0, size)
	out = encode.Append(out, []byte(encode.RowSeal))
	out = encode.Append(out, []byte(table))
	out = binary.BigEndian.AppendUint64(out, uint64(row))
	out = binary.BigEndian.AppendUint64(out, uint64(key))
	for _, c := range clearColumns {
		out = encode.Append(out, c)
	}
	return out
}

// Seal returns format || nonce || ciphertext of the body, which is padded (Padmé, at least 128 bytes) so that its length
// says little. The format byte is authenticated with the associated data.
func (k RowKey) Seal(data, body []byte) []byte {
	n := 4 + len(body)
	if len(body) > maxBody {
		panic("vault: row longer than 64 MiB")
	}
	padded := make([]byte, max(padme(n), minPadded))
	binary.BigEndian.PutUint32(padded, uint32(len(body)))
	copy(padded[4:], body)
	defer clear(padded)
	out := make([]byte, 1, 1+nonceSize+len(padded)+tagSize)
	out[0] = rowFormat
	return seal(out, &k.b, formatted(data), padded)
}

// Open returns the body that Seal was given with the same associated data; ErrDamaged otherwise, ErrNewerFormat for a
// format that this version does not know.
func (k RowKey) Open(data, sealed []byte) ([]byte, error) {
	if len(sealed) == 0 || sealed[0] < rowFormat {
		return nil, ErrDamaged
	}
	if sealed[0] > rowFormat {
		return nil, ErrNewerFormat
	}
	padded, err := open(&k.b, formatted(data), sealed[1:])
	if err != nil {
		return nil, err
	}
	if len(padded) < 4 || uint64(binary.BigEndian.Uint32(padded)) > uint64(len(padded)-4) {
		return nil, ErrDamaged
	}
	return padded[4 : 4+binary.BigEndian.Uint32(padded)], nil
}

func formatted(data []byte) []byte { return append(data[:len(data):len(data)], rowFormat) }

// A Fingerprint is the first FingerprintHead and the last FingerprintTail bytes of a sealed row.
const (
	FingerprintHead = 1 + nonceSize
	FingerprintTail = tagSize
)

// Fingerprint returns the parts of a sealed row that identify this very sealing of it: format, nonce and
// authentication tag. No one without the key can find another row that opens under the same.
func Fingerprint(sealed []byte) []byte {
	if len(sealed) < FingerprintHead+FingerprintTail {
		return sealed
	}
	return slices.Concat(sealed[:FingerprintHead], sealed[len(sealed)-FingerprintTail:])
}

// padme returns the Padmé length of n: at most 12 % more, and O(log log n) bits of it remain visible
// (Nikitin et al., "Reducing Metadata Leakage from Encrypted Files", PoPETs 2019).
func padme(n int) int {
	if n < 2 {
		return n
	}
	e := bits.Len(uint(n)) - 1
	s := bits.Len(uint(e))
	mask := 1<<(e-s) - 1
	return (n + mask) &^ mask
}
