//! What moves, and to where: files, and the paths that lead to them.

use std::collections::BTreeMap;

use crate::index::Index;
use crate::lang::typescript::is_source;
use crate::lang::typescript::modules::{between, join};
use crate::text::path::RepoPath;
use crate::text::snapshot::{FileId, Snapshot};
use crate::transform::typescript::named::{ModuleRef, is_folder};

/// Where each file goes.
pub(super) type Moves = BTreeMap<FileId, RepoPath>;

/// What moves, and to where.
pub(super) struct Route {
    /// The files; never empty.
    pub moves: Moves,
    /// The first of them, source code where there is some.
    pub main: FileId,
    snapshot: Snapshot,
    /// The path of the module (without ending) or folder, and the new one.
    old: String,
    new: String,
    /// Whether all below `old` moves.
    is_folder: bool,
    /// Whether `old` itself leads to what moves.
    is_own: bool,
}

/// The folder that a path starts from, before and after.
pub(super) struct Base {
    old: String,
    new: String,
}

/// What may follow the path of a module that moves: of its name only what ends a file of it, for `auth.test.ts` is another module.
const ENDINGS: [&str; 11] = ["ts", "tsx", "mts", "cts", "js", "jsx", "mjs", "cjs", "d.ts", "d.mts", "d.cts"];

/// What stands before a path that starts from the folder of its configuration: jest's and TypeScript's word for it.
const TOKENS: [&str; 2] = ["<rootDir>/", "${configDir}/"];

impl Route {
    /// The way of one module, with what describes or mocks it, or of all of a folder; `None` where there is nothing to move.
    pub fn new(index: &Index, from: &ModuleRef, to: &ModuleRef) -> Option<Self> {
        let plain = |name: &str| name.trim_start_matches("./").to_owned();
        let (old, new) = (plain(&from.name), plain(&to.name));
        let snapshot = index.snapshot();
        let is_folder_there = is_folder(index, &from.name);
        let is_folder = is_folder_there && (from.is_folder || !has_file(snapshot, &old));
        let parts = if is_folder {
            vec![(format!("{old}/"), format!("{new}/"))]
        } else {
            vec![(format!("{old}."), format!("{new}.")), (format!("{}.", mock_of(&old)), format!("{}.", mock_of(&new)))]
        };
        let mut moves = Moves::new();
        for (at, file) in snapshot.files().iter().enumerate() {
            let Some(path) = file.path.as_str() else { continue };
            for (old, new) in &parts {
                let Some(rest) = path.strip_prefix(old.as_str()) else { continue };
                if is_folder || ENDINGS.contains(&rest) {
                    moves.insert(FileId::new(at), RepoPath::new(format!("{new}{rest}"))?);
                }
            }
        }
        let is_code = |file: &&FileId| is_source(&snapshot.get(**file).path);
        let main = *moves.keys().find(is_code).or(moves.keys().next())?;
        // Where a file and a folder have one name, the bare path is the file's.
        let is_own = is_folder != has_file(snapshot, &old);
        Some(Self { moves, main, snapshot: snapshot.clone(), old, new, is_folder, is_own })
    }

    /// The path of a file afterwards.
    pub fn path(&self, path: &RepoPath) -> RepoPath {
        let new = self.snapshot.id(path).and_then(|file| self.moves.get(&file));
        new.unwrap_or(path).clone()
    }

    /// The last part of the name of what moves.
    pub fn word(&self) -> &str {
        self.old.rsplit('/').next().unwrap_or_default()
    }

