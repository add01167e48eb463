package security_test

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestEveryTestNamedInTheThreatModelExists keeps docs/THREATMODEL.md honest: a property is not shown by a test that was
// renamed or removed.
func TestEveryTestNamedInTheThreatModelExists(t *testing.T) {
	root := os.DirFS("../..")
	page, err := fs.ReadFile(root, "docs/THREATMODEL.md")
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile("`(Test[A-Za-z0-9_]+)`").FindAllStringSubmatch(string(page), -1)
	if len(names) < 20 {
		t.Fatalf("only %d tests are named", len(names))
	}
	exists := map[string]bool{}
	decl := regexp.MustCompile(`(?m)^func (Test[A-Za-z0-9_]+)\(`)
	err = fs.WalkDir(root, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(name, "_test.go") {
			return err
		}
		source, err := fs.ReadFile(root, name)
		for _, m := range decl.FindAllSubmatch(source, -1) {
			exists[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range names {
		if !exists[m[1]] {
			t.Errorf("docs/THREATMODEL.md names %s, which does not exist", m[1])
		}
	}
}
