package privacypage

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"sotto/app/apptest/stage"
	"sotto/app/privacy/backup"
	"sotto/app/privacy/export"
	"sotto/app/profile"
)

// withFile sends a file of 12,000 bytes to Ada.
func (c *centre) withFile() {
	c.T.Helper()
	path := filepath.Join(c.T.TempDir(), "plan.txt")
	if err := os.WriteFile(path, make([]byte, 12_000), 0o600); err != nil {
		c.T.Fatal(err)
	}
	if _, err := c.me.SendFile(c.T.Context(), c.conv, path, profile.FileOptions{}, nil); err != nil {
		c.T.Fatal(err)
	}
}

func TestAnExportSaysWhatFilesItTakesAndLeavesThemOut(t *testing.T) {
	for _, without := range []bool{false, true} {
		c := open(t)
		c.withFile()
		target := filepath.Join(t.TempDir(), "export")
		c.Tap("Export")
		c.Sees("1 file, 12 kB")
		if without {
			c.Tap("With files")
		}
		c.Fill("Folder to make", target)
		c.Tap("Export")
		c.Fill("Passphrase", stage.Passphrase)
		c.Press(fyne.KeyReturn)
		c.Sees("Exported and checked")
		if without {
			c.Sees("1 file was left out, as wished.")
		} else {
			c.Sees("1 file, 12 kB.")
		}
		s, err := export.Verify(target, time.Now())
		if err != nil || s.Manifest.WithoutFiles != without || (s.Manifest.Counts.Files == 1) == without {
			t.Errorf("without files %v: %+v, %v", without, s.Manifest.Counts, err)
		}
	}
}

func TestABackupSaysHowLargeItWillBeAndLeavesFilesOut(t *testing.T) {
	c := open(t)
	c.withFile()
	target := filepath.Join(t.TempDir(), "mira.sottobackup")
	c.Tap("Back up")
	c.Sees("It will take about 49 kB.")
	c.Tap("With files")
	c.Sees("It will take about 35 kB.")
	c.Fill("File to make", target)
	c.Fill("Passphrase of the backup", backupPass)
	c.Fill("Passphrase again", backupPass)
	c.Tap("Make the backup")
	c.Fill("Passphrase", stage.Passphrase)
	c.Press(fyne.KeyReturn)
	c.Sees("Backed up and read back")
	c.Sees("1 message is in it without its file")
	in, err := os.Open(target)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if s, err := backup.Verify(t.Context(), in, backupPass, backup.Reading{Limits: stage.Costs.Limits}); err != nil || !s.WithoutFiles || s.Files != 0 {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestNeitherExportNorBackupGoesIntoTheProfile(t *testing.T) {
	c := open(t)
	c.Tap("Export")
	c.Sees("The conversation with Ada")
	c.Fill("Folder to make", filepath.Join(c.me.Export.Folder, "export"))
	c.Tap("Export")
	c.Fill("Passphrase", stage.Passphrase)
	c.Press(fyne.KeyReturn)
	c.Sees("That lies in the folder of the profile itself")
}
