// Package browsertest tells the stories of pages in real browsers: chromium for
// all of them, Firefox for whether it works there too; and of programs in
// Node.js. Its tests are those of Node's own runner in stories, driven by
// playwright-core and puppeteer-core; pages, programs and servers are the ones
// that users have, made and started here. The application of "make run",
// examples/wine, is one of them.
//
// How its screens look, a person sees in the folder that SCREENS names:
//
//	SCREENS=/tmp/screens go test -count=1 -run Stories ./host/browser/browsertest
//
// It needs Node, npm and the browsers, and fails where they are missing.
package browsertest
