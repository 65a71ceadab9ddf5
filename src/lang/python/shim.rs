//! Shims: names and modules that go on to work, get what they give from a new home, and say that they are deprecated.
//!
//! A name is forwarded by the module's `__getattr__` (PEP 562), which is asked only for names that nothing binds: each import and each
//! attribute of the old name gives a `DeprecationWarning` at the place that asks, and the new module is loaded when it is asked for.
//! A whole module imports its names from the new home, and warns once, when it is loaded. A switch lets an environment variable
//! choose when the module is loaded; while it is not set, nothing is different.

use tree_sitter::Node;

use super::definitions::{self, Spot};
use super::imports::{self, LINE_LENGTH, Name, Refusal, Source};
use crate::syntax;
use crate::text::edit::Edit;
use crate::text::eol;
use crate::text::span::Span;

/// The values of an environment variable that turn a switch on; case does not matter.
const ON: &str = "(\"1\", \"true\", \"yes\", \"on\")";

/// What a shim forwards.
#[derive(Clone, Debug)]
pub struct Forwarded<'a> {
    /// The new home, and under `local` the old name.
    pub home: &'a Name,
    /// What the warning says.
    pub message: &'a str,
}

/// `warnings.warn(…)`, which blames the line that asks.
fn warning(message: &str, indent: &str) -> String {
    let text = literal(message);
    let line = format!("{indent}warnings.warn({text}, DeprecationWarning, stacklevel=2)\n");
    if line.chars().count() <= LINE_LENGTH + 1 {
        return line;
    }
    format!(
        "{indent}warnings.warn(\n{indent}    {text},\n{indent}    DeprecationWarning,\n{indent}    stacklevel=2,\n{indent})\n"
    )
}

/// A Python string literal of a text without control characters.
fn literal(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => out.push_str(&format!("\\x{:02x}", c as u32)),
            c => out.push(c),
        }
    }
    out + "\""
}

/// The branch of `__getattr__` that answers for one name.
fn branch(forwarded: &Forwarded<'_>, parameter: &str, indent: &str) -> String {
    let Name { module, name, local } = forwarded.home;
    let inner = format!("{indent}    ");
    let warning = warning(forwarded.message, &inner);
    format!("{indent}if {parameter} == \"{local}\":\n{warning}{inner}from {module} import {name}\n\n{inner}return {name}\n")
}

/// Returns the edits that make the module answer for a name that it does not bind: by a `__getattr__` of its own, or by the one that
/// it has. `warnings` has to be imported.
///
/// # Errors
/// The module's `__getattr__` is not a function with one parameter, or tree-sitter sees an error there.
pub fn forward(source: &Source<'_>, forwarded: &Forwarded<'_>) -> Result<Edit, Refusal> {
    let text = source.text;
    let eol = eol::line_ending(text);
    if source.facts.module_bindings("__getattr__").next().is_none() {
        let rest = "    raise AttributeError(f\"module {__name__!r} has no attribute {name!r}\")";
        let lines = format!("def __getattr__(name: str):\n{}{rest}", branch(forwarded, "name", "    "));
        return definitions::put_in(source, Spot::End, &lines, true);
    }
    let function = getattr_function(source).ok_or(Refusal::ParsersDisagree)?;
    let (parameter, body) = (parameter(source, function), function.child_by_field_name("body"));
    let (Some(parameter), Some(body)) = (parameter, body) else { return Err(Refusal::ParsersDisagree) };
    let statements: Vec<Node<'_>> = syntax::children(body).into_iter().filter(|node| node.kind() != "comment").collect();
    // Behind the names that are forwarded already, and before whatever else it does.
    let forwarding = |node: &Node<'_>| source.facts.forwards.iter().any(|known| syntax::span(*node).covers(known.branch));
    let is_docstring =
        |node: &Node<'_>| node.kind() == "expression_statement" && node.child(0).is_some_and(|child| child.kind() == "string");
    let next = statements.iter().rposition(forwarding).map_or(0, |last| last + 1);
    let next = statements[next..].iter().find(|node| !is_docstring(node)).ok_or(Refusal::ParsersDisagree)?;
    let mut line = eol::line_start(text, next.start_byte());
    let indent = &text[line..next.start_byte()];
    if !indent.trim().is_empty() || indent.is_empty() {
        return Err(Refusal::ParsersDisagree);
    }
    // The comments above belong to it.
    while let Some(above) = eol::previous_line(text, line).filter(|&above| text[above..].trim_start().starts_with('#')) {
        line = above;
    }
    let lines = branch(forwarded, parameter, indent);
    Ok(Edit::insert(line as u32, definitions::with_line_ending(&lines, eol)))
}

