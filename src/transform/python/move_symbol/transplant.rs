//! Moving one definition: each step makes a program of the one before it, in memory.
//!
//! First the definition moves and the old module imports it back; in that program both names are one object, and the ordinary rewriting
//! of references does its work on it. Then the import goes, where nothing needs it, and with it the imports that only the definition
//! used. Whatever cannot be done stops the whole.

mod aftermath;
mod lines;

use std::collections::BTreeSet;

use super::super::super::Context;
use super::super::super::finding::{Applicability, Evidence, Finding, Outcome, Reason};
use super::super::View;
use super::super::named::SymbolRef;
use super::super::relocate::{Pair, Style, judge, relocate};
use super::super::stub_beside;
use super::cycle::{self, Counted};
use super::draft::{Doubt, Draft, Stop};
use super::leftovers::captured;
use super::needs::{Journey, Needs, meaning, seen_outside};
use super::place::{Place, drop_alias, is_used, prefers_relative, spot};
use super::{lookups, moment, source};
use crate::index::Index;
use crate::lang::python::definitions::{self, Block};
use crate::lang::python::facts::ScopeId;
use crate::lang::python::imports::{self, Name, Need, Needed};
use crate::lang::python::modules::Module;
use crate::lang::python::rename::{Obstacle, rename_uses};
use crate::lang::python::resolve::{End, Symbol};
use crate::text::blob::Mode;
use crate::text::change::{FileChange, SourceChange};
use crate::text::edit::{Edit, TextEdit};
use crate::text::eol;
use crate::text::path::RepoPath;
use crate::text::span::Span;

/// How definitions are moved.
#[derive(Clone, Copy)]
pub(super) struct Manner {
    pub style: Style,
    /// Whether the old name stays.
    pub shim: bool,
    /// Whether a cycle that the move closes stops it.
    pub is_cycle_checked: bool,
}

/// A definition that has been moved, in memory.
pub(super) struct Moved<'i> {
    pub draft: Draft<'i>,
    /// Why it is for review.
    pub doubts: Vec<Doubt>,
    /// References to the old name that stay.
    pub leftovers: Vec<Finding>,
}

/// A definition on its way.
struct Transplant<'r, 'i> {
    from: &'r SymbolRef,
    to: &'r SymbolRef,
    manner: Manner,
    draft: Draft<'i>,
    old: RepoPath,
    new: Place,
    doubts: Vec<Doubt>,
    leftovers: Vec<Finding>,
    /// The names that the new module binds with it.
    brought: Vec<String>,
}

/// Moves one definition.
pub(super) fn transplant<'i>(
    context: &Context<'i>,
    from: &SymbolRef,
    to: &SymbolRef,
    manner: Manner,
) -> Result<Moved<'i>, Stop> {
    let index = context.index;
    let Module::File(file) = index.modules().module(&from.module) else { return Err(Reason::TargetLacks.into()) };
    let old = index.snapshot().get(file).path.clone();
    let new = Place::of(index, &old, &from.module, &to.module)?;
    if let Some(reason) = [&old, &new.path].into_iter().find_map(|path| context.keeps_path(path)) {
        return Err(reason.into());
    }
    let draft = Draft::new(index);
    let stub = stub_beside(index, &old);
    let doubt = |path| (Reason::NotProved, Evidence { role: "stub", at: Some((path, 1)), text: from.name.clone() });
    let doubts = stub.map(doubt).into_iter().collect();
    let mut transplant = Transplant { from, to, manner, draft, old, new, doubts, leftovers: Vec::new(), brought: Vec::new() };
    transplant.run(context)?;
    let Transplant { draft, doubts, leftovers, .. } = transplant;
    Ok(Moved { draft, doubts, leftovers })
}

