package chats

import (
	"fyne.io/fyne/v2"

	"sotto/app/messenger"
	"sotto/app/ui/i18n"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
)

// foot shows oneself and the connection, with the ways to the settings and the lock.
type foot struct {
	s       screen.Services
	content fyne.CanvasObject
	avatar  *widget.Avatar
	name    *widget.Text
	icon    *widget.Icon
	line    *widget.Text
}

func newFoot(s screen.Services) *foot {
	f := &foot{s: s}
	f.avatar = widget.NewAvatar(widget.Person{}, widget.AvatarSmall, theme.Surface)
	f.name = widget.NewText("", widget.TextOptions{Bold: true, Cut: true})
	f.icon = widget.NewIcon(theme.IconOffline, theme.Muted, 14)
	f.line = widget.NewText("", widget.TextOptions{Size: theme.SizeMeta, Color: theme.Muted, Cut: true})
	who := widget.NewColumn(0, f.name, widget.NewRow(theme.Space1, 1, f.icon, f.line))
	bar := widget.NewRow(theme.Space2, 1, f.avatar, who,
		widget.NewIconButton(theme.IconSettings, i18n.T("chats.settings"), func() { s.Nav.Open(screen.Place{Screen: screen.Settings}) }),
		widget.NewIconButton(theme.IconLock, i18n.T("chats.lock"), s.Nav.Lock))
	f.content = widget.NewColumn(0, widget.NewDivider(), widget.NewInset(theme.Space2, theme.Space2, theme.Space2, theme.Space3, bar))
	return f
}

// connection says in a word how the relays are reached.
func connection(s messenger.Status, home bool) (theme.IconName, fyne.ThemeColorName, string) {
	online := 0
	for _, r := range s.Relays {
		if r.Error == "pin-mismatch" {
			return theme.IconWarning, theme.Danger, i18n.T("chats.relay-changed")
		}
		if r.Online {
			online++
		}
	}
	switch {
	case len(s.Relays) == 0 && home:
		return theme.IconOnline, theme.Muted, i18n.T("chats.idle")
	case len(s.Relays) == 0:
		return theme.IconOffline, theme.Muted, i18n.T("chats.no-relay")
	case online == len(s.Relays):
		return theme.IconOnline, theme.Good, i18n.T("chats.connected")
	case online > 0:
		return theme.IconOnline, theme.Caution, i18n.T("chats.partly-connected")
	case s.Waiting > 0:
		return theme.IconOffline, theme.Caution, i18n.N("chats.offline-waiting", s.Waiting)
	}
	return theme.IconOffline, theme.Caution, i18n.T("chats.offline")
}

func (f *foot) show(s state, loaded bool) {
	if !loaded {
		return
	}
	f.avatar.SetPerson(widget.Person{Name: s.self.Name, Fingerprint: s.self.ID[:]})
	f.name.SetContent(widget.CleanName(s.self.Name))
	icon, ink, words := connection(s.status, s.relay)
	f.icon.Set(icon, ink)
	f.line.SetContent(words)
}
