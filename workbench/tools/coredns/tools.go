//go:build tools

// Package tools pins the DNS server that the lab's real nodes ask.
package tools

import _ "github.com/coredns/coredns"
