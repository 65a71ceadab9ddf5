/**
 * Says of folders what the TypeScript compiler and Node see of them, as JSON.
 *
 * Given folders as arguments, or lists of folders in JSON on stdin, each a line that is answered by a line: the compiler takes long to
 * start, and one process looks at all. For each folder:
 * `diagnostics` (as `tsc --noEmit`: `file:line:code:message`), `unresolved` (`file: specifier`, those in strings that `jest.mock` and
 * its like are given included), `exports` (what each module exports, and whether it is a type, a value or both), and `runs`: for each
 * `main` file and each test what it prints (`out`, `err`) and its exit `code`.
 *
 * To be run, all files are made CommonJS, and what a specifier leads to is asked of the compiler: so aliases of a configuration work, and
 * tests see mocks as under babel-jest. Tests are given the small stand-in of jest.mjs.
 */

import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import readline from "node:readline";
import { Worker } from "node:worker_threads";

import { IS_DECLARATION, nodes, ofJest, open, program, specifier, takesModule, ts } from "./project.mjs";

const RUN = new URL("run.mjs", import.meta.url);
const IS_MAIN = /^main\.(?:[cm]?[jt]s|[jt]sx)$/;
const IS_TEST = /(?:\.(?:test|spec)\.[cm]?[jt]sx?|(?:^|\/)__tests__\/.*\.[cm]?[jt]sx?)$/;
/** What is there when a file is run, though the project does not declare it. */
const IS_GLOBAL =
  /^Cannot find (?:name|namespace) '(?:jest|vi|describe|it|test|expect|(?:before|after)(?:Each|All))'|no interface 'JSX\.Intr/;
const SECONDS = 20;

function text(project, message) {
  return ts.flattenDiagnosticMessageText(message, " ").replaceAll(project.root + "/", "");
}

function told(project, { file, start, code, messageText }) {
  const place = file ? `${project.relative(file.fileName)}:${file.getLineAndCharacterOfPosition(start ?? 0).line + 1}` : ":";
  return `${place}:${code}:${text(project, messageText)}`;
}

/** What each module of a program exports. */
function exported(project, made, found) {
  const checker = made.getTypeChecker();
  for (const file of made.getSourceFiles()) {
    const module = checker.getSymbolAtLocation(file);
    if (!module || !file.fileName.startsWith(project.root + "/") || file.fileName.includes("/node_modules/")) continue;
    const names = {};
    for (const symbol of checker.getExportsOfModule(module)) {
      const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
      const kinds = [target.flags & ts.SymbolFlags.Value && "value", target.flags & ts.SymbolFlags.Type && "type"].filter(Boolean);
      names[symbol.name] = kinds.join(" and ") || (target.flags & ts.SymbolFlags.Namespace ? "namespace" : "nothing");
    }
    found[project.relative(file.fileName)] = names;
  }
}

/** The specifiers that lead nowhere. */
function unresolved(project, made, file) {
  const ambient = made.getTypeChecker().getAmbientModules().map((symbol) => symbol.name.replace(/^"|"$/g, ""));
  const matches = (name) => ambient.some((known) => (known.includes("*") ? glob(known).test(name) : known === name));
  const found = [...nodes(file)].map(specifier).filter(Boolean);
  const leads = (node) => project.resolve(node.text, file.fileName, mode(file, node, made.getCompilerOptions())) !== null;
  return found.filter((node) => !matches(node.text) && !leads(node)).map((node) => `${project.relative(file.fileName)}: ${node.text}`);
}

function glob(pattern) {
  return new RegExp(`^${pattern.split("*").map((part) => part.replace(/[\\^$.+?()[\]{}|]/g, "\\$&")).join(".*")}$`);
}

function mode(file, node, options) {
  return ts.isCallExpression(node.parent) && ofJest(node.parent) ? undefined : ts.getModeForUsageLocation(file, node, options);
}

/** What the compiler says of a project. */
function compiled(project) {
  const diagnostics = new Set();
  const missing = new Set();
  const exports = {};
  for (const group of project.groups) {
    const made = program(project, group);
    const all = [...group.problems, ...ts.getPreEmitDiagnostics(made)];
    for (const one of all) if (!IS_GLOBAL.test(text(project, one.messageText))) diagnostics.add(told(project, one));
    exported(project, made, exports);
    for (const name of group.files) {
      const file = made.getSourceFile(name);
      if (file) unresolved(project, made, file).forEach((one) => missing.add(one));
    }
  }
  return { diagnostics: [...diagnostics].sort(), unresolved: [...missing].sort(), exports };
}

/**
 * Puts what babel-jest hoists above the imports, and the resolved module in place of each specifier that `jest` is given. A call of
 * `__mocked` stands behind what is hoisted.
 */
