package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"sotto/app/privacy/backup"
	"sotto/app/privacy/export"
	"sotto/chat"
)

type importVerb struct {
	Path     string `arg:"" help:"Folder of an export, a file under an export code, or a backup."`
	CodeFile string `placeholder:"FILE" help:"Read the export code from the first line of a file."`
	backupPassphrase
}

func (*importVerb) runsAside() {}

// importObject is what an import changed.
type importObject struct {
	V             v1     `json:"v"`
	Exporter      string `json:"exporter"`
	Created       string `json:"created"` // of the export
	Added         int    `json:"added"`   // messages that were not here
	Known         int    `json:"known"`   // messages that stay as they are here
	Deleted       int    `json:"deleted"` // messages that were deleted here and stay so
	Expired       int    `json:"expired"` // messages whose time ran out
	Conversations int    `json:"conversations"`
	Contacts      int    `json:"contacts"`
	Files         int    `json:"files"`         // that came back
	FilesMissing  int    `json:"files_missing"` // of messages that were added, without their file in the export
	bytes         int64
}

func (o importObject) print(p *page) {
	p.pairs(
		[2]string{"export of", plain(o.Created)}, [2]string{"added", number(o.Added, "message")}, [2]string{"here already", count(o.Known)},
		[2]string{"stay deleted", count(o.Deleted)}, [2]string{"ran out", count(o.Expired)},
		[2]string{"files", carried(o.Files, o.bytes, o.FilesMissing)},
		[2]string{"new here", number(o.Conversations, "conversation") + ", " + number(o.Contacts, "contact")},
	)
}

func (v *importVerb) do(ctx context.Context, d *desk) (any, error) {
	head, err := headOf(v.Path)
	if err != nil {
		return nil, err
	}
	if backup.IsBackup(head) {
		if d.in == nil { // over rpc the profile is open
			return nil, usagef("This is a backup. A profile is restored from it with: sottoctl restore FILE")
		}
		return (&restoreVerb{File: v.Path, backupPassphrase: v.backupPassphrase}).do(ctx, d)
	}
	request := export.ImportRequest{Path: v.Path}
	if export.IsSealed(head) {
		code, err := secretSource{file: v.CodeFile, prompt: "Export code: ", flags: "--code-file"}.read(ctx, d.words)
		if err != nil {
			return nil, err
		}
		request.Code = string(code)
	} else if head != nil {
		return nil, explain(chat.ErrMalformed, "This is neither an export nor a backup of Sotto.")
	}
	p, err := d.open(ctx)
	if err != nil {
		return nil, err
	}
	got, err := p.Import.Import(ctx, request)
	if err != nil {
		return nil, importFailure(err)
	}
	if got.Contacts > 0 {
		d.say("Contacts that were not here are back unverified. To write to one again, ask for a new invitation.")
	}
	return importObject{
		Exporter: got.Manifest.Exporter, Created: got.Manifest.Created, Added: got.Added, Known: got.Known, Deleted: got.Deleted,
		Expired: got.Expired, Conversations: got.Conversations, Contacts: got.Contacts,
		Files: got.Files, FilesMissing: got.FilesMissing, bytes: got.FileBytes,
	}, nil
}

func importFailure(err error) error {
	var at *export.PlaceError
	switch {
	case errors.As(err, &at):
		return &failure{Code: "export-altered", Exit: exitFailed, Message: placeWords(at) + " Nothing was taken in.", cause: err}
	case errors.Is(err, export.ErrForeign):
		return &failure{
			Code: "export-foreign", Exit: exitRefused, cause: err,
			Message: "This export was made by another identity, so nothing was taken in. It can be read in its folder, and checked with: sottoctl verify-export PATH",
		}
	case errors.Is(err, chat.ErrWrongSecret):
		return explain(err, "That code does not open this export.")
	case errors.Is(err, chat.ErrNotFound):
		return explain(err, "There is no export there.")
	case errors.Is(err, chat.ErrMalformed):
		return explain(err, "This export is cut off or altered. Nothing was taken in.")
	}
	return err
}

// headOf returns the first bytes of a file, nil for a folder.
func headOf(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, explain(chat.ErrNotFound, "There is no such file or folder.")
	}
	if info.IsDir() {
		return nil, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, bareFile("open the import", err)
	}
	defer f.Close()
	head := make([]byte, 16)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read the import: %w", err)
	}
	return head[:n], nil
}
