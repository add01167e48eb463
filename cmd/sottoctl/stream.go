package main

import (
	"context"
	"errors"
	"time"
)

type syncVerb struct {
	Wait span `default:"10s" placeholder:"DUR" help:"At the latest after this time (default 10s)."`
}

// syncObject says whether nothing is left to send.
type syncObject struct {
	V       v1   `json:"v"`
	Quiet   bool `json:"quiet"` // everything was sent and fetched in time
	Waiting int  `json:"waiting"`
	Parked  int  `json:"parked"` // needs a person: it cannot be sent as it is
}

func (o syncObject) print(p *page) {
	if o.Quiet && o.Parked == 0 {
		return
	}
	p.pairs([2]string{"waiting", count(o.Waiting)}, [2]string{"parked", count(o.Parked)})
}

func (v *syncVerb) do(ctx context.Context, d *desk) (any, error) {
	m, err := d.online(ctx)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	late := m.Sync(ctx, time.Duration(v.Wait))
	if late != nil && ctx.Err() != nil {
		return nil, late
	}
	status, err := m.Status(ctx)
	if err != nil {
		return nil, err
	}
	o := syncObject{
		Quiet:   late == nil && status.Waiting == 0 && time.Since(began) < time.Duration(v.Wait),
		Waiting: status.Waiting, Parked: status.Parked,
	}
	return o, withResult(late, o)
}

func (*syncVerb) runsAside() {}

type listenVerb struct {
	For   span `placeholder:"DUR" help:"End after this time."`
	Count int  `placeholder:"N" help:"End after so many events."`
}

// mostEvents bounds what listen collects over rpc, where subscribe is the way to more.
const mostEvents = 10000

func (v *listenVerb) do(ctx context.Context, d *desk) (any, error) {
	if v.Count < 0 || v.Count > mostEvents && d.emit == nil {
		return nil, usagef("The count is between 1 and %d.", mostEvents)
	}
	if d.emit == nil && v.For == 0 && v.Count == 0 {
		return nil, usagef("Over rpc, give for or count; subscribe has no end.")
	}
	m, err := d.local(ctx)
	if err != nil {
		return nil, err
	}
	since, err := m.LastEvent(ctx)
	if err != nil {
		return nil, err
	}
	if m, err = d.online(ctx); err != nil {
		return nil, err
	}
	listening, cancel := context.WithCancel(ctx)
	if v.For > 0 {
		listening, cancel = context.WithTimeout(ctx, time.Duration(v.For))
	}
	defer cancel()
	defer context.AfterFunc(d.input, cancel)()

	heard := []eventObject{}
	left := v.Count
	err = follow(listening, m, since, func(o eventObject) (bool, error) {
		left--
		if d.emit != nil {
			return left != 0, d.emit(o)
		}
		heard = append(heard, o)
		return left != 0 && len(heard) < mostEvents, nil
	})
	if ctx.Err() == nil && (errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)) {
		err = nil
	}
	if d.emit != nil {
		return []eventObject{}, err
	}
	return heard, err
}

func (*listenVerb) runsAside() {}
