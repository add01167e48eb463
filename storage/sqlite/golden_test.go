package sqlite

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"testing"
	"time"

	"sotto/chat"
)

var updateGolden = flag.Bool("update-golden", false, "write the golden history of the present schema, if there is none")

// goldenFolder holds a history made by the code of that schema: history.db, vault and listing.json, what it must show.
func goldenFolder(version int) string { return filepath.Join("testdata", "v"+strconv.Itoa(version)) }

const (
	goldenPeople   = 2
	goldenMessages = 150 // in the first conversation
)

// inventory is all that a history shows through the ports of package chat.
type inventory struct {
	Contacts      []chat.Contact
	Conversations []chat.Conversation
	Messages      map[string][]chat.Message
	Seqs          map[string]uint64
	Annotations   map[string][]chat.Annotation
	Attachments   []chat.Attachment
	Moving        []chat.Attachment
	Previews      [][]byte
	Files         map[string][]chat.Message // as the gallery of a conversation shows them
	Sessions      []chat.Session
	Prekeys       []chat.Prekey
	Seen          []bool
	Rejections    []chat.Rejected
	Mailboxes     []chat.Mailbox
	Routes        []chat.Route
	Invitations   []chat.Invitation
	Queue         []chat.QueueItem
	Consents      []chat.Consent
	Audit         []chat.AuditEntry
	Events        []chat.Event
	LastEvent     uint64
	Settings      map[string][]byte
}

// fill gives every field of the value a content that depends on n, so that fields of later versions are covered too.
func fill(v reflect.Value, n int) {
	if at, ok := v.Addr().Interface().(*time.Time); ok {
		*at = day.Add(time.Duration(n) * time.Minute)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i), n)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), n)
		fill(v.Index(1), n+1)
	case reflect.String:
		v.SetString("text " + strconv.Itoa(n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(n))
	case reflect.Uint8, reflect.Uint64:
		v.SetUint(uint64(n))
	default:
		panic("no content for a " + v.Kind().String())
	}
}

func filled[V any](n int) (v V) {
	fill(reflect.ValueOf(&v).Elem(), n)
	return v
}

// goldenMessage is the i-th message of a conversation; every fifth is bare, the others have every field.
func goldenMessage(n byte, i int) chat.Message {
	m := chat.Message{Received: day}
	if i%5 != 0 {
		m = filled[chat.Message](i)
	}
	m.ID, m.Conversation, m.Author, m.Position = chat.MessageID{n, byte(i)}, conv(n), chat.ContactID{n, byte(i % 2)}, 0
	m.Direction, m.Seq, m.Text = chat.In, uint64(i), fmt.Sprint("message ", i)
	return m
}

// goldenFile is the attachment of the i-th message of the first conversation, one of the bare ones.
func goldenFile(i int) (chat.Message, chat.Attachment) {
	m, a := goldenMessage(1, i), filled[chat.Attachment](i)
	m.Kind, m.File = chat.KindAttachment, filled[chat.File](i)
	a.Message, a.State = m.ID, chat.FileHere
	return m, a
}

