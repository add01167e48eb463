package privacy_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"sotto/app/privacy"
	"sotto/chat"
	"sotto/chat/content"
)

// gates has one case for each purpose: who is asked about, and whether the peer is told. A purpose without a case fails
// TestEveryPurposeHasAGate.
var gates = map[chat.Purpose]struct {
	byDefault bool // one default may answer for all contacts
	profile   bool // one answer for the profile
	told      bool // the contact learns of the choice
}{
	chat.DeliveryReceipts:    {byDefault: true, told: true},
	chat.ReadReceipts:        {byDefault: true, told: true},
	chat.TypingNotices:       {byDefault: true, told: true},
	chat.LinkPreviews:        {byDefault: true},
	chat.NotificationContent: {byDefault: true},
	chat.AutomaticDownload:   {byDefault: true},
	chat.BotReads:            {told: true},
	chat.BotRemembers:        {told: true},
	chat.PeerExports:         {told: true},
	chat.UpdateChecks:        {profile: true},
}

func TestEveryPurposeHasAGate(t *testing.T) {
	for _, p := range chat.Purposes() {
		c, ok := gates[p]
		if !ok {
			t.Errorf("purpose %q has no test case", p)
			continue
		}
		if _, ok := privacy.NoticeFor(p); !ok {
			t.Errorf("purpose %q has no notice", p)
			continue
		}
		t.Run(string(p), func(t *testing.T) {
			w := newWorld(t)
			subject := ada
			if c.profile {
				subject = chat.ContactID{}
			}
			if w.allowed(subject, p) {
				t.Fatal("the gate is open before anyone was asked")
			}
			w.record(privacy.Choice{Subject: subject, Purpose: p, Given: true})
			if !w.allowed(subject, p) {
				t.Fatal("the gate is closed after consent was given")
			}
			checkTold(t, w, p, c.told, true)
			w.record(privacy.Choice{Subject: subject, Purpose: p})
			if w.allowed(subject, p) {
				t.Fatal("the gate is open after consent was withdrawn")
			}
			checkTold(t, w, p, c.told, false)

			err := w.ledger.Record(t.Context(), privacy.Choice{Purpose: p, Given: true})
			switch {
			case c.byDefault && err != nil:
				t.Errorf("default refused: %v", err)
			case !c.byDefault && !c.profile && !errors.Is(err, chat.ErrMalformed):
				t.Errorf("a default for a purpose that has none: %v", err)
			}
			if !c.profile && w.allowed(ada, p) {
				t.Error("the default overrides what was withdrawn for the contact")
			}
		})
	}
	if len(gates) != len(chat.Purposes()) {
		t.Errorf("%d cases for %d purposes", len(gates), len(chat.Purposes()))
	}
}

func checkTold(t *testing.T, w *world, p chat.Purpose, told, given bool) {
	t.Helper()
	got := w.out.take()
	if !told {
		if len(got) != 0 {
			t.Errorf("%d contents left though the purpose concerns no peer", len(got))
		}
		return
	}
	if len(got) != 1 || got[0].to != ada {
		t.Fatalf("told %d peers, want Ada", len(got))
	}
	body, ok := got[0].Body.(content.Consent)
	if !ok || body.Purpose != string(p) || body.Given != given || body.Notice == "" || got[0].Conv != conversation(ada) {
		t.Errorf("told %+v", got[0].Content)
	}
}

func TestTheDefaultAnswersForAcceptedContactsWithoutARecord(t *testing.T) {
	w := newWorld(t)
	w.record(privacy.Choice{Purpose: chat.ReadReceipts, Given: true})
	if !w.allowed(ada, chat.ReadReceipts) {
		t.Error("the default does not reach Ada")
	}
	for name, id := range map[string]chat.ContactID{"blocked": bob, "unknown": {9}} {
		if w.allowed(id, chat.ReadReceipts) {
			t.Errorf("the default opens the gate for the %s contact", name)
		}
	}
	if got := w.out.take(); len(got) != 1 || got[0].to != ada {
		t.Errorf("told %d peers of the default, want Ada alone", len(got))
	}
	w.record(privacy.Choice{Purpose: chat.ReadReceipts})
	got := w.out.take()
	if len(got) != 1 || got[0].Body.(content.Consent).Given {
		t.Errorf("withdrawing the default told %+v", got)
	}
}

