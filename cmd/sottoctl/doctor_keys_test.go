package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"sotto/app/messenger"
)

func TestDoctorJudgesTheLifeOfKeys(t *testing.T) {
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	const day = 24 * time.Hour
	fine := func() messenger.KeyReport {
		return messenger.KeyReport{
			Sessions: 3, PQPending: 1, Signed: 2, OneTime: 90, Oldest: now.Add(-40 * day), DevicesUntil: now.Add(60 * day), Generations: 2,
			Bundles: []messenger.BundleReport{{Relay: "r", Invitation: true, Published: now.Add(-7 * day), Size: 100, Left: -1}},
		}
	}
	for _, c := range []struct {
		name   string
		change func(*messenger.KeyReport)
		check  string
		want   judgement
		detail string
	}{
		{"archived sessions", func(r *messenger.KeyReport) { r.Archived = 9 }, "sessions", judgedOK, "3 in use, 9 archived"},
		{"pending", func(r *messenger.KeyReport) { r.PQPending = 2 }, "quantum-safe", judgedOK, "1 proved, 2 pending, 0 overdue."},
		{"overdue", func(r *messenger.KeyReport) { r.PQOverdue = 1 }, "quantum-safe", judgedAttention, "1 proved, 1 pending, 1 overdue."},
		{"no one-time prekey", func(r *messenger.KeyReport) { r.NoForward = 2 }, "first messages", judgedAttention, "2 sent when"},
		{"due", func(r *messenger.KeyReport) { r.Due, r.Oldest = 4, now.Add(-45*day-time.Hour) }, "prekeys", judgedAttention, "4 are past"},
		{"due for long", func(r *messenger.KeyReport) { r.Due, r.Oldest = 4, now.Add(-47*day) }, "prekeys", judgedFailed, "4 are past"},
		{"a pool", func(r *messenger.KeyReport) { r.Bundles[0].Left = 21 }, "bundles", judgedOK, "1 published"},
		{"an empty pool", func(r *messenger.KeyReport) { r.Bundles[0].Left = 0 }, "bundles", judgedAttention, "no one-time prekey left"},
		{"an old bundle", func(r *messenger.KeyReport) { r.Bundles[0].Published = now.Add(-8*day - time.Hour) }, "bundles", judgedAttention, "should have been renewed"},
		{"a list that ends", func(r *messenger.KeyReport) { r.DevicesUntil = now.Add(28 * day) }, "devices", judgedAttention, "2026-05-29"},
		{"a list renewed at the next start", func(r *messenger.KeyReport) { r.DevicesUntil = now.Add(30*day - time.Hour) }, "devices", judgedOK, "2026-05-31"},
		{"a list that ended", func(r *messenger.KeyReport) { r.DevicesUntil = now.Add(-time.Second) }, "devices", judgedFailed, "ended on 2026-05-01"},
		{"rolled back", func(r *messenger.KeyReport) { r.RolledBack = true }, "copies", judgedAttention, "older copy"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := fine()
			c.change(&r)
			for _, got := range judgeKeys(r, now) {
				want := judgedOK
				if got.Name == c.check {
					want = c.want
					if !strings.Contains(got.Detail, c.detail) {
						t.Errorf("%s: %q, want %q in it", got.Name, got.Detail, c.detail)
					}
				}
				if got.Judgement != want {
					t.Errorf("%s: %s, want %s (%s)", got.Name, got.Judgement, want, got.Detail)
				}
				if (got.Advice == "") != (got.Judgement == judgedOK) {
					t.Errorf("%s is %s and advises %q", got.Name, got.Judgement, got.Advice)
				}
			}
		})
	}
}

func TestOnlyAFailedCheckIsUnhealthy(t *testing.T) {
	o := doctorObject{OK: true}
	o.add(checkObject{Name: "a", Judgement: judgedAttention})
	if !o.OK || !o.Checks[0].OK {
		t.Error("attention counts as a failure")
	}
	o.fail("b", "why")
	o.note("c", nil, "fine")
	if o.OK || o.Checks[1].OK || !o.Checks[2].OK {
		t.Errorf("%+v", o)
	}
}

func TestABundleThatWasNotAskedAboutHasNoNumber(t *testing.T) {
	b, err := json.Marshal(newKeys(messenger.KeyReport{Bundles: []messenger.BundleReport{{Left: -1}, {Left: 0, Invitation: true}}}))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"for":"contact","published":null,"size":0,"left":null`, `"for":"invitation","published":null,"size":0,"left":0`} {
		if !strings.Contains(string(b), want) {
			t.Errorf("%s lacks %s", b, want)
		}
	}
}
