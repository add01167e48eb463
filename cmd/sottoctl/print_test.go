package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sotto/app/media"
	"sotto/chat"
)

func TestTextOfOthersCannotMoveTheTerminal(t *testing.T) {
	m := newMessage(chat.Message{
		Direction: chat.In, Kind: chat.KindText, State: chat.Delivered,
		Text:      "\x1b]0;title\x07one\r\ntwo\u202edesrever\u009b31m\x7f\u2066x",
		Reactions: []chat.Reaction{{Emoji: "\x1b[5m"}},
	}, "Bo\x1b[2J\u202e")
	var out bytes.Buffer
	messageList{m}.print(&page{out: &out})
	requestList{{Name: "\x1b[1m", Text: "a\x1b[1m\nb\u202e", ID: "aa"}}.print(&page{out: &out})
	eventObject{Message: &m, Text: "\x1b[1m"}.print(&page{out: &out})
	eventObject{Relay: "\x1b[1m", Text: "\u202e"}.print(&page{out: &out})
	contactList{{Name: "\x1b[1m\u200f", ID: "aa"}}.print(&page{out: &out})
	for _, r := range out.String() {
		if r != '\n' && (r < 0x20 || r >= 0x7f && r < 0xa0) || strings.ContainsRune("\u202e\u2066\u200f", r) {
			t.Errorf("the output holds %U", r)
		}
	}
	if !strings.Contains(out.String(), "\n"+strings.Repeat(" ", 20)) {
		t.Error("the second line of a text does not stand under the first")
	}
}

func TestObjectsKeepTheirFieldsAndOrder(t *testing.T) {
	at := time.Date(2026, 11, 22, 9, 30, 0, 5e6+1, time.FixedZone("", 3600))
	for _, test := range []struct {
		object any
		want   string
	}{
		{
			newContact(chat.Contact{ID: chat.ContactID{1}, Name: "Bo", State: chat.ContactAccepted, Verification: chat.Verified}, 2),
			`{"v":1,"id":"01` + strings.Repeat("0", 62) + `","name":"Bo","state":"accepted","verified":"verified","unread":2,"bot":false,"timer":null}`,
		},
		{
			newMessage(chat.Message{
				ID: chat.MessageID{1}, Conversation: chat.ConversationID{2}, Author: chat.ContactID{3}, Direction: chat.In, Kind: chat.KindText,
				Text: "<a>", Sent: at, State: chat.Delivered, Reactions: []chat.Reaction{{From: chat.ContactID{4}, Emoji: "👍"}}, ReplyTo: chat.MessageID{5},
			}, "Bo"),
			`{"v":1,"id":"01` + strings.Repeat("0", 30) + `","conversation":"02` + strings.Repeat("0", 62) + `","from":"03` + strings.Repeat("0", 62) +
				`","direction":"in","kind":"text","text":"<a>","sent":"2026-11-22T08:30:00.005Z","received":null,"state":"delivered","edited":false,` +
				`"reactions":[{"from":"04` + strings.Repeat("0", 62) + `","emoji":"👍"}],"reply_to":"05` + strings.Repeat("0", 30) +
				`","deleted":false,"missing":0,"no_forward":false,"expires":null}`,
		},
		{newMessage(chat.Message{}, "").Reactions, `[]`},
		{done{}, `{"v":1}`},
		{erasedObject{Messages: 1, Unreached: []unreachedObject{}}, `{"v":1,"conversations":0,"messages":1,"contacts":0,"asked":false,"unreached":[],"backups":0}`},
	} {
		line, err := encodeLine(test.object)
		if err != nil || strings.TrimSpace(string(line)) != test.want {
			t.Errorf("printed %s, error %v; want %s", line, err, test.want)
		}
	}
}

func TestStampsAreReadBack(t *testing.T) {
	at := time.Date(2026, 11, 22, 9, 30, 0, 5e6, time.UTC)
	var back, none stamp
	line, _ := json.Marshal(stamp(at))
	if err := json.Unmarshal(line, &back); err != nil || !time.Time(back).Equal(at) {
		t.Errorf("%s is read as %v, error %v", line, time.Time(back), err)
	}
	if err := json.Unmarshal([]byte("null"), &none); err != nil || !time.Time(none).IsZero() {
		t.Errorf("null is read as %v, error %v", time.Time(none), err)
	}
}

