//! Taking entries out of lists of exports: `export { X, Y as Z }`.

use tree_sitter::Node;

use super::facts::{ExportId, Exported};
use super::imports::{Refusal, Source};
use super::lines;
use crate::syntax;
use crate::text::edit::Edit;
use crate::text::span::Span;

/// Returns the edit that takes an entry out of a list of exports; the last takes the statement with it.
///
/// # Errors
/// It stands in no list, a comment would go with it, or tree-sitter reads the place differently.
pub fn removal(source: &Source<'_>, id: ExportId) -> Result<Edit, Refusal> {
    let export = &source.facts.exports[id.index()];
    if !matches!(export.what, Exported::Binding(_) | Exported::From { .. }) {
        return Err(Refusal::Form);
    }
    let node = source.tree.node_at(export.span, "export_specifier").ok_or(Refusal::Form)?;
    let list =
        node.parent().filter(|list| list.kind() == "export_clause" && !list.has_error()).ok_or(Refusal::ParsersDisagree)?;
    let statement = list.parent().filter(|statement| statement.kind() == "export_statement").ok_or(Refusal::ParsersDisagree)?;
    let children = syntax::children(list);
    if children.iter().filter(|child| child.kind() == "export_specifier").count() == 1 {
        let span = syntax::span(statement);
        return lines::take_out(source, statement, span, &[span]);
    }
    let at = children.iter().position(|child| child.id() == node.id()).ok_or(Refusal::ParsersDisagree)?;
    let is_comma = |node: &&Node<'_>| node.kind() == ",";
    // The comma behind goes with it; behind the last, the one before.
    let span = match (children.get(at + 1).filter(is_comma), children.get(at + 2), at.checked_sub(1).map(|at| children[at])) {
        (Some(_), Some(next), _) if next.kind() == "export_specifier" => Span::new(export.span.start, next.start_byte() as u32),
        (_, _, Some(before)) if is_comma(&&before) => Span::new(before.start_byte() as u32, export.span.end),
        _ => return Err(Refusal::Comment),
    };
    let has_comment = children.iter().any(|child| child.kind() == "comment" && span.covers(syntax::span(*child)));
    if has_comment { Err(Refusal::Comment) } else { Ok(Edit::delete(span)) }
}
