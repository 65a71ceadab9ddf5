//! How a file would write the specifier of another, in the style of one that it wrote before.
//!
//! A style is where the path starts (the file itself, an alias of the project, `baseUrl`, a package's name) and what stands at its
//! end. Every spelling is tried: only one that leads to the file is an answer, so a file that hides another (`a.ts` and
//! `a/index.ts`), or an alias that wins over another, cannot mislead.

use std::cmp::Reverse;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::disk::is_folder;
use super::packages::slash;
use super::project::{Alias, Project};
use super::specifier::{Shape, between, join, package_name, split_ending, without_query};
use super::{Kind, Module, Modules};
use crate::text::path::RepoPath;

/// What a specifier has at its end.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Ending {
    /// Nothing: `./x`.
    Bare,
    /// The ending of what a compiler makes of the file: `./x.js` for `x.ts`.
    Output(&'static str),
    /// The file's own: `./x.ts`.
    Source,
}

/// How a specifier ends.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Style {
    ending: Ending,
    /// Whether an index file is named (`./lib/index`), and not its folder.
    is_index_named: bool,
}

/// Where a specifier starts.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Start {
    /// The file itself.
    Relative,
    /// The entry of `paths` with this index.
    Alias(usize),
    /// The project's `baseUrl`.
    BaseUrl,
    /// A package's name, or `#imports`.
    Package,
}

impl Style {
    fn of(specifier: &str) -> Self {
        let path = without_query(specifier);
        let (stem, ending) = match split_ending(path) {
            Some((stem, ending @ (".js" | ".jsx" | ".mjs" | ".cjs"), _)) => (stem, Ending::Output(ending)),
            Some((stem, _, _)) => (stem, Ending::Source),
            None => (path, Ending::Bare),
        };
        Self { ending, is_index_named: stem.ends_with("/index") }
    }

    /// The path of a file as specifiers may end in it, in the order of liking.
    fn forms(self, to: &str) -> Vec<String> {
        let Some((stem, ending, made)) = split_ending(to) else { return vec![to.to_owned()] };
        let source = format!("{stem}{ending}");
        let made = match self.ending {
            // What a compiler that keeps JSX makes of the file.
            Ending::Output(".jsx") if ending == ".tsx" => ".jsx",
            _ => made,
        };
        let output = format!("{stem}{made}");
        let folder = if stem == "index" { Some("") } else { stem.strip_suffix("/index") };
        let bare = match folder {
            Some(folder) if !self.is_index_named => vec![folder.to_owned(), stem.to_owned()],
            Some(folder) => vec![stem.to_owned(), folder.to_owned()],
            None => vec![stem.to_owned()],
        };
        // TypeScript does not add these endings to a bare path.
        let needs_ending = made == ".mjs" || made == ".cjs";
        match self.ending {
            Ending::Bare if !needs_ending => [bare, vec![output, source]].concat(),
            Ending::Bare | Ending::Output(_) => [vec![output, source], bare].concat(),
            Ending::Source => [vec![source, output], bare].concat(),
        }
    }
}

impl Modules {
    /// The specifier by which the file at `from` would import the one at `to`, in the style of one that it wrote before: from the same
    /// start (itself, the same alias or the next that reaches the file, a package's name) and with the same kind of ending. The old one
    /// itself where it leads there.
    /// Neither file need be there yet; where `to` is not, it is taken to be. `None` where no such specifier leads to it.
    pub fn spell(&self, from: &RepoPath, to: &RepoPath, old: &str) -> Option<String> {
        let is_kept = |file| self.resolve_at(from, old, kind_of(to)).module == Module::File(file);
        if self.snapshot.id(to).is_some_and(is_kept) {
            return Some(old.to_owned());
        }
        let (_, query) = old.split_at(without_query(old).len());
        let start = self.start(from, old)?;
        self.spelled(from, to, start, Style::of(old), old, query)
    }

