package i18n_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"sotto/app/ui/i18n"
	"sotto/assets"
)

func TestMain(m *testing.M) {
	if err := i18n.Load(); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// english answers the keys of en.json; plural ones are true.
func english(t *testing.T) map[string]bool {
	t.Helper()
	data, err := assets.Translations.ReadFile(assets.TranslationsDir + "/en.json")
	if err != nil {
		t.Fatal(err)
	}
	var raw map[string]any
	if err := json.Unmarshal(data, &raw); err != nil {
		t.Fatal(err)
	}
	keys := map[string]bool{}
	for k, v := range raw {
		forms, plural := v.(map[string]any)
		keys[k] = plural
		if plural && (forms["one"] == nil || forms["other"] == nil) {
			t.Errorf("%s lacks a plural form", k)
		}
	}
	return keys
}

// keyShape is what a key looks like among the other strings of a table.
var keyShape = regexp.MustCompile(`^[a-z][a-z0-9-]*(\.[a-z0-9-]+)+$`)

// usedKeys answers the keys that the window's sources ask T and N for, by
// position. Where a file looks keys up from a table, every string of that file
// with the shape of a key counts, so a table stands beside its look-up.
func usedKeys(t *testing.T) map[string]string {
	t.Helper()
	used := map[string]string{}
	fset := token.NewFileSet()
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(fset, path, nil, 0)
		if err != nil {
			return err
		}
		keysOf(file, func(key string, at token.Pos) { used[key] = fset.Position(at).String() })
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return used
}

// keysOf calls found with every key that file looks up.
func keysOf(file *ast.File, found func(string, token.Pos)) {
	table := false
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) == 0 || !isLookup(call.Fun, file.Name.Name == "i18n") {
			return true
		}
		if lit, ok := call.Args[0].(*ast.BasicLit); ok {
			key, _ := strconv.Unquote(lit.Value)
			found(key, lit.Pos())
		} else {
			table = true
		}
		return true
	})
	if !table {
		return
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if key, _ := strconv.Unquote(lit.Value); keyShape.MatchString(key) {
				found(key, lit.Pos())
			}
		}
		return true
	})
}

func isLookup(fun ast.Expr, inside bool) bool {
	if id, ok := fun.(*ast.Ident); ok && inside {
		return id.Name == "T" || id.Name == "N"
	}
	sel, ok := fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	pkg, ok := sel.X.(*ast.Ident)
	return ok && pkg.Name == "i18n" && (sel.Sel.Name == "T" || sel.Sel.Name == "N")
}

func TestEveryKeyUsedExists(t *testing.T) {
	keys, used := english(t), usedKeys(t)
	if len(used) == 0 {
		t.Fatal("no key was found in the sources")
	}
	for key, at := range used {
		if _, ok := keys[key]; !ok {
			t.Errorf("%s: %q is not in en.json", at, key)
		}
	}
}

var now = time.Date(2026, 11, 22, 14, 3, 0, 0, time.UTC)

func TestTimesByLocale(t *testing.T) {
	at := func(y int, m time.Month, d, h, min int) time.Time { return time.Date(y, m, d, h, min, 0, 0, time.UTC) }
	for _, c := range []struct {
		locale         string
		t              time.Time
		clock, day, in string
	}{
		{"en-GB", now, "14:03", "Today", "14:03"},
		{"en-US", now, "2:03 PM", "Today", "2:03 PM"},
		{"en-US", at(2026, 11, 22, 0, 5), "12:05 AM", "Today", "12:05 AM"},
		{"de-DE", at(2026, 11, 21, 23, 59), "23:59", "Yesterday", "Yesterday"},
		{"en-GB", at(2026, 11, 16, 9, 0), "09:00", "Monday", "Mon"},
		{"en-GB", at(2026, 11, 15, 9, 0), "09:00", "15 November", "15 Nov"},
		{"en-US", at(2026, 5, 3, 9, 0), "9:00 AM", "May 3", "May 3"},
		{"en-GB", at(2025, 12, 31, 9, 0), "09:00", "31 December 2025", "31 Dec 2025"},
		{"en-GB", at(2026, 11, 23, 9, 0), "09:00", "23 November", "23 Nov"},
		{"", at(2026, 11, 22, 9, 0), "09:00", "Today", "09:00"},
		{"zh-Hans-CN", now, "14:03", "Today", "14:03"},
	} {
		f := i18n.NewFormat(c.locale, time.UTC)
		if got := f.Clock(c.t); got != c.clock {
			t.Errorf("%s Clock(%v) = %q, wanted %q", c.locale, c.t, got, c.clock)
		}
		if got := f.Day(now, c.t); got != c.day {
			t.Errorf("%s Day(%v) = %q, wanted %q", c.locale, c.t, got, c.day)
		}
		if got := f.ListTime(now, c.t); got != c.in {
			t.Errorf("%s ListTime(%v) = %q, wanted %q", c.locale, c.t, got, c.in)
		}
	}
}

func TestDaysTurnAtTheMidnightOfTheZone(t *testing.T) {
	east := time.FixedZone("east", 10*3600)
	f := i18n.NewFormat("en-GB", east)
	sent := time.Date(2026, 11, 22, 13, 59, 0, 0, time.UTC) // 23:59 there
	after := time.Date(2026, 11, 22, 14, 1, 0, 0, time.UTC) // 00:01 there
	if got := f.Day(after, sent); got != "Yesterday" {
		t.Errorf("two minutes over midnight is %q", got)
	}
	if f.DayKey(sent) != "2026-11-22" || f.DayKey(after) != "2026-11-23" {
		t.Errorf("keys are %s and %s", f.DayKey(sent), f.DayKey(after))
	}
}

func TestSizesNumbersAndDurations(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 1000: "1 kB", 1449: "1.4 kB", 9_960: "10 kB", 999_600: "1 MB", 1_400_000: "1.4 MB", 100_000_000: "100 MB"} {
		if got := i18n.Bytes(n); got != want {
			t.Errorf("Bytes(%d) = %q, wanted %q", n, got, want)
		}
	}
	for n, want := range map[int]string{0: "0", 999: "999", 1204: "1,204", 1234567: "1,234,567", -4321: "-4,321"} {
		if got := i18n.Number(n); got != want {
			t.Errorf("Number(%d) = %q, wanted %q", n, got, want)
		}
	}
	for d, want := range map[time.Duration]string{
		time.Second: "1 second", 90 * time.Second: "90 seconds", time.Minute: "1 minute", 90 * time.Minute: "90 minutes",
		24 * time.Hour: "1 day", 36 * time.Hour: "36 hours", 14 * 24 * time.Hour: "2 weeks", 1500 * time.Millisecond: "2 seconds",
	} {
		if got := i18n.Duration(d); got != want {
			t.Errorf("Duration(%v) = %q, wanted %q", d, got, want)
		}
	}
}

func TestAnUnknownKeyIsSeen(t *testing.T) {
	key := "no.such.key"
	if got := i18n.T(key); got != key {
		t.Errorf("an unknown key answers %q", got)
	}
}
