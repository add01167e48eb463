package ui

import (
	"testing"

	"fyne.io/fyne/v2"

	"sotto/app/messenger"
	"sotto/app/privacy"
	"sotto/app/profile"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/chat"
)

// bot makes a bot that wrote first and was accepted without a word about what it may read.
func (v *world) bot(name, first string) *profile.Profile {
	v.t.Helper()
	dir := v.t.TempDir() + "/bot"
	p, _, err := profile.Create(v.t.Context(), profile.CreateOptions{Options: cheap, Dir: dir, Name: name, Passphrase: passphrase, Bot: true})
	if err != nil {
		v.t.Fatal(err)
	}
	if err := p.Start(v.t.Context()); err != nil {
		v.t.Fatal(err)
	}
	v.keep(p, dir)
	v.asks(p, first)
	if _, err := v.me.Messenger.Accept(v.t.Context(), p.Messenger.Self().ID); err != nil {
		v.t.Fatal(err)
	}
	v.until(name+" is listed", func() bool { return v.listed(name) })
	return p
}

// letRead answers for a bot, as the privacy page does.
func (v *world) letRead(p *profile.Profile, yes bool) {
	v.t.Helper()
	choice := privacy.Choice{Subject: p.Messenger.Self().ID, Purpose: chat.BotReads, Given: yes, Method: "privacy-page"}
	if err := v.me.Ledger.Record(v.t.Context(), choice); err != nil {
		v.t.Fatal(err)
	}
}

func TestAChatWithABotAsksBeforeAnythingCanBeWritten(t *testing.T) {
	v := newWorld(t, theme.Light)
	bot := v.bot("Weather", "Rain from noon.")
	c := v.openChat(bot)
	v.until("it asks", func() bool { return v.button("Let it read") != nil })
	n, _ := privacy.NoticeFor(chat.BotReads)
	if !v.text(n.Title) || !v.text(n.Text) {
		t.Error("the words are not those that the ledger names")
	}
	if v.composer() != nil {
		t.Fatal("the composer is there")
	}
	if focused := v.w.win.Canvas().Focused(); focused != nil {
		if _, ok := focused.(fyne.Widget); ok {
			t.Errorf("the keyboard goes to %T", focused)
		}
	}
	for _, item := range c.MessageItems(*v.bubble("Rain from noon.")) {
		if item.Label == "Reply" || item.Label == "React" {
			t.Errorf("the menu offers %q", item.Label)
		}
	}
	v.shoot("bot-asks")
	v.resize(theme.WindowMinWidth, theme.WindowMinHeight)
	v.shoot("bot-asks-small")
	v.tap("Let it read")
	v.until("one can write", func() bool { return v.composer() != nil })
	if !v.consent(bot.Messenger.Self().ID, chat.BotReads) || v.consent(bot.Messenger.Self().ID, chat.BotRemembers) {
		t.Error("the ledger does not hold what was answered")
	}
	all, err := v.me.Ledger.Standings(t.Context(), bot.Messenger.Self().ID)
	for _, s := range all {
		if s.Notice.Purpose == chat.BotReads && s.Record.Method != "banner" {
			t.Errorf("asked by %q, %v", s.Record.Method, err)
		}
	}
	v.write("Will it snow?")
	v.until("the bot has it", func() bool { return has(bot, v.me, "Will it snow?") })

	v.letRead(bot, false)
	v.w.Changed()
	v.until("it asks again", func() bool { return v.button("Let it read") != nil && v.composer() == nil })
}

func TestWhatIsWrittenAsConsentIsTakenBackIsKeptAndTheQuestionComes(t *testing.T) {
	v := newWorld(t, theme.Light)
	bot := v.bot("Weather", "Rain from noon.")
	v.letRead(bot, true)
	v.openChat(bot)
	v.until("one can write", func() bool { return v.composer() != nil })
	v.letRead(bot, false)
	field := v.composer()
	v.write("Will it snow?")
	v.until("it says why", func() bool { return v.text("you have not let it read what you write") })
	v.tap("Close")
	v.until("it asks", func() bool { return v.button("Let it read") != nil && v.composer() == nil })
	if field.Text() != "Will it snow?" {
		t.Errorf("the composer keeps %q", field.Text())
	}
	v.tap("Let it read")
	v.until("the text is back", func() bool { return v.composer() != nil && v.composer().Text() == "Will it snow?" })
	if has(bot, v.me, "Will it snow?") {
		t.Error("it was sent")
	}
}

