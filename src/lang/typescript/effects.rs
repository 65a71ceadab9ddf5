//! What happens while code is evaluated, other than that names get values: calls, assignments, decorators.
//!
//! Functions are not run by being there, types are nothing at run time. A call does something unless it is known to do nothing: by the
//! language (`new Map()`), by React's manual (`memo`), or by the author's word (`/* #__PURE__ */`). Reading a member does nothing.

use tree_sitter::Node;

use super::facts::{BindingKind, Facts, Imported};
use super::imports::Source;
use crate::syntax;
use crate::text::span::Span;

/// The classes of the language whose construction does nothing else.
const CLASSES: [&str; 22] = [
    "Map",
    "Set",
    "WeakMap",
    "WeakSet",
    "WeakRef",
    "Date",
    "RegExp",
    "Error",
    "TypeError",
    "RangeError",
    "Array",
    "Object",
    "String",
    "Number",
    "Boolean",
    "AbortController",
    "TextEncoder",
    "TextDecoder",
    "URLSearchParams",
    "Uint8Array",
    "ArrayBuffer",
    "Headers",
];

/// The functions of the language that do nothing but return a value, unless they are given functions.
const FUNCTIONS: [&str; 21] = [
    "Object.freeze",
    "Object.keys",
    "Object.values",
    "Object.entries",
    "Object.fromEntries",
    "Object.create",
    "Array.from",
    "Array.of",
    "Array.isArray",
    "String",
    "Number",
    "Boolean",
    "BigInt",
    "Symbol",
    "Symbol.for",
    "JSON.stringify",
    "parseInt",
    "parseFloat",
    "Date.now",
    "String.raw",
    "RegExp",
];

/// The functions of React that wrap what they are given, for later.
const REACT: [&str; 5] = ["createContext", "createRef", "forwardRef", "lazy", "memo"];

/// The first place in a statement or expression where something happens while it is evaluated.
pub fn effect_in(source: &Source<'_>, node: Node<'_>) -> Option<Span> {
    effect_but(source, node, &|_| false)
}

