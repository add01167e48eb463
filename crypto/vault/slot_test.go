package vault_test

import (
	"bufio"
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"os"
	"strings"
	"testing"

	"golang.org/x/crypto/argon2"

	"sotto/crypto/vault"
)

// file is a key file for tests.
func keyFile(t testing.TB, content string) vault.KeyFile {
	t.Helper()
	k, err := vault.ReadKeyFile([]byte(strings.Repeat(content, 32)))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func withFile(p string, k vault.KeyFile) vault.Credential {
	return vault.Credential{Secret: vault.WithKeyFile(p, k), Params: cheap}
}

func TestAKeyFileSlotNeedsBothHalves(t *testing.T) {
	right, other := keyFile(t, "r"), keyFile(t, "o")
	v, err := vault.New(now, limits, withFile("right", right))
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]vault.Secret{
		"the passphrase alone":             vault.Passphrase("right"),
		"an empty passphrase":              vault.WithKeyFile("", right),
		"another passphrase":               vault.WithKeyFile("wrong", right),
		"another file":                     vault.WithKeyFile("right", other),
		"no file":                          vault.WithKeyFile("right", vault.KeyFile{}),
		"neither":                          vault.WithKeyFile("", vault.KeyFile{}),
		"a keychain key":                   vault.Keychain([32]byte{1}),
		"the passphrase and file as words": vault.Passphrase("right" + strings.Repeat("r", 32)),
	} {
		if _, err := vault.Open(v.Bytes(), limits, s); !errors.Is(err, vault.ErrWrongSecret) {
			t.Errorf("%s: %v", name, err)
		}
	}
	reopen(t, v, vault.WithKeyFile("right", right))
	for name, c := range map[string]vault.Credential{
		"no file": withFile("right", vault.KeyFile{}), "no passphrase": withFile("", right),
	} {
		if _, err := vault.New(now, limits, c); !errors.Is(err, vault.ErrEmptySecret) {
			t.Errorf("New with %s: %v", name, err)
		}
	}
	if _, err := vault.New(now, limits, vault.Credential{Secret: vault.WithKeyFile("right", right)}); !errors.Is(err, vault.ErrParams) {
		t.Errorf("New without a cost: %v", err)
	}
}

