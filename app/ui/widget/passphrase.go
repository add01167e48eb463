package widget

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	fynewidget "fyne.io/fyne/v2/widget"

	"sotto/app/ui/theme"
)

// Strength is what an estimator says about a passphrase.
type Strength struct {
	Level int    // 0 (empty) to 4
	Words string // "Weak: a stolen file could be opened in hours"
}

// PassphraseWords are the words on a passphrase field.
type PassphraseWords struct {
	Placeholder string
	Show, Hide  string // names of the eye
	Generate    string // "" for a field without the generator, as on the unlock screen
}

// PassphraseField takes a passphrase. With an estimator it shows the strength in
// words and four bars; with a generator it offers one. The text is shown only
// while the eye is open.
type PassphraseField struct {
	fynewidget.BaseWidget

	Changed   func(string)
	Submitted func()

	words    PassphraseWords
	estimate func(string) Strength
	generate func() string
	entry    *fynewidget.Entry
	eye      *Button
	gen      *Button
	hint     *Text
	strength Strength
}

// NewPassphraseField answers a field; estimate and generate may be nil.
func NewPassphraseField(w PassphraseWords, estimate func(string) Strength, generate func() string) *PassphraseField {
	f := &PassphraseField{words: w, estimate: estimate, generate: generate}
	f.entry = &fynewidget.Entry{Password: true, PlaceHolder: w.Placeholder, Wrapping: fyne.TextWrapOff, Scroll: fyne.ScrollHorizontalOnly}
	f.entry.ExtendBaseWidget(f.entry)
	f.entry.OnChanged = f.changed
	f.entry.OnSubmitted = func(string) {
		if f.Submitted != nil {
			f.Submitted()
		}
	}
	f.eye = NewIconButton(theme.IconEye, w.Show, f.toggle)
	f.entry.ActionItem = f.eye
	f.gen = NewButton(w.Generate, theme.IconRefresh, Secondary, f.Generate)
	f.hint = NewText("", TextOptions{Size: theme.SizeMeta, Color: theme.Muted, Wrap: true, MaxLines: 2})
	f.rate("")
	f.ExtendBaseWidget(f)
	return f
}

// Text answers the passphrase.
func (f *PassphraseField) Text() string { return f.entry.Text }

// Concealed reports whether the passphrase is shown as dots.
func (f *PassphraseField) Concealed() bool { return f.entry.Password }

// Clear empties the field and closes the eye.
func (f *PassphraseField) Clear() {
	f.entry.SetText("")
	if !f.entry.Password {
		f.toggle()
	}
}

// Focus answers what to give the keyboard to.
func (f *PassphraseField) Focus() fyne.Focusable { return f.entry }

// SetEnabled lets people type or not, as during an unlock delay.
func (f *PassphraseField) SetEnabled(on bool) {
	if on {
		f.entry.Enable()
		f.gen.Enable()
		return
	}
	f.entry.Disable()
	f.gen.Disable()
}

func (f *PassphraseField) changed(s string) {
	f.rate(s)
	f.BaseWidget.Refresh()
	if f.Changed != nil {
		f.Changed(s)
	}
}

func (f *PassphraseField) rate(s string) {
	if f.estimate == nil {
		return
	}
	f.strength = f.estimate(s)
	f.strength.Level = min(max(f.strength.Level, 0), 4)
	f.hint.content, f.hint.laidWidth = f.strength.Words, -1
}

func (f *PassphraseField) toggle() {
	f.entry.Password = !f.entry.Password
	icon, label := theme.IconEye, f.words.Show
	if !f.entry.Password {
		icon, label = theme.IconEyeOff, f.words.Hide
	}
	f.eye.label = label
	f.eye.SetIcon(icon)
	f.entry.Refresh()
}

// Generate puts a generated passphrase in and shows it, because it must be noted.
func (f *PassphraseField) Generate() {
	if f.generate == nil {
		return
	}
	if f.entry.Password {
		f.toggle()
	}
	f.entry.SetText(f.generate())
}

func (f *PassphraseField) inputHeight() float32 { return f.entry.MinSize().Height }

const strengthRow float32 = 4

// HeightFor implements flowing.
func (f *PassphraseField) HeightFor(width float32) float32 {
	h := f.inputHeight()
	if f.estimate != nil {
		h += theme.Space2 + strengthRow + theme.Space1 + max(f.hint.HeightFor(width), lineHeight(sizeOf(f, theme.SizeMeta)))
	}
	return h
}

func (f *PassphraseField) tone() fyne.ThemeColorName {
	return [...]fyne.ThemeColorName{theme.Muted, theme.Danger, theme.Caution, theme.Good, theme.Good}[f.strength.Level]
}

// CreateRenderer implements fyne.Widget.
func (f *PassphraseField) CreateRenderer() fyne.WidgetRenderer {
	var bars [4]*canvas.Rectangle
	p := &parts{owner: f, objects: []fyne.CanvasObject{f.entry, f.gen, f.hint}}
	for i := range bars {
		bars[i] = newRect(color.Transparent, strengthRow/2)
		p.objects = append(p.objects, bars[i])
	}
	p.refresh = func() {
		SetVisible(f.gen, f.generate != nil)
		SetVisible(f.hint, f.estimate != nil)
		f.hint.opts.Color = f.tone()
		f.hint.Refresh()
		for i, b := range bars {
			SetVisible(b, f.estimate != nil)
			b.FillColor = colorOf(f, theme.Hairline)
			if i < f.strength.Level {
				b.FillColor = colorOf(f, f.tone())
			}
			b.Refresh()
		}
	}
	p.min = func() fyne.Size {
		return fyne.NewSize(max(220, f.gen.MinSize().Width+160), f.HeightFor(max(f.Size().Width, 220)))
	}
	p.layout = func(s fyne.Size) {
		h, w := f.inputHeight(), s.Width
		if f.generate != nil {
			g := f.gen.MinSize().Width
			w -= g + theme.Space2
			place(f.gen, s.Width-g, 0, g, h)
		}
		place(f.entry, 0, 0, w, h)
		y := h + theme.Space2
		bar := (s.Width - 3*theme.Space1) / 4
		for i, b := range bars {
			place(b, float32(i)*(bar+theme.Space1), y, bar, strengthRow)
		}
		y += strengthRow + theme.Space1
		place(f.hint, 0, y, s.Width, max(s.Height-y, 0))
	}
	p.refresh()
	return p
}
