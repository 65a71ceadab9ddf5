//! What happens while modules are loaded: which module is loaded when, and which import meets a module that is still loading.
//!
//! A module that imports a module which (through others) imports it back finds it half made: `from m import X` fails if `m` has
//! not bound `X` yet (language reference, 5.4; "partially initialized module" in CPython's message). Whether that happens depends
//! on which of them is loaded first. [`Loader::load`] plays CPython's import system on facts alone, from a given first module. Like
//! CPython it forgets the modules that an import error passes through on its way to the `try` that catches it, so that the next
//! import of them starts again.
//!
//! A submodule is an attribute of its package once somebody has loaded it. Reading one (`p.sub.x` after `import p`) fails if nobody has
//! by then; for functions, by the time that their module and all that it loads have been loaded.
//!
//! All branches of conditions are taken to run, except those under `TYPE_CHECKING` and `__name__ == "__main__"`; handlers run
//! where something failed. Functions that run while a module is loaded, import hooks and imports by computed names are not followed.

use std::sync::OnceLock;

use rustc_hash::FxHashSet;

use super::facts::{Alias, Binding, BindingKind, Context, Facts, Import, NameId, ScopeId, Use};
use super::modules::Module;
use super::resolve::{Brings, End, Imported, Program, exports, from_module, imported};
use super::scope::Lookup;
use crate::text::snapshot::FileId;

/// What a module does while it is loaded, as far as other modules are concerned, in order.
#[derive(Debug, Default)]
pub struct Script {
    acts: Box<[Act]>,
    /// What its functions need when they are called.
    late: Box<[Act]>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Act {
    /// Where in the file.
    at: u32,
    what: What,
    /// Whether it stands in a `try` that catches its failure.
    is_guarded: bool,
    /// Whether it stands in an exception handler.
    is_handler: bool,
    /// Whether it loads a package that the file itself lies in, only on the way to another module. Such a package is loaded or
    /// loading whenever the file is, so that nothing hangs on it.
    is_passed: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum What {
    /// Loads a module, unless it is loaded or loading.
    Load(FileId),
    /// Reads a name out of a module; where the module does not have it, its submodule of that name is loaded.
    Read { module: FileId, name: NameId, submodule: Option<FileId> },
    /// Reads a submodule as an attribute of its package, which is there once somebody has loaded it.
    Reach { module: FileId, name: NameId },
}

impl Script {
    /// What a file does while it is loaded.
    pub fn of(program: &dyn Program, file: FileId) -> Self {
        let facts = program.facts(file);
        let mut writer = Writer { program, file, facts, at: 0, context: Context::default(), acts: Vec::new() };
        for import in facts.imports.iter().filter(|import| is_run(facts, import.scope, import.context)) {
            (writer.at, writer.context) = (import.span.start, import.context);
            match from_module(program, file, import) {
                Some(Module::File(module)) => {
                    writer.load(module);
                    if writer.is_passed(module, import)
                        && let Some(act) = writer.acts.last_mut()
                    {
                        act.is_passed = true;
                    }
                    for (_, alias) in facts.aliases_of(import).filter(|(_, alias)| !facts.is_star(alias)) {
                        writer.read(module, alias.name);
                    }
                }
                Some(Module::Namespace(dotted)) => {
                    for (_, alias) in facts.aliases_of(import) {
                        writer.load_path(&format!("{dotted}.{}", facts.names.get(alias.name)));
                    }
                }
                Some(Module::Absent(dotted)) => writer.load_path(&dotted),
                None if import.from.is_none() => {
                    for (_, alias) in facts.aliases_of(import) {
                        writer.load_path(facts.names.get(alias.name));
                    }
                }
                None => {}
            }
        }
        let has_stars = facts.has_stars();
        let is_read = |used: &&Use| (has_stars || used.attributes.0 < used.attributes.1) && !used.flags.in_string;
        let (late, early): (Vec<&Use>, Vec<&Use>) =
            facts.uses.iter().filter(is_read).partition(|used| facts.is_lazy(used.scope));
        // What catches an import error does not catch the `AttributeError` that these would be.
        writer.context = Context::default();
        for used in early.iter().chain(&late) {
            writer.star(used);
        }
        for used in early {
            writer.attribute(used);
        }
        let mut acts = std::mem::take(&mut writer.acts);
        // What is read through a name stands behind the import that binds the name, so the order in the file is the order.
        acts.sort_by_key(|act| act.at);
        for used in late {
            writer.attribute(used);
        }
        // What the file loads in a function may have been loaded by then.
        let is_loaded = |module: FileId| {
            let dotted = program.modules().name(module).unwrap_or_default();
            loads_somewhere(program, file, dotted)
        };
        let is_left = |act: &Act| matches!(act.what, What::Reach { module, .. } if !is_loaded(module));
        let late = writer.acts.into_iter().filter(is_left).collect();
        Self { acts: acts.into(), late }
    }

    /// The submodules that the file reads as attributes of their packages.
    pub fn reached(&self) -> impl Iterator<Item = FileId> {
        self.acts.iter().chain(&self.late).filter_map(|act| match act.what {
            What::Reach { module, .. } => Some(module),
            _ => None,
        })
    }

    /// The modules that the file loads itself, in order; one may stand there several times.
    pub fn loads(&self) -> impl Iterator<Item = FileId> {
        self.acts.iter().filter_map(|act| match act.what {
            What::Load(file) => Some(file),
            What::Read { submodule, .. } => submodule,
            What::Reach { .. } => None,
        })
    }

    /// The modules that the file imports, with the places, in order: those that it loads, without the packages that it lies in
    /// itself where they only lead to another module.
    pub fn imports(&self) -> impl Iterator<Item = (u32, FileId)> {
        self.acts.iter().filter(|act| !act.is_passed).filter_map(|act| match act.what {
            What::Load(file) => Some((act.at, file)),
            What::Read { submodule, .. } => submodule.map(|file| (act.at, file)),
            What::Reach { .. } => None,
        })
    }
}

/// Whether an import statement of the file, wherever it stands, loads a module itself.
fn loads_somewhere(program: &dyn Program, file: FileId, dotted: &str) -> bool {
    let facts = program.facts(file);
    let is_it = |path: &str| path.strip_prefix(dotted).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    facts.aliases.iter().any(|alias| {
        let (import, name) = (facts.import_of(alias), facts.names.get(alias.name));
        match from_module(program, file, import) {
            Some(module) => {
                let from = program.modules().dotted(&module);
                is_it(&from) || dotted.strip_prefix(&*from).and_then(|rest| rest.strip_prefix('.')) == Some(name)
            }
            None => import.from.is_none() && is_it(name),
        }
    })
}

/// Whether a statement runs while the module is loaded.
fn is_run(facts: &Facts, scope: ScopeId, context: Context) -> bool {
    !context.contains(Context::TYPE_CHECKING) && !context.contains(Context::MAIN) && !facts.is_lazy(scope)
}

struct Writer<'p> {
    program: &'p dyn Program,
    file: FileId,
    facts: &'p Facts,
    /// The place and the conditions of the statement at hand.
    at: u32,
    context: Context,
    acts: Vec<Act>,
}

impl Writer<'_> {
    fn push(&mut self, what: What, is_passed: bool) {
        let under = |context| self.context.contains(context);
        let is_guarded = under(Context::TRY_IMPORT) || under(Context::TRY_ANY);
        self.acts.push(Act { at: self.at, what, is_guarded, is_handler: under(Context::HANDLER), is_passed });
    }

