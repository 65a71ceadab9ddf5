//! What a definition does while its module is loaded: the expressions that are evaluated then, and what other statements of the module
//! do to it.
//!
//! Works on tree-sitter's tree alone. What the names in it mean is for the caller to find out.

use ruff_python_stdlib::sys::is_known_standard_library;
use tree_sitter::Node;

use super::imports::Source;
use crate::syntax;
use crate::text::span::Span;

/// Something that a definition does while it is evaluated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Act {
    /// What.
    pub kind: ActKind,
    /// The expression: what is called, derived from or read. A name starts where it starts, unless nothing names it.
    pub span: Span,
}

/// What is done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ActKind {
    /// It is decorated; by what a call returns, or by what the expression names.
    Decorates {
        /// Whether the decorator is what a call of the expression returns.
        is_made: bool,
    },
    /// It calls something.
    Calls,
    /// It derives from a class.
    Derives {
        /// Whether the class is its metaclass.
        is_metaclass: bool,
    },
    /// It reads a name. Which object that is does not depend on the moment; what is in the object may.
    Reads {
        /// Whether more is asked of the object than which it is.
        looks_inside: bool,
    },
}

/// Finds what the statements in a span do while they are evaluated, which the bodies of functions and annotations are not.
pub fn acts(source: &Source<'_>, span: Span) -> Vec<Act> {
    let mut acts = Vec::new();
    let mut waiting = vec![source.tree.root()];
    while let Some(node) = waiting.pop() {
        match span.covers(syntax::span(node)) {
            true => evaluate(source, node, false, &mut acts),
            false => {
                waiting.extend(syntax::children(node).into_iter().rev().filter(|child| syntax::span(*child).intersects(span)))
            }
        }
    }
    acts
}

fn evaluate(source: &Source<'_>, node: Node<'_>, looks_inside: bool, acts: &mut Vec<Act>) {
    let mut act = |kind, node: Node<'_>| acts.push(Act { kind, span: syntax::span(node) });
    let inner: Vec<(Node<'_>, bool)> = match node.kind() {
        "comment" | "type" | "import_statement" | "import_from_statement" => Vec::new(),
        "identifier" => {
            act(ActKind::Reads { looks_inside }, node);
            Vec::new()
        }
        "attribute" if is_dotted(node) => {
            act(ActKind::Reads { looks_inside }, node);
            Vec::new()
        }
        "function_definition" | "lambda" => {
            node.child_by_field_name("parameters").map(|node| (node, false)).into_iter().collect()
        }
        "parameters" | "lambda_parameters" => {
            let defaults = syntax::children(node).into_iter().filter_map(|parameter| parameter.child_by_field_name("value"));
            defaults.map(|value| (value, false)).collect()
        }
        "keyword_argument" => node.child_by_field_name("value").map(|value| (value, looks_inside)).into_iter().collect(),
        "decorator" => match syntax::children(node).into_iter().find(|child| child.is_named() && child.kind() != "comment") {
            Some(made) if made.kind() == "call" => {
                let function = made.child_by_field_name("function").unwrap_or(made);
                act(ActKind::Decorates { is_made: true }, function);
                made.child_by_field_name("arguments").map(|arguments| (arguments, true)).into_iter().collect()
            }
            Some(decorator) => {
                act(ActKind::Decorates { is_made: false }, decorator);
                Vec::new()
            }
            None => Vec::new(),
        },
        "class_definition" => {
            let bases = node.child_by_field_name("superclasses").map(syntax::children).unwrap_or_default();
            let mut inner: Vec<(Node<'_>, bool)> =
                bases.into_iter().filter_map(|base| derive(source, base, &mut act)).collect();
            inner.extend(node.child_by_field_name("body").map(|body| (body, false)));
            inner
        }
        "call" => {
            let function = node.child_by_field_name("function").unwrap_or(node);
            act(ActKind::Calls, function);
            let deeper = if is_dotted(function) { None } else { Some((function, true)) };
            deeper.into_iter().chain(node.child_by_field_name("arguments").map(|arguments| (arguments, true))).collect()
        }
        // The parts of these are passed on as they are.
        "module"
        | "block"
        | "decorated_definition"
        | "expression_statement"
        | "assignment"
        | "expression_list"
        | "tuple"
        | "list"
        | "set"
        | "dictionary"
        | "pair"
        | "parenthesized_expression" => syntax::children(node).into_iter().map(|child| (child, looks_inside)).collect(),
        "subscript" => {
            let value = node.child_by_field_name("value").map(|value| value.id());
            syntax::children(node).into_iter().map(|child| (child, Some(child.id()) == value)).collect()
        }
        _ => syntax::children(node).into_iter().map(|child| (child, true)).collect(),
    };
    for (node, looks_inside) in inner {
        evaluate(source, node, looks_inside, acts);
    }
}

/// Takes what stands among the bases of a class; returns what is an expression like others.
fn derive<'t>(source: &Source<'_>, base: Node<'t>, act: &mut impl FnMut(ActKind, Node<'t>)) -> Option<(Node<'t>, bool)> {
    let is_metaclass = base.child_by_field_name("name").is_some_and(|name| &source.text[name.byte_range()] == "metaclass");
    let class = match base.kind() {
        "subscript" => base.child_by_field_name("value")?,
        "keyword_argument" if is_metaclass => base.child_by_field_name("value")?,
        _ => base,
    };
    if is_dotted(class) {
        act(ActKind::Derives { is_metaclass }, class);
        return None;
    }
    Some((class, true))
}

