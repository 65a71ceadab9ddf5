//! Which object a name means, across files: names followed through imports, re-exports and plain assignments to the place that
//! defines them.
//!
//! A name of a module is a [`Symbol`]. Following it gives a [`Resolution`]: the symbols passed on the way, and how the way
//! [`End`]s. What cannot be known without running the program ends in `Dynamic` or `Ambiguous`, never in a guess.
//!
//! Not modelled: names set from outside (`module.name = …` elsewhere).

mod stars;
mod trail;

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};

use rustc_hash::FxHashMap;

use self::stars::through_star;
pub use self::stars::{Brings, exports, is_brought_by_star, public_names};
use self::trail::Trail;
use super::facts::{Alias, Binding, BindingKind, Facts, Import, ScopeId, Use};
use super::modules::{Absence, Module, ModuleTable};
use super::scope::Lookup;
use crate::text::snapshot::FileId;

/// A name in the namespace of a module.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Symbol {
    /// The module.
    pub module: Module,
    /// The name.
    pub name: Arc<str>,
}

impl Symbol {
    /// The symbol as plans and reports write it: `pkg.mod:Name`.
    pub fn spelled(&self, modules: &ModuleTable) -> String {
        format!("{}:{}", modules.dotted(&self.module), self.name)
    }
}

/// The way from a symbol to what it means.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Resolution {
    /// The symbols passed, the one asked for first.
    pub hops: Vec<Symbol>,
    /// How the way ends.
    pub end: End,
}

/// How the way from a symbol ends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum End {
    /// At a class, function or value that the last hop's module defines under the last hop's name.
    Definition,
    /// At a module.
    Module(Module),
    /// At a module that is not in the snapshot: the last hop is all that is known.
    Absent(Absence),
    /// The last hop's module does not bind the last hop's name.
    Unbound,
    /// Only running the program can tell: the module makes names at run time, or does not parse.
    Dynamic,
    /// Different bindings reach the last hop's name.
    Ambiguous(Arc<[Resolution]>),
    /// The name is an alias of itself.
    Cycle,
    /// At a parameter or local value of a function.
    Local,
}

impl Resolution {
    /// The symbol that defines the object, where exactly one does.
    pub fn definition(&self) -> Option<&Symbol> {
        match self.end {
            End::Definition => self.hops.last(),
            _ => None,
        }
    }

    /// Whether both ways end at one object: at one definition, at one module, or at one name of one library.
    pub fn is_same_object(&self, other: &Resolution) -> bool {
        match (&self.end, &other.end) {
            (End::Definition, End::Definition) | (End::Absent(Absence::External), End::Absent(Absence::External)) => {
                self.hops.last() == other.hops.last()
            }
            (End::Module(a), End::Module(b)) => a == b,
            _ => false,
        }
    }
}

/// One step of a dotted expression: what the name, or the name and the attributes so far, mean.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// The symbols passed by this step alone; empty for a step to a submodule or a local name.
    pub hops: Vec<Symbol>,
    /// What the expression so far means.
    pub end: End,
}

/// All files of a snapshot, as far as names are followed through them.
pub trait Program {
    /// The facts of a file.
    fn facts(&self, file: FileId) -> &Facts;
    /// The modules.
    fn modules(&self) -> &ModuleTable;

    /// Where what has been found out is kept.
    fn memo(&self) -> Option<&Memo> {
        None
    }
}

/// A re-export chain in real code is a handful of hops; one longer than this is an attack or a cycle that was not seen.
const LONGEST_CHAIN: usize = 64;

/// What is found with less is not kept: keeping it would take more than finding it again.
const LITTLE_WORK: usize = 16;

/// Follows a symbol to what it means.
pub fn resolve(program: &dyn Program, symbol: &Symbol) -> Resolution {
    let mut hops = Trail::default();
    let end = follow(program, symbol, &mut hops);
    Resolution { hops: hops.passed, end }
}

