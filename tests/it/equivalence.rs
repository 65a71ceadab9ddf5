//! Programs behave as before: generated repositories, the sample monorepo and every case of `fixtures/kinds` are run by Python
//! before and after.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rayon::prelude::*;
use serde_json::{Value, json};
use ssot_migrate::lang::python::collect;
use ssot_migrate::lang::python::rename::has_word;
use ssot_migrate::transform::python::module_names;

use crate::fixtures::{cases, name, open, words};
use crate::harness::{Sandbox, project};

/// A generated repository, committed, and its plan's file.
fn generated(seed: u32, files: u32, symbols: u32, options: &[&str]) -> (Sandbox, String) {
    let sandbox = Sandbox::new();
    let (seed, files, symbols) = (seed.to_string(), files.to_string(), symbols.to_string());
    let script = generator();
    let words = [&script, ".", "--seed", &seed, "--files", &files, "--symbols", &symbols];
    sandbox.python(&[&words[..], options].concat()).ok();
    sandbox.init();
    let plan = sandbox.path(".oracle/plan.toml").to_str().unwrap().to_owned();
    (sandbox, plan)
}

fn generator() -> String {
    project().join("tests/generate_repo.py").to_str().unwrap().to_owned()
}

/// Applies the plan of a generated repository and holds the result against the generator's answers.
fn migrate(seed: u32, files: u32, symbols: u32, options: &[&str]) {
    let (sandbox, plan) = generated(seed, files, symbols, options);
    let start = sandbox.tree();
    let observed = sandbox.python(&["run_all.py"]).ok();
    assert_eq!(observed.lines().count(), files as usize, "every consumer tells what it observes");
    let open = sandbox.python(&[&generator(), "--check", "."]);
    assert_eq!((open.code, open.out.is_empty()), (1, false), "there is something to do");

    let patches = ["1", "2", "7"].map(|jobs| sandbox.tool(&["plan", "--plan", &plan, "--format", "diff", "--jobs", jobs]).ok());
    assert!(patches.iter().all(|patch| *patch == patches[0]), "the number of threads does not matter");
    sandbox.tool(&["apply", "--plan", &plan, "--yes"]).ok();
    let applied = sandbox.tree();
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
    assert_eq!(sandbox.python(&[&generator(), "--check", "."]).ok(), "");
    assert_eq!(sandbox.python(&["run_all.py"]).ok(), observed);

    sandbox.git(&["checkout", "-q", "-b", "patched", &format!("HEAD~{}", commits_of_the_plan(&sandbox))]);
    assert_eq!(sandbox.tree(), start);
    let patch = sandbox.beside("whole.patch", &patches[0]);
    sandbox.git(&["apply", "--index", patch.to_str().unwrap()]);
    assert_eq!(sandbox.git(&["write-tree"]), applied, "the patch that `plan` shows is what `apply` does");
    sandbox.git(&["reset", "-q", "--hard"]);

    sandbox.git(&["checkout", "-q", "main"]);
    sandbox.tool(&["rollback", "--plan", &plan, "--phase", "generated", "--yes"]).ok();
    assert_eq!(sandbox.tree(), start);
}

fn commits_of_the_plan(sandbox: &Sandbox) -> usize {
    sandbox
        .git(&["log", "--format=%(trailers:key=Ssot-Step,valueonly,separator=)"])
        .lines()
        .filter(|step| !step.is_empty())
        .count()
}

#[test]
fn a_generated_repository_behaves_as_before() {
    migrate(1, 160, 12, &[]);
}

#[test]
fn few_files_with_many_names_behave_as_before() {
    migrate(2, 30, 60, &[]);
}

#[test]
fn a_repository_whose_new_home_loads_the_old_one_behaves_as_before() {
    migrate(3, 110, 8, &["--unruly"]);
}

