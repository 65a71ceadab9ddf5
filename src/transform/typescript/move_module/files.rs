//! Moving files, with every string that names one of them, or nothing.
//!
//! The files are put into their new places in memory first; then every specifier of every file is asked what it means there. One that
//! still means the same file stays as it is, every other is spelled anew, in the style that it has.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::config;
use super::route::{Moves, Route};
use crate::index::typescript::kind;
use crate::lang::typescript::facts::{RequestId, RequestKind};
use crate::lang::typescript::imports::{self, Source};
use crate::lang::typescript::modules::{Kind, Module, Modules, Options};
use crate::text::change::{FileChange, SourceChange};
use crate::text::edit::{Edit, TextEdit};
use crate::text::path::RepoPath;
use crate::text::snapshot::{FileId, Snapshot};
use crate::text::span::Span;
use crate::transform::Context;
use crate::transform::finding::{Evidence, Finding, Fix, Form, Outcome, Reason, Spelling};
use crate::transform::typescript::View;
use crate::transform::typescript::found::by_old_path;
use crate::transform::typescript::named::ModuleRef;

/// Moves the files of a module or folder. Where one string that names them cannot follow, nothing moves.
pub fn move_files(context: &Context<'_>, from: &ModuleRef, to: &ModuleRef) -> Vec<Finding> {
    let index = context.index;
    let Some(route) = Route::new(index, from, to) else { return Vec::new() };
    let view = View::open(index, route.main);
    let finding = |outcome, evidence| {
        let message = format!("{} moves to {}", from.name, to.name);
        let mut finding = view.finding(Span::at(0), message, Some(Spelling::of(Form::Definition)), outcome);
        finding.evidence = evidence;
        vec![finding]
    };
    if let Some(reason) = route.moves.keys().find_map(|&file| context.keeps(file)) {
        return finding(Outcome::Left(reason), Vec::new());
    }
    let config = config::follow(context, &route);
    let placed = assemble(index.snapshot(), &route.moves, config.edits.clone());
    let Ok(placed) = placed.and_then(|change| index.snapshot().with(&change).map_err(|_| Reason::PlaceTaken)) else {
        return finding(Outcome::Left(Reason::PlaceTaken), Vec::new());
    };
    let options =
        Options { projects: index.options().projects.as_ref().map(|all| all.iter().map(|path| route.path(path)).collect()) };
    let moving = Moving { context, route: &route, modules: Modules::new(&placed, &options), placed };
    let files: Vec<FileId> = index.typescript().files().collect();
    let rewritten: Vec<Rewritten> = files.into_par_iter().map(|file| moving.rewrite(file)).collect();
    let blockers: Vec<Evidence> = rewritten.iter().flat_map(|file| file.blockers.iter().cloned()).collect();
    if !blockers.is_empty() {
        return finding(Outcome::Left(Reason::StillReferenced), blockers);
    }
    let is_lost = |(file, specifier, _): &&(FileId, String, Evidence)| moving.is_lost(*file, specifier);
    let lost: Vec<_> = config.specifiers.iter().filter(is_lost).map(|(.., quote)| (Reason::InConfig, quote.clone())).collect();
    let found = route.moves.iter().filter_map(|(&file, to)| {
        let path = &index.snapshot().get(file).path;
        let by = by_old_path(path, to)?;
        let text = format!("by {by}");
        Some((Reason::FoundOtherwise, Evidence { role: "found", at: Some((path.clone(), 1)), text }))
    });
    let found: Vec<_> = found.collect();
    let own = config.doubts.iter().chain(&lost).chain(&found);
    let doubts = || own.clone().chain(rewritten.iter().flat_map(|file| &file.doubts));
    let reason = doubts().map(|(reason, _)| *reason).min();
    let evidence: Vec<Evidence> = doubts().map(|(_, evidence)| evidence.clone()).collect();
    let mut edits = config.edits.clone();
    edits.extend(rewritten.into_iter().filter(|file| !file.edits.is_empty()).map(|file| (file.file, file.edits)));
    match assemble(index.snapshot(), &route.moves, edits) {
        Ok(change) => finding(Outcome::Fix(Fix::judged(reason, change)), evidence),
        Err(reason) => finding(Outcome::Left(reason), evidence),
    }
}

