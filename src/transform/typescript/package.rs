//! `delete-module` for a package of npm: once no request of any kind names it, its line in each `package.json` goes.
//!
//! What an installation wrote of it (a lock file) is for the package manager to bring up to date, so that such a change is for review.

use rayon::prelude::*;

use super::View;
use super::query::language;
use crate::index::Index;
use crate::index::typescript::references::{Search, Target};
use crate::lang::typescript::manifest::{Dependency, members, removal};
use crate::lang::typescript::{is_config, is_source};
use crate::text::change::SourceChange;
use crate::text::edit::TextEdit;
use crate::text::path::RepoPath;
use crate::text::snapshot::FileId;
use crate::text::span::Span;
use crate::transform::finding::{Evidence, Finding, Fix, Form, Outcome, Place, Reason, Spelling};
use crate::transform::wire::{Located, Problem, Table};
use crate::transform::{Context, Rule, Subject};

/// The lists of a manifest that say what an installation brings.
const INSTALLED: [&str; 3] = ["dependencies", "devDependencies", "optionalDependencies"];

/// The files that package managers write of an installation.
const LOCKS: [&[u8]; 5] = [b"package-lock.json", b"npm-shrinkwrap.json", b"yarn.lock", b"pnpm-lock.yaml", b"bun.lock"];

/// Whether a step's parameters name packages.
pub fn is_meant(table: &Table<'_>) -> bool {
    let names = table.strings("of");
    let is_typescript = language(table).is_some();
    let is_package = |name: &Located<String>| is_package(&name.value) && (is_typescript || name.value.contains(['-', '@']));
    !names.is_empty() && names.iter().all(is_package)
}

/// Whether a name is that of a package and not a path: `jwt-decode`, `@scope/name`.
fn is_package(name: &str) -> bool {
    let plain = |name: &str| !name.is_empty() && !name.starts_with('.') && !name.contains(['/', ':', '\\', ' ', '"']);
    match name.strip_prefix('@') {
        Some(scoped) => scoped.split_once('/').is_some_and(|(scope, name)| plain(scope) && plain(name)),
        None => plain(name),
    }
}

struct Package {
    names: Vec<String>,
}

/// Reads the parameters.
pub fn read(table: &Table<'_>) -> Option<Box<dyn Rule>> {
    let _ = language(table);
    Some(Box::new(Package { names: table.strings("of").into_iter().map(|name| name.value).collect() }))
}

impl Rule for Package {
    fn check(&self, _: &Index) -> Vec<Problem> {
        Vec::new()
    }

    fn find(&self, context: &Context<'_>) -> Vec<Finding> {
        self.names.iter().flat_map(|name| delete(context, name)).collect()
    }

    fn subjects(&self, _: &Index) -> Vec<Subject> {
        Vec::new()
    }
}

fn delete(context: &Context<'_>, name: &str) -> Vec<Finding> {
    let index = context.index;
    let manifests = files(index, &|path| path.file_name() == b"package.json" && context.in_scope_path(path));
    let listed: Vec<(FileId, String, Dependency)> = manifests
        .into_iter()
        .filter_map(|file| Some((file, index.text(file).ok()?)))
        .flat_map(|(file, text)| {
            let own = members(&text).into_iter().filter(|member| member.name == name);
            own.map(|member| (file, text.clone(), member)).collect::<Vec<_>>()
        })
        .collect();
    if listed.is_empty() {
        return Vec::new();
    }
    let users = users(index, name);
    let mentions = mentions(index, name);
    let finding = |(file, text, member): &(FileId, String, Dependency)| {
        let path = &index.snapshot().get(*file).path;
        let locks = locks(index, path, name);
        let manager = "what others have to install with it cannot be seen from here";
        let (outcome, evidence) = match () {
            () if !users.is_empty() => (Outcome::Left(Reason::StillReferenced), users.clone()),
            () if context.keeps(*file).is_some() => (Outcome::Left(Reason::OutOfScope), Vec::new()),
            () if !INSTALLED.contains(&member.section.as_str()) => {
                let because = Evidence { role: "because", at: None, text: format!("`{}`: {manager}", member.section) };
                (Outcome::Left(Reason::ForPerson), vec![because])
            }
            () => {
                let reason = match (mentions.is_empty(), locks.is_empty()) {
                    (false, _) => Some(Reason::InConfig),
                    (true, false) => Some(Reason::LockFile),
                    // The compiler takes what describes other packages, and what is global, without being asked.
                    (true, true) => name.starts_with("@types/").then_some(Reason::FoundOtherwise),
                };
                match TextEdit::new(vec![removal(text, member)]) {
                    Ok(edit) => {
                        let fix = Fix::judged(reason, SourceChange::edit(path.clone(), edit));
                        (Outcome::Fix(fix), [mentions.clone(), locks].concat())
                    }
                    Err(_) => (Outcome::Left(Reason::ParsersDisagree), Vec::new()),
                }
            }
        };
        let place = Place { path: path.clone(), span: member.span, position: index.position(*file, member.span.start) };
        let spelling = Some(Spelling::of(Form::Config));
        Finding { place, message: format!("delete the package {name}"), spelling, evidence, outcome }
    };
    listed.iter().map(finding).collect()
}

