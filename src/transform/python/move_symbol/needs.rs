//! What a definition needs of the module that it leaves, and whether its new module can give it that.
//!
//! Imports go along as they are. Other names of the old module are imported from there, where they keep their value once the module is
//! loaded. What depends on the module itself (`__name__`, `globals()`, patches of the old module's names) is a doubt.

use std::collections::{BTreeMap, BTreeSet};

use super::super::super::finding::{Evidence, Reason};
use super::super::{View, describe};
use super::draft::{Doubt, Stop};
use crate::index::Index;
use crate::index::references::is_inside;
use crate::index::words::Word;
use crate::lang::python::definitions;
use crate::lang::python::facts::{Alias, Binding, BindingKind, Context, Facts, NameId, ScopeId, Use};
use crate::lang::python::imports::{Name, Need, Needed};
use crate::lang::python::modules::Module;
use crate::lang::python::rename::has_word;
use crate::lang::python::resolve::{self, End, Imported, Resolution, Symbol};
use crate::lang::python::scope::Lookup;
use crate::text::snapshot::FileId;
use crate::text::span::Span;

/// Where a definition leaves, and where it goes.
pub(super) struct Journey<'v> {
    pub old: &'v View<'v>,
    /// The new module, if it is there already.
    pub new: Option<&'v View<'v>>,
    pub block: Span,
    /// The definition's name in the old module.
    pub name: &'v str,
    /// The new module's dotted name, and whether its imports are relative.
    pub module: &'v str,
    pub is_relative: bool,
}

/// What a definition needs.
#[derive(Default)]
pub(super) struct Needs {
    pub imports: Vec<Need>,
    /// The names of the old module that it reads.
    pub names: BTreeSet<Box<str>>,
    /// Those that it reads when it is defined.
    pub eager: BTreeSet<Box<str>>,
    pub doubts: Vec<Doubt>,
}

/// Names that mean another thing in another module, or that look all of them up.
const OF_THE_MODULE: [&str; 11] =
    ["__name__", "__file__", "__package__", "__path__", "__spec__", "__doc__", "__loader__", "globals", "vars", "eval", "exec"];

/// What replaces an object's attribute that it is given by name.
const PATCHERS: [&str; 4] = ["object", "setattr", "delattr", "multiple"];

