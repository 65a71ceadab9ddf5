/**
 * Asks TypeScript's own language service, as an editor does. A second opinion, not the truth: it knows no mocks.
 *
 * Usage: oracle.mjs FOLDER, and the question as JSON on stdin:
 * `{"references": [{"file": "src/a.ts", "name": "Name"}]}` is answered by a list for each name (`default` is one) with
 * `file:line:column` of all its references, definitions included, and
 * `{"rename_file": {"old": "src/a.ts", "new": "src/b.ts"}}` (folders as well) by all files that the move changes, with their new text,
 * or null for those that are gone.
 */

import fs from "node:fs";
import path from "node:path";

import { open, ts } from "./project.mjs";

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
    }),
  );
}

/** Where the name of an export stands that a file defines or passes on. */
function place(service, file, name) {
  const source = service.getProgram()?.getSourceFile(file);
  const checker = service.getProgram()?.getTypeChecker();
  const module = source && checker.getSymbolAtLocation(source);
  const symbol = module && checker.getExportsOfModule(module).find((symbol) => symbol.name === name);
  const declaration = symbol?.declarations?.find((node) => node.getSourceFile() === source) ?? symbol?.declarations?.[0];
  if (!declaration) return undefined;
  const own = ts.getNameOfDeclaration(declaration) ?? declaration.getChildren().find((node) => node.kind === ts.SyntaxKind.DefaultKeyword);
  return { file: declaration.getSourceFile().fileName, at: (own ?? declaration).getStart() };
}

function references(project, all, { file, name }) {
  const found = new Set();
  for (const service of all) {
    const from = place(service, path.join(project.root, file), name);
    const entries = from ? (service.findReferences(from.file, from.at) ?? []).flatMap(({ references }) => references) : [];
    for (const { fileName, textSpan } of entries) {
      const { line, character } = service.getProgram().getSourceFile(fileName).getLineAndCharacterOfPosition(textSpan.start);
      found.add(`${project.relative(fileName)}:${line + 1}:${character + 1}`);
    }
  }
  return [...found].sort();
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

const project = open(process.argv[2]);
const all = services(project);
const asked = JSON.parse(fs.readFileSync(0, "utf8"));
const answer = {};
if (asked.references) answer.references = asked.references.map((one) => references(project, all, one));
if (asked.rename_file) answer.rename_file = renamed(project, all, asked.rename_file);
process.stdout.write(JSON.stringify(answer));
