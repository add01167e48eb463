package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// peers are the anchors that can run here.
type peers struct {
	dir      string // a copy of the anchors that may be written to
	messages int
	node     bool              // libsignal and SQLCipher
	brokers  map[string]string // size of a message in bytes -> program that loads Mosquitto with it
	missing  []string          // why others cannot
}

// brokerSizes are the sizes that the relay is compared at: the anchor's own, and the smallest envelope there is.
var brokerSizes = []string{"1024", "4096"}

// findPeers prepares the anchors. What is missing is told, not an error.
func findPeers(work string, messages int) *peers {
	p := &peers{dir: filepath.Join(work, "anchors"), messages: messages, brokers: map[string]string{}}
	from := os.Getenv("SOTTO_ANCHORS")
	if from == "" {
		from = filepath.Join("..", "shared", "anchors")
	}
	if _, err := os.Stat(filepath.Join(from, "libsignal.mjs")); err != nil {
		p.missing = append(p.missing, "no folder of anchors; set SOTTO_ANCHORS (ours only)")
		return p
	}
	if err := copyFolder(from, p.dir); err != nil {
		p.missing = append(p.missing, fmt.Sprintf("copying the anchors: %v (ours only)", err))
		return p
	}
	p.prepareNode()
	p.prepareMosquitto()
	return p
}

func (p *peers) prepareNode() {
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			p.missing = append(p.missing, program+" is not installed (libsignal, SQLCipher)")
			return
		}
	}
	if err := in(p.dir, "npm", "ci", "--no-audit", "--no-fund").Run(); err != nil {
		p.missing = append(p.missing, fmt.Sprintf("npm ci: %v (libsignal, SQLCipher)", err))
		return
	}
	p.node = true
}

func (p *peers) prepareMosquitto() {
	if _, err := exec.LookPath("mosquitto"); err != nil {
		p.missing = append(p.missing, "mosquitto is not installed: apt-get install mosquitto (relay)")
		return
	}
	folder := filepath.Join(p.dir, "mosquitto")
	source := filepath.Join(folder, "main.go")
	program, err := os.ReadFile(source)
	if err != nil {
		p.missing = append(p.missing, "the anchor for mosquitto is not there (relay)")
		return
	}
	for _, size := range brokerSizes {
		changed := bytes.Replace(program, []byte("= 1024 // bytes"), []byte("= "+size+" // bytes"), 1)
		if size != "1024" && bytes.Equal(changed, program) {
			p.missing = append(p.missing, "the anchor for mosquitto has another size than 1024 (relay, "+size+" bytes)")
			continue
		}
		binary := filepath.Join(p.dir, "load-"+size)
		if err := os.WriteFile(source, changed, 0o600); err != nil {
			p.missing = append(p.missing, err.Error())
			return
		}
		build := in(folder, "go", "build", "-o", binary, ".")
		build.Env = append(os.Environ(), "GOFLAGS=")
		if out, err := build.CombinedOutput(); err != nil {
			p.missing = append(p.missing, fmt.Sprintf("building the load for mosquitto: %v: %s", err, bytes.TrimSpace(out)))
			return
		}
		p.brokers[size] = binary
	}
}

func (p *peers) libsignal() []step {
	if !p.node {
		return nil
	}
	return []step{{name: "libsignal", peer: true, run: func() (map[string]float64, error) {
		cmd := in(p.dir, "node", "libsignal.mjs", "3", "1") // one run of its own is as short as a second, and varies
		cmd.Env = append(os.Environ(), "TIMER=cpu")
		var answer struct{ Medians map[string]float64 }
		err := answers(cmd, &answer)
		return prefixed("libsignal", answer.Medians), err
	}}}
}

func (p *peers) sqlcipher() []step {
	if !p.node {
		return nil
	}
	return []step{{name: "SQLCipher", peer: true, run: func() (map[string]float64, error) {
		var answer map[string]float64
		err := answers(in(p.dir, "node", "sqlcipher.mjs", strconv.Itoa(p.messages)), &answer)
		return prefixed("sqlcipher", answer), err
	}}}
}

func (p *peers) mosquitto() []step {
	var out []step
	for _, size := range brokerSizes {
		if p.brokers[size] == "" {
			continue
		}
		out = append(out, step{name: "Mosquitto, " + size + " bytes", peer: true, run: func() (map[string]float64, error) {
			return p.loadBroker(size)
		}})
	}
	return out
}

// loadBroker starts a broker on a free port of loopback and loads it.
func (p *peers) loadBroker(size string) (map[string]float64, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	broker := in(p.dir, "mosquitto", "-p", port)
	if err := broker.Start(); err != nil {
		return nil, err
	}
	defer stop(broker)
	if !eventually(10*time.Second, func() bool {
		c, err := net.Dial("tcp", address)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	}) {
		return nil, errors.New("mosquitto does not listen")
	}
	var answer map[string]float64
	err = answers(in(p.dir, p.brokers[size], "-broker", "tcp://"+address, "-for", "5s"), &answer)
	return prefixed("mosquitto"+size, answer), err
}

func prefixed(name string, m map[string]float64) map[string]float64 {
	out := map[string]float64{}
	for k, v := range m {
		out[name+" "+k] = v
	}
	return out
}

// in makes a command that runs in a folder.
func in(dir, name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	return cmd
}

// answers runs a command whose standard output is one JSON object.
func answers(cmd *exec.Cmd, into any) error {
	var words strings.Builder
	cmd.Stderr = &words
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("%w: %s", err, strings.TrimSpace(words.String()))
	}
	return json.Unmarshal(out, into)
}

// stop ends a program that this one started: politely, so that it takes its sockets and locks along, then by force.
func stop(cmd *exec.Cmd) {
	if cmd.Process.Signal(syscall.SIGTERM) != nil {
		_ = cmd.Process.Kill()
	}
	force := time.AfterFunc(5*time.Second, func() { _ = cmd.Process.Kill() })
	defer force.Stop()
	_ = cmd.Wait()
}

// eventually asks every few milliseconds until the answer is yes or the time is over.
func eventually(limit time.Duration, yes func() bool) bool {
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if yes() {
			return true
		}
	}
	return false
}

// copyFolder copies files and folders but those that npm makes; the copy may be written to.
func copyFolder(from, to string) error {
	return fs.WalkDir(os.DirFS(from), ".", func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && e.Name() == "node_modules":
			return fs.SkipDir
		case e.IsDir():
			return os.MkdirAll(filepath.Join(to, name), 0o700)
		}
		b, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, name), b, 0o600)
	})
}
