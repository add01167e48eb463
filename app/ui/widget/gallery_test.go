package widget_test

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"sotto/app/apptest/golden"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
)

// specimen is one widget state that has a golden image in both looks.
type specimen struct {
	name          string
	width, height float32 // 0: what the widget wants
	make          func() fyne.CanvasObject
}

func person(name string, first byte, trust widget.Trust, bot bool) widget.Person {
	return widget.Person{Name: name, Fingerprint: []byte{first}, Trust: trust, Bot: bot}
}

const longName = "Wilhelmina Featherstonehaugh-Cholmondeley of the Northern Reading Society"

func specimens() []specimen {
	text := func(s string, o widget.TextOptions) fyne.CanvasObject { return widget.NewText(s, o) }
	return []specimen{
		{"text", 360, 0, func() fyne.CanvasObject {
			return widget.NewColumn(
				8,
				text("Welcome to Sotto", widget.TextOptions{Size: theme.SizeWelcome, Bold: true}),
				text("Privacy", widget.TextOptions{Size: theme.SizeScreen, Bold: true}),
				text("List title", widget.TextOptions{Size: theme.SizeTitle}),
				text("Body text that is longer than its column wraps onto the next line and keeps its measure.", widget.TextOptions{Wrap: true}),
				text("Muted words of second rank", widget.TextOptions{Color: theme.Muted, Size: theme.SizeMeta}),
				text(longName, widget.TextOptions{Cut: true}),
				text("Emoji 🎉 👍🏽 👩‍👩‍👧 and *stars* stay as they are", widget.TextOptions{}),
			)
		}},
		{"avatars", 0, 0, func() fyne.CanvasObject {
			return widget.NewRow(
				16, -1,
				widget.NewAvatar(person("Ada Lovelace", 0, widget.Unverified, false), widget.AvatarRow, theme.Background),
				widget.NewAvatar(person("Ben", 1, widget.Verified, false), widget.AvatarRow, theme.Background),
				widget.NewAvatar(person("Chloé Durand", 6, widget.Changed, false), widget.AvatarRow, theme.Background),
				widget.NewAvatar(person("Guide", 10, widget.Unverified, true), widget.AvatarRow, theme.Background),
				widget.NewAvatar(person("Clever Bot", 4, widget.Verified, true), widget.AvatarRow, theme.Background),
				widget.NewAvatar(person("Zoë Ångström", 8, widget.Verified, false), widget.AvatarSmall, theme.Background),
				widget.NewAvatar(person("Ada Lovelace", 2, widget.Verified, false), widget.AvatarLarge, theme.Background),
			)
		}},
		{"chips", 0, 0, func() fyne.CanvasObject {
			tap := func() {}
			return widget.NewColumn(
				8,
				widget.NewRow(8, -1,
					widget.NewChip(theme.IconVerified, "Verified", widget.Fine, tap),
					widget.NewChip(theme.IconUnverified, "Not verified", widget.Plain, tap),
					widget.NewChip(theme.IconChanged, "Identity changed: check", widget.Alarming, tap),
					widget.NewChip(theme.IconBot, "Bot", widget.Plain, tap)),
				widget.NewRow(8, -1,
					widget.NewChip(theme.IconQuantum, "Quantum-safe", widget.Fine, tap),
					widget.NewChip(theme.IconQuantumPending, "Quantum-safe pending", widget.Careful, tap),
					widget.NewChip(theme.IconOffline, "Offline: 3 waiting", widget.Careful, tap)),
				widget.NewRow(8, -1,
					widget.NewChip(theme.IconTimer, "Disappears after 1 d", widget.Plain, tap),
					widget.NewChip(theme.IconNoExport, "No export, no bots", widget.Plain, tap)),
			)
		}},
		{"buttons", 0, 0, func() fyne.CanvasObject {
			tap := func() {}
			off := widget.NewButton("Create profile", "", widget.Primary, tap)
			off.Disable()
			offIcon := widget.NewIconButton(theme.IconChevronRight, "Next picture", tap)
			offIcon.Disable()
			focused := widget.NewButton("Focused", "", widget.Secondary, tap)
			focused.FocusGained()
			return widget.NewColumn(
				12,
				widget.NewRow(12, -1,
					widget.NewButton("Create profile", "", widget.Primary, tap),
					widget.NewButton("Invite someone", theme.IconInvite, widget.Secondary, tap),
					widget.NewButton("Not now", "", widget.Quiet, tap)),
				widget.NewRow(12, -1,
					widget.NewButton("Delete 1,204 messages", theme.IconTrash, widget.Dangerous, tap),
					off, focused),
				widget.NewRow(12, -1,
					widget.NewSmallButton("Verify", theme.IconShield, widget.Secondary, tap),
					widget.NewSmallButton("Undo", "", widget.Quiet, tap),
					widget.NewIconButton(theme.IconSearch, "Search", tap),
					widget.NewIconButton(theme.IconMore, "More", tap),
					widget.NewIconButton(theme.IconSettings, "Settings", tap),
					widget.NewIconButton(theme.IconLock, "Lock", tap), offIcon),
			)
		}},
		{"bubbles", 560, 0, bubbles},
		{"bubble-states", 420, 0, bubbleStates},
		{"file-cards", 560, 0, func() fyne.CanvasObject { return bubblesOf(fileCards()) }},
		{"file-cards-narrow", 280, 0, func() fyne.CanvasObject { return bubblesOf(fileCards()) }},
		{"file-pictures", 560, 0, func() fyne.CanvasObject { return bubblesOf(filePictures()) }},
		{"file-pictures-narrow", 280, 0, func() fyne.CanvasObject { return bubblesOf(filePictures()[:4]) }},
		{"rows", 300, 0, conversationRows},
		{"composer-empty", 520, 0, func() fyne.CanvasObject { return newComposer("") }},
		{"composer-lines", 520, 0, func() fyne.CanvasObject {
			return newComposer("Dear Ada,\n\nthe engine weaves algebraic patterns, and I would like to hear what you make of it before Friday.")
		}},
		{"composer-reply", 520, 0, func() fyne.CanvasObject {
			c := newComposer("Gladly.")
			c.SetBanner(&widget.ComposerBanner{Icon: theme.IconReply, Title: "Reply to Ada", Text: "Shall we meet by the fountain at noon, or is that too hot for you?"})
			return c
		}},
		{"card", 380, 0, func() fyne.CanvasObject {
			return widget.NewColumn(
				16,
				widget.NewCard(widget.CardWords{Icon: theme.IconInvite, Title: "Invite someone", Sentence: "Make a link or a code that lets one person reach you. It works until you say otherwise.", Action: "Make an invitation"}, nil, func() {}),
				widget.NewCard(widget.CardWords{Icon: theme.IconExport, Title: "Export", Sentence: "Last export: never. An export holds everything in a form that other programs can read.", Action: "Export everything"}, nil, func() {}),
			)
		}},
		{"fields", 420, 0, fields},
		{"passphrase", 420, 0, passphrases},
		{"recovery-code", 420, 0, func() fyne.CanvasObject {
			return widget.NewRecoveryCode(strings.Fields("amber basil cedar delta ember fable grove hazel indigo jasper kelp linen maple north opal pearl quartz raven sable tulip"))
		}},
		{"safety-number", 380, 0, func() fyne.CanvasObject {
			return widget.NewSafetyNumber(strings.Repeat("0481529637", 6))
		}},
		{"header-chat", 720, 0, chatHeader},
		{"header-page", 520, 0, func() fyne.CanvasObject {
			return widget.NewPageHeader(widget.HeaderParts{Title: "Privacy centre", BackLabel: "Back", Back: func() {}})
		}},
		{"banners", 520, 0, func() fyne.CanvasObject {
			return widget.NewColumn(
				12,
				widget.NewBanner(widget.BannerWords{Icon: theme.IconOffline, Tone: widget.Careful, Text: "No connection. Three messages wait and go out by themselves."}, nil, nil),
				widget.NewBanner(widget.BannerWords{Icon: theme.IconChanged, Tone: widget.Alarming, Text: "Ada's identity changed. Nothing is sent until you compare the safety number.", Action: "Compare"}, func() {}, nil),
				widget.NewBanner(widget.BannerWords{Tone: widget.Plain, Text: "Messages here disappear after one day.", Close: "Close"}, nil, func() {}),
				widget.NewBanner(widget.BannerWords{Icon: theme.IconVerified, Tone: widget.Fine, Text: "You and Ada have compared the safety number."}, nil, nil),
			)
		}},
		{"toast", 0, 0, func() fyne.CanvasObject {
			return widget.NewToast(theme.IconCheck, "Copied. The clipboard is emptied in 60 s.", nil)
		}},
		{"progress", 380, 0, func() fyne.CanvasObject {
			p := widget.NewProgressRow("Exporting messages", "Stop the export", func() {})
			p.SetProgress(0.4, "6,412 of 16,030")
			return p
		}},
		{"qr", 0, 0, func() fyne.CanvasObject {
			q, err := widget.NewQR("sotto:relay.example:443/AbCdEfGh?pin=0123456789abcdef#secret", 220)
			if err != nil {
				panic(err)
			}
			return q
		}},
		{"keycaps", 0, 0, func() fyne.CanvasObject { return widget.NewKeycaps("Ctrl", "Shift", "F") }},
		{"toggles", 420, 0, func() fyne.CanvasObject {
			return widget.NewColumn(
				8,
				widget.NewToggle("Read receipts", "Ada sees when you have read her messages.", false, nil),
				widget.NewToggle("Delivery receipts", "Ada sees when her messages have arrived here.", true, nil),
				widget.NewToggle("Dark look", "", true, nil),
			)
		}},
		{"dialog-danger", 440, 0, func() fyne.CanvasObject { return dangerDialog(nil) }},
		{"dialog-consent", 480, 0, consentSheet},
		{"notices", 520, 0, func() fyne.CanvasObject {
			return widget.NewColumn(
				0,
				widget.NewDaySeparator(widget.Day{Key: "d", Label: "Monday, 22 November"}),
				widget.NewNoticeLine(widget.Notice{Key: "n", Icon: theme.IconVerified, Text: "You compared the safety number with Ada.", Tone: widget.Fine}, nil),
				widget.NewNoticeLine(widget.Notice{Key: "m", Icon: theme.IconWarning, Text: "3 messages missing. They may still arrive.", Tone: widget.Careful}, nil),
				widget.NewNoticeLine(widget.Notice{Key: "o", Icon: theme.IconInfo, Text: "This message needs a newer version of Sotto to be shown.", Action: "What does that mean?"}, nil),
			)
		}},
		{"timeline", 620, 520, func() fyne.CanvasObject { return smallTimeline() }},
		{"list", 300, 400, conversationList},
	}
}

