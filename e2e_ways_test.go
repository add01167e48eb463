//go:build e2e

package main

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"sotto/app/apptest/keychain"
	"sotto/app/profile"
	"sotto/app/security"
)

// guarded makes a profile that opens with a passphrase, a key file beside another one, and a keychain that this
// computer has not.
func guarded(g *gallery) (*life, string) {
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
	file := filepath.Join(g.home, "Documents", "mira.key")
	must(os.MkdirAll(filepath.Dir(file), 0o700))
	p, _, err := profile.Create(ctx, profile.CreateOptions{
		Options: profile.Options{Keychain: keychain.New()}, Dir: l.dir, Name: "Mira Sandoval", Passphrase: l.pass,
	})
	must(err)
	must(profile.MakeKeyFile(l.dir, file))
	must(p.StepUp.Confirm(ctx, security.ActSlots, []byte(l.pass)))
	_, err = p.AddKeyFile(ctx, strangerPassphrase(), file)
	must(err)
	must(p.StepUp.Confirm(ctx, security.ActSlots, []byte(l.pass)))
	_, err = p.AddKeychain(ctx)
	must(err)
	must(p.Close())
	return l, file
}

// ways takes what the window shows of the ways to open a profile.
func ways(g *gallery) {
	g.t.Helper()
	l, file := guarded(g)
	g.client = g.open("--profile", l.dir)
	g.text("Type your passphrase")
	g.button("Open with the keychain")
	g.take("80-unlock-ways")
	g.press("Open with the keychain")
	g.text("There is no keychain to be reached")
	g.take("81-unlock-no-keychain")
	g.press("Use a key file")
	g.text("Choose the key file")
	g.fill("Where it lies", file)
	g.key("Return")
	g.text("With mira.key")
	g.take("82-unlock-key-file")
	g.press("Without a key file")
	g.fill("Passphrase", l.pass)
	g.key("Return")
	g.press("Settings")
	g.press("Security")
	g.text("Ways to open this profile")
	time.Sleep(500 * time.Millisecond)
	g.take("83-ways")
	g.run("xdotool", "mousemove", "--window", g.id, "700", "300")
	g.run("xdotool", "click", "--repeat", "12", "--delay", "30", "5")
	time.Sleep(500 * time.Millisecond)
	g.take("84-ways-below")
	g.press("Add a key file")
	g.text("Present passphrase")
	g.take("85-add-key-file")
	g.press("Cancel")
	g.press("Add the keychain")
	g.text("whoever is logged in as you")
	g.take("86-add-keychain")
	g.press("Cancel")
	g.close()
}
