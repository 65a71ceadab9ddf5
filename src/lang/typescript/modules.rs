//! The modules of a TypeScript program: which file a specifier means, and how a file would spell another.
//!
//! Found as TypeScript (`moduleResolution: bundler`), Node and the bundlers find them, over a snapshot alone: relative paths and
//! their endings, `tsconfig.json` with `paths`, `baseUrl`, `rootDirs`, `extends` and references, packages with `exports` and
//! `imports`, and workspaces as an installation would link them. Names are compared byte by byte, as git does.
//!
//! Not modelled: what only a bundler's or test runner's own configuration says (webpack and vite aliases, jest's
//! `moduleNameMapper`), and what is installed: a package that is not in the snapshot is external.

use std::fmt;
use std::sync::{Arc, OnceLock, RwLock};

use disk::Disk;
use output::Outputs;
use packages::Packages;
pub use project::Emit;
use project::{Project, Projects};
use resolvers::{Found, Resolvers, find_config};
use specifier::{Shape, package_name, without_query};
pub use specifier::{between, join};

use rustc_hash::FxHashMap;

use crate::text::blob::Mode;
use crate::text::change::{FileChange, SourceChange};
use crate::text::path::RepoPath;
use crate::text::snapshot::{FileId, Snapshot};

mod config;
mod disk;
mod names;
mod output;
mod packages;
mod project;
mod resolvers;
mod specifier;
mod spell;

/// A module: a file of the snapshot, or something that is not in it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Module {
    /// A file of the snapshot. Styles, images and data are modules, too.
    File(FileId),
    /// Not in the snapshot. A package by the specifier that names it (`react-dom/client`, `node:fs`), a missing file by the name that
    /// it would have in plans.
    Absent(Arc<str>),
}

/// Why a specifier or name leads to no file of the snapshot.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Absence {
    /// A package that would be installed, a module of Node's, a URL, or a path from the server's root.
    External,
    /// It should be in the snapshot and is not: a relative path, an alias, `#imports`, or a path of a workspace's package.
    Missing,
    /// It cannot name a package, and no configuration that is read here explains it: an alias of a bundler's or test runner's.
    Unknown,
    /// A build makes it of files of the snapshot, and which is not certain.
    Output,
    /// It leads behind a symbolic link or into a submodule.
    Opaque,
}

/// What a specifier means.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Resolved {
    /// The module.
    pub module: Module,
    /// Why it is no file; `None` for a file.
    pub absence: Option<Absence>,
}

/// How a specifier is used.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    /// `import`, `export … from`, `import()`: what runs, by the rules of ES modules.
    Import,
    /// `require()`, `import x = require()`: what runs, by the rules of CommonJS.
    Require,
    /// `import type`, `import("…").T`: a declaration file comes before the script that it describes.
    Types,
}

/// A configuration that could not be read, in part or at all.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Problem {
    /// The configuration.
    pub file: RepoPath,
    /// What is wrong with it.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file, self.message)
    }
}

/// What a plan says of modules.
#[derive(Clone, Default, Debug)]
pub struct Options {
    /// The project configurations that count; `None` for every `tsconfig.json` and `jsconfig.json`.
    pub projects: Option<Vec<RepoPath>>,
}

/// The modules of a snapshot. Made in no time; configurations are read when the first question is asked.
pub struct Modules {
    snapshot: Snapshot,
    options: Options,
    setting: OnceLock<Setting>,
    names: OnceLock<names::Names>,
    /// The same with one more file each, for the spelling of what is not there yet.
    overlays: RwLock<FxHashMap<RepoPath, Arc<Modules>>>,
}

/// What the configurations say.
struct Setting {
    packages: Arc<Packages>,
    projects: Arc<Projects>,
    outputs: Outputs,
    resolvers: Resolvers,
    problems: Vec<Problem>,
}

impl Modules {
    /// The modules of a snapshot.
    pub fn new(snapshot: &Snapshot, options: &Options) -> Self {
        Self {
            snapshot: snapshot.clone(),
            options: options.clone(),
            setting: OnceLock::new(),
            names: OnceLock::new(),
            overlays: RwLock::default(),
        }
    }

