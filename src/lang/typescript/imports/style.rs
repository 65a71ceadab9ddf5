//! How a file writes its imports.

use super::Source;
use super::statement::Statement;
use crate::syntax;
use crate::text::eol;

/// The usual limits of a line's length; what is longer has none.
const LINE_LENGTHS: [usize; 3] = [80, 100, 120];

/// How statements are written.
#[derive(Clone, Debug)]
pub struct Style {
    pub quote: char,
    pub has_semicolons: bool,
    /// `{ X }` instead of `{X}`.
    pub has_spaces: bool,
    /// A comma stands behind the last of the names that have lines of their own.
    pub has_trailing_comma: bool,
    /// What stands before each of those.
    pub indent: String,
    pub line_ending: &'static str,
    pub line_length: usize,
    /// `import { type X }` is used.
    pub has_inline_types: bool,
}

impl Style {
    /// The style of a file, given its import declarations and re-exports.
    pub fn of(source: &Source<'_>, statements: &[Statement<'_>]) -> Self {
        let text = source.text;
        let most = |is: &dyn Fn(&Statement<'_>) -> bool| 2 * statements.iter().filter(|it| is(it)).count() > statements.len();
        let lists: Vec<&str> =
            statements.iter().filter(|it| !it.names.is_empty()).filter_map(|it| Some(&text[it.list?.byte_range()])).collect();
        let (long, short): (Vec<&str>, Vec<&str>) = lists.iter().partition(|list| list.contains('\n'));
        let long = long.first();
        let indent = long.and_then(|list| list.lines().nth(1)).map(|line| &line[..line.len() - line.trim_start().len()]);
        let has_code = syntax::children(source.tree.root()).iter().any(|node| node.kind() != "comment");
        Self {
            quote: match statements.is_empty() {
                true => first_quote(source),
                false if most(&|it| it.quote(text) == '\'') => '\'',
                false => '"',
            },
            has_semicolons: match statements.is_empty() {
                true => !has_code || text.lines().any(|line| line.ends_with(';')),
                false => 2 * statements.iter().filter(|it| it.has_semicolon(text)).count() >= statements.len(),
            },
            has_spaces: short.is_empty() || short.iter().any(|list| list.starts_with("{ ")),
            has_trailing_comma: long.is_none_or(|list| list.trim_end_matches('}').trim_end().ends_with(',')),
            indent: indent.map_or_else(|| unit(text), str::to_owned),
            line_ending: eol::line_ending(text),
            line_length: line_length(text, statements),
            has_inline_types: statements.iter().any(|it| !it.is_export && it.names.iter().any(|name| name.is_type_only)),
        }
    }

    /// The style of one statement, where it has one; else the file's.
    pub fn at(&self, text: &str, statement: &Statement<'_>) -> Self {
        let list = statement.list.map(|list| &text[list.byte_range()]).filter(|list| list.len() > 2 && !list.contains('\n'));
        Self {
            quote: statement.quote(text),
            has_semicolons: statement.has_semicolon(text),
            has_spaces: list.map_or(self.has_spaces, |list| list.starts_with("{ ")),
            ..self.clone()
        }
    }
}

/// The quote of the first string that is not JSX.
fn first_quote(source: &Source<'_>) -> char {
    let first = source.text.bytes().position(|byte| matches!(byte, b'\'' | b'"'));
    let node = first.and_then(|at| source.tree.root().descendant_for_byte_range(at, at + 1));
    match node.map(|node| node.kind()) {
        Some("'") => '\'',
        _ => '"',
    }
}

/// The indentation of the first indented line of code.
fn unit(text: &str) -> String {
    let indents = text.lines().map(|line| &line[..line.len() - line.trim_start().len()]);
    let first = indents.filter(|indent| *indent == "\t" || (indent.len() > 1 && indent.chars().all(|c| c == ' '))).min();
    first.map_or("  ", |indent| if indent.starts_with('\t') { "\t" } else { indent }).to_owned()
}

/// The limit that the names on one line keep to.
fn line_length(text: &str, statements: &[Statement<'_>]) -> usize {
    let is_one_line = |it: &&Statement<'_>| it.names.len() > 1 && !text[it.span.range()].contains('\n');
    let longest = statements.iter().filter(is_one_line).map(|it| it.span.len() as usize).max().unwrap_or(0);
    LINE_LENGTHS.into_iter().find(|&limit| longest <= limit).unwrap_or(usize::MAX)
}
