package about

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"sotto/app/ui/form"
	"sotto/app/ui/i18n"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/assets"
)

// Screen is the page about Sotto.
type Screen struct {
	root *fyne.Container
}

// New makes the screen.
func New(s screen.Services, _ screen.Place) screen.Screen {
	header := widget.NewPageHeader(widget.HeaderParts{Title: i18n.T("about.title"), BackLabel: i18n.T("back"), Back: s.Nav.Back})
	icon := canvas.NewImageFromResource(fyne.NewStaticResource("appicon.png", assets.AppIcon()))
	icon.FillMode = canvas.ImageFillContain
	icon.SetMinSize(fyne.NewSquareSize(72))
	paragraph := func(title, text string) fyne.CanvasObject {
		return widget.NewColumn(2, widget.NewText(title, widget.TextOptions{Bold: true, Wrap: true}), form.Note(text))
	}
	return &Screen{root: container.NewStack(form.Page(
		header,
		widget.NewRow(theme.Space4, 1, icon, widget.NewColumn(2,
			widget.NewText(i18n.T("about.name"), widget.TextOptions{Size: theme.SizeWelcome, Bold: true, Wrap: true}),
			form.Note(i18n.T("about.version", i18n.Args{"Version": assets.Version})))),
		widget.NewBanner(widget.BannerWords{Icon: theme.IconWarning, Tone: widget.Careful, Text: i18n.T("about.unaudited")}, nil, nil),
		form.Section(i18n.T("about.how"), "", form.Group(
			paragraph(i18n.T("about.how.encryption"), i18n.T("about.how.encryption.text")),
			paragraph(i18n.T("about.how.history"), i18n.T("about.how.history.text")),
			paragraph(i18n.T("about.how.relay"), i18n.T("about.how.relay.text")),
		)),
		form.Section(i18n.T("about.privacy"), i18n.T("about.privacy.lead"), form.Group(
			paragraph(i18n.T("about.privacy.nothing"), i18n.T("about.privacy.nothing.text")),
			paragraph(i18n.T("about.privacy.contacts"), i18n.T("about.privacy.contacts.text")),
			paragraph(i18n.T("about.privacy.relay"), i18n.T("about.privacy.relay.text")),
			paragraph(i18n.T("about.privacy.bots"), i18n.T("about.privacy.bots.text")),
			paragraph(i18n.T("about.privacy.computer"), i18n.T("about.privacy.computer.text")),
		), form.Buttons(widget.NewSmallButton(i18n.T("about.privacy.open"), theme.IconConsent, widget.Secondary, func() {
			s.Nav.Open(screen.Place{Screen: screen.Privacy})
		}))),
		form.Section(i18n.T("about.licence"), i18n.T("about.licence.text")),
	))}
}

// Content implements screen.Screen.
func (a *Screen) Content() fyne.CanvasObject { return a.root }

// Shown implements screen.Screen.
func (a *Screen) Shown() {}

// Closed implements screen.Screen.
func (a *Screen) Closed() {}