/// The one function of the module that answers for names which nothing binds.
fn getattr_function<'a>(source: &Source<'a>) -> Option<Node<'a>> {
    let mut found = syntax::children(source.tree.root()).into_iter().filter(|node| {
        let name = node.child_by_field_name("name").map(|name| &source.text[name.byte_range()]);
        node.kind() == "function_definition" && name == Some("__getattr__")
    });
    let function = found.next().filter(|node| !node.has_error())?;
    let is_one = found.next().is_none() && source.facts.module_bindings("__getattr__").count() == 1;
    let is_async = function.child(0).is_some_and(|child| child.kind() == "async");
    (is_one && !is_async).then_some(function)
}

/// The name of a function's only parameter.
fn parameter<'a>(source: &Source<'a>, function: Node<'a>) -> Option<&'a str> {
    let parameters = function.child_by_field_name("parameters")?;
    let named: Vec<Node<'_>> = syntax::children(parameters).into_iter().filter(Node::is_named).collect();
    let [parameter] = named[..] else { return None };
    let name = match parameter.kind() {
        "identifier" => Some(parameter),
        "typed_parameter" => parameter.child(0).filter(|child| child.kind() == "identifier"),
        _ => None,
    };
    name.map(|name| &source.text[name.byte_range()])
}

/// What a module does to answer for a name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Branch {
    /// The `if` of that name.
    pub span: Span,
    /// The whole function and the spans of all its `if`s, where it only forwards names.
    pub function: Option<(Span, Vec<Span>)>,
}

impl Branch {
    /// What has to go if these statements do: the `if`, or the function that is left with none.
    pub fn gone_with(&self, statements: &[Span]) -> Span {
        let function = self.function.iter().find(|(_, branches)| branches.iter().all(|branch| statements.contains(branch)));
        function.map_or(self.span, |(function, _)| *function)
    }
}

/// Finds what a module does to answer for a name.
///
/// # Errors
/// Nothing forwards the name, or not in an `if` of its own, or tree-sitter sees an error there.
pub fn branch_of(source: &Source<'_>, name: &str) -> Result<Branch, Refusal> {
    let forward = source.facts.forward(name).ok_or(Refusal::ParsersDisagree)?;
    let node = getattr_function(source).filter(|node| syntax::span(*node).covers(forward.branch));
    let function = node.ok_or(Refusal::ParsersDisagree)?;
    let body = function.child_by_field_name("body").ok_or(Refusal::ParsersDisagree)?;
    let statements: Vec<Node<'_>> = syntax::children(body).into_iter().filter(|node| node.kind() != "comment").collect();
    let is_it = |node: &&Node<'_>| syntax::span(**node) == forward.branch;
    let own = statements.iter().find(is_it).ok_or(Refusal::ParsersDisagree)?;
    if own.child_by_field_name("alternative").is_some() {
        return Err(Refusal::ParsersDisagree);
    }
    let is_branch = |node: &Node<'_>| source.facts.forwards.iter().any(|forward| syntax::span(*node) == forward.branch);
    let only_forwards = match &statements[..] {
        [branches @ .., last] => last.kind() == "raise_statement" && branches.iter().all(is_branch),
        [] => false,
    };
    let branches = || statements.iter().filter(|node| is_branch(node)).map(|node| syntax::span(*node)).collect();
    Ok(Branch { span: forward.branch, function: only_forwards.then(|| (syntax::span(function), branches())) })
}

/// The name of the environment variable that chooses, in an expression that is true when it is on.
fn is_on(flag: &str) -> String {
    format!("os.environ.get(\"{flag}\", \"\").lower() in {ON}")
}

/// Returns the edit that lets an environment variable choose, when the module is loaded, between what it defines under some names and
/// their new home. `os` and `warnings` have to be imported.
///
/// # Errors
/// tree-sitter sees an error at the end of the module.
pub fn switch(source: &Source<'_>, flag: &str, names: &[&Name], message: &str) -> Result<Edit, Refusal> {
    let imports = imports::lines(names, "    ").join("\n");
    let lines = format!("if {}:\n{}{imports}", is_on(flag), warning(message, "    "));
    definitions::put_in(source, Spot::End, &lines, false)
}

