package privacy

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"sotto/chat"
)

// The profile of ISO/IEC TS 27560:2023 in the Data Privacy Vocabulary that the receipts follow, and its prefixes.
const (
	receiptProfile = "https://w3id.org/dpv/schema/dpv-27560#receipt"
	recordProfile  = "https://w3id.org/dpv/schema/dpv-27560#record"
)

var receiptContext = map[string]string{
	"dpv":   "https://w3id.org/dpv#",
	"dct":   "http://purl.org/dc/terms/",
	"sotto": "urn:sotto:",
}

// receipts is the exported document: every record of the ledger, oldest first.
type receipts struct {
	Context    map[string]string `json:"@context"`
	Type       string            `json:"@type"`
	ConformsTo string            `json:"dct:conformsTo"`
	Created    string            `json:"dct:created"`
	Publisher  string            `json:"dct:publisher"`
	Records    []receiptRecord   `json:"dpv:hasRecordOfActivity"`
}

type receiptRecord struct {
	ID         string         `json:"@id"`
	Type       string         `json:"@type"`
	Identifier string         `json:"dct:identifier"`
	ConformsTo string         `json:"dct:conformsTo"`
	Subject    string         `json:"dpv:hasDataSubject"`
	Recipient  string         `json:"dpv:hasRecipient,omitempty"`
	Process    receiptProcess `json:"dpv:hasProcess"`
	Notice     *receiptNotice `json:"dpv:hasNotice,omitempty"`
	Status     receiptStatus  `json:"dpv:hasConsentStatus"`
	Withdrawal string         `json:"dpv:hasWithdrawalMethod"`
	Given      bool           `json:"sotto:given"`
}

type receiptProcess struct {
	Type       string `json:"@type"`
	Purpose    string `json:"sotto:purpose"`
	DPVPurpose string `json:"dpv:hasPurpose,omitempty"`
	Data       string `json:"dpv:hasPersonalData,omitempty"`
	Basis      string `json:"dpv:hasLegalBasis"`
}

type receiptNotice struct {
	Type    string `json:"@type"`
	Version string `json:"dct:hasVersion"`
	Title   string `json:"dct:title,omitempty"`
	Text    string `json:"dct:description,omitempty"`
}

type receiptStatus struct {
	Type   string `json:"@type"`
	At     string `json:"dct:date"`
	Until  string `json:"dpv:hasDuration,omitempty"`
	ByPeer bool   `json:"sotto:indicatedByPeer"`
	Method string `json:"dpv:hasIndicationMethod"`
}

const receiptTime = "2006-01-02T15:04:05.000Z"

// Receipts writes the whole ledger as one JSON-LD document in the shape of ISO/IEC TS 27560:2023 in the terms of the W3C
// Data Privacy Vocabulary. Subjects and recipients are fingerprints. The words of a notice are included for the versions
// this program still knows.
func (l *Ledger) Receipts(ctx context.Context, w io.Writer) error {
	return l.store.View(ctx, func(tx chat.Tx) error { return WriteReceipts(tx, w, l.mail.self, l.now(), nil) })
}

// WriteReceipts is [Ledger.Receipts] within a unit of work, of the records that keep picks; nil picks all.
func WriteReceipts(tx chat.Tx, w io.Writer, self chat.ContactID, now time.Time, keep func(chat.Consent) bool) error {
	records, err := tx.Consents().List()
	if err != nil {
		return fmt.Errorf("reading the ledger: %w", err)
	}
	doc := receipts{
		Context: receiptContext, Type: "dpv:ConsentReceipt", ConformsTo: receiptProfile,
		Created: now.UTC().Format(receiptTime), Publisher: identityURN(self), Records: make([]receiptRecord, 0, len(records)),
	}
	for _, c := range records {
		if keep == nil || keep(c) {
			doc.Records = append(doc.Records, newReceipt(c, self))
		}
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	if err := enc.Encode(doc); err != nil {
		return fmt.Errorf("writing receipts: %w", err)
	}
	return nil
}

func newReceipt(c chat.Consent, self chat.ContactID) receiptRecord {
	r := receiptRecord{
		ID: "urn:sotto:consent:" + c.ID, Type: "dpv:ConsentRecord", Identifier: c.ID, ConformsTo: recordProfile,
		Subject: identityURN(self), Given: c.State == chat.Given, Withdrawal: "sotto:privacy-page",
		Process: receiptProcess{Type: "dpv:Process", Purpose: string(c.Purpose), Basis: "dpv:Consent"},
		Status: receiptStatus{
			Type: statusTerm(c.State), At: c.Time.UTC().Format(receiptTime), ByPeer: c.ByPeer, Method: "sotto:" + c.Method,
		},
	}
	if !c.Subject.IsZero() {
		r.Recipient = identityURN(c.Subject)
	}
	if c.ByPeer {
		r.Subject, r.Recipient = identityURN(c.Subject), identityURN(self)
	}
	if !c.Expires.IsZero() {
		r.Status.Until = "until " + c.Expires.UTC().Format(receiptTime)
	}
	n, ok := NoticeFor(c.Purpose)
	if ok {
		r.Process.DPVPurpose, r.Process.Data = n.aim, n.data
	}
	if c.Notice != "" {
		r.Notice = &receiptNotice{Type: "dpv:ConsentNotice", Version: c.Notice}
		if ok && n.Version == c.Notice {
			r.Notice.Title, r.Notice.Text = n.Title, n.Text
		}
	}
	return r
}

func statusTerm(s chat.ConsentState) string {
	switch s {
	case chat.Given:
		return "dpv:ConsentGiven"
	case chat.Expired:
		return "dpv:ConsentExpired"
	}
	return "dpv:ConsentWithdrawn"
}

func identityURN(id chat.ContactID) string {
	if id.IsZero() {
		return "urn:sotto:identity:self"
	}
	return "urn:sotto:identity:" + id.String()
}
