//! Projects: which `tsconfig.json` a file belongs to, and what that makes of its specifiers.
//!
//! A file belongs to the nearest configuration whose `files`, `include` and `exclude` cover it, or to a project that it references.
//! A file that none covers still gets the settings of the nearest: what imports it, or runs it, does so with them.

use std::collections::BTreeMap;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use rustc_hash::FxHashMap;

use super::Problem;
use super::config::{Config, FindExtended, Located, load};
use super::output::Outputs;
use super::packages::slash;
use super::specifier::{join, split_ending};
use crate::lang::typescript::is_source;
use crate::text::path::RepoPath;
use crate::text::snapshot::Snapshot;

/// The folder of the configuration that everything extends into.
const CONFIG_DIR: &str = "${configDir}";

/// Folders that no pattern covers, unless it names them.
const LIBRARIES: [&[u8]; 3] = [b"node_modules", b"bower_components", b"jspm_packages"];

/// A text with at most one `*`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Pattern {
    /// What stands before the `*`; all of it where there is none.
    pub prefix: String,
    /// What stands behind the `*`.
    pub suffix: Option<String>,
}

impl Pattern {
    fn new(text: &str) -> Self {
        match text.split_once('*') {
            Some((prefix, suffix)) => Self { prefix: prefix.to_owned(), suffix: Some(suffix.to_owned()) },
            None => Self { prefix: text.to_owned(), suffix: None },
        }
    }

    /// What the `*` stands for where the pattern matches; empty where it has none.
    pub fn star<'t>(&self, text: &'t str) -> Option<&'t str> {
        match &self.suffix {
            Some(suffix) => text.strip_prefix(self.prefix.as_str())?.strip_suffix(suffix.as_str()),
            None => (text == self.prefix).then_some(""),
        }
    }

    /// The text with the `*` filled in.
    pub fn fill(&self, star: &str) -> String {
        match &self.suffix {
            Some(suffix) => format!("{}{star}{suffix}", self.prefix),
            None => self.prefix.clone(),
        }
    }
}

/// An entry of `paths`.
#[derive(Clone, Debug)]
pub(super) struct Alias {
    /// The specifiers it is for.
    pub pattern: Pattern,
    /// Where they lead, in the order in which they are tried: paths from the top.
    pub targets: Vec<Pattern>,
}

/// One configuration.
#[derive(Debug)]
pub(super) struct Project {
    /// Its folder; empty for the top.
    pub folder: String,
    /// The entries of `paths`: those without a `*` first, then those with the longest prefix.
    pub aliases: Vec<Alias>,
    /// Where specifiers start that no alias is for.
    pub base_url: Option<String>,
    /// Folders that are one at run time.
    pub root_dirs: Vec<String>,
    /// Whether relative paths must have their endings, as Node wants them.
    pub needs_endings: bool,
    /// What becomes of imports and JSX.
    pub emit: Emit,
    conditions: Vec<String>,
    references: Vec<RepoPath>,
    files: Vec<String>,
    include: GlobSet,
    exclude: GlobSet,
    allow_js: bool,
    outputs: Vec<String>,
    root_dir: Option<String>,
    /// Whether it covers files outside of its folder.
    is_wide: bool,
}

/// What a compiler makes of the imports and the JSX of a file.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Emit {
    /// An import none of whose names is used is evaluated all the same.
    pub keeps_imports: bool,
    /// The names that JSX stands for: a use of them that is not written. None where a compiler brings them itself.
    pub jsx_names: Vec<String>,
}

impl Emit {
    fn of(config: &Config) -> Self {
        let is_automatic = config.jsx.as_deref().is_some_and(|jsx| jsx.starts_with("react-jsx"));
        let named = config.jsx_names.clone().unwrap_or_else(|| vec!["React".to_owned()]);
        Self { keeps_imports: config.keeps_imports.unwrap_or(false), jsx_names: if is_automatic { Vec::new() } else { named } }
    }
}

/// The projects of a snapshot.
#[derive(Default)]
pub(super) struct Projects {
    list: Vec<Project>,
    by_file: BTreeMap<RepoPath, usize>,
    /// The projects that files are looked up in, by folder.
    by_folder: FxHashMap<String, Vec<usize>>,
    wide: Vec<usize>,
}

impl Projects {
    /// Reads these configurations, or every `tsconfig.json` and `jsconfig.json` of the snapshot.
    pub fn read(snapshot: &Snapshot, named: Option<&[RepoPath]>, find: FindExtended<'_>, problems: &mut Vec<Problem>) -> Self {
        let mut projects = Self::default();
        let mut starts = named.map_or_else(|| all_configs(snapshot), <[RepoPath]>::to_vec);
        starts.dedup();
        for start in &starts {
            let Some(index) = projects.add(snapshot, start, find, problems) else { continue };
            projects.by_folder.entry(projects.list[index].folder.clone()).or_default().push(index);
            if projects.list[index].is_wide {
                projects.wide.push(index);
            }
        }
        projects
    }

