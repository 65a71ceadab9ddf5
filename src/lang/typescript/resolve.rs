//! Which declaration a name means, across files: names followed through imports, re-exports, barrels and plain aliases to the place that
//! declares them.
//!
//! A name that a module exports is a [`Symbol`]. Following it gives a [`Resolution`]: the symbols passed on the way, and how the way
//! [`End`]s. What cannot be known without running the program ends in `Dynamic` or `Ambiguous`, never in a guess.
//!
//! The rules are those of ECMA-262 (`ResolveExport`: a module's own entries come before its stars, a star brings no `default`, two stars
//! that bring different things bring neither), with TypeScript's `export =` and CommonJS on top.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::facts::{Alias, BindingId, BindingKind, ExportId, Exported, Facts, Imported, RequestId, ScopeId, Use};
use super::modules::{Absence, Module, Resolved};
use crate::text::snapshot::FileId;

/// A name that a module exports.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Symbol {
    /// The module.
    pub module: Module,
    /// The exported name; `default` for the default export.
    pub name: Arc<str>,
}

/// The way from a symbol to what it means.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Resolution {
    /// The symbols passed, the one asked for first.
    pub hops: Vec<Symbol>,
    /// Whether it passes a name of its own for something else: `export const Old = New`.
    pub is_renamed: bool,
    /// How the way ends.
    pub end: End,
}

/// How the way from a symbol ends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum End {
    /// At a declaration, or an expression that is exported.
    Definition(Definition),
    /// At the object that has all exports of a module.
    Module(Module),
    /// At a module that is not in the snapshot: the last hop is all that is known.
    Absent(Absence),
    /// The last hop's module does not export the last hop's name.
    Unbound,
    /// Only running the program can tell: CommonJS that makes its exports at run time, a file that does not parse, an asset.
    Dynamic,
    /// Two stars bring different things under the last hop's name.
    Ambiguous(Vec<Resolution>),
    /// The name is an alias of itself.
    Cycle,
}

/// What a name means in the end.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Definition {
    /// What a name of a file is bound to.
    Binding(FileId, BindingId),
    /// What an export entry of a file gives without a name.
    Expression(FileId, ExportId),
}

impl Definition {
    /// The file that has it.
    pub fn file(self) -> FileId {
        match self {
            Definition::Binding(file, _) | Definition::Expression(file, _) => file,
        }
    }
}

impl Resolution {
    /// What is defined, where the way leads to exactly one definition.
    pub fn definition(&self) -> Option<Definition> {
        match self.end {
            End::Definition(definition) => Some(definition),
            _ => None,
        }
    }

    /// Whether both ways end at one thing: at one definition, at one module, or at one name of one package.
    pub fn is_same_object(&self, other: &Resolution) -> bool {
        match (&self.end, &other.end) {
            (End::Definition(a), End::Definition(b)) => a == b,
            (End::Absent(Absence::External), End::Absent(Absence::External)) => self.hops.last() == other.hops.last(),
            (End::Module(a), End::Module(b)) => a == b,
            _ => false,
        }
    }
}

/// All files of a snapshot, as far as names are followed through them.
pub trait Program {
    /// The facts of a file; empty for an asset.
    fn facts(&self, file: FileId) -> &Facts;
    /// What a file asks for.
    fn target(&self, file: FileId, request: RequestId) -> &Resolved;
    /// Whether a file is source code.
    fn is_source(&self, file: FileId) -> bool;
}

/// A chain of barrels in real code is a handful of hops; one longer than this is an attack or a cycle that was not seen.
const LONGEST_CHAIN: usize = 64;

/// How many names of modules are followed through stars from one start, each as often as a way leads to it.
const MOST_FOLLOWED: usize = 2_000;

/// How often one name of one module is followed after that.
const MOST_ASKED: usize = 4;

