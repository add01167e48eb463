package platform

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// ErrRunning says that another instance has the profile open and was asked to
// raise its window.
var ErrRunning = errors.New("platform: already running")

// The whole protocol: the second instance sends raiseRequest, the first answers
// raiseAnswer. Nothing else is read or said.
const (
	raiseRequest  = "raise\n"
	raiseAnswer   = "ok\n"
	raisePatience = 2 * time.Second
)

// Instance listens for second starts until it is closed.
type Instance struct {
	listener net.Listener
	done     sync.WaitGroup
}

// Claim makes this process the one that listens at socket. When another already
// does, it is asked to raise its window and Claim answers [ErrRunning].
// raise is called on a goroutine of its own for every second start. A socket
// that nobody listens at any more is replaced.
func Claim(socket string, raise func()) (*Instance, error) {
	if err := os.MkdirAll(filepath.Dir(socket), 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of the instance socket: %w", err)
	}
	if askToRaise(socket) == nil {
		return nil, ErrRunning
	}
	if err := os.Remove(socket); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("remove a stale instance socket: %w", err)
	}
	l, err := net.Listen("unix", socket)
	if err != nil {
		return nil, fmt.Errorf("listen for second starts: %w", err)
	}
	if err := os.Chmod(socket, 0o600); err != nil {
		l.Close()
		return nil, fmt.Errorf("protect the instance socket: %w", err)
	}
	i := &Instance{listener: l}
	i.done.Go(func() { i.serve(raise) })
	return i, nil
}

func (i *Instance) serve(raise func()) {
	for {
		c, err := i.listener.Accept()
		if err != nil {
			return
		}
		if answer(c) {
			raise()
		}
	}
}

// answer reads one request of bounded size and time.
func answer(c net.Conn) bool {
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(raisePatience)); err != nil {
		return false
	}
	buf := make([]byte, len(raiseRequest))
	if _, err := io.ReadFull(c, buf); err != nil || string(buf) != raiseRequest {
		return false
	}
	_, err := io.WriteString(c, raiseAnswer)
	return err == nil
}

func askToRaise(socket string) error {
	c, err := net.DialTimeout("unix", socket, raisePatience)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(raisePatience)); err != nil {
		return err
	}
	if _, err := io.WriteString(c, raiseRequest); err != nil {
		return err
	}
	buf := make([]byte, len(raiseAnswer))
	if _, err := io.ReadFull(c, buf); err != nil {
		return err
	}
	if string(buf) != raiseAnswer {
		return ErrUnsupported
	}
	return nil
}

// Close stops listening and removes the socket.
func (i *Instance) Close() error {
	err := i.listener.Close()
	i.done.Wait()
	return err
}