    /// Reads one configuration and those that it references.
    fn add(
        &mut self,
        snapshot: &Snapshot,
        file: &RepoPath,
        find: FindExtended<'_>,
        problems: &mut Vec<Problem>,
    ) -> Option<usize> {
        let mut queue = vec![file.clone()];
        while let Some(file) = queue.pop() {
            if self.by_file.contains_key(&file) || file.as_str().is_none() {
                continue;
            }
            let config = load(snapshot, &file, find, problems);
            let project = Project::new(snapshot, &file, &config, problems);
            queue.extend(project.references.iter().rev().cloned());
            self.by_file.insert(file, self.list.len());
            self.list.push(project);
        }
        self.by_file.get(file).copied()
    }

    /// The project that a file belongs to.
    pub fn of(&self, path: &RepoPath) -> Option<&Project> {
        let text = path.as_str()?;
        let mut folder = text.rsplit_once('/').map_or("", |(folder, _)| folder);
        let mut nearest = None;
        loop {
            for &index in self.by_folder.get(folder).into_iter().flatten() {
                if let Some(owner) = self.owner(index, text, &mut Vec::new()) {
                    return Some(owner);
                }
                nearest = nearest.or(Some(&self.list[index]));
            }
            if folder.is_empty() {
                break;
            }
            folder = folder.rsplit_once('/').map_or("", |(parent, _)| parent);
        }
        let wide = self.wide.iter().find_map(|&index| self.owner(index, text, &mut Vec::new()));
        wide.or(nearest)
    }

    /// The project among one and those that it references that covers a path. A referenced one comes first, as in an editor.
    fn owner(&self, index: usize, path: &str, seen: &mut Vec<usize>) -> Option<&Project> {
        if seen.contains(&index) {
            return None;
        }
        seen.push(index);
        let project = &self.list[index];
        let references = project.references.iter().filter_map(|file| self.by_file.get(file));
        let referenced = references.filter_map(|&index| self.owner(index, path, seen)).next();
        referenced.or_else(|| project.covers(path).then_some(project))
    }

    /// The conditions that the projects add to those of the language.
    pub fn conditions(&self) -> Vec<String> {
        let mut all: Vec<String> = self.list.iter().flat_map(|project| project.conditions.iter().cloned()).collect();
        all.sort();
        all.dedup();
        all
    }

    /// Where the projects put what they make of which folder.
    pub fn outputs(&self, snapshot: &Snapshot) -> Outputs {
        let mut all = Vec::new();
        for project in self.list.iter().filter(|project| !project.outputs.is_empty()) {
            let Some(root) = project.root_dir.clone().or_else(|| project.common_folder(snapshot)) else { continue };
            let outputs = project.outputs.iter().filter(|out| **out != root && !out.is_empty());
            all.extend(outputs.map(|out| (out.clone(), root.clone())));
        }
        all.sort();
        all.dedup();
        Outputs(all)
    }
}

/// Every configuration of a snapshot; in one folder `tsconfig.json` comes first.
fn all_configs(snapshot: &Snapshot) -> Vec<RepoPath> {
    let is_config = |path: &RepoPath| matches!(path.file_name(), b"tsconfig.json" | b"jsconfig.json");
    let is_library = |path: &RepoPath| path.components().any(|part| LIBRARIES.contains(&part));
    let paths = snapshot.files().iter().map(|file| &file.path);
    let mut configs: Vec<RepoPath> = paths.filter(|path| is_config(path) && !is_library(path)).cloned().collect();
    configs.sort_by(|a, b| a.parent().cmp(b.parent()).then_with(|| b.file_name().cmp(a.file_name())));
    configs
}

