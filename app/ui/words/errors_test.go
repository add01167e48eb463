package words_test

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"sotto/app/ui/i18n"
	"sotto/app/ui/words"
	"sotto/chat"
)

func TestMain(m *testing.M) {
	if err := i18n.Load(); err != nil {
		panic(err)
	}
	m.Run()
}

// declared reads the names and texts of every sentinel of package chat.
func declared(t *testing.T) map[string]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../../../chat/errors.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		for i, name := range spec.Names {
			if call, ok := spec.Values[i].(*ast.CallExpr); ok && strings.HasPrefix(name.Name, "Err") {
				text, err := strconv.Unquote(call.Args[0].(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				out[name.Name] = text
			}
		}
		return true
	})
	if len(out) < 20 {
		t.Fatalf("found only %d sentinels", len(out))
	}
	return out
}

func TestEverySentinelErrorHasASentence(t *testing.T) {
	spoken := map[string]string{}
	for _, err := range words.Known() {
		spoken[err.Error()] = words.Error(fmt.Errorf("doing something: %w", err))
	}
	unknown := words.Error(errors.New("no sentinel"))
	for name, text := range declared(t) {
		s, ok := spoken[text]
		switch {
		case !ok:
			t.Errorf("chat.%s has no sentence", name)
		case s == unknown || strings.HasPrefix(s, "error."):
			t.Errorf("chat.%s: no words, only %q", name, s)
		}
	}
}

func TestSentencesAreQuietAndWhole(t *testing.T) {
	loud := regexp.MustCompile(`(?i)!|oops|sorry|please|invalid|illegal|fatal|secure|military|anonymous`)
	for _, err := range append(words.Known(), errors.New("unknown")) {
		s := words.Error(err)
		if loud.MatchString(s) {
			t.Errorf("%v: %q shouts or blames", err, s)
		}
		if !strings.HasSuffix(s, ".") || strings.Count(s, ". ") < 1 {
			t.Errorf("%v: %q does not say what happened and what is kept or to do", err, s)
		}
	}
}

func TestADelayNamesTheWait(t *testing.T) {
	for wait, want := range map[time.Duration]string{
		400 * time.Millisecond: "1 second.",
		2 * time.Second:        "2 seconds.",
		90 * time.Second:       "90 seconds.",
		15 * time.Minute:       "15 minutes.",
		121 * time.Second:      "3 minutes.",
	} {
		err := fmt.Errorf("unlock: %w", &chat.DelayError{Wait: wait})
		if got := words.Error(err); !strings.HasSuffix(got, want) {
			t.Errorf("%v: %q, want an end of %q", wait, got, want)
		}
	}
}

func TestNothingIsSaidOfNoErrorAndOfCancelledWork(t *testing.T) {
	if s := words.Error(nil) + words.Error(fmt.Errorf("load: %w", context.Canceled)); s != "" {
		t.Fatalf("said %q", s)
	}
}

func TestAnErrorsOwnTextIsNeverShown(t *testing.T) {
	if s := words.Error(errors.New("secret-of-the-error")); strings.Contains(s, "secret-of-the-error") {
		t.Fatalf("said %q", s)
	}
}
