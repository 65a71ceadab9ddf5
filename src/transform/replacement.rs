//! What takes the place of a match, as plans write it: text with `$NAME` and `$$$NAME` in it, whatever the language.

use std::collections::BTreeSet;

use super::finding::Reason;

/// A piece of what takes the place of a match.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Piece {
    Text(String),
    /// `$NAME`.
    One(String),
    /// `$$$NAME`.
    Many(String),
}

/// The reasons that a plan can give for what it leaves to a person.
pub(super) const REASONS: [(&str, Reason); 8] = [
    ("for-person", Reason::ForPerson),
    ("catches", Reason::Catches),
    ("different-object", Reason::DifferentObject),
    ("expects-failure", Reason::ExpectsFailure),
    ("no-equivalent", Reason::NoEquivalent),
    ("old-behaviour", Reason::OldBehaviour),
    ("returns-other", Reason::ReturnsOther),
    ("sync-caller", Reason::SyncCaller),
];

/// The text on one line.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What is said of a match: the pattern and what takes its place, in short.
pub(super) fn describe(old: &str, new: Option<&str>) -> String {
    match new {
        Some("") => format!("`{}` goes", one_line(old)),
        Some(new) => format!("`{}` becomes `{}`", one_line(old), one_line(new)),
        None => format!("`{}`", one_line(old)),
    }
}

/// The names that are neither captured nor symbols.
pub(super) fn unknown<'p>(pieces: &'p [Piece], captured: &BTreeSet<&str>, is_symbol: &dyn Fn(&str) -> bool) -> Vec<&'p str> {
    let name = |piece: &'p Piece| match piece {
        Piece::One(name) if !is_symbol(name) => Some(name.as_str()),
        Piece::Many(name) => Some(name.as_str()),
        Piece::One(_) | Piece::Text(_) => None,
    };
    pieces.iter().filter_map(name).filter(|name| !captured.contains(name)).collect()
}

/// Takes a replacement apart.
pub(super) fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let dollars = rest[at..].len() - rest[at..].trim_start_matches('$').len();
        let behind = &rest[at + dollars..];
        let end = behind.find(|c: char| c != '_' && !c.is_ascii_alphanumeric()).unwrap_or(behind.len());
        let name = &behind[..end];
        let is_name = name.starts_with(|c: char| c == '_' || c.is_ascii_uppercase());
        let piece = match dollars {
            1 if is_name => Piece::One(name.to_owned()),
            3 if is_name => Piece::Many(name.to_owned()),
            _ => {
                pieces.push(Piece::Text(rest[..at + dollars].to_owned()));
                rest = behind;
                continue;
            }
        };
        pieces.push(Piece::Text(rest[..at].to_owned()));
        pieces.push(piece);
        rest = &behind[end..];
    }
    pieces.push(Piece::Text(rest.to_owned()));
    pieces.retain(|piece| !matches!(piece, Piece::Text(text) if text.is_empty()));
    pieces
}

/// Whether a bracket has just been opened.
pub(super) fn is_opened(text: &str) -> bool {
    text.trim_end().ends_with(['(', '[', '{'])
}

/// The text without the indentation that all its lines have, and without empty lines around it.
pub(super) fn dedent(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let filled = lines.iter().filter(|line| !line.trim().is_empty());
    let indent = filled.map(|line| line.len() - line.trim_start().len()).min().unwrap_or(0);
    let lines: Vec<&str> = lines.iter().map(|line| line.get(indent..).unwrap_or_default()).collect();
    lines.join("\n").trim_matches('\n').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replacement_is_taken_apart() {
        let text = |text: &str| Piece::Text(text.to_owned());
        let (auth, token, rest) = (Piece::One("AUTH".into()), Piece::One("TOKEN".into()), Piece::Many("REST".into()));
        assert_eq!(pieces("$AUTH.check($TOKEN, $$$REST)"), [auth, text(".check("), token, text(", "), rest, text(")")]);
        assert_eq!(pieces("price = '5$'"), [text("price = '5$"), text("'")]);
        assert_eq!(pieces(""), []);
    }
}
