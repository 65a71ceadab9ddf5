//! `remove-unused-imports`: imports whose names nothing reads are removed, unless that takes away more than a name.
//!
//! Nothing reads a name if no use in any scope of the file, no type in a string or comment, no entry of `__all__` and no other file does.
//! What an author has marked as wanted (`# noqa: F401`, `X as X`) is left alone. An import that others may ask for, that is there for
//! what happens when it runs, or that is a test of its own success, stays or is for a person; `judge` says which.

pub(super) mod effects;
mod judge;
pub(super) mod marks;
mod outside;

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use self::judge::{Judged, Manner, judge};
pub use self::judge::{unread, unread_without};
use super::super::finding::{Finding, Fix, Outcome, Reason};
use super::super::typescript;
use super::super::wire::{Located, Problem, Table};
use super::super::{Context, Rule, Subject};
use super::View;
use super::named::is_dotted;
use crate::index::Index;
use crate::index::references::{Target, is_inside};
use crate::lang::python::facts::{Alias, AliasId};
use crate::lang::python::imports::{Refusal, removals};
use crate::lang::python::resolve::{self, Symbol};
use crate::lang::python::strings::is_identifier;
use crate::text::change::SourceChange;
use crate::text::edit::TextEdit;
use crate::text::snapshot::FileId;
use crate::text::span::Span;

struct RemoveUnusedImports {
    /// The modules and symbols whose imports are looked at; all of them where there are none.
    of: Vec<Wanted>,
    /// Whether those of TypeScript are looked at as well.
    is_for_all: bool,
}

/// A module, with all that lies in it, or one of its names.
struct Wanted {
    module: String,
    name: Option<String>,
}

/// Reads the parameters.
pub fn read(table: &Table<'_>) -> Option<Box<dyn Rule>> {
    let is_for_all = typescript::remove_unused_imports::is_meant_too(table);
    let of = table.strings("of").into_iter().filter_map(|text| Wanted::read(table, text)).collect();
    Some(Box::new(RemoveUnusedImports { of, is_for_all }))
}

impl Wanted {
    fn read(table: &Table<'_>, text: Located<String>) -> Option<Self> {
        let (module, name) = text.value.split_once(':').map_or((&*text.value, None), |(module, name)| (module, Some(name)));
        if !is_dotted(module) || !name.is_none_or(is_identifier) {
            let problem = Problem::new(&text.origin, format!("`{}` is neither a module nor a symbol", text.value));
            table.problem(problem.hint("write `pkg.mod` for what is imported from a module, or `pkg.mod:Name`"));
            return None;
        }
        Some(Self { module: module.to_owned(), name: name.map(str::to_owned) })
    }

    /// Whether an alias imports it.
    fn is_imported(&self, index: &Index, file: FileId, alias: &Alias) -> bool {
        let facts = index.facts(file);
        let name = facts.names.get(alias.name);
        let Some(from) = resolve::from_module(index, file, facts.import_of(alias)) else {
            return self.name.is_none() && is_inside(name, &self.module);
        };
        let from = index.modules().dotted(&from);
        match &self.name {
            Some(wanted) => *from == *self.module && wanted == name,
            None => is_inside(&from, &self.module) || format!("{from}.{name}") == self.module,
        }
    }
}

impl Rule for RemoveUnusedImports {
    fn check(&self, _: &Index) -> Vec<Problem> {
        Vec::new()
    }

    fn find(&self, context: &Context<'_>) -> Vec<Finding> {
        let index = context.index;
        let files: Vec<FileId> = index.python_files().filter(|file| context.in_scope(*file)).collect();
        let is_wanted = |file: FileId, alias: &Alias| {
            self.of.is_empty() || self.of.iter().any(|wanted| wanted.is_imported(index, file, alias))
        };
        let unread = |file: FileId| {
            let facts = index.facts(file);
            let found: Vec<AliasId> =
                unread(facts).into_iter().filter(|id| is_wanted(file, &facts.aliases[id.index()])).collect();
            (!found.is_empty()).then_some((file, found))
        };
        let unread = files.into_par_iter().filter_map(unread).collect();
        let mut found = findings(index, judge(index, unread, Manner::Everywhere), &|names| match names {
            [name] => format!("remove the unused import of {name}"),
            names => format!("remove the unused imports of {}", listed(names)),
        });
        if self.is_for_all {
            found.extend(typescript::remove_unused_imports::find(context, &[]));
        }
        found
    }

    fn subjects(&self, index: &Index) -> Vec<Subject> {
        let target = |wanted: &Wanted| match &wanted.name {
            Some(name) => Target::Symbol(Symbol { module: index.modules().module(&wanted.module), name: name.as_str().into() }),
            None => Target::Module(wanted.module.as_str().into()),
        };
        self.of.iter().map(|wanted| Subject { target: target(wanted), home: None }).collect()
    }
}

