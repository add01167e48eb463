package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// openPTY returns both ends of a new terminal.
func openPTY(t *testing.T) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("this system gives out no terminals")
	}
	t.Cleanup(func() { master.Close() })
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { slave.Close() })
	return master, slave
}

func TestPassphraseIsTypedUnseenAndTheEchoComesBack(t *testing.T) {
	master, slave := openPTY(t)
	before, err := unix.IoctlGetTermios(int(slave.Fd()), unix.TCGETS)
	if err != nil || before.Lflag&unix.ECHO == 0 {
		t.Fatalf("a new terminal does not echo, error %v", err)
	}
	cmd := exec.Command("sottoctl", "--profile", t.TempDir()+"/new", "init", "--name", "Ada")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 3}
	cmd.ExtraFiles = []*os.File{slave}
	words, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(words)
	for _, step := range []struct{ prompt, typed string }{
		{"New passphrase: ", "first try\n"},
		{"Once more: ", "second try\n"},
	} {
		if got := readUntil(t, r, step.prompt); !strings.HasSuffix(got, step.prompt) {
			t.Fatalf("asked %q, want %q", got, step.prompt)
		}
		if _, err := master.WriteString(step.typed); err != nil {
			t.Fatal(err)
		}
	}
	rest, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Wait() //nolint:errcheck // its exit code is compared below
	if !strings.Contains(string(rest), "The two entries differ") || cmd.ProcessState.ExitCode() != exitUsage {
		t.Errorf("exit %d, %s", cmd.ProcessState.ExitCode(), rest)
	}
	after, err := unix.IoctlGetTermios(int(slave.Fd()), unix.TCGETS)
	if err != nil || after.Lflag != before.Lflag {
		t.Errorf("the terminal is left with flags %x, was %x, error %v", after.Lflag, before.Lflag, err)
	}
	if shown := drain(t, master); bytes.Contains(shown, []byte("try")) {
		t.Errorf("the terminal showed %q", shown)
	}
}

func readUntil(t *testing.T, r *bufio.Reader, end string) string {
	t.Helper()
	var b strings.Builder
	for !strings.HasSuffix(b.String(), end) {
		c, err := r.ReadByte()
		if err != nil {
			t.Fatalf("read %q, then %v", b.String(), err)
		}
		b.WriteByte(c)
	}
	return b.String()
}

// drain returns what the terminal has shown so far.
func drain(t *testing.T, master *os.File) []byte {
	t.Helper()
	fd := int(master.Fd())
	if err := unix.SetNonblock(fd, true); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 4096)
	n, err := unix.Read(fd, b)
	if err != nil && err != unix.EAGAIN {
		t.Fatal(err)
	}
	return b[:max(n, 0)]
}

func TestWithoutTerminalNothingIsAskedOrMade(t *testing.T) {
	dir := t.TempDir() + "/new"
	cmd := exec.Command("sottoctl", "--profile", dir, "--json", "init", "--name", "Ada")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // no controlling terminal
	out, _ := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() != exitLocked || !bytes.Contains(out, []byte(`"code":"locked"`)) {
		t.Errorf("exit %d, %s", cmd.ProcessState.ExitCode(), out)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the folder was made: %v", err)
	}
}
