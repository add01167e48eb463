package model

import (
	"fmt"
	"os"
	"os/exec"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/cryptotest"
	"testing/synctest"
	"time"
)

// narrow are the searches of every run of the tests.
func narrow() []bound {
	return []bound{
		{name: "friends", root: friends, messages: 3, reorder: true, replay: true},
		{name: "crash", root: friends, messages: 2, faults: budget{crashes: 1}, reorder: true},
		{name: "losses", root: friends, messages: 2, faults: budget{drops: 1, alters: 1}},
		{name: "copies", root: friends, messages: 1, faults: budget{backups: 1, restores: 1}},
		{name: "estranged", root: estranged, messages: 2, reorder: true},
		{name: "strangers", root: strangers, messages: 2, reorder: true},
	}
}

// middle are the searches that planted bugs must not get through.
func middle() []bound {
	return []bound{
		{name: "friends", root: friends, messages: 3, faults: budget{crashes: 1}, reorder: true},
		{name: "losses", root: friends, messages: 2, faults: budget{drops: 1, alters: 1}, reorder: true},
		{name: "copies", root: friends, messages: 2, faults: budget{backups: 1, restores: 1}},
		{name: "estranged", root: estranged, messages: 2, reorder: true},
		{name: "introduction", root: strangers, messages: 1, faults: budget{crashes: 1}, reorder: true},
		{name: "strangers", root: strangers, messages: 2, reorder: true},
	}
}

// wide are the searches of `make model`.
func wide() []bound {
	return []bound{
		{name: "any order", root: friends, messages: 6, reorder: true, replay: true},
		{name: "two crashes", root: friends, messages: 4, faults: budget{crashes: 2}, reorder: true},
		{name: "losses", root: friends, messages: 3, faults: budget{drops: 1, alters: 1}, reorder: true},
		{name: "losses and a crash", root: friends, messages: 2, faults: budget{crashes: 1, drops: 1, alters: 1}, reorder: true},
		{name: "copies", root: friends, messages: 3, faults: budget{backups: 1, restores: 1}},
		{name: "copies in any order", root: friends, messages: 2, faults: budget{backups: 1, restores: 1}, reorder: true},
		{name: "copies and a crash", root: friends, messages: 2, faults: budget{crashes: 1, backups: 1, restores: 1}},
		{name: "estranged", root: estranged, messages: 3, reorder: true},
		{name: "estranged and a crash", root: estranged, messages: 2, faults: budget{crashes: 1}, reorder: true},
		{name: "strangers", root: strangers, messages: 3, reorder: true},
		{name: "strangers and a crash", root: strangers, messages: 2, faults: budget{crashes: 1}, reorder: true},
	}
}

// mode is what SOTTO_MODEL asks for: nothing, "large" for the wide searches, "planted" for every planted bug. A process
// that one of the two starts finds "wide" or "child" there.
func mode() string { return os.Getenv("SOTTO_MODEL") }

// cpu measures outside of the bubble, whose clock stands still.
func cpu() time.Time { return time.Unix(0, processNanoseconds()) }

func TestNoReachableStateBreaksAnInvariant(t *testing.T) {
	bounds := narrow()
	switch mode() {
	case "large":
		inProcesses(t)
		return
	case "wide":
		bounds = wide()
	case "child":
		bounds = middle()
	}
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // states are short-lived
	for _, b := range bounds {
		t.Run(b.name, func(t *testing.T) {
			cryptotest.SetGlobalRandom(t, 1)
			synctest.Test(t, func(t *testing.T) {
				c := &search{bound: b}
				begin := cpu()
				complete := c.run(begin.Add(limit()), cpu)
				t.Logf("%s%s", rowMark, c.row(cpu().Sub(begin), complete))
				t.Logf("%d continuations, %d probes, %d replays, depth %d", c.converged, c.probes, c.replayed, c.depth)
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

// rowMark stands before the row of a search in the output.
const rowMark = "| "

func (c *search) row(used time.Duration, complete bool) string {
	order := "in order"
	if c.reorder {
		order = "any order"
	}
	return fmt.Sprintf("%-20s | %d texts, %s%s | %8d | %8d | %7.1f s | %t |",
		c.name, c.messages, order, c.faults, len(c.seen), c.steps, used.Seconds(), complete)
}

// inProcesses runs every wide search in a process of its own, as many at once as there are processors, and prints a table.
func inProcesses(t *testing.T) {
	var mu sync.Mutex
	rows := map[string]string{}
	t.Cleanup(func() {
		var table strings.Builder
		for _, b := range wide() {
			table.WriteString("\n" + rows[b.name])
		}
		t.Logf("search | bounds | states | transitions | CPU time | complete%s", table.String())
	})
	t.Run("wide", func(t *testing.T) {
		for _, b := range wide() {
			t.Run(b.name, func(t *testing.T) {
				t.Parallel()
				cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.v", "-test.timeout=8h",
					"-test.run", "^TestNoReachableStateBreaksAnInvariant$/^"+b.name+"$")
				cmd.Env = append(os.Environ(), "SOTTO_MODEL=wide", "GOMAXPROCS=1")
				out, err := cmd.CombinedOutput()
				lines := strings.Split(string(out), "\n")
				at := slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, rowMark) })
				if err != nil || at < 0 {
					t.Fatalf("%v\n%s", err, out)
				}
				mu.Lock()
				defer mu.Unlock()
				rows[b.name] = lines[at][strings.Index(lines[at], rowMark):]
			})
		}
	})
}

// limit is how much CPU time one search may use; SOTTO_MODEL_LIMIT (a duration) sets another.
func limit() time.Duration {
	if d, err := time.ParseDuration(os.Getenv("SOTTO_MODEL_LIMIT")); err == nil {
		return d
	}
	if mode() == "wide" {
		return time.Hour
	}
	return 55 * time.Second
}
