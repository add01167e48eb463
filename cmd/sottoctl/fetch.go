package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"sotto/app/media"
	"sotto/app/messenger"
	"sotto/app/privacy/files"
	"sotto/chat"
)

// fetching is what fetch and save have in common: they ask for a file and wait until it is here.
type fetching struct {
	Wait span `default:"5m" placeholder:"DUR" help:"Time to wait for the file (default 5m; 0 only asks for it)."`
	id   chat.MessageID
}

// ask has the file of a message fetched, unless all of it is here.
func (v *fetching) ask(ctx context.Context, d *desk, message string) (messageObject, error) {
	m, err := delivery{Wait: v.Wait}.messenger(ctx, d)
	if err != nil {
		return messageObject{}, err
	}
	msg, _, err := target(ctx, m, message)
	if err != nil {
		return messageObject{}, err
	}
	if v.id = msg.ID; msg.File.IsZero() && msg.Deleted {
		return messageObject{}, explain(chat.ErrNotFound, "That message was deleted, and its file with it.")
	}
	if msg.File.IsZero() {
		return messageObject{}, explain(chat.ErrNotFound, "That message has no file.")
	}
	state, err := fileNow(ctx, m, msg.ID)
	if err == nil && !state.Stored {
		err = m.FetchFile(ctx, msg.ID)
	}
	if err != nil {
		return messageObject{}, err
	}
	return messageByName(ctx, m, msg)
}

// fileNow returns the state of one file; chat.ErrFileGone when it was deleted meanwhile.
func fileNow(ctx context.Context, m *messenger.Messenger, id chat.MessageID) (messenger.FileStatus, error) {
	states, err := m.FileStatus(ctx, id)
	if err == nil && len(states) == 0 {
		err = chat.ErrNotFound
	}
	if err != nil {
		return messenger.FileStatus{}, err
	}
	return states[0], nil
}