#[test]
fn the_samples_own_tests_pass_before_and_after_every_phase_and_its_rollback() {
    let sandbox = Sandbox::with_copy_of(&project().join("fixtures/netra-mini"));
    let run = |when: &str| {
        let said = sandbox.python(&["-m", "unittest", "-q"]);
        assert_eq!(said.code, 0, "{when}: {}", said.err);
        let ran = said.err.lines().find(|line| line.starts_with("Ran ")).map(str::to_owned).unwrap();
        ran.split_whitespace().nth(1).unwrap().parse::<u32>().unwrap()
    };
    let tests = run("before");
    assert!(tests > 40, "{tests} tests ran");
    let mut trees = vec![sandbox.tree()];
    let phases = ["jwt", "websocket", "golden-path"];
    for phase in phases {
        sandbox.tool(&["apply", "--phase", phase, "--yes"]).ok();
        assert_eq!(run(phase), tests);
        assert_ne!(trees.last(), Some(&sandbox.tree()), "{phase} has something to do");
        trees.push(sandbox.tree());
    }
    for (phase, tree) in phases.iter().zip(&trees).rev() {
        sandbox.tool(&["rollback", "--phase", phase, "--yes"]).ok();
        assert_eq!(run("rolled back"), tests);
        assert_eq!(sandbox.tree(), *tree, "{phase}");
    }
}

/// What a case's plan says that it changes on purpose.
#[derive(Default)]
pub struct Purpose {
    /// The names that are moved, deleted, or made: they may go and come.
    pub names: BTreeSet<String>,
    /// Modules whose files move, and where to.
    pub moved: Vec<(String, String)>,
    /// The modules that definitions leave and come to: with them go and come the imports that they need.
    homes: BTreeSet<String>,
    /// The modules that become shims.
    shims: BTreeSet<String>,
    /// Whether calls become others: then classes and functions are imported that were not, and others are not any more.
    calls: bool,
    /// Whether imports that nothing reads are to go.
    drops_imports: bool,
    /// Whether what only deleted code used is to go.
    pub cascades: bool,
    /// Whether modules that are left empty are to go.
    pub empties: bool,
}

impl Purpose {
    pub fn of(case: &Path) -> Self {
        Self::read(&std::fs::read_to_string(case.join("plan.toml")).unwrap(), case)
    }

    /// The same of a plan whose other files lie in a folder.
    pub fn read(plan: &str, case: &Path) -> Self {
        let plan: toml::Value = toml::from_str(plan).unwrap();
        let mut purpose = Self::default();
        for step in plan["phase"].as_array().unwrap().iter().flat_map(|phase| phase["step"].as_array().unwrap()) {
            purpose.take(case, step);
        }
        purpose
    }

    fn take(&mut self, case: &Path, step: &toml::Value) {
        let strings = |key: &str| match step.get(key) {
            Some(toml::Value::Array(items)) => items.iter().filter_map(|item| item.as_str()).map(str::to_owned).collect(),
            Some(toml::Value::String(text)) => vec![text.clone()],
            _ => Vec::new(),
        };
        let (mut from, mut to) = ([strings("from"), strings("of")].concat(), strings("to"));
        if let Some(map) = step.get("map").and_then(|map| map.as_str()) {
            let rows = std::fs::read_to_string(case.join(map)).unwrap();
            for (old, new) in rows.lines().filter_map(|row| row.split_once(',')) {
                from.push(old.trim().to_owned());
                to.push(new.trim().to_owned());
            }
        }
        self.drops_imports |= step.get("kind").and_then(|kind| kind.as_str()) == Some("remove-unused-imports");
        self.cascades |= step.get("cascade").is_some();
        if step.get("move_definition").is_some() {
            let modules = from.iter().chain(&to).filter_map(|symbol| symbol.split_once(':'));
            self.homes.extend(modules.map(|(module, _)| module.to_owned()));
        }
        let kind = step.get("kind").and_then(toml::Value::as_str);
        self.calls |= matches!(kind, Some("inline-wrapper" | "rewrite"));
        if kind == Some("shim") {
            // What only the old code imported goes with it.
            self.homes.extend(from.iter().map(|old| old.split(':').next().unwrap().to_owned()));
            self.shims.extend(from.iter().filter(|old| !old.contains(':')).cloned());
        }
        self.empties |= matches!(kind, Some("delete-definition" | "delete-module" | "shim"));
        let last = |symbol: &String| symbol.rsplit([':', '.', '/']).next().unwrap().to_owned();
        if step.get("move_definition").is_some()
            && let ([from], [to]) = (&from[..], &to[..])
        {
            let plain = |name: &str| name.trim_end_matches('/').replace(':', ".");
            self.moved.push((plain(from), plain(to)));
        }
        self.names.extend(from.iter().chain(&to).map(last));
        // What takes the place of code is imported.
        let symbols = step.get("symbols").and_then(toml::Value::as_table).into_iter().flat_map(toml::Table::values);
        let symbols = symbols.filter_map(|symbol| symbol.as_str()?.split_once(':')).map(|(_, name)| name);
        self.names.extend(symbols.filter_map(|name| name.split('.').next()).map(str::to_owned));
    }

