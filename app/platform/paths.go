package platform

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"

	"github.com/adrg/xdg"
)

// DefaultProfile answers the folder of the profile that starts without being
// named: sotto/default in the user's data folder.
func DefaultProfile() string { return filepath.Join(xdg.DataHome, "sotto", "default") }

// longestSocket is what every system takes as the path of a Unix socket, in
// bytes (104 on the BSDs and macOS with the closing zero).
const longestSocket = 103

// SocketPath answers where the instance that has profile open listens: in the
// runtime folder, which only the user can enter, under a name that does not
// show the profile's path; inside the profile where there is no such folder.
func SocketPath(profile string) (string, error) {
	abs, err := filepath.Abs(profile)
	if err != nil {
		return "", err
	}
	if s, err := os.Stat(xdg.RuntimeDir); err == nil && s.IsDir() {
		sum := sha256.Sum256([]byte(abs))
		p := filepath.Join(xdg.RuntimeDir, "sotto", hex.EncodeToString(sum[:8])+".sock")
		if len(p) <= longestSocket {
			return p, nil
		}
	}
	p := filepath.Join(abs, "raise.sock")
	if len(p) > longestSocket {
		return "", ErrUnsupported
	}
	return p, nil
}