func TestAStrangerGetsNothingUntilAccepted(t *testing.T) {
	w := newWorld(t)
	stranger := chat.ContactID{7}
	w.record(privacy.Choice{Purpose: chat.DeliveryReceipts, Given: true})
	w.update(func(tx chat.Tx) error {
		return tx.Contacts().Put(chat.Contact{ID: stranger, State: chat.ContactRequest})
	})
	if w.allowed(stranger, chat.DeliveryReceipts) {
		t.Error("a request is confirmed")
	}
	w.update(func(tx chat.Tx) error {
		return tx.Contacts().Put(chat.Contact{ID: stranger, State: chat.ContactAccepted})
	})
	if !w.allowed(stranger, chat.DeliveryReceipts) {
		t.Error("the default does not serve the accepted contact")
	}
}

func TestConsentRunsOutByItself(t *testing.T) {
	w := newWorld(t)
	w.record(privacy.Choice{Subject: ada, Purpose: chat.BotReads, Given: true, Expires: w.clock.Add(time.Hour)})
	w.out.take()
	if n, err := w.ledger.Expire(t.Context()); n != 0 || err != nil {
		t.Fatalf("Expire before the time = %d, %v", n, err)
	}
	w.clock = w.clock.Add(time.Hour)
	if w.allowed(ada, chat.BotReads) {
		t.Error("the gate is open after the time, before anyone recorded it")
	}
	if n, err := w.ledger.Expire(t.Context()); n != 1 || err != nil {
		t.Fatalf("Expire = %d, %v", n, err)
	}
	got := w.out.take()
	if len(got) != 1 || got[0].Body.(content.Consent).Given {
		t.Errorf("the peer was told %+v", got)
	}
	if n, err := w.ledger.Expire(t.Context()); n != 0 || err != nil || len(w.out.take()) != 0 {
		t.Errorf("a second Expire = %d, %v", n, err)
	}
	if !slices.Contains(w.audits(), "consent.expired") {
		t.Error("no audit entry")
	}
}

func TestAnExpiredDefaultIsToldOnlyWhereItRuled(t *testing.T) {
	w := newWorld(t)
	w.record(privacy.Choice{Subject: ada, Purpose: chat.ReadReceipts, Given: true})
	w.record(privacy.Choice{Purpose: chat.ReadReceipts, Given: true, Expires: w.clock.Add(time.Hour)})
	w.out.take()
	w.clock = w.clock.Add(2 * time.Hour)
	if n, err := w.ledger.Expire(t.Context()); n != 1 || err != nil {
		t.Fatalf("Expire = %d, %v", n, err)
	}
	if got := w.out.take(); len(got) != 0 {
		t.Errorf("Ada, who has a record of her own, was told %+v", got)
	}
	if !w.allowed(ada, chat.ReadReceipts) {
		t.Error("Ada's own record fell with the default")
	}
}

func TestAConsentForAnOlderNoticeDoesNotHold(t *testing.T) {
	w := newWorld(t)
	w.update(func(tx chat.Tx) error {
		return tx.Consents().Append(chat.Consent{
			ID: chat.NewMessageID().String(), Subject: ada, Purpose: chat.ReadReceipts, Notice: "0", State: chat.Given,
		})
	})
	if w.allowed(ada, chat.ReadReceipts) {
		t.Error("the gate opens for words that were never shown")
	}
	standings, err := w.ledger.Standings(t.Context(), ada)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range standings {
		if s.Notice.Purpose == chat.ReadReceipts && !s.Stale {
			t.Error("the standing does not say that it has to be asked again")
		}
	}
}

