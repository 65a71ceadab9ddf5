//! Whole modules that forward: one that defines nothing of its own only gets the warning, any other becomes a list of imports, and one
//! that is not there is made.

use std::collections::{BTreeMap, BTreeSet};

use super::super::super::Context;
use super::super::super::finding::{Evidence, Finding, Fix, Form, Outcome, Reason, Spelling};
use super::super::delete_definition::evidence;
use super::super::move_module::names_read;
use super::super::move_symbol::draft::{Doubt, Draft, Stop};
use super::super::move_symbol::place::Place;
use super::super::named::ModuleRef;
use super::super::relocate::judge;
use super::super::remove_unused_imports::effects;
use super::super::stub_beside;
use super::super::{View, describe};
use super::Manner;
use super::names::{leads_back, require};
use crate::index::Index;
use crate::index::references::{Reference, Search, Site, Target};
use crate::lang::python::definitions::with_line_ending;
use crate::lang::python::facts::{Binding, BindingKind, Facts, ScopeId};
use crate::lang::python::imports::Name;
use crate::lang::python::modules::{Absence, Module};
use crate::lang::python::resolve::{self, End, Symbol};
use crate::lang::python::shim;
use crate::lang::python::strings::{self, Role};
use crate::text::blob::Mode;
use crate::text::change::{FileChange, SourceChange};
use crate::text::edit::{Edit, TextEdit};
use crate::text::eol;
use crate::text::snapshot::FileId;
use crate::text::span::Span;

/// A change that makes a module a shim.
#[derive(Default)]
struct Made {
    change: SourceChange,
    doubts: Vec<Doubt>,
    evidence: Vec<Evidence>,
}

/// Makes a module a shim for another, where it is none yet.
pub(super) fn find(context: &Context<'_>, from: &ModuleRef, to: &ModuleRef, manner: &Manner) -> Option<Finding> {
    let index = context.index;
    let Ok(Module::File(home)) = index.modules().find(&to.name) else { return None };
    let (file, made) = match (index.modules().find(&from.name), &manner.flag) {
        (Ok(Module::File(file)), None) => (file, replaced(context, file, from, to, manner).transpose()?),
        (Ok(Module::File(file)), Some(flag)) => (file, switched(context, file, from, to, (manner, flag)).transpose()?),
        (Ok(_) | Err(Absence::Opaque), _) => (home, Err(Reason::PlaceTaken.into())),
        (Err(_), None) => (home, created(context, home, from, to, manner)),
        // Nothing is there that could be chosen.
        (Err(_), Some(_)) => (home, Err(Reason::Dangling.into())),
    };
    let view = View::open(index, file);
    let (outcome, evidence) = match made {
        Ok(Made { change, doubts, evidence }) => {
            let reason = doubts.first().map(|(reason, _)| *reason);
            let doubts = doubts.into_iter().map(|(_, evidence)| evidence);
            (Outcome::Fix(Fix::judged(reason, change)), doubts.chain(evidence).collect())
        }
        Err(Stop { reason, evidence }) => (Outcome::Left(reason), evidence),
    };
    let message = format!("{} becomes a shim for {}", from.name, to.name);
    let mut finding = view.finding(Span::at(0), message, Some(Spelling::of(Form::Definition)), outcome);
    finding.evidence = evidence;
    Some(finding)
}

/// Whether a module is a shim: it defines nothing of its own and warns when it is loaded, or it lets an environment variable choose.
pub(super) fn is_shim(index: &Index, file: FileId) -> bool {
    let view = View::open(index, file);
    let Some(source) = view.source() else { return false };
    let names: BTreeSet<&str> = super::super::module_names(view.facts).collect();
    let is_chosen = |name: &&str| shim::switch_of(&source, name).is_some();
    (own_names(view.facts).is_empty() && shim::warns(&source)) || names.iter().any(is_chosen)
}

/// The names that a module defines, its `__all__` apart.
fn own_names(facts: &Facts) -> BTreeSet<&str> {
    defines(facts).map(|(name, _)| name).filter(|name| *name != "__all__").collect()
}

/// What a module binds by something else than an import.
fn defines(facts: &Facts) -> impl Iterator<Item = (&str, &Binding)> {
    let is_own = |binding: &&Binding| {
        binding.scope == ScopeId::MODULE && Facts::is_lasting(binding) && !matches!(binding.kind, BindingKind::Import(_))
    };
    facts.bindings.iter().filter(is_own).map(|binding| (facts.names.get(binding.name), binding))
}

