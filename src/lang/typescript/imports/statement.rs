//! What an import declaration or re-export looks like on tree-sitter's tree.

use tree_sitter::Node;

use super::{Refusal, Source};
use crate::syntax;
use crate::text::eol;
use crate::text::span::Span;

/// What a comment starts with that is addressed to a tool.
const DIRECTIVES: [&str; 12] =
    ["eslint", "@ts-", "prettier-", "biome-", "tslint:", "oxlint-", "istanbul", "c8 ", "v8 ", "webpack", "@vite-", "deno-lint"];

/// One name of a statement.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Specifier {
    /// All of it: `type X as Y`, a default import's name, `* as ns`.
    pub span: Span,
    /// The name in the module, with its quotes where it has them; the local name of a default import or namespace.
    pub imported: Span,
    /// The name behind `as`, of a list's name.
    pub local: Option<Span>,
    /// `type` stands before it.
    pub is_type_only: bool,
}

/// `import … from "m"`, `import "m"` or `export { … } from "m"`.
#[derive(Clone, Debug)]
pub struct Statement<'a> {
    pub node: Node<'a>,
    /// Without the comments that tree-sitter takes for a part of it.
    pub span: Span,
    /// The literal with its quotes.
    pub literal: Span,
    /// `export` instead of `import`.
    pub is_export: bool,
    /// `type` stands before all names.
    pub is_type_only: bool,
    pub default: Option<Specifier>,
    pub namespace: Option<Specifier>,
    /// `{ … }`.
    pub list: Option<Node<'a>>,
    pub names: Vec<Specifier>,
    /// `with { … }`, as it is written.
    pub attributes: Option<Span>,
    /// All between the keyword (and `type`) and `from`; `None` for `import "m"`.
    pub clause: Option<Span>,
}

impl<'a> Statement<'a> {
    /// The statement whose module is named by the literal at a span.
    pub fn find(source: &Source<'a>, literal: Span) -> Result<Self, Refusal> {
        let string = source.tree.node_at(literal, "string").ok_or(Refusal::ParsersDisagree)?;
        string.parent().and_then(|node| Self::of(source, node)).ok_or(Refusal::ParsersDisagree)
    }

    /// The statement of a node; `None` for other nodes, for `export *`, and where there is an error.
    pub fn of(source: &Source<'a>, node: Node<'a>) -> Option<Self> {
        let is_export = node.kind() == "export_statement";
        let is_statement = is_export || node.kind() == "import_statement";
        if !is_statement || node.has_error() || is_in_error(node) {
            return None;
        }
        let literal = syntax::span(node.child_by_field_name("source")?);
        let children = syntax::children(node);
        let child = |kind: &str| children.iter().copied().find(|child| child.kind() == kind);
        let clause = child("import_clause").or_else(|| child("export_clause"));
        if is_export && clause.is_none() {
            return None;
        }
        let parts = clause.filter(|_| !is_export).map(syntax::children).unwrap_or_default();
        let part = |kind: &str| parts.iter().copied().find(|part| part.kind() == kind);
        let list = if is_export { clause } else { part("named_imports") };
        let whole = |node: Node<'_>| Specifier {
            span: syntax::span(node),
            imported: syntax::span(node),
            local: None,
            is_type_only: false,
        };
        let namespace = part("namespace_import").and_then(|node| {
            let name = syntax::children(node).into_iter().find(|child| child.kind() == "identifier")?;
            Some(Specifier { imported: syntax::span(name), ..whole(node) })
        });
        Some(Self {
            node,
            span: Span::new(node.start_byte() as u32, code_end(node) as u32),
            literal,
            is_export,
            is_type_only: child("type").is_some() || child("typeof").is_some(),
            default: part("identifier").map(whole),
            namespace,
            list,
            names: list.map(|list| names(source.text, list)).unwrap_or_default(),
            attributes: child("import_attribute").map(syntax::span),
            clause: clause.map(syntax::span),
        })
    }

    /// All names.
    pub fn specifiers(&self) -> impl Iterator<Item = Specifier> {
        self.default.into_iter().chain(self.namespace).chain(self.names.iter().copied())
    }

    /// The rest of the statement's last line.
    pub fn behind<'t>(&self, text: &'t str) -> &'t str {
        let end = self.span.range().end;
        &text[end..eol::line_end(text, end)]
    }

    /// Whether nothing but blanks stands before it on its line.
    pub fn starts_line(&self, text: &str) -> bool {
        let start = self.span.range().start;
        text[eol::line_start(text, start)..start].trim_matches(['\u{feff}', ' ', '\t']).is_empty()
    }

    /// Whether nothing but blanks and comments that end there follows on its line.
    pub fn ends_line(&self, text: &str) -> bool {
        is_blank_or_comments(self.behind(text))
    }

    /// Whether a comment stands between its first and last byte.
    pub fn has_comment_inside(&self) -> bool {
        has_comment(self.node, self.span)
    }

    /// Whether a comment stands behind it on its line.
    pub fn has_comment_behind(&self, text: &str) -> bool {
        self.behind(text).trim_start().starts_with(['/'])
    }

    /// The comment behind it, where that is addressed to a tool.
    pub fn directive_behind<'t>(&self, text: &'t str) -> Option<&'t str> {
        Some(self.behind(text).trim()).filter(|comment| is_directive(comment))
    }

    /// The line of the comment directly above, where that tells a tool something about the statement's first line.
    pub fn directive_above(&self, text: &str) -> Option<usize> {
        directive_above(text, self.span.range().start)
    }

    /// Whether the statement ends with a semicolon.
    pub fn has_semicolon(&self, text: &str) -> bool {
        text[self.span.range()].ends_with(';')
    }

    /// The quote of its literal.
    pub fn quote(&self, text: &str) -> char {
        if text[self.literal.range()].starts_with('\'') { '\'' } else { '"' }
    }
}