    /// A module and, before it, the packages that it lies in.
    fn load(&mut self, module: FileId) {
        let dotted = self.program.modules().name(module).unwrap_or_default().to_owned();
        self.load_path(&dotted);
        // A file that is hidden by a package of its name is reached by no path; it can still be the one that is looked at.
        if self.acts.last().map(|act| act.what) != Some(What::Load(module)) {
            self.push(What::Load(module), false);
        }
    }

    fn load_path(&mut self, dotted: &str) {
        let own = self.program.modules().name(self.file).unwrap_or_default();
        let ends = dotted.match_indices('.').map(|(end, _)| end).chain([dotted.len()]);
        for end in ends {
            match self.program.modules().find(&dotted[..end]) {
                Ok(Module::File(file)) => {
                    let is_own = || own.strip_prefix(&dotted[..end]).is_some_and(|rest| rest.starts_with('.'));
                    self.push(What::Load(file), end < dotted.len() && is_own());
                }
                Ok(_) => {}
                Err(_) => return,
            }
        }
    }

    /// Whether a `from` import of a package that the file lies in only leads to submodules: `from . import sibling`.
    fn is_passed(&self, package: FileId, import: &Import) -> bool {
        let modules = self.program.modules();
        let (Some(own), Some(name)) = (modules.name(self.file), modules.name(package)) else { return false };
        let is_submodule = |alias: &Alias| {
            let spelled = self.facts.names.get(alias.name);
            modules.find(&format!("{name}.{spelled}")).is_ok()
                && self.program.facts(package).module_bindings(spelled).next().is_none()
        };
        let is_own = own.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
        is_own && self.facts.aliases_of(import).all(|(_, alias)| is_submodule(alias))
    }