func consentFrom(w *world, p chat.Purpose, given bool, at time.Time) content.Content {
	return content.Content{
		ID: chat.NewMessageID(), Conv: conversation(ada), Sent: w.clock,
		Body: content.Consent{Purpose: string(p), Given: given, Notice: "1", At: at.UnixMilli()},
	}
}

func (w *world) incomingConsent(from chat.ContactID, c content.Content) {
	w.t.Helper()
	w.update(func(tx chat.Tx) error { return w.ledger.Incoming(tx, from, c) })
}

func TestAPeersOwnConsentNeverOpensOurGate(t *testing.T) {
	w := newWorld(t)
	for _, p := range chat.Purposes() {
		w.incomingConsent(ada, consentFrom(w, p, true, w.clock))
		if w.allowed(ada, p) || w.allowed(chat.ContactID{}, p) {
			t.Errorf("%s: the peer opened our gate", p)
		}
	}
}

func TestAPeersConsentIsKeptInTheOrderOfItsTimes(t *testing.T) {
	w := newWorld(t)
	state := func() chat.ConsentState {
		var s chat.ConsentState
		w.view(func(tx chat.Tx) (err error) {
			s, err = privacy.Peer(tx, ada, chat.PeerExports)
			return err
		})
		return s
	}
	if state() != "" {
		t.Fatal("a peer that said nothing has a state")
	}
	w.incomingConsent(ada, consentFrom(w, chat.PeerExports, false, w.clock.Add(time.Minute)))
	w.incomingConsent(ada, consentFrom(w, chat.PeerExports, true, w.clock)) // arrives late
	if state() != chat.Withdrawn {
		t.Errorf("a late arrival overrode a newer choice: %q", state())
	}
	before := len(w.audits())
	w.incomingConsent(ada, consentFrom(w, chat.PeerExports, false, w.clock.Add(2*time.Minute)))
	if len(w.audits()) != before {
		t.Error("a repetition left a record")
	}
	// A clock far ahead cannot close the door for what follows.
	w.incomingConsent(ada, consentFrom(w, chat.PeerExports, true, w.clock.AddDate(5, 0, 0)))
	w.clock = w.clock.Add(time.Hour)
	w.incomingConsent(ada, consentFrom(w, chat.PeerExports, false, w.clock))
	if state() != chat.Withdrawn {
		t.Errorf("state %q after a withdrawal that followed a date in the future", state())
	}
}

func TestConsentsOfUnknownPurposesLeaveNoTrace(t *testing.T) {
	w := newWorld(t)
	for range 50 {
		w.incomingConsent(ada, consentFrom(w, chat.Purpose(chat.NewMessageID().String()), true, w.clock))
	}
	w.incomingConsent(ada, content.Content{Body: content.Typing{}})
	if got := w.audits(); len(got) != 0 {
		t.Errorf("audit entries %v", got)
	}
}

func TestAFailedUnitOfWorkLeavesNeitherRecordNorWord(t *testing.T) {
	w := newWorld(t)
	err := w.ledger.Record(t.Context(),
		privacy.Choice{Purpose: chat.LinkPreviews, Given: true}, privacy.Choice{Subject: chat.ContactID{9}, Purpose: chat.ReadReceipts})
	if !errors.Is(err, chat.ErrNotFound) {
		t.Fatalf("Record for an unknown contact = %v", err)
	}
	if w.allowed(ada, chat.LinkPreviews) || len(w.audits()) != 0 || w.out.flushed != 0 {
		t.Error("half of the choices were kept")
	}
	if err := w.ledger.Record(t.Context(), privacy.Choice{Subject: ada, Purpose: "none-such"}); !errors.Is(err, chat.ErrMalformed) {
		t.Errorf("unknown purpose: %v", err)
	}
}

