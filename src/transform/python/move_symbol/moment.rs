//! Whether a definition becomes the same at another moment: it is evaluated when its new module is loaded, which may be before or after
//! its old one is, and may never be.
//!
//! A doubt is what it runs then (a decorator that registers it, a call that counts), what it reads that others change, and what the old
//! module goes on to do to it. What comes from the standard library, and calls of other libraries, are taken to be the same at any time.

use super::super::super::finding::Reason;
use super::super::View;
use super::draft::{Doubt, Stop};
use super::source;
use crate::index::Index;
use crate::index::words::Word;
use crate::lang::python::definitions::Block;
use crate::lang::python::evaluated::{self, Act, ActKind};
use crate::lang::python::facts::{Binding, BindingKind, Definition, DefinitionKind, Facts, ScopeId, ScopeKind, Use};
use crate::lang::python::modules::Module;
use crate::lang::python::resolve::{self, End, Step, Symbol};
use crate::lang::python::scope::Lookup;
use crate::text::snapshot::FileId;
use crate::text::span::Span;

/// How many names on the way from a value to what it is made of are followed.
const DEPTH: usize = 8;

/// Finds what a definition of a module does and meets while it is evaluated.
pub(super) fn doubts(view: &View<'_>, block: &Block, name: &str) -> Result<Vec<Doubt>, Stop> {
    let source = source(view)?;
    let acts = evaluated::acts(&source, block.span);
    let doubtful = acts.into_iter().filter(|act| is_doubtful(view, act));
    let mut doubts: Vec<Doubt> = doubtful.map(|act| (Reason::LoadTime, view.quote(role(act.kind), act.span))).collect();
    let own = Symbol { module: Module::File(view.file), name: name.into() };
    let is_value = !block.is_apart;
    if is_value && is_constant(view.index, &own, DEPTH) {
        return Ok(doubts);
    }
    let facts = view.facts;
    let outside =
        facts.uses.iter().filter(|used| !block.span.covers(used.span) && !used.flags.in_string && is_of_module(facts, used));
    let uses: Vec<&Use> = outside.filter(|used| facts.names.get(used.name) == name).collect();
    let changes = |used: &&&Use| evaluated::may_change(&source, used.span, is_value);
    let (lazy, eager): (Vec<&Use>, Vec<&Use>) = uses.into_iter().partition(|used| facts.is_lazy(used.scope));
    let changed =
        eager.iter().filter(changes).chain(lazy.iter().filter(changes).filter(|_| is_value && runs_itself(view, Some(block))));
    doubts.extend(changed.map(|used| (Reason::LoadTime, view.quote("changes", used.span))));
    Ok(doubts)
}

fn role(kind: ActKind) -> &'static str {
    match kind {
        ActKind::Decorates { .. } => "decorator",
        ActKind::Calls => "call",
        ActKind::Derives { .. } => "base",
        ActKind::Reads { .. } => "state",
    }
}

/// Whether a name used is one that the module owns.
fn is_of_module(facts: &Facts, used: &Use) -> bool {
    matches!(facts.lookup(used.scope, used.name), Lookup::Bound(ScopeId::MODULE) | Lookup::ClassOr(_, Some(ScopeId::MODULE)))
}

/// The use that an expression starts with, and what it means as far as it leads through modules.
pub(in crate::transform::python) fn steps<'v>(view: &'v View<'_>, expression: Span) -> Option<(&'v Use, Vec<Step>)> {
    let used = view.facts.uses.iter().find(|used| used.span.start == expression.start && !used.flags.in_string)?;
    Some((used, resolve::steps(view.index, view.file, used)))
}

pub(in crate::transform::python) fn is_doubtful(view: &View<'_>, act: &Act) -> bool {
    let Some((used, steps)) = steps(view, act.span) else {
        // Nothing names what is called: `make()()`. What it is made of is an act of its own.
        return matches!(act.kind, ActKind::Decorates { .. });
    };
    let Some(last) = steps.last() else { return true };
    let attributes = view.facts.attributes_of(used).iter().filter(|attribute| attribute.span.end <= act.span.end).count();
    let is_whole = steps.len() > attributes;
    is_end_doubtful(view.index, act.kind, &last.end, last.hops.last(), is_whole)
}

