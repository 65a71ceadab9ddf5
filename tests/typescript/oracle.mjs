/**
 * Asks TypeScript's own language service, as an editor does. A second opinion, not the truth: it knows no mocks.
 *
 * Usage: oracle.mjs FOLDER..., and on stdin a JSON list with a question for each; the answers are such a list, too.
 * `{"references": [{"file": "src/a.ts", "at": 13}]}`, with the byte at which the name of a declaration stands, or the `default` of one
 * without a name, is answered for each by the files that refer to it, and the bytes at which they do, definitions included, and
 * `{"rename_file": {"old": "src/a.ts", "new": "src/b.ts"}}` (folders as well) by all files that the move changes, with their new text,
 * or null for those that are gone.
 */

import fs from "node:fs";
import path from "node:path";

import { open, ts } from "./project.mjs";

/** What the services share: the library's files are read once. */
const registry = ts.createDocumentRegistry();

/** One service for each of the project's configurations. */
function services(project) {
  return project.groups.filter((group) => group.files.length > 0).map((group) =>
    ts.createLanguageService({
      ...project.system,
      getCompilationSettings: () => group.options,
      getScriptFileNames: () => group.files,
      getScriptVersion: () => "1",
      getScriptSnapshot: (name) => {
        const text = project.system.readFile(name);
        return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
      },
      getCurrentDirectory: () => project.root,
      getDefaultLibFileName: ts.getDefaultLibFilePath,
      getProjectReferences: () => group.references,
      useSourceOfProjectReferenceRedirect: () => true,
      readDirectory: ts.sys.readDirectory,
      useCaseSensitiveFileNames: () => true,
    }, registry),
  );
}

/** How many bytes of a file stand before a place of its text, which the compiler counts as JavaScript does. */
function bytes(file, text, at) {
  return marks(file) + Buffer.byteLength(text.slice(0, at));
}

/** The place of the text at which that many bytes stand before it. */
function characters(file, text, offset) {
  return Buffer.from(text).subarray(0, offset - marks(file)).toString().length;
}

/** A byte order mark, which no text of the compiler's has. */
function marks(file) {
  return fs.readFileSync(file).subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf])) ? 3 : 0;
}

function references(project, all, { file: asked, at }) {
  const file = path.join(project.root, asked);
  const found = new Map();
  const text = (service, name) => service.getProgram()?.getSourceFile(name)?.text;
  for (const service of all.filter((service) => text(service, file) !== undefined)) {
    const groups = service.findReferences(file, characters(file, text(service, file), at)) ?? [];
    for (const { fileName, textSpan } of groups.flatMap(({ references }) => references)) {
      const name = project.relative(fileName);
      const known = found.get(name) ?? found.set(name, new Set()).get(name);
      known.add(bytes(fileName, text(service, fileName), textSpan.start));
    }
  }
  return Object.fromEntries([...found].map(([name, places]) => [name, [...places].sort((a, b) => a - b)]));
}

function renamed(project, all, { old, new: to }) {
  const [from, target] = [old, to].map((name) => path.join(project.root, name));
  const edits = new Map();
  for (const service of all) {
    for (const { fileName, textChanges } of service.getEditsForFileRename(from, target, ts.getDefaultFormatCodeSettings("\n"), {})) {
      const known = edits.get(fileName) ?? edits.set(fileName, new Map()).get(fileName);
      for (const { span, newText } of textChanges) known.set(`${span.start} ${span.length}`, { ...span, newText });
    }
  }
  const made = {};
  const isMoved = (file) => file === from || file.startsWith(from + path.sep);
  for (const file of new Set([...edits.keys(), ...project.files.filter(isMoved)])) {
    const changes = [...(edits.get(file)?.values() ?? [])].sort((a, b) => b.start - a.start);
    let text = fs.readFileSync(file, "utf8");
    for (const { start, length, newText } of changes) text = text.slice(0, start) + newText + text.slice(start + length);
    if (isMoved(file)) made[project.relative(file)] = null;
    made[project.relative(isMoved(file) ? target + file.slice(from.length) : file)] = text;
  }
  return made;
}

function answer(folder, asked) {
  const project = open(folder);
  const all = services(project);
  const said = {};
  if (asked.references) said.references = asked.references.map((one) => references(project, all, one));
  if (asked.rename_file) said.rename_file = renamed(project, all, asked.rename_file);
  for (const service of all) service.dispose();
  return said;
}

const asked = JSON.parse(fs.readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(process.argv.slice(2).map((folder, at) => answer(folder, asked[at]))));
