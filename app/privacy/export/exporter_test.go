package export_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sotto/app/privacy/export"
	"sotto/app/security"
	"sotto/chat"
)

func TestAnExportOfEverythingHoldsEverything(t *testing.T) {
	w := newWorld(t)
	said := w.say(ada, "the first word", "the second word")
	w.say(bob, "another thread")
	folder, s := w.write(export.Request{})
	want := export.Counts{Conversations: 2, Messages: 3, Contacts: 2, Consents: 2, AuditEntries: 1}
	if s.Manifest.Counts != want || s.Manifest.Scope != "everything" {
		t.Errorf("counts %+v of %s", s.Manifest.Counts, s.Manifest.Scope)
	}
	lines := jsonLines(t, read(t, folder, find(t, folder, "messages.jsonl", "the first word")))
	if len(lines) != 3 || lines[0]["type"] != "conversation" {
		t.Fatalf("%d lines, the first %v", len(lines), lines[0])
	}
	for i, m := range said {
		line := lines[i+1]
		if line["id"] != m.ID.String() || line["text"] != m.Text || line["from"] != m.Author.String() || line["state"] != "read" ||
			line["sent"] != m.Sent.Format("2006-01-02T15:04:05.000Z") {
			t.Errorf("message %d: %v", i, line)
		}
	}
	if head, err := security.VerifyExport(bytes.NewReader(read(t, folder, "audit.jsonl"))); err != nil || head.Seq != 1 {
		t.Errorf("the audit log in the export: %v, %v", head, err)
	}
	if !slices.Contains(auditActions(t, w), "export.written") {
		t.Error("the export is not in the audit log")
	}
	if info, err := os.Stat(filepath.Join(folder, "manifest.json")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("files are readable by others: %v, %v", info.Mode(), err)
	}
}

func TestAnExportOfOneConversationHoldsNothingElse(t *testing.T) {
	w := newWorld(t)
	w.say(ada, "for this export")
	w.say(bob, "elsewhere entirely")
	folder, s := w.write(export.Request{Conversations: []chat.ConversationID{conversation(ada).ID}})
	want := export.Counts{Conversations: 1, Messages: 1, Contacts: 1, Consents: 1}
	if s.Manifest.Counts != want {
		t.Errorf("counts %+v", s.Manifest.Counts)
	}
	for _, f := range filesIn(t, folder) {
		for _, leak := range []string{"elsewhere entirely", `"Bob"`, ">Bob<", bob.String(), "profile.created"} {
			if bytes.Contains(read(t, folder, f), []byte(leak)) {
				t.Errorf("%s holds %q", f, leak)
			}
		}
	}
	if err := verify(folder); err != nil {
		t.Error(err)
	}
	_, err := w.x.Write(t.Context(), export.Request{Out: filepath.Join(w.dir, "no"), Conversations: []chat.ConversationID{{9}}})
	if !errors.Is(err, chat.ErrNotFound) || slices.Contains(w.entries(), "no") {
		t.Errorf("an unknown conversation: %v", err)
	}
}

func TestEveryLineFollowsThePublishedSchema(t *testing.T) {
	w := newWorld(t)
	said := w.say(ada, "plain", "with <html> & \"quotes\"\nand lines", "late")
	w.update(func(tx chat.Tx) error {
		m := said[1]
		m.ReplyTo, m.Edited, m.ExpiresAfter, m.NoForward = said[0].ID, true, time.Hour, true
		m.Reactions = []chat.Reaction{{From: ada, Emoji: "👍", Seq: 1}}
		if _, err := tx.Messages().Put(m); err != nil {
			return err
		}
		m = said[2]
		m.Missing, m.Deleted, m.Text = 3, true, ""
		if _, err := tx.Messages().Put(m); err != nil {
			return err
		}
		_, err := tx.Messages().Put(chat.Message{
			ID: chat.NewMessageID(), Conversation: m.Conversation, Author: ada, Direction: chat.In, Kind: chat.KindUnknown,
			State: chat.Delivered, Raw: []byte{1, 2, 3}, Sent: clock, Received: clock,
		})
		return err
	})
	folder, s := w.write(export.Request{})
	if len(s.Manifest.Gaps) != 1 || s.Manifest.Gaps[0].Missing != 3 || s.Manifest.Gaps[0].Before != said[2].ID.String() {
		t.Errorf("gaps %+v", s.Manifest.Gaps)
	}
	var root map[string]any
	if err := json.Unmarshal(read(t, folder, "schema.json"), &root); err != nil {
		t.Fatal(err)
	}
	v := validator{root}
	checked := 0
	for _, f := range filesIn(t, folder) {
		if !strings.HasSuffix(f, ".jsonl") {
			continue
		}
		for i, line := range jsonLines(t, read(t, folder, f)) {
			checked++
			if err := v.check(root, line); err != nil {
				t.Errorf("%s, line %d: %v", f, i+1, err)
			}
		}
	}
	if checked < 9 {
		t.Errorf("%d lines checked", checked)
	}
	if v.check(root, map[string]any{"v": 1.0, "type": "message", "id": "short"}) == nil {
		t.Error("the validator of this test takes anything")
	}
}

