//! Expressions that mean the same whenever they are evaluated, and do nothing else: literals, functions, classes, the stand-ins that test
//! frameworks make, names that are never given another value.

use tree_sitter::Node;

use super::effects::effect_in;
use super::imports::Source;
use crate::syntax;

/// Whether it makes no difference when an expression is evaluated, as long as the names that it reads have their values by then.
pub fn is_stable(source: &Source<'_>, node: Node<'_>) -> bool {
    let text = &source.text[node.byte_range()];
    let inner = || syntax::children(node).into_iter().filter(|child| child.is_named() && child.kind() != "comment");
    let is_all_stable = || inner().all(|child| is_stable(source, child));
    match node.kind() {
        "string" | "number" | "true" | "false" | "null" | "undefined" | "regex" | "property_identifier" => true,
        "arrow_function" | "function_expression" | "generator_function" | "method_definition" => {
            effect_in(source, node).is_none()
        }
        "template_string" => !inner().any(|child| child.kind() == "template_substitution"),
        "unary_expression" => !text.starts_with("delete") && is_all_stable(),
        "array" | "object" | "pair" | "parenthesized_expression" => is_all_stable(),
        "as_expression" | "satisfies_expression" | "non_null_expression" => {
            inner().next().is_some_and(|value| is_stable(source, value))
        }
        "class" => is_stable_class(source, node),
        "identifier" | "shorthand_property_identifier" => is_stable_name(source, node),
        "member_expression" => is_stable_member(source, node),
        "call_expression" => is_stand_in(source, node),
        _ => false,
    }
}

/// Whether a name has one value as long as the file runs.
fn is_stable_name(source: &Source<'_>, node: Node<'_>) -> bool {
    let facts = source.facts;
    let used = facts.uses.iter().find(|used| used.span == syntax::span(node));
    match used.and_then(|used| used.binding) {
        Some(binding) => !facts.bindings[binding.index()].is_assigned,
        None => &source.text[node.byte_range()] == "undefined",
    }
}

/// `mocks.X`, where nothing in the file gives a member of `mocks` another value.
fn is_stable_member(source: &Source<'_>, node: Node<'_>) -> bool {
    let Some(object) = node.child_by_field_name("object") else { return false };
    match object.kind() {
        "identifier" => {
            is_stable_name(source, object)
                && !assigns_member(source.tree.root(), source.text, &source.text[object.byte_range()])
        }
        "member_expression" => is_stable_member(source, object),
        _ => false,
    }
}

/// Whether a member of a name is assigned to somewhere below a node.
fn assigns_member(node: Node<'_>, text: &str, name: &str) -> bool {
    let left = node.child_by_field_name(if node.kind() == "update_expression" { "argument" } else { "left" });
    let is_write = matches!(node.kind(), "assignment_expression" | "augmented_assignment_expression" | "update_expression");
    let root = |node: Node<'_>| {
        std::iter::successors(Some(node), |node| node.child_by_field_name("object"))
            .last()
            .map(|node| text[node.byte_range()].to_owned())
    };
    let is_it = is_write && left.filter(|left| left.kind() != "identifier").and_then(root).is_some_and(|root| root == name);
    is_it || syntax::children(node).into_iter().any(|child| assigns_member(child, text, name))
}

/// `jest.fn(…)` and what is called on it: `jest.fn().mockReturnValue(…)`.
fn is_stand_in(source: &Source<'_>, call: Node<'_>) -> bool {
    let (Some(callee), Some(given)) = (call.child_by_field_name("function"), call.child_by_field_name("arguments")) else {
        return false;
    };
    let given = || syntax::children(given).into_iter().filter(|node| node.is_named() && node.kind() != "comment");
    let (Some(object), Some(method)) = (callee.child_by_field_name("object"), callee.child_by_field_name("property")) else {
        return false;
    };
    let (framework, method) = (&source.text[object.byte_range()], &source.text[method.byte_range()]);
    let is_made = matches!(framework, "jest" | "vi" | "vitest") && method == "fn";
    let is_set = || object.kind() == "call_expression" && method.starts_with("mock") && is_stand_in(source, object);
    (is_made || is_set()) && given().all(|node| is_stable(source, node))
}

/// Whether a class is nothing but its own text.
fn is_stable_class(source: &Source<'_>, class: Node<'_>) -> bool {
    let parts = syntax::children(class);
    let members = class.child_by_field_name("body").map(syntax::children).unwrap_or_default();
    let is_static = |member: &Node<'_>| syntax::children(*member).iter().any(|part| part.kind() == "static");
    let is_value_stable = |member: &Node<'_>| member.child_by_field_name("value").is_none_or(|value| is_stable(source, value));
    let fields = members.iter().filter(|member| member.kind() == "public_field_definition" && is_static(member));
    !parts.iter().any(|part| part.kind() == "class_heritage") && effect_in(source, class).is_none() && { fields }
        .all(is_value_stable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::typescript::collect;
    use crate::syntax::{Grammar, parse};
    use crate::text::path::RepoPath;

    /// Whether the last value of a text is stable.
    fn is_last_stable(text: &str) -> bool {
        let facts = collect(text, &RepoPath::new("web/a.ts").unwrap());
        let tree = parse(Grammar::TypeScript, text).unwrap();
        let last = syntax::children(tree.root()).into_iter().next_back().unwrap();
        let declarator = syntax::children(last).into_iter().find(|node| node.kind() == "variable_declarator").unwrap();
        let source = Source { text, facts: &facts, tree: &tree };
        is_stable(&source, declarator.child_by_field_name("value").unwrap())
    }

    #[test]
    fn what_is_stable_is_seen() {
        for text in [
            "const a = { b: -1, c: ['d', `e`, null], f() { g(); } };",
            "let m = 1;\nconst a = jest.fn(() => m++).mockReturnValue(undefined).mockName('a');",
            "const m = f();\nconst a = m;",
            "const m = vi.hoisted(() => ({ n: vi.fn() }));\nconst a = m.n as never;",
            "const a = class { static kind = 'a'; own = f(); get() { return f(); } };",
        ] {
            assert!(is_last_stable(text), "{text}");
        }
        for text in [
            "const a = f();",
            "const a = jest.fn(f());",
            "let m = 1;\nm = 2;\nconst a = m;",
            "const m = { n: 1 };\nm.n = 2;\nconst a = m.n;",
            "const a = window;",
            "const a = `${b}`;",
            "const a = class extends mix(B) {};",
            "const a = class { static kind = f(); };",
            "const a = [...b];",
        ] {
            assert!(!is_last_stable(text), "{text}");
        }
    }
}
