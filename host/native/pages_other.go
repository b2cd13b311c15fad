//go:build !unix

package native

import "context"

// withPages leaves memory to the engine, which copies it where it grows.
func withPages(ctx context.Context) context.Context { return ctx }