func TestAKeyFileIsReadWholeAndWithinBounds(t *testing.T) {
	for _, size := range []int{0, 1, vault.MinKeyFile - 1, vault.MaxKeyFile + 1} {
		if _, err := vault.ReadKeyFile(make([]byte, size)); !errors.Is(err, vault.ErrKeyFile) {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
	seen := map[vault.KeyFile]int{}
	content := make([]byte, vault.MaxKeyFile)
	for _, size := range []int{vault.MinKeyFile, vault.MinKeyFile + 1, 4096, vault.MaxKeyFile} {
		for _, last := range []byte{0, 1} { // also the last byte counts
			content[size-1] = last
			k, err := vault.ReadKeyFile(content[:size])
			if err != nil || k.IsZero() {
				t.Fatalf("%d bytes: %v", size, err)
			}
			if had, ok := seen[k]; ok {
				t.Errorf("files of %d and %d bytes are one key", had, size)
			}
			seen[k] = size
			content[size-1] = 0
		}
	}
	a, b := vault.NewKeyFile(), vault.NewKeyFile()
	if len(a) != vault.NewKeySize || bytes.Equal(a, b) {
		t.Errorf("new key files of %d bytes, equal %v", len(a), bytes.Equal(a, b))
	}
}

// TestTheKeychainIsNeverTheOnlyWay tries every road to a vault that only a keychain opens.
func TestTheKeychainIsNeverTheOnlyWay(t *testing.T) {
	chain := vault.Credential{Secret: vault.Keychain([32]byte{7}), ID: vault.SlotID{1}}
	if _, err := vault.New(now, limits, chain); !errors.Is(err, vault.ErrLastSlot) {
		t.Errorf("New: %v", err)
	}
	file := keyFile(t, "f")
	for _, first := range []vault.Credential{
		pass("right"), {Secret: vault.Recovery(vault.NewRecoveryCode())}, withFile("right", file),
	} {
		v, err := vault.New(now, limits, first)
		if err != nil {
			t.Fatal(err)
		}
		v, slot, err := v.Add(chain, now)
		if err != nil || slot.ID != chain.ID || slot.Kind != vault.KindKeychain || slot.Params != (vault.Params{}) {
			t.Fatalf("%v: %+v, %v", first.Secret.Kind(), slot, err)
		}
		own := v.Slots()[0].ID
		if _, err := v.Remove(own); !errors.Is(err, vault.ErrLastSlot) {
			t.Errorf("%v removed: %v", first.Secret.Kind(), err)
		}
		if _, _, err := v.Replace(own, vault.Credential{Secret: vault.Keychain([32]byte{8})}, now); !errors.Is(err, vault.ErrLastSlot) {
			t.Errorf("%v replaced: %v", first.Secret.Kind(), err)
		}
		if v, err = v.Remove(slot.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := v.Remove(own); !errors.Is(err, vault.ErrLastSlot) {
			t.Errorf("%v removed as the last: %v", first.Secret.Kind(), err)
		}
	}
}

func TestAKeychainSlotOpensWithItsKeyOnly(t *testing.T) {
	key := [32]byte{7}
	v, _, err := newVault(t).Add(vault.Credential{Secret: vault.Keychain(key)}, now)
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]vault.Secret{
		"another key": vault.Keychain([32]byte{8}), "the key as a held one": vault.Held(key), "a zero key": vault.Keychain([32]byte{}),
	} {
		if _, err := vault.Open(v.Bytes(), limits, s); !errors.Is(err, vault.ErrWrongSecret) {
			t.Errorf("%s: %v", name, err)
		}
	}
	opened := reopen(t, v, vault.Keychain(key))
	if opened.Opener() != v.Slots()[1].ID {
		t.Errorf("opened by %v", opened.Opener())
	}
	if by := reopen(t, v, vault.Passphrase("right")).Opener(); by != v.Slots()[0].ID {
		t.Errorf("opened by %v", by)
	}
}

func TestOneSlotIsReplacedAndTheOthersStay(t *testing.T) {
	v, second, err := newVault(t).Add(pass("second"), now)
	if err != nil {
		t.Fatal(err)
	}
	v, third, err := v.Replace(second.ID, pass("third"), now)
	if err != nil || third.ID == second.ID {
		t.Fatalf("%v, %v", third.ID, err)
	}
	reopen(t, v, vault.Passphrase("right"))
	reopen(t, v, vault.Passphrase("third"))
	if _, err := vault.Open(v.Bytes(), limits, vault.Passphrase("second")); !errors.Is(err, vault.ErrWrongSecret) {
		t.Errorf("the replaced one: %v", err)
	}
	if _, _, err := v.Replace(second.ID, pass("x"), now); !errors.Is(err, vault.ErrNoSlot) {
		t.Errorf("replaced twice: %v", err)
	}
	if found, err := v.Find(vault.Passphrase("third")); err != nil || found != third {
		t.Errorf("found %+v, %v", found, err)
	}
	if _, err := v.Find(vault.Passphrase("second")); !errors.Is(err, vault.ErrWrongSecret) {
		t.Errorf("found the replaced one: %v", err)
	}
}

func TestASeventeenthSlotIsRefused(t *testing.T) {
	v := newVault(t)
	for i := range byte(15) {
		var err error
		if v, _, err = v.Add(vault.Credential{Secret: vault.Held([32]byte{i + 1})}, now); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := v.Add(pass("one more"), now); !errors.Is(err, vault.ErrFull) {
		t.Errorf("Add: %v", err)
	}
	if _, _, err := v.ReplaceKind(vault.Credential{Secret: vault.Recovery(vault.NewRecoveryCode())}, now); !errors.Is(err, vault.ErrFull) {
		t.Errorf("ReplaceKind: %v", err)
	}
	reopen(t, v, vault.Held([32]byte{15}))
}

// kindAt is where the kind of the first slot stands: magic, version, epoch, two counts, id.
const kindAt = 12 + 1 + 12 + 2 + 8

// withKind returns the file with another kind in its first slot and the plain hash repaired.
func withKind(file []byte, kind byte) []byte {
	content := bytes.Clone(file[:len(file)-sha256.Size])
	content[kindAt] = kind
	sum := sha256.Sum256(content)
	return append(content, sum[:]...)
}

func TestASlotOfALaterKindIsNotDamage(t *testing.T) {
	v := newVault(t, vault.Credential{Secret: vault.Held([32]byte{1})})
	if got := v.Bytes()[kindAt]; got != byte(vault.KindPassphrase) {
		t.Fatalf("the kind is not where the test looks: %d", got)
	}
	for kind := range 256 {
		want := vault.ErrNewerFormat
		switch {
		case kind == 0, kind == 2, kind == 3, kind == 4: // 2 to 4 have no cost, and here there is one
			want = vault.ErrDamaged
		case kind == 1:
			want = nil
		case kind == 5: // the slot is another one then, and the authenticator tells
			want = vault.ErrDamaged
		}
		file := withKind(v.Bytes(), byte(kind))
		if _, err := vault.Open(file, limits, vault.Held([32]byte{1})); !errors.Is(err, want) {
			t.Errorf("kind %d: %v, want %v", kind, err, want)
		}
		if want == vault.ErrNewerFormat {
			if _, err := vault.List(file, limits); !errors.Is(err, want) {
				t.Errorf("List, kind %d: %v", kind, err)
			}
		}
	}
}

func TestListShowsTheSlotsOfAClosedVault(t *testing.T) {
	v := newVault(t, withFile("right", keyFile(t, "f")), vault.Credential{Secret: vault.Keychain([32]byte{1})})
	got, err := vault.List(v.Bytes(), limits)
	if err != nil || len(got) != 3 || got[1] != v.Slots()[1] || got[1].Params != cheap || got[2].Kind != vault.KindKeychain {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := vault.List(v.Bytes()[1:], limits); !errors.Is(err, vault.ErrDamaged) {
		t.Errorf("a cut file: %v", err)
	}
	if _, err := vault.List(v.Bytes(), vault.Standard()); !errors.Is(err, vault.ErrParams) {
		t.Errorf("a cost outside the limits: %v", err)
	}
}

// TestVectors opens vault files that were written once. Those that must not open come first.
func TestVectors(t *testing.T) {
	f, err := os.Open("testdata/slots.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	expected := map[string]error{
		"opens": nil, "wrong secret": vault.ErrWrongSecret, "damaged": vault.ErrDamaged, "newer format": vault.ErrNewerFormat,
		"parameters": vault.ErrParams,
	}
	vectors, at := 0, map[string]string{}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		key, value, ok := strings.Cut(lines.Text(), ": ")
		if strings.HasPrefix(key, "#") || !ok {
			continue
		}
		at[key] = value
		if key != "file" {
			continue
		}
		vectors++
		file, err := base64.StdEncoding.DecodeString(value)
		if err != nil {
			t.Fatal(err)
		}
		want, ok := expected[at["expect"]]
		if !ok {
			t.Fatalf("%s: expects %q", at["name"], at["expect"])
		}
		v, err := vault.Open(file, limits, secretOf(t, at))
		if !errors.Is(err, want) || want == nil && err != nil {
			t.Errorf("%s: %v, want %s", at["name"], err, at["expect"])
		}
		if err == nil {
			if got, err := v.Unwrap(7, v.Epoch(), unhex(t, at["wrapped"])); err != nil || string(got) != "record" {
				t.Errorf("%s: unwrapped %q, %v", at["name"], got, err)
			}
			followsTheSpec(t, at, file)
		}
		clear(at)
	}
	if err := lines.Err(); err != nil || vectors < 16 {
		t.Errorf("%d vectors, %v", vectors, err)
	}
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func secretOf(t *testing.T, at map[string]string) vault.Secret {
	t.Helper()
	switch at["kind"] {
	case "1":
		return vault.Passphrase(at["passphrase"])
	case "2":
		code, err := vault.ParseRecoveryCode(at["code"])
		if err != nil {
			t.Fatal(err)
		}
		return vault.Recovery(code)
	case "3":
		return vault.Held([32]byte(unhex(t, at["key"])))
	case "4":
		return vault.Keychain([32]byte(unhex(t, at["key"])))
	case "5":
		k, err := vault.ReadKeyFile(unhex(t, at["key file"]))
		if err != nil {
			t.Fatal(err)
		}
		return vault.WithKeyFile(at["passphrase"], k)
	}
	t.Fatalf("kind %q", at["kind"])
	return vault.Secret{}
}

// followsTheSpec computes the commitment of the first slot by the words of docs/STORAGE.md section 2.2, with the
// primitives alone.
func followsTheSpec(t *testing.T, at map[string]string, file []byte) {
	t.Helper()
	field := func(b []byte) []byte { return append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...) }
	derive := func(secret, salt []byte, label string, more ...[]byte) []byte {
		info := field([]byte("sotto/v1/" + label))
		for _, m := range more {
			info = append(info, field(m)...)
		}
		out, err := hkdf.Key(sha256.New, secret, salt, string(info), 32)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	slot := file[kindAt-8:]
	id, kind, created, salt := slot[:8], slot[8:9], slot[13:21], slot[21:53]
	memory, passes, threads := slot[57:65], slot[69:77], slot[77:78]
	commitment := slot[78:110]
	words := func() []byte {
		return argon2.IDKey([]byte(at["passphrase"]), salt, uint32(binary.BigEndian.Uint64(passes)), uint32(binary.BigEndian.Uint64(memory)), threads[0], 32)
	}
	var root []byte
	switch at["kind"] {
	case "1":
		root = words()
	case "2":
		return // its bytes are indices into the list of words; covered by the vector itself
	case "3":
		root = unhex(t, at["key"])
	case "4":
		root = derive(unhex(t, at["key"]), salt, "keychain-slot")
	case "5":
		content := derive(unhex(t, at["key file"]), nil, "key-file", []byte("content"))
		root = derive(append(words(), content...), salt, "key-file", []byte("root"))
	}
	head := field([]byte("sotto/v1/vault-slot"))
	for _, part := range [][]byte{id, kind, created, salt, memory, passes, threads} {
		head = append(head, field(part)...)
	}
	if got := derive(root, salt, "vault-slot-commit", head); !bytes.Equal(got, commitment) {
		t.Errorf("%s: the commitment is not what the specification says", at["name"])
	}
}
