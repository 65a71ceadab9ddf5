//! Moving files, with every string that names one of them, or nothing.
//!
//! The files are put into their new places in memory first; then every specifier of every file is asked what it means there. One that
//! still means the same file stays as it is, every other is spelled anew, in the style that it has.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::index::Index;
use crate::index::typescript::kind;
use crate::lang::typescript::facts::{RequestId, RequestKind};
use crate::lang::typescript::imports::{self, Source};
use crate::lang::typescript::is_source;
use crate::lang::typescript::modules::{Module, Modules, Options};
use crate::text::change::{FileChange, SourceChange};
use crate::text::edit::{Edit, TextEdit};
use crate::text::path::RepoPath;
use crate::text::snapshot::{FileId, Snapshot};
use crate::text::span::Span;
use crate::transform::Context;
use crate::transform::finding::{Evidence, Finding, Fix, Form, Outcome, Reason, Spelling};
use crate::transform::typescript::View;
use crate::transform::typescript::named::{ModuleRef, is_folder};

/// Where each file goes.
type Moves = BTreeMap<FileId, RepoPath>;

/// Moves the files of a module or folder. Where one string that names them cannot follow, nothing moves.
pub fn move_files(context: &Context<'_>, from: &ModuleRef, to: &ModuleRef) -> Vec<Finding> {
    let index = context.index;
    let Some((main, moves)) = destinations(index, from, to) else { return Vec::new() };
    let view = View::open(index, main);
    let finding = |outcome, evidence| {
        let message = format!("{} moves to {}", from.name, to.name);
        let mut finding = view.finding(Span::at(0), message, Some(Spelling::of(Form::Definition)), outcome);
        finding.evidence = evidence;
        vec![finding]
    };
    if let Some(reason) = moves.keys().find_map(|&file| context.keeps(file)) {
        return finding(Outcome::Left(reason), Vec::new());
    }
    let Some(placed) = placed(index.snapshot(), &moves) else {
        return finding(Outcome::Left(Reason::PlaceTaken), Vec::new());
    };
    let moving = Moving {
        context,
        moves: &moves,
        modules: Modules::new(&placed, &Options { projects: index.options().projects.clone() }),
        placed,
    };
    let files: Vec<FileId> = index.typescript().files().collect();
    let rewritten: Vec<Rewritten> = files.into_par_iter().map(|file| moving.rewrite(file)).collect();
    let blockers: Vec<Evidence> = rewritten.iter().flat_map(|file| file.blockers.iter().cloned()).collect();
    if !blockers.is_empty() {
        return finding(Outcome::Left(Reason::StillReferenced), blockers);
    }
    let doubts: Vec<(Reason, Evidence)> = rewritten.iter().flat_map(|file| file.doubts.iter().cloned()).collect();
    let reason = doubts.iter().map(|(reason, _)| *reason).min();
    let evidence: Vec<Evidence> = doubts.into_iter().map(|(_, evidence)| evidence).collect();
    match assemble(index, &moves, rewritten) {
        Some(change) => finding(Outcome::Fix(Fix::judged(reason, change)), evidence),
        None => finding(Outcome::Left(Reason::ParsersDisagree), evidence),
    }
}

/// The files that move, and the first of them: those of one module with what describes or mocks it, or all of a folder.
fn destinations(index: &Index, from: &ModuleRef, to: &ModuleRef) -> Option<(FileId, Moves)> {
    let plain = |name: &str| name.trim_start_matches("./").to_owned();
    let (old, new) = (plain(&from.name), plain(&to.name));
    let parts = if is_folder(index, &from.name) && (from.is_folder || !has_file(index, &old)) {
        vec![(format!("{old}/"), format!("{new}/"))]
    } else {
        vec![(format!("{old}."), format!("{new}.")), (format!("{}.", mock_of(&old)), format!("{}.", mock_of(&new)))]
    };
    let mut moves = Moves::new();
    for (at, file) in index.snapshot().files().iter().enumerate() {
        let Some(path) = file.path.as_str() else { continue };
        for (old, new) in &parts {
            let Some(rest) = path.strip_prefix(old.as_str()) else { continue };
            // Of a module's name only what ends a file of it may follow: `auth.test.ts` is another module.
            if old.ends_with('/')
                || matches!(rest, "ts" | "tsx" | "mts" | "cts" | "js" | "jsx" | "mjs" | "cjs" | "d.ts" | "d.mts" | "d.cts")
            {
                moves.insert(FileId::new(at), RepoPath::new(format!("{new}{rest}"))?);
            }
        }
    }
    let first = moves.keys().find(|&&file| is_source(&index.snapshot().get(file).path)).or(moves.keys().next());
    Some((*first?, moves))
}

