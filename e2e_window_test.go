//go:build e2e

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// onboard makes a profile in the window and answers its recovery code.
func onboard(c *client, name, pass string) []string {
	c.t.Helper()
	c.fill("Your name", name)
	c.fill("Passphrase", pass)
	c.fill("Passphrase again", pass)
	c.press("Create profile")
	c.text("Your recovery code")
	code := recoveryCode(c)
	c.press("I have written it down")
	for _, word := range []struct {
		label string
		n     int
	}{{"Word 3", 3}, {"Word 9", 9}, {"Word 17", 17}} {
		c.fill(word.label, code[word.n-1])
	}
	c.press("Continue")
	c.text("Your profile is ready")
	return code
}

// recoveryCode reads the words that are drawn beside the numbers 1 to 20.
func recoveryCode(c *client) []string {
	c.t.Helper()
	all, err := c.see()
	if err != nil {
		c.fail("%v", err)
	}
	code := make([]string, 20)
	number := 0
	for _, s := range all {
		if s.Kind != "run" {
			continue
		}
		n := 0
		for _, r := range s.Name {
			if r < '0' || r > '9' {
				n = -1
				break
			}
			n = 10*n + int(r-'0')
		}
		switch {
		case n >= 1 && n <= 20:
			number = n
		case number > 0:
			code[number-1], number = s.Name, 0
		}
	}
	for i, w := range code {
		if w == "" {
			c.fail("word %d of the recovery code is not shown", i+1)
		}
	}
	return code
}

func ask(c *client, question string) {
	c.t.Helper()
	c.fill("Write to Guide", question)
	c.key("Return")
}

// TestWindow is a first day with the real window: it is onboarded, talks to the
// Guide, locks, unlocks and finds its history, exports it, deletes it, and it is
// gone.
func TestWindow(t *testing.T) {
	d := newDesk(t)
	d.look("light", 1)
	dir, pass := filepath.Join(d.home, "profile"), strangerPassphrase()
	c := d.open("--profile", dir)

	onboard(c, "Mira", pass)
	c.press("Talk to the Guide")
	c.text("Let this bot read")
	c.press("Let it read")
	c.text("I am the Guide, a bot")
	const question = "How do I verify a contact?"
	ask(c, question)
	c.text("safety number")

	c.key("ctrl+l")
	c.text("Type your passphrase")
	if c.shows(question) || c.shows("Mira") {
		c.fail("a locked window shows what is inside")
	}
	c.fill("Passphrase", "not the passphrase")
	c.key("Return")
	c.text("does not open")
	c.fill("Passphrase", pass)
	c.key("Return")
	c.clickUntilItShows(c.row("Guide"))
	c.text(question)

	raised := d.command(filepath.Join(d.home, "run", "second.sock"), "--profile", dir)
	if out, err := raised.CombinedOutput(); err != nil || !strings.Contains(string(out), "was raised") {
		c.fail("a second start: %v: %s", err, out)
	}

	exportAndCheck(c, pass, question)
	deleteConversation(c, question)

	c.close()
	c = d.open("--profile", dir)
	c.text("Type your passphrase")
	c.fill("Passphrase", pass)
	c.key("Return")
	c.clickUntilItShows(c.row("Guide"))
	c.entry("Write to Guide")
	if c.shows(question) {
		c.fail("what was deleted is shown after a new start")
	}
	c.close()
	if log := c.log.String(); strings.Contains(log, "Error in Fyne call thread") {
		t.Errorf("the toolkit was called from another thread:\n%s", log)
	}
}

func exportAndCheck(c *client, pass, question string) {
	c.t.Helper()
	c.press("Settings")
	c.press("Privacy")
	c.press("Export")
	target := filepath.Join(c.home, "Documents", "export")
	c.fill("Folder to make", target)
	c.press("Export")
	c.text("Passphrase for the export")
	c.fill("Passphrase", pass)
	c.key("Return")
	c.text("Exported and checked")
	if !tree(c.t, target, question) {
		c.fail("the export does not hold the question")
	}
	c.press("Back")
}

func deleteConversation(c *client, question string) {
	c.t.Helper()
	c.press("Delete, or see answers")
	c.press("Choose")
	c.find("the act", func(s seen) bool {
		return s.Kind == "button" && strings.HasPrefix(s.Name, "Delete ") && strings.HasSuffix(s.Name, " messages")
	})
	act := c.find("the act", func(s seen) bool {
		return s.Kind == "button" && strings.HasPrefix(s.Name, "Delete ") && strings.HasSuffix(s.Name, " messages")
	})
	c.clickUntilItShows(act)
	c.text("This cannot be undone")
	if cancel := c.button("Cancel"); !cancel.Focused {
		c.fail("the keyboard is not on Cancel")
	}
	c.press(act.Name)
	c.text("deleted from this computer")
	c.clickUntilItShows(c.row("Guide"))
	c.gone(question)
}

// tree reports whether a file under the folder holds text.
func tree(t *testing.T, folder, text string) bool {
	t.Helper()
	found := false
	err := filepath.WalkDir(folder, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		found = found || bytes.Contains(b, []byte(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestNoReleaseListensToTheHook builds the client as it is released and looks
// for the hook.
func TestNoReleaseListensToTheHook(t *testing.T) {
	bin := filepath.Join(t.TempDir(), "sotto")
	if out, err := exec.Command("go", "build", "-tags", "sqlite_fts5", "-o", bin, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	b, err := os.ReadFile(bin)
	if err != nil {
		t.Fatal(err)
	}
	for _, trace := range []string{hookVariable, "fyne.io/fyne/v2/test.", "e2e_hook_test.go"} {
		if bytes.Contains(b, []byte(trace)) {
			t.Errorf("the released client holds %q", trace)
		}
	}
	self, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(self, []byte(hookVariable)) {
		t.Error("this search would not find the hook where it is")
	}
}

// TestWindowDemonstration is what `make run` shows where there is no display.
func TestWindowDemonstration(t *testing.T) {
	d := newDesk(t)
	dir := filepath.Join(d.home, "demo")
	c := d.open("--demo", dir)
	c.until("the answer", func() bool { return strings.Contains(c.log.String(), demoAnswered+"\n") })
	c.text(demoQuestion)
	c.entry("Write to Guide")
	c.close()
	again := d.command(filepath.Join(d.home, "run", "second.sock"), "--demo", dir)
	if out, err := again.CombinedOutput(); err == nil || !strings.Contains(string(out), "profile exists") {
		t.Errorf("a second demonstration in the same folder: %v: %s", err, out)
	}
}
