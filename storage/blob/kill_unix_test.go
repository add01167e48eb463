//go:build unix

package blob_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"sotto/chat"
	"sotto/storage/blob"
)

// The test binary starts itself again with one of these variables: the child works in that folder until it is killed.
const (
	childWorks = "SOTTO_TEST_BLOBS"
	childFills = "SOTTO_TEST_FULL"
)

func TestMain(m *testing.M) {
	switch {
	case os.Getenv(childWorks) != "":
		work(os.Getenv(childWorks))
	case os.Getenv(childFills) != "":
		fill(os.Getenv(childFills))
	default:
		os.Exit(m.Run())
	}
	os.Exit(0)
}

// part returns the bytes of a file that anyone can compute from its name.
func part(id chat.BlobID, from, n int) []byte {
	out := make([]byte, 0, n+64)
	first := from / sha256.Size
	for i := first; len(out) < n+from-first*sha256.Size; i++ {
		sum := sha256.Sum256(fmt.Appendf(nil, "%v %d", id, i))
		out = append(out, sum[:]...)
	}
	return out[from-first*sha256.Size:][:n]
}

// said is what the child wrote: what it did, to which file, and how many bytes it had then. It says so after it is done.
type said struct {
	what string
	id   chat.BlobID
	size int64
}

// work creates, writes, interrupts, resumes, commits and removes files for as long as it lives, and says what it has done.
func work(dir string) {
	f, err := blob.Open(dir)
	if err != nil {
		os.Exit(3)
	}
	say := func(what string, id chat.BlobID, size int64) { fmt.Printf("%s %v %d\n", what, id, size) }
	check := func(err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(4)
		}
	}
	var begun, whole []chat.BlobID
	for {
		w, err := f.Create()
		check(err)
		if len(begun) > 0 && rand.IntN(2) == 0 {
			check(w.Close())
			check(f.Remove(w.ID()))
			at := rand.IntN(len(begun))
			w, err = f.Resume(begun[at])
			check(err)
			begun = append(begun[:at], begun[at+1:]...)
		}
		for range rand.IntN(4) {
			_, err := w.Write(part(w.ID(), int(w.Size()), 1+rand.IntN(30_000)))
			check(err)
			if rand.IntN(2) == 0 {
				check(w.Sync())
				say("synced", w.ID(), w.Size())
			}
		}
		if rand.IntN(3) == 0 {
			check(w.Close())
			begun = append(begun, w.ID())
			continue
		}
		size := w.Size()
		check(w.Commit())
		say("committed", w.ID(), size)
		whole = append(whole, w.ID())
		if rand.IntN(3) == 0 {
			at := rand.IntN(len(whole))
			say("removing", whole[at], 0)
			check(f.Remove(whole[at]))
			say("removed", whole[at], 0)
			whole = append(whole[:at], whole[at+1:]...)
		}
	}
}

// TestKilledAtAnyMomentNothingCommittedIsLost kills a process at its work, again and again, and compares what it had said
// with what lies in the folder. SOTTO_KILLS sets how often.
func TestKilledAtAnyMomentNothingCommittedIsLost(t *testing.T) {
	kills := 12
	if n, err := strconv.Atoi(os.Getenv("SOTTO_KILLS")); err == nil {
		kills = n
	}
	if testing.Short() {
		kills = 3
	}
	var committed, resumed, swept int
	for round := range kills {
		dir := filepath.Join(t.TempDir(), "blobs")
		said := killed(t, dir, time.Duration(5+rand.IntN(60))*time.Millisecond)
		want := map[chat.BlobID]int64{}
		maybe, synced := map[chat.BlobID]bool{}, map[chat.BlobID]int64{}
		for _, s := range said {
			switch s.what {
			case "committed":
				want[s.id] = s.size
				delete(synced, s.id)
			case "removing":
				delete(want, s.id)
				maybe[s.id] = true
			case "removed":
				maybe[s.id] = false
			case "synced":
				synced[s.id] = s.size
			}
		}
		f := open(t, dir)
		for id, size := range want {
			committed++
			holds(t, f, id, size)
		}
		for id, left := range maybe {
			if _, err := f.Open(id); !left && !errors.Is(err, chat.ErrNotFound) {
				t.Errorf("round %d: a removed file is there: %v", round, err)
			}
		}
		kept := map[chat.BlobID]bool{}
		for id, size := range synced {
			w, err := f.Resume(id)
			if errors.Is(err, chat.ErrNotFound) { // the kill came between the commit and the word of it
				holds(t, f, id, -1)
				kept[id] = true
				continue
			}
			if err != nil {
				t.Errorf("round %d: resuming: %v", round, err)
				continue
			}
			resumed++
			goOn(t, w, size)
			holds(t, f, id, -1)
			kept[id] = true
		}
		n, err := f.Sweep(func(id chat.BlobID) bool { return kept[id] || want[id] != 0 })
		if err != nil {
			t.Error(err)
		}
		swept += n
		left, err := f.List()
		if err != nil {
			t.Error(err)
		}
		for _, id := range left {
			if _, ok := want[id]; !ok && !kept[id] {
				t.Errorf("round %d: a file that nobody names is left", round)
			}
			if _, err := os.Lstat(filepath.Join(dir, id.String()+".part")); err == nil {
				t.Errorf("round %d: a begun file is left", round)
			}
		}
	}
	t.Logf("%d kills: %d committed files whole, %d begun ones went on, %d swept", kills, committed, resumed, swept)
	if committed == 0 {
		t.Error("nothing was committed before the kills: the test shows nothing")
	}
}