impl Journey<'_> {
    /// Learns what the definition needs.
    pub fn needs(&self) -> Result<Needs, Stop> {
        let facts = self.old.facts;
        let mut needs = Needs::default();
        self.future(&mut needs)?;
        let own = facts.names.find(self.name);
        let mut read: BTreeMap<NameId, Vec<&Use>> = BTreeMap::new();
        for used in facts.uses.iter().filter(|used| self.block.covers(used.span)) {
            match facts.lookup(used.scope, used.name) {
                Lookup::Bound(ScopeId::MODULE) | Lookup::ClassOr(_, Some(ScopeId::MODULE)) if Some(used.name) == own => {}
                Lookup::Bound(ScopeId::MODULE) | Lookup::ClassOr(_, Some(ScopeId::MODULE)) | Lookup::Free => {
                    read.entry(used.name).or_default().push(used);
                }
                Lookup::Bound(_) | Lookup::ClassOr(..) => {}
            }
        }
        for name in self.in_type_comments() {
            read.entry(name).or_default();
        }
        for (name, uses) in read {
            let text: Box<str> = facts.names.get(name).into();
            match facts.binds(ScopeId::MODULE, name) {
                true => {
                    if uses.iter().any(|used| !facts.is_lazy(used.scope)) {
                        needs.eager.insert(text.clone());
                    }
                    needs.names.insert(text);
                    self.bound(name, &uses, &mut needs)?;
                    needs.doubts.extend(uses.iter().flat_map(|used| self.submodule(used)));
                }
                false => self.free(&text, &uses, &mut needs)?,
            }
        }
        self.in_doctests(&mut needs);
        Ok(needs)
    }

    /// Annotations mean something else under `from __future__ import annotations`.
    fn future(&self, needs: &mut Needs) -> Result<(), Stop> {
        let has = |view: &View<'_>| {
            let is_it = |alias: &Alias| {
                let from = view.facts.import_of(alias).from.and_then(|from| from.module);
                let is_future = from.is_some_and(|module| view.facts.names.get(module) == "__future__");
                is_future && view.facts.names.get(alias.name) == "annotations"
            };
            view.facts.aliases.iter().any(is_it)
        };
        let source = self.old.source().ok_or(Reason::ParsersDisagree)?;
        if !definitions::has_node(&source, self.block, &["type"]) {
            return Ok(());
        }
        match self.new {
            None if has(self.old) => needs.imports.push(self.name_need("__future__", "annotations", "annotations")),
            Some(new) if has(new) != has(self.old) => {
                let text = "from __future__ import annotations".to_owned();
                let view = if has(new) { new } else { self.old };
                needs.doubts.push((Reason::FutureDiffers, Evidence { role: "future", at: Some((view.path.clone(), 1)), text }));
            }
            _ => {}
        }
        Ok(())
    }

    fn name_need(&self, module: &str, name: &str, local: &str) -> Need {
        let name = Name { module: module.to_owned(), name: name.to_owned(), local: local.to_owned() };
        Need { what: Needed::Name(name), is_relative: false, is_type_checking: false }
    }

    /// A name that the old module binds.
    fn bound(&self, name: NameId, uses: &[&Use], needs: &mut Needs) -> Result<(), Stop> {
        let facts = self.old.facts;
        let text = facts.names.get(name);
        let bindings: Vec<&Binding> = facts.bindings_of(ScopeId::MODULE, name).map(|(_, binding)| binding).collect();
        let of_import = |binding: &&Binding| match binding.kind {
            BindingKind::Import(alias) if binding.site == ScopeId::MODULE => Some(&facts.aliases[alias.index()]),
            _ => None,
        };
        let aliases: Vec<&Alias> = bindings.iter().filter_map(of_import).collect();
        let is_plain = |alias: &&Alias| alias.asname.is_none() && facts.import_of(alias).from.is_none();
        let is_simple = |alias: &&Alias| matches!(facts.import_of(alias).context, context if context == Context::default() || context == Context::TYPE_CHECKING);
        let only_imports = aliases.len() == bindings.len() && aliases.iter().all(is_simple);
        if only_imports && aliases.iter().all(is_plain) {
            // `import a.b` and `import a.c` both bind `a`; those go along whose modules the definition spells.
            let spelled: Vec<String> = uses.iter().map(|used| facts.dotted(used)).collect();
            let is_spelled = |alias: &&&Alias| {
                let module = facts.names.get(alias.name);
                aliases.len() == 1 || spelled.iter().any(|path| is_inside(path, module) || is_inside(module, path))
            };
            return aliases.iter().filter(is_spelled).try_for_each(|alias| self.bring(alias, needs));
        }
        if let ([alias], true) = (&aliases[..], only_imports) {
            return self.bring(alias, needs);
        }
        let is_eager = uses.iter().any(|used| !facts.is_lazy(used.scope));
        if let Some(binding) = bindings.iter().find(|binding| binding.site != ScopeId::MODULE || !Facts::is_lasting(binding)) {
            let evidence = vec![self.old.quote("state", binding.span)];
            return Err(Stop { reason: Reason::ModuleState, evidence });
        }
        if is_eager && bindings.len() > 1 {
            let evidence = bindings.iter().map(|binding| self.old.quote("needs", binding.span)).collect();
            return Err(Stop { reason: Reason::SeveralBindings, evidence });
        }
        let module = self.old.index.modules().name(self.old.file).unwrap_or_default();
        let need = Need { is_relative: self.is_relative, ..self.name_need(module, text, text) };
        self.require(text, need, needs)
    }

    /// A submodule that is read out of its package, where something else has to load it: the old module does, or a module that it loads.
    fn submodule(&self, used: &Use) -> Option<Doubt> {
        let (index, facts) = (self.old.index, self.old.facts);
        let is_loaded = |dotted: &str| {
            let alias = |alias: &Alias| {
                facts.import_of(alias).from.is_none() && alias.asname.is_none() && {
                    let is_first = facts.dotted(used).split('.').next() == facts.names.get(alias.name).split('.').next();
                    is_first && is_inside(facts.names.get(alias.name), dotted)
                }
            };
            facts.aliases.iter().any(alias)
        };
        let needs = |pair: &[resolve::Step]| match (&pair[0].end, &pair[1].end) {
            (End::Module(Module::File(package)), End::Module(module)) => {
                let dotted = index.modules().dotted(module);
                let name = dotted.rsplit('.').next().unwrap_or_default();
                let is_bound = index.facts(*package).module_bindings(name).next().is_some();
                !is_bound && !is_loaded(&dotted)
            }
            _ => false,
        };
        let steps = resolve::steps(index, self.old.file, used);
        steps.windows(2).any(needs).then(|| (Reason::ModuleNeeded, self.old.quote("use", used.span)))
    }

    /// An import of the old module that goes along.
    fn bring(&self, alias: &Alias, needs: &mut Needs) -> Result<(), Stop> {
        let facts = self.old.facts;
        let import = facts.import_of(alias);
        let (name, local) = (facts.names.get(alias.name), facts.names.get(alias.local));
        let is_type_checking = import.context == Context::TYPE_CHECKING;
        let what = match import.from {
            None => Needed::Module { module: name.to_owned(), local: alias.asname.map(|_| local.to_owned()) },
            Some(from) => {
                let module = from.module.map(|module| facts.names.get(module));
                let module = self.old.index.modules().absolute(self.old.file, from.level, module).ok_or(Reason::BeyondRoot)?;
                Needed::Name(Name { module, name: name.to_owned(), local: local.to_owned() })
            }
        };
        let is_relative = import.from.is_some_and(|from| from.level > 0);
        self.require(local, Need { what, is_relative, is_type_checking }, needs)
    }

    /// Adds an import, unless the new module has the same object under the name already.
    fn require(&self, local: &str, need: Need, needs: &mut Needs) -> Result<(), Stop> {
        let index = self.old.index;
        let Some(new) = self.new else {
            needs.imports.push(need);
            return Ok(());
        };
        let (there, here) = (meaning(index, self.old.file, local), meaning(index, new.file, local));
        let taken = |way: &Resolution| {
            let evidence = vec![describe(index, "from", &there), describe(index, "to", way)];
            Err(Stop { reason: Reason::NameTaken, evidence })
        };
        if here.end == End::Unbound {
            let is_read =
                |used: &Use| new.facts.names.get(used.name) == local && new.facts.lookup(used.scope, used.name) == Lookup::Free;
            if new.facts.uses.iter().any(is_read) {
                return taken(&here);
            }
            if matches!(&need.what, Needed::Name(name) if name.module == self.module) {
                return Err(Reason::InTarget.into());
            }
            needs.imports.push(need);
            return Ok(());
        }
        let is_same = here.is_same_object(&there);
        let is_absent = |way: &Resolution| matches!(way.end, End::Absent(_)) && way.hops.last() == here.hops.last();
        if !(is_same || is_absent(&there)) {
            let Some(doubt) = self.other_logger(new, local) else { return taken(&here) };
            needs.doubts.push(doubt);
            return Ok(());
        }
        let runs = |(_, binding): (_, &Binding)| !binding.context.contains(Context::TYPE_CHECKING);
        let is_there = need.is_type_checking
            || new.facts.module_bindings(local).next().is_none()
            || new.facts.module_bindings(local).any(runs);
        let loads = |module: &str| {
            let is_it = |alias: &Alias| {
                let import = new.facts.import_of(alias);
                let always = import.scope == ScopeId::MODULE && import.context == Context::default();
                import.from.is_none() && alias.asname.is_none() && always && new.facts.names.get(alias.name) == module
            };
            new.facts.aliases.iter().any(is_it)
        };
        match &need.what {
            Needed::Module { module, local: None } if module.contains('.') && !loads(module) => needs.imports.push(need),
            _ if !is_there => needs.imports.push(need),
            _ => {}
        }
        Ok(())
    }

    /// The doubt that is left where each of the two modules has a logger of its own under a name: the new one's does, but gives the records
    /// the name of its module.
    fn other_logger(&self, new: &View<'_>, local: &str) -> Option<Doubt> {
        let logger = |view: &View<'_>| {
            let mut bindings = view.facts.module_bindings(local).map(|(_, binding)| binding.span);
            let (Some(span), None) = (bindings.next(), bindings.next()) else { return None };
            let made = view.quote("logger", span);
            let forms = ["logging.getLogger(__name__)", "getLogger(__name__)"];
            forms.iter().any(|form| made.text == format!("{local} = {form}")).then_some(made)
        };
        logger(self.old).and(logger(new)).map(|made| (Reason::LoggerName, made))
    }

    /// A name that no statement of the old module binds: a builtin, one of the module's own, or one that a star brings.
    fn free(&self, name: &str, uses: &[&Use], needs: &mut Needs) -> Result<(), Stop> {
        let index = self.old.index;
        if OF_THE_MODULE.contains(&name) {
            needs.doubts.extend(uses.iter().map(|used| (Reason::NotProved, self.old.quote("place", used.span))));
            return Ok(());
        }
        let way = meaning(index, self.old.file, name);
        match (&way.end, way.hops.get(1)) {
            (End::Unbound, _) => {}
            (End::Dynamic | End::Ambiguous(_) | End::Cycle, _) | (_, None) => {
                let evidence = uses.iter().take(1).map(|used| self.old.quote("use", used.span)).collect();
                return Err(Stop { reason: Reason::StarImport, evidence });
            }
            (_, Some(source)) => {
                let module = index.modules().dotted(&source.module);
                let need = Need { is_relative: self.is_relative, ..self.name_need(&module, &source.name, name) };
                return self.require(name, need, needs);
            }
        }
        let Some(new) = self.new else { return Ok(()) };
        let here = meaning(index, new.file, name);
        match here.end {
            End::Unbound => Ok(()),
            _ => Err(Stop { reason: Reason::NameTaken, evidence: vec![describe(index, "to", &here)] }),
        }
    }

    /// The names of the old module that type comments of the definition mention.
    fn in_type_comments(&self) -> Vec<NameId> {
        let facts = self.old.facts;
        let text = &self.old.text[self.block.range()];
        let comments: Vec<&str> =
            text.lines().filter_map(|line| line.split_once("# type:")).map(|(_, comment)| comment).collect();
        let is_mentioned = |binding: &&Binding| {
            let name = facts.names.get(binding.name);
            name != self.name && comments.iter().any(|comment| has_word(comment, name))
        };
        let bindings = facts.bindings.iter().take_while(|binding| binding.scope == ScopeId::MODULE);
        bindings.filter(is_mentioned).map(|binding| binding.name).collect()
    }

    /// Examples in docstrings run with the names of their module.
    fn in_doctests(&self, needs: &mut Needs) {
        let facts = self.old.facts;
        let text = &self.old.text[self.block.range()];
        let bindings = facts.bindings.iter().take_while(|binding| binding.scope == ScopeId::MODULE);
        let names: BTreeSet<&str> = bindings.map(|binding| facts.names.get(binding.name)).collect();
        let mut start = self.block.range().start;
        for line in text.split_inclusive('\n') {
            let is_read = |name: &&&str| **name != self.name && !needs.names.contains(**name) && has_word(line, name);
            if line.trim_start().starts_with(">>>") && names.iter().any(|name| is_read(&name)) {
                needs.doubts.push((Reason::NotProved, self.old.quote("doctest", Span::at(start as u32))));
            }
            start += line.len();
        }
    }
}

