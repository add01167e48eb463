package privacypage

import (
	"os"
	"path/filepath"
	"testing"

	"fyne.io/fyne/v2"

	"sotto/app/privacy/export"
)

// exported writes everything as it is now.
func (c *centre) exported(encrypt export.Encryption) (path, code string) {
	c.T.Helper()
	path = filepath.Join(c.T.TempDir(), "export")
	s, err := c.me.Export.Write(c.T.Context(), export.Request{Out: path, Zone: zone(), Encrypt: encrypt})
	if err != nil {
		c.T.Fatal(err)
	}
	return path, s.Code
}

func (c *centre) importing() {
	c.T.Helper()
	c.Tap("Export")
	c.Sees("The conversation with Ada")
	c.Tap("Take an export in")
	c.Sees("Which export?")
}

func (c *centre) chooseFile(path string) {
	c.T.Helper()
	c.Tap("Choose an encrypted file")
	c.Fill("File", path)
	c.Tap("Use this file")
}

// deleteNewest deletes the newest message.
func (c *centre) deleteNewest() {
	c.T.Helper()
	all, err := c.me.Messenger.Messages(c.T.Context(), c.conv, 0, 1)
	if err != nil {
		c.T.Fatal(err)
	}
	if _, err := c.me.Eraser.DeleteMessages(c.T.Context(), all[0].ID); err != nil {
		c.T.Fatal(err)
	}
}

func TestAnExportIsShownBeforeItIsTakenInAndThenSaysWhatItChanged(t *testing.T) {
	c := open(t)
	path, _ := c.exported(export.Plain)
	c.deleteNewest()
	before := c.messages()
	c.importing()
	c.Tap("Choose a folder")
	c.Fill("Folder", path)
	c.Tap("Look at this folder")
	c.Sees("3 messages in 1 conversation.")
	c.Sees("You made it")
	if c.Changes != 0 || c.messages() != before {
		t.Error("looking changed something")
	}
	c.Shoot("import-found")
	c.Press(fyne.KeyReturn) // "Take in 3 messages" has the keyboard
	c.Sees("were here already and stayed")
	c.Sees("Nothing was missing here")
	c.Sees("was deleted here and stays deleted.")
	if c.Changes == 0 {
		t.Error("the other screens are not told")
	}
	if !c.view.Escape() || !c.Text("Check an export") {
		t.Error("Escape does not lead back to the export")
	}
}

func TestAnEncryptedExportAsksForItsCodeUntilOneOpensIt(t *testing.T) {
	c := open(t)
	path, code := c.exported(export.ExportCode)
	c.importing()
	c.chooseFile(path)
	c.Sees("The code of this export")
	c.Fill("Export code", "AAAA-AAAA-AAAA-AAAA-AAAA-AAAA")
	c.Press(fyne.KeyReturn)
	c.Sees("That code does not open this export.")
	c.Fill("Export code", code)
	c.Tap("Open the export")
	c.Sees("You made it")
	c.Tap("Not now")
	if c.Text("You made it") || c.messages() != 3 {
		t.Error("Not now does not put the export aside")
	}
}

func TestWhatIsNoExportOfOnesOwnIsNotTakenIn(t *testing.T) {
	c := open(t)
	c.importing()
	note := filepath.Join(t.TempDir(), "note.txt")
	if err := os.WriteFile(note, []byte("dear diary"), 0o600); err != nil {
		t.Fatal(err)
	}
	c.chooseFile(note)
	c.Sees("neither an encrypted export nor a backup")

	path, _ := c.exported(export.Plain)
	if err := os.WriteFile(filepath.Join(path, "more.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	c.Tap("Choose a folder")
	c.Fill("Folder", path)
	c.Tap("Look at this folder")
	c.Sees("more.txt does not belong to this export.")
	c.Sees("Nothing was taken in.")

	theirs := filepath.Join(t.TempDir(), "theirs")
	if _, err := c.ada.Export.Write(t.Context(), export.Request{Out: theirs, Zone: zone()}); err != nil {
		t.Fatal(err)
	}
	c.Tap("Choose a folder")
	c.Fill("Folder", theirs)
	c.Tap("Look at this folder")
	c.Sees("another identity made it")
	if c.Button("Take in") != nil {
		t.Error("it is offered all the same")
	}
}
