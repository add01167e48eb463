package crypto_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// foundWithin is how long the tests of a package may take to find a planted bug.
const foundWithin = 60 * time.Second

// byRecord matches the tests that compare bytes with recorded ones: they notice every change of a
// derivation without knowing what is wrong with it, so the planted bugs must be found without them.
const byRecord = "Record|SecondImplementation|VectorsOfAge"

// Each planted bug is compiled into a copy of its package that exists only as an overlay of the go
// command; the tests of that package must find it. Without SOTTO_PLANTED=all a few are tried.
func TestPlantedBugsAreFound(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles packages")
	}
	all := os.Getenv("SOTTO_PLANTED") == "all"
	for _, bug := range planted {
		if !all && !bug.quick {
			continue
		}
		t.Run(bug.room+"/"+bug.name, func(t *testing.T) {
			began := time.Now()
			failed, output := run(t, bug.room, overlay(t, bug))
			if len(failed) == 0 {
				t.Fatalf("not found within %v:\n%s", foundWithin, tail(output))
			}
			t.Logf("found in %v by %s", time.Since(began).Round(100*time.Millisecond), strings.Join(failed, ", "))
		})
	}
}

// The control: with nothing planted the same tests pass, so what fails above fails for the bug.
func TestNothingIsFoundWhereNothingIsPlanted(t *testing.T) {
	if testing.Short() || os.Getenv("SOTTO_PLANTED") != "all" {
		t.Skip("with SOTTO_PLANTED=all only: these tests run anyway")
	}
	for _, room := range []string{"filecrypt", "handshake", "identity", "ratchet"} {
		if failed, output := run(t, room, overlay(t, bug{room: room})); len(failed) != 0 {
			t.Errorf("%s: %s\n%s", room, strings.Join(failed, ", "), tail(output))
		}
	}
}

// overlay writes the changed files and the description of where they belong, and returns its name.
func overlay(t *testing.T, b bug) string {
	t.Helper()
	replace := map[string]string{}
	for i, e := range b.edits {
		original, err := filepath.Abs(filepath.Join(b.room, e.file))
		if err != nil {
			t.Fatal(err)
		}
		source := original
		if earlier, ok := replace[original]; ok {
			source = earlier
		}
		code, err := os.ReadFile(source)
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(code, []byte(e.old)); n != 1 {
			t.Fatalf("edit %d: %q stands %d times in %s; bring the planted bug up to date", i, e.old, n, e.file)
		}
		changed := filepath.Join(t.TempDir(), e.file)
		if err := os.WriteFile(changed, bytes.Replace(code, []byte(e.old), []byte(e.new), 1), 0o600); err != nil {
			t.Fatal(err)
		}
		replace[original] = changed
	}
	description, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "overlay.json")
	if err := os.WriteFile(name, description, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

var failure = regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)`)

// run tests one room under an overlay, and returns which tests failed. A copy that does not compile, or
// that is not changed where it should be, is a mistake of the planted bug and ends the test.
func run(t *testing.T, room, overlay string) (failed []string, output string) {
	t.Helper()
	build := exec.CommandContext(t.Context(), "go", "test", "-c", "-overlay", overlay, "-o", filepath.Join(t.TempDir(), "room.test"), "./"+room)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("does not compile: %v\n%s", err, out)
	}
	// The time to find it counts from here; go test finds the compiled package in its cache.
	ctx, cancel := context.WithTimeout(t.Context(), foundWithin)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", "test", "-overlay", overlay, "-short", "-failfast", "-count=1", "-vet=off",
		"-timeout", (foundWithin + 10*time.Second).String(), // a copy that hangs ends itself, after it counts as not found
		"-skip", byRecord, "./"+room)
	out, err := cmd.CombinedOutput()
	output = string(out)
	if err == nil || ctx.Err() != nil {
		return nil, output
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		t.Fatal(err)
	}
	for _, m := range failure.FindAllStringSubmatch(output, -1) {
		failed = append(failed, m[1])
	}
	if len(failed) == 0 && strings.Contains(output, "panic:") {
		failed = []string{"a panic"}
	}
	return failed, output
}

func tail(s string) string { return s[max(0, len(s)-2000):] }
