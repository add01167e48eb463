package platform

// Autostart starts the application with the session. The zero value of a field
// is not allowed.
type Autostart struct {
	AppID   string // name of the entry
	AppName string
	Exec    string // absolute path of the program
	Folder  string // "" means the system's; tests give their own
}
