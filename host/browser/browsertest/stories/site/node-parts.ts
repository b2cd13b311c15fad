// Parts of the package that only stories take by themselves.

export { checkFiles } from "../../../js/test/files.ts";
export { openDirectory, replace, stored } from "../../../js/src/files-node.ts";
export { lockDirectory } from "../../../js/src/lock-node.ts";