impl Transplant<'_, '_> {
    fn run(&mut self, context: &Context<'_>) -> Result<(), Stop> {
        let is_inside = self.old == self.new.path;
        let names = match is_inside {
            true => {
                self.rename_in_place()?;
                Default::default()
            }
            false => {
                self.clear_target()?;
                self.carry_over()?
            }
        };
        self.send_references(context)?;
        captured(context.index, self.draft.index(), &self.new.path, &self.brought, (self.from, self.to))?;
        if !self.manner.shim {
            self.check_leftovers()?;
        }
        self.settle_old_name(is_inside)?;
        self.drop_imports(&names)?;
        if !is_inside {
            self.check_cycle(context)?;
        }
        Ok(())
    }

    /// Renames the definition in its module, and leaves the old name as an alias of the new one for now.
    fn rename_in_place(&mut self) -> Result<(), Stop> {
        let (from, to) = (&*self.from.name, &*self.to.name);
        let view = View::open(self.draft.index(), self.draft.file(&self.old)?);
        let (block, names) = self.block(&view)?;
        let facts = view.facts;
        let is_bound = meaning(view.index, view.file, to).end != End::Unbound;
        let name = facts.names.find(from).ok_or(Reason::TargetLacks)?;
        if is_bound {
            return Err(Reason::NameTaken.into());
        }
        let mut edits = rename_uses(facts, ScopeId::MODULE, name, to, &|_| false).map_err(|kept| match kept.obstacle {
            Obstacle::InString => Reason::InString,
            _ => Reason::NameTaken,
        })?;
        edits.extend(names.iter().map(|span| Edit::replace(*span, to)));
        for (entry, span) in facts.exports.iter().flat_map(|exports| &exports.entries) {
            if *entry == name {
                let literal = &view.text[span.range()];
                let renamed = literal.replace(from, to);
                let text = if self.manner.shim { format!("{literal}, {renamed}") } else { renamed };
                edits.push(Edit::replace(*span, text));
            }
        }
        let eol = eol::line_ending(&view.text);
        let import = format!("{eol}from {} import {to} as {from}", self.from.module);
        edits.push(Edit::insert(block.span.end, import));
        let path = self.old.clone();
        let doubts = lookups::private(&view, block.span, from);
        drop(view);
        self.doubts.extend(doubts);
        self.draft.edit(&path, edits)
    }

    /// Takes the name out of the new module, where it has it from the old one, and makes sure that the new name is free there.
    fn clear_target(&mut self) -> Result<(), Stop> {
        if self.new.is_new {
            return Ok(());
        }
        let (old, new) = (self.draft.file(&self.old)?, self.draft.file(&self.new.path)?);
        let index = self.draft.index();
        let view = View::open(index, new);
        if !view.facts.errors.is_empty() {
            return Err(Reason::Unparsable.into());
        }
        let symbol = Symbol { module: Module::File(old), name: self.from.name.as_str().into() };
        let edits = drop_alias::edits(&view, &symbol, &self.to.name)?;
        let path = self.new.path.clone();
        drop(view);
        self.draft.edit(&path, edits)?;
        let here = meaning(self.draft.index(), self.draft.file(&path)?, &self.to.name);
        match here.end {
            End::Unbound => Ok(()),
            _ => {
                let evidence = vec![super::super::describe(self.draft.index(), "to", &here)];
                Err(Stop { reason: Reason::PlaceTaken, evidence })
            }
        }
    }

