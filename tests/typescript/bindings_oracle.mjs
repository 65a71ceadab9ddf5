// For each use of a name in each of the files on standard input, where TypeScript says that it is declared in the same file.
// The argument names a folder whose node_modules has TypeScript. A line of output for each line of input:
// [[offset of the use, [offsets of the names that declare it]], …], in bytes; null where TypeScript looks through the declaration.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const ts = createRequire(resolve(process.argv[2], "package.json"))("typescript");
const options = {
  allowJs: true,
  jsx: ts.JsxEmit.Preserve,
  module: ts.ModuleKind.ESNext,
  noLib: true,
  noResolve: true,
  target: ts.ScriptTarget.ESNext,
  types: [],
};

for (const path of readFileSync(0, "utf8").split("\n").filter(Boolean)) {
  console.log(JSON.stringify(uses(path)));
}

function uses(path) {
  const bytes = readFileSync(path);
  const mark = bytes.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf])) ? 3 : 0;
  const text = bytes.subarray(mark).toString("utf8");
  const source = ts.createSourceFile(path, text, options.target, true);
  const host = {
    fileExists: (name) => name === path,
    getCanonicalFileName: (name) => name,
    getCurrentDirectory: () => "/",
    getDefaultLibFileName: () => "lib.d.ts",
    getNewLine: () => "\n",
    getSourceFile: (name) => (name === path ? source : undefined),
    readFile: () => undefined,
    useCaseSensitiveFileNames: () => true,
    writeFile: () => {},
  };
  const checker = ts.createProgram([path], options, host).getTypeChecker();
  const offset = offsets(text, mark);
  const found = [];
  const visit = (node) => {
    if (ts.isIdentifier(node) && isUse(node)) {
      const names = declarations(checker, node)?.map((name) => offset(name.getStart(source)));
      found.push([offset(node.getStart(source)), names ?? null]);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** The byte offset of an offset in UTF-16. */
function offsets(text, mark) {
  const table = new Uint32Array(text.length + 1);
  for (let at = 0, byte = mark; at < text.length; at++) {
    table[at] = byte;
    const code = text.charCodeAt(at);
    // Each half of a surrogate pair stands for two of its four bytes.
    byte += code < 0x80 ? 1 : code < 0x800 ? 2 : code >= 0xd800 && code < 0xe000 ? 2 : 3;
    table[at + 1] = byte;
  }
  return (at) => table[at];
}

function declarations(checker, node) {
  const symbol = symbolOf(checker, node);
  // Two variables of JavaScript that are given one module are one alias.
  if (symbol?.declarations?.some(isRequired)) return undefined;
  const names = (symbol?.declarations ?? [])
    .filter((declaration) => declaration.getSourceFile() === node.getSourceFile() && !isExpando(declaration))
    .map((declaration) => ts.getNameOfDeclaration(declaration))
    .filter((name) => name && (ts.isIdentifier(name) || ts.isStringLiteralLike(name)));
  return names;
}

/** In JavaScript TypeScript takes `window.x = …` and `module.exports.x = …` for declarations, of `window` and `module` too. */
function isExpando(declaration) {
  return (
    ts.isBinaryExpression(declaration) ||
    ts.isPropertyAccessExpression(declaration) ||
    ts.isElementAccessExpression(declaration) ||
    ts.isCallExpression(declaration) ||
    ts.isIdentifier(declaration)
  );
}

/** `const x = require("m")`, `const { x } = require("m")`. */
function isRequired(declaration) {
  const variable = ts.isBindingElement(declaration) ? declaration.parent.parent : declaration;
  return ts.isVariableDeclarationInitializedToRequire(variable);
}

function symbolOf(checker, node) {
  if (ts.isShorthandPropertyAssignment(node.parent) && node.parent.name === node) {
    return checker.getShorthandAssignmentValueSymbol(node.parent);
  }
  if (ts.isExportSpecifier(node.parent)) {
    return checker.getExportSpecifierLocalTargetSymbol(node.parent);
  }
  return checker.getSymbolAtLocation(node);
}

/** Whether an identifier is read or written as a name, and neither declares one nor names a member. */
function isUse(node) {
  const { parent } = node;
  if (node.text === "" || node.flags & ts.NodeFlags.JSDoc || ts.isThisIdentifier?.(node)) return false;
  if (ts.isShorthandPropertyAssignment(parent)) return true;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isQualifiedName(parent)) return parent.left === node && !ts.isImportTypeNode(outermost(parent));
  if (ts.isImportTypeNode(parent)) return false;
  if (ts.isExportSpecifier(parent)) {
    return !parent.parent.parent.moduleSpecifier && (parent.propertyName ?? parent.name) === node;
  }
  if (ts.isBindingElement(parent)) return parent.initializer === node;
  if (ts.isJsxOpeningLikeElement(parent) || ts.isJsxClosingElement(parent)) {
    return parent.tagName === node && !/^[a-z]/.test(node.text) && !node.text.includes("-");
  }
  if (ts.isJsxAttribute(parent) || ts.isJsxNamespacedName(parent)) return false;
  if (ts.isLabeledStatement(parent) || ts.isBreakOrContinueStatement(parent)) return false;
  if (ts.isMetaProperty(parent) || ts.isNamedTupleMember(parent) && parent.name === node) return false;
  if (ts.isImportSpecifier(parent) || ts.isImportClause(parent) || ts.isNamespaceImport(parent)) return false;
  if (ts.isNamespaceExport(parent) || ts.isNamespaceExportDeclaration(parent)) return false;
  if (ts.isImportAttribute(parent)) return false;
  return parent.name !== node;
}

function outermost(name) {
  return ts.isQualifiedName(name.parent) ? outermost(name.parent) : name.parent;
}