/// The `if` by which an environment variable chooses another home for a name: that of a shim, and nothing else.
pub fn switch_of(source: &Source<'_>, name: &str) -> Option<Switch> {
    let statements = syntax::children(source.tree.root());
    let is_import = |node: &Node<'_>| node.kind() == "import_from_statement";
    statements.into_iter().filter(|node| node.kind() == "if_statement" && !node.has_error()).find_map(|node| {
        let condition = &source.text[node.child_by_field_name("condition")?.byte_range()];
        let flag = condition.strip_prefix("os.environ.get(\"")?.split('"').next()?;
        let body = syntax::children(node.child_by_field_name("consequence")?);
        if condition != is_on(flag) || node.child_by_field_name("alternative").is_some() {
            return None;
        }
        let [warning, imports @ ..] = &body[..] else { return None };
        let is_warning = source.text[warning.byte_range()].starts_with("warnings.warn(");
        let span = syntax::span(node);
        let binds = |name: &str| source.facts.module_bindings(name).any(|(_, binding)| span.covers(binding.span));
        (is_warning && imports.iter().all(is_import) && binds(name)).then(|| Switch { flag: flag.to_owned(), span })
    })
}

/// An `if` by which an environment variable chooses.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Switch {
    /// The environment variable.
    pub flag: String,
    /// The whole statement.
    pub span: Span,
}

/// Returns the edit that makes a module warn when it is loaded, behind its imports. `warnings` has to be imported.
///
/// # Errors
/// tree-sitter sees an error among the imports.
pub fn warn(source: &Source<'_>, message: &str) -> Result<Edit, Refusal> {
    let lines = warning(message, "");
    let is_import = |node: &&Node<'_>| node.kind().contains("import");
    let statements: Vec<Node<'_>> = syntax::children(source.tree.root());
    let next = statements.iter().rposition(|node| is_import(&node)).map(|at| &statements[at + 1..]).unwrap_or_default();
    let spot = match next.iter().find(|node| node.kind() != "comment") {
        Some(node) => Spot::Before(node.start_byte() as u32),
        None => Spot::End,
    };
    definitions::put_in(source, spot, lines.trim_end(), false)
}

/// Whether a module warns when it is loaded that it is deprecated.
pub fn warns(source: &Source<'_>) -> bool {
    let is_warning = |node: Node<'_>| {
        let text = &source.text[node.byte_range()];
        node.kind() == "expression_statement" && text.starts_with("warnings.warn(") && text.contains("DeprecationWarning")
    };
    syntax::children(source.tree.root()).into_iter().any(is_warning)
}

/// The text of a module that has all its names from elsewhere, and lists those in `__all__` that are `public`.
pub fn module(names: &[&Name], public: &dyn Fn(&str) -> bool, docstring: &str, message: &str) -> String {
    let imports = imports::lines(names, "").join("\n");
    let mut out = format!("\"\"\"{docstring}\"\"\"\n\nimport warnings\n\n{imports}\n");
    let listed = names.iter().filter(|name| public(&name.local));
    let entries: Vec<String> = listed.map(|name| format!("\"{}\"", name.local)).collect();
    let line = format!("__all__ = [{}]\n", entries.join(", "));
    out.push('\n');
    out += &match line.len() <= LINE_LENGTH + 1 {
        true => line,
        false => format!("__all__ = [\n{}]\n", entries.iter().map(|entry| format!("    {entry},\n")).collect::<String>()),
    };
    out.push('\n');
    out + &warning(message, "")
}

