package profile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"sotto/chat"
	"sotto/chat/disk"
	"sotto/transport/relay"
	relayblobs "sotto/transport/relay/store/folder"
	"sotto/transport/relay/store/sqlite"
	"sotto/transport/wire"
)

const (
	portsName      = "ports.json"
	relayBlobsName = "blobs" // in the relay's folder
)

// EmbeddedRelay is the relay inside the client: on loopback always, on the local network when switched on. Its store is
// sealed envelopes like any relay's; its ports are chosen once and kept, because links name them.
type EmbeddedRelay struct {
	dir string

	mu      sync.Mutex
	ports   ports
	secret  wire.PassSecret
	id      *relay.Identity
	lock    *flock.Flock
	store   *sqlite.Store
	relay   *relay.Relay
	network net.Listener
	served  sync.WaitGroup
	damaged bool // the store could not be opened
}

// ports is the content of ports.json.
type ports struct {
	Loopback  uint16 `json:"loopback"`
	Network   uint16 `json:"network"`
	OnNetwork bool   `json:"on_network"`
}

// openEmbedded prepares the relay in dir, choosing its ports and making its identity the first time.
func openEmbedded(dir string) (*EmbeddedRelay, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the relay's folder: %w", disk.Error(err))
	}
	id, secret, err := relay.OpenIdentity(dir)
	if err != nil {
		return nil, fmt.Errorf("open the embedded relay: %w", relayFileError(err))
	}
	r := &EmbeddedRelay{dir: dir, id: id, secret: secret, lock: flock.New(filepath.Join(dir, lockName), flock.SetPermissions(0o600))}
	raw, err := os.ReadFile(filepath.Join(dir, portsName))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := r.choosePorts(); err != nil {
			return nil, err
		}
	case err != nil:
		return nil, fmt.Errorf("read the embedded relay's ports: %w", disk.Error(err))
	default:
		if err := json.Unmarshal(raw, &r.ports); err != nil || r.ports.Loopback == 0 || r.ports.Network == 0 {
			return nil, fmt.Errorf("%w: ports of the embedded relay", chat.ErrDamaged)
		}
	}
	return r, nil
}

// OpenRelay prepares the embedded relay of a profile that stays locked, to serve it alone (sottoctl relay-serve). It
// needs no passphrase: the relay's folder holds nothing that opens anything. Errors: chat.ErrNoProfile.
func OpenRelay(dir string) (*EmbeddedRelay, error) {
	if !Exists(dir) {
		return nil, chat.ErrNoProfile
	}
	return openEmbedded(filepath.Join(dir, relayName))
}

// choosePorts asks the system for two free ports and keeps them.
func (r *EmbeddedRelay) choosePorts() error {
	var free [2]uint16
	for i := range free {
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			return fmt.Errorf("choose a port: %w", chat.ErrUnsupported)
		}
		defer l.Close() //nolint:errcheck // held open so that the second differs from the first
		free[i] = l.Addr().(*net.TCPAddr).AddrPort().Port()
	}
	r.ports = ports{Loopback: free[0], Network: free[1]}
	return r.savePorts()
}

func (r *EmbeddedRelay) savePorts() error {
	raw, err := json.Marshal(r.ports)
	if err != nil {
		return err
	}
	temp := filepath.Join(r.dir, portsName+".new")
	if err := os.WriteFile(temp, raw, 0o600); err != nil {
		return fmt.Errorf("keep the embedded relay's ports: %w", disk.Error(err))
	}
	if err := os.Rename(temp, filepath.Join(r.dir, portsName)); err != nil {
		return fmt.Errorf("keep the embedded relay's ports: %w", disk.Error(err))
	}
	return nil
}

// LoopbackPass is the relay pass for this computer.
func (r *EmbeddedRelay) LoopbackPass() string {
	return wire.Pass{Address: r.loopback(), Secret: r.secret}.Text()
}

// LoopbackAddress is where the relay is found on this computer.
func (r *EmbeddedRelay) LoopbackAddress() string { return r.loopback().String() }

func (r *EmbeddedRelay) loopback() wire.Address {
	return wire.Address{Host: "127.0.0.1", Port: r.ports.Loopback, Mode: wire.Pinned, Pin: r.id.ID()}
}

// NetworkPass is the relay pass for the local network, with this computer's present address there. It answers
// chat.ErrUnsupported when this computer has none.
func (r *EmbeddedRelay) NetworkPass() (string, error) {
	host, err := privateAddress()
	if err != nil {
		return "", err
	}
	address := wire.Address{Host: host.String(), Port: r.ports.Network, Mode: wire.Pinned, Pin: r.id.ID()}
	return wire.Pass{Address: address, Secret: r.secret}.Text(), nil
}

// privateAddress is the first private IPv4 address of an interface that is up.
func privateAddress() (netip.Addr, error) {
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return netip.Addr{}, chat.ErrUnsupported
	}
	for _, a := range addresses {
		prefix, err := netip.ParsePrefix(a.String())
		if err == nil && prefix.Addr().Is4() && prefix.Addr().IsPrivate() {
			return prefix.Addr(), nil
		}
	}
	return netip.Addr{}, chat.ErrUnsupported
}

// OnNetwork reports whether the local-network switch is on.
func (r *EmbeddedRelay) OnNetwork() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ports.OnNetwork
}

// Start serves the relay. Where another process serves the same folder (sottoctl relay-serve) it does nothing: this
// process then is a client of that one. A port that a foreign program has taken answers chat.ErrOffline, a damaged store
// chat.ErrDamaged; BeginAnew helps there.
func (r *EmbeddedRelay) Start() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.relay != nil {
		return nil
	}
	mine, err := r.lock.TryLock()
	if err != nil {
		return fmt.Errorf("lock the embedded relay: %w", disk.Error(err))
	}
	if !mine {
		return nil
	}
	if err := r.serve(); err != nil {
		return errors.Join(err, r.stop(context.Background()))
	}
	return nil
}