impl Project {
    fn new(snapshot: &Snapshot, file: &RepoPath, config: &Config, problems: &mut Vec<Problem>) -> Self {
        let folder = String::from_utf8_lossy(file.parent()).into_owned();
        let place = |from: &str, path: &str| match path.strip_prefix(CONFIG_DIR) {
            Some(rest) => join(&folder, rest.trim_start_matches('/')),
            None => join(from, path),
        };
        let one = |located: &Option<Located<String>>| located.as_ref().and_then(|at| place(&at.folder, &at.value));
        let many = |located: &Option<Located<Vec<String>>>| -> Option<Vec<String>> {
            let located = located.as_ref()?;
            Some(located.value.iter().filter_map(|path| place(&located.folder, path)).collect())
        };
        let base_url = one(&config.base_url);
        let mut aliases = Vec::new();
        for (pattern, targets) in config.paths.iter().flat_map(|paths| &paths.value) {
            let start = base_url.as_deref().or(config.paths.as_ref().map(|paths| paths.folder.as_str())).unwrap_or_default();
            let targets = targets.iter().filter_map(|target| place(start, target)).map(|target| Pattern::new(&target));
            aliases.push(Alias { pattern: Pattern::new(pattern), targets: targets.collect() });
        }
        // TypeScript's order: an exact name, then the longest prefix; of equals the first.
        aliases.sort_by_key(|alias| (alias.pattern.suffix.is_some(), usize::MAX - alias.pattern.prefix.len()));
        let outputs: Vec<String> = [one(&config.out_dir), one(&config.declaration_dir)].into_iter().flatten().collect();
        let files = many(&config.files);
        let include = many(&config.include).or_else(|| files.is_none().then(|| vec![folder.clone()])).unwrap_or_default();
        let exclude = many(&config.exclude).unwrap_or_else(|| outputs.clone());
        let is_below = |path: &String| folder.is_empty() || path.starts_with(&slash(&folder, ""));
        let is_wide = !include.iter().chain(files.iter().flatten()).all(|path| is_below(path) || *path == folder);
        let is_jsconfig = file.file_name() == b"jsconfig.json";
        let mut references = Vec::new();
        for reference in &config.references {
            match referenced(snapshot, &folder, reference) {
                Some(reference) => references.push(reference),
                None => {
                    let message = format!("it references {reference}, which is not there");
                    problems.push(Problem { file: file.clone(), message });
                }
            }
        }
        Self {
            include: glob_set(&include),
            exclude: glob_set(&exclude),
            files: files.unwrap_or_default(),
            aliases,
            base_url,
            root_dirs: many(&config.root_dirs).unwrap_or_default(),
            conditions: config.conditions.clone().unwrap_or_default(),
            references,
            needs_endings: config
                .resolution
                .as_deref()
                .is_some_and(|name| matches!(name, "node16" | "node18" | "node20" | "nodenext")),
            emit: Emit::of(config),
            allow_js: config.allow_js.unwrap_or(is_jsconfig),
            root_dir: one(&config.root_dir).or_else(|| config.composite.unwrap_or(false).then(|| folder.clone())),
            outputs,
            is_wide,
            folder,
        }
    }

    /// Whether the project's own `files`, `include` and `exclude` name a path.
    fn covers(&self, path: &str) -> bool {
        let is_library = || path.split('/').any(|part| LIBRARIES.contains(&part.as_bytes()));
        let is_script = split_ending(path).is_some_and(|(_, ending, _)| !ending.contains("ts"));
        let is_input = || (self.allow_js || !is_script) && !is_library();
        let is_named = self.files.iter().any(|file| file == path);
        is_named || (is_input() && self.include.is_match(path) && !self.exclude.is_match(path))
    }

    /// The deepest folder that holds all sources of the project: what a compiler takes for `rootDir`.
    fn common_folder(&self, snapshot: &Snapshot) -> Option<String> {
        let sources = snapshot.files().iter().filter(|file| is_source(&file.path)).filter_map(|file| file.path.as_str());
        let is_declaration = |path: &&str| split_ending(path).is_some_and(|(_, ending, _)| ending.starts_with(".d."));
        let covered = sources.filter(|path| !is_declaration(path) && self.covers(path));
        covered.map(|path| path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned()).reduce(common)
    }
}

/// The deepest folder that two folders lie in.
fn common(a: String, b: String) -> String {
    let same = a.split('/').zip(b.split('/')).take_while(|(a, b)| a == b).map(|(part, _)| part);
    same.collect::<Vec<_>>().join("/")
}

/// The configuration that a reference means: a file, or a folder that has one.
fn referenced(snapshot: &Snapshot, folder: &str, reference: &str) -> Option<RepoPath> {
    let path = join(folder, reference)?;
    let names = [path.clone(), slash(&path, "tsconfig.json"), format!("{path}.json")];
    names.into_iter().filter_map(RepoPath::new).find(|path| snapshot.file(path).is_some())
}

/// The files that patterns of `include` and `exclude` name: `*` and `?` stay in a folder, `**` does not, and a pattern whose last part
/// has neither these nor a dot is a folder with all that is in it.
fn glob_set(patterns: &[String]) -> GlobSet {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let last = pattern.rsplit('/').next().unwrap_or_default();
        let is_folder = !last.contains(['.', '*', '?']);
        let pattern = if is_folder { slash(pattern, "**/*") } else { pattern.clone() };
        let is_special = |c: char| matches!(c, '[' | ']' | '{' | '}' | '!' | '\\');
        let escape = |c: char| if is_special(c) { globset::escape(&c.to_string()) } else { c.to_string() };
        let glob: String = pattern.chars().map(escape).collect();
        // What is no glob names nothing.
        if let Ok(glob) = GlobBuilder::new(&glob).literal_separator(true).build() {
            set.add(glob);
        }
    }
    set.build().unwrap_or_else(|_| GlobSet::empty())
}
