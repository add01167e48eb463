package main

import (
	"context"
	"slices"
	"strconv"
	"time"

	"sotto/app/messenger"
)

type statusVerb struct {
	Wait span `default:"2s" placeholder:"DUR" help:"Time to connect to the relays (default 2s)."`
}

func (*statusVerb) runsAside() {}

// relayObject is one relay that this profile reads.
type relayObject struct {
	Address   string `json:"address"`
	Reach     string `json:"reach"`
	Home      bool   `json:"home"`
	Online    bool   `json:"online"`
	Mailboxes int    `json:"mailboxes"`
	Error     string `json:"error,omitempty"` // code of the last failure
}

// statusObject is the state of delivery.
type statusObject struct {
	V         v1             `json:"v"`
	Relays    []relayObject  `json:"relays"`
	Waiting   int            `json:"waiting"`   // contents to send
	Parked    int            `json:"parked"`    // cannot be sent as they are
	Mailboxes int            `json:"mailboxes"` // own, on all relays
	Pending   int            `json:"pending"`   // mailboxes not opened on their relay yet
	Rejected  int            `json:"rejected"`  // envelopes refused so far
	Contacts  int            `json:"contacts"`
	Requests  int            `json:"requests"`
	Unread    int            `json:"unread"`
	Last      uint64         `json:"last"` // seq of the newest event
	Storage   *storageObject `json:"storage,omitempty"`
}

func (o statusObject) print(p *page) {
	p.pairs(
		[2]string{"contacts", strconv.Itoa(o.Contacts)}, [2]string{"requests", count(o.Requests)},
		[2]string{"unread", strconv.Itoa(o.Unread)}, [2]string{"waiting", strconv.Itoa(o.Waiting)},
		[2]string{"parked", count(o.Parked)}, [2]string{"rejected", count(o.Rejected)},
	)
	if len(o.Relays) > 0 {
		p.line("")
		printRelays(p, o.Relays)
	}
	if o.Storage != nil {
		p.line("")
		o.Storage.print(p)
	}
}

func printRelays(p *page, relays []relayObject) {
	rows := make([][]string, len(relays))
	for i, r := range relays {
		state, home := "offline", ""
		switch {
		case r.Online:
			state = "connected"
		case r.Error != "":
			state = r.Error
		}
		if r.Home {
			home = "home"
		}
		rows[i] = []string{state, home, r.Reach, strconv.Itoa(r.Mailboxes), plain(r.Address)}
	}
	p.table([]string{"RELAY", "", "REACH", "MAILBOXES", "ADDRESS"}, rows)
}

func (v *statusVerb) do(ctx context.Context, d *desk) (any, error) {
	p, err := d.connect(ctx)
	if err != nil {
		return nil, err
	}
	m := p.Messenger
	s, err := settled(ctx, m, time.Duration(v.Wait))
	if err != nil {
		return nil, err
	}
	contacts, err := m.Contacts(ctx)
	if err != nil {
		return nil, err
	}
	requests, err := m.Requests(ctx)
	if err != nil {
		return nil, err
	}
	conversations, err := m.Conversations(ctx)
	if err != nil {
		return nil, err
	}
	last, err := m.LastEvent(ctx)
	o := statusObject{
		Relays: newRelays(s.Relays), Waiting: s.Waiting, Parked: s.Parked, Mailboxes: s.Mailboxes, Pending: s.Pending,
		Rejected: s.Rejected, Contacts: len(contacts), Requests: len(requests), Last: last,
	}
	for _, c := range conversations {
		o.Unread += c.Unread
	}
	if space, err := p.Space(ctx); err == nil {
		o.Storage = newStorage(space)
	}
	return o, err
}

// settled returns the status once every relay is reached or known not to be, at the latest after wait.
func settled(ctx context.Context, m *messenger.Messenger, wait time.Duration) (messenger.Status, error) {
	changed := make(chan struct{}, 1)
	cancel := m.Subscribe(func(messenger.Event) {
		select {
		case changed <- struct{}{}:
		default:
		}
	})
	defer cancel()
	late := time.After(wait)
	for {
		s, err := m.Status(ctx)
		if err != nil || !slices.ContainsFunc(s.Relays, func(r messenger.RelayStatus) bool { return !r.Online && r.Error == "" }) {
			return s, err
		}
		select {
		case <-changed:
		case <-late:
			return s, nil
		case <-ctx.Done():
			return s, ctx.Err()
		}
	}
}

func newRelays(relays []messenger.RelayStatus) []relayObject {
	list := make([]relayObject, 0, len(relays))
	for _, r := range relays {
		list = append(list, relayObject{
			Address: r.Address, Reach: string(r.Reach), Home: r.Home, Online: r.Online, Mailboxes: r.Mailboxes, Error: r.Error,
		})
	}
	return list
}
