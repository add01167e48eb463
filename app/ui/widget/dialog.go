package widget

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	fynewidget "fyne.io/fyne/v2/widget"

	"sotto/app/ui/theme"
)

// Dialog is a sheet of paper over the window, with a title, a body and buttons.
// Escape and the cancel button close it.
type Dialog struct {
	fynewidget.BaseWidget
	icon    theme.IconName
	tone    Tone
	content *fyne.Container
	title   *Text
	cancel  *Button
	act     *Button
	width   float32

	popup *fynewidget.PopUp
	back  fyne.Focusable
	first fyne.Focusable
}

func newDialog(icon theme.IconName, tone Tone, title string, body fyne.CanvasObject, width float32) *Dialog {
	d := &Dialog{icon: icon, tone: tone, width: width}
	d.title = NewText(title, TextOptions{Size: theme.SizeScreen, Bold: true, Wrap: true})
	d.content = NewColumn(theme.Space4, d.title, body)
	return d
}

func (d *Dialog) finish(cancel, act *Button) {
	d.cancel, d.act = cancel, act
	cancel.escape, act.escape = d.Close, d.Close
	space := canvas.NewRectangle(color.Transparent)
	d.content.Add(NewRow(theme.Space2, 0, space, cancel, act))
	d.ExtendBaseWidget(d)
}

// DangerWords are what a dialog before a dangerous act says: what goes, from
// where, and what cannot be undone.
type DangerWords struct {
	Title  string   // "Delete the conversation with Ada?"
	Points []string // a sentence each
	Act    string   // "Delete 1,204 messages": the button says the act
	Cancel string
}

// NewDangerDialog answers a dialog whose focus is on Cancel; acted is called
// after it closed. Enter does not act, and Escape closes.
func NewDangerDialog(w DangerWords, acted func()) *Dialog {
	points := make([]fyne.CanvasObject, len(w.Points))
	for i, p := range w.Points {
		points[i] = NewText(p, TextOptions{Wrap: true})
	}
	d := newDialog(theme.IconWarning, Alarming, w.Title, NewColumn(theme.Space2, points...), 440)
	cancel := NewButton(w.Cancel, "", Secondary, d.Close)
	d.finish(cancel, NewButton(w.Act, "", Dangerous, func() {
		d.Close()
		if acted != nil {
			acted()
		}
	}))
	d.first = cancel
	return d
}

// Question is one line of a consent sheet.
type Question struct {
	Key      string
	Title    string
	Sentence string
	Yes      bool // what was chosen before; a new question is no
}

// SheetWords frame a consent sheet.
type SheetWords struct {
	Title  string
	Intro  string
	Act    string // "Accept Ada"
	Cancel string
}

// NewConsentSheet answers a sheet of questions with switches; decided is called
// with the answer to every question, after the sheet closed. extra, when not
// nil, stands under the questions.
func NewConsentSheet(w SheetWords, questions []Question, extra fyne.CanvasObject, decided func(map[string]bool)) *Dialog {
	answers := make(map[string]bool, len(questions))
	var toggles []*Toggle
	rows := []fyne.CanvasObject{NewText(w.Intro, TextOptions{Color: theme.Muted, Wrap: true})}
	for i, q := range questions {
		answers[q.Key] = q.Yes
		if i > 0 {
			rows = append(rows, NewDivider())
		}
		toggle := NewToggle(q.Title, q.Sentence, q.Yes, func(on bool) { answers[q.Key] = on })
		toggles = append(toggles, toggle)
		rows = append(rows, toggle)
	}
	if extra != nil {
		rows = append(rows, extra)
	}
	d := newDialog(theme.IconConsent, Plain, w.Title, NewColumn(theme.Space2, rows...), 480)
	for _, t := range toggles {
		t.escape = d.Close
	}
	cancel := NewButton(w.Cancel, "", Secondary, d.Close)
	d.finish(cancel, NewButton(w.Act, "", Primary, func() {
		d.Close()
		if decided != nil {
			decided(answers)
		}
	}))
	d.first = cancel
	return d
}

// MessageWords are what a dialog that explains or asks says.
type MessageWords struct {
	Icon   theme.IconName
	Tone   Tone
	Title  string
	Text   string
	Act    string // "" for a dialog that only explains
	Cancel string // "Close" where there is no act
}

