package theme

import (
	"bytes"
	"fmt"
	"image/color"
	"sync"

	"fyne.io/fyne/v2"

	"sotto/assets"
)

// IconName names one of our icons; the file is assets/icons/NAME.svg.
type IconName string

// The icons.
const (
	IconAlert          IconName = "alert"
	IconArchive        IconName = "archive"
	IconArrowDown      IconName = "arrow-down"
	IconAttach         IconName = "attach"
	IconBack           IconName = "back"
	IconBell           IconName = "bell"
	IconBot            IconName = "bot"
	IconChanged        IconName = "changed"
	IconChat           IconName = "chat"
	IconCheck          IconName = "check"
	IconCheckCircle    IconName = "check-circle"
	IconChecks         IconName = "checks"
	IconChevronDown    IconName = "chevron-down"
	IconChevronLeft    IconName = "chevron-left"
	IconChevronRight   IconName = "chevron-right"
	IconClock          IconName = "clock"
	IconClose          IconName = "close"
	IconConsent        IconName = "consent"
	IconCopy           IconName = "copy"
	IconDevice         IconName = "device"
	IconDocument       IconName = "document"
	IconDownload       IconName = "download"
	IconEdit           IconName = "edit"
	IconExport         IconName = "export"
	IconEye            IconName = "eye"
	IconEyeOff         IconName = "eye-off"
	IconFile           IconName = "file"
	IconFilm           IconName = "film"
	IconFit            IconName = "fit"
	IconForward        IconName = "forward"
	IconHand           IconName = "hand"
	IconInbox          IconName = "inbox"
	IconInfo           IconName = "info"
	IconInvite         IconName = "invite"
	IconKey            IconName = "key"
	IconLeave          IconName = "leave"
	IconLink           IconName = "link"
	IconLock           IconName = "lock"
	IconMoon           IconName = "moon"
	IconMore           IconName = "more"
	IconNoExport       IconName = "no-export"
	IconOffline        IconName = "offline"
	IconOnline         IconName = "online"
	IconOpen           IconName = "open"
	IconOriginal       IconName = "original"
	IconPeople         IconName = "people"
	IconPerson         IconName = "person"
	IconPicture        IconName = "picture"
	IconPin            IconName = "pin"
	IconPlus           IconName = "plus"
	IconPrint          IconName = "print"
	IconQR             IconName = "qr"
	IconQuantum        IconName = "quantum"
	IconQuantumPending IconName = "quantum-pending"
	IconQuestion       IconName = "question"
	IconRefresh        IconName = "refresh"
	IconRelay          IconName = "relay"
	IconReply          IconName = "reply"
	IconSave           IconName = "save"
	IconSearch         IconName = "search"
	IconSend           IconName = "send"
	IconSettings       IconName = "settings"
	IconShield         IconName = "shield"
	IconSidebar        IconName = "sidebar"
	IconSmile          IconName = "smile"
	IconSound          IconName = "sound"
	IconSun            IconName = "sun"
	IconTable          IconName = "table"
	IconTimer          IconName = "timer"
	IconTrash          IconName = "trash"
	IconUnverified     IconName = "unverified"
	IconVerified       IconName = "verified"
	IconWarning        IconName = "warning"
	IconZoomIn         IconName = "zoom-in"
	IconZoomOut        IconName = "zoom-out"
)

type iconKey struct {
	name  IconName
	color color.NRGBA
}

var (
	iconMu    sync.Mutex
	iconCache = map[iconKey]fyne.Resource{}
)

// Icon answers the icon called name drawn in c. Equal arguments answer the same
// resource, so that rasters are cached.
func Icon(name IconName, c color.Color) fyne.Resource {
	k := iconKey{name, color.NRGBAModel.Convert(c).(color.NRGBA)}
	iconMu.Lock()
	defer iconMu.Unlock()
	if r, ok := iconCache[k]; ok {
		return r
	}
	hex := fmt.Sprintf("#%02x%02x%02x", k.color.R, k.color.G, k.color.B)
	svg := bytes.ReplaceAll(assets.Icon(string(name)), []byte("currentColor"), []byte(hex))
	r := fyne.NewStaticResource(fmt.Sprintf("%s-%s.svg", name, hex[1:]), svg)
	iconCache[k] = r
	return r
}
