package privacypage

import (
	"context"
	"strconv"
	"time"

	"fyne.io/fyne/v2"

	"sotto/app/messenger"
	"sotto/app/privacy"
	"sotto/app/ui/form"
	"sotto/app/ui/i18n"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/chat"
)

const day = 24 * time.Hour

// keeps are the times that are offered for keeping messages; 0 is for ever.
var keeps = []time.Duration{0, 365 * day, 182 * day, 90 * day, 30 * day, 7 * day, day}

// asDefault is the option of a conversation without a rule of its own.
const asDefault = "default"

// keepWords says how long something is kept.
func keepWords(d time.Duration) string {
	switch d {
	case 0:
		return i18n.T("retention.forever")
	case 365 * day:
		return i18n.T("retention.year")
	case 182 * day:
		return i18n.T("retention.half-year")
	}
	return i18n.Duration(d)
}

// retentionState is the sentence on the card.
func retentionState(now standing) string {
	switch {
	case now.clock.Held:
		return i18n.N("retention.state.held", now.clock.Due)
	case now.rules.Default == 0 && len(now.rules.Conversations) == 0:
		return i18n.T("retention.state.none")
	case now.rules.Default == 0:
		return i18n.N("retention.state.some", len(now.rules.Conversations))
	}
	return i18n.T("retention.state.default", i18n.Args{"Time": keepWords(now.rules.Default)})
}

// rulesView is what the view of retention shows.
type rulesView struct {
	rules   privacy.Rules
	clock   messenger.ClockState
	threads []thread
}

func (p *Screen) readRules(ctx context.Context) (v rulesView, err error) {
	if v.rules, err = p.s.Profile.Retention.Rules(ctx); err != nil {
		return v, err
	}
	if v.clock, err = p.s.Profile.Messenger.Clock(ctx); err != nil {
		return v, err
	}
	v.threads, err = p.readThreads(ctx)
	return v, err
}

// showRetention is the view of how long messages are kept: the default and every conversation, or the contact's.
func (p *Screen) showRetention() {
	body := holder(theme.Space6)
	p.show(p.title(i18n.T("privacy.retention"), i18n.T("retention.title.contact", i18n.Args{"Name": screen.NameOf(p.contact)})), p.showCentre,
		form.Note(i18n.T("retention.lead")), body)
	p.again = p.showRetention
	p.fill(body, waiting())
	load(p, p.readRules, func(v rulesView) {
		var parts []fyne.CanvasObject
		if v.clock.Held {
			parts = append(parts, p.clockBanner(v.clock))
		}
		if p.about.IsZero() {
			parts = append(parts, p.defaultRule(v), p.threadRules(v))
		} else if len(v.threads) > 0 {
			parts = append(parts, p.threadRule(v, v.threads[0]))
		}
		p.fill(body, append(parts, form.Note(i18n.T("retention.kept")))...)
	})
}

func (p *Screen) clockBanner(c messenger.ClockState) fyne.CanvasObject {
	return widget.NewBanner(widget.BannerWords{
		Icon: theme.IconClock, Tone: widget.Careful, Text: i18n.N("retention.clock", c.Due, i18n.Args{
			"Seen": p.s.Format.Full(c.Seen), "Clock": p.s.Format.Full(c.Clock),
		}), Action: i18n.T("retention.clock.act"),
	}, func() { p.confirmClock(c) }, nil)
}

func (p *Screen) confirmClock(c messenger.ClockState) {
	widget.NewDangerDialog(widget.DangerWords{
		Title: i18n.T("retention.clock.title", i18n.Args{"Clock": p.s.Format.Full(c.Clock)}),
		Points: []string{
			i18n.T("retention.clock.seen", i18n.Args{"Seen": p.s.Format.Full(c.Seen)}), i18n.T("retention.clock.wrong"), i18n.T("deletion.here.undone"),
		},
		Act: i18n.N("retention.act", c.Due), Cancel: i18n.T("cancel"),
	}, func() {
		p.s.Work.Go(func(ctx context.Context) error { return p.s.Profile.Messenger.ConfirmClock(context.WithoutCancel(ctx)) }, p.ruled)
	}).Open(p.s.Canvas())
}

// ruled shows the rules anew after a change.
func (p *Screen) ruled(err error) {
	if err != nil {
		p.s.Nav.Fail(err)
	}
	p.s.Nav.Changed()
	if p.again != nil {
		p.again()
	}
}

// keepOptions are the options with the one that holds among them.
func keepOptions(now time.Duration) []form.Option {
	var out []form.Option
	known := false
	for _, d := range keeps {
		known = known || d == now
		out = append(out, form.Option{Key: keepKey(d), Title: keepWords(d)})
	}
	if !known {
		out = append(out, form.Option{Key: keepKey(now), Title: keepWords(now)})
	}
	return out
}

func keepKey(d time.Duration) string { return strconv.FormatInt(int64(d), 10) }