    /// The same for a file whose other specifiers are given, in the style of most of those that lead as far: into its own folder and
    /// below, or elsewhere.
    pub fn spell_like(&self, from: &RepoPath, to: &RepoPath, others: &[&str]) -> Option<String> {
        let is_near = |path: &RepoPath| path.is_below(from.parent());
        let mut alike: Vec<(Start, Style, &str)> = Vec::new();
        let mut styles: Vec<Style> = Vec::new();
        for other in others {
            let Module::File(file) = self.resolve_at(from, other, Kind::Import).module else { continue };
            let path = &self.snapshot.get(file).path;
            let Some(start) = self.start(from, other).filter(|_| split_ending(&path.to_string()).is_some()) else { continue };
            styles.push(Style::of(other));
            // `../x` says that nothing but relative paths is used; `./x` is used beside aliases, too.
            if is_near(path) == is_near(to) || (start == Start::Relative && other.starts_with("..")) {
                alike.push((start, Style::of(other), other));
            }
        }
        let kind = |(start, style, _): &(Start, Style, &str)| (matches!(start, Start::Relative), *style);
        if let Some((start, style, other)) = most(&alike, kind) {
            return self.spelled(from, to, *start, *style, other, "");
        }
        let usual = self.project(from).is_some_and(|project| project.needs_endings);
        let usual = Style { ending: if usual { Ending::Output(".js") } else { Ending::Bare }, is_index_named: usual };
        let style = most(&styles, |style| *style).copied().unwrap_or(usual);
        let relative = self.spelled(from, to, Start::Relative, style, "", "");
        let alias = (!is_near(to)).then(|| self.spelled(from, to, Start::Alias(0), style, "", "")).flatten();
        // As an editor does that is asked for the shortest.
        let parts = |specifier: &Option<String>| specifier.as_ref().map_or(usize::MAX, |text| text.matches('/').count());
        if parts(&alias) < parts(&relative) { alias } else { relative }
    }

    /// Where a specifier starts; `None` for one that leads to no file of the snapshot's own making.
    fn start(&self, from: &RepoPath, specifier: &str) -> Option<Start> {
        match Shape::of(specifier) {
            Shape::Relative => return Some(Start::Relative),
            Shape::Absolute | Shape::Url => return None,
            Shape::Bare => {}
        }
        let project = self.project(from);
        let bare = without_query(specifier);
        let alias = project.and_then(|project| project.aliases.iter().position(|alias| alias.pattern.star(bare).is_some()));
        if let Some(alias) = alias {
            return Some(Start::Alias(alias));
        }
        let packages = &self.setting().packages;
        let name = package_name(specifier);
        let own = packages.of(from).is_some_and(|(folder, _)| name.is_some() && packages.name(folder) == name);
        if specifier.starts_with('#') || own || name.is_some_and(|name| packages.linked(from, name).is_some()) {
            return Some(Start::Package);
        }
        let base = project.and_then(|project| project.base_url.as_deref());
        let first = bare.split('/').next().and_then(|first| join(base?, first));
        let is_there = |path: &String| is_folder(&self.snapshot, path.as_bytes()) || self.load(path, Kind::Import).is_some();
        first.filter(is_there).map(|_| Start::BaseUrl)
    }

    fn spelled(&self, from: &RepoPath, to: &RepoPath, start: Start, style: Style, old: &str, query: &str) -> Option<String> {
        let overlay = if self.snapshot.id(to).is_some() { None } else { Some(self.with_file(to)?) };
        let modules = overlay.as_deref().unwrap_or(self);
        let file = Module::File(modules.snapshot.id(to)?);
        let forms = style.forms(to.as_str()?);
        let candidates = modules.candidates(from, to, start, &forms, old);
        let leads = |specifier: &String| modules.resolve_at(from, specifier, kind_of(to)).module == file;
        let found = candidates.into_iter().find(leads)?;
        Some(found + query)
    }

