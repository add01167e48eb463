package model

import (
	"os"
	"runtime/debug"
	"testing"
	"testing/cryptotest"
	"testing/synctest"
	"time"
)

// bounds of the searches: without more ado small enough for every run of the tests.
func bounds() []bound {
	if os.Getenv("SOTTO_MODEL") == "large" {
		return []bound{
			{name: "in order", root: friends, messages: 6},
			{name: "friends", root: friends, messages: 6, reorder: true},
			{name: "crashes", root: friends, messages: 4, faults: budget{crashes: 2}, reorder: true},
			{name: "losses", root: friends, messages: 3, faults: budget{crashes: 1, drops: 1, alters: 1}, reorder: true},
			{name: "copies", root: friends, messages: 3, faults: budget{crashes: 1, backups: 1, restores: 1}},
			{name: "estranged", root: estranged, messages: 3, faults: budget{crashes: 1}, reorder: true},
			{name: "strangers", root: strangers, messages: 3, faults: budget{crashes: 1}, reorder: true},
		}
	}
	return []bound{
		{name: "friends", root: friends, messages: 3, faults: budget{crashes: 1}, reorder: true, probe: true},
		{name: "in order", root: friends, messages: 5},
		{name: "losses", root: friends, messages: 2, faults: budget{drops: 1, alters: 1}, reorder: true},
		{name: "copies", root: friends, messages: 2, faults: budget{backups: 1, restores: 1}},
		{name: "estranged", root: estranged, messages: 2, reorder: true, probe: true},
		{name: "interrupted", root: estranged, messages: 2, faults: budget{crashes: 1}},
		{name: "introduction", root: strangers, messages: 1, faults: budget{crashes: 1}, reorder: true},
		{name: "strangers", root: strangers, messages: 2, reorder: true, probe: true},
	}
}

// cpu measures outside of the bubble, whose clock stands still.
func cpu() time.Time { return time.Unix(0, processNanoseconds()) }

func TestNoReachableStateBreaksAnInvariant(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(1000)) // states are short-lived
	for _, b := range bounds() {
		t.Run(b.name, func(t *testing.T) {
			cryptotest.SetGlobalRandom(t, 1)
			synctest.Test(t, func(t *testing.T) {
				c := &search{bound: b}
				begin := cpu()
				complete := c.run(begin.Add(limit()), cpu)
				t.Logf("%s: at most %d texts, faults %+v, reordering %t: %d states, %d steps, %d continuations, %d probes, depth %d, %.1f s of CPU",
					c.name, c.messages, c.faults, c.reorder, c.states, c.steps, c.converged, c.probes, c.depth, cpu().Sub(begin).Seconds())
				switch {
				case c.failed != nil:
					t.Fatalf("VIOLATION %s\nafter: %s", c.failed.violation, c.failed.trace())
				case !complete:
					t.Error("not all states within the bound were reached in time")
				}
			})
		})
	}
}

// limit is how much CPU time one search may use; SOTTO_MODEL_LIMIT (a duration) sets another.
func limit() time.Duration {
	if d, err := time.ParseDuration(os.Getenv("SOTTO_MODEL_LIMIT")); err == nil {
		return d
	}
	if os.Getenv("SOTTO_MODEL") == "large" {
		return time.Hour
	}
	return 55 * time.Second
}