// fillGolden puts rows into every table, replaces some and deletes some.
func fillGolden(t testing.TB, s *Store) {
	t.Helper()
	write(t, s, func(tx chat.Tx) error {
		var errs []error
		for n := byte(1); n <= goldenPeople; n++ {
			person, mailbox := chat.ContactID{n}, chat.MailboxID{n}
			contact, conversation := filled[chat.Contact](int(n)), filled[chat.Conversation](int(n))
			contact.ID, conversation.ID = person, conv(n)
			session, prekey := filled[chat.Session](int(n)), filled[chat.Prekey](int(n))
			session.ID, session.Peer, prekey.ID, prekey.Mailbox = chat.SessionID{n}, person, chat.KeyID{n}, mailbox
			box, route, invitation := filled[chat.Mailbox](int(n)), filled[chat.Route](int(n)), filled[chat.Invitation](int(n))
			box.ID, route.Peer, invitation.ID, invitation.Mailbox = mailbox, person, fmt.Sprint("invitation ", n), mailbox
			item, consent, entry := filled[chat.QueueItem](int(n)), filled[chat.Consent](int(n)), filled[chat.AuditEntry](int(n))
			consent.ID, consent.Subject, entry.Seq = fmt.Sprint("consent ", n), person, uint64(n)
			_, queued := tx.Queue().Add(item)
			_, rejected := tx.Replays().Reject([32]byte{n}, day)
			_, event := tx.Events().Append("message", []byte{'e', n}, day)
			errs = append(errs, queued, rejected, event,
				tx.Contacts().Put(contact), tx.Conversations().Put(conversation), tx.Sessions().Put(session),
				tx.Prekeys().Put(prekey), tx.Replays().RecordInitial([32]byte{n}, day), tx.Mailboxes().Put(box),
				tx.Routes().Put(route), tx.Invitations().Put(invitation), tx.Consents().Append(consent),
				tx.Audit().Append(entry), tx.Settings().Put(fmt.Sprint("setting ", n), []byte{n}))
		}
		for i := 1; i <= goldenMessages; i++ {
			_, err := tx.Messages().Put(goldenMessage(1, i))
			errs = append(errs, err)
		}
		for i := 1; i <= 3; i++ {
			_, err := tx.Messages().Put(goldenMessage(2, i))
			errs = append(errs, err)
		}
		for i := 1; i <= 6; i++ {
			a := filled[chat.Annotation](i)
			a.ID, a.Conversation, a.Target = chat.MessageID{100, byte(i)}, conv(1), chat.MessageID{1, byte(i / 2)}
			errs = append(errs, tx.Annotations().Put(a))
		}
		for i := 10; i <= 50; i += 10 {
			m, a := goldenFile(i)
			_, err := tx.Messages().Put(m)
			errs = append(errs, err, tx.Attachments().Put(a))
		}
		errs = append(errs, tx.Attachments().PutPreview(chat.MessageID{1, 10}, []byte("picture 10")),
			tx.Attachments().PutPreview(chat.MessageID{1, 20}, []byte("picture 20")),
			tx.Attachments().PutPreview(chat.MessageID{1, 50}, []byte("picture 50")))
		return errors.Join(errs...)
	})
	s.fresh.many = true // the tags so far are merged, as in a long history
	write(t, s, func(tx chat.Tx) error {
		edited := goldenMessage(1, 7)
		edited.Text = "edited"
		_, err := tx.Messages().Put(edited)
		errs := []error{err, tx.Messages().Delete(chat.MessageID{1, 9}), tx.Annotations().DeleteForTarget(conv(1), chat.MessageID{1, 3})}
		page, err := tx.Messages().Page(conv(1), 0, 10)
		errs = append(errs, err)
		late := goldenMessage(1, goldenMessages+1)
		late.Position, err = tx.Messages().Between(conv(1), page[5].Position, page[4].Position)
		errs = append(errs, err)
		_, err = tx.Messages().Put(late)
		_, fetched := goldenFile(30)
		fetched.State, fetched.Blob = chat.FileFetching, chat.BlobID{}
		errs = append(errs, tx.Attachments().Put(fetched), tx.Attachments().Delete(chat.MessageID{1, 50}),
			tx.Messages().Delete(chat.MessageID{1, 40}), tx.Attachments().PutPreview(chat.MessageID{1, 20}, []byte("another picture")))
		_, again := tx.Replays().Reject([32]byte{1}, day.Add(time.Hour))
		return errors.Join(append(errs, err, again, tx.Settings().Put("setting 1", []byte("new")))...)
	})
}

