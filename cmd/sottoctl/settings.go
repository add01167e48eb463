package main

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"sotto/app/privacy"
	"sotto/app/profile"
	"sotto/chat"
)

type setVerb struct {
	Key   string `arg:"" help:"name, relay, local-network, download-limit, erasure-requests or backup-reminder."`
	Value string `arg:"" optional:"" help:"The new value, or - to read it from standard input; without it, show the present one."`
}

// settingObject is one setting.
type settingObject struct {
	V     v1     `json:"v"`
	Key   string `json:"key"`
	Value string `json:"value"`
}

func (o settingObject) print(p *page) {
	text := plain(o.Value)
	if o.Key == downloadLimit {
		if n, err := strconv.ParseInt(o.Value, 10, 64); err == nil && n >= 1000 {
			text += " (" + amount(n) + ")"
		}
	}
	p.line("%s", text)
}

// setting is a value that a person may see and change. Put refuses what it does not understand.
type setting struct {
	get func(ctx context.Context, p *profile.Profile) (string, error)
	put func(ctx context.Context, p *profile.Profile, value string) error
}

// downloadLimit is the setting whose value is a size.
const downloadLimit = "download-limit"

// embeddedRelay is the value of the setting relay that stands for the embedded one.
const embeddedRelay = "embedded"

// wordsNoRelay say that a text names no relay.
const wordsNoRelay = "That is neither a relay pass nor a relay address; both begin with sotto-relay://"

var settings = map[string]setting{
	"backup-reminder": reminderSetting,
	"name": {
		get: func(_ context.Context, p *profile.Profile) (string, error) { return p.Messenger.Self().Name, nil },
		put: func(ctx context.Context, p *profile.Profile, value string) error {
			return p.Messenger.SetName(ctx, value)
		},
	},
	"relay": {
		get: func(ctx context.Context, p *profile.Profile) (string, error) { return p.Messenger.HomeRelay(ctx) },
		put: func(ctx context.Context, p *profile.Profile, value string) error {
			if value != embeddedRelay {
				err := p.Messenger.SetHomeRelay(ctx, value)
				if errors.Is(err, chat.ErrMalformed) {
					return explain(err, wordsNoRelay+". Nothing was changed.")
				}
				return err
			}
			pass, err := embeddedPass(p)
			if err != nil {
				return err
			}
			return p.Messenger.SetHomeRelay(ctx, pass)
		},
	},
	"local-network": {
		get: func(_ context.Context, p *profile.Profile) (string, error) { return onOff(p.Relay.OnNetwork()), nil },
		put: func(ctx context.Context, p *profile.Profile, value string) error {
			if value != "on" && value != "off" {
				return usagef("local-network is on or off.")
			}
			return p.SetNetwork(ctx, value == "on")
		},
	},
	downloadLimit: {
		get: func(ctx context.Context, p *profile.Profile) (string, error) {
			limit, err := p.Messenger.DownloadLimit(ctx)
			return strconv.FormatInt(limit, 10), err
		},
		put: func(ctx context.Context, p *profile.Profile, value string) error {
			limit, ok := parseSize(value, chat.MaxFile)
			if !ok {
				return usagef("download-limit is a number of bytes, 0 to %d, or a size such as 5MB or 10MiB.", chat.MaxFile)
			}
			return p.Messenger.SetDownloadLimit(ctx, limit)
		},
	},
	"erasure-requests": {
		get: func(ctx context.Context, p *profile.Profile) (string, error) {
			policy, err := p.Eraser.Policy(ctx)
			return string(policy), err
		},
		put: func(ctx context.Context, p *profile.Profile, value string) error {
			if value != string(privacy.PolicyAsk) && value != string(privacy.PolicyRefuse) {
				return usagef("erasure-requests is %s or %s.", privacy.PolicyAsk, privacy.PolicyRefuse)
			}
			return p.Eraser.SetPolicy(ctx, privacy.Policy(value))
		},
	},
}

// embeddedPass is the pass of the embedded relay as far as it reaches now.
func embeddedPass(p *profile.Profile) (string, error) {
	if p.Relay.OnNetwork() {
		return p.Relay.NetworkPass()
	}
	return p.Relay.LoopbackPass(), nil
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// longestSetting bounds a value read from standard input, in bytes.
const longestSetting = 4 << 10

func (v *setVerb) do(ctx context.Context, d *desk) (any, error) {
	s, known := settings[v.Key]
	if !known {
		return nil, explain(chat.ErrNotFound, "There is no setting %q. There are name, relay, local-network, download-limit, erasure-requests and backup-reminder.", plain(v.Key))
	}
	p, err := d.open(ctx)
	if err != nil {
		return nil, err
	}
	if v.Value != "" {
		value, err := d.text(v.Value, longestSetting)
		if err != nil {
			return nil, err
		}
		if err := s.put(ctx, p, strings.TrimSpace(value)); err != nil {
			return nil, err
		}
	}
	value, err := s.get(ctx, p)
	return settingObject{Key: v.Key, Value: value}, err
}
