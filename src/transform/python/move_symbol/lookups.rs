//! Names that are looked up while the program runs, where no reference says which: in what the old module holds, and private names of a
//! class, which hold the name of the class.

use std::collections::BTreeSet;

use super::super::super::finding::Reason;
use super::super::View;
use super::draft::Doubt;
use crate::index::words::Word;
use crate::lang::python::evaluated;
use crate::lang::python::facts::{NameId, Use};
use crate::lang::python::modules::Module;
use crate::lang::python::rename::has_word;
use crate::lang::python::resolve::{self, End};
use crate::lang::python::scope::Lookup;
use crate::syntax;
use crate::text::snapshot::FileId;
use crate::text::span::Span;

/// What looks names of its own module up, and what does if it is called without arguments.
const OF_ITS_MODULE: [&str; 3] = ["globals", "exec", "eval"];
const WITHOUT_ARGUMENTS: [&str; 3] = ["vars", "locals", "dir"];

/// What takes names out of a module that it is given, and what takes the one that it is given, too.
const ALL_NAMES: [&str; 4] = ["vars", "dir", "getmembers", "getmembers_static"];
const ONE_NAME: [&str; 4] = ["getattr", "hasattr", "setattr", "delattr"];

/// What is given a module and reads no name out of it but one that is said.
const TAKES_NO_NAMES: [&str; 12] = [
    "getattr",
    "hasattr",
    "setattr",
    "delattr",
    "object",
    "multiple",
    "spy",
    "reload",
    "getsource",
    "getfile",
    "isinstance",
    "id",
];

/// Where a module looks its own names up, and may come upon one.
pub(in crate::transform::python) fn inside(view: &View<'_>, name: &str) -> Vec<Doubt> {
    doubts(view, inside_at(view, name))
}

/// The places of [`inside`]. Texts that are known and run as programs are not among them.
pub(in crate::transform::python) fn inside_at(view: &View<'_>, name: &str) -> Vec<Span> {
    let facts = view.facts;
    let behind = |used: &Use| &view.text[used.span.range().end..];
    let looks_up = |used: &&Use| match facts.names.get(used.name) {
        "__name__" => view.text[..used.span.range().start].ends_with("sys.modules["),
        _ if facts.lookup(used.scope, used.name) != Lookup::Free => false,
        "exec" | "eval" if behind(used).trim_start_matches(['(', ' ', '\r', '\n', '\t']).starts_with(['"', '\'']) => false,
        function if OF_ITS_MODULE.contains(&function) => literal(behind(used)).is_none_or(|looked_up| looked_up == name),
        function => WITHOUT_ARGUMENTS.contains(&function) && behind(used).starts_with("()"),
    };
    facts.uses.iter().filter(looks_up).map(|used| used.span).collect()
}

/// The name in `()["name"]` and `().get("name")`, which come behind `globals`.
fn literal(behind: &str) -> Option<&str> {
    let rest = behind.strip_prefix("()")?;
    let rest = ["[", ".get(", ".setdefault("].iter().find_map(|open| rest.strip_prefix(open))?;
    let quote = rest.chars().next().filter(|first| matches!(first, '"' | '\''))?;
    let (name, rest) = rest[1..].split_once(quote)?;
    // More may be added to the text.
    rest.trim_start().starts_with([']', ')', ',']).then_some(name)
}

/// What passes a module on to code that may read names out of it.
const PASSED_ON: [&str; 8] = ["return_statement", "yield", "tuple", "list", "set", "pair", "lambda", "conditional_expression"];

/// Where another file takes names out of a module without saying which, or out of what may be the module.
pub(in crate::transform::python) fn outside(view: &View<'_>, module: FileId, name: &str) -> Vec<Doubt> {
    doubts(view, outside_at(view, module, name))
}

/// The places of [`outside`].
pub(in crate::transform::python) fn outside_at(view: &View<'_>, module: FileId, name: &str) -> Vec<Span> {
    looked_up(view, module, name, &[&ALL_NAMES, &ONE_NAME])
}

/// Where another file looks at the names that a module has stored, or at what may be the module: not at those that it makes when it is
/// asked (`getattr`).
pub(in crate::transform::python) fn stored(view: &View<'_>, module: FileId, name: &str) -> Vec<Doubt> {
    doubts(view, looked_up(view, module, name, &[&ALL_NAMES]))
}

/// Whether a file hands a module on as an object, to code anywhere that may read names out of it.
pub(in crate::transform::python) fn hands_on(view: &View<'_>, module: FileId) -> bool {
    let is_handed_on = |used: &&Use| {
        let attributes = view.facts.attributes_of(used);
        let steps = resolve::steps(view.index, view.file, used);
        let is_module = steps.get(attributes.len()).is_some_and(|step| step.end == End::Module(Module::File(module)));
        let whole = Span::new(used.span.start, attributes.last().map_or(used.span.end, |last| last.span.end));
        let kind = if attributes.is_empty() { "identifier" } else { "attribute" };
        // Most files use no more than what is in the module, and need no tree.
        let node = || view.source()?.tree.node_at(whole, kind);
        is_module
            && node().and_then(|node| Some((node, node.parent()?))).is_some_and(|(node, parent)| match parent.kind() {
                "argument_list" => parent.parent().is_some_and(|call| {
                    let function = call.child_by_field_name("function").map_or("", |node| &view.text[node.byte_range()]);
                    !TAKES_NO_NAMES.contains(&function.rsplit('.').next().unwrap_or(function))
                }),
                "assignment" => parent.child_by_field_name("right") == Some(node),
                "keyword_argument" | "default_parameter" | "typed_default_parameter" => true,
                kind => PASSED_ON.contains(&kind),
            })
    };
    view.facts.uses.iter().filter(|used| !used.flags.in_string).any(|used| is_handed_on(&used))
}

