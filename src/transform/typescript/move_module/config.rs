//! JSON that names what moves: `tsconfig.json` and `package.json` with what is known to read them, and other files with values that are
//! the path of a file.
//!
//! An alias of `paths`, or an entry of `exports` or `imports`, whose whole target moves goes along. Its importers keep their specifiers: one
//! value changes in place of many, and what else knows the alias (a test runner, an editor) goes on to agree with them.

use std::collections::BTreeMap;

use super::route::{Base, Route};
use crate::lang::typescript::json::{JsonString, strings};
use crate::lang::typescript::modules::join;
use crate::text::edit::Edit;
use crate::text::path::RepoPath;
use crate::text::snapshot::FileId;
use crate::transform::Context;
use crate::transform::finding::{Evidence, Reason};
use crate::transform::typescript::View;

/// What becomes of JSON.
#[derive(Default)]
pub(super) struct Followed {
    /// The values that follow.
    pub edits: BTreeMap<FileId, Vec<Edit>>,
    /// Those that follow and have to be looked at, or that cannot follow.
    pub doubts: Vec<(Reason, Evidence)>,
    /// Those that are specifiers of what moves, if they are specifiers.
    pub specifiers: Vec<(FileId, String, Evidence)>,
}

/// Who reads a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reader {
    TypeScript,
    Packages,
    Jest,
    Unknown,
}

/// Paths in what TypeScript reads, but those of `paths`.
const TYPESCRIPT: [&str; 13] = [
    "extends",
    "files",
    "include",
    "exclude",
    "references.path",
    "compilerOptions.baseUrl",
    "compilerOptions.rootDir",
    "compilerOptions.rootDirs",
    "compilerOptions.outDir",
    "compilerOptions.declarationDir",
    "compilerOptions.tsBuildInfoFile",
    "compilerOptions.typeRoots",
    "watchOptions.excludeDirectories",
];

/// Paths in what Node, npm and the bundlers read.
const PACKAGES: [&str; 14] = [
    "main",
    "module",
    "types",
    "typings",
    "browser",
    "browser.*",
    "exports.**",
    "imports.**",
    "bin",
    "bin.*",
    "files",
    "sideEffects",
    "workspaces",
    "workspaces.packages",
];

/// Paths in what jest reads (Jest manual, "Configuring Jest").
const JEST: [&str; 17] = [
    "collectCoverageFrom",
    "coverageDirectory",
    "globalSetup",
    "globalTeardown",
    "moduleDirectories",
    "moduleNameMapper.*",
    "modulePaths",
    "projects",
    "resolver",
    "roots",
    "setupFiles",
    "setupFilesAfterEnv",
    "snapshotSerializers",
    "testEnvironment",
    "testMatch",
    "testSequencer",
    "transform.*",
];

/// A file that nothing known reads is no configuration if it is larger (bytes).
const MAX_SIZE: usize = 64 << 10;

impl Reader {
    fn of(path: &RepoPath) -> Option<Self> {
        let name = path.file_name();
        let is_like = |start: &[u8]| name.starts_with(start) && name.ends_with(b".json");
        match name {
            b"package.json" => Some(Reader::Packages),
            // Made by a package manager, which makes it anew.
            b"package-lock.json" | b"npm-shrinkwrap.json" => None,
            _ if is_like(b"tsconfig") || is_like(b"jsconfig") => Some(Reader::TypeScript),
            _ if is_like(b"jest.config") => Some(Reader::Jest),
            _ => is_like(b"").then_some(Reader::Unknown),
        }
    }
}

/// Finds what becomes of the JSON files of the packages that what moves lies in.
pub(super) fn follow(context: &Context<'_>, route: &Route) -> Followed {
    let mut followed = Followed::default();
    for (at, file) in context.index.snapshot().files().iter().enumerate() {
        let Some(reader) = Reader::of(&file.path) else { continue };
        let is_near = || route.moves.contains_key(&FileId::new(at)) || route.is_near(&file.path);
        if reader != Reader::Unknown || is_near() {
            read(context, route, reader, FileId::new(at), &mut followed);
        }
    }
    followed
}

