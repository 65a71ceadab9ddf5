//! How steps become commits: cut so that people can review them, joined, and with messages as the plan wants them.

use crate::harness::{FILES, MOVE, Sandbox, plan_of};

/// A definition that moves, with importers in three folders of three owners.
const SPREAD: [(&str, &str); 12] = [
    ("CODEOWNERS", "* @all\n/a/ @ann\n/b/ @bob bea@example.com\n/pkg/ @core\n/none.py\n"),
    ("pkg/__init__.py", ""),
    ("pkg/legacy.py", "import os\n\n\nclass Manager:\n    root = os.sep\n\n\ndef other():\n    return 1\n"),
    ("pkg/ssot.py", "def kept():\n    return 2\n"),
    ("pkg/user.py", "from pkg.legacy import Manager\nprint(Manager.root)\n"),
    ("a/__init__.py", ""),
    ("a/one.py", "from pkg.legacy import Manager, other\nprint(Manager.root, other())\n"),
    ("a/two.py", "import pkg.legacy\nprint(pkg.legacy.Manager.root, pkg.legacy.other())\n"),
    ("b/three.py", "from pkg.legacy import Manager\nprint(Manager.root)\n"),
    ("b/deep/four.py", "from pkg.legacy import Manager\nprint(Manager.root)\n"),
    ("b/deep/five.py", "from pkg.legacy import Manager\nprint(Manager.root)\n"),
    ("none.py", "from pkg.legacy import Manager\nprint(Manager.root)\n"),
];

const STEP: &str = "title = \"Move the manager\"\nkind = \"move-symbol\"\nfrom = \"pkg.legacy:Manager\"\nto = \"pkg.ssot:Manager\"\nmove_definition = true";

fn plan(keys: &str) -> String {
    plan_of(STEP).replace("name = \"test\"\n", &format!("name = \"test\"\n{keys}\n"))
}

fn apply(sandbox: &Sandbox, keys: &str, words: &[&str]) -> String {
    sandbox.with_plan(&plan(keys), &[&["apply", "--yes"], words].concat()).ok()
}

fn log(sandbox: &Sandbox, format: &str) -> Vec<String> {
    sandbox.git(&["log", "--reverse", &format!("--format={format}"), "HEAD"]).lines().skip(1).map(str::to_owned).collect()
}

/// What each commit does, and that the code of each runs.
#[track_caller]
fn commits(sandbox: &Sandbox) -> Vec<String> {
    let clone = sandbox.root().parent().unwrap().join("clone");
    let words = clone.to_str().unwrap();
    sandbox.git(&["clone", "-q", ".", words]);
    let mut shown = Vec::new();
    for commit in log(sandbox, "%H") {
        sandbox.git(&["-C", words, "checkout", "-q", &commit]);
        let is_there = |path: &&&str| path.ends_with(".py") && clone.join(path).exists();
        let paths: Vec<_> = SPREAD.iter().map(|(path, _)| path).filter(is_there).map(|path| clone.join(path)).collect();
        let run = format!("import sys, runpy; sys.path.insert(0, {words:?}); [runpy.run_path(path) for path in {paths:?}]");
        sandbox.python(&["-c", &run]).ok();
        shown.push(
            sandbox
                .git(&["show", "--format=%s%n%(trailers:key=Ssot-Part,valueonly,separator=)", "--name-only", &commit])
                .replace("\n\n", "\n")
                .replace('\n', " "),
        );
    }
    std::fs::remove_dir_all(clone).unwrap();
    shown
}

/// The tree of the whole step, however it is cut.
fn whole() -> String {
    let sandbox = Sandbox::with_files(&SPREAD);
    apply(&sandbox, "", &[]);
    assert_eq!(sandbox.git(&["rev-list", "--count", "HEAD"]), "2");
    sandbox.tree()
}