/// Follows a symbol of a module to what it means. `absence` says why the module is not in the snapshot, if so.
pub fn resolve(program: &dyn Program, symbol: &Symbol, absence: Option<Absence>) -> Resolution {
    let mut way = Way::new(program);
    let end = way.follow(symbol, absence);
    Resolution { hops: way.hops, is_renamed: way.is_renamed, end }
}

/// Follows what a file takes from a module.
pub fn imported(program: &dyn Program, file: FileId, alias: &Alias) -> Resolution {
    let mut way = Way::new(program);
    let end = way.imported(file, alias);
    Resolution { hops: way.hops, is_renamed: way.is_renamed, end }
}

/// Follows what a name of a file is bound to.
pub fn bound(program: &dyn Program, file: FileId, binding: BindingId) -> Resolution {
    let mut way = Way::new(program);
    let end = way.bound(file, binding);
    Resolution { hops: way.hops, is_renamed: way.is_renamed, end }
}

/// What the name of a use, the name and its first member, and so on, mean, as far as modules are passed; empty for a global.
pub fn steps(program: &dyn Program, file: FileId, used: &Use) -> Vec<Resolution> {
    let facts = program.facts(file);
    let Some(binding) = used.binding else { return Vec::new() };
    let mut steps = vec![bound(program, file, binding)];
    for attribute in facts.attributes_of(used) {
        let Some(Resolution { end: End::Module(module), .. }) = steps.last() else { break };
        let symbol = Symbol { module: module.clone(), name: facts.names.get(attribute.name).into() };
        steps.push(resolve(program, &symbol, None));
    }
    steps
}

struct Way<'p> {
    program: &'p dyn Program,
    hops: Vec<Symbol>,
    is_renamed: bool,
    /// What all ways from one start have been asked.
    asked: Rc<RefCell<Asked>>,
}

/// The symbols that stars have led to.
#[derive(Default)]
struct Asked {
    in_all: usize,
    times: FxHashMap<Symbol, usize>,
}

impl<'p> Way<'p> {
    fn new(program: &'p dyn Program) -> Self {
        Self { program, hops: Vec::new(), is_renamed: false, asked: Rc::default() }
    }

    /// Whether a symbol that barrels lead to has to be followed again. Where barrels export one another, the ways through them double
    /// with each. Then what has been asked often counts as a way that leads nowhere new, as for the language itself: what it brings
    /// has come, or comes, by another way from the same start.
    fn is_asked_enough(&self, symbol: &Symbol) -> bool {
        if self.hops.contains(symbol) {
            return true;
        }
        let mut asked = self.asked.borrow_mut();
        asked.in_all += 1;
        let is_tangled = asked.in_all > MOST_FOLLOWED;
        let times = asked.times.entry(symbol.clone()).or_default();
        *times += 1;
        is_tangled && *times > MOST_ASKED
    }

    fn follow(&mut self, symbol: &Symbol, absence: Option<Absence>) -> End {
        if self.hops.contains(symbol) || self.hops.len() >= LONGEST_CHAIN {
            return End::Cycle;
        }
        self.hops.push(symbol.clone());
        let Module::File(file) = symbol.module else {
            return End::Absent(absence.unwrap_or(Absence::External));
        };
        if !self.program.is_source(file) {
            return End::Dynamic;
        }
        let facts = self.program.facts(file);
        let mut entries = facts.exports_of(&symbol.name);
        match entries.next() {
            // Merged declarations that are exported one by one are one binding.
            Some((id, _)) => self.exported(file, id),
            None => self.brought(file, facts, &symbol.name),
        }
    }

    fn exported(&mut self, file: FileId, id: ExportId) -> End {
        let facts = self.program.facts(file);
        match facts.exports[id.index()].what {
            Exported::Binding(binding) => self.bound(file, binding),
            Exported::Use(used) => {
                self.used(file, &facts.uses[used.index()]).unwrap_or(End::Definition(Definition::Expression(file, id)))
            }
            Exported::Expression => End::Definition(Definition::Expression(file, id)),
            Exported::From { request, imported, .. } => self.named(file, request, facts.names.get(imported)),
            Exported::Namespace(request) => self.module(file, request),
            Exported::Star(_) => End::Unbound,
        }
    }