    /// What a module that was named so is called now.
    fn module(&self, name: &str) -> String {
        let rest = |from: &str| name.strip_prefix(from).filter(|rest| rest.is_empty() || rest.starts_with('.'));
        let moved = self.moved.iter().find_map(|(from, to)| Some(format!("{to}{}", rest(from)?)));
        moved.unwrap_or_else(|| name.to_owned())
    }

    /// The same with the new names of moved modules in it.
    fn text(&self, text: &str) -> String {
        let renamed = |text: String, (from, to): &(String, String)| {
            text.replace(from, to).replace(&from.replace('.', "/"), &to.replace('.', "/"))
        };
        self.moved.iter().fold(text.to_owned(), renamed)
    }

    /// How a module behaves otherwise than before, apart from what the plan is for.
    fn difference(&self, module: &str, before: &Value, after: &Value, dropped: &BTreeSet<String>) -> Option<String> {
        let both = |key: &str| format!("{key}: {} and {}", before[key], after[key]);
        if after["raises"] != Value::Null {
            return Some(both("raises"));
        }
        if self.text(before["prints"].as_str()?) != after["prints"].as_str()? {
            return Some(both("prints"));
        }
        // What the plan is for, and the packages whose names imports bind in passing.
        let kept = |names: &Value| -> BTreeMap<String, String> {
            let entries = names.as_object().into_iter().flatten();
            let entries = entries.map(|(name, value)| (name.clone(), self.text(value.as_str().unwrap_or_default())));
            let is_code = |value: &str| self.calls && matches!(value, "class" | "callable");
            entries.filter(|(name, value)| !self.names.contains(name) && value != "module" && !is_code(value)).collect()
        };
        let (mut had, mut has) = (kept(&before["names"]), kept(&after["names"]));
        had.retain(|name, _| has.contains_key(name) || !dropped.contains(name));
        if self.homes.contains(module) {
            had.retain(|name, _| has.contains_key(name));
            has.retain(|name, _| had.contains_key(name));
        }
        if had != has {
            return Some(both("names"));
        }
        let listed = |value: &Value| -> BTreeSet<String> {
            let entries = value.as_array().into_iter().flatten().filter_map(|entry| entry.as_str()).map(str::to_owned);
            entries.filter(|name| !self.names.contains(name)).collect()
        };
        let (had, has) = (listed(&before["all"]), listed(&after["all"]));
        // A module that becomes a list of imports lists what it offers.
        let is_new_list = had.is_empty() && self.shims.contains(module);
        (had != has && !is_new_list).then(|| both("all"))
    }
}

/// The names that a module of a case imported and does not import now. Unless the plan is for that, nothing may spell them any more: they
/// were of no use without what the step took away.
fn dropped(case: &Path, sandbox: &Sandbox, module: &str, purpose: &Purpose) -> BTreeSet<String> {
    let path = module.replace('.', "/");
    let paths =
        [format!("{path}.py"), format!("{path}/__init__.py"), format!("src/{path}.py"), format!("src/{path}/__init__.py")];
    let found = paths.iter().find_map(|path| Some((path, std::fs::read_to_string(case.join("before").join(path)).ok()?)));
    let Some((path, before)) = found else { return BTreeSet::new() };
    let Ok(after) = std::fs::read_to_string(sandbox.path(path)) else { return BTreeSet::new() };
    let imported = |text: &str| -> BTreeSet<String> {
        let facts = collect(text, None);
        facts.aliases.iter().map(|alias| facts.names.get(alias.local).to_owned()).collect()
    };
    let is_gone = |name: &String| purpose.drops_imports || !has_word(&after, name);
    let mut dropped: BTreeSet<String> =
        imported(&before).difference(&imported(&after)).filter(|name| is_gone(name)).cloned().collect();
    if purpose.cascades {
        let names = collect(&before, None);
        let names = module_names(&names).map(str::to_owned);
        dropped.extend(names.filter(|name| !is_spelled(sandbox, name)));
    }
    dropped
}

/// Whether a Python file of the repository has a word.
fn is_spelled(sandbox: &Sandbox, word: &str) -> bool {
    let files = sandbox.files().into_iter().filter(|(path, _)| path.ends_with(".py"));
    files.into_iter().any(|(_, bytes)| has_word(&String::from_utf8_lossy(&bytes), word))
}

