//! The resolver in the settings that the questions need: which kind of import it is, and what may stand in for what is not built.

use std::path::Path;

use oxc_resolver::{ResolveError, ResolveOptions, ResolverGeneric};

use super::Kind;
use super::disk::{Disk, absolute, relative};
use crate::text::path::RepoPath;

/// How a package's entry is chosen. Where the first way leads to no file of the snapshot, the next is tried.
#[derive(Clone, Copy)]
enum Entry {
    /// As it runs.
    Runtime,
    /// As a type checker reads it.
    Types,
    /// As a bundler reads it in development, from its source.
    Source,
}

/// What the resolver says.
pub(super) enum Found {
    /// A path of the file system.
    Path(RepoPath),
    /// A module of Node's own, with its scheme (`node:fs`).
    Builtin(String),
    /// The package is there and does not offer that path.
    NotExported,
    /// Nothing.
    Nothing,
}

/// The resolvers.
pub(super) struct Resolvers {
    /// For paths: by kind. Only files of the snapshot are there.
    paths: Vec<ResolverGeneric<Disk>>,
    /// For packages: by kind, in the order of trial. Build output stands for its source.
    packages: Vec<Vec<ResolverGeneric<Disk>>>,
}

impl Kind {
    const ALL: [Kind; 3] = [Kind::Import, Kind::Require, Kind::Types];
}

impl Resolvers {
    /// The resolvers over a file system, and over the same with build output.
    pub fn new(plain: Disk, built: Disk, conditions: &[String]) -> Self {
        let plain = ResolverGeneric::new_with_file_system(plain, ResolveOptions::default().with_node_path(false));
        let built = ResolverGeneric::new_with_file_system(built, ResolveOptions::default().with_node_path(false));
        let paths = Kind::ALL.map(|kind| plain.clone_with_options(options(kind, Entry::Runtime, conditions)));
        let packages = Kind::ALL.map(|kind| {
            let entries = match kind {
                Kind::Types => [Entry::Types, Entry::Runtime, Entry::Source],
                Kind::Import | Kind::Require => [Entry::Runtime, Entry::Types, Entry::Source],
            };
            entries.map(|entry| built.clone_with_options(options(kind, entry, conditions))).into()
        });
        Self { paths: paths.into(), packages: packages.into() }
    }

    /// The file that a relative specifier means in a folder.
    pub fn path(&self, folder: &[u8], specifier: &str, kind: Kind) -> Option<RepoPath> {
        let found = self.paths.get(kind as usize)?.resolve(absolute(folder), specifier).ok()?;
        relative(found.path())
    }

    /// The same, where build output stands for its source.
    pub fn built_path(&self, folder: &[u8], specifier: &str, kind: Kind) -> Option<RepoPath> {
        let found = self.packages.get(kind as usize)?.first()?.resolve(absolute(folder), specifier).ok()?;
        relative(found.path())
    }

    /// What a package's name, or `#name`, means in a folder.
    pub fn package(&self, folder: &[u8], specifier: &str, kind: Kind) -> Found {
        let folder = absolute(folder);
        let mut is_offered = false;
        for resolver in self.packages.get(kind as usize).into_iter().flatten() {
            match resolver.resolve(&folder, specifier) {
                Ok(resolution) => match relative(resolution.path()) {
                    Some(path) => return Found::Path(path),
                    None => continue,
                },
                Err(ResolveError::Builtin { resolved, .. }) => return Found::Builtin(resolved),
                Err(ResolveError::PackagePathNotExported { .. }) => {}
                Err(_) => is_offered = true,
            }
        }
        if is_offered { Found::Nothing } else { Found::NotExported }
    }
}

/// Finds the configuration that a bare `extends` names.
pub(super) fn find_config(disk: Disk) -> impl Fn(&str, &str) -> Option<RepoPath> {
    let options = ResolveOptions {
        extensions: vec![".json".to_owned()],
        main_files: vec!["tsconfig".to_owned()],
        main_fields: vec!["tsconfig".to_owned()],
        condition_names: ["node", "import"].map(str::to_owned).into(),
        node_path: false,
        ..ResolveOptions::default()
    };
    let resolver = ResolverGeneric::new_with_file_system(disk, options);
    move |folder, name| {
        let found = resolver.resolve(absolute(folder.as_bytes()), name).ok()?;
        relative(Path::new(found.path()))
    }
}

fn options(kind: Kind, entry: Entry, conditions: &[String]) -> ResolveOptions {
    let all = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<String>>();
    // A type reads a declaration before the script that it describes; what runs is the script.
    let with_declaration = |sources: &[&str], declaration: &str, scripts: &[&str]| match kind {
        Kind::Types => [all(sources), all(&[declaration]), all(scripts)].concat(),
        Kind::Import | Kind::Require => [all(sources), all(scripts), all(&[declaration])].concat(),
    };
    let endings = with_declaration(&[".ts", ".tsx"], ".d.ts", &[".js", ".jsx"]);
    let sources = [
        (".js", endings.clone()),
        (".jsx", with_declaration(&[".tsx", ".ts"], ".d.ts", &[".jsx", ".js"])),
        (".mjs", with_declaration(&[".mts"], ".d.mts", &[".mjs"])),
        (".cjs", with_declaration(&[".cts"], ".d.cts", &[".cjs"])),
    ];
    let loader = if kind == Kind::Require { "require" } else { "import" };
    let (fields, first): (&[&str], &[&str]) = match entry {
        Entry::Runtime => (&["module", "main"], &[]),
        Entry::Types => (&["types", "typings", "module", "main"], &["types"]),
        Entry::Source => (&["source", "types", "typings", "module", "main"], &["source", "development", "types"]),
    };
    ResolveOptions {
        // Bundlers add these to TypeScript's, last.
        extensions: [endings, all(&[".mts", ".mjs", ".cts", ".cjs", ".json"])].concat(),
        extension_alias: sources.map(|(made, sources)| (made.to_owned(), sources)).into(),
        main_fields: all(fields),
        condition_names: [conditions.to_vec(), all(first), all(&[loader, "module", "node", "browser", "default"])].concat(),
        builtin_modules: true,
        node_path: false,
        ..ResolveOptions::default()
    }
}