/// The names between two braces.
fn names(text: &str, list: Node<'_>) -> Vec<Specifier> {
    let specifiers =
        syntax::children(list).into_iter().filter(|child| matches!(child.kind(), "import_specifier" | "export_specifier"));
    specifiers
        .filter_map(|node| {
            let name = node.child_by_field_name("name")?;
            let keyword = &text[node.start_byte()..name.start_byte()];
            Some(Specifier {
                span: Span::new(node.start_byte() as u32, code_end(node) as u32),
                imported: syntax::span(name),
                local: node.child_by_field_name("alias").map(syntax::span),
                is_type_only: keyword.starts_with("type"),
            })
        })
        .collect()
}

/// Where a node ends, without the comments that tree-sitter takes for a part of it.
pub fn code_end(node: Node<'_>) -> usize {
    let last = syntax::children(node).into_iter().rfind(|child| child.kind() != "comment");
    last.map_or(node.end_byte(), code_end)
}

/// Whether a node lies in something that tree-sitter could not read.
pub fn is_in_error(node: Node<'_>) -> bool {
    std::iter::successors(node.parent(), |node| node.parent()).any(|node| node.is_error())
}

/// Whether a comment stands in a span of a node.
pub fn has_comment(node: Node<'_>, span: Span) -> bool {
    syntax::children(node)
        .into_iter()
        .filter(|child| span.intersects(syntax::span(*child)))
        .any(|child| child.kind() == "comment" || has_comment(child, span))
}

/// Whether there is nothing but comments, all of which end.
pub fn is_blank_or_comments(line: &str) -> bool {
    let line = line.trim();
    match line.strip_prefix("/*") {
        Some(comment) => comment.split_once("*/").is_some_and(|(_, rest)| is_blank_or_comments(rest)),
        None => line.is_empty() || line.starts_with("//"),
    }
}

/// Whether a comment is addressed to a tool.
pub fn is_directive(comment: &str) -> bool {
    let words =
        comment.strip_prefix("//").or_else(|| comment.strip_prefix("/*")).map(|words| words.trim_start_matches(['*', ' ']));
    words.is_some_and(|words| DIRECTIVES.iter().any(|directive| words.starts_with(directive)))
}

/// The start of the line directly above an offset's, where it is a comment that tells a tool something about the next line.
pub fn directive_above(text: &str, offset: usize) -> Option<usize> {
    let above = eol::previous_line(text, eol::line_start(text, offset))?;
    let line = text[above..eol::line_end(text, above)].trim();
    let is_for_next = ["next-line", "@ts-ignore", "@ts-expect-error", "prettier-ignore", "biome-ignore", "ignore next"];
    (is_directive(line) && is_for_next.iter().any(|word| line.contains(word))).then_some(above)
}
