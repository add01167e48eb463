package widget

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	fynewidget "fyne.io/fyne/v2/widget"

	"sotto/app/ui/theme"
)

// CardWords are what a card says.
type CardWords struct {
	Icon     theme.IconName
	Title    string
	Sentence string
	Action   string // "" for a card without a button
}

// Card says one thing in a title and a sentence and offers one act. Body, when
// set, stands between sentence and button.
type Card struct {
	fynewidget.BaseWidget
	words    CardWords
	title    *Text
	sentence *Text
	action   *Button
	content  *fyne.Container
}

// NewCard answers a card; body may be nil.
func NewCard(w CardWords, body fyne.CanvasObject, tapped func()) *Card {
	c := &Card{words: w}
	c.title = NewText(w.Title, TextOptions{Size: theme.SizeTitle, Bold: true, Wrap: true})
	c.sentence = NewText(w.Sentence, TextOptions{Color: theme.Muted, Wrap: true})
	c.action = NewSmallButton(w.Action, "", Secondary, tapped)
	objs := []fyne.CanvasObject{NewColumn(theme.Space1, c.title, c.sentence)}
	if body != nil {
		objs = append(objs, body)
	}
	if w.Action != "" {
		objs = append(objs, NewRow(0, -1, c.action))
	}
	c.content = NewColumn(theme.Space3, objs...)
	c.ExtendBaseWidget(c)
	return c
}

// SetSentence changes the sentence, as when a state is reported.
func (c *Card) SetSentence(s string) {
	c.sentence.SetContent(s)
	c.BaseWidget.Refresh()
}

// Action answers the button, to rename or disable it.
func (c *Card) Action() *Button { return c.action }

func (c *Card) lead() float32 {
	if c.words.Icon == "" {
		return theme.Space4
	}
	return theme.Space4 + 36 + theme.Space3
}

// HeightFor implements flowing.
func (c *Card) HeightFor(width float32) float32 {
	return max(HeightFor(c.content, width-c.lead()-theme.Space4), 36) + 2*theme.Space4
}

// CreateRenderer implements fyne.Widget.
func (c *Card) CreateRenderer() fyne.WidgetRenderer {
	ground := newRect(color.Transparent, theme.CardRadius)
	disc := canvas.NewCircle(color.Transparent)
	icon := canvas.NewImageFromResource(nil)
	icon.FillMode = canvas.ImageFillContain
	p := &parts{owner: c, objects: []fyne.CanvasObject{ground, disc, icon, c.content}}
	p.refresh = func() {
		ground.FillColor = colorOf(c, theme.Raised)
		ground.StrokeColor, ground.StrokeWidth = colorOf(c, theme.Hairline), 1
		raise(ground, colorOf(c, theme.Shade))
		disc.FillColor = colorOf(c, theme.OwnBubble)
		SetVisible(disc, c.words.Icon != "")
		SetVisible(icon, c.words.Icon != "")
		if c.words.Icon != "" {
			setIcon(icon, c.words.Icon, colorOf(c, theme.Accent))
		}
		c.content.Refresh()
	}
	p.min = func() fyne.Size {
		return fyne.NewSize(c.lead()+c.content.MinSize().Width+theme.Space4, c.HeightFor(max(c.Size().Width, 220)))
	}
	p.layout = func(s fyne.Size) {
		place(ground, 0, 0, s.Width, s.Height)
		place(disc, theme.Space4, theme.Space4, 36, 36)
		place(icon, theme.Space4+8, theme.Space4+8, 20, 20)
		place(c.content, c.lead(), theme.Space4, s.Width-c.lead()-theme.Space4, s.Height-2*theme.Space4)
	}
	p.refresh()
	return p
}
