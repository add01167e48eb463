// Package app is the floor of use cases: messenger, privacy, security and assistant decide what happens; profile
// composes them with storage and transport; ui shows them. The package itself holds no code; its test guards the walls
// of the whole house (who may import whom, docs/ARCHITECTURE.md).
package app
