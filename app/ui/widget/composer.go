package widget

import (
	"image/color"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	fynetheme "fyne.io/fyne/v2/theme"
	fynewidget "fyne.io/fyne/v2/widget"

	"sotto/app/ui/theme"
)

// measuredMost is how much of a text is measured for the height, in bytes: more than six lines hold.
const measuredMost = 4096

// composerLines is how far the composer grows; beyond it scrolls inside.
const composerLines = 6

// ComposerWords are the words on and in a composer.
type ComposerWords struct {
	Placeholder string // "Write to Ada"
	Send        string // name of the send button
	Cancel      string // name of the button that ends a reply or an edit
	Attach      string // name of the button that adds files; "": there is none
}

// ComposerBanner says above the text what the next message belongs to.
type ComposerBanner struct {
	Icon  theme.IconName // theme.IconReply or theme.IconEdit
	Title string         // "Reply to Ada", "Edit message"
	Text  string         // the message it is about
}

// Composer is where messages are written. Enter sends, Shift+Enter breaks the
// line, Up in an empty composer edits the last own message, Escape ends a reply
// or an edit. It grows from one line to six.
type Composer struct {
	fynewidget.BaseWidget

	Submit   func(text string) // the text without white space at its ends, never empty
	Draft    func(text string) // after every change
	EditLast func()            // Up in an empty composer
	Cancel   func()            // the banner was closed
	Page     func(dy float32)  // Page Up and Page Down: -1 or 1 pages of the timeline
	Grown    func()            // the height changed; lay the parent out again
	Escape   func()            // Escape without a banner to close
	Attach   func()            // the button that adds files
	Paste    func()            // Paste, when the clipboard holds no text

	words  ComposerWords
	entry  *composerEntry
	themed *container.ThemeOverride
	send   *Button
	close  *Button
	attach *Button
	banner *ComposerBanner
	lines  int
	width  float32
}

// NewComposer answers an empty composer.
func NewComposer(words ComposerWords) *Composer {
	c := &Composer{words: words, lines: 1}
	c.entry = newComposerEntry(c)
	c.themed = container.NewThemeOverride(c.entry, composerTheme{})
	c.send = NewIconButton(theme.IconSend, words.Send, c.submit)
	c.send.rank = Primary
	c.send.Disable()
	c.close = NewIconButton(theme.IconClose, words.Cancel, c.cancel)
	c.attach = NewIconButton(theme.IconAttach, words.Attach, func() {
		if c.Attach != nil {
			c.Attach()
		}
	})
	SetVisible(c.attach, words.Attach != "")
	c.ExtendBaseWidget(c)
	return c
}

// Text answers what is written.
func (c *Composer) Text() string { return c.entry.Text }

// SetText replaces what is written, with the cursor behind it: a draft, or the
// message to edit.
func (c *Composer) SetText(s string) {
	c.entry.SetText(s)
	c.entry.CursorRow = strings.Count(s, "\n")
	c.entry.CursorColumn = len([]rune(s[strings.LastIndexByte(s, '\n')+1:]))
	c.entry.Refresh()
}

// SetPlaceholder changes the words in the empty composer.
func (c *Composer) SetPlaceholder(s string) { c.entry.SetPlaceHolder(s) }

// SetBanner shows what the next message belongs to; nil ends it.
func (c *Composer) SetBanner(b *ComposerBanner) {
	c.banner = b
	c.Refresh()
	c.grown()
}

// Banner answers what is shown above the text, or nil.
func (c *Composer) Banner() *ComposerBanner { return c.banner }

// Focus answers what to give the keyboard to.
func (c *Composer) Focus() fyne.Focusable { return c.entry }

// SetEnabled lets people write or not, as in a conversation that is blocked.
func (c *Composer) SetEnabled(on bool) {
	if on {
		c.entry.Enable()
	} else {
		c.entry.Disable()
	}
	c.attach.setOff(!on)
	c.changed(c.entry.Text)
}

func (c *Composer) submit() {
	text := strings.TrimSpace(c.entry.Text)
	if text == "" || c.entry.Disabled() {
		return
	}
	c.entry.SetText("")
	if c.Submit != nil {
		c.Submit(text)
	}
}

func (c *Composer) cancel() {
	if c.banner == nil {
		return
	}
	c.SetBanner(nil)
	if c.Cancel != nil {
		c.Cancel()
	}
}