/// Whether an expression is a name, or an attribute of one by whatever way of names.
fn is_dotted(node: Node<'_>) -> bool {
    match node.kind() {
        "identifier" => true,
        "attribute" => node.child_by_field_name("object").is_some_and(is_dotted),
        _ => false,
    }
}

/// Calls of these change none of their arguments.
const ONLY_READ: [&str; 19] = [
    "len",
    "sorted",
    "tuple",
    "list",
    "set",
    "frozenset",
    "dict",
    "any",
    "all",
    "sum",
    "min",
    "max",
    "enumerate",
    "zip",
    "str",
    "repr",
    "isinstance",
    "issubclass",
    "type",
];

/// Methods that change nothing of the containers that have them.
const READING_METHODS: [&str; 12] =
    ["items", "keys", "values", "get", "copy", "union", "intersection", "difference", "index", "count", "join", "format"];

/// Whether the statement around the use of a name may change the object: it sets an attribute or an item, or hands it over to a call
/// that is made for its effect. A value (not a class or function) may be changed by any call.
pub fn may_change(source: &Source<'_>, used: Span, is_value: bool) -> bool {
    let text = |node: Node<'_>| &source.text[node.byte_range()];
    let Some(mut node) = source.tree.node_at(used, "identifier") else { return true };
    let (mut is_inside, mut is_handed_over) = (false, false);
    let mut method = "";
    while let Some(parent) = node.parent() {
        let is_field = |name: &str| parent.child_by_field_name(name).is_some_and(|child| child.id() == node.id());
        match parent.kind() {
            "attribute" | "subscript" if !is_handed_over && (is_field("object") || is_field("value")) => {
                is_inside = true;
                method = parent.child_by_field_name("attribute").map(text).unwrap_or_default();
            }
            "assignment" | "augmented_assignment" if is_field("left") => return is_inside,
            "delete_statement" => return is_inside,
            "decorator" => return is_inside || is_handed_over,
            "call" if is_field("function") && !is_handed_over => {
                let is_effect = parent.parent().is_some_and(|outer| outer.kind() == "expression_statement");
                return is_inside && (is_effect || is_value) && !READING_METHODS.contains(&method);
            }
            "call" if is_field("arguments") => {
                let callee = parent.child_by_field_name("function").map(text).unwrap_or_default();
                if !ONLY_READ.contains(&callee) && !callee.ends_with(".join") {
                    is_handed_over = true;
                }
                if is_handed_over && is_value {
                    return true;
                }
            }
            "expression_statement" => return is_handed_over && node.kind() != "assignment",
            "block" | "module" => return false,
            _ => {}
        }
        node = parent;
    }
    false
}

/// Whether a value is the same whenever it is asked for: numbers, text, and what is made of them alone. `is_constant` says so of names,
/// `makes_constant` of what is called.
pub fn is_constant(value: Node<'_>, is_name_constant: &dyn Fn(Span) -> bool, makes_constant: &dyn Fn(Span) -> bool) -> bool {
    let all = |nodes: Vec<Node<'_>>| {
        nodes.into_iter().filter(|node| node.is_named()).all(|node| is_constant(node, is_name_constant, makes_constant))
    };
    match value.kind() {
        "integer"
        | "float"
        | "string"
        | "concatenated_string"
        | "true"
        | "false"
        | "none"
        | "ellipsis"
        | "comment"
        | "lambda" => true,
        "tuple"
        | "expression_list"
        | "parenthesized_expression"
        | "binary_operator"
        | "unary_operator"
        | "boolean_operator"
        | "not_operator"
        | "comparison_operator"
        | "conditional_expression" => all(syntax::children(value)),
        "identifier" | "attribute" => is_dotted(value) && is_name_constant(syntax::span(value)),
        "call" => {
            value.child_by_field_name("function").is_some_and(|made| is_dotted(made) && makes_constant(syntax::span(made)))
        }
        _ => false,
    }
}