func TestNotificationsAreConstantWithoutConsent(t *testing.T) {
	w := newWorld(t)
	if w.ledger.MayShowContent(t.Context(), ada) {
		t.Error("content is shown before consent")
	}
	w.record(privacy.Choice{Purpose: chat.NotificationContent, Given: true})
	if !w.ledger.MayShowContent(t.Context(), ada) || w.ledger.MayShowContent(t.Context(), bob) {
		t.Error("the default must serve Ada and not the blocked Bob")
	}
}

func TestStandingsSayWhereAnAnswerComesFrom(t *testing.T) {
	w := newWorld(t)
	w.record(privacy.Choice{Purpose: chat.ReadReceipts, Given: true})
	w.record(privacy.Choice{Subject: ada, Purpose: chat.TypingNotices, Given: true})
	got, err := w.ledger.Standings(t.Context(), ada)
	if err != nil {
		t.Fatal(err)
	}
	want := map[chat.Purpose]privacy.Source{
		chat.ReadReceipts: privacy.SourceDefault, chat.TypingNotices: privacy.SourceContact, chat.BotReads: privacy.SourceNone,
	}
	for _, s := range got {
		if source, ok := want[s.Notice.Purpose]; ok && s.Source != source {
			t.Errorf("%s comes from %q, want %q", s.Notice.Purpose, s.Source, source)
		}
	}
	own, err := w.ledger.Standings(t.Context(), chat.ContactID{})
	if err != nil || len(own) != 7 {
		t.Errorf("%d own standings, %v", len(own), err)
	}
	if _, err := w.ledger.Standings(t.Context(), chat.ContactID{9}); !errors.Is(err, chat.ErrNotFound) {
		t.Errorf("standings of nobody: %v", err)
	}
}

func TestReceiptsHaveTheShapeOfTheStandard(t *testing.T) {
	w := newWorld(t)
	w.record(privacy.Choice{Subject: ada, Purpose: chat.ReadReceipts, Given: true})
	w.record(privacy.Choice{Subject: ada, Purpose: chat.ReadReceipts})
	w.incomingConsent(ada, consentFrom(w, chat.PeerExports, false, w.clock))
	var buf bytes.Buffer
	if err := w.ledger.Receipts(t.Context(), &buf); err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Type       string `json:"@type"`
		ConformsTo string `json:"dct:conformsTo"`
		Records    []struct {
			Type       string `json:"@type"`
			Identifier string `json:"dct:identifier"`
			ConformsTo string `json:"dct:conformsTo"`
			Subject    string `json:"dpv:hasDataSubject"`
			Recipient  string `json:"dpv:hasRecipient"`
			Notice     struct {
				Version string `json:"dct:hasVersion"`
				Text    string `json:"dct:description"`
			} `json:"dpv:hasNotice"`
			Status struct {
				Type string `json:"@type"`
				At   string `json:"dct:date"`
			} `json:"dpv:hasConsentStatus"`
		} `json:"dpv:hasRecordOfActivity"`
	}
	if err := json.Unmarshal(buf.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Type != "dpv:ConsentReceipt" || len(doc.Records) != 3 {
		t.Fatalf("type %q with %d records", doc.Type, len(doc.Records))
	}
	status := []string{"dpv:ConsentGiven", "dpv:ConsentWithdrawn", "dpv:ConsentWithdrawn"}
	for i, r := range doc.Records {
		if r.Type != "dpv:ConsentRecord" || len(r.Identifier) != 32 || r.Status.Type != status[i] {
			t.Errorf("record %d: %+v", i, r)
		}
		if at, err := time.Parse(time.RFC3339, r.Status.At); err != nil || !at.Equal(w.clock) {
			t.Errorf("record %d is dated %q", i, r.Status.At)
		}
		if r.Notice.Version != "1" || r.Notice.Text == "" {
			t.Errorf("record %d lacks the words that were shown", i)
		}
	}
	if own := "urn:sotto:identity:" + me.String(); doc.Records[0].Subject != own || doc.Records[2].Recipient != own {
		t.Error("who consented to whom is mixed up")
	}
}