/// The same, but for calls and constructions of which more is known; their arguments are looked at by themselves.
pub fn effect_but(source: &Source<'_>, node: Node<'_>, is_known: &dyn Fn(Node<'_>) -> bool) -> Option<Span> {
    let mut waiting = vec![node];
    while let Some(node) = waiting.pop() {
        match node.kind() {
            "decorator" | "await_expression" | "yield_expression" | "update_expression" | "augmented_assignment_expression" => {
                return Some(syntax::span(node));
            }
            "assignment_expression" if !is_of_own_name(source, node) => return Some(syntax::span(node)),
            "call_expression" | "new_expression" if !is_pure(source, node) && !is_known(node) => {
                return Some(syntax::span(node));
            }
            "unary_expression" if source.text[node.byte_range()].starts_with("delete") => return Some(syntax::span(node)),
            "import_statement" if is_for_effect(node) => return Some(syntax::span(node)),
            "throw_statement" | "debugger_statement" => return Some(syntax::span(node)),
            _ => {}
        }
        let evaluated: Vec<Node<'_>> = syntax::children(node).into_iter().filter(|child| is_evaluated(node, *child)).collect();
        waiting.extend(evaluated.into_iter().rev());
    }
    None
}

/// What a call or construction starts with: `z` of `z.object({}).strict()`, `create` of `create<State>()(f)`.
pub fn root_of(call: Node<'_>) -> Node<'_> {
    std::iter::successors(Some(call), |node| started_by(*node)).last().unwrap_or(call)
}

fn started_by(node: Node<'_>) -> Option<Node<'_>> {
    match node.kind() {
        "call_expression" => node.child_by_field_name("function"),
        "new_expression" => node.child_by_field_name("constructor"),
        "member_expression" | "subscript_expression" => node.child_by_field_name("object"),
        "parenthesized_expression" | "non_null_expression" | "as_expression" | "satisfies_expression" => {
            syntax::children(node).into_iter().find(|child| child.is_named() && child.kind() != "comment")
        }
        _ => None,
    }
}

/// Whether a member of the name at a place is assigned to there.
pub fn is_given_member(source: &Source<'_>, name: Span) -> bool {
    let node = source.tree.root().descendant_for_byte_range(name.range().start, name.range().end);
    let mut around = node.filter(|node| syntax::span(*node) == name);
    while let Some(node) = around {
        let Some(parent) = node.parent() else { return false };
        let is_part = |field: &str| parent.child_by_field_name(field) == Some(node);
        match parent.kind() {
            "member_expression" | "subscript_expression" if is_part("object") => {}
            "parenthesized_expression" | "non_null_expression" | "as_expression" | "satisfies_expression" => {}
            "assignment_expression" | "augmented_assignment_expression" => return is_part("left"),
            _ => return false,
        }
        around = Some(parent);
    }
    false
}

/// Whether a part of a node is evaluated when the node is.
fn is_evaluated(node: Node<'_>, child: Node<'_>) -> bool {
    match node.kind() {
        "function_declaration"
        | "generator_function_declaration"
        | "function_expression"
        | "generator_function"
        | "arrow_function"
        | "interface_declaration"
        | "type_alias_declaration"
        | "ambient_declaration"
        | "function_signature"
        | "type_annotation"
        | "type_arguments"
        | "type_parameters"
        | "import_statement"
        | "implements_clause" => false,
        "method_definition" | "abstract_method_signature" | "method_signature" => {
            matches!(child.kind(), "decorator" | "computed_property_name")
        }
        "public_field_definition" => {
            let is_static = syntax::children(node).iter().any(|part| part.kind() == "static");
            matches!(child.kind(), "decorator" | "computed_property_name") || is_static
        }
        _ => true,
    }
}

/// `X.displayName = …` for a name that the file itself declares at its top: nobody else sees it who does not see the name.
fn is_of_own_name(source: &Source<'_>, assignment: Node<'_>) -> bool {
    let left = assignment.child_by_field_name("left").filter(|left| left.kind() == "member_expression");
    let object = left.and_then(|left| left.child_by_field_name("object")).filter(|object| object.kind() == "identifier");
    object.is_some_and(|object| {
        let binding = source.facts.top_level(&source.text[object.byte_range()]);
        binding.is_some_and(|binding| !matches!(source.facts.bindings[binding.index()].kind, BindingKind::Import(_)))
    })
}

/// `import "m"`.
fn is_for_effect(import: Node<'_>) -> bool {
    !syntax::children(import).iter().any(|child| matches!(child.kind(), "import_clause" | "import_require_clause"))
}

/// Whether a call or construction does nothing but return a value; its arguments are looked at by themselves.
fn is_pure(source: &Source<'_>, call: Node<'_>) -> bool {
    let before = source.text[..call.start_byte()].trim_end();
    if before.ends_with("#__PURE__ */") || before.ends_with("#__PURE__*/") || before.ends_with("@__PURE__ */") {
        return true;
    }
    let is_new = call.kind() == "new_expression";
    let callee = call.child_by_field_name(if is_new { "constructor" } else { "function" });
    let Some(callee) = callee.filter(|callee| matches!(callee.kind(), "identifier" | "member_expression")) else {
        return false;
    };
    let name = &source.text[callee.byte_range()];
    let root = source.facts.uses.iter().find(|used| used.span.start == callee.start_byte() as u32);
    let Some(root) = root else { return false };
    let is_given_code = || {
        let mut waiting: Vec<Node<'_>> = call.child_by_field_name("arguments").into_iter().collect();
        waiting.drain(..).flat_map(syntax::children).any(|argument| argument.kind().contains("function"))
    };
    match root.binding {
        None if is_new => CLASSES.contains(&name) && !is_given_code(),
        None => (FUNCTIONS.contains(&name) || name.starts_with("Math.")) && !is_given_code(),
        Some(binding) => match source.facts.bindings[binding.index()].kind {
            BindingKind::Import(alias) if !is_new => react_name(source.facts, alias.index(), name).is_some_and(is_wrapper),
            _ => false,
        },
    }
}

fn is_wrapper(name: &str) -> bool {
    REACT.contains(&name)
}

/// The name of React's that a callee means.
fn react_name<'f>(facts: &'f Facts, alias: usize, callee: &'f str) -> Option<&'f str> {
    let alias = &facts.aliases[alias];
    if facts.specifier(alias.request) != "react" {
        return None;
    }
    let member = callee.split_once('.').map(|(_, member)| member);
    match (alias.imported, member) {
        (Imported::Name(name), None) => Some(facts.names.get(name)),
        (_, member) => member,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::typescript::collect;
    use crate::syntax::{Grammar, parse};
    use crate::text::path::RepoPath;

    fn effect(text: &str) -> Option<String> {
        let facts = collect(text, &RepoPath::new("web/a.tsx").unwrap());
        let tree = parse(Grammar::Tsx, text).unwrap();
        let source = Source { text, facts: &facts, tree: &tree };
        effect_in(&source, tree.root()).map(|span| text[span.range()].to_owned())
    }

    #[test]
    fn declarations_do_nothing() {
        for text in [
            "'use client';\nexport function f() { g(); }\nexport const a = () => g(), b = function () { g(); };\n",
            "export class A<T = typeof f> extends B implements C<D> { x = g(); m() { g(); } static y = 1 }\n",
            "export interface I { m(): void }\nexport type T = ReturnType<typeof f>;\ndeclare const z: number;\n",
            "const m = new Map<string, T>([['a', { b: 1 }]]);\nconst o = Object.freeze({ a: Symbol('a'), b: process.env.X ?? '' });\n",
            "import { memo } from 'react';\nimport React from 'react';\nconst C = memo(() => <A b={c()} />);\nconst D = React.createContext(null);\nC.displayName = 'C';\n",
            "enum E { A = 1 << 2, B = 'b'.length }\nconst x = /* #__PURE__ */ g();\nconst j = <A b={1} />;\n",
        ] {
            assert_eq!(effect(text), None, "{text}");
        }
    }

    #[test]
    fn what_happens_is_found() {
        for (text, found) in [
            ("const a = g();\n", "g()"),
            ("const a = new Thing();\n", "new Thing()"),
            ("@dec class A {}\n", "@dec"),
            ("class A { static { g(); } }\n", "g()"),
            ("class A { static x = g(); }\n", "g()"),
            ("class A extends mix(B) {}\n", "mix(B)"),
            ("import './polyfill';\n", "import './polyfill';"),
            ("window.x = 1;\n", "window.x = 1"),
            ("import { memo } from 'other';\nconst C = memo(() => 1);\n", "memo(() => 1)"),
            ("import { x } from 'm';\nx.y = 1;\n", "x.y = 1"),
            ("const q = gql`a`;\n", "gql`a`"),
            ("const a = Array.from(x, (y) => g(y));\n", "Array.from(x, (y) => g(y))"),
            ("if (a) { g(); }\n", "g()"),
            ("const { a } = await import('m');\n", "await import('m')"),
        ] {
            assert_eq!(effect(text).as_deref(), Some(found), "{text}");
        }
    }
}
