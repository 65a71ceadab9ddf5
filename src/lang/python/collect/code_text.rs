//! Code in strings and comments, which scopes do not see.

use ruff_python_ast::token::TokenKind;

/// Strings longer than this are prose or data, not the name of code.
pub(super) const LONGEST_CODE_STRING: usize = 256;

/// What starts an example in a docstring (the `doctest` module).
const DOCTEST_PROMPT: &str = ">>>";

/// Whether a string could name code: identifiers joined by the punctuation of dotted names and type expressions. Two words
/// with nothing but a blank between them are prose.
pub(super) fn is_code_like(value: &str) -> bool {
    if value.is_empty() || value.len() > LONGEST_CODE_STRING {
        return false;
    }
    let mut has_name = false;
    let mut word_ended = false;
    for c in value.chars() {
        match c {
            c if c == '_' || unicode_ident::is_xid_continue(c) => {
                if word_ended {
                    return false;
                }
                has_name |= !c.is_ascii_digit();
            }
            ' ' => word_ended = has_name,
            '.' | ',' | '[' | ']' | '|' | ':' | '*' | '"' | '\'' => word_ended = false,
            _ => return false,
        }
        if matches!(c, ',' | '|') {
            has_name = false;
        }
    }
    value.chars().any(|c| c == '_' || unicode_ident::is_xid_start(c))
}

pub(super) fn is_type_comment(comment: &str) -> bool {
    let text = comment.trim_start_matches('#').trim_start();
    text.strip_prefix("type:").is_some_and(|text| !text.trim_start().starts_with("ignore"))
}

/// The code that stands in a comment or a string literal, if any.
pub(super) fn embedded_code(kind: TokenKind, text: &str) -> Option<Box<str>> {
    match kind {
        TokenKind::Comment => is_type_comment(text).then(|| text.into()),
        TokenKind::String if text.contains(DOCTEST_PROMPT) => {
            let is_code = |line: &&str| line.starts_with(DOCTEST_PROMPT) || line.starts_with("...");
            Some(text.lines().map(str::trim_start).filter(is_code).collect::<Vec<_>>().join("\n").into())
        }
        _ => None,
    }
}
