//! Changes of one place that do not depend on one another, though they touch: what others have put directly beside the lines that a step
//! has put there, and import statements among import statements.
//!
//! Of statements that stand beside one another in one block any may go, and the others say what they said; and import statements that
//! bind different names may stand in any order. What is made of it is proved like anything else.

use std::collections::BTreeSet;

use crate::lang::block::{are_statements, ends_in_comment, imports, indentation};
use crate::text::eol::line_ending;
use crate::text::merge::Clash;
use crate::text::path::RepoPath;

/// What a place comes to that both sides have changed, in a source file; `None` where the two cannot be told apart.
pub(super) fn together(path: &RepoPath, clash: &Clash) -> Option<Vec<u8>> {
    let [base, ours, theirs] = [&clash.base, &clash.ours, &clash.theirs].map(|text| std::str::from_utf8(text).ok());
    let (base, ours, theirs) = (base?, ours?, theirs?);
    let text = instead(path, base, ours, theirs).or_else(|| instead(path, base, theirs, ours));
    text.or_else(|| of_imports(path, base, ours, theirs)).map(String::into_bytes)
}

/// What stands around a run of statements, with others in the place of that, or nothing.
fn instead(path: &RepoPath, gone: &str, around: &str, new: &str) -> Option<String> {
    let (gone_lines, lines) = (ended(gone), ended(around));
    let starts = std::iter::once(0).chain(lines.match_indices('\n').map(|(at, _)| at + 1));
    let mut found = starts.filter(|&at| lines[at..].starts_with(&gone_lines));
    let (at, None) = (found.next()?, found.next()) else { return None };
    let (before, after) = (&lines[..at], &lines[at + gone_lines.len()..]);
    let new = ended(new);
    let is_beside =
        |text: &str| text.trim().is_empty() || (indentation(text) == indentation(gone) && are_statements(path, text));
    let is_apart = !gone.trim().is_empty()
        && [gone, before, after, &new].into_iter().all(is_beside)
        && !ends_in_comment(before)
        && !new.contains(&gone_lines);
    is_apart.then(|| as_ended(format!("{before}{new}{after}"), around))
}

/// The import statements that one side has left and the other has brought: at the place of the first that goes, or behind the others.
fn of_imports(path: &RepoPath, base: &str, ours: &str, theirs: &str) -> Option<String> {
    let texts = [base, ours, theirs];
    let indentations: BTreeSet<&str> = texts.into_iter().filter(|text| !text.is_empty()).map(indentation).collect();
    if indentations.len() != 1 {
        return None;
    }
    let [old, kept, back] = texts.map(|text| Statement::read(path, text));
    let (old, kept, back) = (old?, kept?, back?);
    let gone = beside(&old, &back);
    // One that goes here and was changed there is no matter of order.
    if !gone.is_empty() && !beside(&old, &kept).is_empty() {
        return None;
    }
    let new = beside(&back, &old);
    let new = new.into_iter().filter(|statement| !kept.contains(statement)).collect::<Vec<_>>();
    let bound: BTreeSet<&String> = beside(&kept, &old).into_iter().flat_map(|statement| &statement.names).collect();
    if new.iter().flat_map(|statement| &statement.names).any(|name| bound.contains(name)) {
        return None;
    }
    let place = kept.iter().position(|statement| gone.contains(&statement)).unwrap_or(kept.len());
    let (before, after) = kept.split_at(place);
    let stays = |statement: &&Statement<'_>| !gone.contains(statement);
    let all = before.iter().chain(new).chain(after.iter().filter(stays));
    let end = line_ending(if ours.is_empty() { theirs } else { ours });
    let text = all.map(|statement| format!("{}{end}", statement.text)).collect();
    Some(as_ended(text, if ours.is_empty() { theirs } else { ours }))
}

/// An import statement.
#[derive(PartialEq, Eq)]
struct Statement<'t> {
    /// Its lines, without the end of the last.
    text: &'t str,
    names: Vec<String>,
}

impl<'t> Statement<'t> {
    fn read(path: &RepoPath, text: &'t str) -> Option<Vec<Self>> {
        let found = imports(path, text)?.into_iter();
        Some(found.map(|lines| Self { text: text[lines.bytes].trim_end_matches(['\r', '\n']), names: lines.names }).collect())
    }
}

/// The statements that are not among others.
fn beside<'s, 't>(some: &'s [Statement<'t>], others: &[Statement<'_>]) -> Vec<&'s Statement<'t>> {
    some.iter().filter(|statement| !others.iter().any(|other| other.text == statement.text)).collect()
}

/// A text with the end of its last line, which a file may lack.
fn ended(text: &str) -> String {
    let end = if text.is_empty() || text.ends_with('\n') { "" } else { line_ending(text) };
    format!("{text}{end}")
}

