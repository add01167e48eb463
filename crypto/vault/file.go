package vault

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"math"

	"sotto/crypto/encode"
)

// The vault file (docs/STORAGE.md section 2.1): magic, version, fields, HMAC under the newest vault key, SHA-256. The
// hash tells damage from a wrong secret before any cost is paid; the HMAC tells forgery.
const (
	fileMagic   = "sotto-vault\n"
	fileVersion = 1
	maxFile     = 64 << 10
)

// Bytes encodes the vault as its file.
func (v *Vault) Bytes() []byte {
	out := append([]byte(fileMagic), fileVersion)
	out = encode.Append(out, encode.Uint64(v.epoch))
	out = append(out, byte(len(v.keys)), byte(len(v.slots)))
	for i := range v.slots {
		out = v.slots[i].encode(out)
	}
	out = append(out, v.authenticate(out)...)
	sum := sha256.Sum256(out)
	return append(out, sum[:]...)
}

func (v *Vault) authenticate(body []byte) []byte {
	key := v.keys[len(v.keys)-1].file()
	defer clear(key[:])
	mac := hmac.New(sha256.New, key[:])
	mac.Write(encode.Fields(encode.VaultFile, body))
	return mac.Sum(nil)
}

func (s *slot) encode(out []byte) []byte {
	out = append(out, s.id[:]...)
	out = append(out, byte(s.kind))
	out = encode.Append(out, encode.Uint64(s.created))
	out = append(out, s.salt[:]...)
	out = encode.Append(out, encode.Uint64(uint64(s.params.Memory)))
	out = encode.Append(out, encode.Uint64(uint64(s.params.Time)))
	out = append(out, s.params.Threads)
	out = append(out, s.commitment[:]...)
	out = append(out, s.key...)
	for _, l := range s.turns {
		out = append(append(out, l.vaultKey...), l.slotKey...)
	}
	return out
}

// parse checks the hash and the structure and returns the vault without its keys, the authenticated bytes and the MAC.
func parse(file []byte, limits Limits) (v *Vault, body, mac []byte, err error) {
	rest, ok := bytes.CutPrefix(file, []byte(fileMagic))
	if !ok || len(file) > maxFile || len(rest) < 1+2*sha256.Size {
		return nil, nil, nil, ErrDamaged
	}
	content, sum := file[:len(file)-sha256.Size], file[len(file)-sha256.Size:]
	if got := sha256.Sum256(content); !bytes.Equal(got[:], sum) {
		return nil, nil, nil, ErrDamaged
	}
	if rest[0] != fileVersion {
		return nil, nil, nil, ErrNewerFormat
	}
	body, mac = content[:len(content)-sha256.Size], content[len(content)-sha256.Size:]
	r := encode.NewReader(body[len(fileMagic)+1:])
	v = &Vault{limits: limits, epoch: r.Uint64()}
	counts := r.Fixed(2)
	if r.Err() != nil || v.epoch == 0 || v.epoch > math.MaxInt64 ||
		counts[0] < 1 || counts[0] > 2 || counts[1] < 1 || counts[1] > maxSlots {
		return nil, nil, nil, ErrDamaged
	}
	for range counts[1] {
		s, err := readSlot(r, int(counts[0]), limits)
		if err != nil {
			return nil, nil, nil, err
		}
		v.slots = append(v.slots, s)
	}
	if r.Done() != nil {
		return nil, nil, nil, ErrDamaged
	}
	return v, body, mac, nil
}

func readSlot(r *encode.Reader, keys int, limits Limits) (slot, error) {
	var s slot
	copy(s.id[:], r.Fixed(len(s.id)))
	kind := r.Fixed(1)
	s.created = r.Uint64()
	copy(s.salt[:], r.Fixed(saltSize))
	memory, passes, threads := r.Uint64(), r.Uint64(), r.Fixed(1)
	copy(s.commitment[:], r.Fixed(KeySize))
	s.key = bytes.Clone(r.Fixed(boxSize))
	for range keys {
		s.turns = append(s.turns, link{
			vaultKey: bytes.Clone(r.Fixed(boxSize)),
			slotKey:  bytes.Clone(r.Fixed(boxSize)),
		})
	}
	if r.Err() != nil || memory > math.MaxUint32 || passes > math.MaxUint32 || s.created > math.MaxInt64 {
		return slot{}, ErrDamaged
	}
	s.kind = Kind(kind[0])
	s.params = Params{uint32(memory), uint32(passes), threads[0]}
	switch s.kind {
	case KindPassphrase, KindKeyFile:
		return s, limits.check(s.params)
	case KindRecovery, KindHeld, KindKeychain:
		if s.params != (Params{}) {
			return slot{}, ErrDamaged
		}
		return s, nil
	case 0:
		return slot{}, ErrDamaged
	}
	// A later version made it. Its secret cannot be asked for, and a change here might break a rule that it follows.
	return slot{}, ErrNewerFormat
}

// List returns the slots of a vault file without opening it: whoever wrote the file may have written anything there, so
// that the answer is good for asking the right question only. Errors: ErrDamaged, ErrParams, ErrNewerFormat.
func List(file []byte, limits Limits) ([]Slot, error) {
	v, _, _, err := parse(file, limits)
	if err != nil {
		return nil, err
	}
	return v.Slots(), nil
}
