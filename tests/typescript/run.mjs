/**
 * Runs one file of a project whose files have been made CommonJS. The job is JSON on stdin: `entry`, `isTest`, `modules` (for each file its
 * `text` and where its specifiers lead, as `links`), and the `packages` that the project names.
 */

import fs from "node:fs";
import Module from "node:module";

import { settled, standIn } from "./jest.mjs";

const job = JSON.parse(fs.readFileSync(0, "utf8"));
const resolve = Module._resolveFilename;
const load = Module._load;
const jest = job.isTest ? standIn({ load: (file) => load.call(Module, file, undefined, false), packages: job.packages }) : undefined;

Module._resolveFilename = function (request, parent, ...others) {
  const target = job.modules[parent?.filename]?.links[request];
  return target ?? resolve.call(this, request, parent, ...others);
};

Module._load = function (request, parent, ...others) {
  if (jest && /^(?:@jest\/globals|vitest)$/.test(request)) return jest.globals;
  const file = jest ? found(request, parent) : request;
  return jest?.mocks(file) ? jest.mocked(file) : load.call(this, request, parent, ...others);
};

/** The file that a request leads to, or the request itself where it leads to none. */
function found(request, parent) {
  try {
    return Module._resolveFilename(request, parent);
  } catch {
    return request;
  }
}

for (const end of [".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts"]) {
  Module._extensions[end] = (module, file) => {
    const known = job.modules[file];
    // Types alone, and what is no code.
    if (!known && !/(?<!\.d)\.[cm]?js$/.test(file)) return;
    const text = known?.text ?? fs.readFileSync(file, "utf8");
    module._compile(file === job.entry ? `(async () => {${text.replace("__mocked();", "await __mocked();")}\n})().then(__done, __failed);` : text, file);
  };
}

function failed(error) {
  console.error(error);
  process.exitCode = 1;
}

Object.assign(globalThis, {
  __jsx: (type, props, ...all) => {
    const children = all.length > 1 ? all : all[0];
    return typeof type === "function" ? type({ ...props, children }) : { type, props, children };
  },
  __mocked: settled,
  __done: () => jest?.run().then((isGood) => (process.exitCode = isGood ? 0 : 1)),
  __failed: failed,
  ...jest?.globals,
});
try {
  load.call(Module, job.entry, undefined, false);
} catch (error) {
  failed(error);
}