    fn named(&mut self, file: FileId, request: RequestId, name: &str) -> End {
        let Resolved { module, absence } = self.program.target(file, request);
        self.follow(&Symbol { module: module.clone(), name: name.into() }, *absence)
    }

    fn module(&mut self, file: FileId, request: RequestId) -> End {
        let Resolved { module, absence } = self.program.target(file, request);
        match absence {
            Some(absence) if *absence != Absence::External => End::Absent(*absence),
            _ => End::Module(module.clone()),
        }
    }

    fn imported(&mut self, file: FileId, alias: &Alias) -> End {
        match alias.imported {
            Imported::Name(name) => self.named(file, alias.request, self.program.facts(file).names.get(name)),
            Imported::Namespace => self.module(file, alias.request),
        }
    }

    fn bound(&mut self, file: FileId, id: BindingId) -> End {
        let facts = self.program.facts(file);
        let binding = &facts.bindings[id.index()];
        match binding.kind {
            BindingKind::Import(alias) => self.imported(file, &facts.aliases[alias.index()]),
            BindingKind::Alias(used) if !binding.is_assigned => {
                let passed = self.hops.len();
                match self.used(file, &facts.uses[used.index()]) {
                    // Another name for a parameter, say, is a value of its own.
                    Some(end) if self.hops.len() > passed || matches!(end, End::Definition(_)) => {
                        self.is_renamed = true;
                        end
                    }
                    _ => End::Definition(Definition::Binding(file, id)),
                }
            }
            _ => End::Definition(Definition::Binding(file, id)),
        }
    }

    /// Follows an expression that is a name with members; `None` where it leads into the members of an object, or to a global.
    fn used(&mut self, file: FileId, used: &Use) -> Option<End> {
        let facts = self.program.facts(file);
        let binding = used.binding?;
        let is_top = facts.bindings[binding.index()].scope == ScopeId::MODULE;
        if !is_top {
            return None;
        }
        let passed = self.hops.len();
        let mut end = self.bound(file, binding);
        for attribute in facts.attributes_of(used) {
            let End::Module(module) = end else {
                self.hops.truncate(passed);
                return None;
            };
            end = self.follow(&Symbol { module, name: facts.names.get(attribute.name).into() }, None);
        }
        Some(end)
    }

    /// What a module exports under a name that no entry of its own has.
    fn brought(&mut self, file: FileId, facts: &'p Facts, name: &str) -> End {
        let is_commonjs = facts.exports_of("export=").next().is_some();
        let mut is_unknown = facts.is_dynamic || !facts.errors.is_empty() || is_commonjs;
        let mut ways: Vec<Resolution> = Vec::new();
        for request in facts.stars().filter(|_| name != "default") {
            let module = self.program.target(file, request).module.clone();
            if self.is_asked_enough(&Symbol { module, name: name.into() }) {
                continue;
            }
            let mut way = Way { hops: self.hops.clone(), asked: self.asked.clone(), ..*self };
            let end = way.named(file, request, name);
            match end {
                End::Unbound | End::Cycle => {}
                End::Dynamic | End::Absent(_) => is_unknown = true,
                end => {
                    let way = Resolution { hops: way.hops, is_renamed: way.is_renamed, end };
                    if !ways.iter().any(|other| other.is_same_object(&way)) {
                        ways.push(way);
                    }
                }
            }
        }
        match ways.len() {
            0 if is_unknown => End::Dynamic,
            0 => End::Unbound,
            1 => {
                let way = ways.remove(0);
                self.hops = way.hops;
                self.is_renamed = way.is_renamed;
                way.end
            }
            _ => End::Ambiguous(ways),
        }
    }
}