/// What symbols mean that many ways lead from: found out once.
#[derive(Default)]
pub struct Memo(RwLock<FxHashMap<Symbol, Arc<Resolution>>>);

impl Memo {
    fn get(&self, symbol: &Symbol) -> Option<Arc<Resolution>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(symbol).cloned()
    }

    fn keep(&self, symbol: &Symbol, hops: &Trail, end: &End) {
        let found = Arc::new(Resolution { hops: hops.passed.clone(), end: end.clone() });
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(symbol.clone(), found);
    }
}

fn follow(program: &dyn Program, symbol: &Symbol, hops: &mut Trail) -> End {
    if !hops.is_empty() {
        return go(program, symbol, hops);
    }
    let known = program.memo().and_then(|memo| memo.get(symbol));
    if let Some(known) = known {
        hops.passed.clone_from(&known.hops);
        return known.end.clone();
    }
    hops.begin();
    let mut end = go(program, symbol, hops);
    if hops.is_spent() {
        hops.passed = vec![symbol.clone()];
        end = End::Dynamic;
    }
    if let Some(memo) = program.memo().filter(|_| hops.asked() > LITTLE_WORK) {
        memo.keep(symbol, hops, &end);
    }
    end
}

fn go(program: &dyn Program, symbol: &Symbol, hops: &mut Trail) -> End {
    if hops.is_closed(symbol) {
        return End::Cycle;
    }
    if let Some(end) = hops.recall(symbol) {
        return end;
    }
    if hops.is_spent() {
        return End::Dynamic;
    }
    let start = hops.enter(symbol);
    let end = from(program, symbol, hops);
    hops.leave(start, symbol, &end);
    end
}

/// Follows the symbol that has been passed last.
fn from(program: &dyn Program, symbol: &Symbol, hops: &mut Trail) -> End {
    match &symbol.module {
        Module::Absent(dotted) => End::Absent(program.modules().find(dotted).err().unwrap_or(Absence::Missing)),
        Module::Namespace(dotted) => submodule(program, dotted, &symbol.name).unwrap_or(End::Unbound),
        Module::File(file) => {
            let facts = program.facts(*file);
            let bindings: Vec<&Binding> = facts.module_bindings(&symbol.name).map(|(_, binding)| binding).collect();
            match lasting(&bindings) {
                Lasting::Bound(bindings) => bound(program, *file, &symbol.name, &bindings, hops),
                Lasting::Deleted => End::Unbound,
                Lasting::Never => unbound(program, *file, symbol, hops),
            }
        }
    }
}

enum Lasting<'f> {
    Bound(Vec<&'f Binding>),
    Deleted,
    Never,
}

/// The bindings that can give a module's name its value when the module has been loaded.
fn lasting<'f>(bindings: &[&'f Binding]) -> Lasting<'f> {
    let is_deleted = |binding: &&Binding| binding.kind == BindingKind::Delete && binding.site == ScopeId::MODULE;
    match bindings.last() {
        Some(last) if is_deleted(last) => return Lasting::Deleted,
        _ => {}
    }
    let bound: Vec<&Binding> = bindings.iter().copied().filter(|binding| Facts::is_lasting(binding)).collect();
    match bound.is_empty() {
        true => Lasting::Never,
        false => Lasting::Bound(bound),
    }
}

/// What gives a module's name a value.
enum Giver<'f> {
    Binding(&'f Binding),
    /// A star import, which brings this.
    Star(Symbol),
}

