//! All or nothing: the tool is killed, or the disk fails it, at every call that changes a file; what is left is looked at with git.
//!
//! A library of ours (fault.c) is preloaded into the tool. `SSOT_FAULTS=all cargo test --test it -- faults:: --nocapture` tries every
//! point in every place; without it, of each kind one, and in every place some more. Either way a table of what came of it is printed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};

use crate::harness::{FILES, MOVE, Sandbox, plan_of};

/// The library, compiled once.
pub fn library() -> &'static str {
    static LIBRARY: OnceLock<String> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let (draft, library) = (folder.join(format!("fault-{}.so", std::process::id())), folder.join("fault.so"));
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/fault.c");
        let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".to_owned());
        let made = Command::new(&compiler).args(["-O1", "-shared", "-fPIC", source, "-ldl", "-o"]).arg(&draft).status();
        assert!(made.as_ref().is_ok_and(|status| status.success()), "{compiler} cannot compile {source}: {made:?}");
        fs::rename(draft, &library).unwrap();
        library.to_str().unwrap().to_owned()
    })
}

/// Where HEAD is while the tool runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    Branch,
    Detached,
    Linked,
    /// A new branch is made, and none is checked out for it.
    Other,
}

/// A repository to be copied, with the work in it that has to survive.
struct Case {
    template: Sandbox,
    place: Place,
    command: &'static str,
    /// What runs into a fault: the command, or the `status` that finishes or discards it.
    faulty: &'static str,
    /// What is in the git directory at first.
    clean: BTreeSet<String>,
    /// The tree before, and the one that the command makes.
    trees: [String; 2],
    /// What git says of the user's own changes, which nothing may touch.
    mine: String,
    /// The outcomes after which the command has been given once more.
    continued: Mutex<BTreeSet<(&'static str, bool)>>,
}

/// A plan of two commits: one edits a file, one moves a file into another folder and edits the file that imports it.
fn plan() -> String {
    plan_of(MOVE)
        + "[[phase.step]]\nid = \"folder\"\nkind = \"move-module\"\nfrom = \"old\"\nto = \"new\"\nmove_definition = true\n"
}

impl Case {
    fn new(place: Place, command: &'static str) -> Self {
        let template = Sandbox::in_memory(&FILES);
        for (path, text) in
            [("old/__init__.py", ""), ("old/m.py", "x = 1\n"), ("user.py", "from old.m import x\n"), ("notes.txt", "a\n")]
        {
            template.write(path, text);
        }
        template.commit("More");
        fs::remove_dir_all(template.path(".git/hooks")).unwrap();
        if place == Place::Branch {
            template.git(&["gc", "-q"]);
        }
        template.beside("plan.toml", plan());
        match place {
            Place::Branch | Place::Other => {}
            Place::Detached => drop(template.git(&["checkout", "-q", "--detach"])),
            Place::Linked => drop(template.git(&["worktree", "add", "-q", "-b", "side", "../linked"])),
        }
        let (clean, trees, mine, continued) = Default::default();
        let case = Self { template, place, command, faulty: command, clean, trees, mine, continued };
        let sandbox = &case.template;
        if command == "rollback" {
            case.run(sandbox, "apply", &[]).ok();
        }
        fs::write(case.folder(sandbox).join("notes.txt"), "a\nmine\n").unwrap();
        fs::write(case.folder(sandbox).join("mine.txt"), "mine\n").unwrap();
        let before = case.look(sandbox);
        let after = case.copied();
        case.run(&after, command, &[]).ok();
        assert!(before.changes.contains(" notes.txt\n") && before.changes.contains("? mine.txt"), "{}", before.changes);
        let (trees, clean) = ([before.tree, case.look(&after).tree], listing(&case.template));
        Self { trees, clean, mine: before.changes, ..case }
    }

    /// The same after a kill at a call, to be looked at by a `status` that runs into a fault itself.
    fn interrupted(place: Place, command: &'static str, call: &str, how: &str) -> Self {
        let case = Self::new(place, command);
        let sandbox = case.copied();
        let said = case.run(&sandbox, command, &case.variables(&sandbox, &[("FAULT_CALL", call), ("FAULT_HOW", how)]));
        assert_eq!(said.code, -1, "no {call}");
        Self { template: sandbox, faulty: "status", ..case }
    }

    fn copied(&self) -> Sandbox {
        let sandbox = self.template.copied();
        if self.place == Place::Linked {
            // The two name one another by where they are.
            let linked = sandbox.base().join("linked/.git");
            let inside = sandbox.path(".git/worktrees/linked");
            fs::write(&linked, format!("gitdir: {}\n", inside.display())).unwrap();
            fs::write(inside.join("gitdir"), format!("{}\n", linked.display())).unwrap();
        }
        sandbox
    }

