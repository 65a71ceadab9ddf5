/**
 * A folder as the TypeScript compiler sees it: its configurations, their programs, and where a specifier leads.
 *
 * Reads only. The compiler is the one in TYPESCRIPT_HOME (default: where the tests install it). `@types/node` and the packages of a
 * workspace are seen in `node_modules` of the folder without being there, as they would be after an install.
 */

import fs from "node:fs";
import { createRequire, isBuiltin } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

const INSTALLED = fileURLToPath(new URL("../../target/tmp/typescript", import.meta.url));
const HOME = path.join(process.env.TYPESCRIPT_HOME ?? INSTALLED, "node_modules");

export const ts = createRequire(path.join(HOME, "any.js"))("typescript");

export const IS_CODE = /\.(?:[cm]?[jt]s|[jt]sx)$/;
export const IS_DECLARATION = /\.d\.(?:\w+\.)?[cm]?ts$/;

/** The methods of `jest` and `vi` that take a module. */
const TAKES_MODULE =
  /^(?:mock|unmock|doMock|dontMock|doUnmock|deepUnmock|setMock|requireActual|requireMock|importActual|importMock|createMockFromModule)$/;

const DEFAULTS = {
  strict: true,
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  esModuleInterop: true,
  jsx: ts.JsxEmit.Preserve,
  types: [],
};

/** Parsed files of the compiler's own library and of `@types`, which many programs share. */
const shared = new Map();

/** All files below a folder, without those of packages and hidden ones. */
function* walk(folder) {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const file = path.join(folder, entry.name);
    if (entry.name === "node_modules" || entry.name.startsWith(".")) continue;
    if (entry.isDirectory()) yield* walk(file);
    else if (entry.isFile()) yield file;
  }
}

function json(file) {
  try {
    return JSON.parse(fs.readFileSync(file, "utf8"));
  } catch {
    return {};
  }
}

/** The folders that an install would link or put into `node_modules`. */
function linked(root, files) {
  const links = new Map();
  for (const name of ["@types/node", "undici-types"]) links.set(path.join(root, "node_modules", name), path.join(HOME, name));
  const packages = files.filter((file) => path.basename(file) === "package.json");
  const isPnpm = (folder) => fs.existsSync(path.join(folder, "pnpm-workspace.yaml"));
  const isWorkspace = (folder) => json(path.join(folder, "package.json")).workspaces || isPnpm(folder);
  for (const top of packages.map((file) => path.dirname(file)).filter(isWorkspace)) {
    for (const inner of packages.filter((file) => path.dirname(file) !== top && file.startsWith(top + path.sep))) {
      const { name } = json(inner);
      if (name) links.set(path.join(top, "node_modules", name), path.dirname(inner));
    }
  }
  return links;
}

/** The file system with the links in it. */
function seen(links) {
  const real = (name) => {
    if (!name.includes("/node_modules/") || fs.existsSync(name)) return name;
    for (const [link, folder] of links) {
      if (name === link || name.startsWith(link + "/")) return folder + name.slice(link.length);
    }
    return name;
  };
  const above = new Map();
  for (const link of links.keys()) {
    for (let folder = path.dirname(link), name = path.basename(link); folder.includes("node_modules"); ) {
      above.set(folder, (above.get(folder) ?? new Set()).add(name));
      [folder, name] = [path.dirname(folder), path.basename(folder)];
    }
  }
  const { sys } = ts;
  return {
    fileExists: (name) => sys.fileExists(real(name)),
    readFile: (name) => sys.readFile(real(name)),
    directoryExists: (name) => above.has(name) || sys.directoryExists(real(name)),
    getDirectories: (name) => [...new Set([...sys.getDirectories(real(name)), ...(above.get(name) ?? [])])],
    realpath: (name) => sys.realpath(real(name)),
  };
}

/** The options and files of a configuration and of those that it refers to. */
function configured(file, system, found) {
  if (found.some((group) => group.config === file) || !fs.existsSync(file)) return;
  const broken = [];
  const host = { ...ts.sys, ...system, onUnRecoverableConfigFileDiagnostic: (problem) => broken.push(problem) };
  const parsed = ts.getParsedCommandLineOfConfigFile(file, {}, host);
  const group = { config: file, options: parsed?.options ?? DEFAULTS, files: parsed?.fileNames ?? [] };
  found.push({ ...group, references: parsed?.projectReferences, problems: [...broken, ...(parsed?.errors ?? [])] });
  for (const reference of parsed?.projectReferences ?? []) configured(ts.resolveProjectReferencePath(reference), system, found);
}

