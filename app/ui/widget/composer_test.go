package widget_test

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"

	"sotto/app/apptest/golden"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
)

type keyboard interface {
	fyne.Focusable
	desktop.Keyable
}

func shownComposer(t *testing.T) (*widget.Composer, keyboard) {
	t.Helper()
	golden.App(t, theme.Light, 1)
	c := newComposer("")
	w := test.NewTempWindow(t, c)
	w.SetPadded(false)
	w.Resize(fyne.NewSize(520, 60))
	w.Canvas().Focus(c.Focus())
	return c, c.Focus().(keyboard)
}

func typeKeys(k keyboard, s string) {
	for _, r := range s {
		k.TypedRune(r)
	}
}

func press(k keyboard, name fyne.KeyName) { k.TypedKey(&fyne.KeyEvent{Name: name}) }

func pressShifted(k keyboard, name fyne.KeyName) {
	k.KeyDown(&fyne.KeyEvent{Name: desktop.KeyShiftLeft})
	press(k, name)
	k.KeyUp(&fyne.KeyEvent{Name: desktop.KeyShiftLeft})
}

func TestEnterSendsTrimmedAndEmpties(t *testing.T) {
	c, k := shownComposer(t)
	var sent []string
	c.Submit = func(s string) { sent = append(sent, s) }
	typeKeys(k, "  hello ")
	press(k, fyne.KeyReturn)
	if len(sent) != 1 || sent[0] != "hello" || c.Text() != "" {
		t.Errorf("sent %q, left %q", sent, c.Text())
	}
	press(k, fyne.KeyEnter)
	typeKeys(k, "  ")
	press(k, fyne.KeyReturn)
	if len(sent) != 1 {
		t.Errorf("an empty message was sent: %q", sent)
	}
}

func TestShiftEnterBreaksTheLine(t *testing.T) {
	c, k := shownComposer(t)
	c.Submit = func(s string) { t.Errorf("%q was sent", s) }
	typeKeys(k, "one")
	pressShifted(k, fyne.KeyReturn)
	typeKeys(k, "two")
	if c.Text() != "one\ntwo" {
		t.Errorf("text is %q", c.Text())
	}
}

func TestShiftIsForgottenWhenFocusIsLost(t *testing.T) {
	c, k := shownComposer(t)
	sent := ""
	c.Submit = func(s string) { sent = s }
	k.KeyDown(&fyne.KeyEvent{Name: desktop.KeyShiftLeft})
	k.FocusLost()
	k.FocusGained()
	typeKeys(k, "a")
	press(k, fyne.KeyReturn)
	if sent != "a" {
		t.Errorf("Enter sent %q after Shift was released elsewhere", sent)
	}
}

func TestUpInAnEmptyComposerEditsTheLastMessage(t *testing.T) {
	c, k := shownComposer(t)
	edits := 0
	c.EditLast = func() { edits++ }
	press(k, fyne.KeyUp)
	typeKeys(k, "a")
	press(k, fyne.KeyUp)
	if edits != 1 {
		t.Errorf("EditLast was called %d times, wanted 1", edits)
	}
}

func TestEscapeEndsAReplyOnce(t *testing.T) {
	c, k := shownComposer(t)
	ended := 0
	c.Cancel = func() { ended++ }
	press(k, fyne.KeyEscape)
	c.SetBanner(&widget.ComposerBanner{Icon: theme.IconReply, Title: "Reply to Ada"})
	press(k, fyne.KeyEscape)
	press(k, fyne.KeyEscape)
	if ended != 1 || c.Banner() != nil {
		t.Errorf("ended %d times, banner %v", ended, c.Banner())
	}
}

func TestComposerGrowsToSixLines(t *testing.T) {
	c, k := shownComposer(t)
	grown := 0
	c.Grown = func() { grown++ }
	one := c.HeightFor(520)
	if one < 44 {
		t.Errorf("one line is %v high, wanted at least 44", one)
	}
	heights := []float32{}
	for range 9 {
		pressShifted(k, fyne.KeyReturn)
		heights = append(heights, c.HeightFor(520))
	}
	if heights[0] <= one || heights[4] <= heights[3] || heights[5] != heights[4] || heights[8] != heights[4] {
		t.Errorf("heights are %v after %v", heights, one)
	}
	if grown != 5 {
		t.Errorf("Grown was called %d times, wanted 5", grown)
	}
	c.SetText("")
	if c.HeightFor(520) != one {
		t.Errorf("emptied, it is %v high, wanted %v", c.HeightFor(520), one)
	}
	c.SetText(strings.Repeat("word ", 40))
	if c.HeightFor(520) <= one {
		t.Error("a long line did not grow the composer")
	}
}

func TestEveryChangeIsADraft(t *testing.T) {
	c, k := shownComposer(t)
	last := "none"
	c.Draft = func(s string) { last = s }
	typeKeys(k, "ab")
	if last != "ab" {
		t.Errorf("draft is %q", last)
	}
	press(k, fyne.KeyReturn)
	if last != "" {
		t.Errorf("after sending the draft is %q", last)
	}
}

func TestADisabledComposerSendsNothing(t *testing.T) {
	c, k := shownComposer(t)
	c.Submit = func(s string) { t.Errorf("%q was sent", s) }
	c.SetText("hello")
	c.SetEnabled(false)
	typeKeys(k, "x")
	press(k, fyne.KeyReturn)
	if c.Text() != "hello" {
		t.Errorf("text is %q", c.Text())
	}
}

func TestPageKeysScrollTheTimeline(t *testing.T) {
	c, k := shownComposer(t)
	sum := float32(0)
	c.Page = func(dy float32) { sum = sum*10 + dy }
	press(k, fyne.KeyPageUp)
	press(k, fyne.KeyPageDown)
	if sum != -9 {
		t.Errorf("pages sum to %v, wanted -1 then 1", sum)
	}
}
