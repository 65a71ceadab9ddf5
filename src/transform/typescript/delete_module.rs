//! `delete-module` for TypeScript: files and folders go once nothing outside of them asks for them.
//!
//! With a module goes what describes it (`.d.ts`) and what tests replace it by (`__mocks__`). Whatever asks counts: imports, `require`,
//! mocks, `new URL`, references, `declare module`. What a framework, a runner or the users of a package find by its path has nobody to
//! look for, so its deletion is for review, and so is that of what a configuration or a text names. A module that a step has left with
//! nothing goes with the stars of barrels that now bring nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::found::found;
use super::named::{ModuleRef, is_folder};
use super::remove_unused_imports::has_word;
use super::{View, package, refused};
use crate::index::Index;
use crate::lang::config::Format;
use crate::lang::typescript::facts::{Exported, Request, RequestId, RequestKind};
use crate::lang::typescript::missing::{free_names, is_global, shared_names};
use crate::lang::typescript::modules::{Kind, Module};
use crate::lang::typescript::{definitions, exports, is_source};
use crate::text::change::{FileChange, SourceChange};
use crate::text::edit::TextEdit;
use crate::text::snapshot::FileId;
use crate::text::span::Span;
use crate::transform::finding::{Bond, Evidence, Finding, Fix, Form, Outcome, Reason, Spelling};
use crate::transform::wire::{Problem, Table};
use crate::transform::{Clearing, Context, Rule, Subject};

/// The endings of the files that are one module.
const ENDINGS: [&str; 11] = ["ts", "tsx", "mts", "cts", "js", "jsx", "mjs", "cjs", "d.ts", "d.mts", "d.cts"];

struct DeleteModule {
    modules: Vec<ModuleRef>,
    cascade: bool,
}

/// Reads the parameters.
pub fn read(table: &Table<'_>) -> Option<Box<dyn Rule>> {
    if package::is_meant(table) {
        return package::read(table);
    }
    let modules = table.strings("of").into_iter().filter_map(|text| ModuleRef::read(table, text)).collect();
    Some(Box::new(DeleteModule { modules, cascade: table.flag("cascade") }))
}

/// A module that is to go.
struct Doomed {
    message: String,
    files: Vec<FileId>,
    /// What asks for it.
    blockers: Vec<(FileId, Evidence)>,
    /// What may find it.
    suspects: Vec<(Reason, FileId, Evidence)>,
    /// The stars for it, which bring nothing any more.
    stars: Vec<(FileId, Span)>,
}

impl Rule for DeleteModule {
    fn check(&self, index: &Index) -> Vec<Problem> {
        let is_gone = |module: &&ModuleRef| files(index, module).is_empty();
        self.modules.iter().filter(is_gone).filter_map(|module| module.check(index)).collect()
    }

    fn find(&self, context: &Context<'_>) -> Vec<Finding> {
        let doomed = self.modules.iter().map(|module| {
            let message = format!("delete {}", module.name);
            Doomed::new(context.index, files(context.index, module), message, false)
        });
        judge(context, doomed.collect())
    }

    fn subjects(&self, _: &Index) -> Vec<Subject> {
        Vec::new()
    }

    fn clears(&self) -> Clearing {
        Clearing { helpers: self.cascade, empty_modules: true }
    }
}

/// Finds what becomes of those among some files that have been left with nothing.
pub fn emptied(context: &Context<'_>, files: &[FileId]) -> Vec<Finding> {
    let index = context.index;
    let doomed = |&file: &FileId| {
        let name = index.typescript().modules().name(file)?;
        let message = format!("delete {name}, which this step emptied");
        is_empty(index, file).then(|| Doomed::new(index, vec![file], message, true))
    };
    judge(context, files.iter().filter_map(doomed).collect())
}

/// Whether a module has nothing but comments and directives.
pub fn is_empty(index: &Index, file: FileId) -> bool {
    View::open(index, file).source().is_some_and(|source| exports::is_empty(&source))
}

