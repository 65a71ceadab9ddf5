/**
 * Runs one file of a project whose files have been made CommonJS, as a thread. It is given the `root`, the `entry`, whether that
 * `isTest`, the `modules` (for each file its `text` and where its specifiers lead, as `links`), and the `packages` that the project names.
 */

import fs from "node:fs";
import Module from "node:module";
import path from "node:path";
import { workerData as job } from "node:worker_threads";

import { settled, standIn } from "./jest.mjs";

const resolve = Module._resolveFilename;
const load = Module._load;
const actual = (file) => load.call(Module, whole(file), undefined, false);
const jest = job.isTest ? standIn({ load: actual, whole, packages: job.packages }) : undefined;

Module._resolveFilename = function (request, parent, ...others) {
  const target = job.modules[parent?.filename]?.links[request];
  return target ? whole(target) : resolve.call(this, request, parent, ...others);
};

/** The path of a file that is named from the project's folder. */
function whole(target) {
  return target.startsWith("project:") ? path.join(job.root, target.slice("project:".length)) : target;
}

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
    module._compile(file === job.entry ? awaiting(text) : text, file);
  };
}

/** The entry may wait: for itself, and for what factories make. */
function awaiting(text) {
  return `(async () => {${text.replace("__mocked();", "await __mocked();")}\n})().then(__done, __failed);`;
}

function failed(error) {
  console.error(error);
  process.exitCode = 1;
}

Object.assign(globalThis, {
  __jsx: (type, props, ...all) => {
    const children = all.length > 1 ? all : all[0];
    // What is spread may have children, unless there are others.
    const given = all.length > 0 ? { ...props, children } : { ...props };
    return typeof type === "function" ? type(given) : { type, props, children };
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
