package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// step is one measurement of a round.
type step struct {
	name string
	peer bool // a failure is told, and the run goes on
	run  func() (map[string]float64, error)
}

// steps lists a round: ours and the peer's figure one after the other.
func steps(work string, messages int, p *peers) []step {
	ours := func(name, pkg, bench, times string) step {
		return step{name: name, run: func() (map[string]float64, error) { return benchmark(work, messages, pkg, bench, times) }}
	}
	out := []step{
		ours("ratchet", "./crypto/ratchet", "^BenchmarkPingPong", "5000x"),
		ours("ratchet, sizes", "./crypto/ratchet", "^BenchmarkStateSize$", "1x"),
		ours("ratchet, forgeries", "./crypto/ratchet", "^BenchmarkRefuse$", "200x"),
		ours("session set-up", "./crypto/handshake", "^BenchmarkSetUp$", "10x"),
		ours("envelopes", "./app/messenger", "^BenchmarkEnvelope$", "5000x"),
		ours("envelopes in bursts", "./app/messenger", "^BenchmarkBurst$", "50x"),
		ours("envelopes, committed", "./app/messenger", "^BenchmarkEnvelopeCommitted$", "3000x"),
	}
	out = append(out, p.libsignal()...)
	out = append(out, ours("history", "./storage/sqlite", "^BenchmarkHistory$", "1x"))
	out = append(out, ours("search", "./storage/search", "^BenchmarkSearch$", "1x"))
	out = append(out, p.sqlcipher()...)
	out = append(out,
		ours("export", "./app/privacy/export", "^BenchmarkExport$", "1x"),
		step{name: "export of the history", run: func() (map[string]float64, error) {
			got, err := benchmark(work, messages, "./app/privacy/export", "^BenchmarkExport$", "1x", "SOTTO_BENCH_MESSAGES="+strconv.Itoa(messages-messages%200))
			return prefixed("whole", got), err
		}},
		ours("relay, throughput", "./transport/transporttest", "^BenchmarkManyMailboxes$", "20000x"),
		ours("relay, files", "./transport/transporttest", "^BenchmarkBlob$/^parts_of_8192_KiB$", "8x"),
		ours("relay, latency", "./transport/transporttest", "^BenchmarkManyMailboxesLatency$", "5000x"),
	)
	out = append(out, p.mosquitto()...)
	out = append(out, ours("files", "./cmd/sottoctl", "^BenchmarkLargestFile$", "3x"))
	return append(out, windowSteps(work)...)
}

// benchmark runs one benchmark, with more variables in its environment, and returns its metrics as "Name metric".
func benchmark(work string, messages int, pkg, bench, times string, variables ...string) (map[string]float64, error) {
	binary := filepath.Join(work, strings.ReplaceAll(strings.TrimPrefix(pkg, "./"), "/", "-")+".test")
	if _, err := os.Stat(binary); err != nil {
		if out, err := exec.Command("go", "test", "-c", "-o", binary, pkg).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("%w\n%s", err, out)
		}
	}
	cmd := exec.Command(binary, "-test.run", "^$", "-test.bench", bench, "-test.benchtime", times, "-test.timeout", "30m")
	cmd.Dir = pkg
	cmd.Env = append(os.Environ(), "TMPDIR="+work, "BENCH_MESSAGES="+strconv.Itoa(messages))
	cmd.Env = append(cmd.Env, variables...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("%w\n%s", err, out)
	}
	got := metrics(out)
	if len(got) == 0 {
		return nil, fmt.Errorf("no figures in\n%s", out)
	}
	return got, nil
}

// metrics reads the lines that benchmarks print: name, count, then pairs of value and unit.
func metrics(out []byte) map[string]float64 {
	got := map[string]float64{}
	for line := range bytes.Lines(out) {
		f := strings.Fields(string(line))
		if len(f) < 4 || !strings.HasPrefix(f[0], "Benchmark") {
			continue
		}
		name := strings.TrimPrefix(f[0], "Benchmark")
		if i := strings.LastIndex(name, "-"); i > 0 { // the number of cores
			name = name[:i]
		}
		for i := 2; i+1 < len(f); i += 2 {
			if v, err := strconv.ParseFloat(f[i], 64); err == nil {
				got[name+" "+f[i+1]] = v
			}
		}
	}
	return got
}
