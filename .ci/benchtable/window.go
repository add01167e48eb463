package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// settle is how long a window is left alone before its memory is read.
const settle = 3 * time.Second

// windowSteps measures the client at its unlock screen, and a window with nothing in it, on a display of their own.
func windowSteps(work string) []step {
	if runtime.GOOS != "linux" {
		return nil
	}
	for _, program := range []string{"Xvfb", "xdotool"} {
		if _, err := exec.LookPath(program); err != nil {
			return nil
		}
	}
	s := stage{work: work, home: filepath.Join(work, "home")}
	return []step{{name: "window", peer: true, run: s.measure}}
}

// stage is a display and a home for the windows.
type stage struct{ work, home string }

func (s stage) measure() (map[string]float64, error) {
	if err := s.build(); err != nil {
		return nil, err
	}
	display, xvfb, err := startDisplay()
	if err != nil {
		return nil, err
	}
	defer stop(xvfb)
	got := map[string]float64{}
	for _, w := range []struct{ name, title, program string }{
		{"window", "^Sotto$", "sotto"}, {"empty window", "^Empty$", "emptywindow"},
	} {
		start, memory, err := s.open(display, w.title, filepath.Join(s.work, w.program), "--profile", filepath.Join(s.home, "profile"))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", w.name, err)
		}
		got[w.name+" start-s"], got[w.name+" MB"] = start, memory
	}
	return got, nil
}

// build makes the programs and a profile, once.
func (s stage) build() error {
	if _, err := os.Stat(s.home); err == nil {
		return nil
	}
	for program, pkg := range map[string]string{
		"sotto": ".", "sottoctl": "./cmd/sottoctl", "emptywindow": "./.ci/benchtable/emptywindow",
	} {
		out, err := exec.Command("go", "build", "-ldflags=-s -w", "-o", filepath.Join(s.work, program), pkg).CombinedOutput()
		if err != nil {
			return fmt.Errorf("building %s: %w\n%s", program, err, out)
		}
	}
	if err := os.MkdirAll(filepath.Join(s.home, "run"), 0o700); err != nil {
		return err
	}
	secret := filepath.Join(s.home, "passphrase")
	if err := os.WriteFile(secret, []byte("a passphrase for measuring only\n"), 0o600); err != nil {
		return err
	}
	cmd := exec.Command(filepath.Join(s.work, "sottoctl"), "--profile", filepath.Join(s.home, "profile"), "--passphrase-file", secret,
		"init", "--name", "Bench")
	cmd.Env = s.environment("")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("making a profile: %w\n%s", err, out)
	}
	return nil
}

func (s stage) environment(display string) []string {
	return append(os.Environ(), "DISPLAY="+display, "WAYLAND_DISPLAY=", "HOME="+s.home, "XDG_CONFIG_HOME="+filepath.Join(s.home, "config"),
		"XDG_DATA_HOME="+filepath.Join(s.home, "data"), "XDG_CACHE_HOME="+filepath.Join(s.home, "cache"),
		"XDG_RUNTIME_DIR="+filepath.Join(s.home, "run"), "LANG=en_US.UTF-8", "FYNE_SCALE=1", "LIBGL_ALWAYS_SOFTWARE=1")
}

// startDisplay starts Xvfb on a number that it chooses itself.
func startDisplay() (string, *exec.Cmd, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return "", nil, err
	}
	defer r.Close() //nolint:errcheck // read only
	cmd := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", "1280x860x24", "-nolisten", "tcp", "-noreset")
	cmd.ExtraFiles = []*os.File{w}
	if err := errors.Join(cmd.Start(), w.Close()); err != nil {
		return "", nil, err
	}
	line, err := bufio.NewReader(r).ReadString('\n') // to its end: Xvfb would die of a pipe closed before
	if err != nil {
		stop(cmd)
		return "", nil, fmt.Errorf("starting Xvfb: %w", err)
	}
	return ":" + strings.TrimSpace(line), cmd, nil
}

// open starts a program, waits until its window is on the display, and returns the seconds that took and the resident
// megabytes once it has come to rest.
func (s stage) open(display, title, program string, args ...string) (seconds, megabytes float64, err error) {
	cmd := exec.Command(program, args...)
	cmd.Env = s.environment(display)
	var words strings.Builder
	cmd.Stdout, cmd.Stderr = &words, &words
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, 0, err
	}
	shown := eventually(30*time.Second, func() bool {
		find := exec.Command("xdotool", "search", "--onlyvisible", "--name", title)
		find.Env = append(os.Environ(), "DISPLAY="+display)
		return find.Run() == nil
	})
	if !shown {
		stop(cmd) // what it wrote is complete
		return 0, 0, fmt.Errorf("no window within 30 s: %s", strings.TrimSpace(words.String()))
	}
	seconds = time.Since(begun).Seconds()
	defer stop(cmd)
	time.Sleep(settle)
	megabytes, err = resident(cmd.Process.Pid)
	return seconds, megabytes, err
}

// resident returns the resident memory of a process in MB.
func resident(pid int) (float64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, err := strconv.ParseFloat(strings.Fields(v)[0], 64)
			return kib * 1024 / 1e6, err
		}
	}
	return 0, errors.New("no VmRSS")
}
