package widget_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"

	"sotto/app/apptest/golden"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
)

func shownWindow(t *testing.T) fyne.Window {
	t.Helper()
	golden.App(t, theme.Light, 1)
	w := test.NewTempWindow(t, container.NewStack())
	w.Resize(fyne.NewSize(800, 600))
	return w
}

func TestDangerDialogFocusesCancelSoEnterDestroysNothing(t *testing.T) {
	w := shownWindow(t)
	acted := false
	d := dangerDialog(func() { acted = true })
	d.Open(w.Canvas())
	if w.Canvas().Focused() != fyne.Focusable(d.Cancel()) {
		t.Fatalf("the focus is on %v", w.Canvas().Focused())
	}
	w.Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if acted || d.IsOpen() {
		t.Errorf("Enter: acted %v, open %v", acted, d.IsOpen())
	}
	d = dangerDialog(func() { acted = true })
	d.Open(w.Canvas())
	test.Tap(d.Act())
	if !acted || d.IsOpen() {
		t.Errorf("the act: acted %v, open %v", acted, d.IsOpen())
	}
}

func TestEscapeClosesADialogAndGivesTheFocusBack(t *testing.T) {
	w := shownWindow(t)
	before := widget.NewButton("before", "", widget.Primary, func() {})
	w.SetContent(before)
	w.Canvas().Focus(before)
	d := dangerDialog(func() { t.Error("Escape acted") })
	d.Open(w.Canvas())
	w.Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if d.IsOpen() || w.Canvas().Focused() != fyne.Focusable(before) {
		t.Errorf("open %v, focus on %v", d.IsOpen(), w.Canvas().Focused())
	}
}

func TestConsentSheetAnswersNoUnlessToldOtherwise(t *testing.T) {
	w := shownWindow(t)
	var got map[string]bool
	d := widget.NewConsentSheet(widget.SheetWords{Title: "Accept?", Act: "Accept", Cancel: "Cancel"},
		[]widget.Question{{Key: "delivery", Title: "a"}, {Key: "read", Title: "b"}, {Key: "typing", Title: "c", Yes: true}}, nil,
		func(a map[string]bool) { got = a })
	d.Open(w.Canvas())
	toggles := 0
	for _, o := range test.LaidOutObjects(d) {
		if tg, ok := o.(*widget.Toggle); ok {
			if toggles++; toggles == 2 {
				test.Tap(tg)
			}
		}
	}
	test.Tap(d.Act())
	if fmt.Sprint(got) != "map[delivery:false read:true typing:true]" {
		t.Errorf("answers are %v of %d toggles", got, toggles)
	}
}

func TestButtonsPressByKeyboardAndOnlyWhenEnabled(t *testing.T) {
	golden.App(t, theme.Light, 1)
	n := 0
	b := widget.NewButton("x", "", widget.Primary, func() { n++ })
	b.TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace})
	b.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	b.TypedKey(&fyne.KeyEvent{Name: fyne.KeyA})
	b.Disable()
	b.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	test.Tap(b)
	if n != 2 {
		t.Errorf("pressed %d times, wanted 2", n)
	}
}

func TestConversationListKeepsFewRowsAndWalksByKeyboard(t *testing.T) {
	golden.App(t, theme.Light, 1)
	l := widget.NewConversationList()
	items := make([]widget.Conversation, 5000)
	for i := range items {
		items[i] = widget.Conversation{Key: fmt.Sprint(i), Title: fmt.Sprintf("Person %d", i)}
	}
	w := test.NewTempWindow(t, l)
	w.SetPadded(false)
	w.Resize(fyne.NewSize(300, 640))
	l.SetItems(items)
	var opened []string
	l.Open = func(c widget.Conversation) { opened = append(opened, c.Key) }
	rows := 0
	for _, o := range test.LaidOutObjects(l) {
		if _, ok := o.(*widget.ConversationRow); ok {
			rows++
		}
	}
	if rows == 0 || rows > 12 {
		t.Errorf("%d rows have widgets for a height of ten", rows)
	}
	w.Canvas().Focus(l)
	for range 14 {
		l.TypedKey(&fyne.KeyEvent{Name: fyne.KeyDown})
	}
	l.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	l.Step(1)
	l.Step(-2)
	l.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEnd})
	l.TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace})
	l.Step(1)
	if want := []string{"14", "15", "13", "4999", "4999"}; !slices.Equal(opened, want) {
		t.Errorf("opened %v, wanted %v", opened, want)
	}
	if l.Selected() != "4999" {
		t.Errorf("selected is %q", l.Selected())
	}
}

func TestReselectingKeepsTheSelectionWhenTheOrderChanges(t *testing.T) {
	golden.App(t, theme.Light, 1)
	l := widget.NewConversationList()
	l.Resize(fyne.NewSize(300, 400))
	l.SetItems(sampleConversations())
	l.Select("c")
	items := sampleConversations()
	slices.Reverse(items)
	l.SetItems(items)
	if l.Selected() != "c" {
		t.Errorf("selected is %q", l.Selected())
	}
}

func TestPassphraseIsHiddenUntilTheEyeOpensOrOneIsGenerated(t *testing.T) {
	golden.App(t, theme.Light, 1)
	seen := ""
	f := widget.NewPassphraseField(widget.PassphraseWords{Generate: "Generate"},
		func(s string) widget.Strength { return widget.Strength{Level: len(s)} },
		func() string { return "one two three" })
	f.Changed = func(s string) { seen = s }
	typeInto(f, "secret")
	if f.Text() != "secret" || seen != "secret" || !f.Concealed() {
		t.Errorf("text %q, seen %q, concealed %v", f.Text(), seen, f.Concealed())
	}
	f.Generate()
	if f.Text() != "one two three" || f.Concealed() {
		t.Errorf("generated %q, concealed %v", f.Text(), f.Concealed())
	}
	f.Clear()
	if f.Text() != "" || !f.Concealed() {
		t.Errorf("cleared: %q, concealed %v", f.Text(), f.Concealed())
	}
}

func TestRecoveryCodeIsNumberedDownThenAcross(t *testing.T) {
	golden.App(t, theme.Light, 1)
	words := strings.Fields("a b c d e f g h i j k l m n o p q r s t")
	if got := widget.NewRecoveryCode(words).Texts()[:4]; !slices.Equal(got, []string{"a", "f", "k", "p"}) {
		t.Errorf("the first row is %v", got)
	}
}

func TestSafetyNumberIsTwelveGroupsOfFive(t *testing.T) {
	golden.App(t, theme.Light, 1)
	got := widget.NewSafetyNumber(strings.Repeat("01234 56789 ", 6)).Texts()
	if len(got) != 12 || got[0] != "01234" || got[11] != "56789" {
		t.Errorf("groups are %v", got)
	}
}

func TestQRRefusesWhatDoesNotFit(t *testing.T) {
	golden.App(t, theme.Light, 1)
	if _, err := widget.NewQR(strings.Repeat("x", 3000), 200); err == nil {
		t.Error("3000 bytes were accepted")
	}
}

func TestTextScaleGrowsWhatHoldsText(t *testing.T) {
	height := func(scale float32) float32 {
		golden.App(t, theme.Light, scale)
		return bubbles().MinSize().Height + conversationRows().MinSize().Height
	}
	if one, two := height(1), height(1.5); two < one*1.2 {
		t.Errorf("heights are %v and %v at scale 1 and 1.5", one, two)
	}
}
