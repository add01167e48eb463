//go:build unix

package sqlite

import (
	"path/filepath"
	"syscall"
	"testing"
)

func TestKilledMigrationLosesNothing(t *testing.T) {
	for _, point := range []string{"shaped", "moved", "settled"} {
		t.Run(point, func(t *testing.T) {
			p, want := golden(t, 1)
			state := run(t, filepath.Dir(p.db), point)
			if ws := state.Sys().(syscall.WaitStatus); !ws.Signaled() || ws.Signal() != syscall.SIGKILL {
				t.Fatalf("the child was not killed: %v", state)
			}
			sameListing(t, "after the kill", takeInventory(t, p.open(t)), want)
		})
	}
}