/// The change that moves the files and makes edits in them and in others; `None` where there is something at a new place.
fn assemble(snapshot: &Snapshot, moves: &Moves, edits: BTreeMap<FileId, Vec<Edit>>) -> Result<SourceChange, Reason> {
    let mut texts: BTreeMap<FileId, TextEdit> = BTreeMap::new();
    for (file, edits) in edits {
        texts.insert(file, TextEdit::new(edits).map_err(|_| Reason::ParsersDisagree)?);
    }
    let mut change = SourceChange::default();
    let path = |file: FileId| snapshot.get(file).path.clone();
    let whole = moves.iter().map(|(&file, to)| {
        let edit = texts.remove(&file).unwrap_or_default();
        SourceChange::of(path(file), FileChange::Move { to: to.clone(), edit })
    });
    let whole: Vec<SourceChange> = whole.collect();
    let inside = texts.into_iter().map(|(file, edit)| SourceChange::edit(path(file), edit));
    for one in whole.into_iter().chain(inside) {
        change.union(&one).map_err(|_| Reason::PlaceTaken)?;
    }
    Ok(change)
}

/// What becomes of a file's specifiers.
struct Rewritten {
    file: FileId,
    edits: Vec<Edit>,
    /// What cannot follow.
    blockers: Vec<Evidence>,
    /// What follows and has to be looked at, or may name the module and stays.
    doubts: Vec<(Reason, Evidence)>,
}

struct Moving<'m> {
    context: &'m Context<'m>,
    route: &'m Route,
    placed: Snapshot,
    modules: Modules,
}

