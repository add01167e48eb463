//go:build e2e

package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"sotto/app/messenger"
	"sotto/app/privacy"
	"sotto/app/profile"
	"sotto/app/security"
	"sotto/chat"
)

// screensVariable names the folder that TestScreens saves its pictures in;
// .ci/screenshots sets it.
const screensVariable = "SOTTO_SCREENSHOTS"

// gallery saves numbered pictures of one look.
type gallery struct {
	*client
	folder string
}

func (g *gallery) take(name string) {
	g.t.Helper()
	g.shot(filepath.Join(g.folder, name+".png"))
}

// TestScreens saves every screen, in light and in dark, and a narrow window with
// large text.
func TestScreens(t *testing.T) {
	folder := os.Getenv(screensVariable)
	if folder == "" {
		t.Skipf("SKIPPED: %s names no folder for the pictures; `make screenshots` sets it", screensVariable)
	}
	for _, mode := range []string{"light", "dark"} {
		t.Run(mode, func(t *testing.T) {
			t.Run("first", func(t *testing.T) { first(newGallery(t, folder, mode, mode, 1)) })
			t.Run("everyday", func(t *testing.T) { everyday(newGallery(t, folder, mode, mode, 1)) })
			t.Run("backups", func(t *testing.T) { backups(newGallery(t, folder, mode, mode, 1)) })
			t.Run("search", func(t *testing.T) { searches(newGallery(t, folder, mode, mode, 1)) })
			t.Run("timers", func(t *testing.T) { timers(newGallery(t, folder, mode, mode, 1)) })
			t.Run("bots", func(t *testing.T) { bots(newGallery(t, folder, mode, mode, 1)) })
			t.Run("devices", func(t *testing.T) { devices(newGallery(t, folder, mode, mode, 1)) })
			t.Run("storage", func(t *testing.T) { stored(newGallery(t, folder, mode, mode, 1)) })
			t.Run("files", func(t *testing.T) { filed(newGallery(t, folder, mode, mode, 1)) })
			t.Run("ways", func(t *testing.T) { ways(newGallery(t, folder, mode, mode, 1)) })
		})
	}
	t.Run("narrow", func(t *testing.T) { narrow(newGallery(t, folder, "narrow", "light", 1.5)) })
}

func newGallery(t *testing.T, folder, name, mode string, scale float64) *gallery {
	t.Helper()
	d := newDesk(t)
	d.look(mode, scale)
	g := &gallery{&client{desk: d}, filepath.Join(folder, name)}
	if err := os.MkdirAll(g.folder, 0o755); err != nil {
		t.Fatal(err)
	}
	return g
}

// first takes the screens of a first start.
func first(g *gallery) {
	g.t.Helper()
	g.client = g.open("--profile", filepath.Join(g.home, "first"))
	g.text("Welcome to Sotto")
	g.take("01-welcome")
	g.fill("Your name", "Mira")
	g.fill("Passphrase", "summer2024")
	g.press("Create profile")
	g.text("too easy to guess")
	g.take("02-welcome-weak")
	pass := strangerPassphrase()
	g.fill("Passphrase", pass)
	g.fill("Passphrase again", pass)
	g.press("Create profile")
	g.text("Your recovery code")
	code := recoveryCode(g.client)
	g.take("03-recovery-code")
	g.press("Save a page to print")
	g.text("Print it, then delete")
	g.take("04-save-page")
	g.press("Cancel")
	g.press("I have written it down")
	g.fill("Word 3", code[2])
	g.fill("Word 9", "wrong")
	g.press("Continue")
	g.text("This is not word 9")
	g.take("05-recovery-check")
	g.fill("Word 9", code[8])
	g.fill("Word 17", code[16])
	g.press("Continue")
	g.text("Your profile is ready")
	g.take("06-ready")
	g.press("Talk to the Guide")
	g.text("Let this bot read")
	g.take("08-guide-asks")
	g.press("Let it read")
	g.text("I am the Guide, a bot")
	ask(g.client, "How do I delete a conversation?")
	g.text("no passphrase opens it again")
	g.take("07-guide")
	g.close()
}

// life is a profile with some history, and people at the other end.
type life struct {
	dir, pass string
	people    []*profile.Profile
}

