// Package about says what this program is: version, licence, that nobody has audited it, and the privacy notice in short.
package about
