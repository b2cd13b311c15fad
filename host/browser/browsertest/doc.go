// Package browsertest tells the stories of pages in real browsers: chromium for
// all of them, Firefox for whether it works there too. Its tests are those of
// Node's own runner in stories, driven by playwright-core and puppeteer-core;
// pages and servers are the ones that users have, made and started here.
//
// It needs Node, npm and the browsers, and fails where they are missing.
package browsertest