    fn read(&mut self, module: FileId, name: NameId) {
        let modules = self.program.modules();
        let submodule = match modules.is_package(module) {
            true => modules.find(&format!("{}.{}", modules.name(module).unwrap_or_default(), self.facts.names.get(name))).ok(),
            false => None,
        };
        let submodule = match submodule {
            Some(Module::File(file)) => Some(file),
            _ => None,
        };
        self.push(What::Read { module, name, submodule }, false);
    }

    /// `a.b.name`, where `a.b` is a module: reads `b` out of `a`, and `name` out of that.
    fn attribute(&mut self, used: &Use) {
        let (program, facts) = (self.program, self.facts);
        self.at = used.span.start;
        let Some(mut module) = self.module_named(used).or_else(|| Some(self.module_brought(used)?.1)) else { return };
        for attribute in facts.attributes_of(used) {
            let dotted = format!("{}.{}", program.modules().dotted(&module), facts.names.get(attribute.name));
            match (program.modules().find(&dotted), &module) {
                (Ok(inner), _) => {
                    if let Module::File(submodule) = inner
                        && !self.has_anyway(&module, facts.names.get(attribute.name))
                    {
                        self.push(What::Reach { module: submodule, name: attribute.name }, false);
                    }
                    module = inner;
                }
                (Err(_), Module::File(file)) => {
                    self.push(What::Read { module: *file, name: attribute.name, submodule: None }, false);
                    return;
                }
                _ => return,
            }
        }
    }

    /// The module that a use's name stands for, where imports alone bind the name, and all to one module.
    fn module_named(&self, used: &Use) -> Option<Module> {
        let (program, facts) = (self.program, self.facts);
        let scopes = match facts.lookup(used.scope, used.name) {
            Lookup::Bound(scope) => [Some(scope), None],
            Lookup::ClassOr(class, outer) => [Some(class), outer],
            Lookup::Free => return None,
        };
        let named = |binding: &Binding| {
            let BindingKind::Import(alias) = binding.kind else { return None };
            let alias = &facts.aliases[alias.index()];
            match imported(program, self.file, facts.import_of(alias), alias) {
                Imported::Module(module) => Some(module),
                Imported::Symbol(symbol) => match super::resolve::resolve(program, &symbol).end {
                    End::Module(module) => Some(module),
                    _ => None,
                },
                Imported::Beyond => None,
            }
        };
        let bindings = scopes.into_iter().flatten().flat_map(|scope| facts.bindings_of(scope, used.name));
        let mut modules = bindings.map(|(_, binding)| named(binding));
        let first = modules.next()??;
        modules.all(|module| module.as_ref() == Some(&first)).then_some(first)
    }

    /// A use of a submodule that a star import of its package brings: somebody has to have loaded it by then.
    fn star(&mut self, used: &Use) {
        if let Some((at, Module::File(module))) = self.module_brought(used) {
            self.at = at;
            self.push(What::Reach { module, name: used.name }, false);
        }
    }

    /// The submodule that a star import of its package brings under the name of a use that nothing else binds, and where.
    fn module_brought(&self, used: &Use) -> Option<(u32, Module)> {
        let (program, facts) = (self.program, self.facts);
        if facts.lookup(used.scope, used.name) != Lookup::Free {
            return None;
        }
        let name = facts.names.get(used.name);
        let brought = |alias: &Alias| {
            let import = facts.import_of(alias);
            let Module::File(package) = from_module(program, self.file, import)? else { return None };
            let dotted = format!("{}.{name}", program.modules().name(package)?);
            let submodule = program.modules().is_package(package).then(|| program.modules().find(&dotted).ok()).flatten()?;
            // What `__all__` lists is loaded by the star itself.
            let is_left = program.facts(package).exports.is_none() && !self.has_anyway(&Module::File(package), name);
            is_left.then_some((import.span.start, submodule))
        };
        facts.stars().find_map(brought)
    }

    /// Whether a package has the name without its submodule of that name, or may have.
    fn has_anyway(&self, package: &Module, name: &str) -> bool {
        let Module::File(file) = *package else { return false };
        let facts = self.program.facts(file);
        facts.is_dynamic
            || !facts.errors.is_empty()
            || facts.module_bindings(name).any(|(_, binding)| Facts::is_lasting(binding))
            || facts.forward(name).is_some()
            || facts.has_stars()
    }
}

