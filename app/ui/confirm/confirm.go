package confirm

import (
	"context"

	"sotto/app/messenger"
	"sotto/app/ui/i18n"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/chat"
)

// Matter is what waits for the person's word, the weightier for the higher.
type Matter int

// Matters.
const (
	Nothing  Matter = iota
	Device          // a device came later than the contact
	Restored        // the identity was restored or copied; messages still go out
	Changed         // the same with a contact that was verified: nothing is sent
)

// Of answers what waits for the person's word.
func Of(s messenger.SecurityState) Matter {
	switch {
	case s.Verification == chat.Changed:
		return Changed
	case s.Restored:
		return Restored
	case s.NewDevices > 0, s.ResendHeld:
		return Device
	}
	return Nothing
}

// Icon answers the mark of a matter.
func Icon(m Matter) theme.IconName {
	if m == Device {
		return theme.IconDevice
	}
	return theme.IconChanged
}

// Tone answers how loud it is.
func Tone(m Matter) widget.Tone {
	if m == Changed {
		return widget.Alarming
	}
	return widget.Careful
}

// Word answers the word on a chip.
func Word(m Matter) string {
	switch m {
	case Device:
		return i18n.T("confirm.device.word")
	case Restored:
		return i18n.T("confirm.restored.word")
	}
	return i18n.T("state.changed")
}

// Sentence answers what a banner says.
func Sentence(m Matter, s messenger.SecurityState, name string) string {
	named := i18n.Args{"Name": name}
	said := i18n.T("confirm.restored.banner", named)
	switch m {
	case Changed:
		return i18n.T("chat.changed", named)
	case Device:
		said = i18n.T("confirm.device.banner", named)
	}
	if s.ResendHeld {
		said += " " + i18n.T("confirm.held", named)
	}
	return said
}

// Title and Text answer what is to be confirmed, in three sentences.
func Title(m Matter, name string) string {
	named := i18n.Args{"Name": name}
	switch m {
	case Device:
		return i18n.T("confirm.device.title", named)
	case Restored:
		return i18n.T("confirm.restored.title", named)
	}
	return i18n.T("state.changed.title", named)
}

// Text is said under Title.
func Text(m Matter, s messenger.SecurityState, name string) string {
	named := i18n.Args{"Name": name}
	switch {
	case m == Changed:
		return i18n.T("confirm.changed.text", named)
	case m == Restored:
		return i18n.T("confirm.restored.text", named)
	case s.ResendHeld:
		return i18n.T("confirm.device.held", named)
	}
	return i18n.T("confirm.device.text", named)
}

// Ask explains what is to be confirmed and offers to confirm it, or to compare the safety number first: compare goes
// there, by default to the page of the contact.
func Ask(s screen.Services, id chat.ContactID, name string, state messenger.SecurityState, compare func()) {
	m := Of(state)
	if m == Nothing {
		return
	}
	if compare == nil {
		compare = func() { s.Nav.Open(screen.Place{Screen: screen.Contact, Contact: id}) }
	}
	var d *widget.Dialog
	first := widget.NewButton(i18n.T("confirm.compare"), theme.IconShield, widget.Secondary, func() {
		d.Close()
		compare()
	})
	d = widget.NewMessageDialog(widget.MessageWords{
		Icon: Icon(m), Tone: Tone(m), Title: Title(m, name), Text: Text(m, state, name),
		Act: i18n.T("confirm.act"), Cancel: i18n.T("chat.cancel"),
	}, first, func() {
		messages := s.Messenger()
		s.Work.InOrder(func(ctx context.Context) error { return messages.ConfirmIdentity(ctx, id) }, func(err error) {
			if err != nil {
				s.Nav.Fail(err)
				return
			}
			s.Nav.Toast(theme.IconCheck, i18n.T("confirm.done", i18n.Args{"Name": name}))
		})
	})
	d.Open(s.Canvas())
}
