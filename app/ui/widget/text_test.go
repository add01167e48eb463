package widget_test

import (
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"

	"sotto/app/apptest/alloc"
	"sotto/app/apptest/golden"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
)

func TestCleanNameTakesDisguisesAway(t *testing.T) {
	for in, want := range map[string]string{
		"Ada":                         "Ada",
		"  Ada \n Lovelace\t":         "Ada Lovelace",
		"evil\u202egnp.exe":           "evilgnp.exe",
		"\u2066Ada\u2069\u200f\u061c": "Ada",
		"A\u0000d\u0007a":             "Ada",
		"A\u200bd\ufeffa":             "Ada",
		"\xff\xfeAda":                 "Ada",
		"👩\u200d👧":                    "👩\u200d👧",
		"":                            "",
		"שלום":                        "שלום",
	} {
		if got := widget.CleanName(in); got != want {
			t.Errorf("CleanName(%q) = %q, wanted %q", in, got, want)
		}
	}
	if n := utf8.RuneCountInString(widget.CleanName(strings.Repeat("ä", 1000))); n != 128 {
		t.Errorf("a name of 1000 runes became %d", n)
	}
}

func TestInitials(t *testing.T) {
	for in, want := range map[string]string{
		"Ada Lovelace": "AL", "ada": "A", "Jean-Luc van Damme": "JD", "": "?", "🎉": "?", "(x) 7up": "X7", "éclair": "É",
	} {
		if got := widget.Initials(in); got != want {
			t.Errorf("Initials(%q) = %q, wanted %q", in, got, want)
		}
	}
}

// render writes spans as text: bold in stars, code in ticks, links in brackets.
func render(spans []widget.Span) string {
	var b strings.Builder
	for _, s := range spans {
		switch {
		case s.Bold:
			b.WriteString("<b>" + s.Text + "</b>")
		case s.Code:
			b.WriteString("<c>" + s.Text + "</c>")
		case s.Link != nil:
			b.WriteString("<" + s.Link.String() + ">")
		default:
			b.WriteString(s.Text)
		}
	}
	return b.String()
}

func TestParseMessageKnowsBoldCodeAndLinksOnly(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                             "plain",
		"a *b* c":                           "a <b>b</b> c",
		"2*3*4":                             "2*3*4",
		"* a * b":                           "* a * b",
		"*open":                             "*open",
		"say `x *y*` now":                   "say <c>x *y*</c> now",
		"``":                                "``",
		"see https://a.example/x.":          "see <https://a.example/x>.",
		"(http://a.example)":                "(<http://a.example>)",
		"https://a.example/b_(c)":           "<https://a.example/b_(c)>",
		"xhttps://a.example":                "xhttps://a.example",
		"https://":                          "https://",
		"https://good.example@evil.example": "https://good.example@evil.example",
		"javascript:alert(1)":               "javascript:alert(1)",
		"file:///etc/passwd":                "file:///etc/passwd",
		"sotto:abc#k":                       "<sotto:abc#k>",
		"![x](https://a.example/i.png)":     "![x](<https://a.example/i.png>)",
		"https://a.example/\u202egnp.exe":   "<https://a.example/gnp.exe>",
		"# title\n- item":                   "# title\n- item",
		"*a\nb*":                            "*a\nb*",
	} {
		if got := render(widget.ParseMessage(in)); got != want {
			t.Errorf("ParseMessage(%q) = %q, wanted %q", in, got, want)
		}
	}
}

func FuzzParseMessage(f *testing.F) {
	for _, s := range []string{"", "*a*", "`b`", "https://x.y/z", "sotto:", "\u202e*", "**``**", "\xff*a*"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		alloc.Check(t, len(s), func() { widget.ParseMessage(s) })
		n := 0
		for _, span := range widget.ParseMessage(s) {
			n += len(span.Text)
			if strings.ContainsAny(span.Text, "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\x00\x1b") {
				t.Errorf("a control is left in %q", span.Text)
			}
			if span.Link != nil && span.Link.Scheme != "sotto" && span.Link.Host == "" {
				t.Errorf("a link without a host: %q", span.Text)
			}
		}
		if n > 4*len(s) {
			t.Errorf("%d bytes became %d", len(s), n)
		}
	})
}

