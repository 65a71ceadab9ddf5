//! Pieces of source code that are looked at without the file around them: runs of whole statements, and blocks that have nothing but
//! imports. A piece is made of whole lines, and has the indentation that it has in its file.

use std::ops::Range;

use super::{python, typescript};
use crate::text::eol::{line_end, line_start, next_line};
use crate::text::path::RepoPath;
use crate::text::span::Span;

/// An import statement of a block.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ImportLines {
    /// Its lines, as a range of the block's bytes.
    pub bytes: Range<usize>,
    /// The names that it binds.
    pub names: Vec<String>,
}

/// The import statements of a piece that has nothing else, in order. `None` for any other piece, and where the order of the statements
/// matters to what they do: `from __future__ import …`, `from m import *`, `import "m"`.
pub fn imports(path: &RepoPath, text: &str) -> Option<Vec<ImportLines>> {
    let (statements, comment) =
        if python::is_source(path) { (python_imports(text)?, "#") } else { (typescript_imports(path, text)?, "//") };
    let mut end = 0;
    let mut found = Vec::with_capacity(statements.len());
    for (span, names) in statements {
        let Range { start, end: stop } = span.range();
        let (first, last) = (line_start(text, start), line_end(text, stop));
        let behind = text[stop..last].trim();
        if first != end || !text[first..start].trim().is_empty() || !(behind.is_empty() || behind.starts_with(comment)) {
            return None;
        }
        end = next_line(text, stop);
        found.push(ImportLines { bytes: first..end, names });
    }
    (end == text.len()).then_some(found)
}

/// Whether a piece is a run of whole statements, without an error. A comma at its end makes it a part of some list; in TypeScript, some
/// beginnings make it go on with the line above where that has no semicolon (ECMA-262, "Automatic Semicolon Insertion").
pub fn are_statements(path: &RepoPath, text: &str) -> bool {
    match python::is_source(path) {
        _ if text.trim_end().ends_with(',') => false,
        true => python_facts(text).0.errors.is_empty(),
        false if text.trim_start().starts_with(['(', '[', '`', '+', '-']) => false,
        false => typescript::collect(text, path).errors.is_empty(),
    }
}

/// The blanks before the first line of a piece that has something.
pub fn indentation(text: &str) -> &str {
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    &line[..line.len() - line.trim_start().len()]
}

/// Whether the last line of a piece that has something is a comment, which is about what stands below it.
pub fn ends_in_comment(text: &str) -> bool {
    let last = text.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    ["#", "//", "/*", "*"].iter().any(|start| last.starts_with(start)) || last.ends_with("*/")
}

/// The facts of a piece, and how much further back everything stands in them.
fn python_facts(text: &str) -> (python::Facts, u32) {
    /// What a piece that is indented may stand below.
    const HEADER: &str = "if 1:\n";
    match indentation(text) {
        "" => (python::collect::collect(text, None), 0),
        _ => (python::collect::collect(&format!("{HEADER}{text}"), None), HEADER.len() as u32),
    }
}

fn python_imports(text: &str) -> Option<Vec<(Span, Vec<String>)>> {
    let (facts, shift) = python_facts(text);
    let statement = |import: &python::facts::Import| {
        let (from, to) = import.aliases;
        let aliases = facts.aliases.get(from as usize..to as usize)?;
        let module = import.from.and_then(|from| from.module).map(|module| facts.names.get(module));
        if module == Some("__future__") || aliases.iter().any(|alias| facts.is_star(alias)) {
            return None;
        }
        let names = aliases.iter().map(|alias| facts.names.get(alias.local).to_owned()).collect();
        Some((Span::new(import.span.start.checked_sub(shift)?, import.span.end.checked_sub(shift)?), names))
    };
    if facts.errors.is_empty() { facts.imports.iter().map(statement).collect() } else { None }
}

fn typescript_imports(path: &RepoPath, text: &str) -> Option<Vec<(Span, Vec<String>)>> {
    let facts = typescript::collect(text, path);
    let statement = |import: &typescript::facts::Import| {
        let (from, to) = import.aliases;
        let aliases = facts.aliases.get(from as usize..to as usize).filter(|aliases| !aliases.is_empty())?;
        let name =
            |alias: &typescript::facts::Alias| Some(facts.names.get(facts.bindings[alias.local?.index()].name).to_owned());
        Some((import.span, aliases.iter().map(name).collect::<Option<_>>()?))
    };
    if facts.errors.is_empty() { facts.imports.iter().map(statement).collect() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(path: &str, text: &str) -> Option<Vec<String>> {
        let found = imports(&RepoPath::new(path).unwrap(), text)?;
        assert_eq!(found.iter().map(|import| &text[import.bytes.clone()]).collect::<String>(), text);
        Some(found.iter().map(|import| import.names.join(" ")).collect())
    }

    #[test]
    fn a_block_of_imports_has_nothing_else() {
        let text = "import a.b, c as d  # why\nfrom .e import (\n    f,\n    g as h,\n)\n";
        assert_eq!(names("x.py", text).unwrap(), ["a d", "f h"]);
        let text = text.lines().map(|line| format!("\t{line}\r\n")).collect::<String>();
        assert_eq!(names("x.py", &text).unwrap(), ["a d", "f h"]);
        assert_eq!(names("x.py", "").unwrap(), [""; 0]);
        for other in [
            "import a\n\nimport b\n",
            "import a; b = 1\n",
            "import a; import b\n",
            "# why\nimport a\n",
            "from a import *\n",
            "from __future__ import annotations\n",
            "import a\n    import b\n",
            "    X,\n",
            "x = \"\"\"\nimport a\n\"\"\"\n",
            "if x: import a\n",
        ] {
            assert_eq!(names("x.py", other), None, "{other:?}");
        }
    }

    #[test]
    fn typescript_has_blocks_of_imports_too() {
        let text =
            "import a, { b as c, type D } from \"x\"; // why\nimport * as e from 'y'\nimport type {\n  F,\n} from \"./z\";\n";
        assert_eq!(names("x.ts", text).unwrap(), ["a c D", "e", "F"]);
        for other in ["import \"x\";\n", "import a from \"x\"; b();\n", "export { a } from \"x\";\n", "import {} from \"x\";\n"]
        {
            assert_eq!(names("x.ts", other), None, "{other:?}");
        }
    }

    #[test]
    fn statements_are_whole_or_not() {
        let are = |path: &str, text: &str| are_statements(&RepoPath::new(path).unwrap(), text);
        assert!(are("x.py", "x = 1\n\n\ndef f():\n    pass\n") && are("x.py", "    @a\n    def f():\n        pass\n"));
        for part in ["@a\n", "else:\n    pass\n", "if x:\n", "f(\n", "    x = 1\n  y = 2\n", "    X,\n", "    a=1,\n"] {
            assert!(!are("x.py", part), "{part:?}");
        }
        assert!(are("x.ts", "export const a = 1;\nfunction f() {}\n"));
        for part in ["} else {\n", "(await f())();\n", "  [a, b].map(c);\n", "@a()\n", "catch (e) {}\n", "a: 1, b: 2\n"] {
            assert!(!are("x.ts", part), "{part:?}");
        }
        assert!(
            ends_in_comment("x = 1\n# of y\n\n") && ends_in_comment("/** of\n * y */\n") && !ends_in_comment("x = 1  # of x\n")
        );
    }
}
