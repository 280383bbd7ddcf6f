import * as nodeModule from "node:module";

/**
 * Keeps V8's compiled code of the thousand and more modules behind the SDKs from one run to the next: a preview starts
 * a new process every time. Imported first, since only what is loaded afterwards is kept. Node.js before 22.8 has no
 * such cache and goes without. https://nodejs.org/api/module.html#module-compile-cache
 */
if ("enableCompileCache" in nodeModule) nodeModule.enableCompileCache();
