package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// patience bounds every wait of the end-to-end test; reaching it is a failure.
const patience = 30 * time.Second

// TestTwoProfilesTalkThroughARealRelay is one conversation from the first link to its deletion: Ada is on a sotto-relay
// process, Bo was made with the defaults.
func TestTwoProfilesTalkThroughARealRelay(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs whole programs")
	}
	relay := startRelay(t)
	ada := startPeer(t, "Ada", "--relay", relay.pass)
	bo := startPeer(t, "Bo")

	t.Run("one profile has one process", func(t *testing.T) {
		out, code := bo.sottoctl("--json", "contacts")
		if code != exitInUse || !strings.Contains(out, `"code":"profile-in-use"`) {
			t.Errorf("exit %d, %s", code, out)
		}
	})

	adaID, boID := ada.id, bo.id
	meet(t, ada, bo)

	t.Run("both see the same safety number", func(t *testing.T) {
		var a, b safetyObject
		ada.call("verify", map[string]any{"contact": "Bo"}).into(&a)
		bo.call("verify", map[string]any{"contact": "Ada"}).into(&b)
		if fmt.Sprint(a.Number) != fmt.Sprint(b.Number) || a.Verified != "unverified" {
			t.Fatalf("Ada sees %v, Bo %v; %s", a.Number, b.Number, a.Verified)
		}
		other := strings.Repeat("12345", 12)
		ada.call("verify", map[string]any{"contact": "Bo", "number": other}).fails(exitFailed, "verify-mismatch")
		ada.call("verify", map[string]any{"contact": "Bo", "number": strings.Join(b.Number, " ")}).into(&a)
		if a.Verified != "verified" {
			t.Errorf("after comparing: %s", a.Verified)
		}
	})

	t.Run("a text is delivered, and said to be where that was agreed", func(t *testing.T) {
		ada.call("send", map[string]any{"contact": "Bo", "text": "too early", "wait": "1s", "require": "delivered"}).fails(exitNetwork, "not-delivered")
		bo.event("message", func(e eventObject) bool { return e.Message.Text == "too early" })
		bo.call("consent.grant", map[string]any{"purpose": "delivery-receipts", "contact": "Ada"}).ok()
		var sent messageObject
		ada.call("send", map[string]any{"contact": "Bo", "text": "Hello, <Bo> & 世界 👋", "wait": "20s", "require": "delivered"}).into(&sent)
		got := bo.event("message", func(e eventObject) bool { return e.MessageID == sent.ID })
		if got.Message.Text != sent.Text || got.Message.From != adaID || got.Message.Direction != "in" || sent.State != "delivered" {
			t.Errorf("sent %+v, arrived %+v", sent, got.Message)
		}
	})

	var answer messageObject
	t.Run("the answer names what it answers", func(t *testing.T) {
		last := bo.messages("Ada")
		target := last[len(last)-1].ID
		bo.call("send", map[string]any{"contact": "Ada", "text": "-", "reply_to": target, "require": "sent", "wait": "20s"}).into(&answer)
		got := ada.event("message", func(e eventObject) bool { return e.MessageID == answer.ID })
		if got.Message.From != boID || got.Message.Text != "-" || got.Message.ReplyTo == nil || *got.Message.ReplyTo != target {
			t.Errorf("arrived %+v", got.Message)
		}
	})

	t.Run("edit, reaction and deletion reach the other side", func(t *testing.T) {
		bo.call("edit", map[string]any{"message": answer.ID, "text": "yes"}).ok()
		if e := ada.event("edit", func(e eventObject) bool { return e.MessageID == answer.ID }); e.Message.Text != "yes" || !e.Message.Edited {
			t.Errorf("after the edit: %+v", e.Message)
		}
		ada.call("react", map[string]any{"message": answer.ID, "emoji": "👍"}).ok()
		e := bo.event("reaction", func(e eventObject) bool { return e.MessageID == answer.ID })
		if len(e.Message.Reactions) != 1 || e.Message.Reactions[0].Emoji != "👍" || e.Message.Reactions[0].From != adaID {
			t.Errorf("after the reaction: %+v", e.Message.Reactions)
		}
		ada.call("react", map[string]any{"message": answer.ID, "remove": true}).ok()
		bo.event("reaction", func(e eventObject) bool { return e.MessageID == answer.ID && len(e.Message.Reactions) == 0 })
		ada.call("edit", map[string]any{"message": answer.ID, "text": "mine"}).fails(exitRefused, "refused")
		bo.call("delete.message", map[string]any{"message": answer.ID, "for_everyone": true}).ok()
		if e := ada.event("delete", func(e eventObject) bool { return e.MessageID == answer.ID }); !e.Message.Deleted || e.Message.Text != "" {
			t.Errorf("after the deletion: %+v", e.Message)
		}
	})

	t.Run("reading is said only where that was agreed, and counts down", func(t *testing.T) {
		var c contactObject
		bo.call("contacts", nil).first(&c)
		if c.Unread != 2 {
			t.Errorf("%d unread before reading, want 2", c.Unread)
		}
		bo.call("consent.grant", map[string]any{"purpose": "read-receipts", "contact": "Ada"}).ok()
		bo.call("read", map[string]any{"contact": "Ada"}).into(&c)
		if c.Unread != 0 {
			t.Errorf("%d unread after reading", c.Unread)
		}
		ada.event("receipt", func(e eventObject) bool { return e.State == "read" && e.Message.Text == "Hello, <Bo> & 世界 👋" })
	})

	t.Run("after consent is withdrawn no further receipt leaves", func(t *testing.T) {
		bo.call("consent.withdraw", map[string]any{"purpose": "delivery-receipts", "contact": "Ada"}).ok()
		var quiet, marker messageObject
		ada.call("send", map[string]any{"contact": "Bo", "text": "unconfirmed", "require": "sent", "wait": "20s"}).into(&quiet)
		bo.event("message", func(e eventObject) bool { return e.MessageID == quiet.ID })
		bo.call("send", map[string]any{"contact": "Ada", "text": "marker", "require": "sent", "wait": "20s"}).into(&marker)
		ada.event("message", func(e eventObject) bool { return e.MessageID == marker.ID })
		for _, m := range ada.messages("Bo") {
			if m.ID == quiet.ID && m.State != "sent" {
				t.Errorf("state %q after consent was withdrawn", m.State)
			}
		}
	})

	t.Run("pages of messages meet without a gap", func(t *testing.T) {
		all := ada.messages("Bo")
		var tail, head []messageObject
		ada.call("messages", map[string]any{"contact": "Bo", "limit": 2}).into(&tail)
		ada.call("messages", map[string]any{"contact": "Bo", "limit": 100, "before": tail[0].ID}).into(&head)
		if got := len(head) + len(tail); got != len(all) || head[len(head)-1].ID != all[len(all)-3].ID {
			t.Errorf("%d and %d messages of %d", len(head), len(tail), len(all))
		}
	})

	t.Run("messages are found by their words, people and days", func(t *testing.T) {
		var sent messageObject
		ada.call("send", map[string]any{"contact": "Bo", "text": "Straße 東京 needle", "wait": "0"}).into(&sent)
		for _, c := range []struct {
			params map[string]any
			want   int
		}{
			{map[string]any{"query": "strasse 京"}, 1},
			{map[string]any{"query": "needle", "from": "me", "conversation": "Bo"}, 1},
			{map[string]any{"query": "needle", "from": "Bo"}, 0},
			{map[string]any{"query": "needle", "kind": "attachment"}, 0},
			{map[string]any{"query": "needle", "until": "2020-01-01"}, 0},
			{map[string]any{"query": "needle haystack"}, 0},
		} {
			var found []hitObject
			ada.call("search", c.params).into(&found)
			if len(found) != c.want {
				t.Errorf("%v finds %d", c.params, len(found))
			}
			if len(found) == 1 && found[0].ID != sent.ID {
				t.Errorf("%v finds another message", c.params)
			}
		}
		var first, second []hitObject
		ada.call("search", map[string]any{"query": "京"}).into(&first)
		if len(first) != 1 || fmt.Sprint(first[0].Hits) != "[[8 9]]" {
			t.Fatalf("hits %+v, want the ninth character", first)
		}
		ada.call("search", map[string]any{"query": "京", "before": first[0].Cursor}).into(&second)
		if len(second) != 0 {
			t.Error("a page begins where the one before ended")
		}
		ada.call("search", map[string]any{"query": " "}).fails(exitUsage, "usage")
		if r := ada.call("search", map[string]any{"query": "x", "since": "yesterday"}); r.err == nil || r.err.Code != rpcInvalidParams {
			t.Errorf("a day that is none is answered %s %+v, want %d", r.result, r.err, rpcInvalidParams)
		}
	})

	t.Run("an export is verified, and a changed one is not", func(t *testing.T) {
		out := filepath.Join(t.TempDir(), "export")
		var written, verified exportObject
		ada.call("export", map[string]any{"out": out}).into(&written)
		bo.call("verify-export", map[string]any{"path": out}).into(&verified)
		if written != verified || verified.Exporter != adaID || verified.Messages != len(ada.messages("Bo")) {
			t.Errorf("written %+v, verified %+v", written, verified)
		}
		ada.call("export", map[string]any{"out": out}).fails(exitFailed, "exists")
		spoil(t, filepath.Join(out, "manifest.json"))
		ada.call("verify-export", map[string]any{"path": out}).fails(exitFailed, "export-altered")
	})

	t.Run("the audit log is whole", func(t *testing.T) {
		var head headObject
		ada.call("audit.verify", nil).into(&head)
		if head.Seq == 0 {
			t.Error("the log is empty")
		}
		ada.call("audit.verify", map[string]any{"head": head.Head}).ok()
	})

	t.Run("a subscription resumes without a gap", func(t *testing.T) {
		ada.call("unsubscribe", nil).ok()
		for len(ada.events) > 0 {
			<-ada.events
		}
		ada.call("subscribe", map[string]any{"since": 0}).ok()
		var before uint64
		ada.event("", func(e eventObject) bool {
			if e.Seq <= before {
				t.Errorf("event %d after %d", e.Seq, before)
			}
			before = e.Seq
			return e.Type == "message" && e.Message != nil && e.Message.Text == "marker"
		})
	})

	t.Run("a deleted conversation is gone, and a new one works", func(t *testing.T) {
		bo.call("delete.conversation", map[string]any{"contact": "Ada"}).ok()
		if left := bo.messages("Ada"); len(left) != 0 {
			t.Errorf("%d messages left", len(left))
		}
		var again messageObject
		ada.call("send", map[string]any{"contact": "Bo", "text": "still there?", "require": "sent", "wait": "20s"}).into(&again)
		bo.event("message", func(e eventObject) bool { return e.MessageID == again.ID })
	})

	t.Run("a second contact of the same name is told apart, and can be blocked", func(t *testing.T) {
		twin := startPeer(t, "Bo", "--relay", relay.pass)
		var invitation inviteObject
		ada.call("invite", map[string]any{"reusable": true, "max": 3, "expires": "1d"}).into(&invitation)
		twin.call("add", map[string]any{"link": invitation.Link, "confirm_relay": true, "require": "sent", "wait": "20s"}).ok()
		ada.event("request", func(e eventObject) bool { return e.ContactID == twin.id })
		ada.call("accept", map[string]any{"id": twin.id[:12], "require": "sent", "wait": "20s"}).ok()
		twin.event("contact", func(e eventObject) bool { return e.Contact != nil && e.Contact.State == "accepted" })

		ada.call("send", map[string]any{"contact": "Bo", "text": "which?"}).fails(exitUsage, "ambiguous")
		ada.call("send", map[string]any{"contact": "nobody", "text": "hi"}).fails(exitMissing, "not-found")
		var c contactObject
		ada.call("rename", map[string]any{"contact": twin.id, "name": "Twin"}).into(&c)
		if c.Name != "Twin" {
			t.Errorf("renamed to %q", c.Name)
		}
		ada.call("block", map[string]any{"contact": "Twin"}).into(&c)
		if c.State != "blocked" {
			t.Errorf("state %q after block", c.State)
		}
		ada.call("send", map[string]any{"contact": "Twin", "text": "hi"}).fails(exitRefused, "blocked")
		twin.call("send", map[string]any{"contact": "Ada", "text": "can you hear me?", "wait": "2s"}).ok()
		var marker messageObject
		bo.call("send", map[string]any{"contact": "Ada", "text": "after the block", "require": "sent", "wait": "20s"}).into(&marker)
		ada.event("message", func(e eventObject) bool {
			if e.ContactID == twin.id {
				t.Error("a message of a blocked contact arrived")
			}
			return e.MessageID == marker.ID
		})
		ada.call("remove", map[string]any{"contact": "Twin"}).ok()
		ada.call("verify", map[string]any{"contact": "Twin"}).fails(exitMissing, "not-found")
	})

	t.Run("the end of the input ends it cleanly, and all of it lasts", func(t *testing.T) {
		want := ada.messages("Bo")
		ada.end()
		out, code := ada.sottoctl("--json", "messages", "Bo", "--limit", "1000")
		if code != exitDone {
			t.Fatalf("exit %d: %s", code, out)
		}
		lines := strings.Split(strings.TrimSpace(out), "\n")
		if len(lines) != len(want) {
			t.Errorf("%d messages after the restart, %d before", len(lines), len(want))
		}
	})
}

