//! The strings of JSON with comments and trailing commas, as TypeScript reads its configuration, each with its place.
//!
//! It is read as a JavaScript expression, which is a superset; what is no JSON in it is passed over.

use oxc_allocator::Allocator;
use oxc_ast::ast::{ArrayExpressionElement, Expression, ObjectPropertyKind, PropertyKey};
use oxc_parser::Parser;
use oxc_span::{GetSpan, SourceType};

use crate::text::span::Span;

/// No configuration is larger (bytes), or nested deeper (brackets).
const MAX_SIZE: usize = 4 << 20;
const MAX_DEPTH: usize = 64;

/// A string value of a JSON text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct JsonString {
    /// The keys on the way to it, the outermost first; an item of a list has none of its own.
    pub keys: Vec<String>,
    /// The value.
    pub value: String,
    /// The literal with its quotes.
    pub span: Span,
}

impl JsonString {
    /// Whether the keys on the way to it are these; `*` stands for any one, `**` at the end for any number.
    pub fn is_at(&self, pattern: &str) -> bool {
        let mut keys = self.keys.iter();
        for part in pattern.split('.') {
            match (part, keys.next()) {
                ("**", _) => return true,
                ("*", Some(_)) => {}
                (part, Some(key)) if part == key => {}
                _ => return false,
            }
        }
        keys.next().is_none()
    }
}

/// The string values of a JSON text, in their order; none where it cannot be read.
pub fn strings(text: &str) -> Vec<JsonString> {
    let body = text.trim_start_matches('\u{feff}');
    if body.len() > MAX_SIZE || depth(body) > MAX_DEPTH {
        return Vec::new();
    }
    let allocator = Allocator::default();
    let Ok(expression) = Parser::new(&allocator, body, SourceType::mjs()).parse_expression() else { return Vec::new() };
    let mut found = Vec::new();
    walk(&expression, &mut Vec::new(), &mut found);
    let shift = (text.len() - body.len()) as u32;
    for string in &mut found {
        string.span = Span::new(string.span.start + shift, string.span.end + shift);
    }
    found
}

/// More than the depth of the brackets, where strings have some.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for byte in text.bytes() {
        match byte {
            b'[' | b'{' | b'(' => depth += 1,
            b']' | b'}' | b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

fn walk(expression: &Expression<'_>, keys: &mut Vec<String>, found: &mut Vec<JsonString>) {
    match expression {
        Expression::StringLiteral(string) => {
            let span = string.span();
            found.push(JsonString {
                keys: keys.clone(),
                value: string.value.to_string(),
                span: Span::new(span.start, span.end),
            });
        }
        Expression::ArrayExpression(list) => {
            list.elements.iter().filter_map(ArrayExpressionElement::as_expression).for_each(|item| walk(item, keys, found));
        }
        Expression::ObjectExpression(object) => {
            for property in &object.properties {
                let ObjectPropertyKind::ObjectProperty(property) = property else { continue };
                let PropertyKey::StringLiteral(key) = &property.key else { continue };
                keys.push(key.value.to_string());
                walk(&property.value, keys, found);
                keys.pop();
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_have_their_keys_and_places() {
        let text = "\u{feff}{ // A comment.\n  \"é\": [\"a\", { \"b\": \"c\\\"\" },],\n  \"n\": 1,\n}";
        let found = strings(text);
        let told: Vec<(String, &str)> = found.iter().map(|found| (found.keys.join("."), &text[found.span.range()])).collect();
        assert_eq!(told, [("é".to_owned(), "\"a\""), ("é.b".to_owned(), "\"c\\\"\"")]);
        assert_eq!(found[1].value, "c\"");
        assert!(found[1].is_at("é.b") && found[1].is_at("*.b") && found[1].is_at("é.**") && !found[1].is_at("é"));
        assert!(!found[0].is_at("é.b"));
        assert_eq!(strings("{ \"a\": }"), []);
        assert_eq!(strings(&"[".repeat(100_000)), []);
    }
}