func TestPagesEscapeWhatPeopleWrote(t *testing.T) {
	w := newWorld(t)
	attacks := []string{
		`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `</style><script>`, `javascript:alert(1)`,
		"{{.Name}}", "]]>", "<!--", "\x00\x1b[31m", "\u202egnp.exe",
	}
	w.update(func(tx chat.Tx) error {
		return tx.Contacts().Put(chat.Contact{ID: ada, Name: `<b onclick="x()">Ada</b>`, State: chat.ContactAccepted, Created: clock})
	})
	said := w.say(ada, attacks...)
	w.update(func(tx chat.Tx) error {
		m := said[0]
		m.ReplyTo, m.Reactions = said[1].ID, []chat.Reaction{{From: ada, Emoji: "<i>"}}
		_, err := tx.Messages().Put(m)
		return err
	})
	folder, _ := w.write(export.Request{})
	tag := regexp.MustCompile(`<[a-zA-Z/!][^>]*>`)
	known := regexp.MustCompile(`^</?(html|head|body|meta|title|style|main|header|h1|h2|p|div|a|bdi|span|nav|ul|li|strong|br|section|code)( [^<>]*)?>$|^<!DOCTYPE html>$`)
	pages := 0
	for _, f := range filesIn(t, folder) {
		if !strings.HasSuffix(f, ".html") {
			continue
		}
		pages++
		page := string(read(t, folder, f))
		for _, found := range tag.FindAllString(page, -1) {
			if !known.MatchString(found) || strings.Contains(found, " on") || strings.Contains(found, "javascript:") || strings.Contains(found, "src=") {
				t.Errorf("%s: tag %q", f, found)
			}
		}
		if strings.ContainsAny(page, "\x00\x1b") {
			t.Errorf("%s: control characters", f)
		}
		if strings.Contains(page, "http://") || strings.Contains(page, "https://") {
			t.Errorf("%s loads from elsewhere", f)
		}
		if !strings.Contains(page, `content="default-src 'none'`) {
			t.Errorf("%s lacks its policy", f)
		}
	}
	if pages != 3 {
		t.Errorf("%d pages", pages)
	}
	page := html.UnescapeString(string(read(t, folder, find(t, folder, ".html", "alert(1)"))))
	for _, a := range attacks[:7] {
		if !strings.Contains(page, a) {
			t.Errorf("%q cannot be read on the page", a)
		}
	}
}

func TestALongConversationIsPaged(t *testing.T) {
	w := newWorld(t)
	var texts []string
	for i := range 1203 {
		texts = append(texts, fmt.Sprintf("number %04d.", i))
	}
	w.say(ada, texts...)
	var last, total int
	folder, s := w.write(export.Request{Progress: func(done, all int) {
		if done < last || all < done {
			t.Errorf("progress went from %d to %d of %d", last, done, all)
		}
		last, total = done, all
	}})
	if last != total || total != 2*1203 || s.Manifest.Counts.Messages != 1203 {
		t.Errorf("progress ended at %d of %d with %d messages", last, total, s.Manifest.Counts.Messages)
	}
	for i, want := range []string{"number 0000.", "number 0500.", "number 1202."} {
		name := find(t, folder, ".html", want)
		if !strings.HasSuffix(name, fmt.Sprintf("page-%04d.html", i+1)) {
			t.Errorf("%q stands in %s", want, name)
		}
	}
	first := string(read(t, folder, find(t, folder, "page-0001.html", "page 1 of 3")))
	if !strings.Contains(first, `href="page-0002.html"`) || strings.Contains(first, "Earlier") {
		t.Error("the first page does not lead to the second")
	}
	if err := verify(folder); err != nil {
		t.Error(err)
	}
}

