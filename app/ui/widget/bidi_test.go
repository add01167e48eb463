package widget

import (
	"slices"
	"strings"
	"testing"
)

// seen answers the pieces of a line from the left to the right, as they are drawn.
func seen(l line) string {
	runs := slices.Clone(l.runs)
	slices.SortStableFunc(runs, func(a, b run) int { return int(a.x*100) - int(b.x*100) })
	var parts []string
	for _, r := range runs {
		if r.width > 0 {
			parts = append(parts, r.text)
		}
	}
	return strings.Join(parts, "|")
}

func TestPiecesOfALineStandWhereTheyAreRead(t *testing.T) {
	for text, want := range map[string]string{
		"plain (words).":          "plain (words).",
		"אב גד.":                  ".|גד| |אב",
		"אב. גד":                  "גד| |.|אב",
		"אב (גד)":                 "(|גד|)| |אב",
		"אב. I will read it. גד":  "גד| |.|I will read it| |.|אב",
		"with אב. גד then":        "with |גד| |.|אב| then",
		"אב 12.5 גד":              "גד| |12.5| |אב",
		"The conversation: אב גד": "The conversation: |גד| |אב",
	} {
		b := wrapText([]Span{{Text: text}}, 14, 2000, 0)
		if got := seen(b.lines[0]); got != want {
			t.Errorf("%q is drawn as %q, want %q", text, got, want)
		}
	}
}
