package welcome

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sotto/app/apptest/stage"
	"sotto/app/profile"
	"sotto/app/ui/screen"
	"sotto/chat"
)

const strong = "lantern otter velvet canoe harp"

// begin shows the screen where there is no profile yet.
func begin(t *testing.T) (*stage.Stage, *Screen) {
	t.Helper()
	s := stage.New(t)
	w := New(s.Services(nil), screen.Place{}).(*Screen)
	s.Show(w)
	return s, w
}

func fill(s *stage.Stage, name, pass, again string) {
	s.T.Helper()
	s.Fill("Your name", name)
	s.Fill("Passphrase", pass)
	s.Fill("Passphrase again", again)
}

func TestAWeakPassphraseIsSaidInWordsAndMakesNoProfile(t *testing.T) {
	s, _ := begin(t)
	fill(s, "Mira", "password1", "password1")
	if !s.Text("Weak: someone with a copy of your files could guess it within seconds.") {
		t.Error("its strength is not said")
	}
	s.Tap("Create profile")
	if !s.Text("too easy to guess") {
		t.Error("it is not said what to do")
	}
	if profile.Exists(s.Dir) {
		t.Error("a profile was made")
	}
}

func TestTheOwnNameIsNoPassphrase(t *testing.T) {
	s, _ := begin(t)
	fill(s, "Wilhelmina Rosenbaum", "Wilhelmina Rosenbaum", "Wilhelmina Rosenbaum")
	s.Tap("Create profile")
	if !s.Text("too easy to guess") || profile.Exists(s.Dir) {
		t.Error("the name was taken for a passphrase")
	}
}

func TestPassphrasesThatDifferAreSaid(t *testing.T) {
	s, _ := begin(t)
	fill(s, "Mira", strong, strong+"s")
	s.Tap("Create profile")
	if !s.Text("The two passphrases differ.") || profile.Exists(s.Dir) {
		t.Error("the difference was not said")
	}
	s.Fill("Passphrase again", strong)
	if s.Text("The two passphrases differ.") {
		t.Error("it is still said after it was mended")
	}
}

func TestANameIsAskedFor(t *testing.T) {
	s, _ := begin(t)
	fill(s, " \u202e ", strong, strong)
	s.Tap("Create profile")
	if !s.Text("A profile needs a name.") || profile.Exists(s.Dir) {
		t.Error("an empty name was taken")
	}
}

func TestAGeneratedPassphraseIsShownAndStillHasToBeRepeated(t *testing.T) {
	s, w := begin(t)
	s.Fill("Your name", "Mira")
	s.Tap("Generate")
	if w.pass.Concealed() || len(strings.Fields(w.pass.Text())) < 5 {
		t.Fatal("it is not shown")
	}
	s.Tap("Create profile")
	if !s.Text("The two passphrases differ.") {
		t.Error("it need not be repeated")
	}
}

// codeShown goes on to the recovery code.
func codeShown(t *testing.T) (*stage.Stage, *Screen, []string) {
	t.Helper()
	s, w := begin(t)
	fill(s, "Mira", strong, strong)
	s.Tap("Create profile")
	s.Sees("Your recovery code")
	return s, w, append([]string(nil), w.code...)
}

func confirm(s *stage.Stage, code []string) {
	s.T.Helper()
	s.Tap("I have written it down")
	s.Fill("Word 3", code[2])
	s.Fill("Word 9", strings.ToUpper(code[8]))
	s.Fill("Word 17", " "+code[16])
	s.Tap("Continue")
}

func TestTheRecoveryCodeIsAskedForBeforeTheWindowOpens(t *testing.T) {
	s, w, code := codeShown(t)
	if len(code) != 20 {
		t.Fatalf("%d words", len(code))
	}
	s.Tap("I have written it down")
	for _, word := range code {
		if s.Text(word) {
			t.Fatalf("%q is still shown while it is asked for", word)
		}
	}
	s.Fill("Word 3", code[2])
	s.Fill("Word 9", "zebras")
	s.Fill("Word 17", code[16])
	s.Tap("Continue")
	if !s.Text("This is not word 9 of the code.") {
		t.Fatal("a wrong word was taken")
	}
	s.Tap("Show the code again")
	s.Sees("Your recovery code")
	confirm(s, code)
	s.Sees("Your profile is ready")
	if w.code != nil {
		t.Error("the screen still holds the code")
	}
	s.Tap("Later, show me the window")
	s.Until("the window has the profile", func() bool { return s.Taken != nil })
	if name := s.Taken.Messenger.Self().Name; name != "Mira" {
		t.Errorf("it is called %q", name)
	}
	if len(s.Opened) != 0 {
		t.Errorf("it goes to %v", s.Opened)
	}
}

