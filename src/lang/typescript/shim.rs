//! What a name that is at home elsewhere looks like, where it goes on to work: a re-export with `@deprecated` on it.
//!
//! The comment stands in the braces, before the name. There TypeScript's language service reports it at whoever takes the name from the
//! module, through barrels as well; above the statement it is not read at all. A re-export keeps all meanings of the name, and is the
//! same object.

use super::facts::{Export, ExportId, Exported, Facts};
use super::imports::{Refusal, Source, is_of_file};
use super::lines;
use crate::syntax;
use crate::text::edit::Edit;
use crate::text::eol;
use crate::text::span::Span;

/// A name that is taken from elsewhere and exported.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Forward {
    /// The name that the other module exports.
    pub imported: String,
    /// The name that this module exports.
    pub exported: String,
    /// There is only a type of that name.
    pub is_type_only: bool,
    /// What `@deprecated` says.
    pub message: String,
}

/// How the statements of a file are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Style {
    /// The quote of specifiers.
    pub quote: char,
    /// What ends a statement.
    pub end: &'static str,
    /// What ends a line.
    pub eol: &'static str,
}

impl Style {
    /// As the file has its first specifier; like prettier where it has none.
    pub fn of(text: &str, facts: &Facts) -> Self {
        let first = facts.requests.first();
        let quote = first.and_then(|request| text[request.span.range()].chars().next()).filter(|c| matches!(c, '\'' | '"'));
        let statement = first.map(|request| text[request.whole.range()].ends_with(';'));
        Self { quote: quote.unwrap_or('"'), end: if statement.unwrap_or(true) { ";" } else { "" }, eol: eol::line_ending(text) }
    }
}

/// The statements that export names of another module, values before types; without the last line ending.
pub fn statements(forwards: &[Forward], specifier: &str, style: Style) -> String {
    let Style { quote, end, eol } = style;
    let one = |is_type_only: bool| {
        let names = forwards.iter().filter(|forward| forward.is_type_only == is_type_only);
        let lines: Vec<String> = names.map(|forward| line(forward, eol)).collect();
        let keyword = if is_type_only { "export type" } else { "export" };
        let text = || format!("{keyword} {{{eol}{}}} from {quote}{specifier}{quote}{end}", lines.concat());
        (!lines.is_empty()).then(text)
    };
    [one(false), one(true)].into_iter().flatten().collect::<Vec<_>>().join(eol)
}

fn line(forward: &Forward, eol: &str) -> String {
    let Forward { imported, exported, message, .. } = forward;
    let name = if imported == exported { exported.clone() } else { format!("{imported} as {exported}") };
    format!("  /** @deprecated {message} */{eol}  {name},{eol}")
}

/// The comment that marks an export entry as a shim; `None` where it is none.
pub fn mark(text: &str, facts: &Facts, export: &Export) -> Option<Span> {
    if !matches!(export.what, Exported::From { .. }) {
        return None;
    }
    let at = facts.comments.partition_point(|comment| comment.end <= export.span.start);
    let comment = *facts.comments[..at].last()?;
    let said = &text[comment.range()];
    let is_before = text[comment.range().end..export.span.range().start].trim().is_empty();
    (is_before && said.starts_with("/**") && said.contains("@deprecated")).then_some(comment)
}

/// Whether a module does nothing but forward names that are deprecated.
pub fn is_whole(source: &Source<'_>) -> bool {
    let facts = source.facts;
    let statements = syntax::children(source.tree.root()).into_iter().filter(|node| node.kind() != "comment");
    let is_directive = |text: &str| text.starts_with(['\'', '"']);
    let mut code = statements.filter(|node| !is_directive(&source.text[node.byte_range()]));
    let is_marked = |export: &Export| mark(source.text, facts, export).is_some();
    code.all(|node| node.kind() == "export_statement")
        && !facts.exports.is_empty()
        && facts.exports.iter().all(is_marked)
        && facts.errors.is_empty()
}

