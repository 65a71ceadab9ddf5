//! What else goes with an import: modules that are loaded by nothing else any more, and what they do while they are loaded.
//!
//! A module of the repository that something else of the file loads anyway, as early, is not lost. One that is lost does no harm if
//! loading it, and all that it loads, does nothing but define names. What is not known to do nothing is taken to do something. Of
//! libraries it is taken that loading them does nothing, but for a few that are known for it.

use std::sync::OnceLock;

use rustc_hash::{FxHashMap, FxHashSet};

use super::super::move_symbol::draft::Doubt;
use super::super::move_symbol::moment::{IMMUTABLE, definition, is_doubtful, is_inert, steps};
use crate::index::Index;
use crate::index::references::is_inside;
use crate::lang::python::evaluated::{self, Act, ActKind};
use crate::lang::python::facts::{Alias, AliasId, Binding, BindingKind, Context, Facts, ScopeId};
use crate::lang::python::imports::Source;
use crate::lang::python::load::Scripts;
use crate::lang::python::loading;
use crate::lang::python::modules::Module;
use crate::lang::python::resolve::{self, End};
use crate::text::snapshot::FileId;
use crate::text::span::Span;
use crate::transform::finding::{Evidence, Reason};
use crate::transform::python::View;

/// Modules outside of the repository that are imported for what they do then: they patch others, register something with them, or
/// change the interpreter.
#[rustfmt::skip]
const ACTING: [&str; 26] = [
    "antigravity", "ddtrace.auto", "distutils", "encodings", "eventlet", "gevent", "hvplot", "idlelib", "mpl_toolkits.mplot3d",
    "newrelic", "pip_system_certs", "pretty_errors", "psycogreen", "pyximport", "readline", "rioxarray", "rlcompleter", "scienceplots",
    "setuptools", "site", "sitecustomize", "sklearn.experimental", "this", "tqdm.autonotebook", "turtle", "usercustomize",
];

/// Libraries whose classes, decorators and functions have no effect but on what they make.
const PURE: [&str; 8] =
    ["annotated_types", "attr", "attrs", "pydantic", "pydantic_settings", "pytest", "typing_extensions", "zope.interface"];

/// What of those has one.
const IMPURE: [&str; 4] = ["importorskip", "skip", "exit", "main"];

/// Functions and classes of the builtins and the standard library that only make something, beside [`IMMUTABLE`].
#[rustfmt::skip]
const MAKES: [&str; 88] = [
    "Condition", "ContextVar", "Counter", "Enum", "Event", "Field", "Fraction", "IntEnum", "Lock", "MappingProxyType", "OrderedDict",
    "Queue", "RLock", "Semaphore", "SimpleNamespace", "StringIO", "BytesIO", "TypedDict", "NamedTuple", "WeakKeyDictionary", "WeakSet",
    "WeakValueDictionary", "ChainMap", "all", "any", "attrgetter", "auto", "basename", "bytearray", "callable", "chr", "classmethod",
    "abspath", "count", "cpu_count", "cycle", "date", "dedent", "defaultdict", "deque", "dict", "dirname", "divmod", "enumerate",
    "escape", "exists", "expanduser", "expandvars", "field", "filter", "format", "getattr", "getpid", "getenv", "hasattr", "hash", "hex",
    "id", "isdir", "isfile", "isinstance", "issubclass", "itemgetter", "join", "list", "local", "map", "monotonic", "normpath", "now",
    "ord", "partial", "perf_counter", "pow", "product", "property", "realpath", "repr", "reversed", "set", "slice", "sorted",
    "splitext", "staticmethod", "super", "time", "timezone", "type",
];

/// Methods that make something of an object and change nothing.
#[rustfmt::skip]
const ASKS: [&str; 32] = [
    "absolute", "as_posix", "capitalize", "copy", "decode", "encode", "endswith", "format", "get", "index", "isoformat", "items", "join",
    "joinpath", "keys", "lower", "lstrip", "replace", "resolve", "rsplit", "rstrip", "split", "splitlines", "startswith", "strip",
    "strftime", "title", "total_seconds", "union", "upper", "values", "zip",
];

/// Methods that change a container, which is no effect where the module itself has made it.
const FILLS: [&str; 8] = ["add", "append", "extend", "insert", "remove", "setdefault", "update", "discard"];

/// What loading the modules of a program does.
pub(super) struct Effects<'i> {
    index: &'i Index,
    scripts: Scripts<'i>,
    own: Vec<OnceLock<Option<Evidence>>>,
}

impl<'i> Effects<'i> {
    pub fn new(index: &'i Index) -> Self {
        let files = index.snapshot().files().len();
        Self { index, scripts: Scripts::new(index, files), own: (0..files).map(|_| OnceLock::new()).collect() }
    }

    /// What the file does, or may do, while it is loaded, other than to define names; its imports apart.
    fn own(&self, file: FileId) -> Option<&Evidence> {
        self.own[file.index()].get_or_init(|| act(&View::open(self.index, file))).as_ref()
    }

