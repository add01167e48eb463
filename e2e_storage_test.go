//go:build e2e

package main

import (
	"os"
	"path/filepath"
)

// stored takes the page of storage after an unclean stop, and the way out of a damaged profile.
func stored(g *gallery) {
	g.t.Helper()
	l := live(g)
	if err := os.WriteFile(filepath.Join(l.dir, "running"), nil, 0o600); err != nil { // as a killed process leaves it
		g.t.Fatal(err)
	}
	unlock(g, l)
	g.text("Your history was checked: all well.")
	g.take("70-after-unclean-stop")
	g.press("Settings")
	g.press("Storage")
	g.text("are free on this disk")
	g.take("71-storage")
	g.press("Check now")
	g.text("All well")
	g.take("72-storage-checked")
	g.close()

	history := filepath.Join(l.dir, "history.db")
	b, err := os.ReadFile(history)
	if err != nil {
		g.t.Fatal(err)
	}
	clear(b[:4096])
	clear(b[20*4096 : 26*4096])
	if err := os.WriteFile(history, b, 0o600); err != nil {
		g.t.Fatal(err)
	}
	g.client = g.open("--profile", l.dir)
	g.text("Type your passphrase")
	g.fill("Passphrase", l.pass)
	g.key("Return")
	g.text("This profile is damaged")
	g.take("73-damaged")
	g.press("Save what is readable")
	g.text("saved.")
	g.take("74-damaged-saved")
	g.close()
}