// TestEverySentinelHasWords reads the sentinels from the source of package chat, so that a new one is not forgotten.
func TestEverySentinelHasWords(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", "..", "chat", "errors.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	declared := map[string]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok && len(call.Args) == 1 {
			if text, ok := call.Args[0].(*ast.BasicLit); ok {
				declared[strings.Trim(text.Value, `"`)] = true
			}
		}
		return true
	})
	if len(declared) < 20 {
		t.Fatalf("only %d sentinels found", len(declared))
	}
	for _, s := range sentences {
		delete(declared, s.is.Error())
		f := describe(fmt.Errorf("doing: %w", s.is))
		if f.Code != s.code || f.Exit < exitFailed || f.Exit > exitInUse || !strings.Contains(f.Message, ".") && !strings.Contains(f.Message, ": sottoctl ") {
			t.Errorf("%v is told as %+v", s.is, f)
		}
	}
	for missing := range declared {
		t.Errorf("%q has no words", missing)
	}
}

// TestEveryCodeIsDocumented keeps docs/CLI.md in step with the codes a program can meet.
func TestEveryCodeIsDocumented(t *testing.T) {
	doc, err := os.ReadFile(filepath.Join("..", "..", "docs", "CLI.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sentences {
		row := fmt.Sprintf("\n| %d | `", s.exit)
		found := false
		for rest := string(doc); !found; {
			_, after, ok := strings.Cut(rest, row)
			if !ok {
				break
			}
			line, tail, _ := strings.Cut(after, "\n")
			found, rest = strings.Contains("`"+line, "`"+s.code+"`"), tail
		}
		if !found {
			t.Errorf("docs/CLI.md does not list %q under exit %d", s.code, s.exit)
		}
	}
}

func TestSecretsComeFromFileOrVariableWithoutTheirLineEnd(t *testing.T) {
	dir := t.TempDir()
	write := func(text string) string {
		f, err := os.CreateTemp(dir, "")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.WriteString(text); err != nil {
			t.Fatal(err)
		}
		return f.Name()
	}
	t.Setenv("SOTTO_TEST_SECRET", " spaced secret ")
	t.Setenv("SOTTO_TEST_EMPTY", "")
	for _, test := range []struct {
		name   string
		source secretSource
		want   string
		exit   int
	}{
		{"file", secretSource{file: write("secret\n")}, "secret", 0},
		{"file without line end", secretSource{file: write("secret")}, "secret", 0},
		{"Windows line end", secretSource{file: write("secret\r\nmore\r\n")}, "secret", 0},
		{"only the first line", secretSource{file: write("secret\nother\n")}, "secret", 0},
		{"variable", secretSource{env: "SOTTO_TEST_SECRET"}, " spaced secret ", 0},
		{"empty file", secretSource{file: write("")}, "", exitUsage},
		{"empty line", secretSource{file: write("\nsecret\n")}, "", exitUsage},
		{"too long", secretSource{file: write(strings.Repeat("x", longestSecret+1))}, "", exitUsage},
		{"no such file", secretSource{file: filepath.Join(dir, "none")}, "", exitMissing},
		{"a folder", secretSource{file: dir}, "", exitFailed},
		{"empty variable", secretSource{env: "SOTTO_TEST_EMPTY"}, "", exitUsage},
		{"no such variable", secretSource{env: "SOTTO_TEST_UNSET"}, "", exitUsage},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := test.source.read(t.Context(), &bytes.Buffer{})
			if test.exit == 0 {
				if err != nil || string(got) != test.want {
					t.Errorf("read %q, error %v; want %q", got, err, test.want)
				}
				return
			}
			if err == nil || describe(err).Exit != test.exit {
				t.Errorf("read %q, error %v; want exit %d", got, err, test.exit)
			}
			if err != nil && strings.Contains(err.Error(), dir) {
				t.Errorf("the error names the path: %v", err)
			}
		})
	}
}