/// Whether a text is the name of an environment variable, as POSIX writes it.
pub fn is_flag(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !text.is_empty() && text.chars().all(is_part) && !text.starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::python::collect;
    use crate::lang::python::modules::ModuleTable;
    use crate::syntax::{Grammar, parse};
    use crate::text::edit::TextEdit;
    use crate::text::snapshot::FileId;

    fn edited(text: &str, edit: impl Fn(&Source<'_>) -> Result<Edit, Refusal>) -> String {
        let facts = collect(text, None);
        let tree = parse(Grammar::Python, text).unwrap();
        let modules = ModuleTable::default();
        let source = Source { file: FileId::new(0), text, facts: &facts, tree: &tree, modules: &modules };
        let edit = TextEdit::new(vec![edit(&source).unwrap()]).unwrap();
        let after = String::from_utf8(edit.apply(text.as_bytes())).unwrap();
        assert!(collect(&after, None).errors.is_empty(), "{after}");
        after
    }

    fn forwarded(text: &str, old: &str) -> String {
        let home = Name { module: "new".to_owned(), name: "New".to_owned(), local: old.to_owned() };
        edited(text, |source| forward(source, &Forwarded { home: &home, message: "gone" }))
    }

    fn unforwarded(text: &str, name: &str) -> String {
        edited(text, |source| {
            let branch = branch_of(source, name).unwrap();
            crate::lang::python::statements::remove(source, branch.gone_with(&[branch.span]))
        })
    }

    const BRANCH: &str = "    if name == \"Old\":\n        warnings.warn(\"gone\", DeprecationWarning, stacklevel=2)\n        \
                          from new import New\n\n        return New\n";
    const REST: &str = "    raise AttributeError(f\"module {__name__!r} has no attribute {name!r}\")\n";

    #[test]
    fn a_module_answers_for_a_name_and_ceases_to() {
        let made = forwarded("import warnings\n", "Old");
        assert_eq!(made, format!("import warnings\n\n\ndef __getattr__(name: str):\n{BRANCH}{REST}"));
        let facts = collect(&made, None);
        assert!(facts.forward("Old").is_some() && facts.forward("New").is_none() && !facts.is_dynamic);
        let two = forwarded(&made, "Older");
        let older = BRANCH.replace("Old", "Older");
        assert_eq!(two, format!("import warnings\n\n\ndef __getattr__(name: str):\n{BRANCH}{older}{REST}"));
        assert_eq!(unforwarded(&two, "Older"), made);
        assert_eq!(unforwarded(&made, "Old"), "import warnings\n");
    }

    #[test]
    fn what_a_module_makes_by_itself_comes_after() {
        let own = "import warnings\n\ndef __getattr__(attr):\n  '''Makes.'''\n  # all\n  return attr.upper()\n";
        let made = forwarded(own, "Old");
        let branch = BRANCH.replace("name ==", "attr ==").replace("    if", "  if").replace("        ", "      ");
        assert_eq!(made, own.replace("  # all", &format!("{branch}  # all")));
        let facts = collect(&made, None);
        assert!(facts.forward("Old").is_some() && facts.is_dynamic, "it goes on to make others");
        assert_eq!(unforwarded(&made, "Old"), own);
    }

    #[test]
    fn a_switch_is_found_again() {
        let name = |name: &str| Name { module: "new".to_owned(), name: name.to_owned(), local: "Old".to_owned() };
        let text = "import os\nimport warnings\n\n\nclass Old: ...\n\n\nif __name__ == \"__main__\":\n    Old()\n";
        let made = edited(text, |source| switch(source, "USE_NEW", &[&name("New")], "gone"));
        let wanted = "if os.environ.get(\"USE_NEW\", \"\").lower() in (\"1\", \"true\", \"yes\", \"on\"):\n    \
                      warnings.warn(\"gone\", DeprecationWarning, stacklevel=2)\n    from new import New as Old\n";
        assert_eq!(made, text.replace("if __name__", &format!("{wanted}\n\nif __name__")));
        let tree = parse(Grammar::Python, &made).unwrap();
        let facts = collect(&made, None);
        let modules = ModuleTable::default();
        let source = Source { file: FileId::new(0), text: &made, facts: &facts, tree: &tree, modules: &modules };
        let found = switch_of(&source, "Old").unwrap();
        assert_eq!((&*found.flag, &made[found.span.range()]), ("USE_NEW", wanted.trim_end()));
        assert_eq!(switch_of(&source, "New"), None);
    }

    #[test]
    fn long_lines_are_broken() {
        let name = |name: &str| Name { module: "pkg.home".to_owned(), name: name.to_owned(), local: name.to_owned() };
        let names: Vec<Name> =
            ["first_of_many_names", "second_of_many_names", "third_of_many_names", "fourth"].map(name).into();
        let text = module(&names.iter().collect::<Vec<_>>(), &|name| name != "fourth", "Gone.", "say \"no\"");
        assert!(collect(&text, None).errors.is_empty());
        assert!(text.lines().all(|line| line.len() <= LINE_LENGTH), "{text}");
        assert!(
            text.contains("    fourth,\n)\n")
                && !text.contains("\"fourth\"")
                && text.ends_with("\"say \\\"no\\\"\", DeprecationWarning, stacklevel=2)\n")
        );
    }
}
