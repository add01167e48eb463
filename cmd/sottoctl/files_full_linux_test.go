package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"sotto/app/apptest/narrow"
	"sotto/chat"
)

// mostMemory is what a process may take above its idle memory while a file of any size moves through it.
const mostMemory = 60 << 20

// watched is the memory of one party over all its processes.
type watched struct {
	name  string
	idle  int64 // the least that one of its processes took at rest
	worst int64 // the most that one took above its own rest
	pid   int
	rest  int64 // of the present process
}

// memoryOf returns what a process has in memory, and the most it had since the last forget, in bytes.
func memoryOf(t testing.TB, pid int) (now, most int64) {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		name, value, _ := strings.Cut(line, ":")
		kb, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		switch name {
		case "VmRSS":
			now = kb << 10
		case "VmHWM":
			most = kb << 10
		}
	}
	if now == 0 || most == 0 {
		t.Fatal("the system does not say what a process takes")
	}
	return now, most
}

// begin takes the present memory of a process as its rest, and forgets its peak so far: that of the key derivation.
func (w *watched) begin(t testing.TB, pid int) {
	t.Helper()
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0); err != nil {
		t.Fatal(err)
	}
	w.pid = pid
	w.rest, _ = memoryOf(t, pid)
	if w.idle == 0 || w.rest < w.idle {
		w.idle = w.rest
	}
}

// end takes the peak of the process before it goes.
func (w *watched) end(t testing.TB) {
	t.Helper()
	_, most := memoryOf(t, w.pid)
	w.worst = max(w.worst, most-w.idle)
}

func (w *watched) String() string {
	return fmt.Sprintf("%s %d MB above %d MB", w.name, w.worst>>20, w.idle>>20)
}

// watch looks at the memory of everyone in a passage.
func (p *passage) watch() []*watched {
	p.t.Helper()
	parties := map[any]*watched{p.ada.peer: {name: "sender"}, p.bo.peer: {name: "receiver"}, p.relay: {name: "relay"}}
	pid := func(party any) int {
		if m, ok := party.(*peer); ok {
			return m.cmd.Process.Pid
		}
		return p.relay.cmd.Process.Pid
	}
	p.dies = func(party any) { parties[party].end(p.t) }
	p.lives = func(party any) { parties[party].begin(p.t, pid(party)) }
	for party := range parties {
		p.lives(party)
	}
	return []*watched{parties[p.ada.peer], parties[p.bo.peer], parties[p.relay]}
}

// raw is a file put to and taken from a plain HTTPS server of the standard library that writes it to the same disk.
func raw(t testing.TB, path string) (put, get, cpu time.Duration) {
	t.Helper()
	before := cpuOf(t, os.Getpid())
	stored := filepath.Join(t.TempDir(), "stored")
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			http.ServeFile(w, r, stored)
			return
		}
		if err := stream(stored, r.Body); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	}))
	server.TLS = &tls.Config{MinVersion: tls.VersionTLS13}
	server.StartTLS()
	defer server.Close()
	in, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	began := time.Now()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, server.URL, in)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := server.Client().Do(request)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("put: %+v, %v", answer, err)
	}
	answer.Body.Close()
	put = time.Since(began)
	began = time.Now()
	answer, err = server.Client().Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	got := filepath.Join(t.TempDir(), "got")
	if err := stream(got, answer.Body); err != nil {
		t.Fatal(err)
	}
	get = time.Since(began)
	cpu = cpuOf(t, os.Getpid()) - before
	same(t, path, got)
	return put, get, cpu
}

// stream writes a file and makes it durable.
func stream(path string, r io.Reader) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if _, err := io.Copy(f, r); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return f.Close()
}

// largest makes the largest file there may be.
func largest(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "largest.bin")
	r := rand.NewChaCha8([32]byte{100})
	if err := stream(path, io.LimitReader(r, chat.MaxFile)); err != nil {
		t.Fatal(err)
	}
	return path
}

func mbPerSecond(d time.Duration) float64 { return float64(chat.MaxFile) / 1e6 / d.Seconds() }