/// What Python sees of each module of the repository.
fn observed(sandbox: &Sandbox) -> BTreeMap<String, Value> {
    let script = project().join("tests/observe.py");
    let said = sandbox.python(&[script.to_str().unwrap(), ".", ".", "src"]).ok();
    serde_json::from_str(&said).unwrap()
}

/// What behaves otherwise in a case after its safe fixes and after all of them, and how many modules were looked at.
fn differences(case: &Path) -> (Vec<String>, usize) {
    let purpose = Purpose::of(case);
    let (sandbox, plan) = open(case);
    let start = sandbox.git(&["rev-parse", "HEAD"]);
    let mut before = observed(&sandbox);
    before.retain(|_, seen| seen["raises"] == Value::Null);
    let mut found = Vec::new();
    for options in [&[][..], &["--review"]] {
        if !options.is_empty() && !is_kept_by_review(&sandbox, &plan) {
            continue;
        }
        let made = sandbox.tool(&words(&[&["apply", "--yes"], options].concat(), &plan)).ok();
        if made.starts_with("Nothing to change.") {
            continue;
        }
        let after = observed(&sandbox);
        for (module, old) in &before {
            let difference = match after.get(&purpose.module(module)) {
                Some(new) => purpose.difference(module, old, new, &dropped(case, &sandbox, module, &purpose)),
                None if module.split('.').any(|part| purpose.names.contains(part)) => None,
                None if purpose.empties && !is_spelled(&sandbox, module.rsplit('.').next().unwrap()) => None,
                None => Some("it is gone".to_owned()),
            };
            found.extend(difference.map(|difference| format!("{} {options:?}: {module}: {difference}", name(case))));
        }
        sandbox.git(&["reset", "-q", "--hard", &start]);
    }
    (found, before.len())
}

/// Whether what the plan would do with `--review` is meant to keep what the program does.
pub fn is_kept_by_review(sandbox: &Sandbox, plan: &[String]) -> bool {
    let report = sandbox.tool(&words(&["plan", "--format", "json"], plan)).ok();
    let report: Value = serde_json::from_str(&report).unwrap();
    let lists = |value: &Value, key: &str| value[key].as_array().cloned().unwrap_or_default();
    let steps = lists(&report, "phases").into_iter().flat_map(|phase| lists(&phase, "steps"));
    let mut reasons = steps.flat_map(|step| lists(&step, "findings")).filter(|finding| finding["outcome"] == "review");
    // The others say that a person may want it otherwise, or that something fails today: what runs goes on as before.
    reasons.all(|finding| {
        matches!(finding["reason"].as_str(), Some("own-name" | "as-planned" | "in-string" | "dangling" | "stated" | "suspends"))
    })
}

#[test]
fn every_case_behaves_as_before() {
    let (found, looked_at): (Vec<Vec<String>>, Vec<usize>) = cases().par_iter().map(|case| differences(case)).unzip();
    assert_eq!(found.concat(), Vec::<String>::new());
    let looked_at: usize = looked_at.iter().sum();
    assert!(looked_at > 150, "{looked_at} modules were run");
}

#[test]
fn what_behaves_otherwise_is_noticed() {
    let purpose = Purpose { names: ["Old".to_owned(), "New".to_owned()].into(), ..Purpose::default() };
    let seen = |names: Value| json!({ "prints": "x", "names": names, "all": ["limit"] });
    let before = seen(json!({ "Old": "class", "limit": "3", "m": "module" }));
    let nothing = BTreeSet::new();
    assert_eq!(purpose.difference("m", &before, &seen(json!({ "New": "class", "limit": "3" })), &nothing), None);
    let dropped = BTreeSet::from(["limit".to_owned()]);
    assert_eq!(purpose.difference("m", &before, &seen(json!({ "New": "class" })), &dropped), None);
    for after in [
        seen(json!({ "New": "class", "limit": "4" })),
        seen(json!({ "New": "class" })),
        seen(json!({ "New": "class", "limit": "3", "more": "callable" })),
        json!({ "raises": "ImportError", "prints": "" }),
        json!({ "prints": "y", "names": { "limit": "3" }, "all": ["limit"] }),
        json!({ "prints": "x", "names": { "limit": "3" }, "all": [] }),
    ] {
        assert!(purpose.difference("m", &before, &after, &nothing).is_some(), "{after}");
    }
}
