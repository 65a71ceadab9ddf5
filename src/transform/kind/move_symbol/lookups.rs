//! Names that are looked up while the program runs, where no reference says which: in what the old module holds, and private names of a
//! class, which hold the name of the class.

use std::collections::BTreeSet;

use super::super::super::View;
use super::super::super::finding::Reason;
use super::draft::Doubt;
use crate::index::words::Word;
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

/// Where a module looks its own names up, and may come upon one.
pub(in crate::transform::kind) fn inside(view: &View<'_>, name: &str) -> Vec<Doubt> {
    let facts = view.facts;
    let behind = |used: &Use| &view.text[used.span.range().end..];
    let looks_up = |used: &&Use| match facts.names.get(used.name) {
        "__name__" => view.text[..used.span.range().start].ends_with("sys.modules["),
        _ if facts.lookup(used.scope, used.name) != Lookup::Free => false,
        function if OF_ITS_MODULE.contains(&function) => literal(behind(used)).is_none_or(|looked_up| looked_up == name),
        function => WITHOUT_ARGUMENTS.contains(&function) && behind(used).starts_with("()"),
    };
    facts.uses.iter().filter(looks_up).map(|used| (Reason::NotProved, view.quote("lookup", used.span))).collect()
}

/// The name in `()["name"]` and `().get("name")`, which come behind `globals`.
fn literal(behind: &str) -> Option<&str> {
    let rest = behind.strip_prefix("()")?;
    let rest = ["[", ".get(", ".setdefault("].iter().find_map(|open| rest.strip_prefix(open))?;
    let quote = rest.chars().next().filter(|first| matches!(first, '"' | '\''))?;
    rest[1..].split(quote).next()
}

/// What passes a module on to code that may read names out of it.
const PASSED_ON: [&str; 8] = ["return_statement", "yield", "tuple", "list", "set", "pair", "lambda", "conditional_expression"];

/// Where another file takes names out of a module without saying which, or out of what may be the module.
pub(in crate::transform::kind) fn outside(view: &View<'_>, module: FileId, name: &str) -> Vec<Doubt> {
    looked_up(view, module, name, &[&ALL_NAMES, &ONE_NAME])
}

/// Where another file looks at the names that a module has stored, or at what may be the module: not at those that it makes when it is
/// asked (`getattr`).
pub(in crate::transform::kind) fn stored(view: &View<'_>, module: FileId, name: &str) -> Vec<Doubt> {
    looked_up(view, module, name, &[&ALL_NAMES])
}

fn looked_up(view: &View<'_>, module: FileId, name: &str, functions: &[&[&str]]) -> Vec<Doubt> {
    let facts = view.facts;
    let is_named = has_word(&view.text, name);
    let Some(source) = view.source() else { return Vec::new() };
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
        let Some(parent) = source.tree.node_at(whole, kind).and_then(|node| node.parent()) else { return false };
        let (list, call) = match parent.parent() {
            Some(call) if parent.kind() == "argument_list" => (parent, call),
            _ => return is_named && PASSED_ON.contains(&parent.kind()),
        };
        let function = call.child_by_field_name("function").map_or("", |node| &view.text[node.byte_range()]);
        let function = function.rsplit('.').next().unwrap_or(function);
        let second = syntax::children(list).into_iter().filter(|node| node.is_named()).nth(1);
        let looks = functions.iter().any(|functions| functions.contains(&function));
        looks && (ALL_NAMES.contains(&function) || second.is_none_or(|node| node.kind() != "string"))
    };
    let uses = facts.uses.iter().filter(|used| !used.flags.in_string);
    uses.filter(looks_up).map(|used| (Reason::NotProved, view.quote("lookup", used.span))).collect()
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
