package screen

import (
	"net"
	"net/netip"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"sotto/app/messenger"
	"sotto/app/ui/i18n"
)

// RelayName is the part of a relay address that a person can compare: host and port, without scheme and pin.
func RelayName(address string) string {
	_, rest, found := strings.Cut(address, "://")
	if !found {
		rest = address
	}
	rest, _, _ = strings.Cut(rest, "#")
	return strings.TrimSuffix(rest, "/")
}

// ReachOf says how far the relay at an address reaches: an address that is loopback or private is, whatever its name.
func ReachOf(address string) messenger.Reach {
	host, _, err := net.SplitHostPort(RelayName(address))
	if err != nil {
		host = RelayName(address)
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	switch {
	case host == "localhost", err == nil && ip.IsLoopback():
		return messenger.ReachComputer
	case err == nil && (ip.IsPrivate() || ip.IsLinkLocalUnicast()):
		return messenger.ReachNetwork
	}
	return messenger.ReachAnywhere
}

// ReachWords says how far a relay reaches, in one sentence.
func ReachWords(r messenger.Reach) string {
	switch r {
	case messenger.ReachComputer:
		return i18n.T("reach.computer")
	case messenger.ReachNetwork:
		return i18n.T("reach.network")
	}
	return i18n.T("reach.anywhere")
}

// tall keeps what it holds at a height.
type tall struct{ height float32 }

// Tall gives o a fixed height: for scrolling parts of dialogs.
func Tall(o fyne.CanvasObject, height float32) fyne.CanvasObject {
	return container.New(&tall{height}, o)
}

func (t *tall) MinSize(objs []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(objs[0].MinSize().Width, t.height)
}

func (t *tall) Layout(objs []fyne.CanvasObject, s fyne.Size) { objs[0].Resize(s) }