func TestACancelledExportLeavesNothing(t *testing.T) {
	w := newWorld(t)
	w.say(ada, make([]string, 900)...)
	for _, at := range []int{1, 1000} { // in the middle of the lines, in the middle of the pages
		ctx, cancel := context.WithCancel(t.Context())
		_, err := w.x.Write(ctx, export.Request{Out: filepath.Join(w.dir, "out"), Progress: func(done, _ int) {
			if done >= at {
				cancel()
			}
		}})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled at %d: %v", at, err)
		}
		if left := w.entries(); len(left) != 0 {
			t.Errorf("cancelled at %d: left %v", at, left)
		}
		cancel()
	}
	if slices.Contains(auditActions(t, w), "export.written") {
		t.Error("an export that was not written is in the audit log")
	}
}

func TestAnExportNeverOverwrites(t *testing.T) {
	w := newWorld(t)
	out := filepath.Join(w.dir, "mine")
	overwrite(t, w.dir, "mine", []byte("precious"))
	if _, err := w.x.Write(t.Context(), export.Request{Out: out}); !errors.Is(err, chat.ErrExists) {
		t.Errorf("Write = %v", err)
	}
	if string(read(t, w.dir, "mine")) != "precious" || len(w.entries()) != 1 {
		t.Error("something was touched")
	}
	_, err := w.x.Write(t.Context(), export.Request{Out: filepath.Join(w.dir, "no-such-parent", "ada-secret", "out")})
	if err == nil || strings.Contains(err.Error(), "ada-secret") {
		t.Errorf("a missing parent: %v", err)
	}
}

func TestMessagesOfAPeerThatWithdrewExportAreLeftOutAndCounted(t *testing.T) {
	w := newWorld(t)
	w.say(ada, "her words", "my words", "her words again")
	w.update(func(tx chat.Tx) error {
		return tx.Consents().Append(chat.Consent{
			ID: "p1", Subject: ada, Purpose: chat.PeerExports, State: chat.Withdrawn, Method: "peer", Time: clock, ByPeer: true,
		})
	})
	folder, s := w.write(export.Request{})
	want := export.Skip{Conversation: conversation(ada).ID.String(), Reason: "peer-withdrew-export", From: ada.String(), Count: 2}
	if len(s.Manifest.Skipped) != 1 || s.Manifest.Skipped[0] != want || s.Manifest.Counts.Messages != 1 {
		t.Errorf("skipped %+v, %d messages", s.Manifest.Skipped, s.Manifest.Counts.Messages)
	}
	for _, f := range filesIn(t, folder) {
		if bytes.Contains(read(t, folder, f), []byte("her words")) {
			t.Errorf("%s holds them", f)
		}
	}
	find(t, folder, "messages.jsonl", "my words")
}

// damagedFrom is a store whose messages cannot be read from a position on.
type damagedFrom struct {
	chat.Store
	position int64
}

func (d damagedFrom) View(ctx context.Context, f func(chat.Tx) error) error {
	return d.Store.View(ctx, func(tx chat.Tx) error { return f(damagedTx{tx, d.position}) })
}

type damagedTx struct {
	chat.Tx
	position int64
}

func (d damagedTx) Messages() chat.Messages { return damagedMessages{d.Tx.Messages(), d.position} }

type damagedMessages struct {
	chat.Messages
	position int64
}

func (d damagedMessages) PageAfter(conv chat.ConversationID, after int64, limit int) ([]chat.Message, error) {
	page, err := d.Messages.PageAfter(conv, after, limit)
	for _, m := range page {
		if m.Position >= d.position {
			return nil, chat.ErrDamaged
		}
	}
	return page, err
}

func TestADamagedRowDoesNotTakeTheRestWithIt(t *testing.T) {
	w := newWorld(t)
	said := w.say(ada, "one", "two", "three", "four")
	w.x.Store = damagedFrom{w.store, said[2].Position}
	folder, s := w.write(export.Request{Conversations: []chat.ConversationID{conversation(ada).ID}})
	want := export.Skip{Conversation: conversation(ada).ID.String(), Reason: "damaged", After: said[1].ID.String()}
	if len(s.Manifest.Skipped) != 1 || s.Manifest.Skipped[0] != want || s.Manifest.Counts.Messages != 2 {
		t.Errorf("skipped %+v, %d messages", s.Manifest.Skipped, s.Manifest.Counts.Messages)
	}
	if err := verify(folder); err != nil {
		t.Error(err)
	}
}

