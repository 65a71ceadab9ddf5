//! What a `package.json` says of other packages, place by place, so that a line of it can go and every other byte stays.

use crate::text::edit::Edit;
use crate::text::eol;
use crate::text::span::Span;

/// One line of a list of packages.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Dependency {
    /// The list: `dependencies`, `devDependencies`.
    pub section: String,
    /// The package.
    pub name: String,
    /// From the name's quote to the end of the version.
    pub span: Span,
}

/// The members of the objects that are members of a manifest, in their order: all lists of packages, and others like `scripts`.
pub fn members(text: &str) -> Vec<Dependency> {
    let mut found: Vec<Dependency> = Vec::new();
    let mut depth = 0;
    let mut section = String::new();
    let mut open: Option<(String, usize)> = None;
    let mut end = 0;
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let next = match c {
            '"' => string_end(text, at),
            _ => at + c.len_utf8(),
        };
        let is_key = c == '"' && text[next..].trim_start().starts_with(':');
        match c {
            '"' if is_key && depth == 1 => section = text[at + 1..next - 1].to_owned(),
            '"' if is_key && depth == 2 => open = Some((text[at + 1..next - 1].to_owned(), at)),
            '{' | '[' => depth += 1,
            ',' | '}' | ']' => {
                if let Some((name, start)) = open.take_if(|_| depth == 2) {
                    let span = Span::new(start as u32, end as u32);
                    found.push(Dependency { section: section.clone(), name, span });
                }
                depth -= i32::from(c != ',');
            }
            _ => {}
        }
        if !c.is_whitespace() {
            end = next;
        }
        at = next;
    }
    found
}

/// Where a string ends that starts at an offset, behind its quote.
fn string_end(text: &str, start: usize) -> usize {
    let mut is_escaped = false;
    for (at, c) in text[start + 1..].char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return start + 1 + at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The edit that takes a member out with its line and the comma that only it needed.
pub fn removal(text: &str, member: &Dependency) -> Edit {
    let (start, end) = (member.span.range().start, member.span.range().end);
    let behind = &text[end..];
    let comma = behind.trim_start().starts_with(',').then(|| end + behind.len() - behind.trim_start().len() + 1);
    let before = text[..start].trim_end();
    let span = match comma {
        Some(comma) => {
            let line = eol::line_start(text, start);
            let line_end = eol::line_end(text, comma);
            let is_alone = text[line..start].trim().is_empty() && text[comma..line_end].trim().is_empty();
            let rest = &text[comma..];
            let next = comma + rest.len() - rest.trim_start().len();
            if is_alone {
                Span::new(line as u32, eol::next_line(text, comma) as u32)
            } else {
                Span::new(start as u32, next as u32)
            }
        }
        // The last one: the comma before it goes.
        None if before.ends_with(',') => Span::new(before.len() as u32 - 1, end as u32),
        // The only one.
        None => Span::new(before.len() as u32, (end + behind.len() - behind.trim_start().len()) as u32),
    };
    Edit::delete(span)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::edit::TextEdit;

    fn without(text: &str, name: &str) -> String {
        let member = members(text).into_iter().find(|member| member.name == name).unwrap();
        let edit = TextEdit::new(vec![removal(text, &member)]).unwrap();
        String::from_utf8(edit.apply(text.as_bytes())).unwrap()
    }

    #[test]
    fn members_are_found_by_their_place() {
        let text = r#"{ "name": "a\"b", "files": ["x"], "dependencies": { "a": "1", "b": { "c": "d" } }, "scripts": {} }"#;
        let found: Vec<_> = members(text).into_iter().map(|it| format!("{} {}", it.section, &text[it.span.range()])).collect();
        assert_eq!(found, [r#"dependencies "a": "1""#, r#"dependencies "b": { "c": "d" }"#]);
    }

    #[test]
    fn one_goes_and_the_rest_stays() {
        let text = "{\r\n  \"dependencies\": {\r\n    \"a\": \"1\",\r\n    \"b\": \"2\"\r\n  }\r\n}\r\n";
        assert_eq!(without(text, "a"), "{\r\n  \"dependencies\": {\r\n    \"b\": \"2\"\r\n  }\r\n}\r\n");
        assert_eq!(without(text, "b"), "{\r\n  \"dependencies\": {\r\n    \"a\": \"1\"\r\n  }\r\n}\r\n");
        assert_eq!(
            without("{\"devDependencies\": {\"a\": \"1\", \"b\": \"2\"}}", "a"),
            "{\"devDependencies\": {\"b\": \"2\"}}"
        );
        assert_eq!(without("{\"dependencies\": {\n  \"a\": \"1\"\n}}", "a"), "{\"dependencies\": {}}");
    }
}
