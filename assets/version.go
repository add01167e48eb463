package assets

// Version is the version of every program in this repository. FyneApp.toml repeats it; a test keeps them equal.
const Version = "0.1.0"

// AppID names the application to the desktop: the D-Bus name, the desktop entry and Fyne's metadata.
const AppID = "im.sotto.Sotto"
