package app

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// namedInvariant finds I1 to I20 and K1 to K7 in prose and texts, and at the front of a test's name.
var (
	namedInvariant = regexp.MustCompile(`\b([IK][0-9]{1,2})\b`)
	testOf         = regexp.MustCompile(`^Test([IK][0-9]{1,2})[A-Z]`)
)

// TestEveryInvariantIsNamedByATest: the protocol promises I1 to I20 and the ratchet keeps K1 to K7 (docs/PROTOCOL.md).
// Each stands in the name of a test, in its comment, or in what the test says where it fails.
func TestEveryInvariantIsNamedByATest(t *testing.T) {
	tests := map[string][]string{}
	for _, f := range sources(t) {
		if !f.test || f.name == "app/invariants_test.go" {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", filepath.FromSlash(f.name)), nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if test, ok := d.(*ast.FuncDecl); ok && strings.HasPrefix(test.Name.Name, "Test") && test.Recv == nil {
				for name := range invariantsOf(file, test) {
					tests[name] = append(tests[name], test.Name.Name)
				}
			}
		}
	}
	for letter, n := range map[string]int{"I": 20, "K": 7} {
		for i := 1; i <= n; i++ {
			name := fmt.Sprint(letter, i)
			if len(tests[name]) == 0 {
				t.Errorf("no test names %s", name)
			}
			t.Logf("%s: %s", name, strings.Join(tests[name], ", "))
		}
	}
}

// invariantsOf returns what the name, the comments and the texts of a test name.
func invariantsOf(file *ast.File, test *ast.FuncDecl) map[string]bool {
	out := map[string]bool{}
	take := func(text string) {
		for _, m := range namedInvariant.FindAllString(text, -1) {
			out[m] = true
		}
	}
	if m := testOf.FindStringSubmatch(test.Name.Name); m != nil {
		out[m[1]] = true
	}
	if test.Doc != nil {
		take(test.Doc.Text())
	}
	for _, c := range file.Comments {
		if test.Pos() <= c.Pos() && c.End() <= test.End() {
			take(c.Text())
		}
	}
	ast.Inspect(test, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			take(lit.Value)
		}
		return true
	})
	return out
}