#[test]
fn a_step_is_cut_by_owner_and_each_part_works() {
    let sandbox = Sandbox::with_files(&SPREAD);
    let start = sandbox.tree();
    let said = apply(&sandbox, "commit = \"owner\"", &[]);
    assert!(said.starts_with("Made 6 commits on main:\n") && said.contains(" phase / step, part 2 of 6 (@ann)\n"), "{said}");
    assert_eq!(
        commits(&sandbox),
        [
            "Move the manager (1/6: @core) 1/6 pkg/ssot.py",
            "Move the manager (2/6: @ann) 2/6 a/one.py a/two.py",
            "Move the manager (3/6: @bob bea@example.com) 3/6 b/deep/five.py b/deep/four.py b/three.py",
            "Move the manager (4/6: @core) 4/6 pkg/user.py",
            "Move the manager (5/6: nobody) 5/6 none.py",
            "Move the manager (6/6: @core) 6/6 pkg/legacy.py",
        ]
    );
    assert_eq!((sandbox.tree(), sandbox.git(&["status", "--porcelain"])), (whole(), String::new()));
    let body = sandbox.git(&["log", "-1", "--format=%b", "HEAD~3"]);
    assert!(
        body.starts_with("Phase phase, step step, part 3 of 6: ") && body.contains(" in 3 files.\n\nSsot-Plan: test\n"),
        "{body}"
    );
    let status = || sandbox.with_plan(&plan(""), &["status"]).ok();
    assert!(status().contains("applied        6 commits"), "{}", status());
    sandbox.with_plan(&plan(""), &["rollback", "--phase", "phase", "--yes"]).ok();
    assert_eq!((sandbox.tree(), sandbox.git(&["status", "--porcelain"])), (start, String::new()));
    assert!(status().contains("rolled back"), "{}", status());
    // Again, by an option, and saved.
    apply(&sandbox, "", &["--commit", "owner"]);
    assert_eq!((sandbox.tree(), sandbox.git(&["rev-list", "--count", "HEAD"])), (whole(), "19".to_owned()));
}

#[test]
fn a_step_is_cut_by_folder_as_deep_as_it_takes() {
    let sandbox = Sandbox::with_files(&SPREAD);
    apply(&sandbox, "commit = \"directory\"\nmax_files = 2", &[]);
    let names: Vec<String> = log(&sandbox, "%s");
    assert_eq!(
        names,
        [
            "Move the manager (1/7: pkg)",
            "Move the manager (2/7: .)",
            "Move the manager (3/7: a)",
            "Move the manager (4/7: b)",
            "Move the manager (5/7: b/deep)",
            "Move the manager (6/7: pkg)",
            "Move the manager (7/7: pkg)",
        ]
    );
    assert_eq!(commits(&sandbox).len(), 7);
    assert_eq!(sandbox.tree(), whole());
    // Small neighbours share a part, and each works.
    let sandbox = Sandbox::with_files(&SPREAD);
    apply(&sandbox, "commit = \"directory\"", &["--max-files", "4"]);
    assert_eq!(
        commits(&sandbox),
        [
            "Move the manager (1/4: pkg) 1/4 pkg/ssot.py",
            "Move the manager (2/4: ., a) 2/4 a/one.py a/two.py none.py",
            "Move the manager (3/4: b, pkg) 3/4 b/deep/five.py b/deep/four.py b/three.py pkg/user.py",
            "Move the manager (4/4: pkg) 4/4 pkg/legacy.py",
        ]
    );
    assert_eq!(sandbox.tree(), whole());
    // Counted alone.
    let sandbox = Sandbox::with_files(&SPREAD);
    apply(&sandbox, "", &["--max-files", "3"]);
    assert_eq!(
        log(&sandbox, "%s"),
        [
            "Move the manager (1/5)",
            "Move the manager (2/5)",
            "Move the manager (3/5)",
            "Move the manager (4/5)",
            "Move the manager (5/5)"
        ]
    );
    assert_eq!((commits(&sandbox).len(), sandbox.tree()), (5, whole()));
}

#[test]
fn a_saved_plan_has_the_same_commits() {
    let sandbox = Sandbox::with_files(&SPREAD);
    let saved = sandbox.root().parent().unwrap().join("saved.json");
    sandbox.with_plan(&plan("commit = \"owner\""), &["plan", "--out", saved.to_str().unwrap()]).ok();
    sandbox.tool(&["apply", saved.to_str().unwrap(), "--yes"]).ok();
    assert_eq!((log(&sandbox, "%s").len(), sandbox.tree()), (6, whole()));
    assert_eq!(log(&sandbox, "%(trailers:key=Ssot-Part,valueonly,separator=)").last().unwrap(), "6/6");
}