    /// The modules of the snapshot with one more file, by the same configurations; `None` where something stands in its way.
    fn and_file(&self, path: &RepoPath) -> Option<Self> {
        let file = FileChange::Create { content: String::new(), mode: Mode::Regular };
        let snapshot = self.snapshot.with(&SourceChange::of(path.clone(), file)).ok()?;
        let setting = self.setting();
        let (packages, projects, outputs) = (setting.packages.clone(), setting.projects.clone(), setting.outputs.clone());
        let modules = Self::new(&snapshot, &self.options);
        modules.setting.get_or_init(|| Setting::new(&snapshot, packages, projects, outputs, Vec::new()));
        Some(modules)
    }

    /// What could not be read of the configurations, sorted. Their other parts count all the same.
    pub fn problems(&self) -> &[Problem] {
        &self.setting().problems
    }

    /// What a specifier means in a file of the snapshot.
    pub fn resolve(&self, from: FileId, specifier: &str, kind: Kind) -> Resolved {
        self.resolve_at(&self.snapshot.get(from).path, specifier, kind)
    }

    /// What a specifier means in a file at a path, which need not be there yet.
    pub fn resolve_at(&self, from: &RepoPath, specifier: &str, kind: Kind) -> Resolved {
        let bare = without_query(specifier);
        match Shape::of(specifier) {
            Shape::Relative => self.relative(from, bare, kind),
            Shape::Absolute | Shape::Url => absent(specifier, Absence::External),
            Shape::Bare => self.bare(from, bare, kind),
        }
    }

    fn setting(&self) -> &Setting {
        self.setting.get_or_init(|| {
            let mut problems = Vec::new();
            let snapshot = &self.snapshot;
            let packages = Packages::read(snapshot, &mut problems);
            let find = find_config(Disk::new(snapshot, &packages, Outputs::default()));
            let projects = Projects::read(snapshot, self.options.projects.as_deref(), &find, &mut problems);
            problems.sort();
            problems.dedup();
            let outputs = projects.outputs(snapshot);
            Setting::new(snapshot, Arc::new(packages), Arc::new(projects), outputs, problems)
        })
    }

    /// What a compiler makes of the imports and the JSX of the file at a path: what its `tsconfig.json` says. Of a script, whatever runs
    /// it evaluates every import.
    pub fn emit(&self, path: &RepoPath) -> Emit {
        let is_script = path.extension().is_some_and(|extension| extension.ends_with(b"js") || extension == b"jsx");
        let mut emit = match self.project(path) {
            Some(project) => project.emit.clone(),
            None => Emit { keeps_imports: false, jsx_names: vec!["React".to_owned()] },
        };
        emit.keeps_imports |= is_script;
        emit
    }

    /// The `package.json` of the package that a path lies in, with the file that each path in it leads to, itself or by a build: what
    /// others may load.
    pub fn entries(&self, path: &RepoPath) -> Option<(RepoPath, Vec<(String, FileId)>)> {
        let (folder, manifest) = self.setting().packages.of(path)?;
        let file = RepoPath::new(packages::slash(folder, "package.json"))?;
        let lead = |entry: String| {
            let path = self.load_built(&join(folder, &entry)?, Kind::Import)?;
            Some((entry, self.snapshot.id(&path)?))
        };
        Some((file, packages::entries(manifest).into_iter().filter_map(lead).collect()))
    }

    fn project(&self, path: &RepoPath) -> Option<&Project> {
        self.setting().projects.of(path)
    }

