package main

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"strings"
	"testing"
)

// foreground starts a command that runs until it is interrupted, and returns the first object it prints.
func (p *peer) foreground(object any, args ...string) (stop func()) {
	p.t.Helper()
	cmd := p.command(append([]string{"--json"}, args...)...)
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { cmd.Process.Kill() }) //nolint:errcheck // it may have ended
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err != nil {
		p.t.Fatalf("%v ended: %v", args, err)
	}
	if err := json.Unmarshal(line, object); err != nil {
		p.t.Fatalf("%v printed %s", args, line)
	}
	return func() {
		p.t.Helper()
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			p.t.Fatal(err)
		}
		io.Copy(io.Discard, stdout) //nolint:errcheck // drained so that it can end
		if err := cmd.Wait(); err != nil {
			p.t.Errorf("%v ended with %v", args, err)
		}
	}
}

// TestGuideRunsAsAPeerAndARelayServesTheAbsent: Ada asks the Guide, then writes to it while only its relay is up.
func TestGuideRunsAsAPeerAndARelayServesTheAbsent(t *testing.T) {
	if testing.Short() {
		t.Skip("runs whole programs")
	}
	bot, _ := newPeer(t, "Wise", "--bot")
	var link inviteObject
	stopGuide := bot.foreground(&link, "bot", "guide")
	ada := startPeer(t, "Ada")
	ada.call("add", map[string]any{"link": link.Link, "confirm_relay": true}).ok()
	accepted := ada.event("contact", func(e eventObject) bool { return e.Contact != nil && e.Contact.State == "accepted" })
	if !accepted.Contact.Bot {
		t.Error("the Guide does not say that it is a bot")
	}
	ask := map[string]any{"contact": "Wise", "text": "How do I verify a contact?", "require": "sent", "wait": "20s"}
	ada.call("send", ask).fails(exitRefused, "refused")
	ada.call("consent.grant", map[string]any{"purpose": "bot-reads", "contact": "Wise"}).ok()
	ada.call("send", ask).ok()
	answers := func(e eventObject) bool {
		return e.Message != nil && e.Message.Direction == "in" && strings.Contains(strings.ToLower(e.Message.Text), "safety number")
	}
	answer := ada.event("message", answers).Message.ID
	ada.call("consent.withdraw", map[string]any{"purpose": "bot-reads", "contact": "Wise"}).ok()
	ada.call("react", map[string]any{"message": answer, "emoji": "👍"}).fails(exitRefused, "refused")
	ada.call("send", ask).fails(exitRefused, "refused")
	ada.call("consent.grant", map[string]any{"purpose": "bot-reads", "contact": "Wise"}).ok()
	stopGuide()

	var served relayServed
	stopRelay := bot.foreground(&served, "relay-serve")
	bot.exits(exitInUse, "profile-in-use", "relay-serve")
	ada.call("send", ask).ok() // the Guide is away, its relay takes the question
	stopRelay()
	var again inviteObject
	stopGuide = bot.foreground(&again, "bot", "guide")
	if again.Link != link.Link {
		t.Error("the Guide made another link though the first one holds")
	}
	ada.event("message", answers)
	stopGuide()
	ask["require"], ask["wait"] = "sent", "1s"
	ada.call("send", ask).fails(exitNetwork, "not-sent")
}
