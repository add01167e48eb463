package main

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMetricsOfABenchmarkAreReadByNameAndUnit(t *testing.T) {
	got := metrics([]byte("goos: linux\nBenchmarkHistory/threads-2  \t 1\t 35.30 delete-ms\t 42486 inserts/s\nPASS\n"))
	want := map[string]float64{"History/threads delete-ms": 35.30, "History/threads inserts/s": 42486}
	if !maps.Equal(got, want) {
		t.Errorf("read %v, want %v", got, want)
	}
}

func TestARowSaysWhetherItsGoalIsReached(t *testing.T) {
	faster := row{ours: "o", anchor: "a", unit: "/s", ratio: 2}
	sooner := row{ours: "o", anchor: "a", unit: "ms", fewer: true, ratio: 2, bound: 50}
	both := row{ours: "o", unit: "s", fewer: true, bound: 10, also: "m", alsoUnit: "MB", alsoBound: 100}
	for name, c := range map[string]struct {
		row  row
		f    figures
		want string
	}{
		"twice the anchor":         {faster, figures{"o": {1, 20, 300}, "a": {10}}, "reached"},
		"less than twice":          {faster, figures{"o": {19}, "a": {10}}, "missed"},
		"no anchor":                {faster, figures{"o": {19}}, "no anchor"},
		"nothing":                  {faster, figures{"a": {10}}, "not measured"},
		"later":                    {row{pending: "not built yet"}, figures{}, "not built yet"},
		"soon enough":              {sooner, figures{"o": {40}, "a": {20, 20}}, "reached"},
		"too late for the anchor":  {sooner, figures{"o": {41}, "a": {20, 20}}, "missed"},
		"too late for the bound":   {sooner, figures{"o": {51}, "a": {40}}, "missed"},
		"too late, without anchor": {sooner, figures{"o": {51}}, "missed"},
		"small enough":             {both, figures{"o": {1}, "m": {99}}, "reached"},
		"too big":                  {both, figures{"o": {1}, "m": {101}}, "missed"},
		"no goal":                  {row{ours: "o", unit: "B"}, figures{"o": {1}}, "for comparison"},
	} {
		cells := c.row.cells(c.f)
		if got := cells[len(cells)-1]; got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestRowsWithoutAnyFigureAreLeftOut(t *testing.T) {
	rows := []row{{what: "ours", ours: "o"}, {what: "neither", ours: "n"}, {what: "theirs", ours: "n", anchor: "a"}}
	lines := measured(render(rows, figures{"o": {1}, "a": {2}}))
	if len(lines) != 3 || lines[0][0] != "what" || lines[1][0] != "ours" || lines[2][0] != "theirs" {
		t.Errorf("left are %v", lines)
	}
}

func TestWritingKeepsTheProseAround(t *testing.T) {
	path := filepath.Join(t.TempDir(), "page.md")
	if err := os.WriteFile(path, []byte("above\n"+tableBegins+"\nold\n"+tableEnds+"\nbelow\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := write(path, "a day", "| new |\n"); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	page := string(b)
	if !strings.HasPrefix(page, "above\n") || !strings.HasSuffix(page, "\nbelow\n") || !strings.Contains(page, "| new |") || strings.Contains(page, "old") {
		t.Errorf("page is\n%s", page)
	}
	if err := os.WriteFile(path, []byte("no markers"), 0o600); err != nil {
		t.Fatal(err)
	}
	if write(path, "", "") == nil {
		t.Error("a page without markers was written")
	}
}
