package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestWhatWasDoneCanBeUndone(t *testing.T) {
	if testing.Short() {
		t.Skip("opens profiles")
	}
	ada, bo := startPeer(t, "Ada"), startPeer(t, "Bo")
	meet(t, ada, bo)

	t.Run("a withdrawn invitation lets nobody in", func(t *testing.T) {
		var made inviteObject
		ada.call("invite", map[string]any{"reusable": true}).into(&made)
		ada.call("revoke", map[string]any{"id": made.ID}).ok()
		var list []invitationObject
		ada.call("invitations", nil).into(&list)
		found := false
		for _, i := range list {
			if i.ID == made.ID {
				found = true
				if !i.Revoked || !i.Reusable {
					t.Errorf("after withdrawing: %+v", i)
				}
			}
		}
		if !found {
			t.Errorf("the invitation is not listed: %+v", list)
		}
		ada.call("sync", nil).ok()
		eve := startPeer(t, "Eve")
		eve.call("add", map[string]any{"link": made.Link, "confirm_relay": true}).fails(exitFailed, "invite-used")
		ada.call("revoke", map[string]any{"id": "0000000000000000"}).fails(exitMissing, "not-found")
	})

	t.Run("an unblocked contact is heard again", func(t *testing.T) {
		var c contactObject
		ada.call("block", map[string]any{"contact": "Bo"}).into(&c)
		if c.State != "blocked" {
			t.Fatalf("after block: %s", c.State)
		}
		ada.call("unblock", map[string]any{"contact": "Bo"}).into(&c)
		if c.State != "accepted" {
			t.Fatalf("after unblock: %s", c.State)
		}
		var sent messageObject
		bo.call("send", map[string]any{"contact": "Ada", "text": "friends again?", "wait": "10s"}).into(&sent)
		ada.event("message", func(e eventObject) bool { return e.MessageID == sent.ID })
	})

	t.Run("only what failed is tried again or dropped", func(t *testing.T) {
		var sent messageObject
		ada.call("send", map[string]any{"contact": "Bo", "text": "fine", "require": "sent", "wait": "20s"}).into(&sent)
		ada.call("retry", map[string]any{"message": sent.ID}).fails(exitMissing, "not-found")
		ada.call("discard", map[string]any{"message": sent.ID}).fails(exitRefused, "refused")
		ada.call("confirm", map[string]any{"contact": "Bo"}).ok()
	})

	t.Run("an encrypted export is opened by GnuPG with its code", func(t *testing.T) {
		gpg, err := exec.LookPath("gpg")
		if err != nil {
			t.Skip("gpg is not installed")
		}
		out := filepath.Join(t.TempDir(), "export.gpg")
		var made exportObject
		ada.call("export", map[string]any{"out": out, "encrypt": "export-code"}).into(&made)
		if made.Code == "" {
			t.Fatal("no export code was printed")
		}
		home := filepath.Join(t.TempDir(), "gnupg")
		if err := os.Mkdir(home, 0o700); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(gpg, "--homedir", home, "--batch", "--pinentry-mode", "loopback", "--passphrase-fd", "0", "--decrypt", out)
		cmd.Stdin = strings.NewReader(made.Code + "\n")
		plain, err := cmd.Output()
		if err != nil || !strings.Contains(string(plain), "manifest.json") {
			t.Errorf("gpg: %v, %d bytes", err, len(plain))
		}
	})
}
