package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheBotOfTheContractKeepsFiles runs the program that docs/CLI.md shows, as it stands there.
func TestTheBotOfTheContractKeepsFiles(t *testing.T) {
	ada, base := startBot(t, "A bot that keeps files")
	want := contentOf(30, 70_000)
	letter := map[string]any{"contact": "bot", "file": fileIn(t, t.TempDir(), "letter.txt", want), "require": "sent", "wait": "20s"}
	ada.call("send", letter).fails(exitRefused, "refused") // a bot reads what it may
	ada.call("consent.grant", map[string]any{"purpose": "bot-reads", "contact": "bot"}).ok()
	var sent messageObject
	ada.call("send", letter).into(&sent)
	ada.event("message", func(e eventObject) bool {
		return e.Message != nil && e.Message.Direction == "in" && e.Message.Text == "I keep letter.txt, 70000 bytes."
	})
	if got, err := os.ReadFile(filepath.Join(base, "inbox", sent.ID)); err != nil || !bytes.Equal(got, want) {
		t.Errorf("the bot keeps %d bytes, %v", len(got), err)
	}
}

// TestTheBotOfTheContractAnswersWithAFile does the same with the one that sends files.
func TestTheBotOfTheContractAnswersWithAFile(t *testing.T) {
	ada, _ := startBot(t, "A bot that answers with a file")
	ada.call("consent.grant", map[string]any{"purpose": "bot-reads", "contact": "bot"}).ok()
	ada.call("send", map[string]any{"contact": "bot", "text": "hello", "require": "sent", "wait": "20s"}).ok()
	got := ada.event("message", func(e eventObject) bool { return e.Message != nil && e.Message.Direction == "in" }).Message
	if got.File == nil || got.File.Name != "answer.txt" || got.Text != "Here is what you wrote." {
		t.Fatalf("the bot answers %+v", got)
	}
	path := filepath.Join(t.TempDir(), "answer")
	ada.call("save", map[string]any{"message": got.ID, "out": path}).ok()
	if b, err := os.ReadFile(path); err != nil || string(b) != "You wrote: hello\n" {
		t.Errorf("the file says %q, %v", b, err)
	}
}

// startBot runs the program under a heading of docs/CLI.md in the folder base, and a peer whom it accepted.
func startBot(t *testing.T, heading string) (ada *peer, base string) {
	t.Helper()
	if testing.Short() {
		t.Skip("runs whole programs")
	}
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("there is no python3")
	}
	doc, err := os.ReadFile(filepath.Join("..", "..", "docs", "CLI.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, after, found := strings.Cut(string(doc), "### "+heading+"\n")
	_, after, begun := strings.Cut(after, "\n```python\n")
	program, _, ended := strings.Cut(after, "\n```\n")
	if !found || !begun || !ended {
		t.Fatal("docs/CLI.md shows no such bot")
	}

	base = t.TempDir()
	relay := startRelay(t)
	bot, _ := newPeerAt(t, base, "bot", "--bot", "--relay", relay.pass)
	link := strings.TrimSpace(string(piped(t, bot, nil, "invite")))
	ada = startPeer(t, "Ada", "--relay", relay.pass)
	cmd := exec.Command(python, "-c", program)
	cmd.Dir, cmd.Stderr = base, os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill() //nolint:errcheck // it may have ended
		cmd.Wait()         //nolint:errcheck // killed; its sottoctl ends with its input
	})

	ada.call("add", map[string]any{"link": link, "confirm_relay": true}).ok()
	ada.event("contact", func(e eventObject) bool { return e.Contact != nil && e.Contact.State == "accepted" })
	return ada, base
}