    fn folder(&self, sandbox: &Sandbox) -> PathBuf {
        if self.place == Place::Linked { sandbox.base().join("linked") } else { sandbox.root() }
    }

    /// The words of a command, with one thread, so that calls come in one order.
    fn run(&self, sandbox: &Sandbox, command: &str, variables: &[(&str, &str)]) -> crate::harness::Said {
        let plan = sandbox.base().join("plan.toml");
        let mut words = vec![command, "--jobs", "1", "--plan", plan.to_str().unwrap()];
        match command {
            "apply" => words.push("--yes"),
            "rollback" => words.extend(["--yes", "--phase", "phase"]),
            _ => {}
        }
        if self.place == Place::Other && command != "status" {
            words.extend(["--branch", "other/new"]);
        }
        sandbox.tool_under(&self.folder(sandbox), &words, variables)
    }

    fn git(&self, sandbox: &Sandbox, words: &[&str]) -> String {
        let folder = self.folder(sandbox);
        sandbox.git(&[&["-C", folder.to_str().unwrap()], words].concat())
    }

    /// What git says of the repository.
    fn look(&self, sandbox: &Sandbox) -> Look {
        let is_made = self.place == Place::Other && sandbox.path(".git/refs/heads/other/new").exists();
        let moved = if is_made { "other/new" } else { "HEAD" };
        let ids = self.git(sandbox, &["rev-parse", moved, &format!("{moved}^{{tree}}")]);
        let (commit, tree) = ids.split_once('\n').unwrap();
        let changes = self.git(sandbox, &["status", "--porcelain=v2", "-uall"]) + "\n";
        Look { commit: commit.to_owned(), tree: tree.to_owned(), changes }
    }

    /// The calls that the command makes when nothing goes wrong.
    fn calls(&self) -> Vec<String> {
        let sandbox = self.copied();
        let log = sandbox.base().join("calls");
        self.run(&sandbox, self.faulty, &self.variables(&sandbox, &[("FAULT_LOG", log.to_str().unwrap())])).ok();
        fs::read_to_string(log).unwrap().lines().map(str::to_owned).collect()
    }

    fn variables<'a>(&self, sandbox: &Sandbox, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        // Linked work trees lie beside the repository, so what is counted is below what holds both.
        let root: &'static str = Box::leak(sandbox.base().to_str().unwrap().to_owned().into_boxed_str());
        [&[("LD_PRELOAD", library()), ("FAULT_ROOT", root)], more].concat()
    }