/// The files whose path is wanted, those of installed packages aside.
fn files(index: &Index, is_wanted: &dyn Fn(&RepoPath) -> bool) -> Vec<FileId> {
    let files = index.snapshot().files().iter().enumerate();
    let is_own = |path: &RepoPath| !path.components().any(|part| part == b"node_modules");
    files.filter(|(_, file)| is_own(&file.path) && is_wanted(&file.path)).map(|(at, _)| FileId::new(at)).collect()
}

/// Who asks for the package, in whatever way, and what stands in for it in tests.
fn users(index: &Index, name: &str) -> Vec<Evidence> {
    let code = index.typescript();
    let target = [Target::Module(name.into())];
    let references = Search::new(code, &target).run();
    let mut users: Vec<Evidence> =
        references.iter().map(|reference| View::open(index, reference.file).quote("used by", reference.span(code))).collect();
    let is_double = |path: &RepoPath| {
        let text = path.to_text();
        let (_, inner) = text.rsplit_once("__mocks__/").unwrap_or_default();
        is_source(path) && inner.rsplit_once('.').is_some_and(|(stem, _)| stem == name || stem == format!("{name}/index"))
    };
    users.extend(files(index, &is_double).into_iter().map(|file| View::open(index, file).quote("mock", Span::at(0))));
    let unread = code.files().filter(|&file| !code.facts(file).errors.is_empty());
    users.extend(unread.filter_map(|file| {
        let view = View::open(index, file);
        let at = view.text.find(name)? as u32;
        Some(view.quote("does not parse", Span::at(at)))
    }));
    users
}

/// Texts of configurations that name the package, apart from lists of packages and lock files: something may find it by them.
fn mentions(index: &Index, name: &str) -> Vec<Evidence> {
    let is_wanted = |path: &RepoPath| !LOCKS.contains(&path.file_name()) && (is_config(path) || is_settings(path));
    let in_file = |&file: &FileId| {
        let text = index.text(file).unwrap_or_default();
        let path = &index.snapshot().get(file).path;
        let own: Vec<Span> = match path.file_name() == b"package.json" {
            true => members(&text).into_iter().filter(|member| member.name == name).map(|member| member.span).collect(),
            false => Vec::new(),
        };
        let comments = if is_source(path) { &index.typescript().facts(file).comments[..] } else { &[] };
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '@');
        let places = text.match_indices(name).filter_map(|(at, _)| {
            let span = Span::new(at as u32, (at + name.len()) as u32);
            let is_alone = !text[..at].ends_with(is_part) && !text[at + name.len()..].starts_with(is_part);
            let is_told = own.iter().chain(comments).any(|other| other.covers(span));
            (is_alone && !is_told).then_some(span)
        });
        places.map(|span| line(index, file, "named by", &text, span)).collect::<Vec<_>>()
    };
    files(index, &is_wanted).par_iter().flat_map_iter(in_file).collect()
}

/// Whether a script is the configuration of a tool: `next.config.js`, `jest.setup.ts`.
fn is_settings(path: &RepoPath) -> bool {
    let name = String::from_utf8_lossy(path.file_name()).into_owned();
    is_source(path) && (name.contains(".config.") || name.contains(".setup."))
}

/// The lock files of a manifest's installation that name the package.
fn locks(index: &Index, manifest: &RepoPath, name: &str) -> Vec<Evidence> {
    let is_lock = |path: &RepoPath| LOCKS.contains(&path.file_name()) && manifest.is_below(path.parent());
    let quoted = |file: FileId| {
        let text = index.text(file).ok()?;
        let names = [format!("\"{name}\""), format!("node_modules/{name}\""), format!("{name}@"), format!("{name}:")];
        let at = names.iter().find_map(|part| text.find(part))?;
        Some(line(index, file, "lock file", &text, Span::at(at as u32)))
    };
    files(index, &is_lock).into_iter().filter_map(quoted).collect()
}

fn line(index: &Index, file: FileId, role: &'static str, text: &str, span: Span) -> Evidence {
    let start = crate::text::eol::line_start(text, span.range().start);
    let quoted = text[start..crate::text::eol::line_end(text, start)].trim().to_owned();
    let path = index.snapshot().get(file).path.clone();
    Evidence { role, at: Some((path, index.position(file, span.start).line)), text: quoted }
}