    /// Moves the lines, brings what they need, and leaves an import in their place. Returns the names of the old module that they use.
    fn carry_over(&mut self) -> Result<BTreeSet<Box<str>>, Stop> {
        let index = self.draft.index();
        let old = View::open(index, self.draft.file(&self.old)?);
        let new = if self.new.is_new { None } else { Some(View::open(index, self.draft.file(&self.new.path)?)) };
        let (block, names) = self.block(&old)?;
        let journey = Journey {
            old: &old,
            new: new.as_ref(),
            block: block.span,
            name: &self.from.name,
            module: &self.to.module,
            is_relative: prefers_relative(new.as_ref().unwrap_or(&old)),
        };
        if definitions::has_node(&source(&old)?, block.span, &["global_statement"]) {
            return Err(Reason::ModuleState.into());
        }
        let mut needs = journey.needs()?;
        let mut doubts = std::mem::take(&mut needs.doubts);
        if self.from.name != self.to.name {
            doubts.extend(lookups::private(&old, block.span, &self.from.name));
        }
        doubts.extend(moment::doubts(&old, &block, &self.from.name)?);
        for (_, outside) in seen_outside(index, old.file, &needs.names) {
            doubts.extend(outside.patches);
        }
        let lines = self.lines(&old, &block, &names, &mut doubts)?;
        let eol = eol::line_ending(&old.text);
        let is_listed = old.facts.exports_name(&self.from.name);
        let is_public = is_listed || (old.facts.exports.is_none() && !self.from.name.starts_with('_'));
        let mut change = match &new {
            Some(new) => self.plant(new, &needs, &lines, &block, is_public, &mut doubts)?,
            None => {
                let head = imports::as_text(&needs.imports, &self.new.package, false);
                let gap = match (head.is_empty(), block.is_apart) {
                    (true, _) => "",
                    (false, true) => "\n\n",
                    (false, false) => "\n",
                };
                let content = definitions::with_line_ending(&format!("{head}{gap}{lines}\n"), eol);
                self.new.create(content)?
            }
        };
        let back = self.import_back(&old, is_listed, block.span);
        let edit = TextEdit::new(vec![Edit::replace(block.span, back)]).map_err(|_| Reason::ParsersDisagree)?;
        change.union(&SourceChange::edit(self.old.clone(), edit)).map_err(|_| Reason::ParsersDisagree)?;
        let read = needs.names;
        let local = |need: &Need| match &need.what {
            Needed::Name(name) => name.local.clone(),
            Needed::Module { module, local } => local.as_deref().or(module.split('.').next()).unwrap_or_default().to_owned(),
        };
        let brought: Vec<String> = needs.imports.iter().map(local).collect();
        drop((old, new));
        self.brought = brought;
        self.doubts.extend(doubts);
        self.draft.make(&change)?;
        Ok(read)
    }

    /// The edits that put lines into a module that is there already.
    fn plant(
        &self,
        new: &View<'_>,
        needs: &Needs,
        lines: &str,
        block: &Block,
        is_public: bool,
        doubts: &mut Vec<Doubt>,
    ) -> Result<SourceChange, Stop> {
        let source = source(new)?;
        let (spot, doubt) = spot(new, &source, &self.to.name, needs)?;
        doubts.extend(doubt);
        let refused = |_| Reason::ParsersDisagree;
        let mut edits = Vec::new();
        let mut lines = lines.to_owned();
        match definitions::is_bare(&source) {
            // The imports come with the definition.
            true => {
                let head = imports::as_text(&needs.imports, &self.new.package, false);
                if !head.is_empty() {
                    lines = format!("{head}{}{lines}", if block.is_apart { "\n\n" } else { "\n" });
                }
            }
            false => edits.extend(imports::insert(&source, &needs.imports, &self.new.package).map_err(refused)?),
        }
        edits.push(definitions::put_in(&source, spot, &lines, block.is_apart).map_err(refused)?);
        if new.facts.exports.is_some() && is_public && !new.facts.exports_name(&self.to.name) {
            match definitions::add_export(&source, &self.to.name) {
                Ok(edit) => edits.push(edit),
                Err(_) => {
                    let evidence = Evidence { role: "export", at: Some((new.path.clone(), 1)), text: "__all__".to_owned() };
                    doubts.push((Reason::OddSpelling, evidence));
                }
            }
        }
        let edit = TextEdit::new(edits).map_err(|_| Reason::ParsersDisagree)?;
        Ok(SourceChange::edit(self.new.path.clone(), edit))
    }

