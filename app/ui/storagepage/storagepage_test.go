package storagepage

import (
	"testing"
	"time"

	"sotto/app/apptest/stage"
	"sotto/app/messenger"
	"sotto/app/profile"
	"sotto/app/ui/screen"
	"sotto/chat"
)

func TestThePageSaysWhatTakesSpaceAndChecksOnDemand(t *testing.T) {
	s := stage.New(t)
	p := s.Profile("Mira")
	s.Show(New(s.Services(p), screen.Place{}))
	s.Sees("are free on this disk")
	s.Sees("Not checked since Sotto was opened.")
	s.Tap("Check now")
	s.Sees("All well")
	if i := p.Integrity(); i.Checked.IsZero() || !i.Findings.Sound() {
		t.Errorf("%+v", i)
	}
	s.Tap("Compact")
	s.Until("it is said", func() bool { return len(s.Toasts) == 1 })
	if s.Text("not closed cleanly") {
		t.Error("a clean stop is said to be none")
	}
}

func TestACopyThatAnotherProgramHoldsIsNotSaidToBeRemoved(t *testing.T) {
	s := stage.New(t)
	p := New(s.Services(s.Profile("Mira")), screen.Place{}).(*Screen)
	s.Show(p)
	s.Sees("None.")
	p.sayWiped(wiped{gone: 1, left: 2}, chat.ErrDiskFull)
	for _, part := range []string{"Not every copy is removed", "2 copies could not be removed", "Close that program"} {
		s.Sees(part)
	}
	s.Tap("Close")
	s.Sees("2 files, readable until Sotto locks or closes.")
	if len(s.Toasts) > 0 {
		t.Errorf("it is said that %q", s.Toasts)
	}
	s.Tap("Remove now")
	s.Until("it is said", func() bool { return len(s.Toasts) == 1 })
	s.Sees("None.")
}

func TestWhatIsSaidAfterAnUncleanStop(t *testing.T) {
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	for _, c := range []struct {
		state profile.Integrity
		text  string
	}{
		{profile.Integrity{}, ""},
		{profile.Integrity{Checked: now}, ""},
		{profile.Integrity{Unclean: true, Checking: true}, "Sotto was not closed cleanly the last time. Your history is being checked; you can go on meanwhile."},
		{profile.Integrity{Unclean: true, Checked: now}, "Sotto was not closed cleanly the last time. Your history was checked: all well."},
		{
			profile.Integrity{Checked: now, Findings: profile.Findings{Messages: 1204, Missing: 2, Damaged: 1, File: true}},
			"Your history is damaged. 1,204 messages were read. 3 of them are missing or damaged. Other parts of the file are damaged too. What can be read is shown as before. Make a backup now, before more is lost, and look at the disk.",
		},
		{
			profile.Integrity{Checked: now, Findings: profile.Findings{Messages: 1204, Files: messenger.FileFindings{
				Files: 7, Faults: map[string]int{messenger.FaultMissing: 1, messenger.FaultAltered: 2},
			}}},
			"Your history is damaged. 1,204 messages were read. The files of 3 messages are missing, cut short or altered; they can be fetched again while the relay has them. What can be read is shown as before. Make a backup now, before more is lost, and look at the disk.",
		},
	} {
		w, said := Said(c.state)
		if w.Text != c.text || said != (c.text != "") {
			t.Errorf("%+v says %q", c.state, w.Text)
		}
	}
}
