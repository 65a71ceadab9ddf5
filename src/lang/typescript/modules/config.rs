//! One `tsconfig.json` or `jsconfig.json` with all that it extends: only what decides where modules are found.
//!
//! Values keep the folder of the file they were written in, for paths start there. What cannot be read is a [`Problem`]; the rest of
//! the file still counts.

use serde_json::{Map, Value};

use super::Problem;
use super::specifier::join;
use crate::text::path::RepoPath;
use crate::text::snapshot::Snapshot;

/// No configuration is larger (bytes).
const MAX_SIZE: usize = 4 << 20;

/// No chain of `extends` is longer.
const MAX_CHAIN: usize = 64;

/// A value and the folder of the file that it was written in.
#[derive(Clone, Debug)]
pub(super) struct Located<T> {
    /// The folder, without a trailing `/`; empty for the top.
    pub folder: String,
    /// The value.
    pub value: T,
}

/// The entries of `paths`: a pattern, and where it leads in the order of trial.
pub(super) type PathTable = Vec<(String, Vec<String>)>;

/// The settings.
#[derive(Clone, Default, Debug)]
pub(super) struct Config {
    pub base_url: Option<Located<String>>,
    pub paths: Option<Located<PathTable>>,
    pub root_dirs: Option<Located<Vec<String>>>,
    pub out_dir: Option<Located<String>>,
    pub declaration_dir: Option<Located<String>>,
    pub root_dir: Option<Located<String>>,
    pub files: Option<Located<Vec<String>>>,
    pub include: Option<Located<Vec<String>>>,
    pub exclude: Option<Located<Vec<String>>>,
    pub conditions: Option<Vec<String>>,
    pub allow_js: Option<bool>,
    pub composite: Option<bool>,
    /// How JSX is compiled.
    pub jsx: Option<String>,
    /// The function that JSX calls, and the object that has it, where they are named.
    pub jsx_names: Option<Vec<String>>,
    /// An import none of whose names is used stays in what the compiler makes.
    pub keeps_imports: Option<bool>,
    /// `moduleResolution`, or the `module` that it follows from.
    pub resolution: Option<String>,
    /// Not inherited.
    pub references: Vec<String>,
}

/// Reads JSON with comments and trailing commas that is an object at the top.
pub(super) fn read_json(snapshot: &Snapshot, path: &RepoPath) -> Result<Map<String, Value>, Problem> {
    let problem = |message: String| Problem { file: path.clone(), message };
    let file = snapshot.file(path).ok_or_else(|| problem("no such file".to_owned()))?;
    let bytes = snapshot.read(file).map_err(|error| problem(error.to_string()))?;
    if bytes.len() > MAX_SIZE {
        return Err(problem(format!("its {} bytes are too many for a configuration", bytes.len())));
    }
    let mut bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes).to_vec();
    json_strip_comments::strip_slice(&mut bytes).map_err(|error| problem(error.to_string()))?;
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(Map::new());
    }
    match serde_json::from_slice(&bytes) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(problem("it is not a JSON object".to_owned())),
        Err(error) => Err(problem(error.to_string())),
    }
}

/// Finds the file that a bare `extends` names, seen from a folder.
pub(super) type FindExtended<'f> = &'f dyn Fn(&str, &str) -> Option<RepoPath>;

/// Reads a configuration and what it extends.
pub(super) fn load(snapshot: &Snapshot, path: &RepoPath, find: FindExtended<'_>, problems: &mut Vec<Problem>) -> Config {
    load_chain(snapshot, path, find, &mut Vec::new(), problems)
}

fn load_chain(
    snapshot: &Snapshot,
    path: &RepoPath,
    find: FindExtended<'_>,
    chain: &mut Vec<RepoPath>,
    problems: &mut Vec<Problem>,
) -> Config {
    if chain.contains(path) || chain.len() == MAX_CHAIN {
        let file = chain.first().unwrap_or(path).clone();
        problems.push(Problem { file, message: format!("it extends itself by way of {path}") });
        return Config::default();
    }
    let json = match read_json(snapshot, path) {
        Ok(json) => json,
        Err(problem) => {
            problems.push(problem);
            return Config::default();
        }
    };
    let folder = String::from_utf8_lossy(path.parent()).into_owned();
    let mut config = own(&json, &folder);
    chain.push(path.clone());
    // The later one wins, and the file itself over all.
    for name in strings(json.get("extends")).iter().rev() {
        match extended(snapshot, &folder, name, find) {
            Some(base) => config.inherit(load_chain(snapshot, &base, find, chain, problems)),
            None => problems.push(Problem { file: path.clone(), message: format!("it extends {name}, which is not there") }),
        }
    }
    chain.pop();
    config
}