// here waits until all of the file is here. Errors: what stopped it; chat.ErrNotFetched when the time was over.
func (v *fetching) here(ctx context.Context, d *desk, m *messenger.Messenger) error {
	tell, clear := d.progress(ctx, v.id.String(), doingFetching)
	defer clear()
	waiting, cancel := context.WithTimeout(ctx, time.Duration(v.Wait))
	defer cancel()
	err := untilFile(waiting, m, v.id, tell, func(s messenger.FileStatus) bool {
		return s.Stored || s.State != chat.FileFetching
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	state, err := fileNow(ctx, m, v.id)
	switch {
	case err != nil || state.Stored:
		return err
	case state.State == chat.FileFailed:
		return stopped(state.Failure)
	}
	return chat.ErrNotFetched
}

// untilFile follows a file until enough says so.
func untilFile(ctx context.Context, m *messenger.Messenger, id chat.MessageID, tell func(done, total int64), enough func(messenger.FileStatus) bool) error {
	wake := make(chan struct{}, 1)
	nudge := func() {
		select {
		case wake <- struct{}{}:
		default:
		}
	}
	defer m.WatchFiles(func(s messenger.FileStatus) {
		if s.Message == id {
			nudge()
		}
	})()
	defer m.Subscribe(func(e messenger.Event) {
		if e.Message == id {
			nudge()
		}
	})()
	for began := false; ; {
		s, err := fileNow(ctx, m, id)
		if err != nil {
			return err
		}
		if began = began || !enough(s); !began {
			return nil // it was there before
		}
		if s.Total > 0 {
			tell(s.Done, s.Total)
		}
		if enough(s) {
			return nil
		}
		select {
		case <-wake:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// stops are the codes of why a file stopped, with what is told. Those of sentinels are told as these.
var stops = map[string]error{
	messenger.FailureFileGone:    chat.ErrFileGone,
	messenger.FailureFileLeftOut: chat.ErrFileLeftOut,
	messenger.FailureFileDamaged: chat.ErrFileDamaged,
	messenger.FailureFileSize:    &failure{Code: messenger.FailureFileSize, Exit: exitFailed, Message: "The file is larger than the relay gives. Nothing was lost here; ask for it in parts."},
	messenger.FailureFileRefused: &failure{Code: messenger.FailureFileRefused, Exit: exitNetwork, Message: "The relay refused to give the file. Nothing was lost here. Try again, or ask for it to be sent again."},
	messenger.FailureQuota:       chat.ErrQuota,
	messenger.FailureDiskFull:    chat.ErrDiskFull,
}

// stopped is the failure of a file.
func stopped(code string) error {
	if err := stops[code]; err != nil {
		return err
	}
	return &failure{Code: "failed", Exit: exitFailed, Message: "It failed: " + code + "."}
}

// watch tells how far the sending of a file is, until it is stopped.
func (d *desk) watch(ctx context.Context, id chat.MessageID) (stop func()) {
	m, err := d.local(ctx)
	if err != nil {
		return func() {}
	}
	tell, clear := d.progress(ctx, id.String(), doingSending)
	stopped := m.WatchFiles(func(s messenger.FileStatus) {
		if s.Message == id && s.Total > 0 {
			tell(s.Done, s.Total)
		}
	})
	return func() { stopped(); clear() }
}

type fetchVerb struct {
	Message string `arg:"" help:"Id of a message with a file."`
	fetching
}

// fetchedObject is a message whose file was asked for.
type fetchedObject struct {
	messageObject
	Warnings []string `json:"warnings"` // codes of what to mind before it is opened
}

func (v *fetchVerb) do(ctx context.Context, d *desk) (any, error) {
	o, err := v.ask(ctx, d, v.Message)
	return fetchedObject{o, []string{}}, err
}

func (v *fetchVerb) settle(ctx context.Context, d *desk) (any, error) {
	p, err := d.open(ctx)
	if err != nil {
		return nil, err
	}
	var late error
	if v.Wait > 0 {
		if late = v.here(ctx, d, p.Messenger); ctx.Err() != nil {
			return nil, late
		}
	}
	msg, err := p.Messenger.Message(ctx, v.id)
	if err != nil {
		return nil, err
	}
	o, err := messageByName(ctx, p.Messenger, msg)
	if err != nil {
		return nil, err
	}
	result := fetchedObject{o, []string{}}
	if late == nil && v.Wait > 0 {
		if result.Warnings, err = d.warn(ctx, p, v.id); err != nil {
			return nil, err
		}
	}
	return result, withResult(late, result)
}

type saveVerb struct {
	Message string `arg:"" help:"Id of a message with a file."`
	Out     string `required:"" placeholder:"PATH" help:"New file to write, a folder for one under the file's own name, or - for standard output."`
	Force   bool   `help:"Replace a file that is there."`
	fetching
}

// savedObject is a file that was written.
type savedObject struct {
	V        v1       `json:"v"`
	Message  string   `json:"message"`
	Path     string   `json:"path"`
	Name     string   `json:"name"` // as its author called it
	Size     int64    `json:"size"`
	Warnings []string `json:"warnings"` // codes of what to mind before it is opened
}

func (o savedObject) print(p *page) { p.line("%s", plain(o.Path)) }

func (v *saveVerb) do(ctx context.Context, d *desk) (any, error) {
	if v.Out == "-" && d.in == nil {
		return nil, usagef("Over rpc, out is a path.")
	}
	_, err := v.ask(ctx, d, v.Message)
	return nil, err
}

func (v *saveVerb) settle(ctx context.Context, d *desk) (any, error) {
	p, err := d.open(ctx)
	if err != nil {
		return nil, err
	}
	if err := v.here(ctx, d, p.Messenger); err != nil {
		return nil, err
	}
	msg, err := p.Messenger.Message(ctx, v.id)
	if err != nil {
		return nil, err
	}
	o := savedObject{Message: v.id.String(), Path: v.path(msg.File.Name), Name: msg.File.Name, Size: msg.File.Size}
	if o.Warnings, err = d.warn(ctx, p, v.id); err != nil {
		return nil, err
	}
	tell, clear := d.progress(ctx, o.Message, doingSaving)
	defer clear()
	if v.Out == "-" {
		return nil, p.WriteFile(ctx, v.id, d.out, tell)
	}
	save := p.SaveFile
	if v.Force {
		save = p.ReplaceFile
	}
	err = save(ctx, v.id, o.Path, tell)
	if errors.Is(err, chat.ErrExists) {
		return nil, explain(os.ErrExist, "There is a file or folder of that name already. It was left as it is; --force replaces a file.")
	}
	if errors.Is(err, os.ErrNotExist) {
		return nil, explain(err, "There is no such folder to save in. Nothing was saved.")
	}
	if errors.Is(err, files.ErrInside) {
		return nil, explain(err, "That lies in the folder of the profile itself, where only Sotto writes. Nothing was saved; choose another place.")
	}
	if err != nil {
		return nil, err
	}
	return o, nil
}

// path is where the file goes: into a folder under its safe name, else as it was given.
func (v *saveVerb) path(name string) string {
	info, err := os.Stat(v.Out)
	if err == nil && info.IsDir() || strings.HasSuffix(v.Out, string(filepath.Separator)) {
		return filepath.Join(v.Out, media.SafeName(name))
	}
	return v.Out
}

type cancelVerb struct {
	Message string `arg:"" help:"Id of a message whose file is on its way."`
}

func (v *cancelVerb) do(ctx context.Context, d *desk) (any, error) {
	m, err := d.local(ctx)
	if err != nil {
		return nil, err
	}
	msg, _, err := target(ctx, m, v.Message)
	if err != nil {
		return nil, err
	}
	if err := m.CancelFile(ctx, msg.ID); err != nil {
		return nil, err
	}
	msg, err = m.Message(ctx, msg.ID)
	if errors.Is(err, chat.ErrNotFound) { // it had not left and is withdrawn
		return idObject{ID: v.Message}, nil
	}
	if err != nil {
		return nil, err
	}
	return messageByName(ctx, m, msg)
}