#[test]
fn what_cannot_work_apart_stays_together() {
    let sandbox = Sandbox::with_files(&SPREAD);
    let plan = plan_of("kind = \"move-module\"\nfrom = \"pkg.legacy\"\nto = \"pkg.fresh\"\nmove_definition = true")
        .replace("name = \"test\"\n", "name = \"test\"\ncommit = \"owner\"\n");
    sandbox.with_plan(&plan, &["apply", "--yes"]).ok();
    assert_eq!(log(&sandbox, "%s|%(trailers:key=Ssot-Part,valueonly,separator=)"), ["step|"]);
    assert_eq!(commits(&sandbox).len(), 1);
    // A definition that others need where it was goes together with what leaves its name there.
    let sandbox = Sandbox::with_files(&SPREAD);
    let shim = format!(
        "{}\n",
        self::plan("commit = \"owner\"").replace("move_definition = true", "move_definition = true\nshim = true")
    );
    sandbox.with_plan(&shim, &["apply", "--yes"]).ok();
    let made = commits(&sandbox);
    assert_eq!(
        made[..2],
        ["Move the manager (1/6: @core) 1/6 pkg/ssot.py", "Move the manager (2/6: @core) 2/6 pkg/legacy.py"],
        "{made:?}"
    );
}

#[test]
fn typescript_is_cut_too() {
    let sandbox = Sandbox::with_files(&[
        ("web/lib/old.ts", "export const limit = 1;\nexport class Manager {}\n"),
        ("web/lib/new.ts", "export const kept = 2;\n"),
        ("web/app/a.ts", "import { Manager } from \"../lib/old\";\nexport const a = new Manager();\n"),
        ("web/pages/b.ts", "import { Manager, limit } from \"../lib/old\";\nexport const b = [new Manager(), limit];\n"),
    ]);
    let plan = plan_of(
        "title = \"Move it\"\nkind = \"move-symbol\"\nfrom = \"web/lib/old:Manager\"\nto = \"web/lib/new:Manager\"\nmove_definition = true",
    );
    sandbox.with_plan(&plan, &["apply", "--yes", "--commit", "directory", "--max-files", "1"]).ok();
    assert_eq!(
        log(&sandbox, "%s"),
        ["Move it (1/4: web)", "Move it (2/4: web/app)", "Move it (3/4: web/pages)", "Move it (4/4: web)"]
    );
    let first = sandbox.git(&["show", "--format=", "--name-only", "HEAD~3"]);
    let last = sandbox.git(&["show", "--format=", "--name-only", "HEAD"]);
    assert_eq!((&*first, &*last), ("web/lib/new.ts", "web/lib/old.ts"));
}

#[test]
fn a_phase_can_be_one_commit() {
    let sandbox = Sandbox::with_files(&SPREAD);
    let start = sandbox.tree();
    let more = "[[phase.step]]\nid = \"none\"\nkind = \"absolute-imports\"\n[[phase.step]]\nid = \"other\"\nwhy = \"Two.\"\nkind = \"move-symbol\"\nfrom = \"pkg.legacy:other\"\nto = \"pkg.ssot:other\"\nmove_definition = true\n";
    let plan = |keys: &str| {
        self::plan("commit = \"owner\"").replace("id = \"phase\"", &format!("id = \"phase\"\ntitle = \"One place\"\n{keys}"))
            + more
    };
    let said = sandbox.with_plan(&plan("commit = \"phase\""), &["apply", "--yes"]).ok();
    assert!(said.contains("Made 1 commit on main") && said.contains(" phase / step, other\n"), "{said}");
    assert_eq!(log(&sandbox, "%s"), ["One place"]);
    assert_eq!(sandbox.git(&["log", "-1", "--format=%(trailers:key=Ssot-Step,valueonly,separator=/)"]), "step/other");
    let body = sandbox.git(&["log", "-1", "--format=%b"]);
    assert!(
        body.contains("Phase phase (One place), step step: ") && body.contains("step other: ") && body.contains("\nTwo.\n"),
        "{body}"
    );
    let joined = sandbox.tree();
    let status = sandbox.with_plan(&plan(""), &["status"]).ok();
    assert!(status.contains("applied"), "{status}");
    let said = sandbox.with_plan(&plan(""), &["rollback", "--phase", "phase", "--yes"]).ok();
    assert!(said.contains("Undid 1 commit") && said.contains(" phase / step, other\n"), "{said}");
    assert_eq!(sandbox.tree(), start);
    assert!(sandbox.with_plan(&plan(""), &["status"]).ok().contains("rolled back"));
    // The plan's word is for all phases, a phase's for itself, the option before both.
    sandbox.with_plan(&plan("commit = \"phase\""), &["apply", "--yes", "--commit", "step"]).ok();
    assert_eq!((sandbox.tree(), log(&sandbox, "%s").len()), (joined, 4));
    let error = sandbox.with_plan(&plan(""), &["apply", "--yes", "--commit", "phase", "--max-files", "2"]).fails(2);
    assert!(
        error.contains("--max-files divides steps, and --commit phase joins them\nhint: leave one of the two out"),
        "{error}"
    );
}