// killed lets a child work for a time, kills it, and returns what it said.
func killed(t *testing.T, dir string, after time.Duration) (out []said) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childWorks+"="+dir)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var timer *time.Timer
	for lines := bufio.NewScanner(pipe); lines.Scan(); {
		if timer == nil { // it is at work
			timer = time.AfterFunc(after, func() { cmd.Process.Kill() }) //nolint:errcheck // Wait tells how it ended
		}
		fields := strings.Fields(lines.Text())
		if len(fields) != 3 {
			continue // cut by the kill
		}
		b, err := hex.DecodeString(fields[1])
		if err != nil || len(b) != 16 {
			continue
		}
		size, err := strconv.ParseInt(fields[2], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, said{fields[0], chat.BlobID(b), size})
	}
	cmd.Wait() //nolint:errcheck // it was killed, which is looked at below
	if ws := cmd.ProcessState.Sys().(syscall.WaitStatus); !ws.Signaled() {
		t.Fatalf("the child ended by itself: %v %s", cmd.ProcessState, errs.String())
	}
	return out
}

// holds compares a committed file with what belongs there; size -1: whatever it is.
func holds(t *testing.T, f *blob.Folder, id chat.BlobID, size int64) {
	t.Helper()
	r, err := f.Open(id)
	if err != nil {
		t.Errorf("a committed file: %v", err)
		return
	}
	defer r.Close() //nolint:errcheck // read only
	b, err := io.ReadAll(io.NewSectionReader(r, 0, r.Size()))
	if err != nil || size >= 0 && int64(len(b)) != size || !bytes.Equal(b, part(id, 0, len(b))) {
		t.Errorf("a committed file has %d bytes of %d, or others: %v", len(b), size, err)
	}
}

// goOn checks that what was synced is there, cuts what came after it, and commits.
func goOn(t *testing.T, w chat.BlobWriter, synced int64) {
	t.Helper()
	if w.Size() < synced {
		t.Errorf("%d bytes are left of %d", w.Size(), synced)
		synced = w.Size()
	}
	b := make([]byte, synced)
	if _, err := w.ReadAt(b, 0); err != nil && synced > 0 || !bytes.Equal(b, part(w.ID(), 0, len(b))) {
		t.Errorf("what was synced is not what is there (%v)", err)
	}
	if err := w.Truncate(synced); err != nil {
		t.Error(err)
	}
	if _, err := w.Write(part(w.ID(), int(synced), 1000)); err != nil {
		t.Error(err)
	}
	if err := w.Commit(); err != nil {
		t.Error(err)
	}
}

// fill writes under a limit on the size of files, as a full disk answers.
func fill(dir string) {
	signal.Ignore(syscall.SIGXFSZ)
	f, err := blob.Open(dir)
	if err != nil {
		os.Exit(3)
	}
	limit := syscall.Rlimit{Cur: 100_000, Max: 100_000}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		os.Exit(5)
	}
	w, err := f.Create()
	if err != nil {
		os.Exit(4)
	}
	for {
		if _, err := w.Write(part(w.ID(), int(w.Size()), 30_000)); err != nil {
			if !errors.Is(err, chat.ErrDiskFull) || strings.Contains(err.Error(), dir) {
				fmt.Println(err)
				os.Exit(6)
			}
			break
		}
	}
	if w.Size() != 100_000 {
		os.Exit(7)
	}
	if err := w.Commit(); err != nil {
		os.Exit(8)
	}
	fmt.Print(w.ID())
}

func TestAFullDiskHasItsNameAndKeepsWhatFitted(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "blobs")
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childFills+"="+dir)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	id, err := hex.DecodeString(string(out))
	if err != nil || len(id) != 16 {
		t.Fatalf("%q, %v", out, err)
	}
	holds(t, open(t, dir), chat.BlobID(id), 100_000)
}