func TestErrorLineIsOneObject(t *testing.T) {
	var out bytes.Buffer
	err := withResult(explain(chat.ErrNotFound, "There is no contact %q.", "<Bo>"), done{})
	if exit := report(&out, err, true); exit != exitMissing {
		t.Errorf("exit %d", exit)
	}
	const want = `{"v":1,"error":{"code":"not-found","exit":4,"message":"There is no contact \"<Bo>\"."}}` + "\n"
	if out.String() != want {
		t.Errorf("printed %s", &out)
	}
}

func TestWaitThatRanOutIsNoFailureUnlessRequired(t *testing.T) {
	if err := (delivery{Require: "sent"}).check(deliveredToo); err == nil || describe(err).Exit != exitUsage {
		t.Errorf("require without wait: %v", err)
	}
	if err := (delivery{Require: "delivered", Wait: 1}).check(sentOnly); err == nil || describe(err).Exit != exitUsage {
		t.Errorf("delivered where it cannot be known: %v", err)
	}
	err := patiently(t.Context(), time.Nanosecond, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("waited with %v", err)
	}
}

// TestEveryWarningOfAFileHasWordsAndIsDocumented reads the codes from the source of app/media.
func TestEveryWarningOfAFileHasWordsAndIsDocumented(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", "..", "app", "media", "warnings.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile(filepath.Join("..", "..", "docs", "CLI.md"))
	if err != nil {
		t.Fatal(err)
	}
	known := 0
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 || !strings.HasPrefix(spec.Names[0].Name, "Warn") {
			return true
		}
		code, ok := spec.Values[0].(*ast.BasicLit)
		if !ok {
			return true
		}
		known++
		name := strings.Trim(code.Value, `"`)
		if cautions[media.Warning(name)] == "" || !strings.Contains(string(doc), "\n| `"+name+"` | ") {
			t.Errorf("%q has no words, or docs/CLI.md does not list it", name)
		}
		return true
	})
	if known != len(cautions) {
		t.Errorf("%d codes, %d of them with words", known, len(cautions))
	}
}

func TestAFileIsPrintedWithItsSizeAndState(t *testing.T) {
	m := newMessage(chat.Message{
		ID: chat.MessageID{1}, Kind: chat.KindAttachment, Direction: chat.In, Text: "look\x1b[2J",
		File: chat.File{Name: "a\u202efdp.exe", Type: "image/png", Size: 1536, Width: 3, Height: 4},
	}, "Bo")
	line, err := encodeLine(m.File)
	want := `{"name":"a` + "\u202e" + `fdp.exe","type":"image/png","size":1536,"width":3,"height":4,"state":"","failure":"","done":0,"total":0}`
	if err != nil || strings.TrimSpace(string(line)) != want {
		t.Errorf("printed %s, want %s; %v", line, want, err)
	}
	for _, c := range []struct {
		state, failure string
		done           int64
		want           string
	}{
		{"offered", "", 0, "[a\ufffdfdp.exe, 1.5 kB, not fetched] look\ufffd[2J"},
		{"fetching", "offline", 1050, "[a\ufffdfdp.exe, 1.5 kB, fetching 25 %, waits: the relay is not reached] look\ufffd[2J"},
		{"sending", "", 4200, "[a\ufffdfdp.exe, 1.5 kB, sending 100 %] look\ufffd[2J"},
		{"failed", "file-gone", 0, "[a\ufffdfdp.exe, 1.5 kB, failed: not on the relay any more] look\ufffd[2J"},
		{"failed", "file-left-out", 0, "[a\ufffdfdp.exe, 1.5 kB, failed: not in the export] look\ufffd[2J"},
		{"here", "", 0, "[a\ufffdfdp.exe, 1.5 kB] look\ufffd[2J"},
	} {
		m.File.State, m.File.Failure, m.File.Done, m.File.Total = c.state, c.failure, c.done, 4200
		if got := m.body(); got != c.want {
			t.Errorf("%s is printed as %q, want %q", c.state, got, c.want)
		}
	}
}