fn is_end_doubtful(index: &Index, kind: ActKind, end: &End, last: Option<&Symbol>, is_whole: bool) -> bool {
    match end {
        // A builtin, or a name of the definition's own class body.
        End::Unbound | End::Local => false,
        End::Module(_) => false,
        End::Absent(_) => match (kind, last.map(|symbol| index.modules().dotted(&symbol.module))) {
            (ActKind::Decorates { .. }, Some(module)) => !is_of_library(&module),
            (ActKind::Calls, Some(module)) => &*module == "atexit",
            _ => false,
        },
        End::Ambiguous(ways) => ways.iter().any(|way| is_end_doubtful(index, kind, &way.end, way.hops.last(), is_whole)),
        End::Definition => last.is_none_or(|symbol| is_definition_doubtful(index, kind, symbol, is_whole)),
        End::Dynamic | End::Cycle => !matches!(kind, ActKind::Reads { looks_inside: false }),
    }
}

/// Whether a decorator of a module has no effect but on what it decorates.
fn is_of_library(module: &str) -> bool {
    let top = module.split('.').next().unwrap_or(module);
    top != "atexit" && (evaluated::is_standard_library(top) || top == "typing_extensions")
}

/// What it means to call, derive from or read something that the repository defines.
fn is_definition_doubtful(index: &Index, kind: ActKind, symbol: &Symbol, is_whole: bool) -> bool {
    let definition = definition(index, symbol);
    match (kind, definition) {
        (ActKind::Reads { looks_inside }, None) => (looks_inside || !is_whole) && !is_constant(index, symbol, DEPTH),
        (ActKind::Reads { .. }, Some(_)) => false,
        (ActKind::Derives { is_metaclass }, Some((view, definition))) => {
            !is_whole || shapes_classes(&view, definition, is_metaclass, DEPTH)
        }
        (ActKind::Decorates { is_made }, Some((view, definition))) => !is_whole || !is_inert(&view, definition, is_made),
        // What a function returns may be another thing at another time, whatever else it does.
        (ActKind::Calls, _) | (ActKind::Derives { .. } | ActKind::Decorates { .. }, None) => true,
    }
}

/// The one class or function that a symbol is.
pub(in crate::transform::python) fn definition<'i>(index: &'i Index, symbol: &Symbol) -> Option<(View<'i>, &'i Definition)> {
    let Module::File(file) = symbol.module else { return None };
    let facts = index.facts(file);
    let mut bindings = facts.module_bindings(&symbol.name);
    match (bindings.next().map(|(_, binding)| binding.kind), bindings.next()) {
        (Some(BindingKind::Definition(id)), None) => Some((View::open(index, file), &facts.definitions[id.index()])),
        _ => None,
    }
}

/// Whether a function that decorates has no effect but on what it decorates, and does the same at any time. With `with_inner`, a function in
/// it is what decorates.
pub(in crate::transform::python) fn is_inert(view: &View<'_>, definition: &Definition, with_inner: bool) -> bool {
    let facts = view.facts;
    let is_decorated = definition.header.start > definition.span.start && view.text[definition.span.range()].starts_with('@');
    let functions =
        |scope: ScopeId| facts.ancestors(scope).filter(|at| facts.scopes[at.index()].kind == ScopeKind::Function).count();
    let runs = |used: &&Use| definition.span.covers(used.span) && functions(used.scope) <= 1 + usize::from(with_inner);
    let is_state = |used: &Use| {
        let steps = resolve::steps(view.index, view.file, used);
        let is_whole = steps.len() > facts.attributes_of(used).len();
        let kind = ActKind::Reads { looks_inside: true };
        steps.last().is_none_or(|last| is_end_doubtful(view.index, kind, &last.end, last.hops.last(), is_whole))
    };
    let source = view.source().filter(|_| definition.kind == DefinitionKind::Function && !is_decorated);
    source.is_some_and(|source| evaluated::is_inert(&source, definition.span, with_inner))
        && !facts.uses.iter().filter(runs).any(is_state)
}

