package files

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"sotto/app/media"
	"sotto/app/messenger"
	"sotto/app/ui/i18n"
	"sotto/app/ui/theme"
	"sotto/chat"
)

func TestMain(m *testing.M) {
	if err := i18n.Load(); err != nil {
		panic(err)
	}
	m.Run()
}

func labels(keys []string) string { return strings.Join(keys, " ") }

func TestWhatACardSaysAndOffersFollowsTheState(t *testing.T) {
	in := chat.Message{Direction: chat.In, File: chat.File{Name: "survey.pdf", Size: 2_400_000}}
	for _, c := range []struct {
		name         string
		status       messenger.FileStatus
		detail, acts string
		moving       bool
		done         float32
		alarm        bool
	}{
		{name: "offered", status: messenger.FileStatus{State: chat.FileOffered}, detail: "2.4 MB", acts: Fetch},
		{name: "not begun", status: messenger.FileStatus{State: chat.FileFetching}, detail: "Waiting · 2.4 MB", acts: Cancel, moving: true, done: -1},
		{
			name: "half", status: messenger.FileStatus{State: chat.FileFetching, Done: 1_300_000, Total: 2_600_000},
			detail: "1.2 MB of 2.4 MB", acts: Cancel, moving: true, done: 0.5,
		},
		{
			name: "offline", status: messenger.FileStatus{State: chat.FileFetching, Failure: "offline", Done: 1, Total: 2},
			detail: "Waits for a connection · 2.4 MB", acts: Cancel, moving: true, done: -1,
		},
		{
			name: "no room", status: messenger.FileStatus{State: chat.FileSending, Failure: messenger.FailureQuota, Stored: true},
			detail: "Waits for room on the relay · 2.4 MB", acts: "cancel open save", moving: true, done: -1,
		},
		{name: "gone", status: messenger.FileStatus{State: chat.FileFailed, Failure: messenger.FailureFileGone}, detail: "The relay does not have it any more", acts: Retry, alarm: true},
		{name: "here", status: messenger.FileStatus{State: chat.FileHere, Stored: true}, detail: "2.4 MB", acts: "open save"},
	} {
		a := Describe(in, c.status, true)
		if a.Detail != c.detail || a.Moving != c.moving || a.Moving && a.Done != c.done || a.Alarm != c.alarm {
			t.Errorf("%s: %+v", c.name, a)
		}
		if got := labels(Acts(in, c.status)); got != c.acts {
			t.Errorf("%s: %q can be done, wanted %q", c.name, got, c.acts)
		}
		if len(a.Acts) == 0 || a.Press != "" {
			t.Errorf("%s: the card offers nothing, or is pressed: %+v", c.name, a)
		}
	}
	if a := Describe(in, messenger.FileStatus{}, false); len(a.Acts) > 0 || a.Detail != "The file is not on this computer" {
		t.Errorf("without its file: %+v", a)
	}
}

func TestOnlyAPictureThatIsHereIsPressed(t *testing.T) {
	m := chat.Message{Direction: chat.In, File: chat.File{Name: "lake.jpg", Size: 9, Width: 4, Height: 3}}
	here := Describe(m, messenger.FileStatus{State: chat.FileHere, Stored: true}, true)
	if here.Press != View || here.Away || len(here.Acts) > 0 || here.Detail != "" {
		t.Errorf("here: %+v", here)
	}
	for _, s := range []messenger.FileStatus{{State: chat.FileOffered}, {State: chat.FileFetching}, {State: chat.FileFailed}} {
		if a := Describe(m, s, true); a.Press != "" || !a.Away || len(a.Acts) != 1 {
			t.Errorf("%s: %+v", s.State, a)
		}
	}
	if a := Describe(m, messenger.FileStatus{State: chat.FileSending, Stored: true}, true); a.Away || a.Press != View {
		t.Errorf("one's own on its way is shown: %+v", a)
	}
}

func TestEveryWarningAndEveryFailureHasWords(t *testing.T) {
	source, err := os.ReadFile("../../media/warnings.go")
	if err != nil {
		t.Fatal(err)
	}
	declared := regexp.MustCompile(`Warn\w+\s+Warning = "([a-z-]+)"`).FindAllSubmatch(source, -1)
	if len(declared) < 10 {
		t.Fatalf("found only %d warnings", len(declared))
	}
	for _, d := range declared {
		w := media.Warning(d[1])
		if s := Warned([]media.Warning{w}); strings.HasPrefix(s, "file.") || !strings.HasSuffix(s, ".") {
			t.Errorf("%s: %q", w, s)
		}
	}
	for code := range failures {
		if s := Failure(code); strings.HasPrefix(s, "file.") {
			t.Errorf("%s: %q", code, s)
		}
		for _, own := range []bool{true, false} {
			s := Explain(code, own, "Ada")
			if strings.HasPrefix(s, "file.") || strings.Count(s, ". ") < 1 || regexp.MustCompile(`!|sorry|oops`).MatchString(s) {
				t.Errorf("%s, own %v: %q", code, own, s)
			}
		}
	}
	if Explain("never heard of", true, "Ada") == "" || Failure("never heard of") == "" {
		t.Error("an unknown code says nothing")
	}
}

func TestTheMarkOfAFileFollowsWhatItsAuthorSays(t *testing.T) {
	for want, all := range map[theme.IconName][]chat.File{
		theme.IconPicture:  {{Name: "a", Width: 1, Height: 1}, {Name: "a.bin", Type: "image/x-raw"}},
		theme.IconSound:    {{Name: "a", Type: "audio/mpeg"}},
		theme.IconFilm:     {{Name: "a", Type: "video/mp4"}},
		theme.IconDocument: {{Name: "A.PDF"}, {Name: "notes", Type: "text/plain"}},
		theme.IconTable:    {{Name: "a.xlsx", Type: "application/zip"}},
		theme.IconArchive:  {{Name: "a.tar.gz"}},
		theme.IconFile:     {{Name: "a"}, {Name: "a.exe"}},
	} {
		for _, f := range all {
			if got := Icon(f); got != want {
				t.Errorf("%+v: %s, wanted %s", f, got, want)
			}
		}
	}
}

func TestWhatRunsIsToldFromWhatIsOnlyToBeMinded(t *testing.T) {
	for w, want := range map[media.Warning]bool{
		media.WarnExecutable: true, media.WarnScript: true, media.WarnInstaller: true, media.WarnShortcut: true,
		media.WarnMacro: false, media.WarnActive: false, media.WarnArchive: false, media.WarnTypeDiffers: false,
	} {
		if Starts([]media.Warning{media.WarnDoubleExtension, w}) != want {
			t.Errorf("%s starts: %v", w, !want)
		}
		if why := unopened([]media.Warning{w, media.WarnArchive}); (why != "") != want {
			t.Errorf("%s is not opened, because of %q", w, why)
		}
	}
	if why := unopened([]media.Warning{media.WarnBomb, media.WarnArchive}); !strings.Contains(why, "unpack") {
		t.Errorf("an archive that fills the disk is opened: %q", why)
	}
}