// TestTheLargestFileArrivesWhateverHappens sends 100 MiB with 20 cuts and kills of everyone, and looks at the memory of
// every process. It takes minutes: SOTTO_FILES=full.
func TestTheLargestFileArrivesWhateverHappens(t *testing.T) {
	if os.Getenv("SOTTO_FILES") != "full" {
		t.Skip("SOTTO_FILES=full")
	}
	r := seedOf(t)
	path := largest(t)
	p := newPassage(t)
	memory := p.watch()
	cuts := slices.Repeat([]string{cutAll}, 10)
	sending, fetching := p.carry(path,
		misfortunes(r, narrow.Up, chat.MaxFile, append(cuts, killSender, killRelay)...),
		misfortunes(r, narrow.Down, chat.MaxFile, append(cuts, killReceiver, killRelay)...))
	t.Logf("sent in %v, fetched in %v; suffered: %v", sending, fetching, p.happened)
	for _, party := range []any{p.ada.peer, p.bo.peer, p.relay} {
		p.dies(party)
	}
	for _, w := range memory {
		t.Log(w)
		if w.worst > mostMemory {
			t.Errorf("the %s takes %d MB above its rest", w.name, w.worst>>20)
		}
	}
	leftovers(t, p)
}

// cpuOf returns the processor time of a process so far.
func cpuOf(t testing.TB, pid int) time.Duration {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), ") ") // the name may hold anything but this
	fields := strings.Fields(rest)
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	if user+system == 0 {
		t.Fatal("the system does not say what a process took")
	}
	return time.Duration(user+system) * time.Second / 100 // USER_HZ
}

// cpu returns the processor time of everyone in a passage so far.
func (p *passage) cpu() time.Duration {
	p.t.Helper()
	return cpuOf(p.t, p.ada.cmd.Process.Pid) + cpuOf(p.t, p.bo.cmd.Process.Pid) + cpuOf(p.t, p.relay.cmd.Process.Pid)
}

// race sends a file that nothing befalls.
func (p *passage) race(path string) (sending, fetching, cpu time.Duration) {
	p.t.Helper()
	before := p.cpu()
	began := time.Now()
	var sent messageObject
	p.ada.call("send", map[string]any{"contact": "Bo", "file": path, "wait": "0"}).into(&sent)
	p.bo.event("message", func(e eventObject) bool { return e.MessageID == sent.ID })
	sending = time.Since(began)
	began = time.Now()
	p.bo.call("fetch", map[string]any{"message": sent.ID}).ok()
	fetching = time.Since(began)
	cpu = p.cpu() - before
	out := filepath.Join(p.t.TempDir(), "out")
	p.bo.call("save", map[string]any{"message": sent.ID, "out": out}).ok()
	same(p.t, path, out)
	return sending, fetching, cpu
}

// BenchmarkLargestFile moves 100 MiB from profile to profile through a relay process, and then over plain HTTPS: the
// sender's disk to the relay's, and the relay's to the receiver's.
func BenchmarkLargestFile(b *testing.B) {
	path := largest(b)
	p := newPassage(b)
	memory := p.watch()
	var sending, fetching, put, get, cpu, plain []time.Duration // in turns, so that the load of the machine falls on both
	for b.Loop() {
		s, f, c := p.race(path)
		p, g, rawCPU := raw(b, path)
		cpu, plain = append(cpu, c), append(plain, rawCPU)
		sending, fetching, put, get = append(sending, s), append(fetching, f), append(put, p), append(get, g)
	}
	middle := func(all []time.Duration) time.Duration {
		slices.Sort(all)
		return all[len(all)/2]
	}
	s, f, o, g := middle(sending), middle(fetching), middle(put), middle(get)
	b.ReportMetric(mbPerSecond(s), "sent-MB/s")
	b.ReportMetric(mbPerSecond(f), "fetched-MB/s")
	b.ReportMetric(mbPerSecond(o), "put-MB/s")
	b.ReportMetric(mbPerSecond(g), "get-MB/s")
	b.ReportMetric(mbPerSecond((s+f)/2), "both-MB/s")
	b.ReportMetric(mbPerSecond((o+g)/2), "raw-MB/s")
	b.ReportMetric(mbPerSecond(middle(cpu)), "both-MB/cpu-s")
	b.ReportMetric(mbPerSecond(middle(plain)), "raw-MB/cpu-s")
	var worst int64
	for i, party := range []any{p.ada.peer, p.bo.peer, p.relay} {
		p.dies(party)
		b.Log(memory[i])
		worst = max(worst, memory[i].worst)
	}
	b.ReportMetric(float64(worst)/1e6, "above-idle-MB")
}
