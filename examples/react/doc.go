// Package react is a page in React, built with Vite, over a small program;
// README.md says how to start it.
package react
