package askbot

import (
	"context"

	"fyne.io/fyne/v2"

	"sotto/app/privacy"
	"sotto/app/ui/i18n"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/chat"
)

// What the ledger keeps about how the question was asked (chat.Consent.Method).
const (
	MethodSheet  = "sheet"
	MethodBanner = "banner"
)

func notice() privacy.Notice {
	n, _ := privacy.NoticeFor(chat.BotReads) // every purpose has one, which a test of the ledger holds
	return n
}

// Sheet answers the question for a bot that is about to be added; also is what holds for this bot beside the notice, and
// agreed is called after the sheet closed with a yes.
func Sheet(also string, agreed func()) *widget.Dialog {
	n := notice()
	return widget.NewMessageDialog(widget.MessageWords{
		Icon: theme.IconBot, Title: n.Title, Text: n.Text,
		Act: i18n.T("bot.let"), Cancel: i18n.T("bot.not-now"),
	}, widget.NewText(also, widget.TextOptions{Color: theme.Muted, Wrap: true}), agreed)
}

// Panel answers the question for a chat with a bot that may not read, and its button.
func Panel(name string, agreed func()) (panel fyne.CanvasObject, button *widget.Button) {
	n := notice()
	card := widget.NewCard(widget.CardWords{Icon: theme.IconBot, Title: n.Title, Sentence: n.Text, Action: i18n.T("bot.let")},
		widget.NewText(i18n.T("bot.until", i18n.Args{"Name": name}), widget.TextOptions{Color: theme.Muted, Wrap: true}), agreed)
	return card, card.Action()
}

// Allow records the person's yes for one bot.
func Allow(ctx context.Context, ledger *privacy.Ledger, bot chat.ContactID, method string) error {
	return ledger.Record(ctx, privacy.Choice{Subject: bot, Purpose: chat.BotReads, Given: true, Method: method})
}