func bubbles() fyne.CanvasObject {
	column := widget.NewColumn(0)
	for _, m := range sampleMessages() {
		column.Add(widget.NewBubble(m, nil))
	}
	return column
}

func sampleMessages() []widget.Message {
	return []widget.Message{
		{ID: "1", First: true, Text: "Good morning. Did the parcel arrive?"},
		{ID: "2", Last: true, Text: "I sent it on *Monday* and the tracking says `delivered`, see https://post.example/track/4711.", Time: "09:12"},
		{ID: "3", Own: true, First: true, Text: "It did, thank you 🎉"},
		{ID: "4", Own: true, Text: "The letters are safe. I put them with the others, in the drawer that only we two know, and I have told nobody, not even Charles, who keeps asking."},
		{ID: "5", Own: true, Last: true, Text: "Shall we talk tonight?", Time: "09:15", Delivery: widget.Read},
		{
			ID: "6", First: true, Last: true, Text: "Yes. At eight.", Time: "09:20",
			Quote:     &widget.Quote{ID: "5", Author: "You", Text: "Shall we talk tonight?"},
			Reactions: []widget.Reaction{{Emoji: "👍", Count: 1, Mine: true}, {Emoji: "❤️", Count: 3}},
		},
		{ID: "7", Own: true, First: true, Last: true, Text: "Ok", Time: "09:21", Delivery: widget.Delivered},
	}
}