    /// The import that stands where the definition stood.
    fn import_back(&self, old: &View<'_>, is_listed: bool, block: Span) -> String {
        let (from, to) = (&*self.from.name, &*self.to.name);
        let name = Name { module: self.to.module.clone(), name: to.to_owned(), local: from.to_owned() };
        let need = Need { what: Needed::Name(name), is_relative: prefers_relative(old), is_type_checking: false };
        let package = super::place::package(old.index, old.file);
        let is_silent = self.manner.shim && !is_listed && !is_used(old.facts, from, |span| !block.covers(span));
        format!("{}{}", need.statement(&package), if is_silent { "  # noqa: F401" } else { "" })
    }

    /// Rewrites the references to the old name, in the program where both names are one object.
    fn send_references(&mut self, context: &Context<'_>) -> Result<(), Stop> {
        for applicability in [Applicability::Safe, Applicability::Review] {
            let index = self.draft.index();
            let (from, to) = (self.from.symbol(index), self.to.symbol(index));
            let verdict = judge(index, &from, &to, false);
            let pair = Pair { from, to, module: self.to.module.clone(), verdict };
            let here = Context { index, ..*context };
            let findings = relocate(&here, &[pair], self.manner.style);
            let mut change = SourceChange::default();
            let mut left = Vec::new();
            let mut doubts = Vec::new();
            for finding in findings {
                match &finding.outcome {
                    Outcome::Fix(fix)
                        if fix.applicability == applicability
                            && !(self.manner.shim && applicability == Applicability::Review) =>
                    {
                        change.union(&fix.change).map_err(|_| Reason::ParsersDisagree)?;
                        if let Some(reason) = fix.reason {
                            doubts.push((reason, quoted(index, &finding)));
                        }
                    }
                    // Found again, and rewritten then, once the definition has moved.
                    Outcome::Fix(fix) => {
                        let reason = fix.reason.unwrap_or(Reason::NotProved);
                        left.push(Finding { outcome: Outcome::Left(reason), ..finding });
                    }
                    Outcome::Left(_) => left.push(finding),
                }
            }
            self.doubts.extend(doubts);
            self.draft.make(&change)?;
            self.leftovers = left;
        }
        Ok(())
    }

    /// A cycle of the two modules that the move closes, or may close.
    fn check_cycle(&mut self, context: &Context<'_>) -> Result<(), Stop> {
        let pair = (&self.old, &self.new.path);
        let closed = |counted| cycle::closed(context.index, self.draft.index(), pair, counted);
        match closed(Counted::Certain) {
            Some(evidence) if self.manner.is_cycle_checked => return Err(Stop { reason: Reason::ImportCycle, evidence }),
            Some(_) => return Ok(()),
            None => {}
        }
        let possible = closed(Counted::Possible).into_iter().flatten().map(|evidence| (Reason::ImportCycle, evidence));
        let possible: Vec<Doubt> = possible.collect();
        self.doubts.extend(possible);
        Ok(())
    }
}

/// The line of a finding, as evidence.
fn quoted(index: &Index, finding: &Finding) -> Evidence {
    let role = finding.spelling.map_or("use", |spelling| spelling.form.word());
    match index.snapshot().id(&finding.place.path) {
        Some(file) => View::open(index, file).quote(role, finding.place.span),
        None => Evidence { role, at: None, text: finding.message.clone() },
    }
}

impl Place {
    /// The change that makes the new module, and the packages that it needs.
    fn create(&self, content: String) -> Result<SourceChange, Stop> {
        let create = |content: String| FileChange::Create { content, mode: Mode::Regular };
        let mut change = SourceChange::of(self.path.clone(), create(content));
        for path in &self.packages {
            let package = SourceChange::of(path.clone(), create(String::new()));
            change.union(&package).map_err(|_| Reason::PlaceTaken)?;
        }
        Ok(change)
    }
}
