package privacypage

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"sotto/app/apptest/stage"
	"sotto/app/privacy/export"
	"sotto/app/security"
)

// exporting goes to the export of everything into a new folder.
func (c *centre) exporting() string {
	c.T.Helper()
	target := filepath.Join(c.T.TempDir(), "export")
	c.Tap("Export")
	c.Sees("The conversation with Ada")
	c.Fill("Folder to make", target)
	c.Tap("Export")
	c.Sees("Passphrase for the export")
	return target
}

func TestAnExportIsWrittenAfterThePassphraseAndChecked(t *testing.T) {
	c := open(t)
	target := c.exporting()
	c.Fill("Passphrase", "not this one")
	c.Press(fyne.KeyReturn)
	c.Sees("does not open")
	if _, err := os.Stat(target); err == nil {
		t.Fatal("it was exported with a wrong passphrase")
	}
	c.Fill("Passphrase", stage.Passphrase)
	c.Press(fyne.KeyReturn)
	c.Sees("Exported and checked")
	c.Sees("3 messages in 1 conversation.")
	if _, err := export.Verify(target, time.Now()); err != nil {
		t.Errorf("it does not check out: %v", err)
	}
	c.Tap("Copy the path")
	if len(c.Copied) != 1 || c.Copied[0] != target {
		t.Errorf("copied %q", c.Copied)
	}
}

func TestOneConfirmationAllowsOneExport(t *testing.T) {
	c := open(t)
	c.exporting()
	c.Fill("Passphrase", stage.Passphrase)
	c.Press(fyne.KeyReturn)
	c.Sees("Exported and checked")
	if err := c.me.StepUp.Use(security.ActExport); err == nil {
		t.Error("the confirmation could be used twice")
	}
}

func TestAStoppedExportLeavesNothing(t *testing.T) {
	c := open(t)
	target := c.exporting()
	hold := make(chan struct{})
	now := c.me.Export.Now
	c.me.Export.Now = func() time.Time {
		<-hold
		return now()
	}
	c.Fill("Passphrase", stage.Passphrase)
	c.Press(fyne.KeyReturn)
	c.Tap("Stop the export")
	close(hold)
	c.Sees("The export was stopped. Nothing of it was left on the disk.")
	left, err := os.ReadDir(filepath.Dir(target))
	if err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

func TestAFolderThatExistsIsLeftAsItIs(t *testing.T) {
	c := open(t)
	target := c.exporting()
	if err := os.Mkdir(target, 0o700); err != nil {
		t.Fatal(err)
	}
	c.Fill("Passphrase", stage.Passphrase)
	c.Press(fyne.KeyReturn)
	c.Sees("There is a folder of that name already")
}

func TestAnAlteredExportIsFoundAndItsPlaceNamed(t *testing.T) {
	c := open(t)
	target := c.exporting()
	c.Fill("Passphrase", stage.Passphrase)
	c.Press(fyne.KeyReturn)
	c.Sees("Exported and checked")
	var lines string
	err := filepath.WalkDir(target, func(path string, e fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, "messages.jsonl") {
			lines = path
		}
		return err
	})
	if err != nil || lines == "" {
		t.Fatalf("no lines: %v", err)
	}
	b, err := os.ReadFile(lines)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(lines, []byte(strings.Replace(string(b), "tickets", "Tickets", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	c.Tap("Check an export")
	c.Fill("Folder", target)
	c.Tap("Check this folder")
	c.Sees("This export is not what was signed.")
	before, _, _ := strings.Cut(string(b), "tickets")
	if line := fmt.Sprintf("Line %d of ", strings.Count(before, "\n")+1); !c.Text(line) {
		t.Errorf("%q is not named", line)
	}
}