/// An import that meets a module which has not bound the name yet, or an expression that meets none.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    /// The modules that are being loaded, the first one first; the last is the one that imports.
    pub loading: Vec<FileId>,
    /// Where in it.
    pub at: u32,
    /// The module that is not ready.
    pub module: FileId,
    /// The name that it does not have yet, in the importing file's table.
    pub name: NameId,
    /// Whether the module is a submodule that nothing has loaded, and the name the attribute by which it is read.
    pub is_unloaded: bool,
}

impl Failure {
    /// The file whose import fails.
    pub fn importer(&self) -> FileId {
        self.loading.last().copied().unwrap_or(self.module)
    }

    /// Where among the modules that are being loaded the cycle starts: at the one that is not ready.
    pub fn start(&self) -> usize {
        self.loading.iter().position(|file| *file == self.module).unwrap_or_default()
    }
}

/// The scripts of a program's files, each made when it is first needed.
pub struct Scripts<'p> {
    program: &'p (dyn Program + Sync),
    scripts: Vec<OnceLock<Script>>,
}

impl<'p> Scripts<'p> {
    /// The scripts of a program with this many files.
    pub fn new(program: &'p (dyn Program + Sync), files: usize) -> Self {
        Self { program, scripts: (0..files).map(|_| OnceLock::new()).collect() }
    }

    /// The script of a file.
    pub fn get(&self, file: FileId) -> &Script {
        self.scripts[file.index()].get_or_init(|| Script::of(self.program, file))
    }

    /// The modules that are loaded when some modules are, themselves included.
    pub fn loaded_with(&self, modules: impl IntoIterator<Item = FileId>) -> FxHashSet<FileId> {
        let mut loaded = FxHashSet::default();
        let mut open: Vec<FileId> = modules.into_iter().filter(|&module| loaded.insert(module)).collect();
        while let Some(file) = open.pop() {
            open.extend(self.get(file).loads().filter(|&module| loaded.insert(module)));
        }
        loaded
    }
}

/// Plays the loading of modules, each time in a fresh interpreter.
pub struct Loader<'s> {
    scripts: &'s Scripts<'s>,
    /// For each file the run in which it was last loaded, and where it stands.
    states: Vec<(u32, State)>,
    run: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// Loading, and this far in its text.
    Loading(u32),
    Loaded,
    /// It could not be loaded, and has been forgotten.
    Failed,
}

/// A module that is loading.
struct Frame {
    file: FileId,
    /// Which of its acts comes next.
    next: usize,
    /// Whether the `try` that the acts stand in has caught something.
    has_caught: bool,
}

/// Programs that retry failing imports in ever new places could go on for very long; what has not shown up by then is not looked for.
const MOST_ACTS: usize = 1_000_000;

impl<'s> Loader<'s> {
    /// A loader of some program's modules.
    pub fn new(scripts: &'s Scripts<'s>) -> Self {
        Self { scripts, states: vec![(0, State::Loaded); scripts.scripts.len()], run: 0 }
    }

    /// Loads a module, after the packages that it lies in, and returns the imports that fail on the way.
    pub fn load(&mut self, first: FileId) -> Vec<Failure> {
        self.run += 1;
        let program = self.scripts.program;
        let mut failures = Vec::new();
        let name = program.modules().name(first).unwrap_or_default();
        let packages = name.match_indices('.').filter_map(|(end, _)| match program.modules().find(&name[..end]) {
            Ok(Module::File(package)) => Some(package),
            _ => None,
        });
        for module in packages.chain([first]) {
            self.play(module, &mut failures);
        }
        let script = self.scripts.get(first);
        for act in &script.late {
            if let What::Reach { module, name } = act.what
                && !self.is_there(module)
            {
                failures.push(Failure { loading: vec![first], at: act.at, module, name, is_unloaded: true });
            }
        }
        failures
    }

    /// Whether the module was loaded, or begun, by the last [`Loader::load`].
    pub fn has_loaded(&self, file: FileId) -> bool {
        self.states[file.index()].0 == self.run
    }

