// Package stepup asks for the passphrase again before an act that cannot be undone or gives data out of hand
// (app/security, StepUp).
package stepup