    /// All spellings that come into question, in the order of liking.
    fn candidates(&self, from: &RepoPath, to: &RepoPath, start: Start, forms: &[String], old: &str) -> Vec<String> {
        let project = self.project(from);
        let relative = || std::str::from_utf8(from.parent()).map_or_else(|_| Vec::new(), |folder| relative(folder, forms, old));
        let aliases = |first| project.map_or_else(Vec::new, |project| aliased(project, first, old, forms));
        let based = || project.map_or_else(Vec::new, |project| based(project, forms));
        match start {
            Start::Relative => {
                // Between packages, a path is written only where the package's name is not known.
                let packages = &self.setting().packages;
                let (here, there) = (packages.of(from).map(|(folder, _)| folder), packages.of(to).map(|(folder, _)| folder));
                let name = there.filter(|_| here != there).and_then(|folder| packages.name(folder));
                let named = name.filter(|name| packages.is_declared(from, name)).map(|_| self.packaged(from, to, forms, old));
                [named.unwrap_or_default(), relative()].concat()
            }
            Start::Alias(first) => [aliases(first), relative()].concat(),
            Start::BaseUrl => [based(), aliases(0), relative()].concat(),
            Start::Package => {
                let mut named = self.packaged(from, to, forms, old);
                named.sort_by_key(|specifier| specifier.starts_with('#') != old.starts_with('#'));
                [named, relative()].concat()
            }
        }
    }

    /// The spellings by the name of the package that the old specifier names, by that of the file's own, and by `#imports`.
    fn packaged(&self, from: &RepoPath, to: &RepoPath, forms: &[String], old: &str) -> Vec<String> {
        let packages = &self.setting().packages;
        let here = packages.of(from).map(|(folder, _)| folder);
        let reached = |name: &str| packages.linked(from, name).or(here.filter(|here| packages.name(here) == Some(name)));
        let there = packages.of(to).and_then(|(folder, _)| packages.name(folder));
        let mut names: Vec<&str> = package_name(old).into_iter().chain(there).collect();
        names.dedup();
        let mut found = Vec::new();
        for (name, folder) in names.into_iter().filter_map(|name| Some((name, reached(name)?))) {
            found.push(name.to_owned());
            match packages.manifests.get(folder).and_then(|manifest| manifest.get("exports")) {
                Some(exports) => {
                    let keys =
                        exports.as_object().into_iter().flat_map(|map| map.keys()).filter_map(|key| key.strip_prefix("./"));
                    found.extend(closest(keys).iter().flat_map(|key| filled(&format!("{name}/{key}"), forms)));
                }
                None => found.extend(forms.iter().filter_map(|form| Some(slash(name, below(folder, form)?)))),
            }
        }
        let imports =
            packages.of(from).and_then(|(_, manifest)| manifest.get("imports")).and_then(|imports| imports.as_object());
        let keys = imports.into_iter().flat_map(|map| map.keys()).map(String::as_str);
        found.extend(closest(keys).iter().flat_map(|key| filled(key, forms)));
        found
    }

    /// The modules with one more file.
    fn with_file(&self, path: &RepoPath) -> Option<Arc<Modules>> {
        if let Some(known) = self.overlays.read().ok()?.get(path) {
            return Some(known.clone());
        }
        let made = Arc::new(self.and_file(path)?);
        Some(self.overlays.write().ok()?.entry(path.clone()).or_insert(made).clone())
    }
}

/// The use of a specifier that leads to a file: a declaration is what types are read from.
fn kind_of(path: &RepoPath) -> Kind {
    let ending = path.as_str().and_then(split_ending).map_or("", |(_, ending, _)| ending);
    if ending.starts_with(".d.") { Kind::Types } else { Kind::Import }
}

