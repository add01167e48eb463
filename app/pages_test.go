package app

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// TestEveryTestThatAPageNamesIsThere: a page names the test that would fail if it were wrong.
func TestEveryTestThatAPageNamesIsThere(t *testing.T) {
	declared := map[string]bool{}
	function := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)[A-Z]\w*)\(`)
	for _, f := range sources(t) {
		if !f.test {
			continue
		}
		source, err := os.ReadFile(filepath.Join("..", f.name))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range function.FindAllSubmatch(source, -1) {
			declared[string(m[1])] = true
		}
	}
	pages, err := filepath.Glob("../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	named := 0
	for _, page := range append(pages, "../README.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`\b(?:Test|Fuzz|Benchmark)[A-Z]\w*`).FindAll(text, -1) {
			if named++; !declared[string(m)] {
				t.Errorf("%s names %s, and there is no such test", filepath.Base(page), m)
			}
		}
	}
	if named < 100 {
		t.Errorf("the pages name %d tests", named)
	}
}