/// The files of a module with what describes or replaces it, or all of a folder.
fn files(index: &Index, module: &ModuleRef) -> Vec<FileId> {
    let name = module.name.trim_start_matches("./");
    let all = index.snapshot().files().iter().enumerate();
    let paths: Vec<(FileId, &str)> = all.filter_map(|(at, file)| Some((FileId::new(at), file.path.as_str()?))).collect();
    let is_of = |path: &str, stem: &str| {
        let ending = path.strip_prefix(stem).and_then(|rest| rest.strip_prefix('.'));
        ending.is_some_and(|ending| ENDINGS.contains(&ending))
    };
    let has_file = paths.iter().any(|(_, path)| is_of(path, name));
    if is_folder(index, &module.name) && (module.is_folder || !has_file) {
        let folder = format!("{name}/");
        return paths.iter().filter(|(_, path)| path.starts_with(&folder)).map(|(file, _)| *file).collect();
    }
    let mock = match name.rsplit_once('/') {
        Some((folder, name)) => format!("{folder}/__mocks__/{name}"),
        None => format!("__mocks__/{name}"),
    };
    paths.iter().filter(|(_, path)| is_of(path, name) || (has_file && is_of(path, &mock))).map(|(file, _)| *file).collect()
}

impl Doomed {
    fn new(index: &Index, files: Vec<FileId>, message: String, is_emptied: bool) -> Self {
        let mut doomed = Self { message, files, blockers: Vec::new(), suspects: Vec::new(), stars: Vec::new() };
        let code = index.typescript();
        let shared: BTreeSet<&str> = doomed.files.iter().flat_map(|file| shared_names(code.facts(*file))).collect();
        for file in code.files().filter(|_| !doomed.files.is_empty()).collect::<Vec<_>>() {
            if !doomed.files.contains(&file) {
                doomed.look_at(index, file, is_emptied);
                doomed.blockers.extend(users(index, file, &shared));
            }
        }
        let own = doomed.files.clone();
        doomed.suspects.extend(own.iter().filter_map(|&file| Some((Reason::FoundOtherwise, file, shared_by(index, file)?))));
        doomed.suspects.extend(own.iter().filter_map(|&file| Some((Reason::FoundOtherwise, file, found_as(index, file)?))));
        doomed.suspects.extend(in_config(index, &own));
        doomed
    }

    /// What a file asks for.
    fn look_at(&mut self, index: &Index, file: FileId, is_emptied: bool) {
        let code = index.typescript();
        let facts = code.facts(file);
        let is_own = |module: &Module| matches!(module, Module::File(file) if self.files.contains(file));
        let asking = code.targets(file).iter().enumerate().filter(|(_, target)| is_own(&target.module));
        let asking: Vec<RequestId> = asking.map(|(at, _)| RequestId::new(at)).collect();
        let is_path = |specifier: &str| is_own(&code.modules().resolve(file, specifier, Kind::Import).module);
        let texts = facts.paths.iter().filter(|(path, _)| is_path(facts.names.get(*path)));
        let texts: Vec<Span> = texts.map(|(_, span)| *span).collect();
        let is_broken = !facts.errors.is_empty();
        if asking.is_empty() && texts.is_empty() && facts.computed.is_empty() && !is_broken {
            return;
        }
        let view = View::open(index, file);
        let is_star = |id: RequestId| facts.exports.iter().any(|export| export.what == Exported::Star(id));
        for id in asking {
            let request = &facts.requests[id.index()];
            if is_emptied && is_star(id) {
                self.stars.push((file, request.whole));
                continue;
            }
            let role = match request.kind {
                RequestKind::Mock(_) => "mock",
                RequestKind::Augmentation => "augmentation",
                _ => "import",
            };
            self.blockers.push((file, view.quote(role, request.span)));
        }
        self.suspects.extend(texts.into_iter().map(|span| (Reason::InString, file, view.quote("string", span))));
        let may_lead = |computed: &&_| self.files.iter().any(|&own| view.may_lead(computed, own));
        let computed: Vec<_> = facts.computed.iter().filter(may_lead).collect();
        self.suspects.extend(computed.into_iter().map(|it| (Reason::Computed, file, view.quote("computed", it.span))));
        let spells = |file: &FileId| stem(index, *file).is_some_and(|stem| has_word(&view.text, stem));
        if let Some(error) = facts.errors.first().filter(|_| self.files.iter().any(spells)) {
            self.blockers.push((file, view.quote("unparsable", error.span)));
        }
    }

    /// Whether something asks for it that stays.
    fn is_blocked(&self, going: &BTreeSet<FileId>) -> bool {
        self.blockers.iter().any(|(file, _)| !going.contains(file))
    }

    /// Why its files may not be deleted, or what goes with them not be edited, if so.
    fn kept(&self, context: &Context<'_>) -> Option<Reason> {
        self.files.iter().chain(self.stars.iter().map(|(file, _)| file)).find_map(|&file| context.keeps(file))
    }
}