// people who write to the profile of the pictures: one name is long, one is
// written from the right, one is a bot.
var cast = []struct {
	name  string
	bot   bool
	lines []string // they begin with the first; the profile answers with the next
}{
	{name: "مريم الخوارزمي", lines: []string{"مساء الخير. هل وصلتك الوثيقة؟", "نعم، شكراً. I will read it tonight.", "ممتاز، خذي وقتك."}},
	{name: "Wolfeschlegelsteinhausenbergerdorff, Hubert Blaine the Elder of the Third House", lines: []string{
		"The survey is complete: all 23 stations, both soundings, and the appendix with the uncertainties that you asked for last week.",
		"Thank you. That is a lot of stations.",
	}},
	{name: "Weather bot", bot: true, lines: []string{"Tomorrow: 4 to 9 °C, rain from noon. I am a bot and keep nothing.", "Will it snow this week?", "No snow before Friday, by the model of 06:00."}},
	{name: "Ada Lindqvist", lines: []string{
		"Did you get the tickets for Thursday?", "Two of them, row F. The hall is small, you will hear every breath.",
		"Perfect. I still owe you for the last concert", "You do. A coffee settles it.",
		"Then coffee at six, at the place with the green door?", "I will be there. Bring the score if you still have it, I want to look at the second movement before we go in.",
		"I have it. See you at six",
	}},
}

// live makes the profile and lets people talk to it.
func live(g *gallery) *life {
	g.t.Helper()
	ctx, cancel := context.WithTimeout(g.t.Context(), 3*time.Minute)
	defer cancel()
	l := &life{dir: filepath.Join(g.home, "profile"), pass: strangerPassphrase()}
	must := func(err error) {
		g.t.Helper()
		if err != nil {
			g.t.Fatal(err)
		}
	}
	own, _, err := profile.Create(ctx, profile.CreateOptions{Dir: l.dir, Name: "Mira Sandoval", Passphrase: l.pass})
	must(err)
	must(own.Start(ctx))
	for i, c := range cast {
		p, _, err := profile.Create(ctx, profile.CreateOptions{
			Dir: filepath.Join(g.home, "peer", c.name), Name: c.name, Bot: c.bot, Passphrase: strangerPassphrase(),
		})
		must(err)
		g.t.Cleanup(func() { _ = p.Close() })
		must(p.Start(ctx))
		l.people = append(l.people, p)
		if i == len(cast)-1 {
			must(p.Ledger.Record(ctx, privacy.Choice{Purpose: chat.DeliveryReceipts, Given: true, Method: "cli"}))
			must(p.Ledger.Record(ctx, privacy.Choice{Purpose: chat.ReadReceipts, Given: true, Method: "cli"}))
		}
		talk(ctx, g, own, p, c.lines)
		switch {
		case c.bot:
			_, err = own.Messenger.React(ctx, lastOf(ctx, g, own, p), "👍")
		case i == len(cast)-1:
			err = own.Messenger.Verify(ctx, p.Messenger.Self().ID, "")
		}
		must(err)
	}
	request(ctx, g, own)
	must(own.Alerts.Raise(ctx, 0, security.Alert{Code: security.AlertFailedUnlocks, Count: 2, Last: time.Now()}))
	must(own.Messenger.Sync(ctx, 5*time.Second))
	must(own.Close())
	return l
}

// talk lets a person add the profile and the two exchange lines.
func talk(ctx context.Context, g *gallery, own, peer *profile.Profile, lines []string) {
	g.t.Helper()
	invitation, _, err := own.Messenger.Invite(ctx, messenger.InviteOptions{})
	if err != nil {
		g.t.Fatal(err)
	}
	me, you := own.Messenger.Self().ID, peer.Messenger.Self().ID
	if _, err := peer.Messenger.Add(ctx, invitation.Link, messenger.AddOptions{Message: lines[0], ConfirmRelay: true}); err != nil {
		g.t.Fatal(err)
	}
	waitUntil(ctx, g, "the request", func() bool {
		_, err := own.Messenger.Accept(ctx, you)
		return err == nil
	})
	waitUntil(ctx, g, "the acceptance", func() bool {
		c, err := peer.Messenger.Contact(ctx, me)
		return err == nil && c.State == chat.ContactAccepted
	})
	if peer.Messenger.Self().Bot {
		choose(ctx, g, own, you, true)
	}
	for i, line := range lines[1:] {
		from, to, id := own, peer, you
		if i%2 == 1 {
			from, to, id = peer, own, me
		}
		sent, err := from.Messenger.Send(ctx, from.Messenger.ConversationWith(id), line, messenger.SendOptions{})
		if err != nil {
			g.t.Fatal(err)
		}
		waitUntil(ctx, g, "a message", func() bool {
			_, err := to.Messenger.Message(ctx, sent.ID)
			return err == nil
		})
		if err := to.Messenger.Read(ctx, to.Messenger.ConversationWith(from.Messenger.Self().ID), 0); err != nil {
			g.t.Fatal(err)
		}
	}
}

