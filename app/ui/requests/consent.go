package requests

import (
	"context"

	"sotto/app/messenger"
	"sotto/app/privacy"
	"sotto/app/ui/askbot"
	"sotto/app/ui/i18n"
	"sotto/app/ui/widget"
	"sotto/chat"
)

// asked lists the purposes on the sheet: those that this window acts on and that a new contact concerns.
func asked(bot bool) []chat.Purpose {
	purposes := []chat.Purpose{chat.DeliveryReceipts, chat.ReadReceipts, chat.TypingNotices, chat.PeerExports}
	if bot {
		purposes = append([]chat.Purpose{chat.BotReads, chat.BotRemembers}, purposes...)
	}
	return purposes
}

// method is what the ledger keeps about how these questions were asked.
const method = askbot.MethodSheet

// sheet asks what a new contact may learn.
type sheet struct {
	questions []widget.Question
	remember  *widget.Toggle
}

// newSheet answers the questions for a request. What was remembered as the own default is chosen already; everything
// else is no.
func newSheet(bot bool, defaults []privacy.Standing) *sheet {
	chosen := map[chat.Purpose]bool{}
	for _, d := range defaults {
		chosen[d.Notice.Purpose] = d.Allowed
	}
	s := &sheet{remember: widget.NewToggle(i18n.T("requests.remember"), i18n.T("requests.remember.text"), false, nil)}
	for _, p := range asked(bot) {
		if n, ok := privacy.NoticeFor(p); ok {
			s.questions = append(s.questions, widget.Question{Key: string(p), Title: n.Title, Sentence: n.Text, Yes: chosen[p] && n.HasDefault()})
		}
	}
	return s
}

// choices are the answers as the ledger takes them: each for the contact, and where they are to be remembered, each that
// can have one as the default.
func (s *sheet) choices(id chat.ContactID, answers map[string]bool) []privacy.Choice {
	var out []privacy.Choice
	for _, q := range s.questions {
		p := chat.Purpose(q.Key)
		out = append(out, privacy.Choice{Subject: id, Purpose: p, Given: answers[q.Key], Method: method})
		if n, _ := privacy.NoticeFor(p); s.remember.On() && n.HasDefault() {
			out = append(out, privacy.Choice{Purpose: p, Given: answers[q.Key], Method: method})
		}
	}
	return out
}

// accept accepts a request and records the answers.
func accept(ctx context.Context, m *messenger.Messenger, ledger *privacy.Ledger, id chat.ContactID, choices []privacy.Choice) error {
	if _, err := m.Accept(ctx, id); err != nil {
		return err
	}
	return ledger.Record(ctx, choices...)
}
