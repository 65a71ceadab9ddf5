//! Text of a repository inside of Markdown, as GitHub and GitLab show it: nothing in it is markup, a link or a mention.
//!
//! Backslashes keep Markdown away. The hosts look for `@names` and `#1` after Markdown, in the text alone, so an empty comment cuts
//! those in two. In a code span nothing is looked for.

use crate::text::plain;

/// A text as a code span, or as two: wherever it stands in a line, `[x]` ticks the line's box in GitHub's own parser.
pub(super) fn code(text: &str) -> String {
    let text = plain(text);
    if let Some(at) = text.find("[x]").or_else(|| text.find("[X]")) {
        let (before, behind) = text.split_at(at + 1);
        return format!("{}<!-- -->{}", code(before), code(behind));
    }
    if text.trim().is_empty() {
        return "` `".to_owned();
    }
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    // One space on either side is not shown.
    let is_padded = text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']);
    let pad = if is_padded { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// A sentence; what it has between backticks is code.
pub(super) fn prose(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    // Without its twin, a backtick is one.
    if parts.len().is_multiple_of(2) {
        return escaped(text);
    }
    let part = |(at, part): (usize, &&str)| match at % 2 {
        0 => escaped(part),
        _ if part.is_empty() => "\\`\\`".to_owned(),
        _ => code(part),
    };
    parts.iter().enumerate().map(part).collect()
}

/// A text with nothing but text in it, also in a table's cell.
pub(super) fn escaped(text: &str) -> String {
    let text = plain(text);
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let mut out = String::new();
    let mut rest = text.char_indices().peekable();
    while let Some((at, c)) = rest.next() {
        let next = rest.peek().map(|(_, next)| *next);
        match c {
            // Inside of a word an underscore is no markup.
            '_' if is_word(text[..at].chars().next_back()) && is_word(next) => out.push(c),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '~' | '&' | '!' | '$' => out.extend(['\\', c]),
            ':' if text[at..].starts_with("://") => out.push_str("\\:"),
            '.' if text[..at].to_ascii_lowercase().ends_with("www") => out.push_str("\\."),
            '@' | '#' => {
                out.push(c);
                // At the end of the text, what comes behind it might be a name.
                if next.is_none_or(|next| !next.is_whitespace()) {
                    out.push_str("<!-- -->");
                }
            }
            c => out.push(c),
        }
    }
    out
}

/// The text on one line, without characters that move the cursor or turn the direction of the text.
fn plain(text: &str) -> String {
    let is_blank = |c: char| matches!(c, '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}');
    plain::line(&text.replace(is_blank, " ")).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_span_ends_where_it_should() {
        for (text, wanted) in [
            ("a.py:1", "`a.py:1`"),
            ("a`b", "``a`b``"),
            ("`", "`` ` ``"),
            ("``x``", "``` ``x`` ```"),
            ("", "` `"),
            (" a ", "`  a  `"),
            ("<script>@all\n| x", "`<script>@all | x`"),
            ("[x]/[X].py", "`[`<!-- -->`x]/[`<!-- -->`X].py`"),
            ("a\u{1b}[2J\u{202e}b", "`a\u{fffd}[2J\u{fffd}b`"),
        ] {
            assert_eq!(code(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn markup_in_a_sentence_is_text() {
        for (text, wanted) in [
            ("plain words, (all) of them.", "plain words, (all) of them."),
            ("*a* _b_ __init__ c_d_e ~~f~~", "\\*a\\* \\_b\\_ \\_\\_init\\_\\_ c_d_e \\~\\~f\\~\\~"),
            ("[x](javascript:y) ![i](u)", "\\[x\\](javascript:y) \\!\\[i\\](u)"),
            ("<img src=x> &lt; a|b $x$", "\\<img src=x\\> \\&lt; a\\|b \\$x\\$"),
            ("\\<", "\\\\\\<"),
            ("one\n# two\n- three", "one # two - three"),
            ("cc @org/team and a@b.com, see #1", "cc @<!-- -->org/team and a@<!-- -->b.com, see #<!-- -->1"),
            ("https://x.y www.x.y WWW.x", "https\\://x.y www\\.x.y WWW\\.x"),
            ("ends with @", "ends with @<!-- -->"),
        ] {
            assert_eq!(escaped(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn code_in_a_sentence_is_code() {
        for (text, wanted) in [
            ("`a_b` becomes `c_d`", "`a_b` becomes `c_d`"),
            ("say `x|y` *now*", "say `x|y` \\*now\\*"),
            ("one ` alone <b>", "one \\` alone \\<b\\>"),
            ("none `` at all", "none \\`\\` at all"),
            ("`<b>` and @x", "`<b>` and @<!-- -->x"),
        ] {
            assert_eq!(prose(text), wanted, "{text:?}");
        }
    }
}