// NewMessageDialog answers a dialog that explains a state in a few sentences and
// offers at most one act. body, when not nil, stands under the text.
func NewMessageDialog(w MessageWords, body fyne.CanvasObject, acted func()) *Dialog {
	var inner fyne.CanvasObject = NewText(w.Text, TextOptions{Wrap: true})
	if body != nil {
		inner = NewColumn(theme.Space4, inner, body)
	}
	d := newDialog(w.Icon, w.Tone, w.Title, inner, 440)
	cancel := NewButton(w.Cancel, "", Secondary, d.Close)
	act := NewButton(w.Act, "", Primary, func() {
		d.Close()
		if acted != nil {
			acted()
		}
	})
	SetVisible(act, w.Act != "")
	d.finish(cancel, act)
	d.first = cancel
	return d
}

// Open shows the dialog over c and gives Cancel the keyboard.
func (d *Dialog) Open(c fyne.Canvas) {
	if d.popup != nil {
		return
	}
	d.fit(c.Size().Height - theme.Space8)
	d.back = c.Focused()
	d.popup = fynewidget.NewModalPopUp(d, c)
	d.popup.Show()
	d.popup.Resize(fyne.NewSize(min(d.width, c.Size().Width-theme.Space8), d.HeightFor(d.width)))
	c.Focus(d.first)
}

// fit lets the body scroll when the dialog would be higher than height, so that the buttons stay in reach.
func (d *Dialog) fit(height float32) {
	over := d.HeightFor(d.width) - height
	if over <= 0 {
		return
	}
	body := d.content.Objects[1]
	left := max(HeightFor(body, d.width-d.lead()-theme.Space6)-over, 80)
	d.content.Objects[1] = container.New(fixedHeight(left), NewPage(NewInset(0, theme.Space3, 0, 0, body)))
}

// fixedHeight is the layout of one object that has a height of its own.
type fixedHeight float32

func (f fixedHeight) heightFor([]fyne.CanvasObject, float32) float32 { return float32(f) }

func (f fixedHeight) MinSize(objs []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(objs[0].MinSize().Width, float32(f))
}

func (f fixedHeight) Layout(objs []fyne.CanvasObject, s fyne.Size) {
	place(objs[0], 0, 0, s.Width, s.Height)
}

// Close takes the dialog away and gives the keyboard back.
func (d *Dialog) Close() {
	if d.popup == nil {
		return
	}
	c := d.popup.Canvas
	d.popup.Hide()
	d.popup = nil
	if d.back != nil {
		c.Focus(d.back)
	}
}

// IsOpen reports whether the dialog is shown.
func (d *Dialog) IsOpen() bool { return d.popup != nil }

// Act answers the button that acts, to disable it until a condition holds.
func (d *Dialog) Act() *Button { return d.act }

// Cancel answers the button that closes.
func (d *Dialog) Cancel() *Button { return d.cancel }

// HeightFor implements flowing.
func (d *Dialog) HeightFor(width float32) float32 {
	return HeightFor(d.content, width-d.lead()-theme.Space6) + 2*theme.Space6
}

func (d *Dialog) lead() float32 {
	if d.icon == "" {
		return theme.Space6
	}
	return theme.Space6 + 28 + theme.Space4
}

// CreateRenderer implements fyne.Widget.
func (d *Dialog) CreateRenderer() fyne.WidgetRenderer {
	ground := newRect(color.Transparent, theme.CardRadius)
	icon := canvas.NewImageFromResource(nil)
	icon.FillMode = canvas.ImageFillContain
	p := &parts{owner: d, objects: []fyne.CanvasObject{ground, icon, d.content}}
	p.refresh = func() {
		ground.FillColor = colorOf(d, theme.Raised)
		SetVisible(icon, d.icon != "")
		if d.icon != "" {
			ink := d.tone.ink()
			if d.tone == Plain {
				ink = theme.Accent
			}
			setIcon(icon, d.icon, colorOf(d, ink))
		}
		d.content.Refresh()
	}
	p.min = func() fyne.Size {
		w := max(d.Size().Width, min(d.width, 480))
		return fyne.NewSize(min(d.width, 320), d.HeightFor(w))
	}
	p.layout = func(s fyne.Size) {
		place(ground, 0, 0, s.Width, s.Height)
		place(icon, theme.Space6, theme.Space6, 28, 28)
		place(d.content, d.lead(), theme.Space6, s.Width-d.lead()-theme.Space6, s.Height-2*theme.Space6)
	}
	p.refresh()
	return p
}