/// Finds what becomes of imports that a step has made useless, given file by file; nothing in their files reads them.
pub(in crate::transform) fn orphans(index: &Index, unread: Vec<(FileId, Vec<AliasId>)>) -> Vec<Finding> {
    findings(index, judge(index, unread, Manner::Orphaned), &|names| {
        format!("remove the import{} of {}, which this step orphaned", if names.len() == 1 { "" } else { "s" }, listed(names))
    })
}

/// The imports among some of a file that go without a doubt when nothing in the file reads them.
pub(in crate::transform) fn droppable(index: &Index, file: FileId, unread: Vec<AliasId>) -> BTreeSet<AliasId> {
    let judged = judge(index, vec![(file, unread)], Manner::Orphaned).into_iter().flat_map(|(_, judged)| judged);
    judged.filter(|judged| judged.stays.is_none() && judged.doubts.is_empty()).map(|judged| judged.alias).collect()
}

/// `a`, `a` and `b`, or `a`, `b` and `c`.
fn listed(names: &[String]) -> String {
    match names {
        [names @ .., last] if !names.is_empty() => format!("{} and {last}", names.join(", ")),
        names => names.concat(),
    }
}

fn findings(index: &Index, judged: Vec<(FileId, Vec<Judged>)>, message: &(dyn Fn(&[String]) -> String + Sync)) -> Vec<Finding> {
    judged.into_par_iter().flat_map_iter(|(file, judged)| in_file(&View::open(index, file), &judged, message)).collect()
}

/// The findings of one file: one for what goes together, and one for each reason why other names of a statement stay.
fn in_file(view: &View<'_>, judged: &[Judged], message: &dyn Fn(&[String]) -> String) -> Vec<Finding> {
    let mut found = Vec::new();
    let finding = |aliases: &[AliasId], outcome: Outcome| {
        let aliases: Vec<&Alias> = aliases.iter().map(|id| &view.facts.aliases[id.index()]).collect();
        let first = aliases.first()?;
        let names: Vec<String> = aliases.iter().map(|alias| format!("`{}`", spelled(view, alias))).collect();
        let spelling = view.import_spelling(view.facts.import_of(first));
        Some(view.finding(place(first), message(&names), Some(spelling), outcome))
    };
    let mut left: BTreeMap<(u32, Reason), Vec<&Judged>> = BTreeMap::new();
    for judged in judged {
        if let Some((reason, _)) = judged.stays {
            let import = view.facts.import_of(&view.facts.aliases[judged.alias.index()]);
            left.entry((import.span.start, reason)).or_default().push(judged);
        }
    }
    for ((_, reason), stay) in left {
        let aliases: Vec<AliasId> = stay.iter().map(|judged| judged.alias).collect();
        let Some(mut finding) = finding(&aliases, Outcome::Left(reason)) else { continue };
        finding.evidence =
            stay.iter().filter_map(|judged| judged.stays.as_ref()).map(|(_, evidence)| evidence.clone()).collect();
        finding.evidence.dedup();
        found.push(finding);
    }
    let Some(source) = view.source() else { return found };
    for is_safe in [true, false] {
        let going: Vec<&Judged> =
            judged.iter().filter(|judged| judged.stays.is_none() && judged.doubts.is_empty() == is_safe).collect();
        for removal in removals(&source, &going.iter().map(|judged| judged.alias).collect()) {
            let aliases: FxHashSet<AliasId> = removal.aliases.iter().copied().collect();
            let doubts = || going.iter().filter(|judged| aliases.contains(&judged.alias)).flat_map(|judged| &judged.doubts);
            let edit = removal.edits.and_then(|edits| TextEdit::new(edits).map_err(|_| Refusal::ParsersDisagree));
            let outcome = match edit {
                Ok(edit) => {
                    let change = SourceChange::edit(view.path.clone(), edit);
                    Outcome::Fix(Fix::judged(doubts().next().map(|(reason, _)| *reason), change))
                }
                Err(Refusal::Comment) => Outcome::Left(Reason::Commented),
                Err(Refusal::ParsersDisagree) => Outcome::Left(Reason::ParsersDisagree),
            };
            let Some(mut finding) = finding(&removal.aliases, outcome) else { continue };
            for (_, evidence) in doubts() {
                if !finding.evidence.contains(evidence) {
                    finding.evidence.push(evidence.clone());
                }
            }
            found.push(finding);
        }
    }
    found
}

/// What an alias imports, as it is spelled.
fn spelled(view: &View<'_>, alias: &Alias) -> String {
    view.text[place(alias).range()].split_whitespace().collect::<Vec<_>>().join(" ")
}

fn place(alias: &Alias) -> Span {
    Span::new(alias.name_span.start, alias.asname.map_or(alias.name_span.end, |(_, span)| span.end))
}
