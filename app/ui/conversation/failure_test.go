package conversation

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"sotto/app/ui/i18n"
)

// failureCodes reads every code of the messenger for why something cannot be sent.
func failureCodes(t *testing.T) []string {
	t.Helper()
	var codes []string
	files, err := filepath.Glob("../../messenger/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, source, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 || !strings.HasPrefix(spec.Names[0].Name, "Failure") {
				return true
			}
			if literal, ok := spec.Values[0].(*ast.BasicLit); ok {
				code, err := strconv.Unquote(literal.Value)
				if err != nil {
					t.Fatal(err)
				}
				codes = append(codes, code)
			}
			return true
		})
	}
	if len(codes) < 8 {
		t.Fatalf("found only %v", codes)
	}
	return codes
}

func TestEveryReasonWhyNothingWasSentHasItsWords(t *testing.T) {
	name := i18n.Args{"Name": "Ada"}
	unknown, unknownWhy := failure("no code", name)
	for _, code := range failureCodes(t) {
		note, why := failure(code, name)
		if note == unknown || why == unknownWhy || strings.HasPrefix(note, "chat.") || strings.HasPrefix(why, "chat.") {
			t.Errorf("%s has no words of its own: %q, %q", code, note, why)
		}
		if !strings.HasSuffix(why, ".") || strings.Count(why, ". ") < 1 || strings.Contains(why, "!") {
			t.Errorf("%s: %q does not say what happened and what to do", code, why)
		}
	}
}
