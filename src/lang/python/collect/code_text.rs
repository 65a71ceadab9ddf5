//! Code in strings and comments, which scopes do not see.

use ruff_python_ast::token::TokenKind;
use ruff_python_ast::{self as ast, Expr};

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

/// The text that a call of `eval`, `exec` or `compile` runs, where the call spells it.
pub(super) fn program(call: &ast::ExprCall) -> Option<&Expr> {
    let Expr::Name(function) = &*call.func else { return None };
    let is_text = |text: &&Expr| matches!(text, Expr::StringLiteral(_) | Expr::FString(_) | Expr::BinOp(_));
    let runs = matches!(function.id.as_str(), "eval" | "exec" | "compile");
    call.arguments.args.first().filter(|_| runs).filter(is_text)
}

/// The type in a comment `# type: …`; `# type: ignore` holds none.
pub(super) fn type_comment(comment: &str) -> Option<&str> {
    let text = comment.trim_start_matches('#').trim_start().strip_prefix("type:")?.trim_start();
    let is_ignore =
        text.strip_prefix("ignore").is_some_and(|rest| !rest.starts_with(|c: char| c == '_' || c.is_alphanumeric()));
    (!is_ignore).then_some(text)
}

/// The code that stands in a comment or a string literal, if any.
pub(super) fn embedded_code(kind: TokenKind, text: &str) -> Option<Box<str>> {
    match kind {
        TokenKind::Comment => type_comment(text).map(|_| text.into()),
        TokenKind::String if text.contains(DOCTEST_PROMPT) => {
            let is_code = |line: &&str| line.starts_with(DOCTEST_PROMPT) || line.starts_with("...");
            Some(text.lines().map(str::trim_start).filter(is_code).collect::<Vec<_>>().join("\n").into())
        }
        _ => None,
    }
}