func (c *Composer) changed(text string) {
	if strings.TrimSpace(text) == "" || c.entry.Disabled() {
		c.send.Disable()
	} else {
		c.send.Enable()
	}
	c.measureLines()
	if c.Draft != nil {
		c.Draft(text)
	}
}

// measureLines follows the number of lines up to the limit.
func (c *Composer) measureLines() {
	if c.width <= 0 {
		return
	}
	inner := c.entryWidth(c.width) - 2*fixedInner
	text := c.entry.Text
	if len(text) > measuredMost {
		text = strings.ToValidUTF8(text[:measuredMost], "")
	}
	b := wrapText([]Span{{Text: text}}, sizeOf(c, theme.SizeTitle), inner, composerLines)
	lines := min(max(len(b.lines), 1), composerLines)
	if lines == c.lines {
		return
	}
	c.lines = lines
	c.entry.SetMinRowsVisible(lines)
	c.BaseWidget.Refresh()
	c.grown()
}

func (c *Composer) grown() {
	if c.Grown != nil {
		c.Grown()
	}
}

const (
	fixedInner     float32 = 8 // Fyne's padding inside an entry
	composerPad    float32 = 4
	composerButton float32 = 36
)

func (c *Composer) entryWidth(width float32) float32 {
	return width - composerButton - 3*composerPad - c.lead()
}

// lead is the room of the button before the text.
func (c *Composer) lead() float32 {
	if !c.attach.Visible() {
		return 0
	}
	return composerButton
}

func (c *Composer) bannerHeight() float32 {
	if c.banner == nil {
		return 0
	}
	return 2*lineHeight(sizeOf(c, theme.SizeMeta)) + theme.Space3
}

// HeightFor answers the height; it depends on the text, at a width the composer
// was laid out in before.
func (c *Composer) HeightFor(float32) float32 { return c.height() }

func (c *Composer) height() float32 {
	line := lineHeight(sizeOf(c, theme.SizeTitle))
	return max(44, line*float32(c.lines)+2*fixedInner+2*composerPad) + c.bannerHeight()
}

// low is how far the buttons stand over the lower edge: in the middle of the last line, also of large text.
func (c *Composer) low() float32 {
	line := lineHeight(sizeOf(c, theme.SizeTitle)) + 2*fixedInner + 2*composerPad
	return max((line-composerButton)/2, composerPad)
}

// CreateRenderer implements fyne.Widget.
func (c *Composer) CreateRenderer() fyne.WidgetRenderer {
	ground := newRect(color.Transparent, theme.CardRadius)
	ground.StrokeWidth = 1
	bar := newRect(color.Transparent, 1.5)
	icon := canvas.NewImageFromResource(nil)
	icon.FillMode = canvas.ImageFillContain
	title := NewText("", TextOptions{Size: theme.SizeMeta, Color: theme.Accent, Bold: true, Cut: true})
	text := NewText("", TextOptions{Size: theme.SizeMeta, Color: theme.Muted, Cut: true})

	p := &parts{owner: c, objects: []fyne.CanvasObject{ground, bar, icon, title, text, c.themed, c.attach, c.send, c.close}}
	p.refresh = func() {
		ground.FillColor, ground.StrokeColor = colorOf(c, theme.Surface), colorOf(c, theme.Outline)
		if c.entry.focused {
			ground.StrokeColor = colorOf(c, theme.Accent)
		}
		bar.FillColor = colorOf(c, theme.Accent)
		for _, o := range []fyne.CanvasObject{bar, icon, title, text, c.close} {
			SetVisible(o, c.banner != nil)
		}
		if c.banner != nil {
			setIcon(icon, c.banner.Icon, colorOf(c, theme.Accent))
			title.SetContent(CleanName(c.banner.Title))
			text.SetContent(CleanName(c.banner.Text))
		}
	}
	p.min = func() fyne.Size { return fyne.NewSize(200, c.height()) }
	p.layout = func(s fyne.Size) {
		place(ground, 0, 0, s.Width, s.Height)
		top := c.bannerHeight()
		if c.banner != nil {
			lh := lineHeight(sizeOf(c, theme.SizeMeta))
			place(icon, theme.Space3, theme.Space2+(2*lh-18)/2, 18, 18)
			place(bar, 38, theme.Space2, 3, 2*lh)
			w := s.Width - 49 - composerButton - theme.Space2
			place(title, 49, theme.Space2, w, lh)
			place(text, 49, theme.Space2+lh, w, lh)
			place(c.close, s.Width-composerButton-composerPad, theme.Space1, composerButton, composerButton)
		}
		h := s.Height - top
		foot := s.Height - composerButton - c.low()
		place(c.attach, composerPad, foot, composerButton, composerButton)
		place(c.themed, composerPad+c.lead(), top+composerPad, c.entryWidth(s.Width), h-2*composerPad)
		place(c.send, s.Width-composerButton-composerPad, foot, composerButton, composerButton)
		if c.width != s.Width {
			c.width = s.Width
			c.measureLines()
		}
	}
	p.refresh()
	return p
}