fn is_public(facts: &Facts, name: &str) -> bool {
    match &facts.exports {
        Some(_) => facts.exports_name(name),
        None => !name.starts_with('_'),
    }
}

/// The names that a module offers: those of its `__all__`, or those that it defines and that do not start with `_`.
fn offered(facts: &Facts) -> Vec<String> {
    let mut offered: Vec<(u32, &str)> = match &facts.exports {
        Some(exports) => exports.entries.iter().map(|(name, span)| (span.start, facts.names.get(*name))).collect(),
        None => defines(facts)
            .map(|(name, binding)| (binding.span.start, name))
            .filter(|(_, name)| is_public(facts, name))
            .collect(),
    };
    offered.sort_unstable();
    let mut seen = BTreeSet::new();
    offered.retain(|(_, name)| seen.insert(*name));
    offered.into_iter().map(|(_, name)| name.to_owned()).collect()
}

fn docstring(to: &ModuleRef) -> String {
    format!("Deprecated: use `{}`.", to.name)
}

/// Makes a module that is not there.
fn created(context: &Context<'_>, home: FileId, from: &ModuleRef, to: &ModuleRef, manner: &Manner) -> Result<Made, Stop> {
    let index = context.index;
    let beside = &index.snapshot().get(home).path;
    let place = Place::of(index, beside, &to.name, &from.name)?;
    if let Some(reason) = context.keeps_path(&place.path) {
        return Err(reason.into());
    }
    let names = offered(index.facts(home));
    if names.is_empty() {
        return Err(Stop { reason: Reason::TargetLacks, evidence: vec![module_evidence(index, home, &to.name)] });
    }
    let name = |name: String| Name { module: to.name.clone(), local: name.clone(), name };
    let names: Vec<Name> = names.into_iter().map(name).collect();
    let text =
        shim::module(&names.iter().collect::<Vec<_>>(), &|_| true, &docstring(to), &manner.message(&from.name, &to.name));
    let create = |content: String| FileChange::Create { content, mode: Mode::Regular };
    let mut change = SourceChange::of(place.path, create(text));
    for package in place.packages {
        change.union(&SourceChange::of(package, create(String::new()))).map_err(|_| Reason::PlaceTaken)?;
    }
    Ok(Made { change, ..Made::default() })
}

fn module_evidence(index: &Index, file: FileId, name: &str) -> Evidence {
    Evidence { role: "to", at: Some((index.snapshot().get(file).path.clone(), 1)), text: name.to_owned() }
}

/// Makes a module that is there forward all that it offers; `None` where it does so already.
fn replaced(
    context: &Context<'_>,
    file: FileId,
    from: &ModuleRef,
    to: &ModuleRef,
    manner: &Manner,
) -> Result<Option<Made>, Stop> {
    let view = check_file(context, file)?;
    let source = view.source().ok_or(Reason::ParsersDisagree)?;
    let message = manner.message(&from.name, &to.name);
    if own_names(view.facts).is_empty() {
        if shim::warns(&source) {
            return Ok(None);
        }
        let mut draft = Draft::new(context.index);
        require(&mut draft, view.path, &["warnings"])?;
        let after = View::open(draft.index(), draft.file(view.path)?);
        let source = after.source().ok_or(Reason::ParsersDisagree)?;
        let edit = shim::warn(&source, &message).map_err(|_| Reason::ParsersDisagree)?;
        draft.edit(view.path, vec![edit])?;
        return Ok(Some(Made { change: draft.change, ..Made::default() }));
    }
    let targets = [Target::Module(from.name.as_str().into())];
    let references = Search::new(context.index, &targets).run();
    let Wanted { names, mut doubts, evidence } = wanted(&view, &references, (from, to), manner.replaces)?;
    doubts.extend(goes_with(&view, &references, from));
    let public = |name: &str| is_public(view.facts, name);
    let text = shim::module(&names.iter().collect::<Vec<_>>(), &public, &docstring(to), &message);
    let start = head(&view.text);
    let text = with_line_ending(&text, eol::line_ending(&view.text));
    let edit = Edit::replace(Span::new(start as u32, view.text.len() as u32), text);
    let edit = TextEdit::new(vec![edit]).map_err(|_| Reason::ParsersDisagree)?;
    Ok(Some(Made { change: SourceChange::edit(view.path.clone(), edit), doubts, evidence }))
}