/// The most frequent kind's first item.
fn most<T, K: std::hash::Hash + Eq>(items: &[T], kind: impl Fn(&T) -> K) -> Option<&T> {
    let mut counts: FxHashMap<K, usize> = FxHashMap::default();
    for item in items {
        *counts.entry(kind(item)).or_default() += 1;
    }
    items.iter().enumerate().max_by_key(|(at, item)| (counts.get(&kind(item)), Reverse(*at))).map(|(_, item)| item)
}

fn relative(folder: &str, forms: &[String], old: &str) -> Vec<String> {
    let mut found: Vec<String> = forms.iter().map(|form| between(folder, form)).collect();
    // `.` is easily read as a slip.
    found.sort_by_key(|specifier| specifier == "." && old != ".");
    found
}

/// The spellings by the project's aliases: first by the one given and those that look like the old specifier, then by the others.
fn aliased(project: &Project, first: usize, old: &str, forms: &[String]) -> Vec<String> {
    let head = |text: &str| text.split('/').next().unwrap_or_default().to_owned();
    let is_alike = |alias: &Alias| !old.is_empty() && head(&alias.pattern.prefix) == head(old);
    let is_first = |index: usize| index == first && !old.is_empty();
    // An alias for one file, or for everything, is taken only where the old specifier has it, too.
    let is_usual = |alias: &Alias| alias.pattern.suffix.is_some() && !alias.pattern.prefix.is_empty();
    let all = || project.aliases.iter().enumerate();
    let mut near: Vec<(usize, &Alias)> = all().filter(|(index, alias)| is_first(*index) || is_alike(alias)).collect();
    near.sort_by_key(|(index, _)| !is_first(*index));
    let far: Vec<(usize, &Alias)> =
        all().filter(|(index, alias)| !is_first(*index) && !is_alike(alias) && is_usual(alias)).collect();
    // What has a name of its own goes by it.
    let (own, near): (Vec<_>, Vec<_>) = near.into_iter().partition(|(_, alias)| alias.pattern.suffix.is_none());
    let mut found = Vec::new();
    for aliases in [own, near, far] {
        for (form, (_, alias)) in forms.iter().flat_map(|form| aliases.iter().map(move |alias| (form, alias))) {
            let stars = alias.targets.iter().filter_map(|target| target.star(form));
            let is_whole = |star: &&str| !star.is_empty() || !alias.pattern.prefix.ends_with('/');
            found.extend(stars.filter(is_whole).map(|star| alias.pattern.fill(star)));
        }
    }
    found
}

/// The spellings from the project's `baseUrl`.
fn based(project: &Project, forms: &[String]) -> Vec<String> {
    let Some(base) = project.base_url.as_deref() else { return Vec::new() };
    forms.iter().filter_map(|form| below(base, form)).filter(|rest| !rest.is_empty()).map(str::to_owned).collect()
}

/// The part of a path below a folder.
fn below<'p>(folder: &str, path: &'p str) -> Option<&'p str> {
    if folder.is_empty() { Some(path) } else { path.strip_prefix(folder)?.strip_prefix('/') }
}

/// The keys of `exports` or `imports`: those for one file first, then those that say most.
fn closest<'k>(keys: impl Iterator<Item = &'k str>) -> Vec<&'k str> {
    let mut keys: Vec<&str> = keys.collect();
    keys.sort_by_key(|key| (key.contains('*'), Reverse(key.find('*').unwrap_or(key.len()))));
    keys
}

/// A key of `exports` or `imports` with its `*` filled in by each end of each path.
fn filled(key: &str, rests: &[String]) -> Vec<String> {
    let Some((prefix, suffix)) = key.split_once('*') else { return vec![key.to_owned()] };
    let ends = |rest: &String| {
        let starts = rest.match_indices('/').map(|(at, _)| at + 1);
        [0].into_iter().chain(starts).map(|at| format!("{prefix}{}{suffix}", &rest[at..])).collect::<Vec<_>>()
    };
    rests.iter().filter(|rest| !rest.is_empty()).flat_map(ends).collect()
}
