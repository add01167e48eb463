package backup

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/ProtonMail/go-crypto/openpgp/s2k"
	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"

	"sotto/app/apptest/alloc"
	"sotto/app/apptest/memstore"
	"sotto/chat"
	"sotto/crypto/vault"
)

func TestOnlyABackupIsOpened(t *testing.T) {
	w := newWorld(t)
	w.fill(3)
	out, _ := w.write("a")
	whole, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	with := func(at int, b byte) []byte {
		c := slices.Clone(whole)
		c[at] = b
		return c
	}
	sealed := func(c *packet.Config) []byte {
		var b bytes.Buffer
		plain, err := openpgp.SymmetricallyEncrypt(&b, []byte(secret), nil, c)
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.WriteString(plain, strings.Repeat("x", 200))
		if err := errors.Join(err, plain.Close()); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	argon := &s2k.Config{S2KMode: s2k.Argon2S2K, Argon2Config: &s2k.Argon2Config{NumberOfPasses: 1, DegreeOfParallelism: 1, Memory: 64}}
	for _, row := range []struct {
		name       string
		file       []byte
		passphrase string
		want       error
	}{
		{"wrong passphrase", whole, "other", chat.ErrWrongSecret},
		{"empty", nil, secret, chat.ErrMalformed},
		{"text", []byte(strings.Repeat("text ", 100)), secret, chat.ErrMalformed},
		{"cut in the head", whole[:50], secret, chat.ErrMalformed},
		{"cut at the end", whole[:len(whole)-1], secret, ErrDamaged},
		{"a byte more", append(slices.Clone(whole), 0), secret, ErrDamaged},
		{"altered at the end", with(len(whole)-1, whole[len(whole)-1]^1), secret, ErrDamaged},
		{"altered within", with(len(whole)/2, whole[len(whole)/2]^1), secret, ErrDamaged},
		{"memory of a terabyte", with(s2kCost+2, 30), secret, chat.ErrMalformed},
		{"memory that is none", with(s2kCost+2, 255), secret, chat.ErrMalformed},
		{"too little memory", with(s2kCost+2, 3), secret, chat.ErrMalformed},
		{"no passes", with(s2kCost, 0), secret, chat.ErrMalformed},
		{"200 threads", with(s2kCost+1, 200), secret, chat.ErrMalformed},
		{"another mode", with(skeskSize+4, 1), secret, chat.ErrMalformed},
		{"an unauthenticated packet", with(skeskSize, 0xc9), secret, chat.ErrMalformed},
		{"version 1 of SEIPD", sealed(&packet.Config{DefaultCipher: packet.CipherAES256}), secret, chat.ErrMalformed},
		{"OCB", sealed(&packet.Config{DefaultCipher: packet.CipherAES256, AEADConfig: &packet.AEADConfig{}, S2KConfig: argon}), secret, chat.ErrMalformed},
		{"compressed", sealed(&packet.Config{
			DefaultCipher: packet.CipherAES256, DefaultCompressionAlgo: packet.CompressionZLIB,
			AEADConfig: &packet.AEADConfig{DefaultMode: packet.AEADModeGCM}, S2KConfig: argon,
		}), secret, ErrDamaged},
		{"another message", sealed(&packet.Config{
			DefaultCipher: packet.CipherAES256,
			AEADConfig:    &packet.AEADConfig{DefaultMode: packet.AEADModeGCM}, S2KConfig: argon,
		}), secret, ErrDamaged},
	} {
		if _, err := Verify(t.Context(), bytes.NewReader(row.file), row.passphrase, Reading{Limits: narrow}); !errors.Is(err, row.want) {
			t.Errorf("%s: %v, want %v", row.name, err, row.want)
		}
		store := memstore.New()
		if _, err := Restore(t.Context(), store, bytes.NewReader(row.file), row.passphrase, Reading{Limits: narrow}); err == nil {
			t.Errorf("%s: restored", row.name)
		}
	}
	wide := vault.Limits{MinMemory: 64, MaxMemory: 1 << 30, MinTime: 1, MaxTime: 16}
	if err := checkHead(with(s2kCost+2, 20), wide); err != nil {
		t.Errorf("one GiB is refused: %v", err)
	}
	if err := checkHead(with(s2kCost+2, 21), wide); !errors.Is(err, chat.ErrMalformed) {
		t.Errorf("two GiB, before the passphrase was looked at: %v", err)
	}
	if _, err := Verify(t.Context(), bytes.NewReader(whole), secret, Reading{}); !errors.Is(err, chat.ErrMalformed) {
		t.Errorf("the limits of a built program take a cheap file: %v", err)
	}
}

// plain decrypts a backup of the world.
func (w *world) plain() []byte {
	w.t.Helper()
	out, _ := w.write(fmt.Sprint(len(w.dir), time.Now().UnixNano()))
	in, err := os.Open(out)
	if err != nil {
		w.t.Fatal(err)
	}
	defer in.Close()
	r, err := open(in, secret, narrow)
	if err != nil {
		w.t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		w.t.Fatal(err)
	}
	return b
}

func TestHostileLinesAreRefused(t *testing.T) {
	w := newWorld(t)
	w.fill(12)
	good := string(w.plain())
	lines := strings.SplitAfter(good, "\n")
	replace := func(old, new string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("the control %q is not in the backup", old)
		}
		return strings.Replace(good, old, new, 1)
	}
	index := func(kind string) int {
		return slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, `{"t":"`+kind+`"`) })
	}
	without := func(i int) string { return strings.Join(slices.Delete(slices.Clone(lines), i, i+1), "") }
	twice := func(i int) string { return strings.Join(slices.Insert(slices.Clone(lines), i, lines[i]), "") }
	for name, row := range map[string]struct {
		text string
		want error
	}{
		"a newer form":               {replace(`"v":2`, `"v":3`), chat.ErrNewerFormat},
		"an unknown line":            {replace(`{"t":"consent"`, `{"t":"conrent"`), chat.ErrNewerFormat},
		"an unknown member":          {replace(`"state":"accepted"`, `"state":"accepted","more":1`), ErrDamaged},
		"an unknown state":           {replace(`"state":"accepted"`, `"state":"adored"`), ErrDamaged},
		"a wrong type":               {replace(`"position":`, `"position":"x`), ErrDamaged},
		"no header":                  {strings.Join(lines[1:], ""), ErrDamaged},
		"two headers":                {twice(0), ErrDamaged},
		"no end":                     {strings.Join(lines[:len(lines)-2], ""), ErrDamaged},
		"more after the end":         {good + lines[1], ErrDamaged},
		"a line less":                {without(index(lineMessage)), ErrDamaged},
		"a message twice":            {twice(index(lineMessage)), ErrDamaged},
		"a message before all":       {lines[0] + lines[index(lineMessage)] + strings.Join(lines[1:], ""), ErrDamaged},
		"a setting among messages":   {strings.Join(slices.Insert(slices.Clone(lines), index(lineMessage), lines[index(lineSetting)]), ""), ErrDamaged},
		"another's certificate":      {replace(`"id":"`+w.contactID(), `"id":"`+strings.Repeat("ab", 32)), ErrDamaged},
		"a line that never ends":     {good[:len(good)-1] + strings.Repeat(" ", maxLine), ErrDamaged},
		"two values in a line":       {replace("}\n", "}{}\n"), ErrDamaged},
		"the last position":          {replace(`"position":1048576`, `"position":9223372036854775807`), ErrDamaged},
		"the last number":            {replace(`"next_seq":7`, `"next_seq":18446744073709551615`), ErrDamaged},
		"a time far away":            {replace(`"created":"2026-`, `"created":"0001-`), ErrDamaged},
		"a setting of another realm": {good, ErrDamaged},
	} {
		reading := Reading{}
		if name == "a setting of another realm" {
			reading.Settings = func(string) bool { return false }
		}
		_, err := decode(t.Context(), strings.NewReader(row.text), reading, func(any) error { return nil })
		if !errors.Is(err, row.want) {
			t.Errorf("%s: %v, want %v", name, err, row.want)
		}
	}
	t.Run("an id in two conversations", func(t *testing.T) {
		again := memstore.New()
		conv := lines[index(lineConversation)]
		other := strings.Replace(conv, `"id":"01`, `"id":"03`, 1)
		body := strings.Join(lines[:len(lines)-2], "") + other + lines[index(lineMessage)]
		if _, err := restore(t.Context(), again, strings.NewReader(ended(t, body)), Reading{}); err == nil {
			t.Error("two rows of one id are taken")
		}
	})
}

