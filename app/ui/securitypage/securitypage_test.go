package securitypage

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"sotto/app/apptest/stage"
	"sotto/app/messenger"
	"sotto/app/profile"
	"sotto/app/security"
	"sotto/app/ui/screen"
	"sotto/app/ui/widget"
	"sotto/chat"
)

func open(t *testing.T) (*stage.Stage, *profile.Profile) {
	t.Helper()
	s := stage.New(t)
	p := s.Profile("Mira")
	s.Show(New(s.Services(p), screen.Place{}))
	s.Sees("Sotto locks after 10 minutes")
	return s, p
}

// opens reports whether a secret opens the profile that was just closed.
func opens(t *testing.T, s *stage.Stage, secret profile.Secret) bool {
	t.Helper()
	p, err := profile.Open(t.Context(), profile.OpenOptions{Options: stage.Costs, Dir: s.Dir, Secret: secret})
	if err != nil {
		if !errors.Is(err, chat.ErrWrongSecret) && !errors.Is(err, chat.ErrMalformed) {
			t.Fatal(err)
		}
		return false
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	return true
}

func TestThePassphraseIsChanged(t *testing.T) {
	const fresh = "velvet harp nine canoes drifting"
	s, p := open(t)
	s.Tap("Change passphrase")
	s.Fill("Present passphrase", "not this one")
	s.Fill("New passphrase", "qwertyuiop")
	s.Fill("Passphrase again", "qwertyuiop")
	s.Tap("Set passphrase")
	s.Sees("too easy to guess")
	s.Fill("New passphrase", fresh)
	s.Tap("Set passphrase")
	s.Sees("The two passphrases differ.")
	s.Fill("Passphrase again", fresh)
	s.Tap("Set passphrase")
	s.Sees("does not open this profile")
	s.Fill("Present passphrase", stage.Passphrase)
	s.Tap("Set passphrase")
	s.Until("it is said", func() bool { return len(s.Toasts) == 1 })
	if s.Win.Canvas().Overlays().Top() != nil {
		t.Error("the sheet is still there")
	}
	s.Leave()
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if opens(t, s, profile.Passphrase(stage.Passphrase)) || !opens(t, s, profile.Passphrase(fresh)) {
		t.Error("the passphrase is not the new one")
	}
}

func TestANewRecoveryCodeNeedsThePassphraseAndReplacesTheOld(t *testing.T) {
	s := stage.New(t)
	p, old := s.ProfileWithCode("Mira")
	t.Cleanup(func() { _ = p.Close() })
	s.Show(New(s.Services(p), screen.Place{}))
	s.Tap("Make a new recovery code")
	s.Fill("Passphrase", "not this one")
	s.Press(fyne.KeyReturn)
	s.Sees("does not open this profile")
	s.Fill("Passphrase", stage.Passphrase)
	s.Press(fyne.KeyReturn)
	s.Sees("These 20 words replace the old code.")
	s.Tap("Copy")
	if len(s.Secrets) != 1 || len(strings.Fields(s.Secrets[0])) != 20 {
		t.Fatalf("copied %d secrets", len(s.Secrets))
	}
	s.Tap("I have written it down")
	if s.Text("These 20 words") {
		t.Error("the code is still shown")
	}
	s.Leave()
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if opens(t, s, profile.RecoveryCode(old)) || !opens(t, s, profile.RecoveryCode(s.Secrets[0])) {
		t.Error("the code is not the new one")
	}
}

func TestLeavingTheStepUpMakesNoCode(t *testing.T) {
	s, p := open(t)
	s.Tap("Make a new recovery code")
	s.Sees("Type your passphrase to go on.")
	s.Tap("Cancel")
	if err := p.StepUp.Use(security.ActSlots); err == nil {
		t.Error("a confirmation is left")
	}
	if s.Text("Type your passphrase to go on.") {
		t.Error("the sheet is still there")
	}
}

func TestAlertsAreSaidAndMarkedAsSeen(t *testing.T) {
	s := stage.New(t)
	p := s.Profile("Mira")
	for code, count := range map[string]int{security.AlertFailedUnlocks: 4, "of-the-future": 1} {
		if err := p.Alerts.Raise(t.Context(), 0, security.Alert{Code: code, Count: count, Last: time.Now().Add(-time.Minute)}); err != nil {
			t.Fatal(err)
		}
	}
	s.Show(New(s.Services(p), screen.Place{}))
	s.Sees("4 wrong passphrases were tried before you unlocked.")
	s.Sees("of-the-future")
	s.Tap("Mark as seen")
	s.Until("they are seen", func() bool { return s.Button("Mark as seen") == nil })
	all, err := p.Alerts.List(t.Context())
	if err != nil || len(all) != 2 || !all[0].Seen || !all[1].Seen {
		t.Errorf("%d alerts, %v", len(all), err)
	}
}

func TestOneChangeOfDevicesIsOneAlert(t *testing.T) {
	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	ada, ben := chat.ContactID{1}, chat.ContactID{2}
	all := []security.Alert{
		{Code: "resend-held", Contact: ada, Last: at.Add(time.Minute)},
		{Code: "device-added", Contact: ada, Last: at},
		{Code: "identity-changed", Contact: ada, Last: at},
		{Code: "rejected", Last: at},
		{Code: "device-removed", Contact: ben, Last: at},
		{Code: "device-added", Contact: ben, Last: at.Add(-2 * time.Hour)},
	}
	codes := func() (out []string) {
		for _, a := range weightiest(all) {
			out = append(out, a.Code)
		}
		return out
	}
	if got, want := codes(), []string{"identity-changed", "rejected", "device-removed", "device-added"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	all[2].Seen = true
	if got, want := codes(), []string{"device-added", "identity-changed", "rejected", "device-removed", "device-added"}; !slices.Equal(got, want) {
		t.Errorf("after the weightiest was seen %q, want %q", got, want)
	}
}

func TestEveryAlertHasWords(t *testing.T) {
	stage.New(t) // loads the words
	for _, code := range []string{
		security.AlertFailedUnlocks, security.AlertAuditDamaged, security.AlertRelayDamaged, "rejected", "identity-changed", "invite-reused", "relay-identity",
		"mailbox-gone", "damaged", "pq-overdue", "rolled-back", "device-added", "devices-refused", "device-removed", "devices-expired",
		"lost", "resent", "resend-held", "resend-refused", "became-bot", "clock-leapt",
	} {
		if w := alertWords(security.Alert{Code: code, Count: 1}, "Ada"); strings.Contains(w, "no words for") || strings.HasPrefix(w, "alerts.") {
			t.Errorf("%s: %q", code, w)
		}
	}
}

func TestLockNowLocks(t *testing.T) {
	s, _ := open(t)
	s.Tap("Lock now")
	if s.Locks != 1 {
		t.Errorf("locked %d times", s.Locks)
	}
}

func TestTheOwnRelayAndDeviceAreShown(t *testing.T) {
	s := stage.New(t)
	p := s.Profile("Mira")
	if _, _, err := p.Messenger.Invite(t.Context(), messenger.InviteOptions{}); err != nil {
		t.Fatal(err)
	}
	s.Show(New(s.Services(p), screen.Place{}))
	s.Sees("Inside this computer; nothing leaves it.")
	if !s.Text(grouped(p.Messenger.Self().Device.String())) || !s.Text(grouped(p.Messenger.Self().ID.String())) {
		t.Error("device or identity is not shown")
	}
}

func TestTheLifeOfKeysIsShown(t *testing.T) {
	s := stage.New(t)
	p := s.Profile("Mira")
	view := New(s.Services(p), screen.Place{})
	s.Show(view)
	s.Sees("no keys are offered")
	s.Sees("No sign of a second or older copy")
	s.Sees("the device list, is valid until")
	if _, _, err := p.Messenger.Invite(t.Context(), messenger.InviteOptions{Reusable: true}); err != nil {
		t.Fatal(err)
	}
	view.(*Screen).Heard([]messenger.Event{{Type: messenger.EventConnection, On: true}})
	s.Sees("100 are unused")
	s.Sees("1 offer, published")
	if err := p.Alerts.Raise(t.Context(), 0, security.Alert{Code: messenger.AlertRolledBack, Last: time.Now().Add(-time.Hour)}); err != nil {
		t.Fatal(err)
	}
	view.(*Screen).Heard([]messenger.Event{{Type: messenger.EventAlert, Detail: messenger.AlertRolledBack}})
	s.Sees("An older copy of this profile ran")
	s.Sees("This profile is an older copy of itself, or runs twice.")
}

func TestWhatASessionLacksIsSaid(t *testing.T) {
	s := stage.New(t)
	p := New(s.Services(nil), screen.Place{})
	for _, c := range []struct {
		name string
		s    session
		want string
	}{
		{"a plain one", session{keys: messenger.ContactKeys{Sessions: 1}}, "1 session in use"},
		{"none yet", session{}, "0 sessions in use"},
		{"archived ones", session{keys: messenger.ContactKeys{Sessions: 1, Archived: 2}}, "1 session in use · 2 kept for late messages (archived)"},
		{"no one-time key", session{keys: messenger.ContactKeys{Sessions: 1, NoForward: 1}}, "1 session in use · the first message had no one-time key and is not answered yet"},
		{"an ended list", session{
			keys: messenger.ContactKeys{Sessions: 1}, state: messenger.SecurityState{DevicesExpired: true, DevicesUntil: time.Now()},
		}, "1 session in use · the list of devices has ended"},
	} {
		if got := p.(*Screen).sessionWords(c.s); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestTheStateOfTheProofIsAChip(t *testing.T) {
	stage.New(t) // loads the words
	for state, want := range map[messenger.SecurityState]string{
		{PQ: messenger.PQAuthenticated, Verification: chat.Verified}: "Verified, Quantum-safe",
		{PQ: messenger.PQPending}:                                    "Not verified, Quantum-safe pending",
		{PQ: messenger.PQOverdue}:                                    "Not verified, Quantum-safe overdue",
		{PQ: messenger.PQNone}:                                       "Not verified, No session yet",
		{PQ: messenger.PQPending, NewDevices: 1}:                     "New device: confirm, Not verified, Quantum-safe pending",
		{PQ: messenger.PQPending, Restored: true}:                    "Restored: confirm, Not verified, Quantum-safe pending",
		{PQ: messenger.PQPending, Verification: chat.Changed}:        "Identity changed: check, Quantum-safe pending",
	} {
		var got []string
		for _, c := range chipsOf(session{state: state}) {
			got = append(got, c.(*widget.Chip).AccessibilityLabel())
		}
		if said := strings.Join(got, ", "); said != want {
			t.Errorf("%+v: %q, want %q", state, said, want)
		}
	}
}
