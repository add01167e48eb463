package alloc

import "testing"

var sink []byte

// judge records whether a test would have failed.
type judge struct {
	testing.TB
	failed bool
}

func (j *judge) Helper()               {}
func (j *judge) Errorf(string, ...any) { j.failed = true }

func TestOnlyWhatStaysWithinTheBoundPasses(t *testing.T) {
	for _, c := range []struct {
		name        string
		input, each int
		times       int
		fails       bool
	}{
		{"nothing", 0, 0, 0, false},
		{"the slack", 0, Slack - 4096, 1, false},
		{"just over the slack", 0, Slack + 4096, 1, true},
		{"the slack in small parts", 0, 16, 2 * Slack / 16, true},
		{"in proportion", 1 << 20, 7 << 20, 1, false},
		{"out of proportion", 1 << 20, 9 << 20, 1, true},
		{"a length prefix believed", 4, 1 << 28, 1, true},
	} {
		j := &judge{TB: t}
		Check(j, c.input, func() {
			for range c.times {
				sink = make([]byte, c.each)
			}
		})
		if j.failed != (c.fails && !raceDetector) {
			t.Errorf("%s: fails %v, want %v", c.name, j.failed, c.fails)
		}
	}
}

func TestWhatIsMadeOnceIsForgiven(t *testing.T) {
	made := false
	j := &judge{TB: t}
	Check(j, 0, func() {
		if !made {
			made, sink = true, make([]byte, 1<<20)
		}
	})
	if j.failed {
		t.Error("a table made at first use counts for ever")
	}
}
