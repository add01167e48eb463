package vault

import (
	"bytes"
	"crypto/sha256"
	"errors"
)

// OpenDamaged opens a vault file for reading what is left, when Open finds it damaged: neither the hash nor the MAC of the
// whole is checked, so that a change outside of the slot that is used costs nothing. What it opens is authentic all the
// same, for each box authenticates its key; what it says of other slots is not, and it must never be written again.
// Errors: ErrDamaged when the structure cannot be read, ErrWrongSecret when no slot opens (it may be the damaged one),
// ErrParams.
func OpenDamaged(file []byte, limits Limits, secret Secret) (*Vault, error) {
	if len(file) < 2*sha256.Size || len(file) > maxFile {
		return nil, ErrDamaged
	}
	content := bytes.Clone(file[:len(file)-sha256.Size])
	copy(content, fileMagic)
	sum := sha256.Sum256(content)
	v, _, _, err := parse(append(content, sum[:]...), limits)
	if errors.Is(err, ErrNewerFormat) {
		err = ErrDamaged // an unknown kind or version here is what was damaged
	}
	if err != nil {
		return nil, err
	}
	for i := range v.slots {
		kek, ok := v.slots[i].matches(secret)
		if !ok {
			continue
		}
		v.keys, err = v.slots[i].unlock(&kek, v.epoch)
		clear(kek[:])
		if err == nil {
			v.opener = v.slots[i].id
			return v, nil
		}
	}
	return nil, ErrWrongSecret
}