    /// What is not done any more, as early, if an alias goes; `goes` says of the file's aliases which are not counted on. `loading` are
    /// files that load something which is reached, with the places that reach it.
    pub fn lost(
        &self,
        view: &View<'_>,
        alias: &Alias,
        goes: &dyn Fn(AliasId) -> bool,
        loading: &FxHashMap<FileId, &Evidence>,
    ) -> Option<Doubt> {
        let facts = view.facts;
        let import = facts.import_of(alias);
        if import.context.contains(Context::TYPE_CHECKING) {
            return None;
        }
        let loaded = self.loads(view, alias, false);
        if loaded.is_empty() {
            return is_acting(&outside(view, alias)).then(|| (Reason::LoadTime, view.quote("acts", import.span)));
        }
        self.first_act(loaded.iter().copied(), &FxHashSet::default(), loading)?;
        let is_sure = |(_, other): &(AliasId, &Alias)| {
            let kept = facts.import_of(other);
            let is_before = match (facts.is_lazy(import.scope), facts.is_lazy(kept.scope)) {
                (true, false) => true,
                (false, true) => false,
                (true, true) => {
                    facts.ancestors(import.scope).any(|scope| scope == kept.scope) && kept.span.start <= import.span.start
                }
                (false, false) => kept.span.start <= import.span.start,
            };
            is_before && kept.context == Context::default()
        };
        let ids = facts.aliases.iter().enumerate().map(|(at, alias)| (AliasId::new(at), alias));
        let kept = ids.filter(|(id, _)| !goes(*id)).filter(is_sure).flat_map(|(_, other)| self.loads(view, other, true));
        let own = prefixes(view.index.modules().name(view.file).unwrap_or_default());
        let packages = own.filter_map(|name| self.file(&name)).filter(|file| *file != view.file);
        let anyway: Vec<FileId> = kept.chain(packages).collect();
        let loaded_anyway = self.scripts.loaded_with(anyway);
        self.first_act(loaded, &loaded_anyway, loading)
    }

    /// What the first module does that does something while it is loaded, of those that are loaded with some.
    fn first_act(
        &self,
        modules: impl IntoIterator<Item = FileId>,
        but: &FxHashSet<FileId>,
        loading: &FxHashMap<FileId, &Evidence>,
    ) -> Option<Doubt> {
        let mut seen: FxHashSet<FileId> = FxHashSet::default();
        let mut open: Vec<FileId> = modules.into_iter().filter(|file| !but.contains(file) && seen.insert(*file)).collect();
        while let Some(file) = open.pop() {
            if let Some(act) = self.own(file) {
                return Some((Reason::LoadTime, act.clone()));
            }
            if let Some(&reached) = loading.get(&file) {
                return Some((Reason::ModuleNeeded, reached.clone()));
            }
            open.extend(self.scripts.get(file).loads().filter(|file| !but.contains(file) && seen.insert(*file)));
        }
        None
    }

    /// The modules that are loaded when some are.
    pub fn loaded_with(&self, file: FileId) -> FxHashSet<FileId> {
        self.scripts.loaded_with([file])
    }

    /// The modules that an alias loads itself; with `is_certain`, those alone of which that is certain.
    fn loads(&self, view: &View<'_>, alias: &Alias, is_certain: bool) -> Vec<FileId> {
        let modules = view.index.modules();
        let name = view.facts.names.get(alias.name);
        match resolve::from_module(view.index, view.file, view.facts.import_of(alias)) {
            Some(module) => {
                let from = modules.dotted(&module);
                let is_bound = match module {
                    Module::File(file) => {
                        let mut bindings = view.index.facts(file).module_bindings(name);
                        bindings.any(|(_, binding)| Facts::is_lasting(binding))
                    }
                    _ => false,
                };
                let inner = (!(is_certain && is_bound)).then(|| format!("{from}.{name}"));
                prefixes(&from).chain(inner).filter_map(|name| self.file(&name)).collect()
            }
            None => prefixes(name).filter_map(|name| self.file(&name)).collect(),
        }
    }

    fn file(&self, dotted: &str) -> Option<FileId> {
        match self.index.modules().find(dotted) {
            Ok(Module::File(file)) => Some(file),
            _ => None,
        }
    }
}

/// `a`, `a.b` and `a.b.c` of `a.b.c`.
fn prefixes(dotted: &str) -> impl Iterator<Item = String> {
    let ends = dotted.match_indices('.').map(|(end, _)| end).chain([dotted.len()]);
    ends.map(|end| dotted[..end].to_owned())
}

/// The path of what an alias brings from outside of the repository.
pub(super) fn outside(view: &View<'_>, alias: &Alias) -> String {
    let name = view.facts.names.get(alias.name);
    match resolve::from_module(view.index, view.file, view.facts.import_of(alias)) {
        Some(module) => format!("{}.{name}", view.index.modules().dotted(&module)),
        None => name.to_owned(),
    }
}

