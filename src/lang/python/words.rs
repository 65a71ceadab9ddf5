//! What the words of a line are to the file: names that are read, bound or imported, attributes, or text in strings and comments.

use ruff_python_ast::token::TokenKind;
use ruff_python_parser::{Mode, ParseOptions, parse_unchecked};
use ruff_text_size::Ranged;

use super::facts::{AliasId, BindingId, Facts, ImportId, UseId};
use crate::text::span::Span;

/// A word and what it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Word {
    /// Its place.
    pub span: Span,
    /// What it is.
    pub role: Role,
}

/// What a word is to its file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// A name that is read.
    Use(UseId),
    /// An attribute behind a name that is read; the number counts from 1.
    Attribute(UseId, usize),
    /// A name that is bound.
    Bound(BindingId),
    /// A part of what an import statement brings.
    Imported(AliasId),
    /// A part of the module that `from … import` names.
    From(ImportId),
    /// An entry of `__all__`.
    Export,
    /// In a string literal that could name code, by its index in the file's facts.
    CodeLike(usize),
    /// In any other string literal.
    Prose,
    /// In a comment.
    Comment,
    /// The name of a keyword argument.
    Keyword,
    /// An attribute of an expression that is no dotted name.
    Member,
    /// Anything else: a name in `global`, say.
    Other,
}

/// The words in a part of the file that are wanted, in source order.
pub fn words(source: &str, facts: &Facts, within: Span, is_wanted: &dyn Fn(&str) -> bool) -> Vec<Word> {
    let parsed = parse_unchecked(source, ParseOptions::from(Mode::Module));
    let tokens: Vec<(TokenKind, Span)> = parsed
        .tokens()
        .iter()
        .map(|token| (token.kind(), Span::new(token.range().start().to_u32(), token.range().end().to_u32())))
        .collect();
    let mut found = Vec::new();
    for (at, &(kind, token)) in tokens.iter().enumerate().filter(|(_, (_, token))| token.intersects(within)) {
        for span in identifiers(source, token).filter(|span| within.covers(*span) && is_wanted(&source[span.range()])) {
            let role = match kind {
                TokenKind::Comment => Role::Comment,
                TokenKind::Name => named(facts, span).unwrap_or_else(|| {
                    let previous = at.checked_sub(1).map(|at| tokens[at].0);
                    match (previous, tokens.get(at + 1).map(|next| next.0)) {
                        (Some(TokenKind::Dot), _) => Role::Member,
                        (_, Some(TokenKind::Equal)) => Role::Keyword,
                        _ => Role::Other,
                    }
                }),
                TokenKind::String | TokenKind::FStringMiddle | TokenKind::TStringMiddle => {
                    named(facts, span).unwrap_or_else(|| literal(facts, token))
                }
                _ => continue,
            };
            found.push(Word { span, role });
        }
    }
    found
}

/// The identifiers in a part of the file.
fn identifiers(source: &str, within: Span) -> impl Iterator<Item = Span> {
    let text = &source[within.range()];
    let is_part = |c: char| c == '_' || unicode_ident::is_xid_continue(c);
    let pieces =
        text.split(move |c| !is_part(c)).filter(|piece| piece.starts_with(|c| c == '_' || unicode_ident::is_xid_start(c)));
    pieces.map(move |piece| {
        let start = within.start + (piece.as_ptr() as usize - text.as_ptr() as usize) as u32;
        Span::new(start, start + piece.len() as u32)
    })
}

/// What a name is, where the facts have it.
fn named(facts: &Facts, span: Span) -> Option<Role> {
    if let Some(used) = facts.uses.iter().position(|used| used.span == span) {
        return Some(Role::Use(UseId::new(used)));
    }
    if let Some(at) = facts.attributes.iter().position(|attribute| attribute.span == span) {
        let has = |range: (u32, u32)| (range.0..range.1).contains(&(at as u32));
        let used = facts.uses.iter().position(|used| has(used.attributes))?;
        return Some(Role::Attribute(UseId::new(used), at - facts.uses[used].attributes.0 as usize + 1));
    }
    let is_part =
        |alias: &super::facts::Alias| alias.name_span.covers(span) || alias.asname.is_some_and(|(_, place)| place == span);
    if let Some(alias) = facts.aliases.iter().position(is_part) {
        return Some(Role::Imported(AliasId::new(alias)));
    }
    if let Some(import) = facts.imports.iter().position(|import| import.span.covers(span)) {
        return Some(Role::From(ImportId::new(import)));
    }
    facts.bindings.iter().position(|binding| binding.span == span).map(|binding| Role::Bound(BindingId::new(binding)))
}

/// What a string literal is.
fn literal(facts: &Facts, token: Span) -> Role {
    let is_entry = facts.exports.iter().flat_map(|exports| &exports.entries).any(|entry| entry.1.covers(token));
    match facts.strings.iter().position(|string| string.span.covers(token)) {
        _ if is_entry => Role::Export,
        Some(string) => Role::CodeLike(string),
        None => Role::Prose,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::python::collect;

    #[test]
    fn every_place_of_a_word_is_told_apart() {
        let source =
            "from m.X import X, y as X  # X\n__all__ = ['X']\ndef f(X, z: 'X' = 'X'): X.a.X(X=1)[0].X\n'X, or so?'\nglobal X\n";
        let facts = collect(source, None);
        let found = words(source, &facts, Span::new(0, source.len() as u32), &|word| word == "X");
        let roles: Vec<String> = found
            .iter()
            .map(|word| format!("{:?}", word.role))
            .map(|role| role.split('(').next().unwrap_or_default().to_owned())
            .collect();
        assert_eq!(
            roles,
            [
                "From",
                "Imported",
                "Imported",
                "Comment",
                "Export",
                "Bound",
                "Use",
                "CodeLike",
                "Use",
                "Attribute",
                "Keyword",
                "Member",
                "Prose",
                "Other"
            ]
        );
    }
}
