package chats

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"sotto/app/messenger"
	"sotto/app/ui/i18n"
	"sotto/app/ui/screen"
	"sotto/app/ui/widget"
	"sotto/chat"
)

// Entry is one conversation as the column and the quick switch list it.
type Entry struct {
	Conversation chat.Conversation
	Contact      chat.Contact // of a direct conversation
}

// Title is what the entry is called.
func (e Entry) Title() string { return screen.NameOf(e.Contact) }

// Key identifies the entry among widgets.
func (e Entry) Key() string { return e.Conversation.ID.String() }

// state is everything the column shows.
type state struct {
	entries  []Entry
	requests int
	status   messenger.Status
	relay    bool // there is a home relay
	self     messenger.Self
}

// Load reads all conversations, in the order of the list.
func Load(ctx context.Context, m *messenger.Messenger) ([]Entry, error) {
	s, err := load(ctx, m)
	return s.entries, err
}

func load(ctx context.Context, m *messenger.Messenger) (state, error) {
	s := state{self: m.Self()}
	conversations, err := m.Conversations(ctx)
	if err != nil {
		return s, err
	}
	contacts, err := m.Contacts(ctx)
	if err != nil {
		return s, err
	}
	byID := make(map[chat.ContactID]chat.Contact, len(contacts))
	for _, c := range contacts {
		byID[c.ID] = c
	}
	for _, c := range conversations {
		if len(c.Members) == 0 {
			continue
		}
		if contact, ok := byID[c.Members[0]]; ok {
			s.entries = append(s.entries, Entry{c, contact})
		}
	}
	if err := sayPhotos(ctx, m, s.entries); err != nil {
		return s, err
	}
	slices.SortStableFunc(s.entries, func(a, b Entry) int {
		return cmp.Or(boolOrder(a.Conversation.Pinned, b.Conversation.Pinned), b.Conversation.Last.Compare(a.Conversation.Last))
	})
	requests, err := m.Requests(ctx)
	if err != nil {
		return s, err
	}
	s.requests = len(requests)
	home, err := m.HomeRelay(ctx)
	if err != nil && !errors.Is(err, chat.ErrNotFound) {
		return s, err
	}
	s.relay = home != ""
	s.status, err = m.Status(ctx)
	return s, err
}

// boolOrder puts true first.
func boolOrder(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// Matches reports whether the entry fits what was typed: every word of it begins a word of the name, in any case.
func (e Entry) Matches(typed string) bool {
	names := strings.Fields(strings.ToLower(e.Title() + " " + widget.CleanName(e.Contact.ProfileName)))
	for _, word := range strings.Fields(strings.ToLower(typed)) {
		if !slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(n, word) }) {
			return false
		}
	}
	return true
}

// row is the entry as the list shows it.
func (e Entry) row(s screen.Services, typing bool) widget.Conversation {
	c := e.Conversation
	r := widget.Conversation{
		Key: e.Key(), Person: screen.Person(e.Contact), Title: e.Title(),
		Unread: c.Unread, Muted: c.Muted, Pinned: c.Pinned, Preview: c.Preview,
	}
	if !c.Last.IsZero() {
		r.Time = s.Format.ListTime(s.Now(), c.Last)
	}
	switch {
	case typing:
		r.Preview = i18n.T("chats.typing")
	case c.Draft != "":
		r.Draft, r.Preview = i18n.T("chats.draft"), c.Draft
	case e.Contact.State == chat.ContactBlocked:
		r.Preview = i18n.T("chats.blocked")
	case c.Preview == "" && e.Contact.State == chat.ContactPending:
		r.Preview = i18n.T("chats.pending")
	case c.PreviewOut && c.Preview != "":
		r.Preview = i18n.T("chats.you", i18n.Args{"Text": c.Preview})
	}
	return r
}