/// Follows all that gives a module's name a value.
fn bound(program: &dyn Program, file: FileId, name: &str, bindings: &[&Binding], hops: &mut Trail) -> End {
    // A star import behind them gives the name another value, if it brings one.
    let last = bindings.last().map(|binding| binding.span.start);
    let facts = program.facts(file);
    let stars = facts.stars().filter(|alias| Some(alias.name_span.start) > last);
    let brings = |alias: &Alias| match from_module(program, file, facts.import_of(alias)) {
        Some(Module::File(module)) if exports(program, module, name) == Brings::Yes => {
            Some(Giver::Star(Symbol { module: Module::File(module), name: name.into() }))
        }
        _ => None,
    };
    let givers: Vec<Giver<'_>> =
        bindings.iter().map(|binding| Giver::Binding(binding)).chain(stars.filter_map(brings)).collect();
    one_of(&givers, hops, |giver, hops| match giver {
        Giver::Binding(binding) => follow_binding(program, file, binding, hops),
        Giver::Star(symbol) => follow(program, symbol, hops),
    })
}

/// Follows all bindings of one name, or whatever else may give it its value. Ways that lead back to the name itself (`X = X`) add
/// nothing.
fn one_of<T>(choices: &[T], hops: &mut Trail, follow: impl Fn(&T, &mut Trail) -> End) -> End {
    if let [choice] = choices {
        return follow(choice, hops);
    }
    let mut ways: Vec<Resolution> = Vec::new();
    // By all that is quickly compared.
    let mut known: FxHashMap<(Vec<Symbol>, Option<Module>), Vec<End>> = FxHashMap::default();
    hops.fork();
    for choice in choices {
        let mut tail = hops.clone();
        let end = follow(choice, &mut tail);
        if end == End::Cycle {
            continue;
        }
        let module = match &end {
            End::Module(module) => Some(module.clone()),
            _ => None,
        };
        let alike = known.entry((tail.passed.clone(), module)).or_default();
        if !alike.contains(&end) {
            alike.push(end.clone());
            ways.push(Resolution { hops: tail.passed, end });
        }
    }
    match &ways[..] {
        [] => End::Cycle,
        [way] => {
            hops.passed.clone_from(&way.hops);
            way.end.clone()
        }
        [first, rest @ ..] if rest.iter().all(|way| way.is_same_object(first)) => {
            // One object by several ways: only its definition is common to them.
            if let Some(last) = first.hops.last().filter(|last| !hops.contains(last)) {
                hops.push(last.clone());
            }
            first.end.clone()
        }
        _ => End::Ambiguous(ways.into()),
    }
}

fn follow_binding(program: &dyn Program, file: FileId, binding: &Binding, hops: &mut Trail) -> End {
    let facts = program.facts(file);
    match binding.kind {
        BindingKind::Import(alias) => {
            let alias = &facts.aliases[alias.index()];
            match imported(program, file, facts.import_of(alias), alias) {
                // `from . import name` in the package itself: the import system goes on to the submodule.
                Imported::Symbol(symbol) if hops.last() == Some(&symbol) => {
                    submodule(program, &program.modules().dotted(&symbol.module), &symbol.name).unwrap_or(End::Cycle)
                }
                Imported::Symbol(symbol) => follow(program, &symbol, hops),
                Imported::Module(module) => End::Module(module),
                Imported::Beyond => End::Unbound,
            }
        }
        BindingKind::Alias(used) => follow_use(program, file, &facts.uses[used.index()], hops),
        _ => End::Definition,
    }
}

/// Follows an expression that gives a module's name its value.
fn follow_use(program: &dyn Program, file: FileId, used: &Use, hops: &mut Trail) -> End {
    let mut steps = Vec::new();
    walk(program, file, used, hops, &mut steps);
    let wanted = program.facts(file).attributes_of(used).len() + 1;
    match steps.pop() {
        Some(last) if steps.len() + 1 == wanted => match last.end {
            // A builtin or a local value, under a name of this module.
            End::Local => End::Definition,
            End::Unbound if last.hops.is_empty() => End::Definition,
            end => {
                hops.extend(last.hops);
                end
            }
        },
        // The expression goes on into the members of an object: `X = Class.attribute` is a value of its own.
        _ => End::Definition,
    }
}

