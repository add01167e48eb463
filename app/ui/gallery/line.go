package gallery

import (
	"fyne.io/fyne/v2"
	fynewidget "fyne.io/fyne/v2/widget"

	"sotto/app/ui/files"
	"sotto/app/ui/i18n"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/chat"
)

// line is one file in the list.
type line struct {
	fynewidget.BaseWidget
	icon    *widget.Icon
	name    *widget.FileName
	detail  *widget.Text
	time    *widget.Text
	content fyne.CanvasObject
}

func newLine() *line {
	l := &line{
		icon:   widget.NewIcon(theme.IconFile, theme.Accent, 24),
		name:   widget.NewFileName("", theme.SizeBody, theme.Text, true),
		detail: widget.NewText("", widget.TextOptions{Size: theme.SizeMeta, Color: theme.Muted, Cut: true}),
		time:   widget.NewText("", widget.TextOptions{Size: theme.SizeMeta, Color: theme.Muted}),
	}
	l.content = widget.NewInset(theme.Space2, theme.Space3, theme.Space2, theme.Space3,
		widget.NewRow(theme.Space3, 1, l.icon, widget.NewColumn(2, l.name, l.detail), l.time))
	l.ExtendBaseWidget(l)
	return l
}

// set shows a file: what it is, from whom, where it stands.
func (l *line) set(e entry, time, name string) {
	a := files.Describe(e.message, e.status, e.known)
	from := name
	if e.message.Direction == chat.Out {
		from = i18n.T("chat.you")
	}
	l.icon.Set(a.Icon, theme.Accent)
	l.name.SetName(e.message.File.Name)
	color := theme.Muted
	if a.Alarm {
		color = theme.Danger
	}
	l.detail.SetColor(color)
	l.detail.SetContent(i18n.T("files.line", i18n.Args{"Detail": e.stands(a.Detail), "Name": from}))
	l.time.SetContent(time)
	l.Refresh()
}

// stands adds to the detail of a file that there is nothing of it here yet: no button beside it says so.
func (e entry) stands(detail string) string {
	if e.known && e.status.State == chat.FileOffered {
		return i18n.T("files.offered", i18n.Args{"Size": detail})
	}
	return detail
}

// AccessibilityLabel implements fyne.Accessible.
func (l *line) AccessibilityLabel() string { return l.name.Content() + " " + l.detail.Content() }

// AccessibilityRole implements fyne.Accessible.
func (l *line) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

// CreateRenderer implements fyne.Widget.
func (l *line) CreateRenderer() fyne.WidgetRenderer { return fynewidget.NewSimpleRenderer(l.content) }
