package main

import (
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"
)

const (
	page            = "docs/PERFORMANCE.md"
	leastRounds     = 3
	defaultMessages = 200_000
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run() error {
	rounds, err := number("BENCH_ROUNDS", leastRounds, 1)
	if err != nil {
		return err
	}
	messages, err := number("BENCH_MESSAGES", defaultMessages, 200)
	if err != nil {
		return err
	}
	only, err := regexp.Compile(os.Getenv("BENCH_ONLY"))
	if err != nil {
		return fmt.Errorf("BENCH_ONLY: %w", err)
	}
	work, err := os.MkdirTemp("", "sotto-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work) //nolint:errcheck // a temporary folder

	peers := findPeers(work, messages)
	for _, why := range peers.missing {
		fmt.Println("Without an anchor:", why)
	}
	begun, before := time.Now(), load()
	all := figures{}
	for round := range rounds {
		for _, s := range steps(work, messages, peers) {
			if !only.MatchString(s.name) {
				continue
			}
			fmt.Fprintf(os.Stderr, "round %d of %d: %s\n", round+1, rounds, s.name)
			got, err := s.run()
			if err != nil {
				if !s.peer {
					return fmt.Errorf("%s: %w", s.name, err)
				}
				fmt.Printf("Without an anchor: %s: %v\n", s.name, err)
				continue
			}
			all.add(got)
		}
	}
	head := fmt.Sprintf("%s, %s/%s, %d cores (%s), %d rounds in %s, %d messages in the history, load average %s before and %s after.",
		begun.UTC().Format("2 January 2006"), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), processor(), rounds,
		time.Since(begun).Round(time.Minute), messages, before, load())
	lines := render(rows(messages), all)
	if only.String() != "" {
		fmt.Printf("\n%s\n\n%s\nNot all was measured: %s is left as it was.\n", head, markdown(measured(lines)), page)
		return nil
	}
	fmt.Printf("\n%s\n\n%s", head, plain(lines))
	if rounds < leastRounds {
		fmt.Printf("\nFewer than %d rounds: %s is left as it was.\n", leastRounds, page)
		return nil
	}
	return write(page, head, markdown(lines))
}

// number reads a variable of the environment.
func number(name string, standard, least int) (int, error) {
	v := os.Getenv(name)
	if v == "" {
		return standard, nil
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < least {
		return 0, fmt.Errorf("%s: a number of at least %d", name, least)
	}
	return n, nil
}

// load returns the machine's load average over a minute, "unknown" where the system does not tell.
func load() string {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Fields(string(b))[0]
}

func processor() string {
	b, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown processor"
	}
	for line := range strings.Lines(string(b)) {
		if name, ok := strings.CutPrefix(line, "model name"); ok {
			return strings.TrimSpace(strings.TrimLeft(name, "\t :"))
		}
	}
	return "unknown processor"
}