fn doubts(view: &View<'_>, places: Vec<Span>) -> Vec<Doubt> {
    places.into_iter().map(|span| (Reason::NotProved, view.quote("lookup", span))).collect()
}

fn looked_up(view: &View<'_>, module: FileId, name: &str, functions: &[&[&str]]) -> Vec<Span> {
    let facts = view.facts;
    let is_named = has_word(&view.text, name);
    let looks_up = |used: &&Use| {
        let attributes = facts.attributes_of(used);
        let steps = resolve::steps(view.index, view.file, used);
        let Some(depth) = steps.iter().position(|step| step.end == End::Module(Module::File(module))) else { return false };
        if let Some(next) = attributes.get(depth) {
            return facts.names.get(next.name) == "__dict__";
        }
        let end = attributes.last().map_or(used.span.end, |last| last.span.end);
        let whole = Span::new(used.span.start, end);
        let kind = if attributes.is_empty() { "identifier" } else { "attribute" };
        let node = view.source().and_then(|source| source.tree.node_at(whole, kind));
        let Some(parent) = node.and_then(|node| node.parent()) else { return false };
        let (list, call) = match parent.parent() {
            Some(call) if parent.kind() == "argument_list" => (parent, call),
            _ => return is_named && PASSED_ON.contains(&parent.kind()),
        };
        let function = call.child_by_field_name("function").map_or("", |node| &view.text[node.byte_range()]);
        let function = function.rsplit('.').next().unwrap_or(function);
        let second = syntax::children(list).into_iter().filter(|node| node.is_named()).nth(1);
        let looks = functions.iter().any(|functions| functions.contains(&function));
        looks && (ALL_NAMES.contains(&function) || !second.is_some_and(evaluated::is_known_text))
    };
    let uses = facts.uses.iter().filter(|used| !used.flags.in_string);
    uses.filter(looks_up).map(|used| used.span).collect()
}

/// The places where a file takes names that it does not say out of any object.
pub(in crate::transform::python) fn of_any_object(view: &View<'_>) -> Vec<Span> {
    let Some(source) = view.source() else { return Vec::new() };
    let looks_up = |used: &&Use| {
        let attributes = view.facts.attributes_of(used);
        let function = view.facts.names.get(attributes.last().map_or(used.name, |attribute| attribute.name));
        let whole = Span::new(used.span.start, attributes.last().map_or(used.span.end, |last| last.span.end));
        let kind = if attributes.is_empty() { "identifier" } else { "attribute" };
        let arguments = || {
            let call = source.tree.node_at(whole, kind)?.parent().filter(|parent| parent.kind() == "call")?;
            Some(syntax::children(call.child_by_field_name("arguments")?))
        };
        match function {
            "__dict__" => true,
            _ if !(ALL_NAMES.contains(&function) || ONE_NAME.contains(&function)) => false,
            _ => arguments().is_some_and(|arguments| {
                let mut arguments = arguments.into_iter().filter(|node| node.is_named());
                let (first, second) = (arguments.next(), arguments.next());
                first.is_some() && (ALL_NAMES.contains(&function) || !second.is_some_and(evaluated::is_known_text))
            }),
        }
    };
    let uses = view.facts.uses.iter().filter(|used| !used.flags.in_string);
    uses.filter(looks_up).map(|used| used.span).collect()
}

/// Where private names of a class are spelled out with the name of the class (`_Old__name`), which a new name would change.
pub(super) fn private(view: &View<'_>, block: Span, name: &str) -> Vec<Doubt> {
    let facts = view.facts;
    let prefix = format!("_{}__", name.trim_start_matches('_'));
    let uses = facts.uses.iter().filter(|used| block.covers(used.span));
    let named = uses.flat_map(|used| facts.attributes_of(used).iter().map(|attribute| attribute.name).chain([used.name]));
    let bound = facts.bindings.iter().filter(|binding| block.covers(binding.span)).map(|binding| binding.name);
    let names: BTreeSet<NameId> = named.chain(bound).collect();
    let private: Vec<&str> =
        names.into_iter().map(|name| facts.names.get(name)).filter(|name| name.starts_with(&prefix)).collect();
    let words: Vec<Word> = private.iter().map(|name| Word::new(name)).collect();
    let files = if words.is_empty() { Vec::new() } else { view.index.with_words(&words) };
    let spelled = |file: FileId| {
        let view = View::open(view.index, file);
        let lines = view.text.match_indices(prefix.as_str()).map(|(at, _)| Span::at(at as u32));
        let quoted = lines.map(|span| view.quote("private", span));
        quoted.filter(|quote| private.iter().any(|name| has_word(&quote.text, name))).collect::<Vec<_>>()
    };
    files.into_iter().flat_map(spelled).map(|evidence| (Reason::NotProved, evidence)).collect()
}
