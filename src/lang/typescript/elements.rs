//! Elements of JSX, as far as another component takes the place of theirs.

use tree_sitter::Node;

use super::imports::Source;
use crate::syntax;
use crate::text::span::Span;

/// An element.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Element {
    /// All of it.
    pub span: Span,
    /// The names of its tags: one, or two where it is closed by a tag of its own.
    pub names: Vec<Span>,
    /// Its attributes that have a name, in order.
    pub attributes: Vec<Attribute>,
    /// What it spreads: `{...props}`.
    pub spreads: Vec<Span>,
    /// What stands between its tags, but for empty lines; `None` for text.
    pub children: Vec<Option<Span>>,
}

/// An attribute.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Attribute {
    /// Its name.
    pub name: String,
    /// All of it.
    pub span: Span,
    /// Whether its value is a literal.
    pub is_literal: bool,
}

impl Element {
    /// The element whose first tag has a name at a place; `None` where there is none, or one with types, or with an error.
    pub fn of(source: &Source<'_>, name: Span) -> Option<Self> {
        let found = source.tree.root().descendant_for_byte_range(name.range().start, name.range().end)?;
        let tag = found.parent().filter(|parent| parent.child_by_field_name("name") == Some(found))?;
        let node = match tag.kind() {
            "jsx_self_closing_element" => tag,
            "jsx_opening_element" => tag.parent()?,
            _ => return None,
        };
        if node.has_error() || tag.child_by_field_name("type_arguments").is_some() {
            return None;
        }
        let mut element = Self {
            span: syntax::span(node),
            names: vec![name],
            attributes: Vec::new(),
            spreads: Vec::new(),
            children: Vec::new(),
        };
        for part in named(tag).into_iter().filter(|part| *part != found) {
            match (part.kind(), named(part).first()) {
                ("jsx_attribute", Some(key)) => element.attributes.push(Attribute {
                    name: source.text[key.byte_range()].to_owned(),
                    span: syntax::span(part),
                    is_literal: named(part).get(1).is_none_or(|value| is_literal(*value)),
                }),
                ("jsx_expression", Some(inner)) if inner.kind() == "spread_element" => {
                    element.spreads.push(syntax::span(*named(*inner).first()?));
                }
                _ => return None,
            }
        }
        for child in named(node).into_iter().filter(|_| node != tag) {
            match child.kind() {
                "jsx_opening_element" => {}
                "jsx_closing_element" => element.names.push(syntax::span(child.child_by_field_name("name")?)),
                "jsx_text" if source.text[child.byte_range()].trim().is_empty() => {}
                "jsx_expression" => element.children.push(named(child).first().map(|inner| syntax::span(*inner))),
                _ => element.children.push(None),
            }
        }
        Some(element)
    }
}

fn is_literal(value: Node<'_>) -> bool {
    match value.kind() {
        "jsx_expression" => named(value).first().is_some_and(|inner| is_literal(*inner)),
        kind => matches!(kind, "string" | "number" | "true" | "false" | "null"),
    }
}

fn named(node: Node<'_>) -> Vec<Node<'_>> {
    syntax::children(node).into_iter().filter(|child| child.is_named() && child.kind() != "comment").collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::typescript::collect;
    use crate::syntax::{Grammar, parse};
    use crate::text::path::RepoPath;

    fn element(text: &str) -> Option<Element> {
        let facts = collect(text, &RepoPath::new("web/a.tsx").unwrap());
        let tree = parse(Grammar::Tsx, text).unwrap();
        let start = text.find("<A").unwrap() as u32 + 1;
        Element::of(&Source { text, facts: &facts, tree: &tree }, Span::new(start, start + 1))
    }

    #[test]
    fn parts() {
        let read = element("x = <A a=\"1\" b={2} c d={e} {...f}>\n  {g}\n</A>;").unwrap();
        let attributes: Vec<(&str, bool)> = read.attributes.iter().map(|it| (it.name.as_str(), it.is_literal)).collect();
        assert_eq!(attributes, [("a", true), ("b", true), ("c", true), ("d", false)]);
        assert_eq!((read.names.len(), read.spreads.len(), read.children.len()), (2, 1, 1));
        let read = element("x = <A>text<B /></A>;").unwrap();
        assert_eq!(read.children, [None, None]);
        assert_eq!(element("x = <A />;").unwrap().names.len(), 1);
        assert_eq!(element("x = <A<T> a={1} />;"), None);
    }
}