    /// Lets the command run into a fault, and returns what the next one makes of it. Panics where something is lost.
    fn outcome(&self, at: usize, how: &str) -> &'static str {
        let sandbox = self.copied();
        let number = at.to_string();
        let said = self.run(&sandbox, self.faulty, &self.variables(&sandbox, &[("FAULT_AT", &number), ("FAULT_HOW", how)]));
        if !is_kill(how) && said.code != 0 {
            assert!(said.code == 2 && said.err.starts_with("error: ") && !said.err.contains("panicked"), "{}", said.err);
            assert!(how != "full" || said.err.contains("\nhint: "), "{}", said.err);
        }
        let status = self.run(&sandbox, "status", &[]);
        let outcome = match &*status.err {
            "" if said.code == 0 => "done",
            "" => "nothing had happened",
            text if text.contains("found and discarded: it had not moved the branch") => "discarded",
            text if text.contains("found and finished: the files are at") && !text.contains("left alone") => "finished",
            text => panic!("status says {text}"),
        };
        let is_done = outcome == "done" || outcome == "finished";
        let look = self.look(&sandbox);
        let tree = look.tree.clone();
        // A `status` that was not kept from it has done it already.
        let is_done = is_done && self.faulty == self.command;
        assert_eq!(tree, self.trees[usize::from(is_done || tree == self.trees[1])]);
        let outcome = if outcome == "nothing had happened" && tree == self.trees[1] { "complete" } else { outcome };
        let is_done = tree == self.trees[1];
        if self.place != Place::Other {
            let state = match (self.command, is_done) {
                ("apply", false) => "pending",
                ("rollback", true) => "rolled back",
                _ => "applied",
            };
            assert!(status.out.lines().nth(1).is_some_and(|line| line.contains(state)), "{state}, and not {}", status.out);
        }
        assert_eq!(look.changes, self.mine);
        let read = |path: &str| fs::read_to_string(self.folder(&sandbox).join(path)).unwrap();
        assert_eq!((read("notes.txt"), read("mine.txt")), ("a\nmine\n".to_owned(), "mine\n".to_owned()));
        self.check_git_dir(&sandbox, &look, is_done);
        // What is left is as it was before or as it is to be, so that one more command does the same after each outcome.
        if is_all() || self.continued.lock().unwrap().insert((outcome, is_done)) {
            self.goes_on(&sandbox, is_done);
        }
        assert_eq!(sandbox.git(&["fsck", "--strict", "--no-dangling"]), "");
        outcome
    }

    /// The next command does what is left to do.
    fn goes_on(&self, sandbox: &Sandbox, is_done: bool) {
        let next = self.run(sandbox, self.command, &[]);
        match (self.command, is_done) {
            ("apply", true) => assert_eq!(next.ok(), "Nothing to change.\n"),
            ("rollback", true) => assert!(next.fails(1).contains("is not applied")),
            _ => drop(next.ok()),
        }
        let look = self.look(sandbox);
        assert_eq!((&look.tree, &look.changes), (&self.trees[1], &self.mine));
        self.check_git_dir(sandbox, &look, true);
    }

    /// Nothing is in the git directory that was not there before, but for sound objects, and the log says what has happened.
    fn check_git_dir(&self, sandbox: &Sandbox, look: &Look, is_done: bool) {
        let mut new: BTreeSet<String> = listing(sandbox).difference(&self.clean).cloned().collect();
        // Empty folders of refs and logs are nothing to git.
        let made = ["refs/heads/other", "refs/heads/other/new", "logs/refs/heads/other", "logs/refs/heads/other/new"];
        new.retain(|path| !(self.place == Place::Other && made.contains(&&**path)));
        // Where refs are packed, one that moves becomes a file.
        new.remove("refs/heads/main");
        let is_object = |path: &String| {
            let path = path.strip_prefix("objects/").unwrap_or_default();
            path.len() == 2 || (path.len() == 41 && path.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'/'))
        };
        new.retain(|path| !is_object(path));
        if is_done {
            // What a rollback may need later is kept.
            let kept = format!("refs/ssot-migrate/kept/{}", look.commit);
            assert!(new.remove(&kept), "{kept} is missing");
            new.retain(|path| !matches!(&**path, "refs/ssot-migrate" | "refs/ssot-migrate/kept"));
        }
        assert_eq!(new, BTreeSet::new());
        if self.place != Place::Other || is_done {
            let log = match self.place {
                Place::Other => "logs/refs/heads/other/new",
                Place::Linked => "worktrees/linked/logs/HEAD",
                Place::Branch | Place::Detached => "logs/HEAD",
            };
            let log = sandbox.read(&format!(".git/{log}"));
            let last = log.lines().next_back().unwrap_or_default();
            assert_eq!(last.split(' ').nth(1), Some(&*look.commit), "{log}");
            assert_eq!(last.contains(&format!("\tssot-migrate {}", self.command)), is_done, "{log}");
            assert_eq!(log.matches(&format!("\tssot-migrate {}", self.command)).count(), usize::from(is_done), "{log}");
        }
    }
}

/// What git says of a repository.
struct Look {
    /// The commit that the command moves something to, and its tree.
    commit: String,
    tree: String,
    /// The changes that are not committed.
    changes: String,
}

/// All that is in the git directory.
fn listing(sandbox: &Sandbox) -> BTreeSet<String> {
    let root = sandbox.path(".git");
    let entries = walkdir::WalkDir::new(&root).into_iter().map(Result::unwrap);
    entries.map(|entry| entry.path().strip_prefix(&root).unwrap().to_str().unwrap().to_owned()).collect()
}

/// What kind of file a path is of.
fn class(path: &str) -> &'static str {
    let path = path.split_once('/').map_or(path, |(_, rest)| rest);
    let inside = path.strip_prefix(".git/worktrees/linked/").or_else(|| path.strip_prefix(".git/"));
    match inside {
        None => "a file of the work tree",
        Some("ssot-migrate/pending") => "the record",
        Some("index.lock") => "index.lock",
        Some("index") => "the index",
        Some(path) if path.starts_with("ssot-migrate/staging/lock") => "a lock's draft",
        Some(path) if path.starts_with("ssot-migrate/staging/index") => "the prepared index",
        Some(path) if path.starts_with("ssot-migrate/staging/objects/") => "an object that waits",
        Some(path) if path.starts_with("ssot-migrate") => "the folder of what is prepared",
        Some(path) if path.starts_with("objects") => "the object database",
        Some(path) if path.starts_with("logs") => "the reflog",
        Some(path) if path.starts_with("refs/ssot-migrate") || path.ends_with("staging/kept") => "the kept reference",
        Some(path) if path.ends_with(".lock") => "the ref's lock",
        Some(path) if path.starts_with("refs") || path == "HEAD" => "the ref",
        Some(_) => "the git directory",
    }
}