impl Moving<'_> {
    fn path(&self, file: FileId) -> &RepoPath {
        self.route.moves.get(&file).unwrap_or_else(|| &self.context.index.snapshot().get(file).path)
    }

    fn rewrite(&self, file: FileId) -> Rewritten {
        let index = self.context.index;
        let view = View::open(index, file);
        let mut rewritten = Rewritten { file, edits: Vec::new(), blockers: Vec::new(), doubts: Vec::new() };
        let mut specifiers = Vec::new();
        for (at, request) in view.facts.requests.iter().enumerate() {
            let id = RequestId::new(at);
            match self.specifier(&view, id) {
                Spelled::Same => {}
                Spelled::Anew(specifier) => specifiers.push((id, specifier)),
                Spelled::Not => rewritten.blockers.push(view.quote("specifier", request.span)),
            }
        }
        if !specifiers.is_empty() {
            let reason = self.context.keeps(file).or((!view.facts.errors.is_empty()).then_some(Reason::Unparsable));
            if let Some(reason) = reason {
                rewritten.blockers.push(view.quote(reason.code(), view.facts.requests[specifiers[0].0.index()].span));
                return rewritten;
            }
            let change = imports::Change { specifiers, ..Default::default() };
            let edits = index
                .tree(file, &view.text)
                .and_then(|tree| imports::edits(&Source { text: &view.text, facts: view.facts, tree }, &change).ok());
            match edits {
                Some(edits) => rewritten.edits = edits,
                None => {
                    rewritten.blockers.push(view.quote("specifier", view.facts.requests[change.specifiers[0].0.index()].span))
                }
            }
        }
        if !view.facts.errors.is_empty() {
            let unread = self.unread(&view).map(|span| view.quote(Reason::Unparsable.code(), span));
            rewritten.blockers.extend(unread);
        }
        self.doubt(&view, &mut rewritten);
        rewritten
    }

    /// What a specifier has to be afterwards.
    fn specifier(&self, view: &View<'_>, id: RequestId) -> Spelled {
        let Module::File(target) = view.code.targets(view.file)[id.index()].module else { return Spelled::Same };
        let request = &view.facts.requests[id.index()];
        let old = view.facts.names.get(request.specifier);
        let means = |specifier: &str| self.leads(view.file, specifier, kind(request), target);
        match request.kind {
            _ if means(old) => Spelled::Same,
            RequestKind::ReferenceTypes => Spelled::Not,
            _ => match self.modules.spell(self.path(view.file), self.path(target), old).filter(|new| means(new)) {
                Some(new) => Spelled::Anew(new),
                None => Spelled::Not,
            },
        }
    }

    /// Whether a specifier of a file leads to another one afterwards.
    fn leads(&self, file: FileId, specifier: &str, kind: Kind, target: FileId) -> bool {
        let found = self.modules.resolve_at(self.path(file), specifier, kind).module;
        matches!(found, Module::File(file) if self.placed.get(file).path == *self.path(target))
    }

    /// The place of a string of a file that does not parse, which may be a specifier and would not lead where it leads today.
    fn unread(&self, view: &View<'_>) -> Option<Span> {
        let lost = |(at, text): &(usize, &str)| {
            let found = view.code.modules().resolve(view.file, text, Kind::Import).module;
            let is_lost = matches!(found, Module::File(target) if !self.leads(view.file, text, Kind::Import, target));
            is_lost.then(|| Span::at(*at as u32))
        };
        quoted(&view.text).iter().find_map(lost)
    }

    /// Whether a string that may be a specifier leads to a file that moves, and would not lead there any more.
    fn is_lost(&self, file: FileId, specifier: &str) -> bool {
        self.lost(file, specifier).is_some()
    }

    /// The file that moves to which a string leads that may be a specifier, and would not lead any more.
    fn lost(&self, file: FileId, specifier: &str) -> Option<FileId> {
        let index = self.context.index;
        let from = &index.snapshot().get(file).path;
        let Module::File(target) = index.typescript().modules().resolve_at(from, specifier, Kind::Import).module else {
            return None;
        };
        let is_lost = self.route.moves.contains_key(&target) && !self.leads(file, specifier, Kind::Import, target);
        is_lost.then_some(target)
    }

    /// Strings that may name what moves, and that nothing is known of. A path that is there follows, for a person to look at.
    fn doubt(&self, view: &View<'_>, rewritten: &mut Rewritten) {
        let is_kept = self.context.keeps(view.file).is_some() || !view.facts.errors.is_empty();
        for &(value, span) in &view.facts.paths {
            let value = view.facts.names.get(value);
            let bases = self.route.bases(view.path, value);
            let lost = self.lost(view.file, value);
            // One in a JSDoc type is a specifier.
            let is_specifier = view.facts.comments.iter().any(|comment| comment.covers(span));
            let spelled = |target: FileId| self.modules.spell(self.path(view.file), self.path(target), value);
            let new = bases.iter().find_map(|base| self.route.follow_exact(base, value));
            let new = new.or_else(|| lost.filter(|_| is_specifier).and_then(spelled));
            if new.is_none() && lost.is_none() {
                continue;
            }
            let inside = Span::new(span.start + 1, span.end - 1);
            let is_plain = &view.text[inside.range()] == value;
            rewritten.edits.extend(new.filter(|_| is_plain && !is_kept).map(|new| Edit::replace(inside, new)));
            rewritten.doubts.push((Reason::InString, view.quote("string", span)));
        }
        for computed in &view.facts.computed {
            let prefix = view.facts.names.get(computed.prefix);
            let new = self.prefix(view, prefix);
            let is_open = prefix.is_empty() && self.route.moves.contains_key(&view.file);
            if new.is_none() && !is_open && !self.may_lead(view, prefix) {
                continue;
            }
            let start = computed.span.start + 1;
            let inside = Span::new(start, start + prefix.len() as u32);
            let is_plain = view.text.get(inside.range()) == Some(prefix);
            rewritten.edits.extend(new.filter(|_| is_plain && !is_kept).map(|new| Edit::replace(inside, new)));
            rewritten.doubts.push((Reason::Computed, view.quote("computed", computed.span)));
        }
    }

    /// The new beginning of a relative specifier that is put together, where its folder lies elsewhere afterwards.
    fn prefix(&self, view: &View<'_>, prefix: &str) -> Option<String> {
        let (folder, start) = prefix.rsplit_once('/').filter(|_| prefix.starts_with('.'))?;
        Some(self.route.follow(&self.route.own(view.path), &format!("{folder}/"))? + start)
    }

    /// Whether a specifier that begins so may lead to a file that moves.
    fn may_lead(&self, view: &View<'_>, prefix: &str) -> bool {
        let Some((folder, start)) = prefix.rsplit_once('/') else { return false };
        let snapshot = self.context.index.snapshot();
        self.route.moves.keys().any(|&file| {
            let Some(path) = snapshot.get(file).path.as_str() else { return false };
            let Some((_, name)) = path.rsplit_once('/') else { return false };
            let stem = name.split('.').next().unwrap_or(name);
            let whole = view.code.modules().resolve(view.file, &format!("{folder}/{stem}"), Kind::Import);
            stem.starts_with(start) && whole.module == Module::File(file)
        })
    }
}

enum Spelled {
    Same,
    Anew(String),
    Not,
}

/// What stands between quotes on one line, without blanks, with its place.
fn quoted(text: &str) -> Vec<(usize, &str)> {
    let is_quote = |c: char| matches!(c, '"' | '\'' | '`');
    let ends: Vec<(usize, &str)> = text.match_indices(is_quote).collect();
    let pairs = ends.windows(2).filter(|pair| pair[0].1 == pair[1].1);
    let inside = pairs.map(|pair| (pair[0].0 + 1, &text[pair[0].0 + 1..pair[1].0]));
    inside.filter(|(_, text)| !text.is_empty() && !text.contains(char::is_whitespace)).collect()
}