/// Where the head of a file ends: what its comments say of all of it, and its directives (`"use client"`).
pub fn head(source: &Source<'_>) -> Span {
    let text = source.text;
    let nodes = syntax::children(source.tree.root()).into_iter();
    let is_head = |node: &tree_sitter::Node<'_>| {
        let own = &text[node.byte_range()];
        (node.kind() == "comment" && is_of_file(own)) || (node.kind() == "expression_statement" && own.starts_with(['\'', '"']))
    };
    let last = nodes.take_while(is_head).last();
    Span::new(0, last.map_or(0, |node| eol::next_line(text, node.end_byte())) as u32)
}

/// The edits that take names out of lists of exports, each with the comment that marks it; a statement that is left with none goes.
///
/// # Errors
/// A name does not stand in a list, or a comment stands with it that would be lost.
pub fn removal(source: &Source<'_>, exports: &[ExportId]) -> Result<Vec<Edit>, Refusal> {
    let facts = source.facts;
    let is_gone = |export: &Export| exports.iter().any(|id| facts.exports[id.index()].span == export.span);
    let mut statements: Vec<Span> = exports.iter().map(|id| facts.exports[id.index()].statement).collect();
    statements.sort();
    statements.dedup();
    let names = |statement: Span| facts.exports.iter().filter(move |export| export.statement == statement);
    let whole: Vec<Span> = statements.iter().copied().filter(|&statement| names(statement).all(is_gone)).collect();
    let going = lines::Going::new(source.text, &whole);
    let mut edits = Vec::new();
    for statement in statements {
        let node = source.tree.root().descendant_for_byte_range(statement.range().start, statement.range().end);
        let node = std::iter::successors(node, |node| node.parent()).find(|node| node.kind() == "export_statement");
        let node = node.filter(|node| !node.has_error() && syntax::span(*node).covers(statement));
        let node = node.ok_or(Refusal::Form)?;
        if !syntax::children(node).iter().any(|child| child.kind() == "export_clause") {
            return Err(Refusal::Form);
        }
        if whole.contains(&statement) {
            let marks = names(statement).filter_map(|export| mark(source.text, facts, export)).count();
            let comments = facts.comments.iter().filter(|comment| statement.covers(**comment)).count();
            if comments > marks {
                return Err(Refusal::Comment);
            }
            edits.push(lines::take_out(source, node, syntax::span(node), &going)?);
            continue;
        }
        for export in names(statement).filter(|export| is_gone(export)) {
            edits.push(name_removal(source, export)?);
        }
    }
    Ok(edits)
}

/// The edit that takes out a statement that exports one thing: `export default x`.
///
/// # Errors
/// There is no such statement, or it does not stand on lines of its own.
pub fn statement_removal(source: &Source<'_>, statement: Span) -> Result<Edit, Refusal> {
    let nodes = syntax::children(source.tree.root()).into_iter();
    let mut found = nodes.filter(|node| node.kind() == "export_statement" && syntax::span(*node).covers(statement));
    let node = found.next().filter(|node| !node.has_error()).ok_or(Refusal::Form)?;
    lines::take_out(source, node, syntax::span(node), &lines::Going::new(source.text, &[syntax::span(node)]))
}

