package app

import (
	"crypto/ed25519"
	"crypto/mlkem"
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"math"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/chacha20poly1305"
)

// TestTheTableOfConstantsIsWhatTheCodeKeeps compares each row of the protocol's table of constants with the constant of
// the code that it names, and with the text of the sections that state it.
func TestTheTableOfConstantsIsWhatTheCodeKeeps(t *testing.T) {
	page := protocolPage(t)
	rows := page.constants(t)
	if len(rows) < 100 {
		t.Fatalf("only %d rows", len(rows))
	}
	source := constants{packages: map[string]map[string]declared{}}
	seen := map[string]bool{}
	for _, row := range rows {
		want, err := amount(row.value)
		if err != nil {
			t.Errorf("%s: %v", row.name, err)
			continue
		}
		got, err := source.value(row.constant)
		if err != nil {
			t.Errorf("%s: %v", row.name, err)
			continue
		}
		if got != want {
			t.Errorf("%s: the page says %s, %s is %d", row.name, row.value, row.constant, got)
		}
		for section := range strings.SplitSeq(row.sections, ", ") {
			text, ok := page.sections[section]
			if !ok {
				t.Errorf("%s: there is no section %s", row.name, section)
			} else if !states(text, row.value) {
				t.Errorf("%s: section %s does not say %s", row.name, section, row.value)
			}
		}
		if key := row.name + row.constant; seen[key] {
			t.Errorf("%s stands twice", row.name)
		} else {
			seen[key] = true
		}
	}
}

// TestTheTableOfConstantsNoticesADifference: the test above must be able to fail.
func TestTheTableOfConstantsNoticesADifference(t *testing.T) {
	for _, c := range []struct {
		text, value string
		want        bool
	}{
		{"at most 1,000 ahead", "1,000", true},
		{"at most 11,000 ahead", "1,000", false},
		{"at most 1000 ahead", "1,000", true},
		{"read once an hour", "1 hour", true},
		{"read once a day", "1 hour", false},
		{"a leap of 2^32 or more", "2^32", true},
		{"14 days", "4 days", false},
		{"14 days", "14 hours", false},
		{"64 KiB", "64 MiB", false},
		{"within 10 s", "10 seconds", true},
	} {
		if got := states(c.text, c.value); got != c.want {
			t.Errorf("%q states %q: %t", c.text, c.value, got)
		}
	}
	for _, name := range []string{"wire.NoSuchConstant", "nowhere.MaxMessage", "wire.EnvelopeSizes", "MaxMessage"} {
		if v, err := (&constants{packages: map[string]map[string]declared{}}).value(name); err == nil {
			t.Errorf("%s is %d", name, v)
		}
	}
}

var namedTest = regexp.MustCompile(`\bTest[A-Z][A-Za-z0-9]+`)

// TestEveryTestThatTheProtocolNamesExists: the tables of states name the tests that show their rows.
func TestEveryTestThatTheProtocolNamesExists(t *testing.T) {
	exists := map[string]bool{}
	for _, f := range sources(t) {
		if !f.test {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", filepath.FromSlash(f.name)), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if test, ok := d.(*ast.FuncDecl); ok && test.Recv == nil {
				exists[test.Name.Name] = true
			}
		}
	}
	named := 0
	for section, text := range protocolPage(t).sections {
		for _, name := range namedTest.FindAllString(text, -1) {
			if named++; !exists[name] {
				t.Errorf("section %s names %s, which is not there", section, name)
			}
		}
	}
	if named < 50 {
		t.Errorf("only %d tests are named", named)
	}
}

// page is docs/PROTOCOL.md by sections.
type page struct{ sections map[string]string }

var sectionHead = regexp.MustCompile(`^#{2,3} ([0-9]+(?:\.[0-9]+)?|Appendix [A-Z])\.? `)

func protocolPage(t *testing.T) page {
	t.Helper()
	text, err := os.ReadFile("../docs/PROTOCOL.md")
	if err != nil {
		t.Fatal(err)
	}
	p := page{sections: map[string]string{}}
	section := ""
	for line := range strings.Lines(string(text)) {
		if m := sectionHead.FindStringSubmatch(line); m != nil {
			section = m[1]
		}
		p.sections[section] += line
	}
	return p
}

