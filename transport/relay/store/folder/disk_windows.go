package folder

import (
	"syscall"
	"unsafe"
)

const (
	quotaReached = syscall.Errno(112) // ERROR_DISK_FULL
)

var diskFree = syscall.NewLazyDLL("kernel32.dll").NewProc("GetDiskFreeSpaceExW")

// free is the room that this user may use.
func free(dir string) (uint64, error) {
	path, err := syscall.UTF16PtrFromString(dir)
	if err != nil {
		return 0, err
	}
	var available uint64
	if ok, _, err := diskFree.Call(uintptr(unsafe.Pointer(path)), uintptr(unsafe.Pointer(&available)), 0, 0); ok == 0 {
		return 0, err
	}
	return available, nil
}

// syncFolder does nothing: a rename is durable with the file system's own journal, and a folder cannot be synced.
func syncFolder(string) error { return nil }
