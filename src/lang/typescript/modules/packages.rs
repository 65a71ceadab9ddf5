//! The packages of a snapshot: its `package.json` files, and the workspaces that make one known to another.
//!
//! npm and yarn name a workspace's packages in the root's `package.json`, pnpm in `pnpm-workspace.yaml`; a dependency may also name
//! a folder (`file:`, `link:`, `portal:`). An installation would link each below `node_modules`.

use std::collections::BTreeMap;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use serde_json::{Map, Value};

use super::Problem;
use super::config::read_json;
use super::disk::is_folder;
use super::specifier::{join, package_name};
use crate::text::path::RepoPath;
use crate::text::snapshot::Snapshot;

/// The packages.
#[derive(Default)]
pub(super) struct Packages {
    /// Each `package.json`, by its folder (empty for the top).
    pub manifests: BTreeMap<String, Map<String, Value>>,
    /// Where an installation would link a package, with the package's folder.
    pub links: BTreeMap<RepoPath, String>,
    /// The manifests that are not JSON objects.
    pub unreadable: Vec<RepoPath>,
}

/// The keys of a manifest that name other packages.
const DEPENDENCIES: [&str; 4] = ["dependencies", "devDependencies", "peerDependencies", "optionalDependencies"];

impl Packages {
    /// Reads the packages of a snapshot. What cannot be read is added to the problems.
    pub fn read(snapshot: &Snapshot, problems: &mut Vec<Problem>) -> Self {
        let mut packages = Self::default();
        let is_installed = |path: &RepoPath| path.components().any(|part| part == b"node_modules");
        let mut workspaces = Vec::new();
        for file in snapshot.files().iter().filter(|file| !is_installed(&file.path)) {
            let Ok(folder) = std::str::from_utf8(file.path.parent()) else { continue };
            match file.path.file_name() {
                b"package.json" => match read_json(snapshot, &file.path) {
                    Ok(manifest) => drop(packages.manifests.insert(folder.to_owned(), manifest)),
                    Err(problem) => {
                        packages.unreadable.push(file.path.clone());
                        problems.push(problem);
                    }
                },
                b"pnpm-workspace.yaml" => {
                    let text = snapshot.read(file).ok();
                    let globs = text.as_deref().map(|text| pnpm_globs(&String::from_utf8_lossy(text)));
                    workspaces.push((folder.to_owned(), globs.unwrap_or_default()));
                }
                _ => {}
            }
        }
        for (folder, manifest) in &packages.manifests {
            let listed = manifest.get("workspaces");
            let listed = listed.and_then(|listed| listed.get("packages")).or(listed).and_then(Value::as_array);
            let globs = listed.map(|globs| globs.iter().filter_map(Value::as_str).map(str::to_owned).collect());
            workspaces.extend(globs.map(|globs: Vec<String>| (folder.clone(), globs)));
        }
        for (folder, globs) in workspaces {
            packages.link_workspace(snapshot, &folder, &globs, problems);
        }
        packages.link_dependencies(snapshot);
        packages
    }

    fn link_workspace(&mut self, snapshot: &Snapshot, top: &str, globs: &[String], problems: &mut Vec<Problem>) {
        let (out, into): (Vec<&String>, Vec<&String>) = globs.iter().partition(|glob| glob.starts_with('!'));
        let (into, out) = (glob_set(top, &into), glob_set(top, &out));
        let is_member = |folder: &&String| into.is_match(folder) && !out.is_match(folder);
        let members: Vec<(String, String)> = self
            .manifests
            .keys()
            .filter(is_member)
            .filter_map(|folder| Some((self.name(folder)?.to_owned(), folder.clone())))
            .collect();
        for (name, folder) in members {
            if let Some(first) = self.link(snapshot, top, &name, &folder).filter(|first| *first != folder) {
                let file = RepoPath::new(format!("{folder}/package.json"));
                let message = format!("the workspace has two packages named {name}: {first} and {folder}");
                problems.extend(file.map(|file| Problem { file, message }));
            }
        }
    }

    fn link_dependencies(&mut self, snapshot: &Snapshot) {
        let mut found = Vec::new();
        for (folder, manifest) in &self.manifests {
            let listed = DEPENDENCIES.iter().filter_map(|key| manifest.get(*key)?.as_object()).flatten();
            for (name, version) in listed {
                let version = version.as_str().unwrap_or_default();
                let target = ["file:", "link:", "portal:"].iter().find_map(|scheme| version.strip_prefix(scheme));
                let target = target.and_then(|target| join(folder, target));
                let target = target.filter(|target| self.manifests.contains_key(target));
                found.extend(target.map(|target| (folder.clone(), name.clone(), target)));
            }
        }
        for (folder, name, target) in found {
            self.link(snapshot, &folder, &name, &target);
        }
    }

    /// Links a package below a folder's `node_modules`; returns the package that has the name there.
    fn link(&mut self, snapshot: &Snapshot, folder: &str, name: &str, target: &str) -> Option<String> {
        let link = RepoPath::new(slash(folder, &format!("node_modules/{name}")))?;
        let is_name = package_name(name) == Some(name) && !is_folder(snapshot, link.as_bytes());
        is_name.then(|| self.links.entry(link).or_insert_with(|| target.to_owned()).clone())
    }

