// Package invite makes invitations: the code to scan on the left, the link on the right, and three choices in words (for
// whom, how long, how far). Nothing is made before the person says so, because whoever has a link can use it.
//
// Below it lists the invitations that are still open, each of which can be copied again or withdrawn.
package invite