// takeInventory reads everything that the ports show, as JSON without what is empty: a field that a later version adds
// must be empty in an older history.
func takeInventory(t testing.TB, s *Store) any {
	t.Helper()
	inv := inventory{
		Messages: map[string][]chat.Message{}, Seqs: map[string]uint64{}, Annotations: map[string][]chat.Annotation{},
		Files: map[string][]chat.Message{},
	}
	err := s.View(context.Background(), func(tx chat.Tx) error {
		var errs []error
		note := func(err error) { errs = append(errs, err) }
		var err error
		inv.Contacts, err = tx.Contacts().List()
		note(err)
		inv.Conversations, err = tx.Conversations().List()
		note(err)
		for n := byte(1); n <= goldenPeople; n++ {
			name, person := strconv.Itoa(int(n)), chat.ContactID{n}
			inv.Messages[name], err = tx.Messages().Page(conv(n), 0, 1000)
			note(err)
			count, err := tx.Messages().Count(conv(n))
			note(err)
			if count != len(inv.Messages[name]) {
				t.Errorf("count %d of %d messages", count, len(inv.Messages[name]))
			}
			for i, m := range inv.Messages[name] {
				got, err := tx.Messages().Get(m.ID)
				note(err)
				if !reflect.DeepEqual(got, m) {
					t.Errorf("message %d of conversation %d is another by its id", i, n)
				}
				a, err := tx.Attachments().Get(m.ID)
				if err == nil {
					inv.Attachments = append(inv.Attachments, a)
				} else if !errors.Is(err, chat.ErrNotFound) {
					note(err)
				}
				picture, err := tx.Attachments().Preview(m.ID)
				if err == nil {
					inv.Previews = append(inv.Previews, picture)
				} else if !errors.Is(err, chat.ErrNotFound) {
					note(err)
				}
				seq, err := tx.Messages().LastSeq(conv(n), m.Author, m.Device)
				note(err)
				inv.Seqs[fmt.Sprint(n, m.Author, m.Device)] = seq
			}
			inv.Files[name], err = tx.Attachments().Page(conv(n), 0, 1000)
			note(err)
			for i := range byte(8) {
				found, err := tx.Annotations().ForTarget(conv(n), chat.MessageID{1, i})
				note(err)
				inv.Annotations[fmt.Sprint(n, "/", i)] = found
			}
			sessions, err := tx.Sessions().ForPeer(person)
			note(err)
			inv.Sessions = append(inv.Sessions, sessions...)
			prekeys, err := tx.Prekeys().ForMailbox(chat.MailboxID{n})
			note(err)
			inv.Prekeys = append(inv.Prekeys, prekeys...)
			routes, err := tx.Routes().ForPeer(person)
			note(err)
			inv.Routes = append(inv.Routes, routes...)
			seen, err := tx.Replays().SeenInitial([32]byte{n})
			note(err)
			inv.Seen = append(inv.Seen, seen)
		}
		inv.Moving, err = tx.Attachments().Moving()
		note(err)
		inv.Rejections, err = tx.Replays().Rejections()
		note(err)
		inv.Mailboxes, err = tx.Mailboxes().List()
		note(err)
		inv.Invitations, err = tx.Invitations().List()
		note(err)
		inv.Queue, err = tx.Queue().List()
		note(err)
		inv.Consents, err = tx.Consents().List()
		note(err)
		inv.Audit, err = tx.Audit().List(0, 1000)
		note(err)
		inv.Events, err = tx.Events().Since(0, 1000)
		note(err)
		inv.LastEvent, err = tx.Events().Last()
		note(err)
		inv.Settings, err = tx.Settings().List()
		note(err)
		return errors.Join(errs...)
	})
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(inv)
	if err != nil {
		t.Fatal(err)
	}
	return parsedListing(t, b)
}

func parsedListing(t testing.TB, b []byte) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return withoutEmpty(v)
}

// withoutEmpty drops what is empty from JSON, nil when nothing is left.
func withoutEmpty(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, field := range v {
			if v[name] = withoutEmpty(field); v[name] == nil {
				delete(v, name)
			}
		}
		if len(v) == 0 {
			return nil
		}
	case []any:
		for i := range v {
			v[i] = withoutEmpty(v[i])
		}
		if len(v) == 0 {
			return nil
		}
	case string:
		if v == "" || v == "0001-01-01T00:00:00Z" {
			return nil
		}
	case bool:
		if !v {
			return nil
		}
	case json.Number:
		if v == "0" {
			return nil
		}
	}
	return v
}

// golden returns a copy of a golden history and what it must show.
func golden(t testing.TB, version int) (profile, any) {
	t.Helper()
	from, p := goldenFolder(version), newProfile(t)
	err := errors.Join(
		os.WriteFile(p.db, fileBytes(t, filepath.Join(from, "history.db")), 0o600),
		os.WriteFile(p.vault, fileBytes(t, filepath.Join(from, "vault")), 0o600))
	if err != nil {
		t.Fatal(err)
	}
	return p, parsedListing(t, fileBytes(t, filepath.Join(from, "listing.json")))
}

func sameListing(t testing.TB, what string, got, want any) {
	t.Helper()
	if reflect.DeepEqual(got, want) {
		return
	}
	g, w := got.(map[string]any), want.(map[string]any)
	for name := range reflect.TypeFor[inventory]().Fields() {
		if !reflect.DeepEqual(g[name.Name], w[name.Name]) {
			t.Errorf("%s: %s differs:\n got %v\nwant %v", what, name.Name, g[name.Name], w[name.Name])
		}
	}
}

