package privacypage

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"sotto/app/apptest/stage"
	"sotto/app/messenger"
	"sotto/app/privacy"
	"sotto/app/privacy/export"
	"sotto/app/profile"
	"sotto/app/security"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/chat"
	"sotto/chat/content"
)

// centre shows the privacy centre of a profile with one friend, Ada, and some messages.
type centre struct {
	*stage.Stage
	me, ada *profile.Profile
	conv    chat.ConversationID
	view    *Screen
}

const question = "Did you get the tickets for Thursday?"

func open(t *testing.T) *centre {
	t.Helper()
	c := &centre{Stage: stage.New(t)}
	c.me = c.Profile("Mira")
	c.ada = c.friend("Ada")
	c.conv = c.me.Messenger.ConversationWith(c.ada.Messenger.Self().ID)
	for _, text := range []string{question, "Two of them, row F."} {
		if _, err := c.me.Messenger.Send(t.Context(), c.conv, text, messenger.SendOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	c.view = New(c.Services(c.me), screen.Place{}).(*Screen)
	c.Show(c.view)
	c.Sees("There are 3 messages to take with you")
	return c
}

// friend makes somebody who added the profile and was accepted.
func (c *centre) friend(name string) *profile.Profile {
	c.T.Helper()
	ctx := c.T.Context()
	peer, _, err := profile.Create(ctx, profile.CreateOptions{
		Options: stage.Costs, Dir: filepath.Join(c.T.TempDir(), "peer"), Name: name, Passphrase: stage.Passphrase,
	})
	if err != nil {
		c.T.Fatal(err)
	}
	c.T.Cleanup(func() { _ = peer.Close() })
	for _, p := range []*profile.Profile{peer, c.me} {
		p.Messenger.Subscribe(func(messenger.Event) { c.Q.Do(func() {}) }) // what is waited for may happen there
	}
	if err := peer.Start(ctx); err != nil {
		c.T.Fatal(err)
	}
	invitation, _, err := c.me.Messenger.Invite(ctx, messenger.InviteOptions{})
	if err != nil {
		c.T.Fatal(err)
	}
	if _, err := peer.Messenger.Add(ctx, invitation.Link, messenger.AddOptions{Message: "hello", ConfirmRelay: true}); err != nil {
		c.T.Fatal(err)
	}
	c.Until("the request", func() bool {
		_, err := c.me.Messenger.Accept(ctx, peer.Messenger.Self().ID)
		return err == nil
	})
	c.Until("the acceptance", func() bool {
		s, err := peer.Messenger.Security(ctx, c.me.Messenger.Self().ID)
		return err == nil && s.State == chat.ContactAccepted
	})
	return peer
}

func (c *centre) allowed(subject chat.ContactID, purpose chat.Purpose) bool {
	c.T.Helper()
	all, err := c.me.Ledger.Standings(c.T.Context(), subject)
	if err != nil {
		c.T.Fatal(err)
	}
	for _, s := range all {
		if s.Notice.Purpose == purpose {
			return s.Allowed
		}
	}
	return false
}

func TestAConsentIsWrittenIntoTheLedgerAndTakenBack(t *testing.T) {
	c := open(t)
	c.Tap("See your answers")
	c.Tap("Say when a message was read")
	c.Until("the yes", func() bool { return c.allowed(chat.ContactID{}, chat.ReadReceipts) })
	if c.allowed(chat.ContactID{}, chat.DeliveryReceipts) {
		t.Error("another answer was changed, too")
	}
	c.Tap("Say when a message was read")
	c.Until("the no", func() bool { return !c.allowed(chat.ContactID{}, chat.ReadReceipts) })

	c.Tap("Change")
	c.Sees("Consent: Ada")
	c.Tap("Show that you are writing")
	id := c.ada.Messenger.Self().ID
	c.Until("the yes for Ada", func() bool { return c.allowed(id, chat.TypingNotices) })
	if c.allowed(chat.ContactID{}, chat.TypingNotices) {
		t.Error("an answer for one contact became the default")
	}
	if c.Button("Let this bot read") != nil {
		t.Error("a person is asked about as if she were a bot")
	}
	if !c.view.Escape() {
		t.Error("Escape leaves the page instead of the view")
	}
	c.Sees("1 yes")
}

func TestNoSwitchIsShownThatNothingObeys(t *testing.T) {
	c := open(t)
	c.Tap("See your answers")
	c.Sees("Say when a message arrived")
	for _, p := range []chat.Purpose{chat.NotificationContent, chat.LinkPreviews, chat.AutomaticDownload, chat.UpdateChecks} {
		n, _ := noticeOf(p)
		if n == "" || c.Button(n) != nil {
			t.Errorf("a switch for %s is shown", p)
		}
	}
	if !c.Text("there is nothing to agree to") {
		t.Error("it is not said what Sotto does not do")
	}
}

func TestARuleOfRetentionAsksBeforeItDeletes(t *testing.T) {
	c := open(t)
	if !c.Text("Messages stay until you delete them") {
		t.Error("the card does not say it")
	}
	rule := func() time.Duration {
		rules, err := c.me.Retention.Rules(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return rules.Default
	}
	c.Tap("Set how long")
	c.Sees("Keep messages")
	c.Tap("1 year")
	c.Until("a rule that deletes nothing now", func() bool { return rule() == 365*day })

	c.Pass(40 * day)
	c.Tap("30 days")
	c.Sees("3 messages in 1 conversation are older and will be deleted now.")
	if rule() != 365*day {
		t.Error("it was set before the question was answered")
	}
	c.Tap("Cancel")
	if rule() != 365*day {
		t.Error("it was set after a no")
	}
	c.Tap("30 days")
	c.Sees("will be deleted now")
	c.Shoot("retention-asks")
	c.Tap("Delete 3 messages")
	c.Until("the rule", func() bool { return rule() == 30*day })
	c.Until("nothing is left", func() bool {
		list, err := c.me.Messenger.Messages(t.Context(), c.conv, 0, 10)
		return err == nil && len(list) == 0
	})
	c.Until("the word of it", func() bool { return len(c.Toasts) > 0 })
	if c.Toasts[0] != "3 messages deleted from this computer." {
		t.Errorf("said %q", c.Toasts)
	}
	c.Tap("Choose")
	c.Sees("Messages with Ada")
	c.Tap("For ever")
	c.Until("the rule of the conversation", func() bool {
		rules, err := c.me.Retention.Rules(t.Context())
		keep, own := rules.Keep(c.conv)
		return err == nil && own && keep == 0
	})
}

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

func TestTheAuditLogIsCheckedAndCompared(t *testing.T) {
	c := open(t)
	c.Tap("Open the log")
	c.Sees("Profile created")
	c.Tap("Check the log")
	c.Sees("all in order and unaltered")
	c.Shoot("audit")
	c.Tap("Copy the head")
	if len(c.Copied) != 1 {
		t.Fatal("the head was not copied")
	}
	c.Fill("Earlier head (fingerprint of the newest entry), if you kept one", "no head at all")
	c.Tap("Check the log")
	c.Sees("This is not a head of a log.")
	c.Fill("Earlier head (fingerprint of the newest entry), if you kept one", c.Copied[0])
	c.Tap("Check the log")
	c.Sees("they continue the head you kept")
	seq, code, _ := strings.Cut(c.Copied[0], ":")
	other := strings.Map(func(r rune) rune {
		if r == 'A' {
			return 'B'
		}
		if r == 'B' {
			return 'A'
		}
		return r
	}, code)
	if other == code {
		other = strings.Replace(code, code[1:2], map[bool]string{true: "D", false: "C"}[code[1:2] == "C"], 1)
	}
	c.Fill("Earlier head (fingerprint of the newest entry), if you kept one", seq+":"+other)
	c.Tap("Check the log")
	c.Sees("from the head you kept")
}

func TestAContactsPageIsAboutThatContact(t *testing.T) {
	c := open(t)
	c.friend("Ben")
	c.Leave()
	view := New(c.Services(c.me), screen.Place{Contact: c.ada.Messenger.Self().ID}).(*Screen)
	c.Show(view)
	c.Sees("Privacy: Ada")
	if c.Text("Backup") || c.Text("Audit log") || !c.Text("Retention") {
		t.Error("what is shown is not what is about a contact")
	}
	c.Tap("Delete, or see answers")
	c.Sees("Deletion: Ada")
	if c.Button("Delete everything") != nil || c.Text("Ben") {
		t.Error("it offers more than is about Ada")
	}
}

func TestTheCentreInBothLooks(t *testing.T) {
	for name, mode := range map[string]theme.Mode{"light": theme.Light, "dark": theme.Dark} {
		s := stage.NewIn(t, mode)
		p := s.Profile("Mira")
		view := New(s.Services(p), screen.Place{}).(*Screen)
		s.Show(view)
		s.Sees("Every answer is no.")
		s.Shoot("privacy-" + name)
		overlap(t, s)
	}
}

// overlap fails when two buttons lie on each other.
func overlap(t *testing.T, s *stage.Stage) {
	t.Helper()
	var all []fyne.CanvasObject
	s.Objects(func(o fyne.CanvasObject) {
		if b, ok := o.(*widget.Button); ok {
			all = append(all, b)
		}
	})
	driver := fyne.CurrentApp().Driver()
	for i, a := range all {
		for _, b := range all[i+1:] {
			p, q := driver.AbsolutePositionForObject(a), driver.AbsolutePositionForObject(b)
			if p.X < q.X+b.Size().Width && q.X < p.X+a.Size().Width && p.Y < q.Y+b.Size().Height && q.Y < p.Y+a.Size().Height {
				t.Errorf("%q lies on %q", a.(*widget.Button).Text(), b.(*widget.Button).Text())
			}
		}
	}
}

func noticeOf(p chat.Purpose) (string, bool) {
	for _, n := range privacy.Notices() {
		if n.Purpose == p {
			return n.Title, true
		}
	}
	return "", false
}

func TestEveryRecordedActHasWords(t *testing.T) {
	found := map[string]bool{}
	err := filepath.WalkDir("../..", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			name := ""
			switch f := call.Fun.(type) {
			case *ast.SelectorExpr:
				name = f.Sel.Name
			case *ast.Ident:
				name = f.Name
			}
			if name != "Record" && name != "recorded" && name != "audit" {
				return true
			}
			for _, arg := range call.Args {
				if lit, ok := arg.(*ast.BasicLit); ok && lit.Kind == token.STRING {
					action, _ := strconv.Unquote(lit.Value)
					if strings.Contains(action, ".") && !strings.Contains(action, " ") {
						found[action] = true
					}
					break
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) < 15 {
		t.Fatalf("found only %d acts", len(found))
	}
	for action := range found {
		if actionWords(action) == action {
			t.Errorf("%q has no words", action)
		}
	}
}