/// Whether an expression is a text, and not one that is put together while the program runs.
pub fn is_known_text(value: Node<'_>) -> bool {
    value.kind() == "string" && !syntax::children(value).iter().any(|part| part.kind() == "interpolation")
}

/// The value that the top-level assignment around a name gives it.
pub fn assigned<'s>(source: &'s Source<'_>, name: Span) -> Option<Node<'s>> {
    let mut node = source.tree.node_at(name, "identifier")?;
    while node.kind() != "assignment" {
        node = node.parent()?;
    }
    let left = node.child_by_field_name("left")?;
    (syntax::span(left) == name).then(|| node.child_by_field_name("right"))?
}

/// The minor version of Python whose standard library counts.
const MINOR: u8 = 13;

/// Whether a top-level module is one of the standard library.
pub fn is_standard_library(module: &str) -> bool {
    is_known_standard_library(MINOR, module)
}

/// What a decorator may call without an effect on anything but what it returns.
const INERT: [&str; 20] = [
    "wraps",
    "functools.wraps",
    "update_wrapper",
    "functools.update_wrapper",
    "partial",
    "functools.partial",
    "isinstance",
    "issubclass",
    "callable",
    "getattr",
    "hasattr",
    "len",
    "type",
    "cast",
    "typing.cast",
    "str",
    "repr",
    "tuple",
    "inspect.iscoroutinefunction",
    "asyncio.iscoroutinefunction",
];

/// Whether a function has no effect on anything but what it is given and what it returns: it calls nothing of which that is not known, and
/// sets nothing but local names and attributes of its parameters and of functions in it. With `with_inner`, the functions in it have none either.
pub fn is_inert(source: &Source<'_>, definition: Span, with_inner: bool) -> bool {
    let Some(function) = source.tree.node_at(definition, "function_definition") else { return false };
    is_body_inert(source, function, usize::from(with_inner), &mut Vec::new())
}

