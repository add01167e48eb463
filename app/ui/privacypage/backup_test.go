package privacypage

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"sotto/app/apptest/stage"
	"sotto/app/privacy/backup"
	"sotto/chat"
)

const backupPass = "lantern otter velvet canoe harp"

// backingUp fills in the view of backups and stops before the passphrase of the profile.
func (c *centre) backingUp() string {
	c.T.Helper()
	target := filepath.Join(c.T.TempDir(), "mira.sottobackup")
	c.Tap("Back up")
	c.Sees("There is none yet.")
	c.Fill("File to make", target)
	c.Fill("Passphrase of the backup", backupPass)
	c.Fill("Passphrase again", backupPass)
	c.Tap("Make the backup")
	c.Sees("Passphrase of this profile")
	return target
}

func TestABackupIsMadeReadBackAndListed(t *testing.T) {
	c := open(t)
	c.Sees("If this computer is lost, so is everything here.")
	target := c.backingUp()
	c.Fill("Passphrase", stage.Passphrase)
	c.Press(fyne.KeyReturn)
	c.Sees("Backed up and read back")
	c.Sees("3 messages and 1 contact")
	in, err := os.Open(target)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if s, err := backup.Verify(t.Context(), in, backupPass, backup.Reading{Limits: stage.Costs.Limits}); err != nil || s.Counts.Messages != 3 {
		t.Errorf("%+v, %v", s, err)
	}
	c.Sees(target)
	if _, err := c.me.Eraser.DeleteConversation(t.Context(), c.conv, false); err != nil {
		t.Fatal(err)
	}
	c.view.showBackup()
	c.Sees("What you deleted once since is still in it.")
}

func TestAWeakPassphraseMakesNoBackup(t *testing.T) {
	c := open(t)
	c.Tap("Back up")
	c.Sees("Its passphrase")
	c.Fill("Passphrase of the backup", "password1")
	c.Fill("Passphrase again", "password1")
	c.Tap("Make the backup")
	c.Sees("too easy to guess")
	c.Fill("Passphrase of the backup", backupPass)
	c.Tap("Make the backup")
	c.Sees("The two passphrases differ.")
}

func TestAStoppedBackupLeavesNothing(t *testing.T) {
	c := open(t)
	target := c.backingUp()
	hold := make(chan struct{})
	now := c.me.Backup.Now
	c.me.Backup.Now = func() time.Time {
		<-hold
		return now()
	}
	c.Fill("Passphrase", stage.Passphrase)
	c.Press(fyne.KeyReturn)
	c.Tap("Stop the backup")
	close(hold)
	c.Sees("The backup was stopped. Nothing of it was left on the disk.")
	left, err := os.ReadDir(filepath.Dir(target))
	if err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

func TestTheCentreRemindsOfAnOldBackup(t *testing.T) {
	c := open(t)
	c.Pass(31 * 24 * time.Hour)
	c.view.showCentre()
	c.Sees("Your last backup is a while ago, or there is none.")
	if err := c.me.SetBackupReminder(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	c.view.showCentre()
	c.Sees("There are 3 messages")
	if c.Text("Your last backup is a while ago") {
		t.Error("a reminder that is off reminds")
	}
}

func TestDeletionNamesTheBackupsThatStillHoldIt(t *testing.T) {
	c := open(t)
	if _, err := c.me.Backup.Write(t.Context(), backup.Request{Out: filepath.Join(t.TempDir(), "b"), Passphrase: backupPass}); err != nil {
		t.Fatal(err)
	}
	c.view.showDeletion()
	c.Sees("Ada")
	c.view.confirmConversation(thread{contact: chat.Contact{Name: "Ada"}, id: c.conv, messages: 3})
	c.Sees("A backup you made still holds it.")
}
