package ui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	fynewidget "fyne.io/fyne/v2/widget"

	"sotto/app/ui/conversation"
	"sotto/app/ui/i18n"
	"sotto/app/ui/screen"
)

// setMenu sets the menus. Every shortcut is in a menu, because shortcuts of a canvas do not fire while a field has the
// keyboard.
func (w *Window) setMenu() {
	item := func(label string, act func(), key fyne.KeyName, modifier fyne.KeyModifier) *fyne.MenuItem {
		i := fyne.NewMenuItem(label, act)
		if key != "" {
			i.Shortcut = &desktop.CustomShortcut{KeyName: key, Modifier: modifier}
		}
		i.Disabled = w.open == nil
		return i
	}
	const ctrl, alt, shift = fyne.KeyModifierShortcutDefault, fyne.KeyModifierAlt, fyne.KeyModifierShift
	quit := fyne.NewMenuItem(i18n.T("menu.quit"), w.o.App.Quit)
	quit.IsQuit = true
	w.win.SetMainMenu(fyne.NewMainMenu(
		fyne.NewMenu(i18n.T("menu.sotto"),
			item(i18n.T("menu.settings"), w.opens(screen.Settings), fyne.KeyComma, ctrl),
			item(i18n.T("menu.privacy"), w.opens(screen.Privacy), "", 0),
			item(i18n.T("menu.security"), w.opens(screen.Security), "", 0),
			item(i18n.T("menu.storage"), w.opens(screen.Storage), "", 0),
			item(i18n.T("menu.about"), w.opens(screen.About), "", 0),
			fyne.NewMenuItemSeparator(),
			item(i18n.T("menu.lock"), w.Lock, fyne.KeyL, ctrl),
			quit,
		),
		fyne.NewMenu(i18n.T("menu.conversations"),
			item(i18n.T("menu.switch"), w.switchTo, fyne.KeyK, ctrl),
			item(i18n.T("menu.search"), w.opens(screen.Search), fyne.KeyF, ctrl|shift),
			item(i18n.T("menu.search.here"), w.searchHere, fyne.KeyF, ctrl),
			item(i18n.T("menu.attach"), w.inChat((*conversation.View).Attach), fyne.KeyO, ctrl),
			item(i18n.T("menu.paste"), w.inChat((*conversation.View).Paste), fyne.KeyV, ctrl|shift),
			item(i18n.T("menu.files"), w.inChat((*conversation.View).Gallery), fyne.KeyG, ctrl),
			item(i18n.T("menu.next"), func() { w.step(1) }, fyne.KeyDown, alt),
			item(i18n.T("menu.previous"), func() { w.step(-1) }, fyne.KeyUp, alt),
			item(i18n.T("menu.back"), w.Back, fyne.KeyLeft, alt),
		),
		fyne.NewMenu(i18n.T("menu.people"),
			item(i18n.T("chats.new.invite"), w.opens(screen.Invite), fyne.KeyN, ctrl),
			item(i18n.T("chats.new.add"), w.opens(screen.Add), fyne.KeyN, ctrl|shift),
			item(i18n.T("menu.requests"), w.opens(screen.Requests), "", 0),
		),
	))
}

// listenToKeys follows the keys that no field takes: Escape, and any as a sign of a person.
func (w *Window) listenToKeys() {
	c, ok := w.win.Canvas().(desktop.Canvas)
	if !ok {
		return
	}
	c.SetOnKeyDown(func(k *fyne.KeyEvent) {
		w.Active()
		if k.Name == fyne.KeyEscape {
			w.Escape()
		}
	})
}

// sense lies under everything and shows nothing. The toolkit asks each object under the pointer for its cursor whenever
// the pointer moves; that is how it learns of a person.
type sense struct {
	fynewidget.BaseWidget
	felt func()
}

func newSense(felt func()) *sense {
	s := &sense{felt: felt}
	s.ExtendBaseWidget(s)
	return s
}

// Cursor implements desktop.Cursorable.
func (s *sense) Cursor() desktop.Cursor {
	s.felt()
	return desktop.DefaultCursor
}

// CreateRenderer implements fyne.Widget.
func (s *sense) CreateRenderer() fyne.WidgetRenderer { return fynewidget.NewSimpleRenderer(blank()) }

func blank() fyne.CanvasObject { return canvas.NewRectangle(color.Transparent) }
