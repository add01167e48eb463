//go:build e2e

package main

import (
	"context"
	"path/filepath"
	"time"

	"sotto/app/apptest/moved"
	"sotto/app/messenger"
	"sotto/app/profile"
	"sotto/app/security"
	"sotto/storage"
)

// newcomers are people whose devices change: Ada was verified.
var newcomers = []struct {
	name     string
	verified bool
	move     func(context.Context, string, storage.Options, storage.Secret, time.Time) error
}{
	{"Ada Lindqvist", true, moved.Restored},
	{"Jonas Weber", false, moved.Restored},
	{"Noor Haddad", false, moved.ToNewDevice},
	{"Tomás Quiroga", false, nil},
}

// unsettled makes a profile whose contacts wait for a word about their devices.
func unsettled(g *gallery) *life {
	g.t.Helper()
	ctx, cancel := context.WithTimeout(g.t.Context(), 3*time.Minute)
	defer cancel()
	must := func(err error) {
		g.t.Helper()
		if err != nil {
			g.t.Fatal(err)
		}
	}
	l := &life{dir: filepath.Join(g.home, "profile"), pass: strangerPassphrase()}
	own, _, err := profile.Create(ctx, profile.CreateOptions{Dir: l.dir, Name: "Mira Sandoval", Passphrase: l.pass})
	must(err)
	must(own.Start(ctx))
	for _, n := range newcomers {
		dir, pass := filepath.Join(g.home, "peer", n.name), strangerPassphrase()
		p, _, err := profile.Create(ctx, profile.CreateOptions{Dir: dir, Name: n.name, Passphrase: pass})
		must(err)
		must(p.Start(ctx))
		talk(ctx, g, own, p, []string{"Good evening.", "Good evening to you."})
		id := p.Messenger.Self().ID
		if n.verified {
			must(own.Messenger.Verify(ctx, id, ""))
		}
		if n.move != nil {
			must(p.Close())
			must(n.move(ctx, dir, storage.Options{}, storage.Passphrase(pass), time.Now().Add(time.Minute)))
			p, err = profile.Open(ctx, profile.OpenOptions{Dir: dir, Secret: profile.Passphrase(pass)})
			must(err)
			must(p.Start(ctx))
			sent, err := p.Messenger.Send(ctx, p.Messenger.ConversationWith(own.Messenger.Self().ID), "I write from another computer now.", messenger.SendOptions{})
			must(err)
			waitUntil(ctx, g, "a message from another device", func() bool {
				_, err := own.Messenger.Message(ctx, sent.ID)
				return err == nil
			})
		}
		g.t.Cleanup(func() { _ = p.Close() })
	}
	must(own.Alerts.Raise(ctx, 0, security.Alert{Code: messenger.AlertRolledBack, Last: time.Now()}))
	must(own.Messenger.Sync(ctx, 5*time.Second))
	must(own.Close())
	return l
}

// devices takes what the window says of devices and sessions, wide and narrow.
func devices(g *gallery) {
	g.t.Helper()
	l := unsettled(g)
	unlock(g, l)
	for _, size := range []struct{ name, width, height string }{{"wide", "1100", "720"}, {"narrow", "760", "480"}} {
		g.run("xdotool", "windowsize", "--sync", g.id, size.width, size.height)
		time.Sleep(time.Second)
		narrow, over, turns := size.name == "narrow", "700", "24"
		if narrow {
			over, turns = "380", "18"
		}
		if narrow {
			g.press("Back") // the chat that was left open
		}
		take := func(name string) { g.take(name + "-" + size.name) }
		for _, c := range []struct{ row, says, shot string }{
			{"Noor Haddad", "has a new device", "50-new-device"},
			{"Jonas Weber", "was restored or copied", "51-restored"},
			{"Ada Lindqvist", "Nothing is sent until", "52-changed"},
		} {
			g.clickUntilItShows(g.row(c.row))
			g.text(c.says)
			take(c.shot)
			if c.row == "Jonas Weber" {
				g.press("Details")
				g.text("Safety number")
				take("53-contact")
				g.press("Confirm")
				g.text("You confirm that it was")
				take("54-confirm")
				g.press("Cancel")
				g.press("Back")
			}
			if narrow {
				g.press("Back")
			}
		}
		g.press("Settings")
		g.press("Security")
		g.text("Mark as seen")
		take("55-security")
		for _, shot := range []string{"56-security", "57-security", "58-security"} {
			g.run("xdotool", "mousemove", "--window", g.id, over, "300")
			g.run("xdotool", "click", "--repeat", turns, "--delay", "30", "5")
			time.Sleep(500 * time.Millisecond)
			take(shot)
		}
		g.press("Back")
		g.press("Back")
	}
	g.close()
}
