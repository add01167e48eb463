//go:build e2e

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"sotto/app/ui/passphrase"
)

// patience is how long the window may take for anything; setting up Argon2 and
// software rendering on two cores is slow.
const patience = 60 * time.Second

// desk is a display with a window manager and a home for one user.
type desk struct {
	t       *testing.T
	display string
	home    string
}

// newDesk starts Xvfb and openbox. Where there is no Xvfb it skips the test.
func newDesk(t *testing.T) *desk {
	t.Helper()
	for _, program := range []string{"Xvfb", "openbox", "xdotool", "dbus-run-session", "import"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("SKIPPED: %s is not installed, so the real window was not tested; `make deps-test` installs it", program)
		}
	}
	d := &desk{t: t, home: t.TempDir()}
	for _, dir := range []string{"run", "config/fyne", "data", "cache", "Documents"} {
		if err := os.MkdirAll(filepath.Join(d.home, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	d.startDisplay()
	d.start(exec.Command("openbox"))
	return d
}

// startDisplay lets Xvfb choose a free display and says its number.
func (d *desk) startDisplay() {
	d.t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		d.t.Fatal(err)
	}
	defer r.Close()
	x := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", "1280x860x24", "-nolisten", "tcp", "-noreset")
	x.ExtraFiles = []*os.File{w}
	d.start(x)
	w.Close()
	number, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		d.t.Fatalf("Xvfb did not start: %v", err)
	}
	d.display = ":" + strings.TrimSpace(number)
}

func (d *desk) env(more ...string) []string {
	in := func(name string) string { return filepath.Join(d.home, name) }
	env := []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + d.home, "DISPLAY=" + d.display, "LANG=en_US.UTF-8", "FYNE_SCALE=1", "LIBGL_ALWAYS_SOFTWARE=1",
		"XDG_RUNTIME_DIR=" + in("run"), "XDG_CONFIG_HOME=" + in("config"), "XDG_DATA_HOME=" + in("data"), "XDG_CACHE_HOME=" + in("cache"),
	}
	return append(env, more...)
}

// start runs a command until the test ends.
func (d *desk) start(c *exec.Cmd) {
	d.t.Helper()
	if c.Env == nil {
		c.Env = d.env()
	}
	if err := c.Start(); err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	})
}