/// What a module means by a name that no statement of it binds.
fn unbound(program: &dyn Program, file: FileId, symbol: &Symbol, hops: &mut Trail) -> End {
    let facts = program.facts(file);
    let passed = hops.len();
    let brought = through_star(program, file, &symbol.name, hops);
    let is_unknown = brought == Some(End::Dynamic) && hops.len() == passed;
    if let Some(found) = brought.clone().filter(|_| !is_unknown) {
        return found;
    }
    // The module is asked before its submodules are looked at (`_handle_fromlist` of importlib).
    if let Some(forward) = facts.forward(&symbol.name) {
        return follow_use(program, file, &facts.uses[forward.used.index()], hops);
    }
    // Whatever a star brings, loading a submodule gives its package the name anew.
    if let Some(found) = program
        .modules()
        .name(file)
        .and_then(|package| program.modules().is_package(file).then(|| submodule(program, package, &symbol.name)).flatten())
    {
        return found;
    }
    if let Some(unknown) = brought {
        return unknown;
    }
    if facts.is_dynamic || !facts.errors.is_empty() {
        return End::Dynamic;
    }
    End::Unbound
}

fn submodule(program: &dyn Program, package: &str, name: &str) -> Option<End> {
    let dotted = format!("{package}.{name}");
    match program.modules().find(&dotted) {
        Ok(module) => Some(End::Module(module)),
        Err(Absence::Opaque) => Some(End::Dynamic),
        Err(_) => None,
    }
}

/// What an alias of an import statement brings.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Imported {
    /// `from m import name`: the name in the module (or a submodule of that name).
    Symbol(Symbol),
    /// `import a.b as m`, or the `a` of `import a.b`.
    Module(Module),
    /// A relative import that leads out of the import root.
    Beyond,
}

/// What an alias of an import statement brings. A star brings many things; see [`exports`].
pub fn imported(program: &dyn Program, file: FileId, import: &Import, alias: &Alias) -> Imported {
    let names = &program.facts(file).names;
    if import.from.is_some() {
        return match from_module(program, file, import) {
            Some(module) => Imported::Symbol(Symbol { module, name: names.get(alias.name).into() }),
            None => Imported::Beyond,
        };
    }
    let dotted = names.get(alias.name);
    Imported::Module(match alias.asname {
        Some(_) => program.modules().module(dotted),
        None => program.modules().module(dotted.split('.').next().unwrap_or(dotted)),
    })
}

/// The module behind the `from` of an import statement; `None` where its dots lead out of the import root.
pub fn from_module(program: &dyn Program, file: FileId, import: &Import) -> Option<Module> {
    let from = import.from?;
    let module = from.module.map(|module| program.facts(file).names.get(module));
    Some(program.modules().module(&program.modules().absolute(file, from.level, module)?))
}

/// The modules that the import statements of a file name.
pub fn imported_modules(program: &dyn Program, file: FileId) -> BTreeSet<Module> {
    let facts = program.facts(file);
    let mut found = BTreeSet::new();
    for alias in &facts.aliases {
        let import = facts.import_of(alias);
        let name = facts.names.get(alias.name);
        match from_module(program, file, import) {
            Some(module) => {
                found.extend(program.modules().find(&format!("{}.{name}", program.modules().dotted(&module))));
                found.insert(module);
            }
            None if import.from.is_none() => found.extend(program.modules().find(name)),
            None => {}
        }
    }
    found
}

/// What a use means, name and attributes: one [`Step`] for the name and one for each attribute, as far as they lead through
/// modules. An attribute of anything else (a member of a class, say) has no step.
pub fn steps(program: &dyn Program, file: FileId, used: &Use) -> Vec<Step> {
    let mut steps = Vec::new();
    walk(program, file, used, &Trail::default(), &mut steps);
    steps
}

