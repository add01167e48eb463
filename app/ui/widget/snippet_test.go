package widget

import (
	"strings"
	"testing"
)

func marked(spans []Span) string {
	var b strings.Builder
	for _, s := range spans {
		if s.Hit {
			b.WriteString("[" + s.Text + "]")
		} else {
			b.WriteString(s.Text)
		}
	}
	return b.String()
}

func TestSnippetShowsWhatWasFoundOnOneLine(t *testing.T) {
	long := strings.Repeat("before ", 20) + "here" + strings.Repeat(" after", 200)
	at := strings.Index(long, "here")
	for _, c := range []struct {
		name, text string
		hits       [][2]int
		want       string
	}{
		{"nothing marked", "a text", nil, "You: a text"},
		{"marked", "a text", [][2]int{{2, 6}}, "You: a [text]"},
		{"several", "one two one", [][2]int{{0, 3}, {8, 11}}, "You: [one] two [one]"},
		{"lines", "one\n\ntwo", [][2]int{{5, 8}}, "You: one [two]"},
		{"disguise", "a\u202eb\x07 c", [][2]int{{0, 5}}, "You: [ab] c"},
		{"markup stays text", "<b>*x*</b>", [][2]int{{4, 5}}, "You: <b>*[x]*</b>"},
		{"right to left", "שלום עולם", [][2]int{{9, 17}}, "You: שלום [עולם]"},
		{"ranges that do not fit", "short", [][2]int{{2, 99}, {3, 1}}, "You: short"},
	} {
		if got := marked(Snippet("You: ", c.text, c.hits)); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	got := marked(Snippet("You: ", long, [][2]int{{at, at + 4}}))
	if !strings.HasPrefix(got, "You: … before before before [here] after") || len(got) > 500 {
		t.Errorf("a long text: %q", got)
	}
}