function hoist(links) {
  const isOfJest = (node) => ts.isImportDeclaration(node) && /^(?:@jest\/globals|vitest)$/.test(node.moduleSpecifier.text);
  const isHoisted = (statement) => {
    if (ts.isExpressionStatement(statement) && /^(?:mock|unmock|deepUnmock)$/.test(ofJest(statement.expression) ?? "")) return true;
    const isRun = ts.isVariableStatement(statement) || ts.isExpressionStatement(statement);
    return isRun && [...nodes(statement)].some((node) => ofJest(node) === "hoisted");
  };
  return (context) => (file) => {
    const { factory } = context;
    const visit = (node) => {
      const inner = ts.visitEachChild(node, visit, context);
      const isModule = takesModule(node);
      const [first, ...others] = isModule ? inner.arguments : [];
      const named = first && ts.isCallExpression(node.arguments[0]) ? specifier(node.arguments[0]) : specifier(node);
      const found = isModule && named && links[named.text];
      if (!found) return inner;
      return factory.updateCallExpression(inner, inner.expression, inner.typeArguments, [factory.createStringLiteral(found), ...others]);
    };
    const statements = file.statements;
    const hoisted = statements.filter(isHoisted);
    if (hoisted.length === 0) return ts.visitEachChild(file, visit, context);
    const first = statements.filter((statement) => isOfJest(statement) || ts.isStringLiteral(statement.expression ?? statement));
    const rest = statements.filter((statement) => !first.includes(statement) && !hoisted.includes(statement));
    const mark = factory.createExpressionStatement(factory.createCallExpression(factory.createIdentifier("__mocked"), undefined, []));
    const all = [...first, ...hoisted, mark, ...rest];
    return ts.visitEachChild(factory.updateSourceFile(file, all), visit, context);
  };
}

/** Files that have been made CommonJS: most are the same before and after. */
const known = new Map();

/** A file as CommonJS, and where its specifiers lead, from the project's folder. */
function made(project, name) {
  const source = fs.readFileSync(name, "utf8");
  const given = project.options(name);
  const links = {};
  for (const node of nodes(ts.createSourceFile(name, source, ts.ScriptTarget.ES2022))) {
    const found = specifier(node);
    const target = found && project.resolve(found.text, name);
    if (found) links[found.text] = target && path.isAbsolute(target) ? `project:${project.relative(target)}` : target;
  }
  // Under its own name, an .mts file would not be made CommonJS.
  const fileName = path.basename(name).replace(/\.[cm]([jt]s)$/, ".$1");
  const key = JSON.stringify([fileName, source, links, given.jsx, given.jsxFactory, given.experimentalDecorators]);
  if (!known.has(key)) known.set(key, { links, text: transpiled(source, fileName, given, links) });
  return known.get(key);
}

function transpiled(source, fileName, given, links) {
  const compilerOptions = {
    ...given,
    module: ts.ModuleKind.CommonJS,
    target: ts.ScriptTarget.ES2022,
    esModuleInterop: true,
    verbatimModuleSyntax: false,
    jsx: ts.JsxEmit.React,
    ...(given.jsx === ts.JsxEmit.React ? {} : { jsxFactory: "__jsx", jsxFragmentFactory: "undefined", jsxImportSource: undefined }),
  };
  const { outputText } = ts.transpileModule(source, { fileName, compilerOptions, transformers: { before: [hoist(links)] } });
  if (!outputText.includes("import.meta")) return outputText;
  return `const __meta = { url: require("node:url").pathToFileURL(__filename).href }; ${outputText.replaceAll("import.meta", "__meta")}`;
}

/** Runs an entry of a project in a thread of its own, which has its own globals and modules. */
function run(project, modules, entry) {
  const manifests = project.files.filter((file) => path.basename(file) === "package.json");
  const parsed = manifests.map((file) => JSON.parse(fs.readFileSync(file, "utf8")));
  const packages = parsed.flatMap(({ dependencies, devDependencies }) => Object.keys({ ...dependencies, ...devDependencies }));
  const workerData = { root: project.root, entry, isTest: IS_TEST.test(project.relative(entry)), modules, packages };
  return new Promise((done) => {
    const worker = new Worker(RUN, { workerData, stdout: true, stderr: true });
    const said = { out: "", err: "" };
    worker.stdout.setEncoding("utf8").on("data", (chunk) => (said.out += chunk));
    worker.stderr.setEncoding("utf8").on("data", (chunk) => (said.err += chunk));
    worker.on("error", (error) => (said.err += error?.stack ?? error));
    const late = setTimeout(() => worker.terminate(), SECONDS * 1000);
    const plain = (words) => words.replaceAll(project.root + "/", "");
    worker.on("exit", (code) => {
      clearTimeout(late);
      // What it wrote last comes behind its end.
      setImmediate(() => done({ out: plain(said.out), err: plain(said.err), code }));
    });
  });
}

/** The entries of a project, each with a function that runs it. */
function runs(project) {
  const isEntry = (file) => IS_MAIN.test(path.basename(file)) || IS_TEST.test(project.relative(file));
  const entries = project.code.filter((file) => isEntry(file) && !IS_DECLARATION.test(file));
  if (entries.length === 0) return [];
  const code = project.code.filter((file) => !IS_DECLARATION.test(file));
  const modules = Object.fromEntries(code.map((file) => [file, made(project, file)]));
  return entries.map((entry) => [project.relative(entry), () => run(project, modules, entry)]);
}

async function look(roots) {
  const free = Array.from({ length: os.availableParallelism() }, () => Promise.resolve());
  const all = roots.map((root) => ({ root, runs: {} }));
  let turn = 0;
  for (const one of all) {
    const project = open(one.root);
    Object.assign(one, compiled(project));
    for (const [entry, start] of runs(project)) {
      const slot = turn++ % free.length;
      free[slot] = free[slot].then(start).then((said) => (one.runs[entry] = said));
    }
    // Lets the threads that run be served.
    await new Promise(setImmediate);
  }
  await Promise.all(free);
  return JSON.stringify(all);
}

const given = process.argv.slice(2);
if (given.length > 0) console.log(await look(given));
else for await (const line of readline.createInterface({ input: process.stdin })) console.log(await look(JSON.parse(line)));