// choose answers whether a bot may read.
func choose(ctx context.Context, g *gallery, own *profile.Profile, bot chat.ContactID, yes bool) {
	g.t.Helper()
	if err := own.Ledger.Record(ctx, privacy.Choice{Subject: bot, Purpose: chat.BotReads, Given: yes, Method: "sheet"}); err != nil {
		g.t.Fatal(err)
	}
}

// bots takes the chat with a bot that may not read any more, something having waited for it, and answers its question.
func bots(g *gallery) {
	g.t.Helper()
	ctx, cancel := context.WithTimeout(g.t.Context(), 3*time.Minute)
	defer cancel()
	l := live(g)
	own, err := profile.Open(ctx, profile.OpenOptions{Dir: l.dir, Secret: profile.Passphrase(l.pass)})
	if err != nil {
		g.t.Fatal(err)
	}
	bot, err := own.Messenger.Find(ctx, "Weather bot")
	if err != nil {
		g.t.Fatal(err)
	}
	if _, err := own.Messenger.Send(ctx, own.Messenger.ConversationWith(bot.ID), "And at my sister's, in Torun?", messenger.SendOptions{}); err != nil {
		g.t.Fatal(err)
	}
	choose(ctx, g, own, bot.ID, false)
	if err := own.Close(); err != nil {
		g.t.Fatal(err)
	}
	unlock(g, l)
	g.clickUntilItShows(g.row("Weather bot"))
	g.text("Let this bot read")
	g.text("Held back")
	g.take("18-chat-bot-asks")
	g.press("Let it read")
	g.gone("Let this bot read")
	g.entry("Write to Weather bot")
	g.take("19-chat-bot-agreed")
	g.close()
}

func lastOf(ctx context.Context, g *gallery, own, peer *profile.Profile) chat.MessageID {
	g.t.Helper()
	all, err := own.Messenger.Messages(ctx, own.Messenger.ConversationWith(peer.Messenger.Self().ID), 0, 1)
	if err != nil || len(all) != 1 {
		g.t.Fatalf("no last message: %v", err)
	}
	return all[0].ID
}

// request leaves somebody waiting for an answer.
func request(ctx context.Context, g *gallery, own *profile.Profile) {
	g.t.Helper()
	invitation, _, err := own.Messenger.Invite(ctx, messenger.InviteOptions{Reusable: true})
	if err != nil {
		g.t.Fatal(err)
	}
	p, _, err := profile.Create(ctx, profile.CreateOptions{Dir: filepath.Join(g.home, "peer", "stranger"), Name: "Jonas Weber", Passphrase: strangerPassphrase()})
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { _ = p.Close() })
	if err := p.Start(ctx); err != nil {
		g.t.Fatal(err)
	}
	if _, err := p.Messenger.Add(ctx, invitation.Link, messenger.AddOptions{Message: "We met at the choir on Sunday. May I write to you here?", ConfirmRelay: true}); err != nil {
		g.t.Fatal(err)
	}
	waitUntil(ctx, g, "the request", func() bool {
		all, err := own.Messenger.Requests(ctx)
		return err == nil && len(all) == 1
	})
}

