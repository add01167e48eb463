// Package keyfile lets a person name the key file that goes with a passphrase: at unlocking, at the step-up, and when a
// way to open the profile is made (docs/STORAGE.md section 2.2).
package keyfile
