package vault_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sotto/app/apptest/alloc"
	"sotto/crypto/vault"
)

// cheap parameters for tests, passed as values.
var (
	limits = vault.Limits{MinMemory: 64, MaxMemory: 128, MinTime: 1, MaxTime: 2}
	cheap  = vault.Params{Memory: 64, Time: 1, Threads: 1}
	now    = time.Unix(1_700_000_000, 0).UTC()
)

func pass(p string) vault.Credential {
	return vault.Credential{Secret: vault.Passphrase(p), Params: cheap}
}

func newVault(t testing.TB, more ...vault.Credential) *vault.Vault {
	t.Helper()
	v, err := vault.New(now, limits, append([]vault.Credential{pass("right")}, more...)...)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// reopen encodes and opens again.
func reopen(t testing.TB, v *vault.Vault, s vault.Secret) *vault.Vault {
	t.Helper()
	out, err := vault.Open(v.Bytes(), limits, s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestAnySlotOpensTheSameVault(t *testing.T) {
	code := vault.NewRecoveryCode()
	held := [32]byte{1, 2, 3}
	v := newVault(t, vault.Credential{Secret: vault.Recovery(code)}, vault.Credential{Secret: vault.Held(held)})
	wrapped := v.Wrap(7, 1, []byte("record"))
	for _, s := range []vault.Secret{vault.Passphrase("right"), vault.Recovery(code), vault.Held(held)} {
		got, err := reopen(t, v, s).Unwrap(7, 1, wrapped)
		if err != nil || string(got) != "record" {
			t.Errorf("%v slot: %q, %v", s.Kind(), got, err)
		}
		if err := v.Verify(s); err != nil {
			t.Errorf("Verify %v: %v", s.Kind(), err)
		}
	}
	slots := v.Slots()
	if len(slots) != 3 || slots[0].Kind != vault.KindPassphrase || slots[0].Params != cheap || !slots[1].Created.Equal(now) {
		t.Errorf("slots %+v", slots)
	}
}

func TestWrongSecretOpensNothing(t *testing.T) {
	v := newVault(t, vault.Credential{Secret: vault.Recovery(vault.NewRecoveryCode())})
	for _, s := range []vault.Secret{
		vault.Passphrase("wrong"), vault.Passphrase(""), vault.Passphrase("right "), vault.Held([32]byte{}),
		vault.Recovery(vault.NewRecoveryCode()),
		{},
	} {
		if _, err := vault.Open(v.Bytes(), limits, s); !errors.Is(err, vault.ErrWrongSecret) {
			t.Errorf("%v: %v", s.Kind(), err)
		}
		if err := v.Verify(s); !errors.Is(err, vault.ErrWrongSecret) {
			t.Errorf("Verify %v: %v", s.Kind(), err)
		}
	}
	for _, c := range []vault.Credential{pass(""), {}} {
		if _, err := vault.New(now, limits, c); !errors.Is(err, vault.ErrEmptySecret) {
			t.Errorf("New with an empty secret: %v", err)
		}
	}
}

func TestEveryFlippedByteIsNoticed(t *testing.T) {
	v := newVault(t, vault.Credential{Secret: vault.Recovery(vault.NewRecoveryCode())})
	turning, err := v.BeginTurn()
	if err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string][]byte{"resting": v.Bytes(), "turning": turning.Bytes()} {
		for i := range file {
			bad := bytes.Clone(file)
			bad[i] ^= 0x41
			if _, err := vault.Open(bad, limits, vault.Passphrase("right")); !errors.Is(err, vault.ErrDamaged) {
				t.Fatalf("%s: byte %d of %d: %v", name, i, len(file), err)
			}
		}
		for n := range file {
			if _, err := vault.Open(file[:n], limits, vault.Passphrase("right")); !errors.Is(err, vault.ErrDamaged) {
				t.Fatalf("%s: cut to %d: %v", name, n, err)
			}
		}
	}
}

// TestForgedFileIsNoticed repairs the plain hash, as an attacker would, so that only keyed checks are left.
func TestForgedFileIsNoticed(t *testing.T) {
	v := newVault(t)
	file := v.Bytes()
	content := file[:len(file)-sha256.Size]
	for i := range content {
		bad := bytes.Clone(content)
		bad[i] ^= 1
		sum := sha256.Sum256(bad)
		_, err := vault.Open(append(bad, sum[:]...), limits, vault.Passphrase("right"))
		known := errors.Is(err, vault.ErrDamaged) || errors.Is(err, vault.ErrWrongSecret) ||
			errors.Is(err, vault.ErrParams) || errors.Is(err, vault.ErrNewerFormat)
		if !known {
			t.Fatalf("byte %d of %d: %v", i, len(content), err)
		}
	}
}

func TestParametersOutsideTheLimitsAreRefusedBeforeUse(t *testing.T) {
	standard := vault.Standard()
	for _, p := range []vault.Params{
		{Memory: standard.MinMemory - 1, Time: 3, Threads: 1},
		{Memory: standard.MaxMemory + 1, Time: 3, Threads: 1},
		{Memory: standard.MinMemory, Time: 2, Threads: 1},
		{Memory: standard.MinMemory, Time: 17, Threads: 1},
		{Memory: standard.MinMemory, Time: 3, Threads: 0},
		{Memory: standard.MinMemory, Time: 3, Threads: 17},
		{Memory: 1<<32 - 1, Time: 1<<32 - 1, Threads: 255},
	} {
		_, err := vault.New(now, standard, vault.Credential{Secret: vault.Passphrase("p"), Params: p})
		if !errors.Is(err, vault.ErrParams) {
			t.Errorf("%+v: %v", p, err)
		}
	}
	if standard != (vault.Limits{MinMemory: 131072, MaxMemory: 4194304, MinTime: 3, MaxTime: 16}) {
		t.Errorf("standard limits are %+v", standard)
	}
	// A file made under weaker limits does not open under the standard ones.
	if _, err := vault.Open(newVault(t).Bytes(), standard, vault.Passphrase("right")); !errors.Is(err, vault.ErrParams) {
		t.Errorf("weak file: %v", err)
	}
}

func TestTurnedEpochOpensNothingOfTheOneBefore(t *testing.T) {
	code := vault.NewRecoveryCode()
	v1 := newVault(t, vault.Credential{Secret: vault.Recovery(code)})
	old := v1.Wrap(1, 1, []byte("old"))
	both, err := v1.BeginTurn()
	if err != nil {
		t.Fatal(err)
	}
	both = reopen(t, both, vault.Recovery(code)) // as after a crash
	if !both.Turning() || both.Epoch() != 2 {
		t.Fatalf("turning %v, epoch %d", both.Turning(), both.Epoch())
	}
	record, err := both.Unwrap(1, 1, old)
	if err != nil {
		t.Fatal(err)
	}
	fresh := both.Wrap(1, 2, record)
	v2, err := both.FinishTurn()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []vault.Secret{vault.Passphrase("right"), vault.Recovery(code)} {
		v := reopen(t, v2, s)
		if got, err := v.Unwrap(1, 2, fresh); err != nil || string(got) != "old" {
			t.Errorf("%v: %q, %v", s.Kind(), got, err)
		}
		for epoch := range uint64(4) {
			if _, err := v.Unwrap(1, epoch, old); !errors.Is(err, vault.ErrDamaged) {
				t.Errorf("%v: the old wrapping in epoch %d: %v", s.Kind(), epoch, err)
			}
		}
		if _, err := v.Unwrap(2, 2, fresh); !errors.Is(err, vault.ErrDamaged) {
			t.Errorf("another row: %v", err)
		}
	}
	for name, f := range map[string]func() (*vault.Vault, error){"begin twice": both.BeginTurn, "finish twice": v2.FinishTurn} {
		if _, err := f(); !errors.Is(err, vault.ErrTurnPending) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSlotsChangeWithoutTheOtherSecrets(t *testing.T) {
	code := vault.NewRecoveryCode()
	v := newVault(t, vault.Credential{Secret: vault.Recovery(code)})
	wrapped := v.Wrap(1, 1, []byte("record"))
	changed, _, err := v.ReplaceKind(pass("new"), now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := vault.Open(changed.Bytes(), limits, vault.Passphrase("right")); !errors.Is(err, vault.ErrWrongSecret) {
		t.Errorf("the replaced passphrase: %v", err)
	}
	for _, s := range []vault.Secret{vault.Passphrase("new"), vault.Recovery(code)} {
		if _, err := reopen(t, changed, s).Unwrap(1, 1, wrapped); err != nil {
			t.Errorf("%v: %v", s.Kind(), err)
		}
	}
	more, slot, err := changed.Add(pass("second"), now)
	if err != nil {
		t.Fatal(err)
	}
	reopen(t, more, vault.Passphrase("second"))
	reopen(t, more, vault.Passphrase("new"))
	less, err := more.Remove(slot.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := vault.Open(less.Bytes(), limits, vault.Passphrase("second")); !errors.Is(err, vault.ErrWrongSecret) {
		t.Errorf("the removed slot: %v", err)
	}
	if _, err := less.Remove(slot.ID); !errors.Is(err, vault.ErrNoSlot) {
		t.Errorf("removed twice: %v", err)
	}
	one := newVault(t)
	if _, err := one.Remove(one.Slots()[0].ID); !errors.Is(err, vault.ErrLastSlot) {
		t.Errorf("last slot: %v", err)
	}
	if len(v.Slots()) != 2 {
		t.Error("a step changed the vault it began from")
	}
}

func TestZeroedVaultUnwrapsNothing(t *testing.T) {
	v := newVault(t)
	wrapped := v.Wrap(1, 1, []byte("record"))
	v.Zero()
	if _, err := v.Unwrap(1, 1, wrapped); !errors.Is(err, vault.ErrDamaged) {
		t.Errorf("error %v", err)
	}
}

func TestSecretsAreRedacted(t *testing.T) {
	v := newVault(t)
	code := vault.NewRecoveryCode()
	for _, x := range []any{v, code, vault.Passphrase("right"), vault.NewRowKey(), pass("right")} {
		text := fmt.Sprintf("%v %+v %#v %s", x, x, x, x)
		if strings.Contains(text, "right") || strings.Contains(text, code.Words()[0]) || !strings.Contains(text, "redacted") {
			t.Errorf("%T prints as %s", x, text)
		}
	}
}

func TestCalibrateReachesTheTargetWithinTheLimits(t *testing.T) {
	for _, c := range []struct {
		took time.Duration
		want vault.Params
	}{
		{2 * time.Second, vault.Params{Memory: 128 << 10, Time: 3}},
		{500 * time.Millisecond, vault.Params{Memory: 256 << 10, Time: 3}},
		{100 * time.Millisecond, vault.Params{Memory: 512 << 10, Time: 7}},
		{time.Millisecond, vault.Params{Memory: 512 << 10, Time: 16}},
	} {
		clock := now
		p := vault.Calibrate(time.Second, func() time.Time {
			clock = clock.Add(c.took)
			return clock
		})
		if p.Memory != c.want.Memory || p.Time != c.want.Time || p.Threads == 0 {
			t.Errorf("measured %v: %+v, want %+v", c.took, p, c.want)
		}
	}
}

func FuzzOpen(f *testing.F) {
	v := newVault(f, vault.Credential{Secret: vault.Held([32]byte{1})})
	turning, err := v.BeginTurn()
	if err != nil {
		f.Fatal(err)
	}
	file := keyFile(f, "f")
	wider, _, err := turning.Add(withFile("right", file), now)
	if err != nil {
		f.Fatal(err)
	}
	wider, _, err = wider.Add(vault.Credential{Secret: vault.Keychain([32]byte{2})}, now)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(v.Bytes())
	f.Add(turning.Bytes())
	f.Add(wider.Bytes())
	f.Add(withKind(v.Bytes(), byte(vault.KindKeyFile)))
	f.Add(withKind(v.Bytes(), byte(vault.KindKeyFile)+1))
	f.Add([]byte("sotto-vault\n\x01"))
	f.Fuzz(func(t *testing.T, content []byte) {
		// The hash is repaired, so that the fuzzer reaches what is behind it.
		if len(content) >= sha256.Size {
			sum := sha256.Sum256(content[:len(content)-sha256.Size])
			copy(content[len(content)-sha256.Size:], sum[:])
		}
		listed, listErr := vault.List(content, limits)
		// Not those with a passphrase: Argon2id would be all that is fuzzed.
		for _, secret := range []vault.Secret{vault.Held([32]byte{1}), vault.Keychain([32]byte{2})} {
			alloc.Check(t, len(content), func() { _, _ = vault.Open(content, limits, secret) })
			w, err := vault.Open(content, limits, secret)
			if err != nil {
				continue
			}
			if !bytes.Equal(w.Bytes(), content) {
				t.Error("a file that opens is not encoded as it was read")
			}
			if listErr != nil || !slices.Equal(listed, w.Slots()) {
				t.Errorf("listed %d slots of %d, %v", len(listed), len(w.Slots()), listErr)
			}
		}
	})
}