    /// The name of the package in a folder.
    pub fn name(&self, folder: &str) -> Option<&str> {
        self.manifests.get(folder)?.get("name")?.as_str()
    }

    /// The folder of the package that a path lies in, with its manifest.
    pub fn of(&self, path: &RepoPath) -> Option<(&str, &Map<String, Value>)> {
        let mut folder = std::str::from_utf8(path.parent()).ok()?;
        loop {
            if let Some((folder, manifest)) = self.manifests.get_key_value(folder) {
                return Some((folder, manifest));
            }
            if folder.is_empty() {
                return None;
            }
            folder = folder.rsplit_once('/').map_or("", |(parent, _)| parent);
        }
    }

    /// The folder of the workspace package that a name means in a file.
    pub fn linked(&self, from: &RepoPath, name: &str) -> Option<&str> {
        let folders = from.folders().map(|folder| [folder.as_bytes(), b"/"].concat()).collect::<Vec<_>>();
        let folders = folders.iter().rev().map(Vec::as_slice).chain([&b""[..]]);
        let mut links = folders.filter_map(|folder| RepoPath::new([folder, b"node_modules/", name.as_bytes()].concat()));
        links.find_map(|link| self.links.get(&link)).map(String::as_str)
    }

    /// Where a package of a name is linked.
    pub fn link_named(&self, name: &str) -> Option<&RepoPath> {
        let name = format!("node_modules/{}", package_name(name)?);
        let is_named = |link: &str| link.strip_suffix(name.as_str()).is_some_and(|top| top.is_empty() || top.ends_with('/'));
        self.links.keys().find(|link| link.as_str().is_some_and(is_named))
    }

    /// Whether a package that a file lies in names another as a dependency.
    pub fn is_declared(&self, from: &RepoPath, name: &str) -> bool {
        let is_in = |manifest: &Map<String, Value>| {
            DEPENDENCIES.iter().any(|key| manifest.get(*key).is_some_and(|listed| listed.get(name).is_some()))
        };
        self.manifests.iter().any(|(folder, manifest)| from.is_below(folder.as_bytes()) && is_in(manifest))
    }
}

/// The paths by which a manifest says what others load of its package, each as a relative specifier.
pub(super) fn entries(manifest: &Map<String, Value>) -> Vec<String> {
    const KEYS: [&str; 10] =
        ["main", "module", "browser", "types", "typings", "exports", "imports", "bin", "sideEffects", "react-native"];
    let mut waiting: Vec<&Value> = KEYS.iter().filter_map(|key| manifest.get(*key)).collect();
    let mut found = Vec::new();
    while let Some(value) = waiting.pop() {
        match value {
            Value::String(path) if path.starts_with("./") => found.push(path.clone()),
            Value::String(path) => found.push(format!("./{path}")),
            Value::Array(values) => waiting.extend(values),
            Value::Object(values) => waiting.extend(values.values()),
            _ => {}
        }
    }
    // Without any, Node takes the index.
    if !["main", "exports"].iter().any(|key| manifest.contains_key(*key)) {
        found.push("./index".to_owned());
    }
    found.sort();
    found
}

/// A path below a folder, which may be the top.
pub(super) fn slash(folder: &str, path: &str) -> String {
    if folder.is_empty() { path.to_owned() } else { format!("{folder}/{path}") }
}

/// The folders that a workspace's patterns name.
fn glob_set(top: &str, globs: &[&String]) -> GlobSet {
    let mut set = GlobSetBuilder::new();
    for glob in globs {
        let glob = glob.trim_start_matches('!').trim_start_matches("./").trim_end_matches('/');
        let glob = slash(&globset::escape(top), glob);
        // A pattern that is no glob names no folder.
        if let Ok(glob) = GlobBuilder::new(&glob).literal_separator(true).build() {
            set.add(glob);
        }
    }
    set.build().unwrap_or_else(|_| GlobSet::empty())
}

/// The patterns of a `pnpm-workspace.yaml`: the items below `packages:`, in block or flow style.
fn pnpm_globs(text: &str) -> Vec<String> {
    let is_key = |line: &str| !line.starts_with([' ', '\t', '-', '#']) && line.contains(':');
    let mut lines = text.lines().skip_while(|line| !line.starts_with("packages:"));
    let first = lines.next().and_then(|line| line.strip_prefix("packages:")).unwrap_or_default();
    let block = lines.take_while(|line| !is_key(line)).filter_map(|line| line.trim().strip_prefix('-'));
    let flow = first.trim().trim_start_matches('[').trim_end_matches(']').split(',');
    let item = |item: &str| item.split(" #").next().unwrap_or_default().trim().trim_matches(['"', '\'']).to_owned();
    flow.chain(block).map(item).filter(|glob| !glob.is_empty() && !glob.starts_with('#')).collect()
}
