//! Taking imports out of a file: aliases out of their statements, statements out of their blocks, and what would be left empty.

use std::collections::{BTreeMap, BTreeSet};

use tree_sitter::Node;

use super::{Becomes, Change, Editor, Refusal, Source, rewrite};
use crate::lang::python::facts::{AliasId, ImportId};
use crate::syntax;
use crate::text::edit::Edit;
use crate::text::eol;
use crate::text::lines::{Gone, delete_lines};
use crate::text::span::Span;

/// Imports that go together, and the edits that take them out.
pub struct Removal {
    /// The aliases, in the order of the file.
    pub aliases: Vec<AliasId>,
    /// The edits; of several removals they do not touch one another.
    pub edits: Result<Vec<Edit>, Refusal>,
}

/// Takes aliases out, each statement for itself. Statements that are all that a block has go together: the block keeps a `pass`, and an
/// `if TYPE_CHECKING` that has no other branch goes as a whole.
pub fn removals(source: &Source<'_>, going: &BTreeSet<AliasId>) -> Vec<Removal> {
    let facts = source.facts;
    let mut statements: BTreeMap<ImportId, Vec<AliasId>> = BTreeMap::new();
    for &id in going {
        statements.entry(facts.aliases[id.index()].import).or_default().push(id);
    }
    let editor = Editor::of_all(source);
    let mut found = Vec::new();
    // Those that go as a whole, by the block that they stand in.
    let mut blocks: BTreeMap<Span, Vec<(Node<'_>, Vec<AliasId>)>> = BTreeMap::new();
    for (import, aliases) in statements {
        let statement = &facts.imports[import.index()];
        if aliases.len() < facts.aliases_of(statement).count() {
            let change = Change { aliases: aliases.iter().map(|id| (*id, Becomes::Nothing)).collect(), added: Vec::new() };
            found.push(Removal { edits: rewrite(&editor, import, &change), aliases });
            continue;
        }
        let kind = if statement.from.is_some() { "import_from_statement" } else { "import_statement" };
        match source
            .tree
            .node_at(statement.span, kind)
            .filter(|node| !node.has_error())
            .and_then(|node| Some((node, node.parent()?)))
        {
            Some((node, block)) => blocks.entry(syntax::span(block)).or_default().push((node, aliases)),
            None => found.push(Removal { aliases, edits: Err(Refusal::ParsersDisagree) }),
        }
    }
    for statements in blocks.into_values() {
        let gone: Vec<Span> = statements.iter().map(|(node, _)| syntax::span(*node)).collect();
        match statements[0].0.parent().filter(|block| is_emptied(*block, &gone)) {
            Some(block) => {
                let aliases = statements.iter().flat_map(|(_, aliases)| aliases).copied().collect();
                found.push(Removal { aliases, edits: Ok(emptied(source, block, &gone)) });
            }
            None => {
                let gone = Gone::new(source.text, &gone);
                found.extend(clusters(source.text, statements).into_iter().map(|(span, aliases)| Removal {
                    aliases,
                    edits: take_out(source.text, span, &gone).map(|edit| vec![edit]),
                }))
            }
        }
    }
    found.sort_by_key(|removal| removal.aliases.first().copied());
    found
}

/// Whether nothing but comments is left in a block when these statements, in their order, are gone.
fn is_emptied(block: Node<'_>, gone: &[Span]) -> bool {
    let is_left =
        |node: &Node<'_>| !matches!(node.kind(), "comment" | ";") && gone.binary_search(&syntax::span(*node)).is_err();
    block.kind() != "module" && !syntax::children(block).iter().any(is_left)
}

/// The edits for a block all of whose statements go.
fn emptied(source: &Source<'_>, block: Node<'_>, gone: &[Span]) -> Vec<Edit> {
    if let Some(condition) = block.parent().filter(|outer| is_for_types(source, *outer, block)) {
        let span = syntax::span(condition);
        let is_alone = condition.parent().is_some_and(|outer| is_emptied(outer, &[span]));
        return match is_alone {
            true => vec![Edit::replace(span, "pass")],
            false => vec![delete_lines(source.text, span, &Gone::new(source.text, &[]))],
        };
    }
    // The first becomes `pass`; on one line with others, so do they all.
    let (first, rest) = (gone[0], &gone[1..]);
    let is_one_line = !source.text[first.range().start..gone[gone.len() - 1].range().end].contains(['\n', '\r']);
    match is_one_line {
        true => vec![Edit::replace(Span::new(first.start, gone[gone.len() - 1].end), "pass")],
        false => {
            let all = Gone::new(source.text, gone);
            let deleted = rest.iter().map(|span| delete_lines(source.text, *span, &all));
            std::iter::once(Edit::replace(first, "pass")).chain(deleted).collect()
        }
    }
}

/// Whether a statement is an `if TYPE_CHECKING` with this block and no comment or other branch.
fn is_for_types(source: &Source<'_>, statement: Node<'_>, block: Node<'_>) -> bool {
    let condition = statement.child_by_field_name("condition").map(|node| &source.text[node.byte_range()]);
    let is_plain = |node: &Node<'_>| !matches!(node.kind(), "comment" | "elif_clause" | "else_clause");
    let is_alone = source.text[eol::line_start(source.text, statement.start_byte())..statement.start_byte()].trim().is_empty();
    statement.kind() == "if_statement"
        && is_alone
        && condition.is_some_and(|text| text == "TYPE_CHECKING" || text.ends_with(".TYPE_CHECKING"))
        && syntax::children(statement).iter().chain(&syntax::children(block)).all(is_plain)
}

/// Puts statements that stand on one line, with nothing but semicolons between them, together.
fn clusters(text: &str, statements: Vec<(Node<'_>, Vec<AliasId>)>) -> Vec<(Span, Vec<AliasId>)> {
    let mut clusters: Vec<(Span, Vec<AliasId>)> = Vec::new();
    for (node, aliases) in statements {
        let span = syntax::span(node);
        match clusters.last_mut() {
            Some((last, others)) if text[last.range().end..span.range().start].trim_matches([' ', '\t']) == ";" => {
                *last = Span::new(last.start, span.end);
                others.extend(aliases);
            }
            _ => clusters.push((span, aliases)),
        }
    }
    clusters
}

/// The edit for statements of a block in which others stay.
fn take_out(text: &str, span: Span, gone: &Gone) -> Result<Edit, Refusal> {
    let before = &text[eol::line_start(text, span.range().start)..span.range().start];
    let behind = text[span.range().end..eol::line_end(text, span.range().end)].trim_start();
    let is_last = |rest: &str| rest.is_empty() || rest.starts_with('#');
    let rest = behind.strip_prefix(';').map_or(behind, str::trim_start);
    if before.trim().is_empty() && is_last(rest) {
        return Ok(delete_lines(text, span, gone));
    }
    // With others on its line.
    if !is_last(rest) {
        let end = eol::line_end(text, span.range().end) - rest.len();
        let is_followed = behind.starts_with(';') && !rest.starts_with('\\');
        return is_followed.then(|| Edit::delete(Span::new(span.start, end as u32))).ok_or(Refusal::ParsersDisagree);
    }
    let kept = before.trim_end().strip_suffix(';').map(str::trim_end).ok_or(Refusal::ParsersDisagree)?;
    let start = span.range().start - before.len() + kept.len();
    Ok(Edit::delete(Span::new(start as u32, span.end)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::python::collect;
    use crate::lang::python::modules::ModuleTable;
    use crate::syntax::{Grammar, parse};
    use crate::text::edit::TextEdit;
    use crate::text::snapshot::FileId;

    /// Removes the imports whose local names start with `x`.
    fn removed(text: &str) -> String {
        let facts = collect(text, None);
        let tree = parse(Grammar::Python, text).unwrap();
        let modules = ModuleTable::default();
        let source = Source { file: FileId::new(0), text, facts: &facts, tree: &tree, modules: &modules };
        let ids = (0..facts.aliases.len()).map(AliasId::new);
        let going = ids.filter(|id| facts.names.get(facts.aliases[id.index()].local).starts_with('x')).collect();
        let edits = removals(&source, &going).into_iter().flat_map(|removal| removal.edits.unwrap()).collect();
        let after = String::from_utf8(TextEdit::new(edits).unwrap().apply(text.as_bytes())).unwrap();
        assert!(collect(&after, None).errors.is_empty(), "{after}");
        after
    }

    #[test]
    fn statements_go_with_their_lines() {
        assert_eq!(removed("import a\nimport x\nimport b\n"), "import a\nimport b\n");
        assert_eq!(removed("import a\n\nimport x\n\n\nb = 1\n"), "import a\n\n\nb = 1\n");
        assert_eq!(removed("import a\n\n\nimport x\n\nb = 1\n"), "import a\n\n\nb = 1\n");
        assert_eq!(removed("import x\n\nimport xx\n\n\nb = 1\n"), "b = 1\n");
        assert_eq!(removed("import x\n"), "");
        assert_eq!(removed("import a\n\nimport x"), "import a");
        assert_eq!(removed("# head\nimport x  # noqa: E402\nb = 1\n"), "# head\nb = 1\n");
        assert_eq!(removed("from m import (\n    a,\n    x,\n)\n"), "from m import (\n    a,\n)\n");
        assert_eq!(removed("import x; import a; import xx; b = 1\n"), "import a; b = 1\n");
        assert_eq!(removed("a = 1; import x\n"), "a = 1\n");
        assert_eq!(removed("a = 1; import x; import xx\n"), "a = 1\n");
    }

    #[test]
    fn a_block_is_never_left_empty() {
        assert_eq!(removed("def f():\n    import x\n    import xx\n"), "def f():\n    pass\n");
        assert_eq!(removed("def f():\n    import x\n    return 1\n"), "def f():\n    return 1\n");
        assert_eq!(removed("if a:\n    import x\nelse:\n    import b\n"), "if a:\n    pass\nelse:\n    import b\n");
        assert_eq!(removed("if a: import x; import xx\nb = 1\n"), "if a: pass\nb = 1\n");
        assert_eq!(removed("class K:\n    # why\n    import x\n"), "class K:\n    # why\n    pass\n");
    }

    #[test]
    fn what_asks_for_type_checkers_goes_with_its_last_import() {
        let head = "from t import TYPE_CHECKING\n";
        assert_eq!(
            removed(&format!("{head}\nif TYPE_CHECKING:\n    import x\n    import xx\n\nb = 1\n")),
            format!("{head}\nb = 1\n")
        );
        assert_eq!(
            removed("if TYPE_CHECKING:\n    import x\nelse:\n    b = 1\n"),
            "if TYPE_CHECKING:\n    pass\nelse:\n    b = 1\n"
        );
        assert_eq!(removed("if TYPE_CHECKING:\n    # why\n    import x\n"), "if TYPE_CHECKING:\n    # why\n    pass\n");
        assert_eq!(removed("def f():\n    if t.TYPE_CHECKING:\n        import x\n"), "def f():\n    pass\n");
    }
}