/// The edit that takes one name out of a list that goes on to have others.
fn name_removal(source: &Source<'_>, export: &Export) -> Result<Edit, Refusal> {
    let text = source.text;
    let start = mark(text, source.facts, export).map_or(export.span.start, |comment| comment.start) as usize;
    let behind = &text[export.span.range().end..];
    let blank = behind.len() - behind.trim_start().len();
    let has_comma = behind[blank..].starts_with(',');
    let end = export.span.range().end + if has_comma { blank + 1 } else { 0 };
    let line = eol::line_start(text, start);
    let rest = text[end..eol::line_end(text, end)].trim();
    if rest.starts_with("//") || rest.starts_with("/*") {
        return Err(Refusal::Comment);
    }
    let span = match text[line..start].trim().is_empty() && rest.is_empty() {
        true => Span::new(line as u32, eol::next_line(text, end) as u32),
        false => {
            let spaces = text[end..].len() - text[end..].trim_start_matches(' ').len();
            Span::new(start as u32, (end + if has_comma { spaces } else { 0 }) as u32)
        }
    };
    Ok(Edit::delete(span))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::typescript::collect;
    use crate::syntax::{Grammar, parse};
    use crate::text::edit::TextEdit;
    use crate::text::path::RepoPath;

    fn with_source<T>(text: &str, look: impl Fn(&Source<'_>) -> T) -> T {
        let facts = collect(text, &RepoPath::new("web/old.ts").unwrap());
        let tree = parse(Grammar::TypeScript, text).unwrap();
        look(&Source { text, facts: &facts, tree: &tree })
    }

    fn without(text: &str, names: &[&str]) -> Result<String, Refusal> {
        with_source(text, |source| {
            let ids: Vec<ExportId> =
                names.iter().flat_map(|name| source.facts.exports_of(name)).map(|(export, _)| export).collect();
            let edits = TextEdit::new(removal(source, &ids)?).unwrap();
            Ok(String::from_utf8(edits.apply(text.as_bytes())).unwrap())
        })
    }

    fn forward(imported: &str, exported: &str, is_type_only: bool) -> Forward {
        Forward { imported: imported.into(), exported: exported.into(), is_type_only, message: "Gone.".into() }
    }

    const TWO: &str = "export {\n  /** @deprecated Gone. */\n  New as Old,\n  /** @deprecated Gone. */\n  default,\n} from './new'\n\
                       export type {\n  /** @deprecated Gone. */\n  Shape,\n} from './new'";

    #[test]
    fn names_are_forwarded_and_found_again() {
        let style = Style { quote: '\'', end: "", eol: "\n" };
        let forwards = [forward("New", "Old", false), forward("Shape", "Shape", true), forward("default", "default", false)];
        assert_eq!(statements(&forwards, "./new", style), TWO);
        with_source(TWO, |source| {
            assert!(is_whole(source));
            assert_eq!(Style::of(source.text, source.facts), style);
        });
        for own in ["export const a = 1\n", "import './other'\n", "export { b } from './b'\n", "start()\n"] {
            with_source(&format!("{TWO}\n{own}"), |source| assert!(!is_whole(source), "{own}"));
        }
    }

    #[test]
    fn names_go_with_their_marks() {
        let gone = without(TWO, &["Old"]).unwrap();
        assert_eq!(gone, TWO.replace("  /** @deprecated Gone. */\n  New as Old,\n", ""));
        assert_eq!(without(TWO, &["Shape"]).unwrap(), TWO.split_once("\nexport type").unwrap().0.to_owned());
        assert_eq!(without("const a = 1, b = 2;\nexport { a, b };\n", &["a"]).unwrap(), "const a = 1, b = 2;\nexport { b };\n");
        assert_eq!(without("const a = 1;\n\nexport { a };\n", &["a"]).unwrap(), "const a = 1;\n");
        assert_eq!(without("const a = 1;\nexport { a /* it */ };\n", &["a"]), Err(Refusal::Comment));
        assert_eq!(without("export const a = 1;\n", &["a"]), Err(Refusal::Form));
    }

    #[test]
    fn the_head_of_a_file_is_what_is_said_of_all_of_it() {
        let text = "// Copyright us.\n'use client';\n\n// What a is.\nexport const a = 1;\n";
        with_source(text, |source| assert_eq!(&text[head(source).range()], "// Copyright us.\n'use client';\n"));
        with_source("export {};\n", |source| assert_eq!(head(source), Span::new(0, 0)));
    }
}