    fn relative(&self, from: &RepoPath, specifier: &str, kind: Kind) -> Resolved {
        let setting = self.setting();
        // `..` is a folder, never the file of that name beside it.
        let is_folder = specifier.ends_with("/..") || specifier.ends_with("/.") || matches!(specifier, "." | "..");
        let written = if is_folder { format!("{specifier}/") } else { specifier.to_owned() };
        let folder = std::str::from_utf8(from.parent()).ok();
        let path = folder.map(|folder| join(folder, specifier));
        if path == Some(None) {
            // It leads out of the top.
            return absent(specifier, Absence::Missing);
        }
        if let Some(path) = setting.resolvers.path(from.parent(), &written, kind) {
            return self.found(&path);
        }
        let Some(path) = path.flatten() else { return absent(specifier, Absence::Missing) };
        let merged = self.merged(from, &path).into_iter().find_map(|path| self.load(&path, kind));
        if let Some(path) = merged {
            return self.found(&path);
        }
        self.missing(&path, kind)
    }

    /// The paths that a path stands for where the project's `rootDirs` are one folder at run time.
    fn merged(&self, from: &RepoPath, path: &str) -> Vec<String> {
        let Some(project) = self.project(from).filter(|project| !project.root_dirs.is_empty()) else { return Vec::new() };
        let below = |root: &String| match root.as_str() {
            "" => Some(path.to_owned()),
            root => Some(path.strip_prefix(root)?.strip_prefix('/')?.to_owned()),
        };
        let rests = project.root_dirs.iter().filter_map(|root| Some((root, below(root)?)));
        let Some((own, rest)) = rests.max_by_key(|(root, _)| root.len()) else { return Vec::new() };
        project.root_dirs.iter().filter(|root| *root != own).map(|root| packages::slash(root, &rest)).collect()
    }

    fn bare(&self, from: &RepoPath, specifier: &str, kind: Kind) -> Resolved {
        let project = self.project(from);
        let alias =
            project.and_then(|project| project.aliases.iter().find_map(|alias| Some((alias, alias.pattern.star(specifier)?))));
        // As in TypeScript, `baseUrl` is for specifiers that no alias is for.
        let base = project.and_then(|project| project.base_url.as_deref()).filter(|_| alias.is_none());
        let base = base.and_then(|base| join(base, specifier));
        let targets = alias.iter().flat_map(|(alias, star)| alias.targets.iter().map(|target| target.fill(star)));
        let targets: Vec<String> = targets.filter_map(|target| join("", &target)).chain(base).collect();
        if let Some(path) = targets.iter().find_map(|target| self.load_built(target, kind)) {
            return self.found(&path);
        }
        let found = self.setting().resolvers.package(from.parent(), specifier, kind);
        match &found {
            Found::Path(path) if path.as_str().is_some_and(|path| installed(path).is_some()) => {
                absent(specifier, Absence::External)
            }
            Found::Path(path) => self.found(path),
            Found::Builtin(name) => absent(name, Absence::External),
            Found::NotExported | Found::Nothing => {
                let is_exported = matches!(found, Found::Nothing);
                let is_catch_all = alias.is_some_and(|(alias, _)| alias.pattern.prefix.is_empty());
                let is_aliased = alias.is_some() && !is_catch_all;
                self.not_found(from, specifier, is_aliased, is_exported, targets.first().map(String::as_str), kind)
            }
        }
    }

