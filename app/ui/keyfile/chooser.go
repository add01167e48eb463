package keyfile

import (
	"path/filepath"

	"fyne.io/fyne/v2"
	fynewidget "fyne.io/fyne/v2/widget"

	"sotto/app/ui/form"
	"sotto/app/ui/i18n"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
)

// Chooser is a button that asks for a key file, and the name of the one that was chosen.
type Chooser struct {
	fynewidget.BaseWidget
	// Changed is called after a file was chosen or given up; may be nil.
	Changed func()

	s       screen.Services
	path    string
	ask     *widget.Button
	without *widget.Button
	name    *widget.Text
	column  *fyne.Container
}

// NewChooser answers one with nothing chosen.
func NewChooser(s screen.Services) *Chooser {
	c := &Chooser{s: s}
	c.ask = widget.NewSmallButton(i18n.T("keyfile.use"), theme.IconDocument, widget.Secondary, c.open)
	c.without = widget.NewSmallButton(i18n.T("keyfile.without"), "", widget.Quiet, func() { c.Set("") })
	c.without.Hide()
	c.name = form.Small("")
	c.name.Hide()
	c.column = widget.NewColumn(theme.Space1, form.Buttons(c.ask, c.without), c.name)
	c.ExtendBaseWidget(c)
	return c
}

// Path is where the chosen file lies; "" when none was.
func (c *Chooser) Path() string { return c.path }

// Set chooses a file; "" none.
func (c *Chooser) Set(path string) {
	c.path = path
	if path == "" {
		c.ask.SetText(i18n.T("keyfile.use"))
		c.name.Hide()
		c.without.Hide()
	} else {
		c.ask.SetText(i18n.T("keyfile.other"))
		c.name.SetContent(i18n.T("keyfile.chosen", i18n.Args{"Name": widget.CleanName(filepath.Base(path))}))
		c.name.Show()
		c.without.Show()
	}
	c.Refresh()
	if c.Changed != nil {
		c.Changed()
	}
}

func (c *Chooser) open() {
	start := form.Documents()
	if c.path != "" {
		start = filepath.Dir(c.path)
	}
	form.PickAnyFile(c.s, form.PickWords{
		Title: i18n.T("keyfile.choose"), Text: i18n.T("keyfile.choose.text"), Path: i18n.T("keyfile.path"), Up: i18n.T("pick.up"),
		Empty: i18n.T("keyfile.none"), Missing: i18n.T("keyfile.missing"), Act: i18n.T("keyfile.take"), Cancel: i18n.T("cancel"),
	}, start, c.Set)
}

// HeightFor answers the height at width.
func (c *Chooser) HeightFor(width float32) float32 { return widget.HeightFor(c.column, width) }

// MinSize implements fyne.Widget.
func (c *Chooser) MinSize() fyne.Size { return c.column.MinSize() }

// CreateRenderer implements fyne.Widget.
func (c *Chooser) CreateRenderer() fyne.WidgetRenderer { return fynewidget.NewSimpleRenderer(c.column) }
