//go:build !unix

package media

// openFlags: there are none here; what was opened is compared with what the path named.
const openFlags = 0