func bubbleStates() fyne.CanvasObject {
	column := widget.NewColumn(0)
	for _, m := range []widget.Message{
		{Text: "Queued", Delivery: widget.Queued},
		{Text: "Sent", Delivery: widget.Sent},
		{Text: "Delivered", Delivery: widget.Delivered},
		{Text: "Read", Delivery: widget.Read},
		{Text: "Failed", Delivery: widget.Failed, Note: "Not sent. Try again"},
		{Text: "Edited afterwards", Delivery: widget.Read, Edited: "edited"},
		{Removed: "Message deleted"},
	} {
		m.Own, m.First, m.Last, m.Time = true, true, true, "14:03"
		column.Add(widget.NewBubble(m, nil))
	}
	column.Add(widget.NewBubble(widget.Message{First: true, Last: true, Author: longName, Text: "https://example.org/" + strings.Repeat("a-very-long-path/", 8), Time: "14:04"}, nil))
	column.Add(widget.NewBubble(widget.Message{First: true, Last: true, Removed: "Message deleted", Time: "14:05"}, nil))
	return column
}

func sampleConversations() []widget.Conversation {
	return []widget.Conversation{
		{Key: "a", Person: person("Ada Lovelace", 0, widget.Verified, false), Title: "Ada Lovelace", Preview: "Yes. At eight.", Time: "09:20", Pinned: true},
		{Key: "b", Person: person("Guide", 10, widget.Unverified, true), Title: "Guide", Preview: "Ask me how exporting works, or how to delete what I answered.", Time: "Mon", Unread: 2, NewGroup: true},
		{Key: "c", Person: person(longName, 5, widget.Changed, false), Title: longName, Preview: "A rather long preview that has to end somewhere before the number", Time: "21 Nov", Unread: 128, Muted: true},
		{Key: "d", Person: person("Ben", 1, widget.Unverified, false), Title: "Ben", Preview: "See you there", Time: "20 Nov", Delivery: widget.Delivered},
		{Key: "e", Person: person("Chloé Durand", 6, widget.Unverified, false), Title: "Chloé Durand", Preview: "I wanted to ask whether", Draft: "Draft:", Time: "2 Nov"},
	}
}