/// The message that a plan's template makes.
fn message(keys: &str) -> String {
    let sandbox = Sandbox::with_files(&FILES);
    let step = format!("title = \"Move the manager\"\nwhy = \"One door.\"\n{MOVE}");
    let plan = plan_of(&step).replace("name = \"test\"\n", &format!("name = \"test\"\n{keys}\n"));
    sandbox.with_plan(&plan, &["apply", "--yes"]).ok();
    let status = sandbox.with_plan(&plan, &["status"]).ok();
    assert!(status.contains("applied        1 commit"), "{status}");
    sandbox.git(&["cat-file", "commit", "HEAD"]).split_once("\n\n").unwrap().1.to_owned()
}

#[test]
fn messages_follow_the_plans_template() {
    let text = "message = \"\"\"\nrefactor({phase}): {title}\n\n{why}\n\n\n\n{summary}; {files} of {{many}}. {part}/{parts}\n{left}\n{owner} {directory}\n\"\"\"";
    let made = message(text);
    let (body, trailers) = made.rsplit_once("\n\n").unwrap();
    assert_eq!(
        body,
        "refactor(phase): Move the manager\n\nOne door.\n\n1 import in 1 file; 1 of {many}. 1/1\n1 place is left for a person."
    );
    assert!(trailers.starts_with("Ssot-Plan: test\nSsot-Phase: phase\nSsot-Step: step\nSsot-Digest: "), "{trailers}");
    assert!(message("message = \"{title}\"").starts_with("Move the manager\n\nSsot-Plan: test\n"));
    // Where the first line stands for nothing, there is a subject all the same.
    assert!(message("message = \"{owner}\"").starts_with("Move the manager\n\nSsot-Plan: test\n"));
}

#[test]
fn other_trailers_stand_in_one_block_with_the_tools_own() {
    let sandbox = Sandbox::with_files(&SPREAD);
    let keys = "commit = \"owner\"\nmessage = \"\"\"\n{title}\n\nWhat it does: {summary}\n\nRefs: JIRA-12\nSigned-off-by: Tester <tester@example.com>\n\"\"\"";
    apply(&sandbox, keys, &[]);
    let message = sandbox.beside("message", sandbox.git(&["log", "-1", "--format=%B", "HEAD~1"]));
    let read = sandbox.git(&["interpret-trailers", "--parse", message.to_str().unwrap()]);
    let keys: Vec<&str> = read.lines().map(|line| line.split(": ").next().unwrap()).collect();
    assert_eq!(keys, ["Refs", "Signed-off-by", "Ssot-Plan", "Ssot-Phase", "Ssot-Step", "Ssot-Digest", "Ssot-Part"]);
    // A template that does not say which part it is has it behind the title.
    assert_eq!(log(&sandbox, "%s")[1], "Move the manager (2/6: @ann)");
    let sandbox = Sandbox::with_files(&SPREAD);
    apply(&sandbox, "commit = \"owner\"\nmessage = \"[{owner} {part} of {parts}] {title}\"", &[]);
    assert_eq!(log(&sandbox, "%s")[1], "[@ann 2 of 6] Move the manager");
}

#[test]
fn a_long_title_is_cut_and_not_what_stands_around_it() {
    let sandbox = Sandbox::with_files(&SPREAD);
    let long = "Move the manager of all connections to where it will be kept from now on";
    let plan = plan("commit = \"owner\"\nmessage = \"refactor({phase}): {title}\"").replace("Move the manager", long);
    sandbox.with_plan(&plan, &["apply", "--yes"]).ok();
    assert_eq!(log(&sandbox, "%s")[1], "refactor(phase): Move the manager of all connections to… (2/6: @ann)");
}