func TestGoldenHistoryOfThePresentSchemaIsWritten(t *testing.T) {
	to := goldenFolder(len(migrations))
	if _, err := os.Stat(to); err == nil {
		return
	}
	if !*updateGolden {
		t.Fatalf("no golden history of schema %d: go test ./storage/sqlite -run Golden -update-golden", len(migrations))
	}
	p := newProfile(t)
	s := p.create(t)
	fillGolden(t, s)
	listing, err := json.MarshalIndent(takeInventory(t, s), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	closeStore(t, s)
	err = errors.Join(os.MkdirAll(to, 0o755),
		os.WriteFile(filepath.Join(to, "history.db"), fileBytes(t, p.db), 0o644),
		os.WriteFile(filepath.Join(to, "vault"), fileBytes(t, p.vault), 0o644),
		os.WriteFile(filepath.Join(to, "listing.json"), append(listing, '\n'), 0o644))
	if err != nil {
		t.Fatal(err)
	}
}

func TestEveryOlderHistoryShowsWhatItHeld(t *testing.T) {
	for number := 1; number <= len(migrations); number++ {
		t.Run(strconv.Itoa(number), func(t *testing.T) {
			p, want := golden(t, number)
			s := p.open(t)
			sameListing(t, "opened", takeInventory(t, s), want)
			if have, err := version(s.writer); err != nil || have != len(migrations) {
				t.Errorf("schema %d, %v", have, err)
			}
			closeStore(t, s)
			sameListing(t, "opened again", takeInventory(t, p.open(t)), want)
		})
	}
}

func TestGoldenHistoryHasRowsInEveryTable(t *testing.T) {
	for number := 1; number <= len(migrations); number++ {
		p, _ := golden(t, number)
		c, err := dial(p.db, forReader)
		if err != nil {
			t.Fatal(err)
		}
		tables, err := c.rows("SELECT CAST(name AS BLOB) FROM sqlite_master WHERE type = 'table'")
		if err != nil || len(tables) < 19 {
			t.Fatalf("%d tables, %v", len(tables), err)
		}
		for _, row := range tables {
			if string(bytesOf(row[0])) == "stale" {
				continue // emptied when a store is closed
			}
			n, err := c.row("SELECT count(*) FROM " + string(bytesOf(row[0])))
			if err != nil || integer(n[0]) == 0 {
				t.Errorf("schema %d: table %s is empty, %v", number, bytesOf(row[0]), err)
			}
		}
		if err := c.close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestHistorySurvivesTheWayBackAndForth(t *testing.T) {
	for number := 1; number < len(migrations); number++ {
		p, want := golden(t, len(migrations))
		s := p.open(t)
		if err := s.migrate(number); err != nil {
			t.Fatal(err)
		}
		if have, err := version(s.writer); err != nil || have != number {
			t.Fatalf("schema %d, %v", have, err)
		}
		closeStore(t, s)
		if number < 4 {
			withoutFields(want, "Expires") // the older schemas have none
		}
		if number < 5 {
			withoutFields(want, "File")
			for _, name := range []string{"Attachments", "Moving", "Previews", "Files"} {
				delete(want.(map[string]any), name)
			}
		}
		sameListing(t, "back to "+strconv.Itoa(number)+" and opened", takeInventory(t, p.open(t)), want)
	}
}

// withoutFields takes a field of the messages out of a listing.
func withoutFields(listing any, field string) {
	for _, conversation := range listing.(map[string]any)["Messages"].(map[string]any) {
		for _, m := range conversation.([]any) {
			delete(m.(map[string]any), field)
		}
	}
}

func TestNewerHistoryIsRefusedAndNothingIsWritten(t *testing.T) {
	p, _ := golden(t, len(migrations))
	p.tamper(t, "PRAGMA user_version = "+strconv.Itoa(len(migrations)+1))
	before := folderBytes(t, filepath.Dir(p.db))
	if _, err := p.tryOpen(nil); !errors.Is(err, chat.ErrNewerFormat) {
		t.Errorf("error %v", err)
	}
	if after := folderBytes(t, filepath.Dir(p.db)); !reflect.DeepEqual(after, before) {
		t.Error("a file was written to")
	}
}

// folderBytes returns every file of a folder with its content.
func folderBytes(t testing.TB, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, e := range entries {
		all[e.Name()] = string(fileBytes(t, filepath.Join(dir, e.Name())))
	}
	return all
}