func conversationRows() fyne.CanvasObject {
	column := widget.NewColumn(0)
	for i, c := range sampleConversations() {
		r := widget.NewConversationRow(c, nil, nil)
		r.SetConversation(c, i == 0)
		if i == 3 {
			r.MouseIn(nil)
		}
		column.Add(r)
	}
	return column
}

func conversationList() fyne.CanvasObject {
	l := widget.NewConversationList()
	l.SetItems(sampleConversations())
	l.Select("b")
	return l
}

func newComposer(text string) *widget.Composer {
	c := widget.NewComposer(widget.ComposerWords{Placeholder: "Write to Ada", Send: "Send", Cancel: "Cancel", Attach: "Add files"})
	c.Resize(fyne.NewSize(520, 44))
	c.SetText(text)
	return c
}

func fields() fyne.CanvasObject {
	name := widget.NewEntry("Your name")
	filled := widget.NewEntry("")
	filled.SetText("sotto:not-a-link")
	wrong := widget.NewField("Link", "", filled)
	wrong.SetError("This is not a Sotto link. Nothing was changed. Ask for it again.")
	search := widget.NewSearchField("Search", "Clear", nil)
	searching := widget.NewSearchField("Search", "Clear", nil)
	searching.SetText("fountain")
	return widget.NewColumn(16, widget.NewField("Name", "The people you write to see it.", name), wrong, search, searching)
}