func (w *world) contactID() string {
	var id string
	if err := w.store.View(w.t.Context(), func(tx chat.Tx) error {
		all, err := tx.Contacts().List()
		for _, c := range all {
			if c.Name == "Ben" {
				id = c.ID.String()
			}
		}
		return err
	}); err != nil {
		w.t.Fatal(err)
	}
	return id
}

// ended gives lines an end line that fits.
func ended(t *testing.T, body string) string {
	t.Helper()
	d := newDecoder(t.Context(), nil, Reading{})
	for _, line := range strings.SplitAfter(strings.TrimSuffix(body, "\n"), "\n") {
		kind, err := kindOf([]byte(line))
		if err != nil {
			t.Fatal(err)
		}
		d.counts.add(kind)
	}
	d.hash.Write([]byte(body))
	end, err := json.Marshal(endLine{T: lineEnd, Counts: d.counts, SHA256: d.summary().SHA256})
	if err != nil {
		t.Fatal(err)
	}
	return body + string(end) + "\n"
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"t":"sotto-backup","v":1,"id":"0011223344556677","created":"2026-03-01T12:00:00Z","identity":"` + strings.Repeat("ab", 32) + `","name":"Ada","messages":1}` + "\n"))
	f.Add([]byte(`{"t":"end","counts":{},"sha256":""}` + "\n"))
	f.Add([]byte(`{"t":"sotto-backup","v":9}` + "\n"))
	f.Add([]byte(`{"t":"attachment","key":"","hash":"","sealed":4112,"state":"here"}` + "\n"))
	f.Add([]byte(`{"t":"file","message":"00112233445566778899aabbccddeeff","bytes":4112}` + "\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		alloc.Check(t, len(b), func() {
			_, _ = decode(context.Background(), bytes.NewReader(b), Reading{}, func(any) error { return nil })
		})
		d := newDecoder(context.Background(), bytes.NewReader(nil), Reading{})
		if _, err := d.parse(b); err == nil && !d.begun {
			t.Error("a line before the header is taken")
		}
	})
}

func FuzzVerify(f *testing.F) {
	f.Add([]byte{0xc3, 85, 6, 35, 9, 3, 20, 4})
	f.Add(append(append([]byte{0xc3, 85, 6, 35, 9, 3, 20, 4}, make([]byte, 79)...), 0xd2, 0xed, 2, 9, 3, 12))
	f.Add([]byte("text"))
	f.Fuzz(func(t *testing.T, b []byte) {
		bearable := vault.Limits{MinMemory: 64, MaxMemory: 64, MinTime: 1, MaxTime: 1}
		alloc.CheckBesides(t, len(b), 1<<20, func() { // what a passphrase costs is bounded by the limits
			if _, err := Verify(context.Background(), bytes.NewReader(b), "", Reading{Limits: bearable}); err == nil {
				t.Error("made-up bytes verify")
			}
		})
	})
}