/// Lets an environment variable choose between what a module defines and what another has under the same names.
fn switched(
    context: &Context<'_>,
    file: FileId,
    from: &ModuleRef,
    to: &ModuleRef,
    (manner, flag): (&Manner, &str),
) -> Result<Option<Made>, Stop> {
    let index = context.index;
    let view = check_file(context, file)?;
    let source = view.source().ok_or(Reason::ParsersDisagree)?;
    let present = defines(view.facts).find_map(|(name, _)| shim::switch_of(&source, name));
    match present {
        Some(switch) if switch.flag == *flag => return Ok(None),
        Some(switch) => {
            return Err(Stop { reason: Reason::PlaceTaken, evidence: vec![view.quote("switch", switch.span)] });
        }
        None => {}
    }
    let is_there = |name: &&str| !matches!(resolve::resolve(index, &symbol(index, &to.name, name)).end, End::Unbound);
    let mut own: Vec<(u32, &str)> = defines(view.facts)
        .filter(|(name, _)| is_public(view.facts, name) && !name.starts_with("__"))
        .map(|(name, binding)| (binding.span.start, name))
        .filter(|(_, name)| is_there(name))
        .collect();
    own.sort_unstable();
    let mut seen = BTreeSet::new();
    own.retain(|(_, name)| seen.insert(*name));
    if own.is_empty() {
        return Err(Stop { reason: Reason::TargetLacks, evidence: vec![view.quote("from", Span::at(0))] });
    }
    let names: Vec<Name> = own.iter().map(|(_, name)| same(&to.name, name)).collect();
    let mut made = Made::default();
    for (_, name) in &own {
        leads_back(index, &symbol(index, &from.name, name), &symbol(index, &to.name, name))?;
        let verdict = judge(index, &symbol(index, &from.name, name), &symbol(index, &to.name, name), true);
        made.doubts.extend(
            verdict.reason.into_iter().flat_map(|reason| verdict.evidence.iter().map(move |told| (reason, told.clone()))),
        );
    }
    let mut draft = Draft::new(index);
    require(&mut draft, view.path, &["os", "warnings"])?;
    let after = View::open(draft.index(), draft.file(view.path)?);
    let source = after.source().ok_or(Reason::ParsersDisagree)?;
    let message = manner.message(&from.name, &to.name);
    let edit = shim::switch(&source, flag, &names.iter().collect::<Vec<_>>(), &message).map_err(|_| Reason::ParsersDisagree)?;
    draft.edit(view.path, vec![edit])?;
    Ok(Some(Made { change: draft.change, ..made }))
}

fn check_file<'i>(context: &Context<'i>, file: FileId) -> Result<View<'i>, Stop> {
    if let Some(reason) = context.keeps(file) {
        return Err(reason.into());
    }
    let view = View::open(context.index, file);
    match view.facts.errors.first() {
        Some(error) => Err(Stop { reason: Reason::Unparsable, evidence: vec![view.quote("unparsable", error.span)] }),
        None => Ok(view),
    }
}

fn symbol(index: &Index, module: &str, name: &str) -> Symbol {
    Symbol { module: index.modules().module(module), name: name.into() }
}

fn same(module: &str, name: &str) -> Name {
    Name { module: module.to_owned(), name: name.to_owned(), local: name.to_owned() }
}

/// What a module has to go on giving.
struct Wanted {
    names: Vec<Name>,
    doubts: Vec<Doubt>,
    evidence: Vec<Evidence>,
}