fn is_body_inert<'t>(source: &'t Source<'_>, function: Node<'t>, depth: usize, own: &mut Vec<&'t str>) -> bool {
    let text = |node: Node<'_>| &source.text[node.byte_range()];
    let Some(body) = function.child_by_field_name("body") else { return false };
    let given = function.child_by_field_name("parameters").map(syntax::children).unwrap_or_default();
    own.extend(given.into_iter().filter_map(|node| {
        let name = node
            .child_by_field_name("name")
            .or_else(|| if node.kind() == "identifier" { Some(node) } else { node.named_child(0) });
        name.map(text)
    }));
    // Functions that it makes are its own to change.
    let made = syntax::children(body).into_iter().map(|node| node.child_by_field_name("definition").unwrap_or(node));
    own.extend(made.filter_map(|node| node.child_by_field_name("name")).map(text));
    let is_known = |name: &str| {
        let first = name.split('.').next().unwrap_or(name);
        let is_import = |binding: &super::facts::Binding| matches!(binding.kind, super::facts::BindingKind::Import(_));
        INERT.contains(&name) && source.facts.module_bindings(first).all(|(_, binding)| is_import(binding))
    };
    let mut waiting = vec![body];
    while let Some(node) = waiting.pop() {
        let is_fine = match node.kind() {
            "function_definition" => depth == 0 || is_body_inert(source, node, depth - 1, own),
            "lambda" | "type" => true,
            "decorator" => syntax::children(node).iter().any(|child| child.kind() == "call" || is_known(text(*child))),
            "call" => node.child_by_field_name("function").is_some_and(|callee| is_known(text(callee))),
            "assignment" => node.child_by_field_name("left").is_some_and(|left| match left.kind() {
                "attribute" => left.child_by_field_name("object").is_some_and(|object| own.contains(&text(object))),
                kind => matches!(kind, "identifier" | "pattern_list" | "tuple_pattern"),
            }),
            "augmented_assignment" => node.child_by_field_name("left").is_some_and(|left| left.kind() == "identifier"),
            kind => !matches!(
                kind,
                "global_statement"
                    | "nonlocal_statement"
                    | "import_statement"
                    | "import_from_statement"
                    | "delete_statement"
                    | "with_statement"
                    | "yield"
                    | "await"
                    | "class_definition"
            ),
        };
        if !is_fine {
            return false;
        }
        if !matches!(node.kind(), "function_definition" | "lambda" | "type") {
            waiting.extend(syntax::children(node));
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::python::collect;
    use crate::lang::python::modules::ModuleTable;
    use crate::syntax::{Grammar, parse};
    use crate::text::snapshot::FileId;

    fn with_source<T>(text: &str, ask: impl FnOnce(&Source<'_>) -> T) -> T {
        let facts = collect(text, None);
        let tree = parse(Grammar::Python, text).unwrap();
        let modules = ModuleTable::default();
        ask(&Source { file: FileId::new(0), text, facts: &facts, tree: &tree, modules: &modules })
    }

    #[test]
    fn what_runs_with_a_definition_is_told_from_what_runs_with_a_call_of_it() {
        let text =
            "@a.b(c)\n@d\nclass K(E, metaclass=F):\n    x: G = h(i)\n    def m(self, j=[k], l=n[0]):\n        return o()\n";
        let acts = with_source(text, |source| acts(source, Span::new(0, text.len() as u32)));
        let told = |act: &Act| {
            let word = match act.kind {
                ActKind::Decorates { is_made: true } => "made by",
                ActKind::Decorates { is_made: false } => "decorated by",
                ActKind::Calls => "calls",
                ActKind::Derives { is_metaclass: false } => "is a",
                ActKind::Derives { is_metaclass: true } => "has meta",
                ActKind::Reads { looks_inside: true } => "looks into",
                ActKind::Reads { looks_inside: false } => "names",
            };
            format!("{word} {}", &text[act.span.range()])
        };
        let mut told: Vec<String> = acts.iter().map(told).filter(|told| !told.ends_with(" x")).collect();
        told.sort();
        let wanted =
            "calls h, decorated by d, has meta F, is a E, looks into c, looks into i, looks into n, made by a.b, names k";
        assert_eq!(told.join(", "), wanted);
    }

    #[test]
    fn a_statement_may_change_what_it_names_or_not() {
        let changes = |text: &str, is_value: bool| {
            let at = text.find("it").unwrap() as u32;
            with_source(text, |source| may_change(source, Span::new(at, at + 2), is_value))
        };
        for text in
            ["it.x = 1\n", "it.x += 1\n", "it[0] = 1\n", "del it.x\n", "f(it)\n", "it.add(1)\n", "@it.add\ndef f(): ...\n"]
        {
            assert!(changes(text, false) && changes(text, true), "{text}");
        }
        for text in [
            "x = it\n",
            "x = it.y\n",
            "x = it[0]\n",
            "x = len(it)\n",
            "class K(it): ...\n",
            "for x in it: ...\n",
            "it.get(1)\n",
        ] {
            assert!(!changes(text, false) && !changes(text, true), "{text}");
        }
        for text in ["x = f(it)\n", "x = it.pop()\n"] {
            assert!(!changes(text, false) && changes(text, true), "{text}");
        }
    }

    #[test]
    fn a_decorator_has_an_effect_or_none() {
        let is_inert = |text: &str, with_inner: bool| {
            with_source(text, |source| super::is_inert(source, source.facts.definitions[0].span, with_inner))
        };
        assert!(is_inert("def f(g):\n    g.x = 1\n    return g\n", false));
        assert!(is_inert("def f(g):\n    @wraps(g)\n    def h(): g()\n    h.x = 1\n    return h\n", false));
        assert!(is_inert("def f(n):\n    def w(g):\n        def h(): g()\n        return h\n    return w\n", true));
        for text in [
            "def f(g):\n    known.append(g)\n",
            "def f(g):\n    known[g] = 1\n",
            "def f(g):\n    known.last = g\n",
            "def f(g):\n    global last\n    last = g\n",
            "def f(g):\n    import effects\n",
        ] {
            assert!(!is_inert(text, false), "{text}");
        }
        assert!(!is_inert("def f(n):\n    def w(g):\n        known.append(g)\n    return w\n", true));
    }
}