// composerEntry is the text field of a composer, with its keys.
type composerEntry struct {
	fynewidget.Entry
	c       *Composer
	shift   int
	focused bool
}

func newComposerEntry(c *Composer) *composerEntry {
	e := &composerEntry{c: c}
	e.MultiLine = true
	// Fyne 2.8.0 moves a space that is typed where a line wraps by words to the end of the text.
	e.Wrapping = fyne.TextWrapBreak
	e.PlaceHolder = c.words.Placeholder
	e.OnChanged = c.changed
	e.ExtendBaseWidget(e)
	e.SetMinRowsVisible(1)
	return e
}

// AcceptsTab lets Tab leave the composer.
func (e *composerEntry) AcceptsTab() bool { return false }

// KeyDown notes Shift.
func (e *composerEntry) KeyDown(k *fyne.KeyEvent) {
	if k.Name == desktop.KeyShiftLeft || k.Name == desktop.KeyShiftRight {
		e.shift++
	}
	e.Entry.KeyDown(k)
}

// KeyUp notes Shift.
func (e *composerEntry) KeyUp(k *fyne.KeyEvent) {
	if k.Name == desktop.KeyShiftLeft || k.Name == desktop.KeyShiftRight {
		e.shift = max(e.shift-1, 0)
	}
	e.Entry.KeyUp(k)
}

// FocusGained shows the edge in the accent.
func (e *composerEntry) FocusGained() {
	e.focused, e.shift = true, 0
	e.Entry.FocusGained()
	e.c.BaseWidget.Refresh()
}

// FocusLost shows the edge as before; keys held are forgotten.
func (e *composerEntry) FocusLost() {
	e.focused, e.shift = false, 0
	e.Entry.FocusLost()
	e.c.BaseWidget.Refresh()
}

// TypedKey implements the keys of a composer.
func (e *composerEntry) TypedKey(k *fyne.KeyEvent) {
	c := e.c
	switch k.Name {
	case fyne.KeyReturn, fyne.KeyEnter:
		if e.shift > 0 {
			e.TypedRune('\n')
		} else {
			c.submit()
		}
		return
	case fyne.KeyEscape:
		if c.banner != nil {
			c.cancel()
			return
		}
		if c.Escape != nil {
			c.Escape()
			return
		}
	case fyne.KeyUp:
		if e.Text == "" && c.EditLast != nil {
			c.EditLast()
			return
		}
	case fyne.KeyPageUp, fyne.KeyPageDown:
		if c.Page != nil {
			c.Page(map[bool]float32{true: -1, false: 1}[k.Name == fyne.KeyPageUp])
			return
		}
	}
	e.Entry.TypedKey(k)
}

// TypedShortcut implements fyne.Shortcutable: Paste without a text is handed on.
func (e *composerEntry) TypedShortcut(s fyne.Shortcut) {
	if p, ok := s.(*fyne.ShortcutPaste); ok && e.c.Paste != nil && p.Clipboard.Content() == "" {
		e.c.Paste()
		return
	}
	e.Entry.TypedShortcut(s)
}

// composerTheme is the application's theme with larger text and no frame of its
// own around the entry: the composer draws that.
type composerTheme struct{}

func current() fyne.Theme { return fyne.CurrentApp().Settings().Theme() }

func (composerTheme) Color(n fyne.ThemeColorName, v fyne.ThemeVariant) color.Color {
	if n == fynetheme.ColorNameInputBackground {
		return color.Transparent
	}
	return current().Color(n, v)
}

func (composerTheme) Size(n fyne.ThemeSizeName) float32 {
	switch n {
	case fynetheme.SizeNameText:
		return theme.Size(current(), theme.SizeTitle)
	case fynetheme.SizeNameInputBorder:
		return 0
	}
	return current().Size(n)
}

func (composerTheme) Font(s fyne.TextStyle) fyne.Resource     { return current().Font(s) }
func (composerTheme) Icon(n fyne.ThemeIconName) fyne.Resource { return current().Icon(n) }
