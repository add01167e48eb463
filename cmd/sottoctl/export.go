package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sotto/app/privacy/export"
	"sotto/chat"
)

type exportVerb struct {
	Out          string `required:"" placeholder:"PATH" help:"New folder to write; a new file where it is encrypted."`
	Encrypt      string `placeholder:"HOW" enum:",export-code,backup" default:"" help:"export-code: one file that gpg opens with a code, which is printed once. backup: one file, under a passphrase of its own, from which the profile can be restored."`
	Conversation string `placeholder:"CONTACT" help:"Only the conversation with this contact."`
	WithoutFiles bool   `help:"Leave out the files of messages."`
	backupPassphrase
}

// exportObject is an export that was written or verified.
type exportObject struct {
	V             v1     `json:"v"`
	Path          string `json:"path"`
	Exporter      string `json:"exporter"` // contact id of who signed it
	Created       string `json:"created"`
	Scope         string `json:"scope"` // everything, conversation
	Conversations int    `json:"conversations"`
	Messages      int    `json:"messages"`
	Contacts      int    `json:"contacts"`
	Consents      int    `json:"consents"`
	AuditEntries  int    `json:"audit_entries"`
	Files         int    `json:"files"`                 // of messages
	FileBytes     int64  `json:"file_bytes"`            // of those
	FilesMissing  int    `json:"files_missing"`         // of messages in the export; their lines say why
	Gaps          int    `json:"gaps"`                  // places where messages never arrived
	Skipped       int    `json:"skipped"`               // what was left out; the manifest says what and why
	Root          string `json:"root"`                  // Merkle root over the files
	Code          string `json:"export_code,omitempty"` // of an encrypted export; shown once
}

func newExport(path string, s export.Summary) exportObject {
	m := s.Manifest
	return exportObject{
		Path: path, Exporter: m.Exporter, Created: m.Created, Scope: m.Scope, Conversations: m.Counts.Conversations,
		Messages: m.Counts.Messages, Contacts: m.Counts.Contacts, Consents: m.Counts.Consents, AuditEntries: m.Counts.AuditEntries,
		Files: m.Counts.Files, FileBytes: m.Counts.FileBytes, FilesMissing: m.Counts.FilesMissing,
		Gaps: len(m.Gaps) + m.GapsLeftOut, Skipped: len(m.Skipped), Root: m.Root, Code: s.Code,
	}
}

func (o exportObject) print(p *page) {
	p.pairs(
		[2]string{"path", plain(o.Path)}, [2]string{"exporter", plain(o.Exporter)}, [2]string{"created", plain(o.Created)},
		[2]string{"scope", plain(o.Scope)}, [2]string{"holds", number(o.Messages, "message") + " in " + number(o.Conversations, "conversation")},
		[2]string{"files", carried(o.Files, o.FileBytes, o.FilesMissing)},
		[2]string{"gaps", count(o.Gaps)}, [2]string{"skipped", count(o.Skipped)}, [2]string{"root", plain(o.Root)},
		[2]string{"export code", o.Code},
	)
}

// carried says how many files there are; "" for none.
func carried(files int, bytes int64, missing int) string {
	words := ""
	if files > 0 {
		words = number(files, "file") + ", " + amount(bytes)
	}
	if missing > 0 {
		if words != "" {
			words += "; "
		}
		words += fmt.Sprintf("%d missing", missing)
	}
	return words
}

func (*exportVerb) runsAside() {}

func (v *exportVerb) do(ctx context.Context, d *desk) (any, error) {
	p, err := d.open(ctx)
	if err != nil {
		return nil, err
	}
	if v.Encrypt == "backup" {
		return v.writeBackup(ctx, d, p)
	}
	request := export.Request{Out: v.Out, Encrypt: export.Encryption(v.Encrypt), WithoutFiles: v.WithoutFiles, Zone: time.Local}
	if v.Conversation != "" {
		c, err := find(ctx, p.Messenger, v.Conversation)
		if err != nil {
			return nil, err
		}
		request.Conversations = []chat.ConversationID{p.Messenger.ConversationWith(c.ID)}
	}
	summary, err := p.Export.Write(ctx, request)
	if errors.Is(err, chat.ErrExists) {
		return nil, explain(err, "There is a file or folder of that name already. It was left as it is.")
	}
	if err != nil {
		return nil, err
	}
	if v.Encrypt == "" {
		d.say("The export is not encrypted. Whoever reads the folder reads the messages.")
	} else {
		d.say("Write the export code down: it is kept nowhere. gpg --decrypt opens the file with it; inside is a tar archive.")
	}
	return newExport(v.Out, summary), nil
}

type verifyExportVerb struct {
	Path string `arg:"" help:"Folder of the export."`
}

func (*verifyExportVerb) runsAside() {}

func (v *verifyExportVerb) do(_ context.Context, d *desk) (any, error) {
	summary, err := export.Verify(v.Path, time.Now())
	var at *export.PlaceError
	switch {
	case errors.As(err, &at):
		return nil, &failure{Code: "export-altered", Exit: exitFailed, Message: placeWords(at), cause: err}
	case errors.Is(err, chat.ErrNotFound):
		if head, _ := headOf(v.Path); head != nil {
			return nil, explain(err, "That is a file. Check the folder that is in it: gpg --decrypt FILE | tar x opens one under an export code; a backup is checked when it is restored.")
		}
		return nil, explain(err, "There is no export in that folder.")
	case err != nil:
		return nil, err
	}
	d.say("The export is whole. It proves who exported, not what others wrote; compare the exporter's id.")
	return newExport(v.Path, summary), nil
}

func placeWords(at *export.PlaceError) string {
	if at.Line == 0 {
		return fmt.Sprintf("The export is not what was signed: %s is %s.", plain(at.File), at.Change)
	}
	return fmt.Sprintf("The export is not what was signed: line %d of %s is %s.", at.Line, plain(at.File), at.Change)
}
