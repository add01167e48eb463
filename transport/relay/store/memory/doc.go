// Package memory is a relay store in memory, for tests. It keeps the contract of package store except
// that nothing survives the process.
package memory
