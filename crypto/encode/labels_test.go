package encode_test

import (
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

	"sotto/crypto/encode"
)

const root = "../.."

// wireLabels are the labels that a relay computes with; transport/wire imports no cryptography of ours, so they stand
// there. The key is the name of the constant.
func wireLabels(t *testing.T) map[string]string {
	t.Helper()
	return labelConstants(t, root+"/transport/wire/label.go")
}

// labelConstants returns the constants of a file whose value is a label, by name.
func labelConstants(t *testing.T, file string) map[string]string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	ast.Inspect(parsed, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Names) != 1 || len(spec.Values) != 1 {
			return true
		}
		if lit, ok := spec.Values[0].(*ast.BasicLit); ok && lit.Kind == token.STRING {
			value, err := strconv.Unquote(lit.Value)
			if err != nil {
				t.Fatal(err)
			}
			out[spec.Names[0].Name] = value
		}
		return true
	})
	if len(out) == 0 {
		t.Fatalf("no labels in %s", file)
	}
	return out
}

// everyLabel returns the purposes of all labels with the names of their constants.
func everyLabel(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, file := range []string{"labels.go", root + "/transport/wire/label.go"} {
		for name, value := range labelConstants(t, file) {
			purpose, ok := strings.CutPrefix(value, "sotto/v1/")
			if !ok || purpose == "" || strings.Trim(purpose, "abcdefghijklmnopqrstuvwxyz-") != "" {
				t.Errorf("label %q is not sotto/v1/<purpose>", value)
			}
			if other, taken := out[purpose]; taken {
				t.Errorf("%s and %s are the same label %q", name, other, value)
			}
			out[purpose] = name
		}
	}
	return out
}

// labelRow is one row of appendix A of docs/PROTOCOL.md.
var labelRow = regexp.MustCompile(`^\| ([a-z-]+) \| ([a-zA-Z, ]+) \| (STORAGE |PRIVACY)?([0-9.]*) \|$`)

func TestTheTableOfLabelsIsTheListOfLabels(t *testing.T) {
	protocol := read(t, "PROTOCOL.md")
	_, table, found := strings.Cut(protocol, "## Appendix A. Labels")
	if !found {
		t.Fatal("docs/PROTOCOL.md has no appendix A")
	}
	table, _, _ = strings.Cut(table, "\n## ")
	labels := everyLabel(t)
	listed := map[string]bool{}
	for line := range strings.Lines(table) {
		row := labelRow.FindStringSubmatch(strings.TrimSpace(line))
		if row == nil || row[1] == "purpose" {
			continue
		}
		purpose := row[1]
		if listed[purpose] {
			t.Errorf("%s stands twice in appendix A", purpose)
		}
		listed[purpose] = true
		constant, ok := labels[purpose]
		if !ok {
			t.Errorf("appendix A lists %s, which is no label", purpose)
			continue
		}
		for use := range strings.SplitSeq(row[2], ", ") {
			switch use {
			case "signature", "hash", "key", "MAC", "associated data":
			default:
				t.Errorf("%s is used for %q", purpose, use)
			}
		}
		page := "PROTOCOL.md"
		if row[3] != "" {
			page = strings.TrimSpace(row[3]) + ".md"
		}
		where := section(read(t, page), row[4])
		if !strings.Contains(where, purpose) && !strings.Contains(where, constant) {
			t.Errorf("section %s of %s does not speak of %s", row[4], page, purpose)
		}
	}
	for purpose := range labels {
		if !listed[purpose] {
			t.Errorf("label %s is missing from appendix A", purpose)
		}
	}
}

// section returns the text under the heading with a number, without its subsections' headings; all of the page for none.
func section(page, number string) string {
	if number == "" {
		return page
	}
	var out strings.Builder
	inside := false
	for line := range strings.Lines(page) {
		if strings.HasPrefix(line, "#") {
			title := strings.TrimLeft(line, "# ")
			inside = strings.HasPrefix(title, number+" ") || strings.HasPrefix(title, number+". ")
		}
		if inside {
			out.WriteString(line)
		}
	}
	return out.String()
}

func read(t *testing.T, page string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, "docs", page))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// sources calls f for every Go file of the tree that is not a test.
func sources(t *testing.T, f func(path, text string)) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); name == "testdata" || name == "node_modules" || name == "apptest" || len(name) > 2 && name[0] == '.' {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		f(filepath.ToSlash(path), string(b))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestEveryLabelIsUsedAndStandsWhereItBelongs(t *testing.T) {
	used := map[string]bool{}
	reference := regexp.MustCompile(`\b(?:encode\.([A-Z][A-Za-z0-9]*)|(Label[A-Z][A-Za-z0-9]*))\b`)
	sources(t, func(path, text string) {
		if strings.HasSuffix(path, "crypto/encode/labels.go") || strings.HasSuffix(path, "transport/wire/label.go") {
			text = regexp.MustCompile(`(?m)^\s*[A-Za-z]+ .*= "sotto/v1/.*$`).ReplaceAllString(text, "")
		}
		if strings.Contains(text, `"sotto/v1/`) {
			t.Errorf("%s holds a label of its own", path)
		}
		for _, m := range reference.FindAllStringSubmatch(text, -1) {
			used[m[1]+m[2]] = true
		}
	})
	for purpose, constant := range everyLabel(t) {
		if !used[constant] {
			t.Errorf("label %s (%s) is not used", purpose, constant)
		}
	}
	if len(wireLabels(t)) != 6 || len(encode.Labels())+6 != len(everyLabel(t)) {
		t.Errorf("%d labels in transport/wire, %d in Labels, %d in all", len(wireLabels(t)), len(encode.Labels()), len(everyLabel(t)))
	}
}
