package profile

import (
	"testing"

	"sotto/app/messenger"
)

func TestWhatDeservesALook(t *testing.T) {
	for _, c := range []struct {
		typ    messenger.EventType
		detail string
		want   bool
	}{
		{messenger.EventAlert, messenger.AlertRolledBack, true},
		{messenger.EventAlert, "of-the-future", true},
		{messenger.EventSession, messenger.AlertOverdue, true},
		{messenger.EventSession, messenger.SessionLost, true},
		{messenger.EventSession, messenger.SessionResent, true},
		{messenger.EventSession, messenger.SessionResendHeld, true},
		{messenger.EventSession, messenger.SessionResendRefused, true},
		{messenger.EventSession, messenger.SessionInitiated, false},
		{messenger.EventSession, messenger.SessionAccepted, false},
		{messenger.EventSession, messenger.SessionAnswered, false},
		{messenger.EventContact, messenger.ContactDeviceRemoved, true},
		{messenger.EventContact, messenger.ContactDevicesExpired, true},
		{messenger.EventContact, messenger.ContactVerified, false},
		{messenger.EventMessage, "", false},
	} {
		if got := alarms(messenger.Event{Type: c.typ, Detail: c.detail}); got != c.want {
			t.Errorf("%s %s: %v", c.typ, c.detail, got)
		}
	}
}