// relayFileError names what is wrong with the files of the relay.
func relayFileError(err error) error {
	if errors.Is(err, relay.ErrDamaged) || errors.Is(err, sqlite.ErrDamaged) {
		return fmt.Errorf("%w: %w", chat.ErrDamaged, err)
	}
	return disk.Error(err)
}

func (r *EmbeddedRelay) serve() error {
	var err error
	r.store, err = sqlite.Open(r.dir)
	r.damaged = errors.Is(err, sqlite.ErrDamaged)
	if err != nil {
		return fmt.Errorf("open the embedded relay's store: %w", relayFileError(err))
	}
	blobs, err := relayblobs.Open(filepath.Join(r.dir, relayBlobsName))
	if err != nil {
		return fmt.Errorf("open the embedded relay's blobs: %w", relayFileError(err))
	}
	r.relay, err = relay.New(relay.Options{
		Store: r.store, Blobs: blobs, Identity: r.id, Secret: r.secret, Limits: relay.EmbeddedLimits(),
	})
	if err != nil {
		return fmt.Errorf("start the embedded relay: %w", err)
	}
	l, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", r.ports.Loopback))
	if err != nil {
		return fmt.Errorf("the embedded relay's port is taken: %w", chat.ErrOffline)
	}
	serving := r.relay
	// Pinned on loopback, too: another user of this computer who takes the port while Sotto is away gets no password.
	r.served.Go(func() { _ = serving.ServeTLS(l) })
	if r.ports.OnNetwork {
		return r.openNetwork()
	}
	return nil
}

func (r *EmbeddedRelay) openNetwork() error {
	l, err := net.Listen("tcp", fmt.Sprintf(":%d", r.ports.Network))
	if err != nil {
		return fmt.Errorf("the embedded relay's network port is taken: %w", chat.ErrOffline)
	}
	r.network = l
	serving := r.relay
	r.served.Go(func() { _ = serving.ServeTLS(l) })
	return nil
}

// SetNetwork switches the local network on or off, now and for later starts. Connections that stand are not cut.
func (r *EmbeddedRelay) SetNetwork(on bool) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ports.OnNetwork == on {
		return nil
	}
	if r.relay != nil {
		if on {
			if err := r.openNetwork(); err != nil {
				return err
			}
		} else if r.network != nil {
			_ = r.network.Close()
			r.network = nil
		}
	}
	r.ports.OnNetwork = on
	if err := r.savePorts(); err != nil {
		r.ports.OnNetwork = !on
		return err
	}
	return nil
}

// Serving reports whether this process serves the relay.
func (r *EmbeddedRelay) Serving() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.relay != nil
}

// Damaged reports whether the relay does not serve because its store is damaged.
func (r *EmbeddedRelay) Damaged() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.damaged
}

// storeName is the relay's store, asideName begins the name of one that was damaged.
const (
	storeName = sqlite.FileName
	asideName = storeName + ".damaged"
)

// BeginAnew sets a damaged store aside and serves a new one under the same identity and addresses. What lay in the old one
// and was not fetched is kept in its file, which Sotto does not open again. It answers chat.ErrRefused where the store is
// not known to be damaged.
func (r *EmbeddedRelay) BeginAnew() error {
	r.mu.Lock()
	if !r.damaged {
		r.mu.Unlock()
		return fmt.Errorf("%w: the embedded relay is not damaged", chat.ErrRefused)
	}
	err := r.setAside()
	r.mu.Unlock()
	if err != nil {
		return err
	}
	return r.Start()
}

// setAside renames the files of the store, under the lock of the folder.
func (r *EmbeddedRelay) setAside() error {
	mine, err := r.lock.TryLock()
	if err != nil {
		return fmt.Errorf("lock the embedded relay: %w", disk.Error(err))
	}
	if !mine {
		return chat.ErrProfileInUse
	}
	defer r.lock.Unlock() //nolint:errcheck // Start takes it again
	aside := asideName
	for n := 2; ; n++ {
		if _, err := os.Lstat(filepath.Join(r.dir, aside)); errors.Is(err, fs.ErrNotExist) {
			break
		}
		aside = fmt.Sprintf("%s-%d", asideName, n)
	}
	for _, suffix := range []string{"-wal", "-shm", ""} { // the file itself last: it is what the store begins with
		err := os.Rename(filepath.Join(r.dir, storeName+suffix), filepath.Join(r.dir, aside+suffix))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("set the embedded relay's store aside: %w", disk.Error(err))
		}
	}
	r.damaged = false
	return nil
}

// drainTime bounds how long the relay takes to say goodbye.
const drainTime = 3 * time.Second

// Close drains and ends the relay.
func (r *EmbeddedRelay) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stop(ctx)
}

func (r *EmbeddedRelay) stop(ctx context.Context) error {
	var errs []error
	if r.relay != nil {
		errs = append(errs, r.relay.Shutdown(ctx))
		r.served.Wait()
	}
	if r.store != nil {
		errs = append(errs, r.store.Close())
	}
	r.relay, r.store, r.network = nil, nil, nil
	if err := r.lock.Unlock(); err != nil {
		errs = append(errs, disk.Error(err))
	}
	return errors.Join(errs...)
}

// is reports whether address is this relay, under whichever of its addresses.
func (r *EmbeddedRelay) is(address string) bool {
	a, err := wire.ParseAddress(address)
	if err != nil {
		return false
	}
	return a.Mode == wire.Pinned && a.Pin == r.id.ID()
}