func TestDamagedRowsAreLeftOutAndCountedAndTheRestIsExported(t *testing.T) {
	w := newWorld(t)
	said := w.say(ada, "one", "two", "three", "four", "five", "six")
	w.store.Damage(said[0].ID, said[2].ID, said[3].ID)
	folder, s := w.write(export.Request{Conversations: []chat.ConversationID{conversation(ada).ID}})
	id := conversation(ada).ID.String()
	want := []export.Skip{
		{Conversation: id, Reason: "damaged", Count: 1},
		{Conversation: id, Reason: "damaged", After: said[1].ID.String(), Count: 2},
	}
	if !slices.Equal(s.Manifest.Skipped, want) || s.Manifest.Counts.Messages != 3 || len(s.Manifest.Gaps) != 0 {
		t.Errorf("skipped %+v, %d messages, gaps %+v", s.Manifest.Skipped, s.Manifest.Counts.Messages, s.Manifest.Gaps)
	}
	if err := verify(folder); err != nil {
		t.Error(err)
	}
	find(t, folder, "messages.jsonl", "six")
}

func TestAnEmptyProfileExports(t *testing.T) {
	w := newWorld(t)
	w.update(func(tx chat.Tx) error {
		return errors.Join(tx.Conversations().Destroy(conversation(ada).ID), tx.Conversations().Destroy(conversation(bob).ID))
	})
	folder, s := w.write(export.Request{})
	if err := verify(folder); err != nil || s.Manifest.Counts.Conversations != 0 {
		t.Errorf("%+v, %v", s.Manifest.Counts, err)
	}
	find(t, folder, "index.html", "There are no conversations.")
}

func auditActions(t *testing.T, w *world) []string {
	t.Helper()
	var out []string
	if err := w.store.View(t.Context(), func(tx chat.Tx) error {
		entries, err := tx.Audit().List(0, 100)
		for _, e := range entries {
			out = append(out, e.Action)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

func jsonLines(t *testing.T, b []byte) []map[string]any {
	t.Helper()
	var out []map[string]any
	for line := range bytes.Lines(b) {
		var v map[string]any
		if err := json.Unmarshal(line, &v); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		out = append(out, v)
	}
	return out
}

// validator checks the part of JSON Schema that schema.json uses.
type validator struct{ root map[string]any }

func (v validator) check(schema map[string]any, value any) error {
	if ref, ok := schema["$ref"].(string); ok {
		defs := v.root["$defs"].(map[string]any)
		if err := v.check(defs[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any), value); err != nil {
			return err
		}
	}
	if one, ok := schema["oneOf"].([]any); ok {
		var reasons []error
		for _, s := range one {
			if err := v.check(s.(map[string]any), value); err != nil {
				reasons = append(reasons, err)
			}
		}
		if len(one)-len(reasons) != 1 {
			return fmt.Errorf("%d of %d forms fit: %w", len(one)-len(reasons), len(one), errors.Join(reasons...))
		}
	}
	if c, ok := schema["const"]; ok && c != value {
		return fmt.Errorf("%v is not %v", value, c)
	}
	if enum, ok := schema["enum"].([]any); ok && !slices.Contains(enum, value) {
		return fmt.Errorf("%v is none of %v", value, enum)
	}
	switch schema["type"] {
	case "string":
		s, ok := value.(string)
		if p, has := schema["pattern"].(string); !ok || has && !regexp.MustCompile(p).MatchString(s) {
			return fmt.Errorf("%v is not the string it should be", value)
		}
	case "integer":
		if n, ok := value.(float64); !ok || n != float64(int64(n)) {
			return fmt.Errorf("%v is no integer", value)
		}
	case "boolean":
		if _, ok := value.(bool); !ok {
			return fmt.Errorf("%v is no boolean", value)
		}
	case "array":
		list, ok := value.([]any)
		if !ok {
			return fmt.Errorf("%v is no array", value)
		}
		for _, item := range list {
			if err := v.check(schema["items"].(map[string]any), item); err != nil {
				return err
			}
		}
	case "object":
		return v.object(schema, value)
	}
	return nil
}

func (v validator) object(schema map[string]any, value any) error {
	object, ok := value.(map[string]any)
	if !ok {
		return fmt.Errorf("%v is no object", value)
	}
	for _, name := range schema["required"].([]any) {
		if _, ok := object[name.(string)]; !ok {
			return fmt.Errorf("%v is missing", name)
		}
	}
	properties := schema["properties"].(map[string]any)
	for name, part := range object {
		s, ok := properties[name].(map[string]any)
		if !ok {
			return fmt.Errorf("%v is not in the schema", name)
		}
		if err := v.check(s, part); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}