func TestWrappedTextStaysInsideItsWidth(t *testing.T) {
	golden.App(t, theme.Light, 1)
	for _, s := range []string{
		"short",
		strings.Repeat("word ", 50),
		strings.Repeat("unbroken", 40),
		"日本語の文章はどこでも改行できます。" + strings.Repeat("漢字", 30),
		strings.Repeat("👩\u200d👩\u200d👧", 30),
		"a\n\n\nb",
	} {
		txt := widget.NewText(s, widget.TextOptions{Wrap: true})
		txt.Resize(fyne.NewSize(200, 400))
		for _, o := range test.WidgetRenderer(txt).Objects() {
			if right := o.Position().X + o.Size().Width; right > 200.5 {
				t.Errorf("%.20q: a run ends at %v of 200", s, right)
			}
		}
	}
}

func TestWrappedTextLosesNoLetter(t *testing.T) {
	golden.App(t, theme.Light, 1)
	want := strings.Repeat("Unbroken"+strings.Repeat("x", 60)+" and words ", 5)
	txt := widget.NewText(want, widget.TextOptions{Wrap: true})
	txt.Resize(fyne.NewSize(150, 900))
	got := ""
	for _, o := range test.WidgetRenderer(txt).Objects() {
		got += o.(*canvas.Text).Text
	}
	squeeze := func(s string) string { return strings.ReplaceAll(s, " ", "") }
	if squeeze(got) != squeeze(want) {
		t.Errorf("laid out %q", got)
	}
}

func TestRightToLeftTextKeepsToTheRight(t *testing.T) {
	golden.App(t, theme.Light, 1)
	txt := widget.NewText("שלום עולם", widget.TextOptions{Wrap: true})
	txt.Resize(fyne.NewSize(300, 40))
	o := test.WidgetRenderer(txt).Objects()[0]
	if right := o.Position().X + o.Size().Width; right < 299 {
		t.Errorf("the line ends at %v of 300", right)
	}
}

func TestCutTextEndsInAnEllipsisAndKeepsItsContent(t *testing.T) {
	golden.App(t, theme.Light, 1)
	txt := widget.NewText(longName, widget.TextOptions{Cut: true})
	txt.Resize(fyne.NewSize(120, 20))
	shown := test.WidgetRenderer(txt).Objects()[0].(*canvas.Text).Text
	if !strings.HasSuffix(shown, "…") || len(shown) >= len(longName) {
		t.Errorf("shown: %q", shown)
	}
	if txt.Content() != longName {
		t.Errorf("content became %q", txt.Content())
	}
}

func TestAHugeMessageIsLaidOutInPart(t *testing.T) {
	golden.App(t, theme.Light, 1)
	asked := false
	actions := &widget.BubbleActions{ShowAllLabel: "Show all", ShowAll: func(widget.Message) { asked = true }}
	b := widget.NewBubble(widget.Message{First: true, Last: true, Text: strings.Repeat("many words ", 20_000)}, actions)
	h := b.HeightFor(600)
	if h > 1000 {
		t.Errorf("the bubble is %v high", h)
	}
	b.Resize(fyne.NewSize(600, h))
	b.Tapped(&fyne.PointEvent{Position: fyne.NewPos(30, h-14)})
	if !asked {
		t.Error("tapping the foot did not ask for the whole text")
	}
}

func TestTappingALinkHandsItOverAndOpensNothing(t *testing.T) {
	golden.App(t, theme.Light, 1)
	host := ""
	actions := &widget.BubbleActions{Link: func(_ widget.Message, u *url.URL) { host = u.Host }}
	m := widget.Message{First: true, Last: true, Text: "https://real.example/x"}
	b := widget.NewBubble(m, actions)
	b.Resize(fyne.NewSize(600, b.HeightFor(600)))
	b.Tapped(&fyne.PointEvent{Position: fyne.NewPos(30, 30)})
	if host != "real.example" {
		t.Errorf("host is %q", host)
	}
	host = ""
	m.PlainText = true
	b.SetMessage(m)
	b.Tapped(&fyne.PointEvent{Position: fyne.NewPos(30, 30)})
	if host != "" {
		t.Error("a stranger's request carried a link")
	}
}