/// A text whose last line ends as that of another does.
fn as_ended(text: String, other: &str) -> String {
    match other.is_empty() || other.ends_with('\n') {
        true => text,
        false => text.trim_end_matches(['\r', '\n']).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::merge::{Grain, merge};

    /// What undoing comes to where a step has made `base` of `theirs`, and others `ours` of that.
    fn undone(path: &str, base: &str, ours: &str, theirs: &str) -> Option<String> {
        let path = RepoPath::new(path).unwrap();
        let mut merged = merge(base.as_bytes(), ours.as_bytes(), theirs.as_bytes(), Grain::Tokens);
        merged.settle(|clash| together(&path, clash));
        merged.text().map(|text| String::from_utf8(text).unwrap())
    }

    #[test]
    fn what_stands_beside_our_lines_stays_when_they_go() {
        let gone = |base: &str, ours: &str, theirs: &str| undone("a.py", base, ours, theirs).expect(ours);
        let (base, theirs) = ("import os\nfrom new import X\n\nX()\n", "import os\n\nX()\n");
        assert_eq!(gone(base, "import os\nimport re\nfrom new import X\n\nX()\n", theirs), "import os\nimport re\n\nX()\n");
        assert_eq!(gone(base, "import os\nfrom new import X\nimport re\n\nX()\n", theirs), "import os\nimport re\n\nX()\n");
        assert_eq!(
            gone(base, "import os\nimport a\nfrom new import X\nx = 1\n\nX()\n", theirs),
            "import os\nimport a\nx = 1\n\nX()\n"
        );
        // A definition that the step had brought, at the end of a file, and another behind it.
        let brought = "def a():\n    pass\n\n\nclass X:\n    y = 1\n";
        let more = "\n\ndef b():\n    pass\n";
        assert_eq!(gone(brought, &format!("{brought}{more}"), "def a():\n    pass\n"), format!("def a():\n    pass\n{more}"));
        // A definition that took the place of an import.
        let (brought, theirs) = ("class X:\n    y = 1\n", "from old import X\n");
        assert_eq!(gone(brought, &format!("{brought}{more}"), theirs), format!("{theirs}{more}"));
        assert_eq!(gone("x\nfrom n import X", "x\nfrom n import X\ny = 1", "x\n"), "x\ny = 1");
    }

    #[test]
    fn what_belongs_to_our_lines_collides_with_their_undoing() {
        let (brought, theirs) = ("class A:\n    z = 1\n\n\nclass X:\n    y = 1\n", "class A:\n    z = 1\n");
        let beside = |path: &str, text: &str, at: usize| {
            undone(path, brought, &format!("{}{text}{}", &brought[..at], &brought[at..]), theirs)
        };
        assert_eq!(beside("a.py", "\n    def more(self):\n        pass\n", brought.len()), None, "a method of what goes");
        let at = brought.find("class X").unwrap();
        for above in ["@decorated\n", "# About X.\n"] {
            assert_eq!(beside("a.py", above, at), None, "{above}");
        }
        let (brought, theirs) = ("x = 1\nif x:\n    pass\n", "x = 1\n");
        assert_eq!(undone("a.py", brought, &format!("{brought}else:\n    x = 2\n"), theirs), None, "its other branch");
        assert_eq!(
            undone("a.py", "f(\n    a,\n    b=1,\n)\n", "f(\n    a,\n    b=1,\n    c=1,\n)\n", "f(\n    a,\n)\n"),
            None,
            "arguments"
        );
        assert_eq!(undone("a.ts", "a();\nb();\n", "a();\n// @ts-ignore\nb();\n", "a();\n"), None, "a comment on what goes");
    }

    #[test]
    fn imports_stand_in_any_order() {
        let (base, theirs) = ("import os\n\nx = 1\n", "import os\nfrom old import X\n\nx = 1\n");
        assert_eq!(
            undone("a.py", base, "import os\nimport re\n\nx = 1\n", theirs).as_deref(),
            Some("import os\nimport re\nfrom old import X\n\nx = 1\n")
        );
        // A statement took the place of another, and a third came beside it.
        let found = undone("a.py", "import new\n", "import re\nimport new\nimport io\n", "from old import X\n");
        assert_eq!(found.as_deref(), Some("import re\nfrom old import X\nimport io\n"));
        assert_eq!(undone("a.py", "", "import X\n", "import X\nimport Y\n").as_deref(), Some("import X\nimport Y\n"));
        assert_eq!(undone("a.py", "", "    import X\n", "    import Y\n").as_deref(), Some("    import X\n    import Y\n"));
        let found = undone("a.ts", "x();\n", "import { A } from \"a\";\nx();\n", "import { B } from \"b\";\nx();\n");
        assert_eq!(found.as_deref(), Some("import { A } from \"a\";\nimport { B } from \"b\";\nx();\n"));
    }

    #[test]
    fn imports_that_bind_one_name_or_are_no_plain_ones_collide() {
        for (base, ours, theirs) in [
            ("", "from a import X\n", "from b import X\n"),
            ("", "from a import *\n", "from b import X\n"),
            ("", "from __future__ import annotations\n", "import b\n"),
            ("", "import a\n", "    import b\n"),
            ("", "import a\nx = 1\n", "import b\n"),
            ("", "def f(): ...\n", "def g(): ...\n"),
            ("from n import X\n", "from m import X\n", "from o import X\n"),
            ("import n\n", "import m\n", "import o\n"),
        ] {
            assert_eq!(undone("a.py", base, ours, theirs), None, "{ours:?} {theirs:?}");
        }
        assert_eq!(undone("a.ts", "", "import \"./a\";\n", "import \"./b\";\n"), None, "what they do may depend on the order");
    }
}