func waitUntil(ctx context.Context, g *gallery, what string, done func() bool) {
	g.t.Helper()
	for !done() {
		if ctx.Err() != nil {
			g.t.Fatalf("waited in vain for %s", what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// searches takes the search: before a word, with hits, narrowed, with none, and the chat at a hit.
func searches(g *gallery) {
	g.t.Helper()
	unlock(g, live(g))
	g.key("ctrl+shift+f")
	g.text("Find any message")
	g.take("60-search")
	const field = `Words, or "a phrase in quotes"`
	g.fill(field, "is")
	g.text("survey")
	g.take("61-search-hits")
	g.fill(field, "tonight")
	g.gone("survey")
	g.take("62-search-rtl")
	g.fill(field, "zebra")
	g.text("Nothing found")
	g.take("63-search-none")
	g.fill(field, "score")
	g.text("if you still have it")
	g.key("Return")
	g.button("Find in this conversation")
	g.take("64-search-found")
	g.key("Escape")
	g.text("Any time")
	g.press("Any time")
	g.text("Last 7 days")
	g.take("65-search-days")
	g.key("Escape")
	g.close()
}

func unlock(g *gallery, l *life) {
	g.t.Helper()
	g.client = g.open("--profile", l.dir)
	g.text("Type your passphrase")
	g.fill("Passphrase", l.pass)
	g.key("Return")
	g.row("Ada Lindqvist")
}

// everyday takes the screens of a profile in use.
func everyday(g *gallery) {
	g.t.Helper()
	l := live(g)
	g.client = g.open("--profile", l.dir)
	g.text("Type your passphrase")
	g.take("10-unlock")
	for range 2 {
		g.fill("Passphrase", "not this one")
		g.key("Return")
		g.text("does not open")
	}
	g.fill("Passphrase", "nor this one")
	g.key("Return")
	g.text("The next try is possible")
	g.take("11-unlock-delay")
	g.gone("The next try is possible")
	g.press("Forgot passphrase?")
	g.text("Open with the recovery code")
	g.take("12-forgot")
	g.press("Back")
	g.fill("Passphrase", l.pass)
	g.key("Return")
	g.row("Ada Lindqvist")
	g.take("13-home")
	g.fill("Search", "ada")
	g.text("Search messages")
	g.take("13-list-search")
	g.key("ctrl+a", "BackSpace")
	g.clickUntilItShows(g.row("Ada Lindqvist"))
	g.text("Bring the score")
	g.fill("Write to Ada Lindqvist", "On my way")
	g.take("14-chat")
	g.key("ctrl+a", "BackSpace")
	g.press("Details")
	g.text("Safety number")
	g.take("15-contact")
	g.clickUntilItShows(g.row("مريم الخوارزمي"))
	g.text("شكراً")
	g.take("16-chat-rtl")
	g.clickUntilItShows(g.row("Weather bot"))
	g.text("No snow")
	g.take("17-chat-bot")
	pages(g, l)
	g.close()
}

// pages takes the pages about settings, privacy and security.
func pages(g *gallery, l *life) {
	g.t.Helper()
	g.key("ctrl+n")
	g.button("Make the invitation")
	g.take("20-invite")
	g.key("ctrl+shift+n")
	g.gone("Make the invitation")
	g.take("21-add")
	g.press("Settings")
	g.text("The relay inside this client")
	g.take("22-settings")
	g.press("Security")
	g.text("wrong passphrases were tried")
	g.take("23-security")
	g.press("Change passphrase")
	g.text("Present passphrase")
	g.take("24-change-passphrase")
	g.press("Cancel")
	g.press("Back")
	g.press("About Sotto")
	g.text("Privacy notice")
	g.take("25-about")
	g.press("Open Privacy")
	g.text("messages to take with you")
	g.take("30-privacy")
	g.press("See your answers")
	g.text("Say when a message was read")
	g.take("31-consent")
	g.press("Back")
	g.press("Export")
	g.text("The conversation with")
	g.take("32-export")
	exported := filepath.Join(g.home, "Documents", "Sotto export")
	g.fill("Folder to make", exported)
	g.press("Choose where")
	g.text("Where should the export go?")
	g.take("33-export-where")
	g.press("Cancel")
	g.press("Export")
	g.text("Passphrase for the export")
	g.take("34-step-up")
	g.fill("Passphrase", l.pass)
	g.key("Return")
	g.press("Copy the path")
	g.take("35-exported")
	imports(g, exported)
	g.press("Back")
	deletionPages(g)
}

// imports takes how an export is taken in again.
func imports(g *gallery, exported string) {
	g.t.Helper()
	g.press("Take an export in")
	g.text("Which export?")
	g.take("35-import")
	g.press("Choose a folder")
	g.fill("Folder", exported)
	g.take("35-import-choose")
	g.press("Look at this folder")
	g.text("You made it")
	g.take("35-import-found")
	g.press("Take in 15 messages")
	g.text("were here already")
	g.take("35-imported")
	g.press("Back")
	g.text("The conversation with")
}

func deletionPages(g *gallery) {
	g.t.Helper()
	g.press("Delete, or see answers")
	g.text("Who answered what")
	g.take("36-deletion")
	g.press("Choose")
	g.text("Delete the contact")
	g.take("37-deletion-one")
	g.press("Delete 7 messages")
	g.text("This cannot be undone")
	g.take("38-delete-dialog")
	g.press("Cancel")
	g.press("Back")
	g.press("Back")
	g.press("Open the log")
	g.text("Profile created")
	g.press("Check the log")
	g.text("all in order")
	g.take("39-audit")
}

// narrow takes some screens in the smallest window, with large text.
func narrow(g *gallery) {
	g.t.Helper()
	l := live(g)
	unlock(g, l)
	g.run("xdotool", "windowsize", "--sync", g.id, "760", "507")
	time.Sleep(time.Second)
	g.take("40-list")
	g.clickUntilItShows(g.row("Ada Lindqvist"))
	g.text("Bring the score")
	g.take("41-chat")
	g.press("Back")
	g.press("Settings")
	g.take("42-settings")
	g.press("Privacy")
	g.text("messages to take with you")
	g.take("43-privacy")
	g.press("Export")
	g.text("The conversation with")
	g.take("44-export")
	g.close()
}
