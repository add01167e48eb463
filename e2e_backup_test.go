//go:build e2e

package main

import (
	"context"
	"path/filepath"
	"time"

	"sotto/app/privacy"
	"sotto/app/privacy/backup"
	"sotto/app/profile"
	"sotto/chat"
)

// backups takes the screens of a backup and of a restore from it.
func backups(g *gallery) {
	g.t.Helper()
	l, secret := backedUp(g)
	g.client = g.open("--profile", l.dir)
	g.text("Type your passphrase")
	g.fill("Passphrase", l.pass)
	g.key("Return")
	g.row("Ada Lindqvist")
	g.press("Settings")
	g.press("Privacy")
	g.text("Last backup")
	g.take("60-privacy")
	g.press("Back up")
	g.text("Its passphrase")
	g.take("61-backup")
	g.fill("Passphrase of the backup", "summer2024")
	g.press("Make the backup")
	g.text("too easy to guess")
	g.take("61-backup-weak")
	g.fill("Passphrase of the backup", secret)
	g.fill("Passphrase again", secret)
	file := filepath.Join(g.home, "again"+backup.Suffix)
	g.fill("File to make", file)
	g.press("Make the backup")
	g.text("Passphrase of this profile")
	g.take("62-backup-step-up")
	g.fill("Passphrase", l.pass)
	g.key("Return")
	g.text("Backed up and read back")
	g.take("63-backup-done")
	g.press("Back")
	g.press("Delete, or see answers")
	g.press("Choose")
	g.text("Delete the contact")
	g.press("Delete 3 messages")
	g.text("still hold it")
	g.take("64-delete-with-backups")
	g.press("Cancel")
	g.close()

	g.client = g.open("--profile", filepath.Join(g.home, "new"))
	g.text("Welcome to Sotto")
	g.press("Restore from a backup")
	g.text("Sotto reads the backup to its end")
	g.fill("Backup", file)
	g.press("Choose the file")
	g.text("Which backup?")
	time.Sleep(time.Second) // the list is no named widget
	g.take("65-restore-choose")
	g.press("Cancel")
	g.fill("Passphrase of the backup", "not this one at all")
	pass := strangerPassphrase()
	g.fill("New passphrase", pass)
	g.fill("Passphrase again", pass)
	g.press("Restore")
	g.text("does not open the backup")
	g.take("66-restore-wrong")
	g.fill("Passphrase of the backup", secret)
	g.press("Restore")
	g.text("Your recovery code")
	code := recoveryCode(g.client)
	g.press("I have written it down")
	g.fill("Word 3", code[2])
	g.fill("Word 9", code[8])
	g.fill("Word 17", code[16])
	g.press("Continue")
	g.text("Welcome back")
	g.take("67-restored")
	g.press("Open Sotto")
	g.row("Ada Lindqvist")
	g.take("68-restored-home")
	g.close()
}

// backedUp makes a profile with a backup and something deleted since.
func backedUp(g *gallery) (*life, string) {
	g.t.Helper()
	ctx, cancel := context.WithTimeout(g.t.Context(), 3*time.Minute)
	defer cancel()
	must := func(err error) {
		g.t.Helper()
		if err != nil {
			g.t.Fatal(err)
		}
	}
	l, secret := &life{dir: filepath.Join(g.home, "profile"), pass: strangerPassphrase()}, strangerPassphrase()
	own, _, err := profile.Create(ctx, profile.CreateOptions{Dir: l.dir, Name: "Mira Sandoval", Passphrase: l.pass})
	must(err)
	must(own.Start(ctx))
	ada, _, err := profile.Create(ctx, profile.CreateOptions{Dir: filepath.Join(g.home, "ada"), Name: "Ada Lindqvist", Passphrase: strangerPassphrase()})
	must(err)
	g.t.Cleanup(func() { _ = ada.Close() })
	must(ada.Start(ctx))
	l.people = append(l.people, ada)
	must(own.Ledger.Record(ctx, privacy.Choice{Purpose: chat.ReadReceipts, Given: true, Method: "cli"}))
	talk(ctx, g, own, ada, []string{"Did you get the tickets for Thursday?", "Two of them, row F.", "Then coffee at six?"})
	_, err = own.Backup.Write(ctx, backup.Request{Out: filepath.Join(g.home, "first"+backup.Suffix), Passphrase: secret})
	must(err)
	deleted := lastOf(ctx, g, own, ada)
	_, err = own.Eraser.DeleteMessages(ctx, deleted)
	must(err)
	must(own.Close())
	return l, secret
}
