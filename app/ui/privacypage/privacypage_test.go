package privacypage

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"sotto/app/apptest/stage"
	"sotto/app/messenger"
	"sotto/app/privacy"
	"sotto/app/profile"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/chat"
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
	for _, p := range []chat.Purpose{chat.NotificationContent, chat.LinkPreviews, chat.UpdateChecks} {
		n, _ := noticeOf(p)
		if n == "" || c.Button(n) != nil {
			t.Errorf("a switch for %s is shown", p)
		}
	}
	if !c.Text("there is nothing to agree to") {
		t.Error("it is not said what Sotto does not do")
	}
}

func TestFetchingByThemselvesIsAskedAboutWithASizeOfOnesOwn(t *testing.T) {
	c := open(t)
	c.Tap("See your answers")
	c.Sees("Largest file that is fetched by itself")
	c.Tap("Fetch attachments by themselves")
	c.Until("the yes by default", func() bool { return c.allowed(chat.ContactID{}, chat.AutomaticDownload) })
	limit := func() int64 {
		n, err := c.me.Messenger.DownloadLimit(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if limit() != messenger.DefaultDownloadLimit {
		t.Errorf("at first it is %d", limit())
	}
	c.Tap("1 MB")
	c.Until("a smaller size", func() bool { return limit() == 1_000_000 })
}

func TestASizeThatIsNotOfferedIsShown(t *testing.T) {
	for present, want := range map[int64]string{
		3_000_000: "1 MB, 3 MB, 10 MB, 25 MB, Any size", 0: "0 B, 1 MB, 10 MB, 25 MB, Any size", chat.MaxFile: "1 MB, 10 MB, 25 MB, Any size",
	} {
		var got []string
		for _, o := range limitOptions(present) {
			got = append(got, o.Title)
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("with %d: %v", present, got)
		}
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
	found["file.opened"], found["file.saved"] = true, true // recorded by their constants
	for action := range found {
		if actionWords(action) == action {
			t.Errorf("%q has no words", action)
		}
	}
}
