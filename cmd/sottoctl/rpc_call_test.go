package main

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
)

func params(t *testing.T, text string) map[string]json.RawMessage {
	t.Helper()
	var p map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestNamedParametersMeanTheSameAsTheCommandLine(t *testing.T) {
	for _, test := range []struct {
		method, params string
		args           []string
	}{
		{"whoami", `{}`, []string{"whoami"}},
		{"send", `{"contact":"Bo","text":"hi","wait":"1m","require":"sent"}`, []string{"send", "Bo", "hi", "--wait=1m", "--require=sent"}},
		{"send", `{"contact":"Bo","text":"--wait=0"}`, []string{"send", "--", "Bo", "--wait=0"}},
		{"send", `{"contact":"Bo","text":"-"}`, []string{"send", "Bo", "-"}},
		{"send", `{"contact":"Bo","text":"two\nlines \"quoted\" ü","wait":0}`, []string{"send", "Bo", "two\nlines \"quoted\" ü", "--wait", "0"}},
		{"react", `{"message":"aa","emoji":null,"remove":true}`, []string{"react", "aa", "--remove"}},
		{"react", `{"message":"aa","emoji":"👍","remove":false}`, []string{"react", "aa", "👍"}},
		{"messages", `{"contact":"Bo","limit":5}`, []string{"messages", "Bo", "--limit=5"}},
		{"search", `{"query":"tea","from":"me"}`, []string{"search", "tea", "--from=me"}},
		{"consent.grant", `{"purpose":"typing","contact":"Bo"}`, []string{"consent", "grant", "typing", "Bo"}},
		{"delete.message", `{"message":"aa","for_everyone":true}`, []string{"delete", "message", "aa", "--for-everyone"}},
		{"verify-export", `{"path":"x"}`, []string{"verify-export", "x"}},
		{"verify_export", `{"path":"x"}`, []string{"verify-export", "x"}},
		{"accept", `{"id":"Bo"}`, []string{"accept", "Bo"}},
		{"send", `{"contact":"Bo","file":"a","keep_metadata":true}`, []string{"send", "Bo", "--file", "a", "--keep-metadata"}},
		{"save", `{"message":"aa","out":"b","force":true}`, []string{"save", "aa", "--out=b", "--force"}},
	} {
		t.Run(test.method+test.params, func(t *testing.T) {
			called, err := parseCall(test.method, params(t, test.params))
			if err != nil {
				t.Fatal(err)
			}
			_, typed, _, err := parseArguments(test.args, io.Discard, io.Discard)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(called, typed) {
				t.Errorf("called %+v, typed %+v", called, typed)
			}
		})
	}
}

func TestCallsThatDoNotFitTheGrammarAreRefused(t *testing.T) {
	for _, test := range []struct {
		method, params string
		code           int
	}{
		{"frob", `{}`, rpcNoMethod},
		{"", `{}`, rpcNoMethod},
		{"consent", `{}`, rpcNoMethod},
		{"consent.", `{}`, rpcNoMethod},
		{"consent.grant.typing", `{}`, rpcNoMethod},
		{"init", `{"name":"x"}`, rpcNoMethod},
		{"recover", `{"code_file":"x"}`, rpcNoMethod},
		{"relay-serve", `{}`, rpcNoMethod},
		{"bot.guide", `{}`, rpcNoMethod},
		{"rpc", `{}`, rpcNoMethod},
		{"find", `{"query":"x"}`, rpcNoMethod},
		{"send", `{}`, rpcInvalidParams},
		{"send", `{"contact":"Bo","text":null}`, rpcInvalidParams},
		{"send", `{"contact":"Bo","text":"x","colour":"red"}`, rpcInvalidParams},
		{"send", `{"contact":"Bo","text":"x","file":"y"}`, rpcInvalidParams},
		{"send", `{"contact":"Bo","text":"x","caption":"y"}`, rpcInvalidParams},
		{"send", `{"contact":"Bo","file":"-"}`, rpcInvalidParams},
		{"save", `{"message":"aa"}`, rpcInvalidParams},
		{"fetch", `{"message":"aa","wait":"long"}`, rpcInvalidParams},
		{"send", `{"contact":"Bo","text":"x","profile":"/tmp"}`, rpcInvalidParams},
		{"send", `{"contact":"Bo","text":"x","json":false}`, rpcInvalidParams},
		{"send", `{"contact":"Bo","text":"x","help":true}`, rpcInvalidParams},
		{"send", `{"contact":"Bo","text":["x"]}`, rpcInvalidParams},
		{"send", `{"contact":"Bo","text":{"a":1}}`, rpcInvalidParams},
		{"send", `{"contact":"Bo","text":true}`, rpcInvalidParams},
		{"send", `{"contact":"Bo","text":"x","require":"read"}`, rpcInvalidParams},
		{"send", `{"contact":"Bo","text":"x","wait":"soon"}`, rpcInvalidParams},
		{"react", `{"message":"aa","remove":"yes"}`, rpcInvalidParams},
		{"messages", `{"contact":"Bo","limit":"many"}`, rpcInvalidParams},
	} {
		t.Run(test.method+test.params, func(t *testing.T) {
			v, err := parseCall(test.method, params(t, test.params))
			var refused *rpcError
			if !errors.As(err, &refused) || refused.Code != test.code {
				t.Errorf("%+v, error %v; want code %d", v, err, test.code)
			}
		})
	}
}

func TestEveryCommandIsAVerbWithHelp(t *testing.T) {
	parser, err := newParser(&grammar{}, io.Discard, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	for _, leaf := range parser.Model.Leaves(false) {
		if _, ok := leaf.Target.Addr().Interface().(verb); !ok {
			t.Errorf("%s is no verb", leaf.Path())
		}
		for _, value := range append(flagValues(leaf), leaf.Positional...) {
			if value.Help == "" {
				t.Errorf("%s %s has no help", leaf.Path(), value.Name)
			}
		}
	}
}

// TestContractNamesEveryCommandAndFlag keeps docs/CLI.md in step with the grammar.
func TestContractNamesEveryCommandAndFlag(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("..", "..", "docs", "CLI.md"))
	if err != nil {
		t.Fatal(err)
	}
	doc := string(raw)
	_, commands, _ := strings.Cut(doc, "\n## Commands\n")
	_, besides, _ := strings.Cut(doc, "\n- **Order**")
	besides, _, _ = strings.Cut(besides, "\n- ")
	_, never, _ := strings.Cut(doc, "\n- Not over rpc:")
	never, _, _ = strings.Cut(never, "\n- ")

	parser, err := newParser(&grammar{}, io.Discard, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	for _, leaf := range parser.Model.Leaves(false) {
		name := strings.TrimSpace(strings.Split(leaf.Path(), "<")[0])
		row := ""
		for line := range strings.Lines(commands) {
			if strings.Contains(line, "`"+name+" ") || strings.Contains(line, "`"+name+"`") {
				row += line
			}
		}
		if row == "" {
			t.Errorf("the contract does not name %q", name)
		}
		for _, flag := range leaf.Flags {
			known := flag.Name == "help" || flag.Name == "wait" || flag.Name == "require" // told once, for all
			if !known && !strings.Contains(row, "--"+flag.Name) {
				t.Errorf("the contract does not name --%s of %q", flag.Name, name)
			}
		}
		method := "`" + strings.ReplaceAll(name, " ", ".") + "`"
		if _, is := leaf.Target.Addr().Interface().(aside); is != strings.Contains(besides, method) {
			t.Errorf("%s runs beside others: %v; the contract says otherwise", method, is)
		}
		if _, is := leaf.Target.Addr().Interface().(terminalOnly); is != strings.Contains(never, method) {
			t.Errorf("%s is not served: %v; the contract says otherwise", method, is)
		}
	}
}

func flagValues(node *kong.Node) (values []*kong.Value) {
	for _, f := range node.Flags {
		values = append(values, f.Value)
	}
	return values
}

func TestCommandsOfLaterReleasesAreNotInTheGrammar(t *testing.T) {
	for _, args := range [][]string{
		{"totp", "enrol"},
	} {
		if _, v, _, err := parseArguments(args, io.Discard, io.Discard); err == nil {
			t.Errorf("%v is understood as %T", args, v)
		}
	}
}

func TestSpansReadDaysAndRefuseNonsense(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0": 0, "90s": 90 * time.Second, "90": 90 * time.Second, "1h30m": 90 * time.Minute, "7d": 168 * time.Hour, "2w": 336 * time.Hour,
	} {
		if got, err := parseSpan(text); err != nil || got != want {
			t.Errorf("%q is %v, error %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "d", "-1d", "-5s", "1.5d", "99999999999d", "5000d", "1y", "7 d", "９d", "0x10"} {
		if got, err := parseSpan(text); err == nil {
			t.Errorf("%q is understood as %v", text, got)
		}
	}
}