/** Opens a folder. */
export function open(given) {
  const root = fs.realpathSync(given);
  const files = [...walk(root)];
  const code = files.filter((file) => IS_CODE.test(file));
  const links = linked(root, files);
  const system = seen(links);
  const groups = [];
  for (const file of files.filter((file) => /^[jt]sconfig\.json$/.test(path.basename(file)))) configured(file, system, groups);
  const owner = new Map();
  for (const group of groups) for (const file of group.files) owner.set(file, group);
  // What no configuration takes in is read as its nearest one says.
  const nearest = (file) => {
    const around = groups.filter((group) => file.startsWith(path.dirname(group.config) + path.sep));
    return around.sort((a, b) => b.config.length - a.config.length)[0];
  };
  const rest = new Map();
  for (const file of code.filter((file) => !owner.has(file))) {
    const near = nearest(file);
    if (!rest.has(near)) rest.set(near, { options: near?.options ?? DEFAULTS, files: [], problems: [] });
    rest.get(near).files.push(file);
    owner.set(file, rest.get(near));
  }
  groups.push(...rest.values());
  for (const group of groups) group.options = { ...group.options, noEmit: true, skipLibCheck: true };
  for (const group of rest.values()) group.options.allowJs = true;
  const project = { root, files, code, groups, system, options: (file) => owner.get(file)?.options ?? DEFAULTS };
  project.relative = (file) => path.relative(root, file).replaceAll("\\", "/");
  project.resolve = resolver(project);
  return project;
}

/** The program of a group of files. */
export function program(project, group) {
  const base = ts.createCompilerHost(group.options, true);
  const getSourceFile = (name, options, ...others) => {
    if (!name.startsWith(HOME)) return base.getSourceFile(name, options, ...others);
    const key = `${name} ${options.languageVersion} ${options.impliedNodeFormat}`;
    if (!shared.has(key)) shared.set(key, base.getSourceFile(name, options, ...others));
    return shared.get(key);
  };
  const host = { ...base, ...project.system, getSourceFile, useSourceOfProjectReferenceRedirect: () => true };
  host.getCurrentDirectory = () => project.root;
  return ts.createProgram({ rootNames: group.files, options: group.options, projectReferences: group.references, host });
}

/** Says where a specifier leads from a file: to a file, to a module of Node, or (null) nowhere. */
function resolver(project) {
  const caches = new Map();
  return (specifier, file, mode) => {
    const options = project.options(file);
    if (isBuiltin(specifier)) return specifier;
    if (!caches.has(options)) caches.set(options, ts.createModuleResolutionCache(project.root, (name) => name, options));
    const found = ts.resolveModuleName(specifier, file, options, project.system, caches.get(options), undefined, mode);
    if (found.resolvedModule) return code(found.resolvedModule.resolvedFileName);
    // Style sheets, pictures and the like are there, though they are no modules.
    const asset = (found.failedLookupLocations ?? []).find((name) => name.endsWith(".ts") && fs.existsSync(name.slice(0, -3)));
    return asset && fs.statSync(asset.slice(0, -3)).isFile() ? asset.slice(0, -3) : null;
  };
}

/** The code that a declaration file stands beside. */
function code(file) {
  const beside = IS_DECLARATION.test(file) ? [".js", ".mjs", ".cjs"].map((end) => file.replace(/\.d\.[cm]?ts$/, end)) : [];
  return beside.find((name) => fs.existsSync(name)) ?? file;
}

/** The literal that names a module in a node, if there is one. */
export function specifier(node) {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return literal(node.moduleSpecifier);
  if (ts.isExternalModuleReference(node)) return literal(node.expression);
  if (ts.isImportTypeNode(node)) return ts.isLiteralTypeNode(node.argument) ? literal(node.argument.literal) : undefined;
  if (!ts.isCallExpression(node)) return undefined;
  const { expression } = node;
  const is = (name, text) => ts.isIdentifier(name) && name.text === text;
  if (expression.kind === ts.SyntaxKind.ImportKeyword || is(expression, "require")) return literal(node.arguments[0]);
  if (!ts.isPropertyAccessExpression(expression)) return undefined;
  const isResolve = is(expression.expression, "require") && expression.name.text === "resolve";
  return isResolve || takesModule(node) ? literal(node.arguments[0]) : undefined;
}

/** Whether a call is one of `jest` or `vi`, chained ones included; says of which method. */
export function ofJest(node) {
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return undefined;
  const { expression, name } = node.expression;
  const isJest = ts.isIdentifier(expression) ? /^(?:jest|vi)$/.test(expression.text) : ofJest(expression) !== undefined;
  return isJest ? name.text : undefined;
}

export function takesModule(node) {
  return TAKES_MODULE.test(ofJest(node) ?? "");
}

function literal(node) {
  return node && ts.isStringLiteralLike(node) ? node : undefined;
}

/** All nodes of a tree. */
export function* nodes(node) {
  yield node;
  const inner = [];
  ts.forEachChild(node, (child) => void inner.push(child));
  for (const child of inner) yield* nodes(child);
}
