package apptest_test

import (
	"testing"

	"sotto/app/apptest"
	"sotto/chat"
	"sotto/transport/wire"
)

func TestAReceiptThatWaitsDoesNotLeaveAfterConsentIsWithdrawn(t *testing.T) {
	w := apptest.NewWorld(t)
	far := w.AddRelay(wire.Address{Host: "far.example", Port: 443, Mode: wire.Web})
	ada, ben := w.Person("Ada", apptest.PersonOptions{}), w.Person("Ben", apptest.PersonOptions{Home: far})
	w.Befriend(ada, ben)
	ada.Ledger.Allow(chat.DeliveryReceipts, true)

	ada.Until("the introductions to be over", func() bool { return len(queue(t, ada)) == 0 })
	far.Down(true)
	quiet := ben.Say(ada, "is it you")
	ada.Until("the message", func() bool { return len(ada.Thread(ben)) == 1 })
	ada.Until("the receipt to wait", func() bool { // tried, and not on its way any more
		q := queue(t, ada)
		return len(q) == 1 && q[0].Failure != ""
	})
	ada.Ledger.Allow(chat.DeliveryReceipts, false)
	far.Down(false)
	ada.Say(ben, "marker")
	ben.Until("what came after it", func() bool { return len(ben.Thread(ada)) == 2 })
	if got := stateOf(t, ben, quiet.ID); got != chat.Sent {
		t.Errorf("the message is %s after consent was withdrawn", got)
	}
	ada.Until("the queue to be empty", func() bool { return len(queue(t, ada)) == 0 })
}