func TestTheProfileOpensWithThePassphraseAndWithTheCode(t *testing.T) {
	s, _, code := codeShown(t)
	s.Leave()
	for _, secret := range []profile.Secret{profile.Passphrase(strong), profile.RecoveryCode(strings.Join(code, " "))} {
		p, err := profile.Open(t.Context(), profile.OpenOptions{Options: stage.Costs, Dir: s.Dir, Secret: secret})
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTheGuideIsAddedOnceAskedForAndItsChatOpens(t *testing.T) {
	s, _, code := codeShown(t)
	confirm(s, code)
	s.Tap("Talk to the Guide")
	s.Sees("Let this bot read")
	s.Tap("Not now")
	if s.Taken != nil {
		t.Fatal("the Guide was added without a yes")
	}
	s.Tap("Talk to the Guide")
	s.Tap("Let it read")
	s.Until("the window has the profile", func() bool { return s.Taken != nil })
	added, err := s.Taken.GuideAdded(t.Context())
	if err != nil || !added {
		t.Fatalf("the Guide was not added: %v", err)
	}
	contacts, err := s.Taken.Messenger.Contacts(t.Context())
	if err != nil || len(contacts) != 1 || contacts[0].Name != "Guide" {
		t.Fatalf("%d contacts, %v", len(contacts), err)
	}
	all, err := s.Taken.Ledger.Standings(t.Context(), contacts[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, st := range all {
		if yes := st.Notice.Purpose == chat.BotReads; st.Allowed != yes || yes && st.Record.Method != "sheet" {
			t.Errorf("%s is %v, asked by %q", st.Notice.Purpose, st.Allowed, st.Record.Method)
		}
	}
	want := screen.Place{Screen: screen.Chat, Conversation: s.Taken.Messenger.ConversationWith(contacts[0].ID)}
	if len(s.Opened) != 1 || s.Opened[0] != want {
		t.Errorf("it goes to %v", s.Opened)
	}
}

func TestNobodyIsAddedWithoutBeingAskedFor(t *testing.T) {
	s, _, code := codeShown(t)
	confirm(s, code)
	s.Tap("Invite someone")
	s.Until("the window has the profile", func() bool { return s.Taken != nil })
	if added, err := s.Taken.GuideAdded(t.Context()); err != nil || added {
		t.Errorf("the Guide was added (%v)", err)
	}
	if len(s.Opened) != 1 || s.Opened[0].Screen != screen.Invite {
		t.Errorf("it goes to %v", s.Opened)
	}
}

func TestTheCodeIsCopiedAsASecretAndSavedForItsOwnerAlone(t *testing.T) {
	s, _, code := codeShown(t)
	s.Tap("Copy")
	if len(s.Secrets) != 1 || s.Secrets[0] != strings.Join(code, " ") || len(s.Copied) != 0 {
		t.Fatal("it was not copied as a secret")
	}
	folder := t.TempDir()
	s.Tap("Save a page to print")
	s.Fill("Folder", folder)
	s.Fill("File name", "../code.html")
	s.Tap("Save page")
	s.Sees("without slashes")
	s.Fill("File name", "code.html")
	s.Tap("Save page")
	s.Until("it is saved", func() bool { return len(s.Toasts) == 1 })
	path := filepath.Join(folder, "code.html")
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i, word := range code {
		if !strings.Contains(string(page), ">"+word+"</li>") {
			t.Errorf("word %d is not on the page", i+1)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read it: %v, %v", info.Mode(), err)
	}
	s.Tap("Save a page to print")
	s.Fill("Folder", folder)
	s.Fill("File name", "code.html")
	s.Tap("Save page")
	s.Until("it is refused", func() bool { return len(s.Failed) == 1 })
	if after, _ := os.ReadFile(path); string(after) != string(page) {
		t.Error("a file of that name was overwritten")
	}
}

func TestAFolderWithAProfileIsLeftAsItIs(t *testing.T) {
	s := stage.New(t)
	p, _ := s.ProfileWithCode("Ada")
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	s.Show(New(s.Services(nil), screen.Place{}))
	fill(s, "Mira", strong, strong)
	s.Tap("Create profile")
	s.Sees("There is a profile in that folder already")
	p, err := profile.Open(t.Context(), profile.OpenOptions{Options: stage.Costs, Dir: s.Dir, Secret: profile.Passphrase(stage.Passphrase)})
	if err != nil {
		t.Fatal(err)
	}
	if name := p.Messenger.Self().Name; name != "Ada" {
		t.Errorf("the profile is %q's now", name)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
}