func (d *desk) run(name string, args ...string) string {
	d.t.Helper()
	c := exec.Command(name, args...)
	c.Env = d.env()
	out, err := c.CombinedOutput()
	if err != nil {
		d.t.Fatalf("%s %s: %v: %s", name, strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// look writes the preferences that a person would have set.
func (d *desk) look(mode string, scale float64) {
	d.t.Helper()
	dir := filepath.Join(d.home, "config/fyne/im.sotto.Sotto")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		d.t.Fatal(err)
	}
	text := fmt.Sprintf(`{"look.mode":%q,"look.scale":%g}`, mode, scale)
	if err := os.WriteFile(filepath.Join(dir, "preferences.json"), []byte(text), 0o600); err != nil {
		d.t.Fatal(err)
	}
}

// client is a running window.
type client struct {
	*desk
	socket string
	id     string // X window
	cmd    *exec.Cmd
	done   chan struct{}
	log    *output
}

// output keeps what the client says.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// open starts the client and waits for its window.
func (d *desk) open(args ...string) *client {
	d.t.Helper()
	c := &client{desk: d, socket: filepath.Join(d.home, "run", "e2e.sock"), done: make(chan struct{}), log: &output{}}
	_ = os.Remove(c.socket)
	c.cmd = d.command(c.socket, args...)
	c.cmd.Stdout, c.cmd.Stderr = c.log, c.log
	if err := c.cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	go func() { _ = c.cmd.Wait(); close(c.done) }()
	d.t.Cleanup(c.kill)
	c.until("the window", func() bool {
		id, err := exec.Command("env", append(d.env(), "xdotool", "search", "--onlyvisible", "--name", "^Sotto$")...).Output()
		c.id = strings.TrimSpace(string(id))
		return err == nil && c.id != "" && !strings.Contains(c.id, "\n")
	})
	return c
}

// command is the client with the session bus that desktops have.
func (d *desk) command(socket string, args ...string) *exec.Cmd {
	c := exec.Command("dbus-run-session", append([]string{"--", os.Args[0]}, args...)...)
	c.Env = d.env(hookVariable + "=" + socket)
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // so that it ends with all it started
	c.WaitDelay = 5 * time.Second
	return c
}

func (c *client) kill() {
	_ = syscall.Kill(-c.cmd.Process.Pid, syscall.SIGKILL)
	<-c.done
}

// close closes the window as a person does and waits for the end of the process.
func (c *client) close() {
	c.t.Helper()
	c.key("alt+F4")
	select {
	case <-c.done:
	case <-time.After(patience):
		c.fail("the client did not end")
	}
}

func (c *client) fail(format string, args ...any) {
	c.t.Helper()
	shot := filepath.Join(os.TempDir(), "sotto-e2e-failure.png")
	_ = exec.Command("env", append(c.env(), "import", "-window", "root", shot)...).Run()
	c.t.Fatalf("%s\nscreenshot: %s\nshown:\n%s\nsaid:\n%s", fmt.Sprintf(format, args...), shot, c.describe(), c.log)
}

func (c *client) describe() string {
	all, err := c.see()
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	for _, s := range all {
		if s.Kind != "run" {
			fmt.Fprintf(&b, "  %-8s %q %q at %.0f,%.0f %.0fx%.0f in sight %v off %v\n", s.Kind, s.Name, s.Text, s.X, s.Y, s.W, s.H, s.InSight, s.Off)
		}
	}
	return b.String()
}

// see asks the hook what is shown.
func (c *client) see() ([]seen, error) {
	conn, err := net.DialTimeout("unix", c.socket, time.Second)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(conn)
	if err != nil {
		return nil, err
	}
	var all []seen
	return all, json.Unmarshal(raw, &all)
}

// until asks done until it answers true. The window is another process: asking
// is the only way to learn.
func (c *client) until(what string, done func() bool) {
	c.t.Helper()
	end := time.Now().Add(patience)
	for !done() {
		select {
		case <-c.done:
			c.fail("the client ended while waiting for %s", what)
		default:
		}
		if time.Now().After(end) {
			c.fail("waited %v in vain for %s", patience, what)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// find waits for an object that match accepts.
func (c *client) find(what string, match func(seen) bool) seen {
	c.t.Helper()
	var found seen
	c.until(what, func() bool {
		all, err := c.see()
		if err != nil {
			return false
		}
		for _, s := range all {
			if match(s) {
				found = s
				return true
			}
		}
		return false
	})
	return found
}

func (c *client) button(name string) seen {
	c.t.Helper()
	var last seen
	c.until("the button "+strconv.Quote(name)+", at rest", func() bool {
		s := c.find("the button "+strconv.Quote(name), func(s seen) bool { return s.Kind == "button" && s.Name == name && !s.Off })
		rests := s == last
		last = s
		return rests
	})
	return last
}

// row waits for a row of a list.
func (c *client) row(name string) seen {
	c.t.Helper()
	return c.find("the row "+strconv.Quote(name), func(s seen) bool { return s.Kind == "button" && s.Name == name })
}

// text waits for a text that holds part.
func (c *client) text(part string) seen {
	c.t.Helper()
	return c.find("the text "+strconv.Quote(part), func(s seen) bool { return s.Kind != "entry" && strings.Contains(s.Name, part) })
}

// gone waits until no text holds part.
func (c *client) gone(part string) {
	c.t.Helper()
	c.until("the text "+strconv.Quote(part)+" to go", func() bool { return !c.shows(part) })
}

// shows reports whether a text holds part just now.
func (c *client) shows(part string) bool {
	all, err := c.see()
	if err != nil {
		return true // not known: not gone
	}
	for _, s := range all {
		if strings.Contains(s.Name, part) {
			return true
		}
	}
	return false
}

// entry waits for the entry below the label.
func (c *client) entry(label string) seen {
	c.t.Helper()
	var found seen
	c.until("the entry "+strconv.Quote(label), func() bool {
		all, err := c.see()
		if err != nil {
			return false
		}
		below := false
		for _, s := range all {
			if s.Kind == "entry" && (below || s.Name == label) {
				found = s
				return true
			}
			below = below || s.Kind == "text" && s.Name == label
		}
		return false
	})
	return found
}

// press clicks on a button, scrolling to it where it is out of sight.
func (c *client) press(name string) {
	c.t.Helper()
	for i := range 40 {
		if s := c.button(name); s.InSight {
			c.clickUntilItShows(s)
			return
		}
		x := "700"
		if i%2 == 1 {
			x = "1070" // beside the column: a field under the pointer takes the wheel for itself
		}
		c.run("xdotool", "mousemove", "--window", c.id, x, "450", "sleep", "0.05", "click", "--repeat", "3", "5", "sleep", "0.1")
	}
	c.fail("%q cannot be scrolled into sight", name)
}

// clickUntilItShows clicks, and once more where nothing changed: a window that
// draws slowly may have taken the press to be elsewhere.
func (c *client) clickUntilItShows(s seen) {
	c.t.Helper()
	for range 3 {
		before := c.describe()
		c.click(s)
		for range 30 {
			if c.describe() != before {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
}

// click moves there first and gives the window time to see it: the toolkit
// takes a press to be where it last saw the pointer.
func (c *client) click(s seen) {
	c.t.Helper()
	c.run("xdotool", "mousemove", "--window", c.id, at(s.X+s.W/2), at(s.Y+s.H/2), "sleep", "0.3", "click", "1")
}

func at(f float32) string { return strconv.Itoa(int(f)) }

// fill types into the entry below the label and waits until it is there.
func (c *client) fill(label, text string) {
	c.t.Helper()
	tries := 0
	c.until(label+" to have the keyboard", func() bool {
		s := c.entry(label)
		if !s.Focused && tries%20 == 0 {
			c.click(seen{X: s.X, Y: s.Y, W: min(s.W, 160), H: s.H})
		}
		tries++
		return s.Focused
	})
	c.key("ctrl+a")
	c.run("xdotool", "type", "--delay", "8", "--", text)
}

func (c *client) key(keys ...string) {
	c.t.Helper()
	c.run("xdotool", append([]string{"key", "--delay", "20"}, keys...)...)
}

// shot saves the window as a PNG, once it stands still.
func (c *client) shot(path string) {
	c.t.Helper()
	c.run("xdotool", "mousemove", "--window", c.id, "2", "2")
	var before []byte
	for range 20 {
		time.Sleep(250 * time.Millisecond)
		c.run("import", "-window", c.id, path)
		now, err := os.ReadFile(path)
		if err != nil {
			c.t.Fatal(err)
		}
		if bytes.Equal(before, now) {
			break
		}
		before = now
	}
	c.run("convert", path, "-strip", "-define", "png:compression-level=9", path)
}

// strangerPassphrase is one that a test can type.
func strangerPassphrase() string { return passphrase.Generate() }