/// The first thing that a module does, or may do, while it is loaded, other than to define names.
pub(in crate::transform::python) fn act(view: &View<'_>) -> Option<Evidence> {
    if let Some(error) = view.facts.errors.first() {
        return Some(view.quote("unparsable", error.span));
    }
    let Some(source) = view.source() else { return Some(view.quote("unparsable", Span::at(0))) };
    let acts = loading::acts(&source).into_iter().filter(|act| !is_harmless(view, act, true));
    let acts = acts.map(|act| (act.span, role(act.kind)));
    let changes = loading::changes(&source).into_iter();
    let foreign =
        changes.filter(|(_, owner)| !owner.is_some_and(|owner| is_own(view, owner))).map(|(span, _)| (span, "changes"));
    let imports = view.facts.aliases.iter().filter(|alias| is_acting(&outside(view, alias)));
    let imports = imports.map(|alias| (alias.name_span, "acts"));
    let (span, role) = acts.chain(foreign).chain(imports).min_by_key(|(span, _)| *span)?;
    Some(view.quote(role, span))
}

/// The first thing that a statement of a module does, or may do, while the module is loaded, other than to define its name: to others of
/// the module, too.
pub(in crate::transform::python) fn act_of(view: &View<'_>, source: &Source<'_>, statement: Span) -> Option<Evidence> {
    let acts = evaluated::acts(source, statement).into_iter().filter(|act| !is_harmless(view, act, false));
    let acts = acts.map(|act| (act.span, role(act.kind)));
    let changes = loading::changes(source).into_iter().map(|(span, _)| (span, "changes"));
    let (span, role) = acts.chain(changes.filter(|(span, _)| statement.covers(*span))).min_by_key(|(span, _)| *span)?;
    Some(view.quote(role, span))
}

/// Whether a path outside of the repository is, or lies in, a module that is known to do something when it is loaded.
fn is_acting(path: &str) -> bool {
    ACTING.iter().any(|module| is_inside(path, module))
}

fn role(kind: ActKind) -> &'static str {
    match kind {
        ActKind::Decorates { .. } => "decorator",
        ActKind::Calls => "call",
        ActKind::Derives { .. } => "base",
        ActKind::Reads { .. } => "reads",
    }
}

/// Whether a name is bound by the module to something that it makes itself.
fn is_own(view: &View<'_>, name: Span) -> bool {
    let Some((used, _)) = steps(view, name) else { return false };
    let mut bindings = view.facts.module_bindings(view.facts.names.get(used.name)).map(|(_, binding)| binding).peekable();
    let is_made = |binding: &Binding| {
        matches!(binding.kind, BindingKind::Value | BindingKind::Definition(_)) && binding.site == ScopeId::MODULE
    };
    bindings.peek().is_some() && bindings.all(is_made)
}

/// Whether what is evaluated while a module is loaded has no effect outside of it; or, unless the module goes as a whole, none at all.
fn is_harmless(view: &View<'_>, act: &Act, is_whole_module: bool) -> bool {
    if let ActKind::Reads { .. } = act.kind {
        return true;
    }
    let text = &view.text[act.span.range()];
    let (path, method) = text.rsplit_once('.').unwrap_or(("", text));
    let Some((used, steps)) = steps(view, act.span) else {
        // A method of what another expression makes, which is an act of its own.
        return act.kind == ActKind::Calls && !path.is_empty() && ASKS.contains(&method);
    };
    let attributes = view.facts.attributes_of(used).iter().filter(|attribute| attribute.span.end <= act.span.end).count();
    let Some(last) = steps.get(attributes.min(steps.len().saturating_sub(1))) else { return false };
    let is_whole = steps.len() > attributes;
    match (&last.end, last.hops.last()) {
        // A builtin, or a name of a class body.
        (End::Unbound, _) => act.kind != ActKind::Calls || is_making(method),
        (End::Absent(_), Some(symbol)) => {
            let module = view.index.modules().dotted(&symbol.module);
            let top = module.split('.').next().unwrap_or(&module);
            if PURE.contains(&top) {
                return !IMPURE.contains(&method);
            }
            let is_standard = evaluated::is_standard_library(top) && top != "atexit";
            is_standard && (act.kind != ActKind::Calls || is_making(method) || ASKS.contains(&method))
        }
        (End::Module(module), _) => {
            let module = view.index.modules().dotted(module);
            let top = module.split('.').next().unwrap_or(&module);
            evaluated::is_standard_library(top) && is_making(method)
        }
        (End::Definition, Some(symbol)) if act.kind == ActKind::Calls => {
            if !is_whole {
                let first = Span::new(used.span.start, used.span.end);
                return symbol.module == Module::File(view.file)
                    && ((is_whole_module && FILLS.contains(&method)) || ASKS.contains(&method))
                    && is_own(view, first);
            }
            definition(view.index, symbol).is_some_and(|(view, definition)| is_inert(&view, definition, false))
        }
        (End::Local, _) if act.kind == ActKind::Calls => is_making(method) || ASKS.contains(&method),
        _ => act.kind != ActKind::Calls && !is_doubtful(view, act),
    }
}

fn is_making(name: &str) -> bool {
    IMMUTABLE.contains(&name) || MAKES.contains(&name)
}
