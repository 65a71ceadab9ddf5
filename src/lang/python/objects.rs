//! Under which names a file keeps objects, as far as its text tells.

use std::collections::BTreeSet;

use tree_sitter::Node;

use super::imports::Source;
use crate::syntax;
use crate::text::span::Span;

/// The names that a file gives to what is made at some places: those of assignments around them, and those of functions.
pub fn given_names<'t>(source: &Source<'t>, made: &[Span]) -> BTreeSet<&'t str> {
    let mut names = BTreeSet::new();
    for span in made {
        let mut node = source.tree.root().descendant_for_byte_range(span.range().start, span.range().end);
        while let Some(around) = node {
            let field = match around.kind() {
                "assignment" => "left",
                "named_expression" | "function_definition" => "name",
                "as_pattern" => "alias",
                _ => "",
            };
            let given = around.child_by_field_name(field).filter(|given| !syntax::span(*given).covers(*span));
            names.extend(given.and_then(|given| last_name(source, given)));
            node = around.parent();
        }
    }
    names
}

/// The last name of `a.b.c`.
fn last_name<'t>(source: &Source<'t>, node: Node<'_>) -> Option<&'t str> {
    let node = match node.kind() {
        "attribute" => node.child_by_field_name("attribute")?,
        "as_pattern_target" => node.child(0)?,
        _ => node,
    };
    (node.kind() == "identifier").then(|| &source.text[node.byte_range()])
}

/// The callee of `Made().method(…)`, given the place of the method's name and those of what makes objects; `None` for any other place.
pub fn behind_a_call(source: &Source<'_>, name: Span, made: &[Span]) -> Option<Span> {
    let attribute = source.tree.node_at(name, "identifier")?.parent().filter(|node| node.kind() == "attribute")?;
    let call = attribute.parent().filter(|node| node.kind() == "call")?;
    let object = attribute.child_by_field_name("object").filter(|object| object.kind() == "call")?;
    let is_callee = call.child_by_field_name("function").is_some_and(|function| function.id() == attribute.id());
    let makes = object.child_by_field_name("function").map(syntax::span)?;
    (is_callee && made.iter().any(|made| makes.covers(*made))).then(|| syntax::span(attribute))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::python::collect;
    use crate::lang::python::modules::ModuleTable;
    use crate::syntax::{Grammar, parse};
    use crate::text::snapshot::FileId;

    #[test]
    fn what_is_made_has_the_names_that_are_given_to_it() {
        let text = "a = Made()\nself.b = c = wrap(Made)\nwith Made() as d:\n    pass\nif (e := Made()):\n    pass\n\
                    def f():\n    return Made()\nMade.x = other\ng, h = Made()\ni: Made = None\nMade().call(1)\nother().call(Made)\n";
        let facts = collect(text, None);
        let tree = parse(Grammar::Python, text).unwrap();
        let modules = ModuleTable::default();
        let source = Source { file: FileId::new(0), text, facts: &facts, tree: &tree, modules: &modules };
        let spans = |word: &'static str| {
            text.match_indices(word).map(move |(at, _)| Span::new(at as u32, (at + word.len()) as u32)).collect::<Vec<_>>()
        };
        let made = spans("Made");
        assert_eq!(given_names(&source, &made).into_iter().collect::<Vec<_>>(), ["a", "b", "c", "d", "e", "f", "i"]);
        let callees: Vec<&str> = spans("call")
            .into_iter()
            .filter_map(|span| behind_a_call(&source, span, &made))
            .map(|span| &text[span.range()])
            .collect();
        assert_eq!(callees, ["Made().call"]);
    }
}