/// Finds what the module offers or anybody reads out of it, and where each name comes from now.
fn wanted(
    view: &View<'_>,
    references: &[Reference],
    (from, to): (&ModuleRef, &ModuleRef),
    replaces: bool,
) -> Result<Wanted, Stop> {
    let index = view.index;
    let read = read_names(view, references);
    let mut names: BTreeMap<&str, u32> = BTreeMap::new();
    let offered = offered(view.facts);
    for name in read.keys().map(|name| &**name).chain(offered.iter().map(String::as_str)) {
        names.insert(name, view.facts.module_bindings(name).next().map_or(u32::MAX, |(_, binding)| binding.span.start));
    }
    let mut wanted = Wanted { names: Vec::new(), doubts: Vec::new(), evidence: Vec::new() };
    let mut lacking: Vec<Evidence> = Vec::new();
    let mut ordered: Vec<(u32, &str)> = names.into_iter().map(|(name, start)| (start, name)).collect();
    ordered.sort_unstable();
    for (_, name) in ordered {
        let (old, new) = (symbol(index, &from.name, name), symbol(index, &to.name, name));
        let is_bound = view.facts.module_bindings(name).next().is_some();
        match resolve::resolve(index, &old).end {
            // It is not there today, either.
            End::Unbound => continue,
            // A submodule, which stays.
            End::Module(_) if !is_bound => continue,
            _ => {}
        }
        if !matches!(resolve::resolve(index, &new).end, End::Unbound | End::Dynamic) {
            leads_back(index, &old, &new)?;
            let verdict = judge(index, &old, &new, replaces);
            wanted.doubts.extend(verdict.reason.and_then(|reason| Some((reason, verdict.evidence.first()?.clone()))));
            wanted.evidence.extend(verdict.evidence);
            wanted.names.push(same(&to.name, name));
            continue;
        }
        match imported(view, name) {
            Some(origin) => wanted.names.push(origin),
            None => match read.get(name) {
                Some(places) => lacking.extend(places.iter().cloned()),
                // Nobody here reads it.
                None => wanted.doubts.push((Reason::TargetLacks, describe(index, "from", &resolve::resolve(index, &old)))),
            },
        }
    }
    match lacking.is_empty() {
        true => Ok(wanted),
        false => Err(Stop { reason: Reason::TargetLacks, evidence: lacking }),
    }
}

/// What an import of the module's own brings under a name.
fn imported(view: &View<'_>, name: &str) -> Option<Name> {
    let facts = view.facts;
    let mut bindings = facts.module_bindings(name).map(|(_, binding)| binding);
    let (Some(Binding { kind: BindingKind::Import(id), .. }), None) = (bindings.next(), bindings.next()) else { return None };
    let alias = &facts.aliases[id.index()];
    let module = resolve::from_module(view.index, view.file, facts.import_of(alias))?;
    Some(Name {
        module: view.index.modules().dotted(&module).to_string(),
        name: facts.names.get(alias.name).to_owned(),
        local: name.to_owned(),
    })
}

/// The names that are read out of the module anywhere else, with the places.
fn read_names(view: &View<'_>, references: &[Reference]) -> BTreeMap<Box<str>, Vec<Evidence>> {
    let index = view.index;
    let mut found: BTreeMap<Box<str>, Vec<Evidence>> = BTreeMap::new();
    for reference in references.iter().filter(|reference| reference.file != view.file) {
        let read = names_read(index, reference);
        for symbol in read.names.iter().filter(|symbol| symbol.module == Module::File(view.file)) {
            found.entry((*symbol.name).into()).or_default().push(evidence(index, reference));
        }
    }
    found
}

/// What goes with the code of a module that becomes a shim, and is for a person to look at.
fn goes_with(view: &View<'_>, references: &[Reference], from: &ModuleRef) -> Vec<Doubt> {
    let index = view.index;
    let mut doubts: Vec<Doubt> = Vec::new();
    if super::super::delete_module::is_found_by_path(index, view.file) {
        doubts.push((Reason::FoundOtherwise, view.quote("from", Span::at(0))));
    }
    doubts.extend(effects::act(view).map(|act| (Reason::LoadTime, act)));
    if view.facts.is_dynamic {
        // It may make more names than it shows.
        doubts.push((Reason::NotProved, view.quote("lookup", view.facts.place_of("__getattr__").unwrap_or(Span::at(0)))));
    }
    let patches = references.iter().filter(|reference| is_patch(index, reference));
    doubts.extend(patches.map(|reference| (Reason::Patched, evidence(index, reference))));
    if let Some(stub) = stub_beside(index, view.path) {
        doubts.push((Reason::NotProved, Evidence { role: "stub", at: Some((stub, 1)), text: from.name.clone() }));
    }
    doubts
}

/// Whether a reference is the target of a patch, which the module's own code has seen so far.
fn is_patch(index: &Index, reference: &Reference) -> bool {
    let facts = index.facts(reference.file);
    match reference.site {
        Site::String(at, _) | Site::Member(at) => {
            matches!(
                strings::role(index, reference.file, &facts.strings[at]),
                Role::Patch | Role::PatchMember | Role::SetMember
            )
        }
        _ => false,
    }
}

/// Where the text begins behind the comments that stand before everything else: a shebang, a coding line, a licence.
fn head(text: &str) -> usize {
    let mut at = eol::line_start(text, 0);
    if text.starts_with('\u{feff}') {
        at = '\u{feff}'.len_utf8();
    }
    while at < text.len() && text[at..eol::line_end(text, at)].starts_with('#') {
        at = eol::next_line(text, at);
    }
    at
}