fn is_kill(how: &str) -> bool {
    matches!(how, "before" | "after" | "half")
}

/// Whether every point is tried.
fn is_all() -> bool {
    std::env::var_os("SSOT_FAULTS").is_some()
}

/// What kind of fault it is: how the call fails, the call, and what kind of file it is about.
fn kind(how: &str, call: &str) -> String {
    let (name, path) = call.split_once(' ').unwrap();
    format!("{how:<9} {name:<9} {}", class(path))
}

/// What came of the faults of each kind that have been tried, in whatever place.
type Table = Mutex<BTreeMap<String, BTreeMap<&'static str, usize>>>;

/// Tries a fault at one call of each kind that has not been tried yet, at every `every`-th, and at the last.
fn matrix(case: &Case, how: &str, every: usize, table: &Table) {
    let calls = case.calls();
    let is_one = |call: &str| match how {
        "half" => call.starts_with("write "),
        // The disk stays full: the others fail, if at all, as what comes behind them does.
        "full" => ["open ", "write ", "fsync ", "link ", "mkdir "].iter().any(|name| call.starts_with(name)),
        _ => true,
    };
    let all: Vec<usize> = (1..=calls.len()).filter(|at| is_one(&calls[at - 1])).collect();
    let mut kinds: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    all.iter().for_each(|at| kinds.entry(kind(how, &calls[at - 1])).or_default().push(*at));
    // A call that fails is one, whatever the system says of it.
    let alike: &[&str] = if is_kill(how) { &[how] } else { &["full", "broken", "denied"] };
    let is_tried = |call: &str| alike.iter().any(|how| table.lock().unwrap().contains_key(&kind(how, call)));
    kinds.retain(|_, points| !is_tried(&calls[points[0] - 1]));
    // One from the middle, where the most has happened and the most is left to do.
    let mut points: BTreeSet<usize> = kinds.values().map(|alike| alike[alike.len() / 2]).collect();
    points.extend(all.iter().step_by(if is_all() { 1 } else { every }).chain(all.last()));
    let points: Vec<usize> = points.into_iter().collect();
    // What only clears away neither writes nor needs room.
    assert!(!points.is_empty() || matches!(how, "half" | "full"));
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                while let Some(&at) = points.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let call = &calls[at - 1];
                    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| case.outcome(at, how)));
                    let Ok(outcome) = outcome else {
                        failed.lock().unwrap().push(format!("{:?} {} {how} {at}: {call}", case.place, case.command));
                        continue;
                    };
                    *table.lock().unwrap().entry(kind(how, call)).or_default().entry(outcome).or_default() += 1;
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

fn show(table: Table) {
    for (row, outcomes) in table.into_inner().unwrap() {
        let outcomes: Vec<String> = outcomes.iter().map(|(outcome, count)| format!("{outcome} ({count})")).collect();
        println!("{row:<50} {}", outcomes.join(", "));
    }
}

#[test]
fn killed_at_any_point_the_next_command_finishes_or_discards() {
    let table = Mutex::default();
    for (place, command) in [
        (Place::Branch, "apply"),
        (Place::Branch, "rollback"),
        (Place::Detached, "apply"),
        (Place::Detached, "rollback"),
        (Place::Linked, "apply"),
        (Place::Linked, "rollback"),
        (Place::Other, "apply"),
    ] {
        let case = Case::new(place, command);
        matrix(&case, "before", 37, &table);
        matrix(&case, "half", 23, &table);
    }
    show(table);
}

#[test]
fn a_command_that_finishes_or_discards_can_be_killed_too() {
    let table = Mutex::default();
    for (place, call, how) in [
        (Place::Branch, "write repo/app.py", "half"),
        (Place::Branch, "rename repo/.git/refs/heads/main", "before"),
        (Place::Detached, "rename repo/.git/HEAD", "after"),
        (Place::Linked, "write repo/.git/logs/refs/heads/side", "half"),
    ] {
        let case = Case::interrupted(place, "apply", call, how);
        matrix(&case, "before", 19, &table);
        matrix(&case, "half", 11, &table);
        matrix(&case, "full", 23, &table);
    }
    show(table);
}

#[test]
fn where_the_disk_fails_nothing_is_lost() {
    let table = Mutex::default();
    for command in ["apply", "rollback"] {
        let case = Case::new(Place::Branch, command);
        for how in ["full", "broken", "denied"] {
            matrix(&case, how, 61, &table);
        }
    }
    show(table);
}
