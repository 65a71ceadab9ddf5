//! `move-module`: every reference to a module or package becomes a reference to another.
//!
//! Where both modules exist, each name that is read out of the old one is moved like a symbol, and is safe where both modules
//! have the same object under it. With `move_definition = true` the files themselves move, and all references with them, or
//! nothing does.

mod files;

use std::collections::BTreeSet;

use self::files::move_files;
pub(super) use self::files::new_packages;
use super::super::finding::{Finding, Form, Outcome, Reason, Spelling};
use super::super::wire::{Problem, Table};
use super::super::{Context, Rule, Subject, place_in};
use super::module_subjects;
use super::named::{ModuleRef, check_module};
use super::relocate::{Names, Pair, Reexports, Style, Verdict, judge, relocate, spelled};
use super::{View, describe};
use crate::index::Index;
use crate::index::mentions::Mention;
use crate::index::references::{Reference, Search, Site, Target, is_inside};
use crate::index::unread::Unread;
use crate::lang::python::modules::{Absence, Module};
use crate::lang::python::resolve::{self, End, Symbol};
use crate::text::path::RepoPath;
use crate::text::span::Span;

struct MoveModule {
    moves: Vec<(ModuleRef, ModuleRef)>,
    style: Style,
    replaces: bool,
    external: bool,
    move_definition: bool,
}

/// Reads the parameters.
pub fn read(table: &Table<'_>) -> Option<Box<dyn Rule>> {
    let froms: Vec<ModuleRef> = table.strings("from").into_iter().filter_map(|text| ModuleRef::read(table, text)).collect();
    let to = table.required("to").and_then(|text| ModuleRef::read(table, text));
    let move_definition = table.flag("move_definition");
    if froms.is_empty() && !table.has("from") {
        table.problem(Problem::new(table.origin(), "`from` is missing"));
    }
    if move_definition && let Some(second) = froms.get(1) {
        table.problem(Problem::new(&second.origin, "`move_definition` moves one module").hint("write a step for each module"));
    }
    let moves: Vec<(ModuleRef, ModuleRef)> = froms.into_iter().zip(std::iter::repeat(to?)).collect();
    for (from, to) in &moves {
        if is_inside(&to.name, &from.name) {
            table.problem(Problem::new(&from.origin, format!("`{}` is moved into itself", from.name)));
        }
    }
    let style = Style {
        names: table.choice("names", &[("rename", Names::Rename), ("alias", Names::Alias)]).unwrap_or(Names::Rename),
        reexports: table
            .choice("reexports", &[("canonical", Reexports::Canonical), ("keep", Reexports::Keep)])
            .unwrap_or(Reexports::Canonical),
    };
    let (replaces, external) = (table.flag("replaces"), table.flag("external"));
    Some(Box::new(MoveModule { moves, style, replaces, external, move_definition }))
}

impl Rule for MoveModule {
    fn check(&self, index: &Index) -> Vec<Problem> {
        let check = |(from, to): &(ModuleRef, ModuleRef)| {
            let target = index.modules().find(&to.name);
            if self.external || (!self.move_definition && target == Err(Absence::External)) {
                return None;
            }
            match (self.move_definition, index.modules().find(&from.name), &target) {
                (true, Ok(Module::Namespace(_)), _) => {
                    let problem = Problem::new(&from.origin, format!("`{}` is a folder without an `__init__.py`", from.name));
                    Some(problem.hint("move the modules in it, each by a line of its own"))
                }
                (false, _, _) => check_module(index, &to.name, &to.origin),
                // Moved already.
                (true, Err(_), Ok(Module::File(_))) => None,
                (true, Err(_), _) => {
                    let problem = Problem::new(&from.origin, format!("there is no module `{}`", from.name));
                    Some(problem.did_you_mean(&from.name, index.modules().names()))
                }
                (true, Ok(_), Ok(Module::File(_))) => {
                    let problem = Problem::new(&to.origin, format!("`{}` exists already", to.name));
                    Some(problem.hint("without `move_definition` only the references are moved"))
                }
                (true, Ok(_), _) => None,
            }
        };
        self.moves.iter().filter_map(check).collect()
    }

    fn find(&self, context: &Context<'_>) -> Vec<Finding> {
        match self.move_definition {
            true => self.moves.iter().flat_map(|(from, to)| move_files(context, &from.name, &to.name, self.style)).collect(),
            false => self.redirect(context),
        }
    }

    fn subjects(&self, index: &Index) -> Vec<Subject> {
        self.moves.iter().flat_map(|(from, to)| module_subjects(index, &from.name, Some(&to.name))).collect()
    }
}

impl MoveModule {
    /// A configuration file that names a module as a whole.
    fn mentioned(&self, index: &Index, mention: &Mention) -> Finding {
        let (from, to) = &self.moves[mention.target];
        Finding {
            place: place_in(index, mention.file, mention.span),
            message: format!("{} is now {}", from.name, to.name),
            spelling: Some(Spelling::of(Form::Config)),
            evidence: Vec::new(),
            outcome: Outcome::Left(Reason::InConfig),
        }
    }

