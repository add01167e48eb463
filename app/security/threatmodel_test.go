package security_test

import (
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
)

const adversaries = 8

var namedTest = regexp.MustCompile("`(Test[A-Za-z0-9_]+)`")

// TestEveryPropertyOfTheThreatModelNamesItsTest keeps docs/THREATMODEL.md honest: every line of what an adversary cannot
// do names tests, and each of them exists.
func TestEveryPropertyOfTheThreatModelNamesItsTest(t *testing.T) {
	page := threatModel(t)
	exists := declaredTests(t)
	for _, m := range namedTest.FindAllStringSubmatch(page, -1) {
		if !exists[m[1]] {
			t.Errorf("docs/THREATMODEL.md names %s, which does not exist", m[1])
		}
	}
	chapters := strings.Split(page, "\n## ")
	numbered := 0
	for _, chapter := range chapters[1:] {
		title, body, _ := strings.Cut(chapter, "\n")
		if !strings.HasPrefix(title, fmt.Sprint(numbered+1, ". ")) {
			if strings.Contains(body, "\n| cannot") {
				t.Errorf("%q has a table and no number", title)
			}
			continue
		}
		numbered++
		can, cannot := rows(body, "| can | |"), rows(body, "| cannot | test |")
		if len(can) == 0 || len(cannot) == 0 {
			t.Errorf("%q has %d lines of what he can and %d of what he cannot do", title, len(can), len(cannot))
		}
		for _, row := range cannot {
			if !namedTest.MatchString(row) {
				t.Errorf("%q: no test shows %s", title, row)
			}
		}
	}
	if numbered != adversaries {
		t.Errorf("%d adversaries, want %d", numbered, adversaries)
	}
}

// TestTheThreatModelSpeaksOfEveryAttackOnASession: of going back, of two beginnings at once, of lost states, of device
// lists, of reflections and splices, and of floods (I11 to I16); and it says what is not defended.
func TestTheThreatModelSpeaksOfEveryAttackOnASession(t *testing.T) {
	page := threatModel(t)
	for i := 11; i <= 16; i++ {
		found := false
		for _, row := range rows(page, "| cannot | test |") {
			found = found || regexp.MustCompile(fmt.Sprintf(`\bI%d\b`, i)).MatchString(row)
		}
		if !found {
			t.Errorf("no line is about I%d", i)
		}
	}
	_, end, ok := strings.Cut(page, "\n## What is not defended\n")
	if !ok || strings.Count(end, "\n- ") < 5 {
		t.Error("what is not defended is not said")
	}
}

// rows returns the lines of all tables under a head.
func rows(body, head string) (out []string) {
	in := false
	for _, line := range strings.Split(body, "\n") {
		switch {
		case line == head:
			in = true
		case !strings.HasPrefix(line, "|"):
			in = false
		case in && !strings.HasPrefix(line, "|---"):
			out = append(out, line)
		}
	}
	return out
}

func threatModel(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("../../docs/THREATMODEL.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

// declaredTests returns the names of all tests of the module.
func declaredTests(t *testing.T) map[string]bool {
	t.Helper()
	root := os.DirFS("../..")
	exists := map[string]bool{}
	decl := regexp.MustCompile(`(?m)^func (Test[A-Za-z0-9_]+)\(`)
	err := fs.WalkDir(root, ".", func(name string, e fs.DirEntry, err error) error {
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
	return exists
}