/// Where a file uses names that others share with it, and that nothing else gives it.
fn users(index: &Index, file: FileId, shared: &BTreeSet<&str>) -> Vec<(FileId, Evidence)> {
    if shared.is_empty() {
        return Vec::new();
    }
    let view = View::open(index, file);
    let used = free_names(view.facts).into_iter().filter(|(name, _)| shared.contains(name) && !is_global(name));
    used.map(|(_, offset)| (file, view.quote("reference", Span::at(offset)))).collect()
}

/// What a file declares for all others: global names, or modules that are no files.
fn shared_by(index: &Index, file: FileId) -> Option<Evidence> {
    let view = View::open(index, file);
    let facts = view.facts;
    let name = shared_names(facts).next().map(|name| format!("by all files, which share its `{name}`"));
    let is_ambient = |request: &&Request| !facts.is_module && request.kind == RequestKind::Augmentation;
    let text = name.or_else(|| {
        let request = facts.requests.iter().find(is_ambient)?;
        Some(format!("by all files: it declares the module \"{}\"", facts.names.get(request.specifier)))
    })?;
    Some(Evidence { role: "found", at: Some((view.path.clone(), 1)), text })
}

/// Who finds a file; a replacement for tests is found through what it replaces.
fn found_as(index: &Index, file: FileId) -> Option<Evidence> {
    let path = &index.snapshot().get(file).path;
    let is_mock = path.components().any(|part| part == b"__mocks__");
    if is_mock || !is_source(path) { None } else { found(index, file) }
}

/// The name of a file without its endings.
fn stem(index: &Index, file: FileId) -> Option<&str> {
    let name = index.snapshot().get(file).path.as_str()?.rsplit('/').next()?;
    name.split('.').next().filter(|stem| !stem.is_empty() && *stem != "index")
}

/// The places in configuration files that name a file by its path, seen from where they lie or from the top.
fn in_config(index: &Index, files: &[FileId]) -> Vec<(Reason, FileId, Evidence)> {
    let snapshot = index.snapshot();
    let mut found = Vec::new();
    let configs = snapshot.files().iter().enumerate().filter(|(_, file)| Format::of(&file.path).is_some());
    for (at, config) in configs {
        let id = FileId::new(at);
        let folder = config.path.as_str().and_then(|path| path.rsplit_once('/')).map_or("", |(folder, _)| folder);
        let Ok(text) = index.text(id) else { continue };
        if crate::index::mentions::is_plan(&config.path, &text) {
            continue;
        }
        let seen = |path: &str| {
            let below = path.strip_prefix(folder).map(|rest| rest.trim_start_matches('/'));
            let plain = |path: &str| {
                let ending = ENDINGS.iter().find_map(|ending| path.strip_suffix(ending)?.strip_suffix('.'));
                ending.filter(|plain| plain.contains('/')).map(str::to_owned)
            };
            let all = [Some(path), below].into_iter().flatten();
            all.flat_map(|path| [Some(path.to_owned()), plain(path)]).flatten().collect::<BTreeSet<_>>()
        };
        let paths = files.iter().filter_map(|file| snapshot.get(*file).path.as_str());
        let spans = paths.flat_map(seen).filter_map(|path| place_of(&text, &path));
        found.extend(spans.min().map(|start| {
            let line = text[crate::text::eol::line_start(&text, start)..crate::text::eol::line_end(&text, start)].trim();
            let at = Some((config.path.clone(), index.position(id, start as u32).line));
            (Reason::InConfig, id, Evidence { role: "config", at, text: line.to_owned() })
        }));
    }
    found
}

/// Where a text has a path, by itself or behind `./`, `/` or `<rootDir>/`.
fn place_of(text: &str, path: &str) -> Option<usize> {
    let is_part = |c: char| c == '_' || c == '-' || c.is_alphanumeric();
    let is_whole = |at: usize| {
        let before = text[..at].trim_end_matches("./").trim_end_matches('/').trim_end_matches("<rootDir>");
        let is_start = before.ends_with(['"', '\'', ' ', '=', '(', ',', ':', '\n']) || before.is_empty();
        is_start && !text[at + path.len()..].starts_with(is_part)
    };
    text.match_indices(path).map(|(at, _)| at).find(|at| is_whole(*at))
}

