package security_test

import (
	"strconv"
	"testing"
	"time"

	"sotto/app/apptest/memstore"
	"sotto/app/security"
	"sotto/chat"
)

func TestAlertsOfOneKindAreCountedAsOne(t *testing.T) {
	alerts := security.NewAlerts(memstore.New())
	raise := func(seq uint64, a security.Alert) {
		t.Helper()
		if err := alerts.Raise(t.Context(), seq, a); err != nil {
			t.Fatal(err)
		}
	}
	list := func() []security.Alert {
		t.Helper()
		l, err := alerts.List(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	ada := chat.ContactID{2}
	raise(4, security.Alert{Code: "rejected", Count: 3, Last: start})
	raise(6, security.Alert{Code: "identity-changed", Contact: ada, Last: start.Add(time.Minute)})
	raise(6, security.Alert{Code: "identity-changed", Contact: ada, Last: start.Add(time.Minute)}) // the stream read again
	raise(9, security.Alert{Code: "rejected", Count: 2, Last: start.Add(time.Hour)})
	got := list()
	if len(got) != 2 || got[0].Code != "rejected" || got[0].Count != 5 || !got[0].First.Equal(start) || got[1].Count != 1 {
		t.Fatalf("alerts %+v", got)
	}
	if taken, err := alerts.Taken(t.Context()); taken != 9 || err != nil {
		t.Errorf("Taken = %d, %v", taken, err)
	}
	if err := alerts.MarkSeen(t.Context(), start.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if got := list(); got[0].Seen || !got[1].Seen {
		t.Errorf("seen: %v and %v, want what was there at the time", got[0].Seen, got[1].Seen)
	}
	raise(0, security.Alert{Code: "identity-changed", Contact: ada, Last: start.Add(2 * time.Hour)})
	if got := list(); got[0].Code != "identity-changed" || got[0].Seen || got[0].Count != 2 {
		t.Errorf("a repetition after it was seen: %+v", got[0])
	}
}

func TestTheListOfAlertsIsBounded(t *testing.T) {
	alerts := security.NewAlerts(memstore.New())
	for i := range 130 {
		if err := alerts.Raise(t.Context(), 0, security.Alert{Code: "relay-identity", Relay: strconv.Itoa(i), Last: start.Add(time.Duration(i))}); err != nil {
			t.Fatal(err)
		}
	}
	got, err := alerts.List(t.Context())
	if err != nil || len(got) != 100 || got[0].Relay != "129" {
		t.Errorf("%d alerts, %v", len(got), err)
	}
}