/// The file that an `extends` means.
fn extended(snapshot: &Snapshot, folder: &str, name: &str, find: FindExtended<'_>) -> Option<RepoPath> {
    if !name.starts_with("./") && !name.starts_with("../") {
        return find(folder, name);
    }
    let path = join(folder, name)?;
    let names = [path.clone(), format!("{path}.json")];
    names.into_iter().filter_map(RepoPath::new).find(|path| snapshot.file(path).is_some())
}

/// A string or the strings of a list.
fn strings(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

/// The settings of one file alone.
fn own(json: &Map<String, Value>, folder: &str) -> Config {
    let none = Map::new();
    let options = json.get("compilerOptions").and_then(Value::as_object).unwrap_or(&none);
    let located = |value: Option<&Value>| {
        let value = value?.as_str()?.to_owned();
        Some(Located { folder: folder.to_owned(), value })
    };
    let listed = |value: Option<&Value>| {
        let value = value.filter(|value| value.is_array());
        value.map(|_| Located { folder: folder.to_owned(), value: strings(value) })
    };
    let paths = options.get("paths").and_then(Value::as_object);
    let paths = paths.map(|paths| paths.iter().map(|(pattern, to)| (pattern.clone(), strings(Some(to)))).collect());
    let references = json.get("references").and_then(Value::as_array).into_iter().flatten();
    let jsx_names: Vec<String> = ["jsxFactory", "jsxFragmentFactory", "reactNamespace"]
        .iter()
        .filter_map(|key| Some(options.get(*key)?.as_str()?.split('.').next()?.to_owned()))
        .collect();
    Config {
        base_url: located(options.get("baseUrl")),
        paths: paths.map(|value| Located { folder: folder.to_owned(), value }),
        root_dirs: listed(options.get("rootDirs")),
        out_dir: located(options.get("outDir")),
        declaration_dir: located(options.get("declarationDir")),
        root_dir: located(options.get("rootDir")),
        files: listed(json.get("files")),
        include: listed(json.get("include")),
        exclude: listed(json.get("exclude")),
        conditions: options.get("customConditions").map(|names| strings(Some(names))),
        allow_js: options.get("allowJs").and_then(Value::as_bool),
        composite: options.get("composite").and_then(Value::as_bool),
        jsx: options.get("jsx").and_then(Value::as_str).map(str::to_lowercase),
        jsx_names: (!jsx_names.is_empty()).then_some(jsx_names),
        keeps_imports: keeps_imports(options),
        resolution: ["moduleResolution", "module"].iter().find_map(|key| Some(options.get(*key)?.as_str()?.to_lowercase())),
        references: references.filter_map(|reference| Some(reference.get("path")?.as_str()?.to_owned())).collect(),
    }
}

/// Whether the options say that unused imports are kept, or not; the older two are for compilers before TypeScript 5.
fn keeps_imports(options: &Map<String, Value>) -> Option<bool> {
    let older = options.get("importsNotUsedAsValues").and_then(Value::as_str).map(|word| word != "remove");
    let flags = ["verbatimModuleSyntax", "preserveValueImports"].iter().filter_map(|key| options.get(*key)?.as_bool());
    flags.chain(older).reduce(|any, one| any || one)
}

impl Config {
    fn inherit(&mut self, base: Config) {
        self.base_url = self.base_url.take().or(base.base_url);
        self.paths = self.paths.take().or(base.paths);
        self.root_dirs = self.root_dirs.take().or(base.root_dirs);
        self.out_dir = self.out_dir.take().or(base.out_dir);
        self.declaration_dir = self.declaration_dir.take().or(base.declaration_dir);
        self.root_dir = self.root_dir.take().or(base.root_dir);
        self.files = self.files.take().or(base.files);
        self.include = self.include.take().or(base.include);
        self.exclude = self.exclude.take().or(base.exclude);
        self.conditions = self.conditions.take().or(base.conditions);
        self.allow_js = self.allow_js.or(base.allow_js);
        self.composite = self.composite.or(base.composite);
        self.jsx = self.jsx.take().or(base.jsx);
        self.jsx_names = self.jsx_names.take().or(base.jsx_names);
        self.keeps_imports = self.keeps_imports.or(base.keeps_imports);
        self.resolution = self.resolution.take().or(base.resolution);
    }
}