/// Whether a class, or one that it derives from, does something when a class is derived from it, or is asked for those that are.
fn shapes_classes(view: &View<'_>, definition: &Definition, is_metaclass: bool, depth: usize) -> bool {
    let facts = view.facts;
    let Some(source) = view.source().filter(|_| depth > 0 && definition.kind == DefinitionKind::Class) else { return true };
    let hooks: &[&str] = if is_metaclass { &["__new__", "__init__", "__prepare__"] } else { &["__init_subclass__"] };
    let is_hook = |inner: &Definition| hooks.contains(&facts.names.get(inner.name)) && definition.span.covers(inner.span);
    let asks = |file: &FileId| view.index.facts(*file).names.find("__subclasses__").is_some();
    if facts.definitions.iter().any(is_hook) || view.index.with_words(&[Word::new("__subclasses__")]).iter().any(asks) {
        return true;
    }
    evaluated::acts(&source, definition.span).into_iter().any(|act| {
        let ActKind::Derives { is_metaclass: is_made_by } = act.kind else { return false };
        let Some((used, steps)) = steps(view, act.span) else { return true };
        let is_whole = steps.len() > facts.attributes_of(used).len();
        match steps.last().map(|step| (&step.end, step.hops.last())) {
            Some((End::Unbound | End::Absent(_), _)) => false,
            Some((End::Definition, Some(symbol))) if is_whole => self::definition(view.index, symbol)
                .is_none_or(|(view, base)| shapes_classes(&view, base, is_metaclass || is_made_by, depth - 1)),
            _ => true,
        }
    })
}

/// Whether a name stands for a value that is the same whenever it is read.
fn is_constant(index: &Index, symbol: &Symbol, depth: usize) -> bool {
    let Module::File(file) = symbol.module else { return true };
    let view = View::open(index, file);
    let bindings: Vec<&Binding> = view.facts.module_bindings(&symbol.name).map(|(_, binding)| binding).collect();
    let ([binding], Some(source), true) = (&bindings[..], view.source(), depth > 0) else { return false };
    if let BindingKind::Definition(_) | BindingKind::Import(_) = binding.kind {
        return true;
    }
    let Some(value) = evaluated::assigned(&source, binding.span) else { return false };
    let end = |span: Span| {
        steps(&view, span).and_then(|(_, steps)| steps.last().map(|step| (step.end.clone(), step.hops.last().cloned())))
    };
    let is_name_constant = |span: Span| match end(span) {
        Some((End::Definition, Some(symbol))) => is_constant(index, &symbol, depth - 1),
        Some((End::Unbound | End::Absent(_) | End::Module(_), _)) => true,
        _ => false,
    };
    let makes_constant = |span: Span| match end(span) {
        Some((End::Unbound, _)) => IMMUTABLE.contains(&&view.text[span.range()]),
        Some((End::Absent(_), Some(symbol))) => {
            is_of_library(&index.modules().dotted(&symbol.module)) && IMMUTABLE.contains(&&*symbol.name)
        }
        _ => false,
    };
    evaluated::is_constant(value, &is_name_constant, &makes_constant)
}

/// What of the builtins and the standard library makes objects that nobody can change.
#[rustfmt::skip]
pub(in crate::transform::python) const IMMUTABLE: [&str; 30] = [
    "int", "float", "str", "bool", "bytes", "complex", "tuple", "frozenset", "object", "len", "min", "max", "sum", "abs", "round", "range",
    "compile", "TypeVar", "ParamSpec", "NewType", "namedtuple", "Path", "PurePath", "timedelta", "datetime", "Decimal", "UUID", "getenv",
    "getLogger", "cast",
];

/// Whether a module calls its own functions, or decorates with them, while it is loaded; a block may be left out.
pub(super) fn runs_itself(view: &View<'_>, but: Option<&Block>) -> bool {
    let Some(source) = view.source() else { return true };
    let whole = Span::new(0, view.text.len() as u32);
    let own = |act: &Act| {
        let runs = matches!(act.kind, ActKind::Calls | ActKind::Decorates { .. })
            && but.is_none_or(|block| !block.span.covers(act.span));
        let is_own = |symbol: &Symbol| symbol.module == Module::File(view.file);
        runs && steps(view, act.span)
            .and_then(|(_, steps)| steps.last()?.hops.last().cloned())
            .is_some_and(|last| is_own(&last))
    };
    evaluated::acts(&source, whole).iter().any(own)
}
