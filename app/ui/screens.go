package ui

import (
	"sotto/app/ui/about"
	"sotto/app/ui/add"
	"sotto/app/ui/contact"
	"sotto/app/ui/conversation"
	"sotto/app/ui/gallery"
	"sotto/app/ui/invite"
	"sotto/app/ui/privacypage"
	"sotto/app/ui/requests"
	"sotto/app/ui/screen"
	"sotto/app/ui/searchpage"
	"sotto/app/ui/securitypage"
	"sotto/app/ui/settings"
	"sotto/app/ui/storagepage"
	"sotto/app/ui/unlock"
	"sotto/app/ui/viewer"
	"sotto/app/ui/welcome"
)

// makers make the screens by their names. Home is the window's own (home.go).
func makers() map[screen.Name]screen.Maker {
	return map[screen.Name]screen.Maker{
		screen.Welcome:  welcome.New,
		screen.Unlock:   unlock.New,
		screen.Chat:     func(s screen.Services, at screen.Place) screen.Screen { return conversation.New(s, at) },
		screen.Contact:  func(s screen.Services, at screen.Place) screen.Screen { return contact.New(s, at) },
		screen.Requests: func(s screen.Services, at screen.Place) screen.Screen { return requests.New(s, at) },
		screen.Search:   func(s screen.Services, at screen.Place) screen.Screen { return searchpage.New(s, at) },
		screen.Invite:   func(s screen.Services, at screen.Place) screen.Screen { return invite.New(s, at) },
		screen.Add:      func(s screen.Services, at screen.Place) screen.Screen { return add.New(s, at) },
		screen.Privacy:  privacypage.New,
		screen.Security: securitypage.New,
		screen.Settings: settings.New,
		screen.Storage:  storagepage.New,
		screen.About:    about.New,
		screen.Files:    gallery.New,
		screen.Viewer:   viewer.New,
	}
}