/// Judges modules that are to go: the greatest set goes that nothing outside of it asks for.
fn judge(context: &Context<'_>, mut doomed: Vec<Doomed>) -> Vec<Finding> {
    doomed.retain(|module| !module.files.is_empty());
    let mut going: BTreeSet<FileId> = doomed.iter().flat_map(|module| module.files.iter().copied()).collect();
    loop {
        // A module that has to stay holds on to what it asks for.
        let is_held = |module: &&Doomed| module.is_blocked(&going) || module.kept(context).is_some();
        let held: Vec<FileId> = doomed.iter().filter(is_held).flat_map(|module| module.files.iter().copied()).collect();
        let before = going.len();
        going.retain(|file| !held.contains(file));
        if going.len() == before {
            break;
        }
    }
    let stars = stars(context.index, &doomed, &going);
    let mut carried = stars.as_ref().ok().cloned().unwrap_or_default();
    let refused = stars.err();
    doomed.iter().flat_map(|module| findings(context, module, &going, &mut carried, refused)).collect()
}

/// The change that takes the stars out that bring nothing any more.
fn stars(index: &Index, doomed: &[Doomed], going: &BTreeSet<FileId>) -> Result<SourceChange, Reason> {
    let mut by_file: BTreeMap<FileId, Vec<Span>> = BTreeMap::new();
    let is_going = |module: &&Doomed| module.files.iter().all(|file| going.contains(file));
    for (file, span) in doomed.iter().filter(is_going).flat_map(|module| &module.stars) {
        by_file.entry(*file).or_default().push(*span);
    }
    let mut change = SourceChange::default();
    for (file, statements) in by_file.iter().filter(|(file, _)| !going.contains(file)) {
        let view = View::open(index, *file);
        let source = view.source().ok_or(Reason::ParsersDisagree)?;
        let edits = definitions::removal_with(&source, &[], statements).map_err(refused)?;
        let edit = TextEdit::new(edits).map_err(|_| Reason::ParsersDisagree)?;
        change.union(&SourceChange::edit(view.path.clone(), edit)).map_err(|_| Reason::ParsersDisagree)?;
    }
    Ok(change)
}

/// One finding for each file of a module. The first of those with stars takes all stars along.
fn findings(
    context: &Context<'_>,
    module: &Doomed,
    going: &BTreeSet<FileId>,
    stars: &mut SourceChange,
    refused: Option<Reason>,
) -> Vec<Finding> {
    const KEY: &str = "stars of emptied modules";
    let index = context.index;
    let kept = module.kept(context).or(refused.filter(|_| !module.stars.is_empty())).filter(|_| !module.is_blocked(going));
    let is_held = kept.is_none() && module.files.iter().any(|file| !going.contains(file));
    let suspects = || module.suspects.iter().filter(|(_, file, _)| !going.contains(file) || module.files.contains(file));
    let mut finding = |file: FileId| {
        let view = View::open(index, file);
        let outcome = match kept {
            Some(reason) => Outcome::Left(reason),
            None if is_held => Outcome::Left(Reason::StillReferenced),
            None => {
                let mut change = SourceChange::of(view.path.clone(), FileChange::Delete);
                let mut bond = Bond::default();
                if !module.stars.is_empty() {
                    let carried = std::mem::take(stars);
                    let keys = vec![KEY.to_owned()];
                    bond = match carried.is_empty() {
                        true => Bond { settles: Vec::new(), needs: keys },
                        false => Bond { settles: keys, needs: Vec::new() },
                    };
                    // Other files than those that go.
                    let _ = change.union(&carried);
                }
                Outcome::Fix(Fix { bond, ..Fix::judged(suspects().map(|(reason, ..)| *reason).min(), change) })
            }
        };
        let mut finding = view.finding(Span::at(0), module.message.clone(), Some(Spelling::of(Form::Definition)), outcome);
        let blockers = module.blockers.iter().filter(|(file, _)| !going.contains(file)).map(|(_, blocker)| blocker.clone());
        finding.evidence = blockers.collect();
        finding.evidence.extend(suspects().map(|(_, _, evidence)| evidence.clone()));
        finding
    };
    match (&module.files[..], is_held) {
        // What asks for a folder is listed once.
        ([first, ..], true) => vec![finding(*first)],
        (files, _) => files.iter().map(|&file| finding(file)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_names_a_path_or_not() {
        assert!(place_of("{ \"main\": \"./lib/auth.ts\" }", "lib/auth.ts").is_some());
        assert!(place_of("{ \"files\": [\"auth.ts\"] }", "auth.ts").is_some());
        assert!(place_of("\"<rootDir>/lib/auth\"", "lib/auth").is_some());
        assert!(place_of("{ \"main\": \"./mylib/auth.ts\" }", "lib/auth.ts").is_none());
        assert!(place_of("\"lib/authority\"", "lib/auth").is_none());
        assert!(place_of("\"other/lib/auth\"", "lib/auth").is_none());
    }
}