    /// Moves the names that are read out of the old modules, one by one.
    fn redirect(&self, context: &Context<'_>) -> Vec<Finding> {
        let index = context.index;
        let targets: Vec<Target> = self.moves.iter().map(|(from, _)| Target::Module(from.name.as_str().into())).collect();
        let search = Search::new(index, &targets);
        let references = search.run();
        let mut names: BTreeSet<(usize, Symbol)> = BTreeSet::new();
        let mut findings = Vec::new();
        for mention in &search.mentions(&|file| context.in_scope(file)) {
            match names_mentioned(index, mention) {
                Some(symbol) => {
                    names.insert((mention.target, symbol));
                }
                None => findings.push(self.mentioned(index, mention)),
            }
        }
        for reference in &references {
            let read = names_read(index, reference);
            names.extend(read.names.into_iter().map(|symbol| (reference.target, symbol)));
            if let Some((span, reason)) = read.whole.filter(|_| context.in_scope(reference.file)) {
                let view = View::open(index, reference.file);
                let (from, to) = &self.moves[reference.target];
                let message = format!("{} is now {}", from.name, to.name);
                let (_, spelling) = spelled(&view, reference);
                findings.push(view.finding(span, message, Some(spelling), Outcome::Left(reason)));
            }
        }
        let pair = |(at, from): (usize, Symbol)| {
            let (old, new) = &self.moves[at];
            let dotted = index.modules().dotted(&from.module);
            let module = format!("{}{}", new.name, &dotted[old.name.len()..]);
            let to = Symbol { module: index.modules().module(&module), name: from.name.clone() };
            let mut verdict = judge(index, &from, &to, self.replaces);
            if resolve::resolve(index, &to).end == End::Unbound {
                let evidence = vec![describe(index, "from", &resolve::resolve(index, &from))];
                verdict = Verdict { applicability: None, reason: Some(Reason::TargetLacks), evidence };
            }
            Pair { from, to, module, verdict }
        };
        let pairs: Vec<Pair> = names.into_iter().map(pair).collect();
        findings.extend(relocate(context, &pairs, self.style));
        let told: BTreeSet<RepoPath> =
            findings.iter().filter(|finding| is_unread(finding)).map(|finding| finding.place.path.clone()).collect();
        for Unread { file, target, span } in search.unread(&targets, &[]) {
            let view = View::open(index, file);
            if context.in_scope(file) && !told.contains(view.path) {
                let (from, to) = &self.moves[target];
                let message = format!("{} is now {}", from.name, to.name);
                findings.push(view.finding(span, message, None, Outcome::Left(Reason::Unparsable)));
            }
        }
        findings
    }
}

fn is_unread(finding: &Finding) -> bool {
    matches!(finding.outcome, Outcome::Left(Reason::Unparsable))
}

/// What a reference to a module reads out of it; nothing where it is an import whose uses are references of their own.
#[derive(Default)]
pub(super) struct Read {
    pub names: Vec<Symbol>,
    /// The module as a whole, at this place.
    whole: Option<(Span, Reason)>,
}

/// The name that a configuration file reads out of a module.
fn names_mentioned(index: &Index, mention: &Mention) -> Option<Symbol> {
    let End::Module(module) = &mention.way.end else { return None };
    let text = index.text(mention.file).ok()?;
    let rest = text[mention.path.range()].get(mention.span.len() as usize + 1..)?;
    Some(Symbol { module: module.clone(), name: rest.split('.').next()?.into() })
}

pub(super) fn names_read(index: &Index, reference: &Reference) -> Read {
    let facts = index.facts(reference.file);
    let End::Module(module) = &reference.way.end else { return Read::default() };
    let names = |names: &mut dyn Iterator<Item = &str>| {
        let symbols = names.map(|name| Symbol { module: module.clone(), name: name.into() });
        Read { names: symbols.collect(), whole: None }
    };
    let whole = |span, reason| Read { names: Vec::new(), whole: Some((span, reason)) };
    match reference.site {
        Site::From(id) => {
            let import = &facts.imports[id.index()];
            let is_star = facts.aliases_of(import).any(|(_, alias)| facts.is_star(alias));
            match module {
                _ if !is_star => names(&mut facts.aliases_of(import).map(|(_, alias)| facts.names.get(alias.name))),
                // Its names move, for the file itself and for those that import them from there; the star stays.
                Module::File(file) => {
                    let brought = resolve::public_names(index, *file);
                    Read { whole: Some((import.span, Reason::StarImport)), ..names(&mut brought.iter().map(|name| &**name)) }
                }
                _ => whole(import.span, Reason::StarImport),
            }
        }
        Site::Attribute(id, _) | Site::Name(id) => {
            let used = &facts.uses[id.index()];
            let attributes = facts.attributes_of(used);
            // The deepest step that is still a module; what follows it is read out of it.
            let steps = resolve::steps(index, reference.file, used);
            let deepest = steps.iter().rposition(|step| matches!(step.end, End::Module(_)));
            match deepest.and_then(|depth| Some((&steps[depth].end, attributes.get(depth)?))) {
                Some((End::Module(module), attribute)) => {
                    let symbol = Symbol { module: module.clone(), name: facts.names.get(attribute.name).into() };
                    Read { names: vec![symbol], whole: None }
                }
                _ => whole(used.span, Reason::NotProved),
            }
        }
        Site::Unsure(id, _) => whole(facts.uses[id.index()].span, Reason::SeveralBindings),
        Site::String(at, _) => {
            let string = facts.strings[at];
            let text = facts.names.get(string.value).replace(':', ".");
            let dotted = index.modules().dotted(module);
            // `pkg.module.Name` in a string is a matter of the name; `pkg.module` is one of the module itself.
            match text.strip_prefix(&*dotted).and_then(|rest| rest.strip_prefix('.')?.split('.').next()) {
                Some(name) => names(&mut std::iter::once(name)),
                None => whole(string.span, Reason::InString),
            }
        }
        Site::Computed(at) => whole(facts.computed[at].span, Reason::Computed),
        Site::Alias(_) | Site::Star(..) | Site::Export(_) | Site::Member(_) => Read::default(),
    }
}