    /// The new path of a file or folder, or of a module without its ending or with that of what a compiler makes of it; `None` for what
    /// stays.
    pub fn moved(&self, path: &str) -> Option<String> {
        if path == self.old {
            return self.is_own.then(|| self.new.clone());
        }
        if self.is_folder {
            return path.strip_prefix(&self.old).filter(|rest| rest.starts_with('/')).map(|rest| format!("{}{rest}", self.new));
        }
        if let Some(file) = RepoPath::new(path).and_then(|path| self.snapshot.id(&path)) {
            return self.moves.get(&file).and_then(|path| path.as_str()).map(str::to_owned);
        }
        let made = path.strip_prefix(&self.old).filter(|made| matches!(*made, ".js" | ".jsx" | ".mjs" | ".cjs"));
        made.map(|made| format!("{}{made}", self.new))
    }

    /// A path as it has to be afterwards, written as before; `None` where it may stay. `base` is the folder that it starts from. What
    /// follows the folder that a pattern names (`lib/**`, `lib/$1`) is kept.
    pub fn follow(&self, base: &Base, value: &str) -> Option<String> {
        let token = TOKENS.into_iter().find(|token| value.starts_with(token)).unwrap_or_default();
        let path = &value[token.len()..];
        let is_plain = join(&base.old, path).is_some_and(|path| self.moved(&path).is_some());
        let (fixed, open) = if is_plain { (path, "") } else { split_pattern(path) };
        let target = join(&base.old, fixed)?;
        let way = between(&base.new, self.moved(&target).as_deref().unwrap_or(&target));
        if way == between(&base.old, &target) {
            return None;
        }
        let is_dotted = token.is_empty() && fixed.starts_with('.');
        let way = if is_dotted { way.as_str() } else { way.strip_prefix("./").unwrap_or(&way) };
        let slash = if fixed.ends_with('/') || (fixed.is_empty() && !open.is_empty()) { "/" } else { "" };
        Some(format!("{token}{way}{slash}{open}"))
    }

    /// The same for a string that nothing is known of: it has to name a file that is there, or a folder where it says what it starts from.
    pub fn follow_exact(&self, base: &Base, value: &str) -> Option<String> {
        let is_rooted = TOKENS.iter().any(|token| value.starts_with(token));
        let is_file = |path: String| RepoPath::new(path).is_some_and(|path| self.snapshot.id(&path).is_some());
        let is_there = || value.contains('/') && join(&base.old, value).is_some_and(is_file);
        if is_rooted || is_there() { self.follow(base, value) } else { None }
    }

    /// The folder of a file.
    pub fn own(&self, path: &RepoPath) -> Base {
        Base { old: text(path.parent()), new: text(self.path(path).parent()) }
    }

    /// A folder by its path.
    pub fn folder(&self, path: String) -> Base {
        Base { new: self.moved(&path).unwrap_or_else(|| path.clone()), old: path }
    }

    /// The folders that a path which does not say so may start from: for a relative one that of its file, then that of its package and the
    /// root.
    pub fn bases(&self, path: &RepoPath, value: &str) -> Vec<Base> {
        if TOKENS.iter().any(|token| value.starts_with(token)) {
            return vec![self.own(path)];
        }
        let package = self.package(path).map(|folder| self.folder(text(folder.as_bytes())));
        let own = value.starts_with('.').then(|| self.own(path));
        own.into_iter().chain(package).chain([self.folder(String::new())]).collect()
    }

    /// Whether a file lies in the package of what moves.
    pub fn is_near(&self, path: &RepoPath) -> bool {
        let package = self.package(&self.snapshot.get(self.main).path);
        package.is_none_or(|folder| path.is_below(folder.as_bytes()))
    }

    /// The folder of the package that a file lies in; `None` for the root.
    fn package(&self, path: &RepoPath) -> Option<RepoPath> {
        let has = |folder: &RepoPath, name: &str| {
            RepoPath::new(format!("{}/{name}", folder.as_str()?)).and_then(|path| self.snapshot.id(&path))
        };
        let is_package = |folder: &RepoPath| has(folder, "package.json").or(has(folder, "tsconfig.json")).is_some();
        path.folders().filter(is_package).last()
    }
}

fn text(folder: &[u8]) -> String {
    String::from_utf8_lossy(folder).into_owned()
}

