package backup

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/ProtonMail/go-crypto/openpgp/s2k"
	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"

	"sotto/app/apptest/alloc"
	"sotto/app/apptest/memstore"
	"sotto/app/security"
	"sotto/chat"
	"sotto/crypto/identity"
	"sotto/crypto/vault"
)

var clock = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// cheap costs for tests; no flag of a program reaches them.
var (
	cheap  = vault.Params{Memory: 64, Time: 1, Threads: 1}
	narrow = vault.Limits{MinMemory: 64, MaxMemory: 1 << 20, MinTime: 1, MaxTime: 16}
)

const secret = "a passphrase of a backup"

type world struct {
	t     *testing.T
	store *memstore.Store
	me    chat.ContactID
	w     *Writer
	dir   string
	now   time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, store: memstore.New(), me: chat.ContactID{0xee}, dir: t.TempDir(), now: clock}
	now := func() time.Time { return w.now }
	w.w = &Writer{
		Store: w.store, Audit: security.NewAudit(now), Cost: cheap, Limits: narrow, Now: now,
		Self: func() (chat.ContactID, string) { return w.me, "Ada" },
		Omit: func(_ chat.Tx, id chat.ContactID) (bool, error) { return id == chat.ContactID{0x99}, nil },
		Settings: func(tx chat.Tx) (map[string][]byte, error) {
			all, err := tx.Settings().List()
			delete(all, "secret")
			return all, err
		},
	}
	return w
}

func (w *world) update(f func(chat.Tx) error) {
	w.t.Helper()
	if err := w.store.Update(w.t.Context(), f); err != nil {
		w.t.Fatal(err)
	}
}

// fill stores something of everything, with n messages in the first conversation.
func (w *world) fill(n int) {
	w.t.Helper()
	who, err := identity.New(clock)
	if err != nil {
		w.t.Fatal(err)
	}
	peer := chat.ContactID(who.Fingerprint())
	w.update(func(tx chat.Tx) error {
		direct := chat.Conversation{ID: chat.ConversationID{1}, Kind: chat.Direct, Members: []chat.ContactID{peer}, Created: clock, NextSeq: 7, Draft: "half"}
		guide := chat.Conversation{ID: chat.ConversationID{2}, Kind: chat.Direct, Members: []chat.ContactID{{0x99}}, Created: clock, NextSeq: 1}
		err := errors.Join(
			tx.Settings().Put("kept", []byte{1, 2, 3}), tx.Settings().Put("secret", []byte("never")),
			tx.Contacts().Put(chat.Contact{ID: peer, Name: "Ben", State: chat.ContactAccepted, Verification: chat.Verified, Certificate: who.Certificate().Bytes(), Created: clock}),
			tx.Contacts().Put(chat.Contact{ID: chat.ContactID{0x66}, Name: "Blocked", State: chat.ContactBlocked, Verification: chat.Unverified, Removed: true, Created: clock}),
			tx.Contacts().Put(chat.Contact{ID: chat.ContactID{0x99}, Name: "Guide", State: chat.ContactAccepted, Verification: chat.Unverified, Certificate: []byte{1}, Created: clock}),
			tx.Routes().Put(chat.Route{Peer: peer, Device: chat.DeviceID{1}, Seq: 3, Relay: "relay", Mailbox: chat.MailboxID{4}, Token: []byte{5}, Secret: []byte{6}}),
			tx.Consents().Append(chat.Consent{ID: "c1", Subject: peer, Purpose: chat.ReadReceipts, Notice: "1", State: chat.Given, Method: "sheet", Time: clock}),
			tx.Conversations().Put(direct), tx.Conversations().Put(guide),
			w.w.Audit.Record(tx, "profile.created", "", ""),
		)
		if err != nil {
			return err
		}
		if _, err := tx.Messages().Put(chat.Message{ID: chat.MessageID{0x99}, Conversation: guide.ID, Author: chat.ContactID{0x99}, Direction: chat.In, Kind: chat.KindText, Text: "guide", State: chat.Read}); err != nil {
			return err
		}
		for i := range n {
			m := chat.Message{
				ID: chat.MessageID{1, byte(i >> 16), byte(i >> 8), byte(i)}, Conversation: direct.ID, Author: peer, Device: chat.DeviceID{1},
				Direction: chat.In, Kind: chat.KindText, Seq: uint64(i + 1), Sent: clock.Add(time.Duration(i) * time.Second), Received: clock,
				State: chat.Read, Text: fmt.Sprintf("message %d", i),
			}
			if i%3 == 1 {
				m.Author, m.Direction, m.State = w.me, chat.Out, chat.Queued
			}
			if i%5 == 4 {
				m.Deleted, m.Text = true, ""
			}
			if _, err := tx.Messages().Put(m); err != nil {
				return err
			}
		}
		for i := range n / 2 {
			if err := tx.Annotations().Put(chat.Annotation{
				ID: chat.MessageID{2, byte(i >> 8), byte(i)}, Conversation: direct.ID, Target: chat.MessageID{1, 0, 0, byte(i)}, Kind: chat.AnnotateReaction,
				Author: peer, Seq: uint64(i), Sent: clock, Text: "👍",
			}); err != nil {
				return err
			}
		}
		return nil
	})
}