type constantRow struct{ name, value, sections, constant string }

// constants reads the rows of appendix B.
func (p page) constants(t *testing.T) []constantRow {
	t.Helper()
	var out []constantRow
	for line := range strings.Lines(p.sections["Appendix B"]) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "|---") || strings.HasPrefix(line, "| name |") {
			continue
		}
		if len(cells) != 4 {
			t.Fatalf("row of %d cells: %s", len(cells), line)
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		out = append(out, constantRow{cells[0], cells[1], cells[2], strings.Trim(cells[3], "`")})
	}
	return out
}

// units are those of the table: durations count nanoseconds, as in Go.
var units = map[string]int64{
	"": 1, "bytes": 1, "percent": 1, "KiB": 1 << 10, "MiB": 1 << 20,
	"second": int64(time.Second), "minute": int64(time.Minute), "hour": int64(time.Hour), "day": 24 * int64(time.Hour),
}

// splitValue returns the number, without separators, and the unit in the singular.
func splitValue(value string) (number, unit string) {
	number, unit, _ = strings.Cut(value, " ")
	if unit != "bytes" {
		unit = strings.TrimSuffix(unit, "s")
	}
	return strings.ReplaceAll(number, ",", ""), unit
}

// amount returns what a value of the table stands for.
func amount(value string) (int64, error) {
	number, unit := splitValue(value)
	scale, ok := units[unit]
	if !ok {
		return 0, fmt.Errorf("unit %q", unit)
	}
	if base, exponent, ok := strings.Cut(number, "^"); ok && base == "2" {
		n, err := strconv.Atoi(exponent)
		return scale << n, err
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n > math.MaxInt64/scale {
		return 0, fmt.Errorf("value %q", value)
	}
	return n * scale, nil
}

var thousands = regexp.MustCompile(`([0-9]),([0-9]{3})`)

// states reports whether a text says a value: its number with its unit or an abbreviation of it, or, for one hour and
// the like, the word.
func states(text, value string) bool {
	for before := ""; before != text; {
		before, text = text, thousands.ReplaceAllString(text, "$1$2")
	}
	number, unit := splitValue(value)
	pattern := `(?:^|[^0-9.]|\.\.)` + regexp.QuoteMeta(number)
	switch unit {
	case "", "bytes", "percent": // the table or the sentence names the unit
		pattern += `(?:[^0-9]|$)`
	case "KiB", "MiB":
		pattern += " " + unit
	default:
		pattern += ` (?:` + unit[:1] + `\b|` + unit + `)`
		if number == "1" {
			pattern += `|\b` + unit + `\b`
		}
	}
	return regexp.MustCompile(pattern).MatchString(text)
}

// declared is a constant in its file.
type declared struct {
	expr    ast.Expr
	imports map[string]string
}

// constants evaluates constants of this module from their source.
type constants struct {
	packages map[string]map[string]declared // by import path
}

// homes is where the packages of the table lie.
var homes = map[string]string{
	"identity": "sotto/crypto/identity", "handshake": "sotto/crypto/handshake", "ratchet": "sotto/crypto/ratchet",
	"encode": "sotto/crypto/encode", "chat": "sotto/chat", "content": "sotto/chat/content", "messenger": "sotto/app/messenger",
	"wire": "sotto/transport/wire", "client": "sotto/transport/client", "relay": "sotto/transport/relay",
	"store": "sotto/transport/relay/store", "sqlite": "sotto/storage/sqlite", "privacy": "sotto/app/privacy",
	"filecrypt": "sotto/crypto/filecrypt",
}

// foreign are the constants of other modules that ours are made of.
var foreign = map[string]int64{
	"time.Second": int64(time.Second), "time.Minute": int64(time.Minute), "time.Hour": int64(time.Hour),
	"crypto/mlkem.CiphertextSize768": mlkem.CiphertextSize768, "crypto/mlkem.CiphertextSize1024": mlkem.CiphertextSize1024,
	"crypto/mlkem.EncapsulationKeySize768": mlkem.EncapsulationKeySize768, "crypto/mlkem.SeedSize": mlkem.SeedSize,
	"crypto/mlkem.EncapsulationKeySize1024": mlkem.EncapsulationKeySize1024, "crypto/ed25519.SeedSize": ed25519.SeedSize,
	"golang.org/x/crypto/chacha20poly1305.Overhead": chacha20poly1305.Overhead,
}

// value returns the constant called package.Name.
func (c *constants) value(name string) (int64, error) {
	short, constantName, _ := strings.Cut(name, ".")
	home, ok := homes[short]
	if !ok {
		return 0, fmt.Errorf("no package %q", short)
	}
	v, err := c.named(home, constantName, 0)
	if err != nil {
		return 0, err
	}
	n, exact := constant.Int64Val(v)
	if !exact {
		return 0, fmt.Errorf("%s is %s", name, v)
	}
	return n, nil
}

func (c *constants) named(home, name string, depth int) (constant.Value, error) {
	if v, ok := foreign[home+"."+name]; ok {
		return constant.MakeInt64(v), nil
	}
	if depth > 20 || !strings.HasPrefix(home, "sotto/") {
		return nil, fmt.Errorf("cannot evaluate %s.%s", home, name)
	}
	all, err := c.load(home)
	if err != nil {
		return nil, err
	}
	d, ok := all[name]
	if !ok {
		return nil, fmt.Errorf("%s has no constant %s", home, name)
	}
	return c.evaluate(home, d, d.expr, depth+1)
}

// load parses the constants that a package declares outside functions.
func (c *constants) load(home string) (map[string]declared, error) {
	if all, ok := c.packages[home]; ok {
		return all, nil
	}
	files, err := filepath.Glob(filepath.Join("..", filepath.FromSlash(strings.TrimPrefix(home, "sotto/")), "*.go"))
	if err != nil {
		return nil, err
	}
	all := map[string]declared{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		imports := map[string]string{}
		for _, i := range file.Imports {
			at, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return nil, err
			}
			as := path.Base(at)
			if i.Name != nil {
				as = i.Name.Name
			}
			imports[as] = at
		}
		for _, d := range file.Decls {
			group, ok := d.(*ast.GenDecl)
			if !ok || group.Tok != token.CONST {
				continue
			}
			for _, s := range group.Specs {
				spec := s.(*ast.ValueSpec)
				for i, id := range spec.Names {
					if i < len(spec.Values) { // iota and repeated expressions are no numbers of the protocol
						all[id.Name] = declared{spec.Values[i], imports}
					}
				}
			}
		}
	}
	c.packages[home] = all
	return all, nil
}

func (c *constants) evaluate(home string, in declared, e ast.Expr, depth int) (constant.Value, error) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if v := constant.MakeFromLiteral(e.Value, e.Kind, 0); v.Kind() == constant.Int {
			return v, nil
		}
	case *ast.ParenExpr:
		return c.evaluate(home, in, e.X, depth)
	case *ast.Ident:
		return c.named(home, e.Name, depth)
	case *ast.SelectorExpr:
		if pkg, ok := e.X.(*ast.Ident); ok {
			return c.named(in.imports[pkg.Name], e.Sel.Name, depth)
		}
	case *ast.BinaryExpr:
		x, err := c.evaluate(home, in, e.X, depth)
		if err != nil {
			return nil, err
		}
		y, err := c.evaluate(home, in, e.Y, depth)
		if err != nil {
			return nil, err
		}
		switch e.Op {
		case token.ADD, token.SUB, token.MUL:
			return constant.BinaryOp(x, e.Op, y), nil
		case token.SHL:
			n, _ := constant.Uint64Val(y)
			return constant.Shift(x, e.Op, uint(n)), nil
		}
	}
	return nil, fmt.Errorf("cannot evaluate a constant of %s", home)
}