/// What a name means in the code of a module. What `__getattr__` and its kin make is seen from outside alone.
pub(super) fn meaning(index: &Index, file: FileId, name: &str) -> Resolution {
    let facts = index.facts(file);
    let mut way = resolve::resolve(index, &Symbol { module: Module::File(file), name: name.into() });
    if way.end == End::Dynamic && way.hops.len() == 1 && !facts.has_stars() {
        way.end = End::Unbound;
    }
    way
}

/// Whether a string is an entry of `__all__`.
pub(super) fn is_entry(facts: &Facts, span: Span) -> bool {
    facts.exports.iter().flat_map(|exports| &exports.entries).any(|entry| entry.1 == span)
}

/// How files other than a module refer to one of its names.
#[derive(Default)]
pub(super) struct Outside {
    /// Whether one imports it, or reads it as the module's attribute.
    pub is_read: bool,
    /// Strings that name it, such as a mock's target, and assignments to it.
    pub patches: Vec<Doubt>,
}

/// How other files refer to some names of a module.
pub(super) fn seen_outside(index: &Index, module: FileId, names: &BTreeSet<Box<str>>) -> BTreeMap<Box<str>, Outside> {
    let dotted = index.modules().name(module).unwrap_or_default();
    let stem = dotted.rsplit('.').next().unwrap_or(dotted);
    let mut found: BTreeMap<Box<str>, Outside> = BTreeMap::new();
    for file in index.with_words(&[Word::new(stem)]).into_iter().filter(|file| *file != module) {
        let view = View::open(index, file);
        let facts = view.facts;
        let modules = resolve::imported_modules(index, file);
        if modules.contains(&Module::File(module)) {
            for alias in &facts.aliases {
                let name = facts.names.get(alias.name);
                let is_star = facts.is_star(alias);
                match resolve::imported(index, file, facts.import_of(alias), alias) {
                    Imported::Symbol(symbol) if symbol.module == Module::File(module) => {
                        for name in names.iter().filter(|known| is_star || ***known == *name) {
                            found.entry(name.clone()).or_default().is_read = true;
                        }
                    }
                    _ => {}
                }
            }
            for used in facts.uses.iter().filter(|used| used.attributes.0 < used.attributes.1) {
                for step in resolve::steps(index, file, used).iter().skip(1) {
                    let Some(symbol) = step.hops.first().filter(|hop| hop.module == Module::File(module)) else { continue };
                    let Some(name) = names.get(&*symbol.name) else { continue };
                    let outside = found.entry(name.clone()).or_default();
                    outside.is_read = true;
                    if used.flags.is_store {
                        outside.patches.push((Reason::Assigned, view.quote("use", used.span)));
                    }
                }
            }
        }
        let patches = PATCHERS.iter().any(|patcher| facts.names.find(patcher).is_some());
        for string in &facts.strings {
            let value = facts.names.get(string.value);
            let path = value.strip_prefix(dotted).and_then(|rest| rest.strip_prefix(['.', ':']));
            let is_bare = modules.contains(&Module::File(module));
            let Some(name) = path.and_then(|path| path.split('.').next()).or(is_bare.then_some(value)) else { continue };
            if let Some(name) = names.get(name) {
                let outside = found.entry(name.clone()).or_default();
                outside.is_read = true;
                // A name alone is a patch only for what takes the object apart from it: `patch.object(module, "name")`.
                if path.is_some() || (patches && !is_entry(facts, string.span)) {
                    outside.patches.push((Reason::InString, view.quote("string", string.span)));
                }
            }
        }
    }
    found
}
