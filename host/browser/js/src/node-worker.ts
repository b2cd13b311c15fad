// The worker of an application in Node.js: that of a page, in a thread.

import "./scope-node.ts";
import "./worker.ts";