func (w *world) write(name string) (string, Summary) {
	w.t.Helper()
	out := filepath.Join(w.dir, name)
	s, err := w.w.Write(w.t.Context(), Request{Out: out, Passphrase: secret})
	if err != nil {
		w.t.Fatal(err)
	}
	return out, s
}

// dump is everything in a store that a backup holds, as text.
func dump(t *testing.T, store chat.Store) string {
	t.Helper()
	var b strings.Builder
	err := store.View(t.Context(), func(tx chat.Tx) error {
		line := func(v any, err error) {
			if err != nil {
				t.Fatal(err)
			}
			text, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&b, "%s\n", text)
		}
		contacts, err := tx.Contacts().List()
		line(contacts, err)
		for _, c := range contacts {
			line(tx.Routes().ForPeer(c.ID))
		}
		line(tx.Consents().List())
		line(tx.Audit().List(0, 1000))
		conversations, err := tx.Conversations().List()
		line(conversations, err)
		for _, c := range conversations {
			rows, err := tx.Messages().PageAfter(c.ID, 0, 10000)
			for i := range rows {
				rows[i].Revision = 0
			}
			line(rows, err)
			line(tx.Annotations().List(c.ID, chat.MessageID{}, 10000))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestABackupRestoresToWhatItWasMadeOf(t *testing.T) {
	w := newWorld(t)
	w.fill(1300)
	out, made := w.write("ada.sottobackup")
	in, err := os.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	again := memstore.New()
	allowed := func(name string) bool { return name == "kept" }
	got, err := Restore(t.Context(), again, in, secret, Reading{Limits: narrow, Settings: allowed})
	if err != nil {
		t.Fatal(err)
	}
	if got.Counts != made.Counts || got.ID != made.ID || got.Name != "Ada" || got.Identity != w.me || got.Counts.Messages != 1300 || got.Counts.Annotations != 650 {
		t.Errorf("restored %+v of %+v", got, made)
	}
	if len(got.Unsent) == 0 {
		t.Error("messages that waited to be sent are not named")
	}
	// The original without what stays out, and before the act of backing up was recorded.
	w.update(func(tx chat.Tx) error {
		return errors.Join(tx.Contacts().Delete(chat.ContactID{0x99}), tx.Conversations().Destroy(chat.ConversationID{2}))
	})
	want, have := dump(t, w.store), dump(t, again)
	if want = strings.Replace(want, lastAudit(t, w.store), "", 1); want != have {
		t.Error("the restored store differs from the one that was backed up")
	}
	if err := again.View(t.Context(), func(tx chat.Tx) error {
		all, err := tx.Settings().List()
		if !reflect.DeepEqual(all, map[string][]byte{"kept": {1, 2, 3}}) {
			t.Errorf("settings %q", all)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// lastAudit is the newest entry of the log as dump writes it, after another.
func lastAudit(t *testing.T, store chat.Store) string {
	t.Helper()
	var text []byte
	if err := store.View(t.Context(), func(tx chat.Tx) error {
		head, err := tx.Audit().Head()
		if err != nil {
			return err
		}
		text, err = json.Marshal(head)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return "," + string(text)
}

func TestABackupThatFailsLeavesNothing(t *testing.T) {
	w := newWorld(t)
	w.fill(1200)
	taken := filepath.Join(w.dir, "taken")
	if err := os.WriteFile(taken, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		r    Request
		want error
	}{
		"an empty passphrase":     {Request{Out: filepath.Join(w.dir, "x")}, chat.ErrMalformed},
		"a name that is taken":    {Request{Out: taken, Passphrase: secret}, chat.ErrExists},
		"a folder that is no one": {Request{Out: filepath.Join(w.dir, "none", "x"), Passphrase: secret}, os.ErrNotExist},
	} {
		if _, err := w.w.Write(t.Context(), row.r); !errors.Is(err, row.want) {
			t.Errorf("%s: %v, want %v", name, err, row.want)
		}
	}
	for part := range 4 { // while writing and while reading back
		ctx, cancel := context.WithCancel(t.Context())
		_, err := w.w.Write(ctx, Request{Out: filepath.Join(w.dir, "x"), Passphrase: secret, Progress: func(done, total int) {
			if 4*done >= part*total {
				cancel()
			}
		}})
		cancel()
		if !errors.Is(err, context.Canceled) {
			t.Errorf("canceled in part %d: %v", part, err)
		}
	}
	entries, err := os.ReadDir(w.dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

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
		"a newer form":               {replace(`"v":1`, `"v":2`), chat.ErrNewerFormat},
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
	d := &decoder{hash: newHash()}
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

func TestTheReminderKnowsTheNewestBackup(t *testing.T) {
	w := newWorld(t)
	w.fill(1)
	state := func() (s Standing) {
		if err := w.store.View(t.Context(), func(tx chat.Tx) (err error) { s, err = State(tx); return err }); err != nil {
			t.Fatal(err)
		}
		return s
	}
	day := 24 * time.Hour
	if s := state(); s.Due(clock.Add(29*day)) || !s.Due(clock.Add(31*day)) {
		t.Error("without a backup the person is reminded 30 days after the beginning")
	}
	w.now = clock.Add(40 * day)
	w.write("a")
	if s := state(); s.Due(w.now.Add(29*day)) || !s.Due(w.now.Add(31*day)) || !s.Last.Equal(w.now) {
		t.Error("the reminder does not count from the newest backup")
	}
	w.update(func(tx chat.Tx) error { return SetReminder(tx, 0) })
	if state().Due(w.now.Add(1000 * day)) {
		t.Error("a reminder that is off reminds")
	}
	if err := w.store.Update(t.Context(), func(tx chat.Tx) error { return SetReminder(tx, time.Minute) }); !errors.Is(err, chat.ErrMalformed) {
		t.Errorf("a reminder every minute: %v", err)
	}
}

func TestKnownBackupsSayWhatWasDeletedSince(t *testing.T) {
	w := newWorld(t)
	w.fill(1)
	_, first := w.write("a")
	w.update(func(tx chat.Tx) error { return w.w.Audit.Record(tx, "message.deleted", "00", "") })
	w.now = w.now.Add(time.Hour)
	_, second := w.write("b")
	w.update(func(tx chat.Tx) error {
		return errors.Join(w.w.Audit.Record(tx, "conversation.deleted", "00", ""), w.w.Audit.Record(tx, "consent.expired", "00", ""))
	})
	list := func() (all []Known) {
		if err := w.store.View(t.Context(), func(tx chat.Tx) (err error) { all, err = List(tx); return err }); err != nil {
			t.Fatal(err)
		}
		return all
	}
	all := list()
	if len(all) != 2 || all[0].ID != second.ID || all[0].Since != 1 || all[1].ID != first.ID || all[1].Since != 2 {
		t.Errorf("known %+v", all)
	}
	w.update(func(tx chat.Tx) error { return Forget(tx, first.ID) })
	if all := list(); len(all) != 1 {
		t.Errorf("known after forgetting %+v", all)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"t":"sotto-backup","v":1,"id":"0011223344556677","created":"2026-03-01T12:00:00Z","identity":"` + strings.Repeat("ab", 32) + `","name":"Ada","messages":1}` + "\n"))
	f.Add([]byte(`{"t":"end","counts":{},"sha256":""}` + "\n"))
	f.Add([]byte(`{"t":"sotto-backup","v":9}` + "\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		alloc.Check(t, len(b), func() {
			_, _ = decode(context.Background(), bytes.NewReader(b), Reading{}, func(any) error { return nil })
		})
		d := &decoder{hash: newHash()}
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

// A person may paste anything into the line where a message is written.
func TestAnEndlessDraftKeepsNobodyFromABackup(t *testing.T) {
	w := newWorld(t)
	w.fill(3)
	w.update(func(tx chat.Tx) error {
		c, err := tx.Conversations().Get(chat.ConversationID{1})
		if err != nil {
			return err
		}
		c.Draft = strings.Repeat("é\x01", maxLine)
		return tx.Conversations().Put(c)
	})
	if _, err := w.w.Write(t.Context(), Request{Out: filepath.Join(w.dir, "out"), Passphrase: secret}); err != nil {
		t.Error(err)
	}
}