    /// Loads a module.
    fn play(&mut self, first: FileId, failures: &mut Vec<Failure>) {
        let scripts = self.scripts;
        // A stack of our own: chains of imports can be as long as a program.
        let mut stack: Vec<Frame> = Vec::new();
        self.enter(first, &mut stack);
        for _ in 0..MOST_ACTS {
            let Some(frame) = stack.last_mut() else { return };
            let file = frame.file;
            let Some(&Act { at, what, is_guarded, is_handler, .. }) = scripts.get(file).acts.get(frame.next) else {
                self.states[file.index()].1 = State::Loaded;
                stack.pop();
                continue;
            };
            frame.next += 1;
            frame.has_caught &= is_guarded || is_handler;
            if is_handler && !frame.has_caught {
                continue;
            }
            self.states[file.index()].1 = State::Loading(at);
            match what {
                What::Load(module) => self.enter(module, &mut stack),
                What::Reach { module, name } => {
                    if !self.is_there(module) {
                        let loading = stack.iter().map(|frame| frame.file).collect();
                        failures.push(Failure { loading, at, module, name, is_unloaded: true });
                    }
                }
                What::Read { module, name, submodule } => {
                    let is_ready = match self.state(module) {
                        Some(State::Loading(reached)) if module != file => self.has_bound(file, module, name, reached),
                        _ => submodule.is_none() || self.binds(file, module, name),
                    };
                    match submodule {
                        _ if is_ready => {}
                        Some(submodule) => self.enter(submodule, &mut stack),
                        None => {
                            let loading = stack.iter().map(|frame| frame.file).collect();
                            failures.push(Failure { loading, at, module, name, is_unloaded: false });
                            self.unwind(&mut stack);
                        }
                    }
                }
            }
        }
    }

    /// Gives up the modules that are loading, up to the one that catches the failure. Where none does, the interpreter would stop
    /// here; the player passes over the import instead, so that a failure that was always there does not hide what comes after it.
    fn unwind(&mut self, stack: &mut Vec<Frame>) {
        let is_guarded = |frame: &Frame| self.scripts.get(frame.file).acts[frame.next - 1].is_guarded;
        if !stack.iter().any(is_guarded) {
            return;
        }
        while let Some(frame) = stack.last_mut() {
            let acts = &self.scripts.get(frame.file).acts;
            let failed = acts[frame.next - 1];
            if failed.is_guarded {
                frame.has_caught = true;
                // What is left of the statement does not run.
                frame.next += acts[frame.next..].iter().take_while(|act| act.at == failed.at).count();
                return;
            }
            self.states[frame.file.index()].1 = State::Failed;
            stack.pop();
        }
    }

    fn enter(&mut self, module: FileId, stack: &mut Vec<Frame>) {
        if matches!(self.state(module), None | Some(State::Failed)) {
            self.states[module.index()] = (self.run, State::Loading(0));
            stack.push(Frame { file: module, next: 0, has_caught: false });
        }
    }

    /// Whether a module is loaded, or loading.
    fn is_there(&self, module: FileId) -> bool {
        matches!(self.state(module), Some(State::Loading(_) | State::Loaded))
    }

    fn state(&self, file: FileId) -> Option<State> {
        let (run, state) = self.states[file.index()];
        (run == self.run).then_some(state)
    }

    fn binds(&self, file: FileId, module: FileId, name: NameId) -> bool {
        let program = self.scripts.program;
        let name = program.facts(file).names.get(name);
        let facts = program.facts(module);
        facts.module_bindings(name).any(|(_, binding)| Facts::is_lasting(binding)) || facts.forward(name).is_some()
    }

    /// Whether a module that has been executed up to `reached` has bound a name of another file by then.
    fn has_bound(&self, file: FileId, module: FileId, name: NameId, reached: u32) -> bool {
        let program = self.scripts.program;
        let name = program.facts(file).names.get(name);
        let facts = program.facts(module);
        if facts.is_dynamic || !facts.errors.is_empty() {
            return true;
        }
        let mut is_known = false;
        for (_, binding) in facts.module_bindings(name) {
            is_known |= Facts::is_lasting(binding);
            if is_bound_by(facts, binding, reached) {
                return true;
            }
        }
        if let Some(forward) = facts.forward(name) {
            is_known = true;
            if facts.definitions[forward.function.index()].span.end <= reached {
                return true;
            }
        }
        for alias in facts.stars() {
            let import = facts.import_of(alias);
            let Some(Module::File(star)) = from_module(program, module, import) else { return true };
            if exports(program, star, name) != Brings::No {
                is_known = true;
                if import.span.start < reached {
                    return true;
                }
            }
        }
        // A name that the module never binds is not a matter of time.
        !is_known
    }
}

/// Whether a binding has given the name its value when the module has been executed up to an offset.
fn is_bound_by(facts: &Facts, binding: &Binding, reached: u32) -> bool {
    let runs = Facts::is_lasting(binding) && is_run(facts, binding.site, binding.context);
    let end = match binding.kind {
        BindingKind::Definition(definition) => facts.definitions[definition.index()].span.end,
        BindingKind::Import(alias) => facts.import_of(&facts.aliases[alias.index()]).span.end,
        _ => binding.span.end,
    };
    runs && end <= reached
}

#[cfg(test)]
mod tests;
