package backup

import (
	"encoding/hex"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"sotto/app/privacy/files"
	"sotto/chat"
	"sotto/crypto/identity"
)

// value parses one line and checks what the rest of the program relies on.
func (d *decoder) value(kind string, line []byte) (any, error) {
	switch kind {
	case lineHeader:
		return d.head(line)
	case lineSetting:
		return d.setting(line)
	case lineContact:
		return contact(line)
	case lineRoute:
		return route(line)
	case lineConsent:
		return consent(line)
	case lineAudit:
		return audit(line)
	case lineConversation:
		return d.conversation(line)
	case lineMessage:
		return d.message(line)
	case lineAttachment:
		return d.attachment(line)
	case lineFile:
		return d.file(line)
	}
	return d.annotation(line)
}

func (d *decoder) head(line []byte) (any, error) {
	var only struct {
		V int `json:"v"`
	}
	if err := loosely(line, &only); err != nil {
		return nil, err
	}
	if only.V > version {
		return nil, fmt.Errorf("%w: backup", chat.ErrNewerFormat)
	}
	if err := strictly(line, &d.header); err != nil {
		return nil, err
	}
	h := d.header
	if id, err := hex.DecodeString(h.ID); err != nil || len(id) != 8 || h.V < 1 || h.Identity.IsZero() || h.Messages < 0 || h.Steps < 0 ||
		len(h.Name) > maxName || !utf8.ValidString(h.Name) || !dated(h.Created) {
		return nil, malformed("header")
	}
	d.begun = true
	return d.summary(), nil
}

func (d *decoder) setting(line []byte) (any, error) {
	var l settingLine
	if err := strictly(line, &l); err != nil {
		return nil, err
	}
	if l.Name == "" || len(l.Name) > maxName || d.reading.Settings != nil && !d.reading.Settings(l.Name) {
		return nil, malformed("setting")
	}
	return l, nil
}

func contact(line []byte) (any, error) {
	var l contactLine
	if err := strictly(line, &l); err != nil {
		return nil, err
	}
	states := []chat.ContactState{chat.ContactPending, chat.ContactRequest, chat.ContactAccepted, chat.ContactBlocked}
	verified := []chat.Verification{chat.Unverified, chat.Verified, chat.Changed}
	if l.ID.IsZero() || !slices.Contains(states, l.State) || !slices.Contains(verified, l.Verification) || !dated(l.Created, l.Accepted) {
		return nil, malformed("contact")
	}
	if l.Certificate == nil {
		if l.DeviceList != nil || l.State != chat.ContactBlocked && l.State != chat.ContactPending {
			return nil, malformed("contact without certificate")
		}
		return l.value(), nil
	}
	certificate, err := identity.ParseCertificate(l.Certificate)
	if err != nil || chat.ContactID(certificate.Fingerprint()) != l.ID {
		return nil, malformed("certificate of a contact")
	}
	if l.DeviceList != nil {
		if _, err := identity.LoadDeviceList(l.DeviceList, certificate); err != nil {
			return nil, malformed("device list of a contact")
		}
	}
	return l.value(), nil
}

func route(line []byte) (any, error) {
	var l routeLine
	if err := strictly(line, &l); err != nil {
		return nil, err
	}
	if l.Peer.IsZero() || l.Relay == "" || len(l.Relay) > 512 || len(l.Token) > 64 || len(l.Secret) > 64 {
		return nil, malformed("route")
	}
	return l.value(), nil
}

func consent(line []byte) (any, error) {
	var l consentLine
	if err := strictly(line, &l); err != nil {
		return nil, err
	}
	states := []chat.ConsentState{chat.Given, chat.Withdrawn, chat.Expired}
	if l.ID == "" || len(l.ID) > maxName || len(l.Purpose) > maxName || len(l.Notice) > maxName || len(l.Method) > maxName ||
		!slices.Contains(states, l.State) || !dated(l.Time, l.Expires) {
		return nil, malformed("consent")
	}
	return l.value(), nil
}

func audit(line []byte) (any, error) {
	var l auditLine
	if err := strictly(line, &l); err != nil {
		return nil, err
	}
	e, ok := l.value()
	if !ok || !dated(l.Time) {
		return nil, malformed("audit entry")
	}
	return e, nil
}

func (d *decoder) conversation(line []byte) (any, error) {
	var l conversationLine
	if err := strictly(line, &l); err != nil {
		return nil, err
	}
	if l.ID.IsZero() || l.Kind != chat.Direct && l.Kind != chat.Group || len(l.Members) > maxMembers || l.Unread < 0 || l.ReadUpTo < 0 ||
		l.ReadUpTo > maxPlace || l.NextSeq > maxPlace ||
		!dated(l.Created, l.Last) {
		return nil, malformed("conversation")
	}
	d.conv, d.position = l.value(), 0
	return d.conv, nil
}

func (d *decoder) message(line []byte) (any, error) {
	var l messageLine
	if err := strictly(line, &l); err != nil {
		return nil, err
	}
	kinds := []chat.MessageKind{chat.KindText, chat.KindAttachment, chat.KindNotice, chat.KindUnknown}
	states := []chat.MessageState{chat.Queued, chat.Sent, chat.Delivered, chat.Read, chat.Failed}
	if d.conv.ID.IsZero() || l.ID.IsZero() || l.Position <= d.position || l.Position > maxPlace || l.Seq > maxPlace || l.Direction != chat.In && l.Direction != chat.Out ||
		!slices.Contains(kinds, l.Kind) || !slices.Contains(states, l.State) || l.ExpiresAfter < 0 || l.Missing < 0 ||
		!dated(l.Sent, l.Received, l.Expires) {
		return nil, malformed("message")
	}
	m := l.value(d.conv.ID)
	if !m.File.IsZero() && (m.Kind != chat.KindAttachment || m.Deleted || !files.Valid(m.File)) {
		return nil, malformed("file of a message")
	}
	d.position, d.last = l.Position, m
	if l.Direction == chat.Out && !l.Deleted && (l.State == chat.Queued || l.State == chat.Failed) && len(d.unsent) < maxUnsent {
		d.unsent = append(d.unsent, l.ID)
	}
	d.progress(progressInterval)
	return m, nil
}

func (d *decoder) annotation(line []byte) (any, error) {
	var l annotationLine
	if err := strictly(line, &l); err != nil {
		return nil, err
	}
	kinds := []chat.AnnotationKind{chat.AnnotateEdit, chat.AnnotateDelete, chat.AnnotateReaction}
	if d.conv.ID.IsZero() || l.ID.IsZero() || l.Target.IsZero() || !slices.Contains(kinds, l.Kind) || !dated(l.Sent) {
		return nil, malformed("annotation")
	}
	return l.value(d.conv.ID), nil
}

// dated reports whether times are ones that every format of this program can write.
func dated(times ...time.Time) bool {
	return !slices.ContainsFunc(times, func(t time.Time) bool { return !t.IsZero() && (t.Year() < 1970 || t.Year() > 9999) })
}