fn read(context: &Context<'_>, route: &Route, reader: Reader, file: FileId, followed: &mut Followed) {
    let Ok(text) = context.index.text(file) else { return };
    let is_read = reader != Reader::Unknown || text.len() <= MAX_SIZE && text.contains(route.word());
    let found = if is_read { strings(&text) } else { Vec::new() };
    let path = &context.index.snapshot().get(file).path;
    let values = Values { route, reader, path, all: &found };
    for string in &found {
        let (new, is_sure) = match values.known(string) {
            Some(base) => (route.follow(&base, &string.value), true),
            None => (values.unknown(string), false),
        };
        let quote = || View::open(context.index, file).quote("value", string.span);
        if new.is_none() && !is_sure {
            if values.is_in_command(string) {
                followed.doubts.push((Reason::InConfig, quote()));
            } else if values.is_like_specifier(string) {
                followed.specifiers.push((file, string.value.clone(), quote()));
            }
            continue;
        }
        let Some(new) = new else { continue };
        let kept = context.keeps(file);
        if !is_sure || kept.is_some() {
            followed.doubts.push((kept.unwrap_or(Reason::InConfig), quote()));
        }
        if kept.is_none() {
            let literal = serde_json::Value::String(new).to_string();
            followed.edits.entry(file).or_default().push(Edit::replace(string.span, literal));
        }
    }
}

/// The values of one file.
struct Values<'v> {
    route: &'v Route,
    reader: Reader,
    path: &'v RepoPath,
    all: &'v [JsonString],
}

impl Values<'_> {
    /// The folder that a value starts from, where it is known to be a path.
    fn known(&self, string: &JsonString) -> Option<Base> {
        let is_at = |patterns: &[&str]| patterns.iter().any(|pattern| string.is_at(pattern));
        match self.reader {
            Reader::TypeScript if string.is_at("compilerOptions.paths.*") => self.aliased(string),
            // What does not start so is a package.
            Reader::TypeScript if string.is_at("extends") && !string.value.starts_with('.') => None,
            Reader::TypeScript => is_at(&TYPESCRIPT).then(|| self.own()),
            Reader::Packages if string.keys.first().is_some_and(|key| key == "jest") => {
                let inner = JsonString { keys: string.keys[1..].to_vec(), ..string.clone() };
                self.jest(&inner, "jest.rootDir")
            }
            Reader::Packages => is_at(&PACKAGES).then(|| self.own()),
            Reader::Jest => self.jest(string, "rootDir"),
            Reader::Unknown => None,
        }
    }

    fn own(&self) -> Base {
        self.route.own(self.path)
    }

    fn below(&self, path: &str) -> Option<Base> {
        let folder = join(std::str::from_utf8(self.path.parent()).ok()?, path)?;
        Some(self.route.folder(folder))
    }

    /// Paths of `paths` start from `baseUrl`; one that is inherited is not looked for.
    fn aliased(&self, string: &JsonString) -> Option<Base> {
        let base = self.all.iter().find(|other| other.is_at("compilerOptions.baseUrl"));
        let is_certain =
            base.is_some() || string.value.starts_with('.') || !self.all.iter().any(|other| other.is_at("extends"));
        match base {
            Some(base) => self.below(&base.value),
            None => is_certain.then(|| self.own()),
        }
    }

    fn jest(&self, string: &JsonString, root: &str) -> Option<Base> {
        let is_path = string.value.starts_with("<rootDir>/") || string.value.starts_with('.');
        let is_known = is_path && JEST.iter().any(|pattern| string.is_at(pattern));
        let root = self.all.iter().find(|other| other.is_at(root));
        if !is_known {
            return None;
        }
        root.map_or_else(|| Some(self.own()), |root| self.below(&root.value))
    }

    /// The new value of one that nothing is known of, where it is the path of a file.
    fn unknown(&self, string: &JsonString) -> Option<String> {
        let bases = self.route.bases(self.path, &string.value);
        bases.iter().find_map(|base| self.route.follow_exact(base, &string.value))
    }

    /// Whether a value may be a specifier of what moves.
    fn is_like_specifier(&self, string: &JsonString) -> bool {
        let is_path = string.value.contains('/') && !string.value.contains(char::is_whitespace);
        is_path && string.value.contains(self.route.word())
    }

    /// Whether a command names a file that moves.
    fn is_in_command(&self, string: &JsonString) -> bool {
        let is_path = |word: &str| self.route.follow_exact(&self.own(), word.trim_matches(['"', '\''])).is_some();
        self.reader == Reader::Packages && string.is_at("scripts.*") && string.value.split_whitespace().any(is_path)
    }
}
