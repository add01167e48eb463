//go:build linux

package platform_test

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/godbus/dbus/v5"
	"github.com/godbus/dbus/v5/prop"

	"sotto/app/platform"
)

const (
	secretsName    = "org.freedesktop.secrets"
	secretsPath    = dbus.ObjectPath("/org/freedesktop/secrets")
	loginPath      = secretsPath + "/collection/login"
	secretsService = "org.freedesktop.Secret.Service"
)

// secrets is a Secret Service (the draft specification of freedesktop.org) with one collection.
type secrets struct {
	t    *testing.T
	conn *dbus.Conn

	mu     sync.Mutex
	locked bool
	items  map[dbus.ObjectPath]*item
	next   byte
}

type item struct {
	owner      *secrets
	path       dbus.ObjectPath
	attributes map[string]string
	value      []byte
}

// secret is the struct (oayays) of the specification.
type secret struct {
	Session     dbus.ObjectPath
	Parameters  []byte
	Value       []byte
	ContentType string
}

func serveSecrets(t *testing.T, conn *dbus.Conn) *secrets {
	t.Helper()
	s := &secrets{t: t, conn: conn, items: map[dbus.ObjectPath]*item{}}
	export := func(v any, path dbus.ObjectPath, in string) {
		if err := conn.Export(v, path, in); err != nil {
			t.Fatal(err)
		}
	}
	export(service{s}, secretsPath, secretsService)
	export(collection{s}, loginPath, "org.freedesktop.Secret.Collection")
	export(session{}, secretsPath+"/session/1", "org.freedesktop.Secret.Session")
	_, err := prop.Export(conn, secretsPath, prop.Map{secretsService: {"Collections": {Value: []dbus.ObjectPath{loginPath}}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.RequestName(secretsName, dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
	return s
}

type service struct{ *secrets }

func (service) OpenSession(string, dbus.Variant) (dbus.Variant, dbus.ObjectPath, *dbus.Error) {
	return dbus.MakeVariant(""), secretsPath + "/session/1", nil
}

func (s service) Unlock(what []dbus.ObjectPath) ([]dbus.ObjectPath, dbus.ObjectPath, *dbus.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.locked {
		return nil, "/", nil
	}
	return what, "/", nil
}

type session struct{}

func (session) Close() *dbus.Error { return nil }

type collection struct{ *secrets }

func (c collection) SearchItems(want map[string]string) ([]dbus.ObjectPath, *dbus.Error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for path, i := range c.items {
		if maps.Equal(i.attributes, want) {
			return []dbus.ObjectPath{path}, nil
		}
	}
	return []dbus.ObjectPath{}, nil
}

func (c collection) CreateItem(with map[string]dbus.Variant, kept secret, replace bool) (dbus.ObjectPath, dbus.ObjectPath, *dbus.Error) {
	attributes, ok := with["org.freedesktop.Secret.Item.Attributes"].Value().(map[string]string)
	if !ok || !replace {
		return "", "/", dbus.NewError("org.freedesktop.DBus.Error.InvalidArgs", nil)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for path, i := range c.items {
		if maps.Equal(i.attributes, attributes) {
			i.value = kept.Value
			return path, "/", nil
		}
	}
	c.next++
	path := loginPath + dbus.ObjectPath("/"+string('a'+c.next))
	i := &item{owner: c.secrets, path: path, attributes: attributes, value: kept.Value}
	c.items[path] = i
	if err := c.conn.Export(i, path, "org.freedesktop.Secret.Item"); err != nil {
		return "", "/", dbus.MakeFailedError(err)
	}
	return path, "/", nil
}

func (i *item) GetSecret(in dbus.ObjectPath) (secret, *dbus.Error) {
	i.owner.mu.Lock()
	defer i.owner.mu.Unlock()
	return secret{Session: in, Parameters: []byte{}, Value: i.value, ContentType: "text/plain"}, nil
}

func (i *item) Delete() (dbus.ObjectPath, *dbus.Error) {
	i.owner.mu.Lock()
	defer i.owner.mu.Unlock()
	delete(i.owner.items, i.path)
	return "/", nil
}

func TestAKeyIsKeptInTheSecretServiceOfTheSession(t *testing.T) {
	conn := bus(t)
	s := serveSecrets(t, conn)
	k := platform.NewKeychain()
	key := [platform.KeySize]byte{1, 2, 3}
	if _, err := k.Get("a"); !errors.Is(err, platform.ErrNoKey) {
		t.Errorf("before it was kept: %v", err)
	}
	for _, kept := range [][platform.KeySize]byte{{9}, key} { // the second takes the place of the first
		if err := k.Put("a", kept); err != nil {
			t.Fatal(err)
		}
	}
	if err := k.Put("b", [platform.KeySize]byte{}); err != nil {
		t.Fatal(err)
	}
	if got, err := k.Get("a"); err != nil || got != key {
		t.Errorf("%x, %v", got, err)
	}
	if len(s.items) != 2 {
		t.Errorf("%d items", len(s.items))
	}

	s.mu.Lock()
	s.locked = true
	s.mu.Unlock()
	for name, err := range map[string]error{
		"Put": k.Put("a", key), "Get": func() error { _, err := k.Get("a"); return err }(), "Delete": k.Delete("a"),
	} {
		if !errors.Is(err, platform.ErrKeychain) {
			t.Errorf("%s in a locked keychain: %v", name, err)
		}
	}
	s.mu.Lock()
	s.locked = false
	for _, i := range s.items {
		i.value = []byte("something that another program wrote")
	}
	s.mu.Unlock()
	if _, err := k.Get("a"); !errors.Is(err, platform.ErrNoKey) {
		t.Errorf("an entry of another shape: %v", err)
	}
	if err := k.Delete("a"); err != nil {
		t.Error(err)
	}
	if err := k.Delete("a"); !errors.Is(err, platform.ErrNoKey) {
		t.Errorf("deleted twice: %v", err)
	}
}

func TestWithoutASecretServiceTheKeychainIsUnsupported(t *testing.T) {
	for name, prepare := range map[string]func(t *testing.T){
		"a bus without the service": func(t *testing.T) { bus(t) },
		"no bus": func(t *testing.T) {
			t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+filepath.Join(t.TempDir(), "none"))
		},
		"no address": func(t *testing.T) {
			t.Setenv("DBUS_SESSION_BUS_ADDRESS", "")
			t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
			t.Setenv("PATH", t.TempDir())
			if err := os.Unsetenv("DBUS_SESSION_BUS_ADDRESS"); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			prepare(t)
			k := platform.NewKeychain()
			if err := k.Put("a", [platform.KeySize]byte{1}); !errors.Is(err, platform.ErrUnsupported) {
				t.Errorf("Put: %v", err)
			}
			if _, err := k.Get("a"); !errors.Is(err, platform.ErrUnsupported) {
				t.Errorf("Get: %v", err)
			}
			if err := k.Delete("a"); !errors.Is(err, platform.ErrUnsupported) {
				t.Errorf("Delete: %v", err)
			}
		})
	}
}