/// The part of a path that is the same for all that it matches, with its `/` at the end, and the pattern behind it.
fn split_pattern(path: &str) -> (&str, &str) {
    let is_open = |c: char| "*?{}[]()$|^\\+!".contains(c);
    match path.find(is_open) {
        Some(at) => path.split_at(path[..at].rfind('/').map_or(0, |slash| slash + 1)),
        None => (path, ""),
    }
}

fn has_file(snapshot: &Snapshot, path: &str) -> bool {
    let is_there = |ending: &str| RepoPath::new(format!("{path}.{ending}")).is_some_and(|path| snapshot.id(&path).is_some());
    ENDINGS.into_iter().any(is_there)
}

/// Where jest looks for the replacement of a module that is mocked without a factory (Jest manual, "Manual Mocks").
fn mock_of(module: &str) -> String {
    match module.rsplit_once('/') {
        Some((folder, name)) => format!("{folder}/__mocks__/{name}"),
        None => format!("__mocks__/{module}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(files: &[&str], old: &str, new: &str) -> Route {
        let snapshot = crate::text::snapshot::Memory::snapshot(files.iter().map(|path| (*path, "")));
        let is_inside = |path: &str| path == old || path.starts_with(&format!("{old}/"));
        let is_folder = files.iter().any(|path| path.starts_with(&format!("{old}/")));
        let moves: Moves = files
            .iter()
            .filter(|path| is_inside(path) || path.starts_with(&format!("{old}.")))
            .filter_map(|path| Some((snapshot.id(&RepoPath::new(path)?)?, RepoPath::new(path.replacen(old, new, 1))?)))
            .collect();
        let main = *moves.keys().next().expect("something moves");
        Route { moves, main, snapshot, old: old.to_owned(), new: new.to_owned(), is_folder, is_own: true }
    }

    #[test]
    fn a_path_follows_as_it_is_written() {
        let folder = route(&["web/lib/a.ts", "web/(app)/b.ts"], "web/lib", "web/core/lib");
        let web = || folder.folder("web".to_owned());
        let follow = |value: &str| folder.follow(&web(), value);
        let cases = [
            ("./lib", Some("./core/lib")),
            ("lib/", Some("core/lib/")),
            ("lib/**/*.ts", Some("core/lib/**/*.ts")),
            ("<rootDir>/lib/$1", Some("<rootDir>/core/lib/$1")),
            ("${configDir}/lib/a.ts", Some("${configDir}/core/lib/a.ts")),
            ("../web/lib/a.ts", Some("./core/lib/a.ts")),
            ("./*", None),
            ("library", None),
            ("../../outside", None),
        ];
        for (value, wanted) in cases {
            assert_eq!(follow(value).as_deref(), wanted, "{value}");
        }
        let lib = folder.folder("web/lib".to_owned());
        assert_eq!(folder.follow(&lib, "./a.ts"), None, "both move");
        assert_eq!(folder.follow(&lib, "../../base.json").as_deref(), Some("../../../base.json"));
        assert_eq!(folder.follow_exact(&web(), "lib"), None, "it may be any word");
        assert_eq!(folder.follow_exact(&web(), "lib/a.ts").as_deref(), Some("core/lib/a.ts"));
    }

    #[test]
    fn a_module_is_named_with_and_without_its_ending() {
        let file = route(&["lib/auth.ts", "lib/auth.test.ts", "app/(main)/x.ts"], "lib/auth", "core/auth");
        let top = || file.folder(String::new());
        let follow = |value: &str| file.follow(&top(), value);
        assert_eq!(follow("./lib/auth").as_deref(), Some("./core/auth"));
        assert_eq!(follow("lib/auth.ts").as_deref(), Some("core/auth.ts"));
        assert_eq!(follow("./lib/auth.js").as_deref(), Some("./core/auth.js"));
        assert_eq!(follow("./lib/*"), None);
        assert_eq!(follow("./lib/author"), None);
    }
}