func (p *Screen) defaultRule(v rulesView) fyne.CanvasObject {
	var radio *form.Radio
	radio = form.NewRadio(keepKey(v.rules.Default), func(key string) {
		p.tryRule(ruleOf(chat.ConversationID{}, key), func() { radio.Choose(keepKey(v.rules.Default)) })
	}, keepOptions(v.rules.Default)...)
	return form.Section(i18n.T("retention.default"), i18n.T("retention.default.text"), radio)
}

func (p *Screen) threadRules(v rulesView) fyne.CanvasObject {
	var rows []fyne.CanvasObject
	for _, t := range v.threads {
		keep, own := v.rules.Keep(t.id)
		words := i18n.T("retention.as-default")
		if own {
			words = keepWords(keep)
		}
		rows = append(rows, personRow(t.contact, words,
			widget.NewSmallButton(i18n.T("retention.choose"), "", widget.Secondary, func() { p.showThreadRule(t) })))
	}
	if len(rows) == 0 {
		rows = append(rows, form.Note(i18n.T("deletion.none")))
	}
	return form.Section(i18n.T("retention.threads"), "", form.Group(rows...))
}

// showThreadRule shows the rule of one conversation, coming from the list of all.
func (p *Screen) showThreadRule(t thread) {
	body := holder(theme.Space6)
	p.show(i18n.T("retention.title.contact", i18n.Args{"Name": screen.NameOf(t.contact)}), p.showRetention, form.Note(i18n.T("retention.lead")), body)
	p.again = func() { p.showThreadRule(t) }
	p.fill(body, waiting())
	load(p, p.readRules, func(v rulesView) { p.fill(body, p.threadRule(v, t), form.Note(i18n.T("retention.kept"))) })
}

func (p *Screen) threadRule(v rulesView, t thread) fyne.CanvasObject {
	keep, own := v.rules.Keep(t.id)
	chosen := asDefault
	if own {
		chosen = keepKey(keep)
	}
	options := append([]form.Option{{
		Key: asDefault, Title: i18n.T("retention.as-default"), Sentence: i18n.T("retention.now", i18n.Args{"Time": keepWords(v.rules.Default)}),
	}}, keepOptions(keep)...)
	var radio *form.Radio
	radio = form.NewRadio(chosen, func(key string) {
		p.tryRule(ruleOf(t.id, key), func() { radio.Choose(chosen) })
	}, options...)
	return form.Section(i18n.T("retention.thread", i18n.Args{"Name": screen.NameOf(t.contact)}), "", radio)
}

func ruleOf(conv chat.ConversationID, key string) privacy.RuleChange {
	if key == asDefault {
		return privacy.RuleChange{Conversation: conv, Inherit: true}
	}
	n, _ := strconv.ParseInt(key, 10, 64) // a key of ours
	return privacy.RuleChange{Conversation: conv, Keep: time.Duration(n)}
}

// tryRule counts what a change would remove, and asks before it removes anything; back undoes the choice on the screen.
func (p *Screen) tryRule(c privacy.RuleChange, back func()) {
	view := p.view
	screen.Run(p.s.Work, func(ctx context.Context) (privacy.Kept, error) {
		return p.s.Profile.Retention.Preview(ctx, c)
	}, func(kept privacy.Kept, err error) {
		switch {
		case view != p.view:
		case err != nil:
			back()
			p.s.Nav.Fail(err)
		case kept.Messages == 0:
			p.setRule(c, 0)
		default:
			back()
			p.confirmRule(c, kept)
		}
	})
}

func (p *Screen) confirmRule(c privacy.RuleChange, kept privacy.Kept) {
	points := []string{i18n.N("retention.what", kept.Messages, i18n.Args{"In": i18n.N("retention.in", kept.Conversations)})}
	if kept.Files > 0 {
		points = append(points, i18n.N("retention.files", kept.Files, i18n.Args{"Size": i18n.Bytes(kept.FileBytes)}))
	}
	widget.NewDangerDialog(widget.DangerWords{
		Title:  i18n.T("retention.confirm"),
		Points: append(points, i18n.T("retention.later"), i18n.T("deletion.here.undone"), i18n.T("retention.there")),
		Act:    i18n.N("retention.act", kept.Messages), Cancel: i18n.T("cancel"),
	}, func() { p.setRule(c, kept.Messages) }).Open(p.s.Canvas())
}

func (p *Screen) setRule(c privacy.RuleChange, n int) {
	p.s.Work.Go(func(ctx context.Context) error {
		ctx = context.WithoutCancel(ctx)
		if err := p.s.Profile.Retention.Set(ctx, c); err != nil || n == 0 {
			return err
		}
		return p.s.Profile.Messenger.Expire(ctx)
	}, func(err error) {
		if err == nil && n > 0 {
			p.s.Nav.Toast(theme.IconTrash, i18n.N("deletion.here.done", n))
		}
		p.ruled(err)
	})
}

// retentionSentence is what the card says: of everything, or of the contact.
func (p *Screen) retentionSentence(now standing) string {
	if p.about.IsZero() || now.clock.Held {
		return retentionState(now)
	}
	keep, _ := now.rules.Keep(p.s.Messenger().ConversationWith(p.about))
	return i18n.T("retention.contact.state", i18n.Args{"Name": screen.NameOf(now.contact), "Time": keepWords(keep)})
}