// TestForgottenPassphraseIsReplacedWithTheRecoveryCode goes the whole way of a person who kept the code, and of one who
// guesses.
func TestForgottenPassphraseIsReplacedWithTheRecoveryCode(t *testing.T) {
	if testing.Short() {
		t.Skip("opens a profile many times")
	}
	p, made := newPeer(t, "Ada")
	file := func(name, text string) string {
		name = filepath.Join(filepath.Dir(p.dir), name)
		if err := os.WriteFile(name, []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	guess := file("guess", "a guess that does not open it")
	next := file("next", "another passphrase of good length")
	code := file("code", made.RecoveryCode)
	wrong := file("wrong", strings.Repeat("abandon ", 20))

	p.exits(exitFailed, "profile-exists", "init", "--name", "Eve")
	p.exits(exitLocked, "wrong-secret", "--passphrase-file", guess, "whoami")
	p.exits(exitLocked, "wrong-secret", "recover", "--code-file", wrong, "--new-passphrase-file", next)
	p.exits(exitDone, "", "recover", "--code-file", code, "--new-passphrase-file", next)
	p.exits(exitLocked, "wrong-secret", "whoami")

	p.secret = next
	last := file("last", "and one more passphrase")
	p.exits(exitDone, "", "passwd", "--new-passphrase-file", last)
	p.secret = last
	out, code2 := p.sottoctl("--json", "whoami")
	if code2 != exitDone || !strings.Contains(out, made.ID) {
		t.Errorf("exit %d, %s", code2, out)
	}
	p.exits(exitDone, "", "delete", "everything", "--wait", "1s")
	p.exits(exitMissing, "no-profile", "whoami")
	if left, err := os.ReadDir(p.dir); err == nil && len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// exits runs one command and compares its exit and error code.
func (p *peer) exits(exit int, code string, args ...string) {
	p.t.Helper()
	out, got := p.sottoctl(append([]string{"--json"}, args...)...)
	if got != exit || code != "" && !strings.Contains(out, `"code":"`+code+`"`) {
		p.t.Errorf("%v: exit %d, want %d %s\n%s", args, got, exit, code, out)
	}
}

// meet makes two profiles contacts of each other.
func meet(t *testing.T, ada, bo *peer) {
	var invitation inviteObject
	ada.call("invite", nil).into(&invitation)
	if invitation.Reusable || !strings.HasPrefix(invitation.Link, "sotto:") {
		t.Fatalf("invitation %+v", invitation)
	}
	add := map[string]any{"link": invitation.Link, "message": "It's Bo"}
	bo.call("add", add).fails(exitRefused, "needs-confirmation")
	add["confirm_relay"] = true
	var pending contactObject
	bo.call("add", add).into(&pending)
	if pending.ID != ada.id || pending.State != "pending" {
		t.Fatalf("after add: %+v", pending)
	}
	asked := ada.event("request", func(eventObject) bool { return true })
	if asked.Request == nil || asked.Request.ID != bo.id || asked.Request.Text != "It's Bo" || asked.Request.Name != "Bo" {
		t.Fatalf("the request is %+v", asked.Request)
	}
	ada.call("send", map[string]any{"contact": bo.id, "text": "hi"}).fails(exitRefused, "not-accepted")
	ada.call("accept", map[string]any{"id": "Bo"}).ok()
	bo.event("contact", func(e eventObject) bool { return e.Contact != nil && e.Contact.State == "accepted" })
	bo.call("accept", map[string]any{"id": "Ada"}).fails(exitMissing, "not-found")
}

// spoil changes one byte in the middle of a file.
func spoil(t *testing.T, name string) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
}
