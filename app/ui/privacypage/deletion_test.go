package privacypage

import (
	"context"
	"testing"

	"fyne.io/fyne/v2"

	"sotto/app/apptest/stage"
	"sotto/app/messenger"
	"sotto/app/profile"
	"sotto/chat"
	"sotto/chat/content"
)

// deleting goes to what can be deleted with Ada.
func deleting(t *testing.T) *centre {
	t.Helper()
	c := open(t)
	c.Tap("Delete, or see answers")
	c.Tap("Choose")
	c.Sees("Deletion: Ada")
	return c
}

func (c *centre) messages() int {
	c.T.Helper()
	all, err := c.me.Messenger.Messages(c.T.Context(), c.conv, 0, 50)
	if err != nil {
		c.T.Fatal(err)
	}
	return len(all)
}

// hasKeyboard reports whether the control with a label has the keyboard.
func (c *centre) hasKeyboard(label string) bool {
	f, _ := c.Button(label).(fyne.Focusable)
	return f != nil && c.Win.Canvas().Focused() == f
}

func TestDeletingAConversationIsConfirmedWithTheKeyboardOnCancel(t *testing.T) {
	c := deleting(t)
	c.Tap("Delete 3 messages")
	c.Sees("Delete the conversation with Ada from this computer?")
	c.Shoot("danger")
	if !c.hasKeyboard("Cancel") {
		t.Fatal("the keyboard is not on Cancel")
	}
	c.Press(fyne.KeyReturn)
	if c.messages() != 3 {
		t.Fatal("Enter deleted it")
	}
	c.Tap("Delete 3 messages")
	c.Sees("This cannot be undone.")
	c.Press(fyne.KeyEscape)
	if c.Text("This cannot be undone.") || c.messages() != 3 {
		t.Fatal("Escape did not close the dialog")
	}
	c.Tap("Delete 3 messages")
	c.Tap("Delete 3 messages")
	c.Until("it is said", func() bool { return len(c.Toasts) == 1 })
	if c.Toasts[0] != "3 messages deleted from this computer." || c.messages() != 0 || c.Changes == 0 {
		t.Errorf("said %q, %d messages, %d changes told", c.Toasts[0], c.messages(), c.Changes)
	}
	if ada := c.ada.Messenger; len(messagesOf(t, ada, c.conv)) == 0 {
		t.Error("it was deleted at Ada's, too")
	}
}

func messagesOf(t *testing.T, m *messenger.Messenger, conv chat.ConversationID) []chat.Message {
	t.Helper()
	all, err := m.Messages(t.Context(), conv, 0, 50)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestAskingIsNotDeletingAndTheAnswerIsShown(t *testing.T) {
	c := deleting(t)
	c.Tap("Ask Ada to delete")
	c.Sees("Ask Ada to delete the conversation?")
	c.Tap("Ask Ada to delete")
	c.Sees("Ada has not answered yet.")
	if c.messages() != 3 {
		t.Fatal("asking deleted something here")
	}
	var id chat.MessageID
	c.Until("the question", func() bool {
		all, err := c.ada.Eraser.Questions(context.Background())
		if err == nil && len(all) == 1 {
			id = all[0].ID
		}
		return len(all) == 1
	})
	if _, err := c.ada.Eraser.Answer(t.Context(), id, content.Refused); err != nil {
		t.Fatal(err)
	}
	c.Until("the answer", func() bool {
		all, err := c.me.Eraser.Asked(context.Background())
		return err == nil && len(all) == 1 && all[0].Outcome == content.Refused
	})
	c.view.Heard([]messenger.Event{{Type: messenger.EventConsent, Contact: c.ada.Messenger.Self().ID}})
	c.Sees("Ada keeps their copy.")
	c.Shoot("answered")
}

func TestAContactsRequestIsAnsweredByThePerson(t *testing.T) {
	c := open(t)
	if err := c.ada.Eraser.AskConversation(t.Context(), c.conv); err != nil {
		t.Fatal(err)
	}
	c.Until("the question", func() bool {
		all, err := c.me.Eraser.Questions(context.Background())
		return err == nil && len(all) == 1
	})
	c.view.showDeletion()
	c.Sees("Ada asks you to delete your conversation.")
	c.Tap("Only what Ada wrote")
	if !c.hasKeyboard("Cancel") {
		t.Error("the keyboard is not on Cancel")
	}
	c.Tap("Only what Ada wrote")
	c.Until("it is answered", func() bool { return len(c.Toasts) == 1 })
	for _, m := range messagesOf(t, c.me.Messenger, c.conv) {
		if own := m.Direction == chat.Out; m.Deleted == own {
			t.Errorf("own %v: deleted %v", own, m.Deleted)
		}
	}
	c.Until("Ada hears of it", func() bool {
		all, err := c.ada.Eraser.Asked(context.Background())
		return err == nil && len(all) == 1 && all[0].Outcome == content.Partial && all[0].Erased == 1
	})
}

func TestDeletingAContactSaysWhatGoes(t *testing.T) {
	c := deleting(t)
	c.Tap("Delete Ada")
	c.Sees("The contact, 3 messages and all consents for Ada go.")
	if !c.hasKeyboard("Cancel") {
		t.Error("the keyboard is not on Cancel")
	}
	c.Tap("Delete Ada")
	c.Until("it is said", func() bool { return len(c.Toasts) == 1 })
	if all, err := c.me.Messenger.Contacts(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("%d contacts left, %v", len(all), err)
	}
}

func TestEverythingGoesAfterTheActAndThePassphrase(t *testing.T) {
	c := open(t)
	c.Tap("Delete, or see answers")
	c.Tap("Delete everything")
	c.Sees("Delete this profile and everything in it?")
	if !c.hasKeyboard("Cancel") {
		t.Fatal("the keyboard is not on Cancel")
	}
	c.Tap("Delete everything")
	c.Sees("Passphrase to delete everything")
	c.Fill("Passphrase", "not this one")
	c.Press(fyne.KeyReturn)
	c.Sees("does not open")
	if !profile.Exists(c.Dir) {
		t.Fatal("it was deleted with a wrong passphrase")
	}
	c.Fill("Passphrase", stage.Passphrase)
	c.Press(fyne.KeyReturn)
	c.Sees("3 messages and 1 contact are gone from this computer.")
	if profile.Exists(c.Dir) {
		t.Error("the profile is still there")
	}
	c.Tap("Close")
	if c.Ended != 1 {
		t.Error("the window does not know that it ended")
	}
}