func TestWhatWaitedForABotThatMayNotReadIsExplainedAndTriedAgain(t *testing.T) {
	v := newWorld(t, theme.Light)
	bot := v.bot("Weather", "Rain from noon.")
	v.letRead(bot, true)
	c := v.openChat(bot)
	v.until("one can write", func() bool { return v.composer() != nil })
	if err := bot.Close(); err != nil { // its relay is in it
		t.Fatal(err)
	}
	v.write("Will it snow?")
	v.until("it waits", func() bool { m := v.bubble("Will it snow?"); return m != nil && m.Delivery == widget.Queued })
	v.letRead(bot, false)
	v.until("it is set aside", func() bool {
		m := v.bubble("Will it snow?")
		return m != nil && m.Delivery == widget.Failed && m.Note == "Held back"
	})
	v.choose(c, "Will it snow?", "Try again")
	v.until("it says why", func() bool { return v.text("you have not let it read what you write") })
	v.tap("Close")
	v.letRead(bot, true)
	v.w.Changed()
	v.choose(c, "Will it snow?", "Try again")
	v.until("it waits again", func() bool { m := v.bubble("Will it snow?"); return m != nil && m.Delivery == widget.Queued })
}

func TestTheGuideOfTheEmptyAreaIsAskedForBeforeItIsAdded(t *testing.T) {
	v := newWorld(t, theme.Light)
	v.w.Open(screen.Place{Screen: screen.Home})
	v.tap("Talk to the Guide")
	v.until("it asks", func() bool { return v.button("Let it read") != nil })
	v.tap("Not now")
	if added, err := v.me.GuideAdded(t.Context()); err != nil || added {
		t.Fatalf("added without a yes: %v, %v", added, err)
	}
	v.tap("Talk to the Guide")
	v.tap("Let it read")
	v.until("one can write to it", func() bool { return v.composer() != nil && len(bubbles(v.w.win.Canvas().Content())) > 0 })
	if v.button("Let it read") != nil {
		t.Error("it is asked twice")
	}
}

// becomesBot lets a peer go on as a bot and say so.
func (v *world) becomesBot(p *profile.Profile) {
	v.t.Helper()
	if err := p.PutSetting(v.t.Context(), "messenger/bot", []byte{1}); err != nil {
		v.t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		v.t.Fatal(err)
	}
	dir := v.dirs[p.Messenger.Self().ID]
	again, err := profile.Open(v.t.Context(), profile.OpenOptions{Options: cheap, Dir: dir, Secret: profile.Passphrase(passphrase)})
	if err != nil {
		v.t.Fatal(err)
	}
	if err := again.Start(v.t.Context()); err != nil {
		v.t.Fatal(err)
	}
	v.keep(again, dir)
	if err := again.Messenger.SetName(v.t.Context(), p.Messenger.Self().Name); err != nil {
		v.t.Fatal(err)
	}
}

func TestAContactThatBecomesABotIsNoticedInItsChat(t *testing.T) {
	v := newWorld(t, theme.Light)
	ada := v.friend("Ada", "hello")
	v.openChat(ada)
	v.until("one can write", func() bool { return v.composer() != nil })
	v.becomesBot(ada)
	v.until("it asks", func() bool { return v.button("Let it read") != nil && v.composer() == nil })
	v.until("the thread says so", func() bool { return v.text("Ada says that it is a bot now.") })
	v.shoot("bot-became")
	v.until("an alert is raised", func() bool {
		all, err := v.me.Alerts.List(t.Context())
		for _, a := range all {
			if a.Code == messenger.AlertBecameBot && a.Contact == ada.Messenger.Self().ID {
				return true
			}
		}
		return err != nil
	})
}

func TestNoFileGoesToABotThatMayNotRead(t *testing.T) {
	v := newWorld(t, theme.Light)
	bot := v.bot("Weather", "Rain from noon.")
	v.openChat(bot)
	v.until("it asks", func() bool { return v.button("Let it read") != nil })
	v.drop(diskFile(t, "notes.txt", []byte("n")))
	v.until("it is said why not", func() bool { return v.text("whether it may read what you send") })
	v.tapTop("Close")
	v.letRead(bot, true)
	v.w.Changed()
	v.until("the composer is back", func() bool { return v.composer() != nil })
	v.drop(diskFile(t, "notes.txt", []byte("n")))
	v.until("now it can be sent", func() bool { return v.enabled("Send 1 file") })
}