fn has_file(index: &Index, path: &str) -> bool {
    const ENDINGS: [&str; 11] = ["ts", "tsx", "mts", "cts", "js", "jsx", "mjs", "cjs", "d.ts", "d.mts", "d.cts"];
    let is_there =
        |ending: &&str| RepoPath::new(format!("{path}.{ending}")).is_some_and(|path| index.snapshot().id(&path).is_some());
    ENDINGS.iter().any(|ending| is_there(&ending))
}

/// Where jest looks for the replacement of a module that is mocked without a factory (Jest manual, "Manual Mocks").
fn mock_of(module: &str) -> String {
    match module.rsplit_once('/') {
        Some((folder, name)) => format!("{folder}/__mocks__/{name}"),
        None => format!("__mocks__/{module}"),
    }
}

/// The snapshot with the files in their new places; `None` where there is something.
fn placed(snapshot: &Snapshot, moves: &Moves) -> Option<Snapshot> {
    let mut change = SourceChange::default();
    for (&file, to) in moves {
        let path = snapshot.get(file).path.clone();
        change.union(&SourceChange::of(path, FileChange::Move { to: to.clone(), edit: TextEdit::default() })).ok()?;
    }
    snapshot.with(&change).ok()
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
    moves: &'m Moves,
    placed: Snapshot,
    modules: Modules,
}

impl Moving<'_> {
    fn path<'s>(&'s self, file: FileId) -> &'s RepoPath {
        self.moves.get(&file).unwrap_or_else(|| &self.context.index.snapshot().get(file).path)
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
        self.doubt(&view, &mut rewritten);
        rewritten
    }

    /// What a specifier has to be afterwards.
    fn specifier(&self, view: &View<'_>, id: RequestId) -> Spelled {
        let Module::File(target) = view.code.targets(view.file)[id.index()].module else { return Spelled::Same };
        let (from, to) = (self.path(view.file), self.path(target));
        let request = &view.facts.requests[id.index()];
        let old = view.facts.names.get(request.specifier);
        let means = |specifier: &str| match self.modules.resolve_at(from, specifier, kind(request)).module {
            Module::File(file) => self.placed.get(file).path == *to,
            Module::Absent(_) => false,
        };
        match request.kind {
            // A path as it is, without the rules of modules.
            _ if means(old) => Spelled::Same,
            RequestKind::ReferenceTypes => Spelled::Not,
            _ => match self.modules.spell(from, to, old).filter(|new| means(new)) {
                Some(new) => Spelled::Anew(new),
                None => Spelled::Not,
            },
        }
    }

    /// Strings that may name what moves, and that nothing is known of.
    fn doubt(&self, view: &View<'_>, rewritten: &mut Rewritten) {
        let names = |specifier: &str| {
            let found = view.code.modules().resolve(view.file, specifier, crate::lang::typescript::modules::Kind::Import);
            matches!(found.module, Module::File(file) if self.moves.contains_key(&file))
        };
        for &(path, span) in view.facts.paths.iter().filter(|(path, _)| names(view.facts.names.get(*path))) {
            let _ = path;
            rewritten.doubts.push((Reason::InString, view.quote("string", span)));
        }
        let own = self.moves.contains_key(&view.file);
        for computed in &view.facts.computed {
            let prefix = view.facts.names.get(computed.prefix);
            let is_near = own || self.may_lead(view, prefix);
            if is_near {
                rewritten.doubts.push((Reason::Computed, view.quote("computed", computed.span)));
            }
        }
    }

    /// Whether a specifier that begins so may lead to a file that moves.
    fn may_lead(&self, view: &View<'_>, prefix: &str) -> bool {
        let Some((folder, start)) = prefix.rsplit_once('/') else { return false };
        let snapshot = self.context.index.snapshot();
        self.moves.keys().any(|&file| {
            let Some(path) = snapshot.get(file).path.as_str() else { return false };
            let Some((_, name)) = path.rsplit_once('/') else { return false };
            let stem = name.split('.').next().unwrap_or(name);
            let whole = view.code.modules().resolve(
                view.file,
                &format!("{folder}/{stem}"),
                crate::lang::typescript::modules::Kind::Import,
            );
            stem.starts_with(start) && whole.module == Module::File(file)
        })
    }
}

enum Spelled {
    Same,
    Anew(String),
    Not,
}

fn assemble(index: &Index, moves: &Moves, rewritten: Vec<Rewritten>) -> Option<SourceChange> {
    let mut edits: BTreeMap<FileId, TextEdit> = BTreeMap::new();
    for file in rewritten.into_iter().filter(|file| !file.edits.is_empty()) {
        edits.insert(file.file, TextEdit::new(file.edits).ok()?);
    }
    let mut change = SourceChange::default();
    let path = |file: FileId| index.snapshot().get(file).path.clone();
    for (&file, to) in moves {
        let edit = edits.remove(&file).unwrap_or_default();
        change.union(&SourceChange::of(path(file), FileChange::Move { to: to.clone(), edit })).ok()?;
    }
    for (file, edit) in edits {
        change.union(&SourceChange::edit(path(file), edit)).ok()?;
    }
    Some(change)
}