/// Walks a use; `passed` are the symbols on the way to it, for the detection of cycles.
fn walk(program: &dyn Program, file: FileId, used: &Use, passed: &Trail, steps: &mut Vec<Step>) {
    let facts = program.facts(file);
    let mut hops = passed.clone();
    let mut end = name(program, file, used, &mut hops);
    steps.push(Step { hops: hops.behind(passed), end: end.clone() });
    for attribute in facts.attributes_of(used) {
        let Some(module) = module_of(&end, steps.last()) else { return };
        let symbol = Symbol { module, name: facts.names.get(attribute.name).into() };
        let mut hops = passed.clone();
        end = follow(program, &symbol, &mut hops);
        steps.push(Step { hops: hops.behind(passed), end: end.clone() });
    }
}

/// The module out of which an attribute of an expression is read, if it is one.
pub(super) fn module_of(end: &End, step: Option<&Step>) -> Option<Module> {
    match end {
        End::Module(module) => Some(module.clone()),
        // A name of a module that is not here may be a module as well.
        End::Absent(Absence::External | Absence::Missing) => match step?.hops.last()? {
            Symbol { module: Module::Absent(dotted), name } => Some(Module::Absent(format!("{dotted}.{name}").into())),
            _ => None,
        },
        _ => None,
    }
}

fn name(program: &dyn Program, file: FileId, used: &Use, hops: &mut Trail) -> End {
    let facts = program.facts(file);
    let symbol = || Symbol { module: Module::File(file), name: facts.names.get(used.name).into() };
    match facts.lookup(used.scope, used.name) {
        Lookup::Bound(ScopeId::MODULE) => follow(program, &symbol(), hops),
        Lookup::Bound(scope) => {
            let bindings: Vec<&Binding> = facts.bindings_of(scope, used.name).map(|(_, binding)| binding).collect();
            match bindings.iter().any(|binding| is_followed_locally(facts, binding)) {
                true => local(program, file, &bindings, hops),
                false => End::Local,
            }
        }
        Lookup::ClassOr(class, outer) => {
            let bindings: Vec<&Binding> = facts.bindings_of(class, used.name).map(|(_, binding)| binding).collect();
            if outer != Some(ScopeId::MODULE) && !bindings.iter().any(|binding| is_followed_locally(facts, binding)) {
                return End::Local;
            }
            // Which of the two the body reads depends on what has run.
            let scopes: Vec<ScopeId> = [Some(class), outer].into_iter().flatten().collect();
            one_of(&scopes, hops, |&scope, hops| match scope {
                ScopeId::MODULE => follow(program, &symbol(), hops),
                _ if scope == class => local(program, file, &bindings, hops),
                _ => End::Local,
            })
        }
        Lookup::Free => through_star(program, file, facts.names.get(used.name), hops).unwrap_or(End::Unbound),
    }
}

/// Follows the bindings of a function's local name.
fn local(program: &dyn Program, file: FileId, bindings: &[&Binding], hops: &mut Trail) -> End {
    let facts = program.facts(file);
    let end = one_of(bindings, hops, |binding, hops| match is_followed_locally(facts, binding) {
        true => follow_binding(program, file, binding, hops),
        false => End::Local,
    });
    match end {
        End::Definition if hops.is_empty() => End::Local,
        end => end,
    }
}

/// Whether a binding of a function's local name is followed to what it stands for: an import, or an alias of something that is
/// not local again (`a = b; b = a` would have no end).
fn is_followed_locally(facts: &Facts, binding: &Binding) -> bool {
    match binding.kind {
        BindingKind::Import(_) => true,
        BindingKind::Alias(used) => {
            let used = &facts.uses[used.index()];
            match facts.lookup(used.scope, used.name) {
                Lookup::Bound(ScopeId::MODULE) => true,
                Lookup::Bound(scope) => {
                    facts.bindings_of(scope, used.name).all(|(_, binding)| matches!(binding.kind, BindingKind::Import(_)))
                }
                Lookup::ClassOr(..) | Lookup::Free => false,
            }
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;