func passphrases() fyne.CanvasObject {
	words := widget.PassphraseWords{Placeholder: "Passphrase", Show: "Show", Hide: "Hide", Generate: "Generate"}
	estimate := func(s string) widget.Strength {
		switch {
		case s == "":
			return widget.Strength{Words: "Four or more words that do not belong together are best."}
		case len(s) < 10:
			return widget.Strength{Level: 1, Words: "Weak: a stolen file could be opened within hours."}
		}
		return widget.Strength{Level: 4, Words: "Strong: nobody guesses this."}
	}
	weak := widget.NewPassphraseField(words, estimate, func() string { return "x" })
	typeInto(weak, "rosebud")
	strong := widget.NewPassphraseField(words, estimate, func() string { return "lantern orbit velvet canoe mosaic" })
	strong.Generate()
	plain := widget.NewPassphraseField(words, nil, nil)
	return widget.NewColumn(16, widget.NewPassphraseField(words, estimate, func() string { return "x" }), weak, strong, plain)
}

func typeInto(f *widget.PassphraseField, s string) {
	for _, r := range s {
		f.Focus().TypedRune(r)
	}
}

func chatHeader() fyne.CanvasObject {
	return widget.NewPageHeader(widget.HeaderParts{
		Title: "Ada Lovelace",
		Lead:  widget.NewAvatar(person("Ada Lovelace", 0, widget.Verified, false), widget.AvatarSmall, theme.Surface),
		Chips: []fyne.CanvasObject{
			widget.NewChip(theme.IconVerified, "Verified", widget.Fine, func() {}),
			widget.NewChip(theme.IconQuantum, "Quantum-safe", widget.Fine, func() {}),
		},
		Actions: []fyne.CanvasObject{
			widget.NewIconButton(theme.IconSearch, "Search", func() {}),
			widget.NewIconButton(theme.IconMore, "More", func() {}),
		},
	})
}

func dangerDialog(acted func()) *widget.Dialog {
	return widget.NewDangerDialog(widget.DangerWords{
		Title:  "Delete the conversation with Ada?",
		Points: []string{"1,204 messages and 18 files go from this computer.", "Ada keeps her copy. Asking her to delete is a different act.", "It cannot be undone, except from an export you made before."},
		Act:    "Delete 1,204 messages", Cancel: "Cancel",
	}, acted)
}

func consentSheet() fyne.CanvasObject {
	return widget.NewConsentSheet(widget.SheetWords{
		Title: "Accept Ada?", Intro: "Choose what Ada may learn. You can change it at any time.", Act: "Accept Ada", Cancel: "Cancel",
	}, []widget.Question{
		{Key: "delivery", Title: "Delivery receipts", Sentence: "She sees when her messages have arrived here."},
		{Key: "read", Title: "Read receipts", Sentence: "She sees when you have read them."},
		{Key: "typing", Title: "Typing", Sentence: "She sees that you are writing."},
	}, nil, nil)
}

// TestWidgetsLookAsTheyDid compares every specimen with its golden image.
func TestWidgetsLookAsTheyDid(t *testing.T) {
	for look, mode := range golden.Looks {
		for _, s := range specimens() {
			t.Run(s.name+"-"+look, func(t *testing.T) {
				golden.App(t, mode, 1)
				o := s.make()
				size := fyne.NewSize(s.width, s.height)
				if size.Width == 0 {
					size.Width = o.MinSize().Width
				}
				if size.Height == 0 {
					size.Height = widget.HeightFor(o, size.Width)
				}
				img := golden.Render(t, o, size)
				golden.Match(t, s.name+"-"+look, img)
			})
		}
	}
}
