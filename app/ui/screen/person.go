package screen

import (
	"sotto/app/ui/widget"
	"sotto/chat"
)

// Person is what an avatar shows of a contact.
func Person(c chat.Contact) widget.Person {
	p := widget.Person{Name: c.Name, Fingerprint: c.ID[:], Bot: c.Bot}
	switch c.Verification {
	case chat.Verified:
		p.Trust = widget.Verified
	case chat.Changed:
		p.Trust = widget.Changed
	}
	return p
}

// NameOf is how a contact is called on screen: on one line, without characters that disguise.
func NameOf(c chat.Contact) string { return widget.CleanName(c.Name) }
