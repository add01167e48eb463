package sqlite

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// section returns what stands between two strings of docs/STORAGE.md.
func section(t *testing.T, from, to string) string {
	t.Helper()
	page, err := os.ReadFile("../../docs/STORAGE.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(page), from)
	part, _, ended := strings.Cut(rest, to)
	if !found || !ended {
		t.Fatalf("the page has no %q up to %q", from, to)
	}
	return part
}

var quoted = regexp.MustCompile("`([a-z]+)`")

func namesIn(s string) (names []string) {
	for _, m := range quoted.FindAllStringSubmatch(s, -1) {
		names = append(names, m[1])
	}
	return names
}

func namesOf(tables []*table) (names []string) {
	for _, tb := range tables {
		names = append(names, tb.name)
	}
	return names
}

func sameNames(t *testing.T, what string, page, code []string) {
	t.Helper()
	page, code = slices.Sorted(slices.Values(page)), slices.Sorted(slices.Values(code))
	if !slices.Equal(page, code) {
		t.Errorf("%s: the page has %q, the code %q", what, page, code)
	}
}

// TestEveryColumnStandsInTheStoragePage compares docs/STORAGE.md, section 4.4, with the schema: tables, clear columns, and
// under which key the body is sealed.
func TestEveryColumnStandsInTheStoragePage(t *testing.T) {
	p := newProfile(t)
	s := p.create(t)
	rows, err := s.writer.rows("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
	if err != nil {
		t.Fatal(err)
	}
	described := map[string][]string{}
	for line := range strings.Lines(section(t, "### 4.4", "## 5.")) {
		if cells := strings.Split(line, "|"); len(cells) == 6 && strings.HasPrefix(line, "| `") {
			described[namesIn(cells[1])[0]] = cells
		}
	}
	sealed := append([]*table{stateTable}, digested...)
	sealed = append(sealed, messages, segments, annotations, previews)
	for _, row := range rows {
		name := row[0].(string)
		cells, ok := described[name]
		if !ok {
			t.Errorf("table %s is not on the page", name)
			continue
		}
		delete(described, name)
		columns, err := s.writer.rows("SELECT name FROM pragma_table_info('" + name + "')")
		if err != nil {
			t.Fatal(err)
		}
		var clear []string
		body := false
		for _, c := range columns {
			if c := c[0].(string); c == "body" {
				body = true
			} else {
				clear = append(clear, c)
			}
		}
		sameNames(t, "columns of "+name, namesIn(cells[2]), clear)
		key := strings.Trim(cells[3], " `")
		i := slices.IndexFunc(sealed, func(tb *table) bool { return tb.name == name })
		switch {
		case body != (i >= 0):
			t.Errorf("table %s has a body: %v; it is sealed: %v", name, body, i >= 0)
		case !body && key != "-", body && sealed[i].purpose != "" && key != sealed[i].purpose:
			t.Errorf("table %s: the page says it is sealed under %q", name, key)
		case body && sealed[i].purpose == "" && key != "own" && key != "the file's" && key != "the vault key":
			t.Errorf("table %s: the page says it is sealed under %q, not under the conversation's key", name, key)
		}
	}
	for name := range described {
		t.Errorf("there is no table %s", name)
	}
}

func TestTheStoragePageNamesTheKeysAndTheCoveredTables(t *testing.T) {
	sameNames(t, "purposes", namesIn(section(t, "one for each purpose:", " from the first snapshot")), append([]string{searchPurpose}, purposes...))
	sameNames(t, "covered tables", namesIn(section(t, "For the small tables (", ") and")), namesOf(covered))
	sameNames(t, "counted tables", namesIn(section(t, "**Counted tables.**", " have a digest")), namesOf(counted))
}