    /// Why a bare specifier leads to no file. A target is where an alias or `baseUrl` would have it.
    fn not_found(
        &self,
        from: &RepoPath,
        specifier: &str,
        is_aliased: bool,
        is_exported: bool,
        target: Option<&str>,
        kind: Kind,
    ) -> Resolved {
        let packages = &self.setting().packages;
        let name = package_name(specifier);
        let own = packages.of(from).map(|(folder, _)| folder).filter(|folder| packages.name(folder) == name);
        let linked = name.and_then(|name| packages.linked(from, name)).or(name.and(own));
        if let (Some(folder), Some(name)) = (linked, name) {
            let rest = specifier[name.len()..].trim_start_matches('/');
            let manifest = packages.manifests.get(folder);
            let is_listed = manifest.is_some_and(|manifest| manifest.contains_key("exports"));
            let place = RepoPath::new(packages::slash(folder, rest));
            let is_known = |path: &RepoPath| disk::is_folder(&self.snapshot, path.parent());
            let is_missing = !is_exported || (!rest.is_empty() && !is_listed && place.as_ref().is_some_and(is_known));
            return absent(specifier, if is_missing { Absence::Missing } else { Absence::Output });
        }
        let is_declared = name.is_some_and(|name| packages.is_declared(from, name));
        if is_declared || target.is_some_and(|target| installed(target).is_some()) {
            return absent(specifier, Absence::External);
        }
        // With `baseUrl`, the first part of the specifier is a folder of the snapshot or it is not.
        let is_first_party = target.is_some_and(|target| {
            let rest = specifier.split_once('/').map_or(0, |(_, rest)| rest.len() + 1);
            rest > 0 && target.len() > rest && disk::is_folder(&self.snapshot, &target.as_bytes()[..target.len() - rest])
        });
        let has_imports = packages.of(from).is_some_and(|(_, manifest)| manifest.contains_key("imports"));
        match target {
            Some(target) if is_aliased || is_first_party => self.missing(target, kind),
            _ if specifier.starts_with('#') && has_imports => absent(specifier, Absence::Missing),
            _ if name.is_none() => absent(specifier, Absence::Unknown),
            _ => absent(specifier, Absence::External),
        }
    }

    /// The file that a path from the top means, with the ending or index that it leaves out.
    fn load(&self, path: &str, kind: Kind) -> Option<RepoPath> {
        self.setting().resolvers.path(b"", &format!("./{path}"), kind)
    }

    /// The same, or the source of build output.
    fn load_built(&self, path: &str, kind: Kind) -> Option<RepoPath> {
        self.setting().resolvers.built_path(b"", &format!("./{path}"), kind)
    }

    fn found(&self, path: &RepoPath) -> Resolved {
        if let Some(name) = path.as_str().and_then(installed) {
            return absent(name, Absence::External);
        }
        match self.snapshot.id(path) {
            Some(file) => Resolved { module: Module::File(file), absence: None },
            None => absent(&names::plain(&path.to_string()), Absence::Opaque),
        }
    }

    /// A path of the snapshot that no file is at.
    fn missing(&self, path: &str, kind: Kind) -> Resolved {
        if let Some(name) = installed(path) {
            return absent(name, Absence::External);
        }
        let is_opaque = |path: &RepoPath| disk::is_opaque(&self.snapshot, path);
        let is_behind =
            RepoPath::new(path).is_some_and(|path| path.folders().chain([path.clone()]).any(|path| is_opaque(&path)));
        let absence = match is_behind {
            true => Absence::Opaque,
            false if self.is_output(path, kind) => Absence::Output,
            false => Absence::Missing,
        };
        absent(&names::plain(path), absence)
    }

    /// Whether a build puts a file at a path.
    fn is_output(&self, path: &str, kind: Kind) -> bool {
        let outputs = &self.setting().outputs.0;
        let is_below = |path: &RepoPath| outputs.iter().any(|(out, _)| path.is_below(out.as_bytes()));
        RepoPath::new(path).is_some_and(|path| is_below(&path)) && self.load_built(path, kind).is_some()
    }
}

impl Setting {
    fn new(
        snapshot: &Snapshot,
        packages: Arc<Packages>,
        projects: Arc<Projects>,
        outputs: Outputs,
        problems: Vec<Problem>,
    ) -> Self {
        let plain = Disk::new(snapshot, &packages, Outputs::default());
        let built = Disk::new(snapshot, &packages, outputs.clone());
        let resolvers = Resolvers::new(plain, built, &projects.conditions());
        Self { packages, projects, outputs, resolvers, problems }
    }
}

fn absent(name: &str, absence: Absence) -> Resolved {
    Resolved { module: Module::Absent(name.into()), absence: Some(absence) }
}

/// What a path below `node_modules` is a path of.
fn installed(path: &str) -> Option<&str> {
    let (above, name) = path.rsplit_once("node_modules/")?;
    (above.is_empty() || above.ends_with('/')).then_some(name)
}

#[cfg(test)]
mod tests;
