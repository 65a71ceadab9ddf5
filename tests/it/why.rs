//! `why`: which step changes a line and how, and every reason why none does.

use crate::harness::{FILES, MOVE, Sandbox, plan_of};

/// Two steps: the second works on what the first has made of the files.
fn two_steps() -> String {
    format!(
        "{}\n[[phase.step]]\nid = \"absolute\"\nkind = \"absolute-imports\"\nexclude = [\"pkg/ssot.py\"]\n",
        plan_of(MOVE).replace("name = \"test\"", "name = \"test\"\n[scope]\nexclude = [\"out/**\"]")
    )
}

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    for (path, text) in FILES {
        sandbox.write(path, text);
    }
    sandbox.write(
        "pkg/user.py",
        "from pkg.ssot import other\nfrom pkg.legacy import Manager, unmoved\nfrom .near import thing\n\nprint(Manager, thing)\n",
    );
    sandbox.write("pkg/near.py", "thing = 1\n");
    sandbox.write(
        "names.py",
        "import other\n\ndef take(Manager):  # the Manager\n    return Manager\n\nclass Holder:\n    def Manager(self): ...\n    use = Manager\n    \
         text = \"a Manager, or so\"\n    data = \"Manager\"\n\ndef run():\n    Manager = 1\n    other.run(Manager=2)\n    return self.Manager(Manager)\n",
    );
    sandbox.write("elsewhere.py", "from other.legacy import Manager\nprint(Manager)\n");
    sandbox.write("test_app.py", "TARGET = \"pkg.legacy.Manager\"\n");
    sandbox.write("broken.py", "import Manager\nprint \"Manager\"\n");
    sandbox.write("out/script.py", "print(1)\n");
    sandbox.write("notes.txt", "Manager\n");
    sandbox.init();
    sandbox
}

#[test]
fn a_line_that_changes_is_told_with_its_step_and_both_forms() {
    let sandbox = sandbox();
    let why = |place: &str| sandbox.with_plan(&two_steps(), &["why", place]).ok();
    let text = why("app.py:1");
    assert!(
        text.contains("phase / step changes it: pkg.legacy:Manager is now pkg.ssot:Manager\n  spelled  from-import\n  safe\n")
    );
    assert!(text.contains("  from     pkg/legacy.py:1: class Manager\n  to       pkg/legacy.py:1: class Manager\n"), "{text}");
    assert!(text.ends_with("  - from pkg.legacy import Manager\n  + from pkg.ssot import Manager\n"), "{text}");
    let text = why("pkg/user.py:2");
    assert!(text.contains("  - from pkg.legacy import Manager, unmoved\n  + from pkg.legacy import unmoved\n"), "{text}");
    // The first step has changed the lines before.
    let text = why("pkg/user.py:3");
    assert!(!text.contains("phase / step "), "{text}");
    assert!(text.contains("phase / absolute changes it"), "{text}");
    assert!(text.ends_with("  - from .near import thing\n  + from pkg.near import thing\n"), "{text}");
    let text = why("pkg/ssot.py:1");
    assert!(text.contains("phase / step leaves it") && text.contains("not touched because this is how the target"), "{text}");
    let text = why("test_app.py:1");
    assert!(text.contains("a string names it"), "{text}");
}

#[test]
fn a_line_that_does_not_change_is_told_why() {
    let sandbox = sandbox();
    for (place, reason) in [
        (
            "names.py:3",
            "in column 9 is not a reference to pkg.legacy:Manager: the name is a parameter, bound on line 3: def take(Manager):",
        ),
        ("names.py:3", "in column 26 is not a reference to pkg.legacy:Manager: it stands in a comment"),
        ("names.py:4", "the name is a parameter, bound on line 3"),
        ("names.py:7", "the name is a definition in class scope, bound on line 7: def Manager(self): ..."),
        ("names.py:8", "the name is a definition in class scope, bound on line 7"),
        ("names.py:9", "it stands in a string that is prose or data"),
        ("names.py:10", "it stands in the string `Manager`, which does not name it by its dotted path: data"),
        ("names.py:13", "the name is a local variable of a function, bound on line 13: Manager = 1"),
        ("names.py:14", "it is the name of a keyword argument"),
        ("names.py:15", "it is an attribute of `self`, and what that object is only running the program can tell"),
        ("names.py:15", "the name is a local variable of a function, bound on line 13"),
        ("names.py:1", "no step of the plan is about anything on this line"),
        ("elsewhere.py:1", "it is other.legacy:Manager, which is not in the repository"),
        ("elsewhere.py:2", "the name is imported on line 1: other.legacy:Manager"),
        (
            "app.py:3",
            "is a reference to pkg.legacy:Manager: it follows what is imported on line 1: pkg.legacy:Manager; the line itself stays",
        ),
        ("pkg/legacy.py:1", "it is the definition itself"),
        ("broken.py:2", "the file does not parse: broken.py:2: "),
        ("out/script.py:1", "the plan's scope leaves the file out"),
        ("notes.txt:1", "the file is neither Python nor TypeScript"),
        ("app.py:4", "there is no such line, the file has 3 lines"),
    ] {
        let text = sandbox.with_plan(&two_steps(), &["why", place]).ok();
        assert!(text.contains("No step of the plan changes the line:\n") && text.contains(reason), "{place}: {reason}\n{text}");
    }
}

#[test]
fn what_is_no_line_of_a_file_is_refused() {
    let sandbox = sandbox();
    for (wrong, message) in [
        ("ap.py:1", "there is no file `ap.py`\nhint: did you mean `app.py`?"),
        ("app.py", "`app.py` is not a line of a file\nhint: write FILE:LINE"),
        ("app.py:0", "`app.py:0` is not a line of a file"),
    ] {
        let error = sandbox.with_plan(&two_steps(), &["why", wrong]).fails(2);
        assert!(error.contains(message), "{wrong}: {error}");
    }
    sandbox.write("new.py", "from pkg.legacy import Manager\n");
    let error = sandbox.with_plan(&two_steps(), &["why", "new.py:1"]).fails(2);
    assert!(error.contains("--worktree looks at new files too"), "{error}");
    let text = sandbox.with_plan(&two_steps(), &["why", "new.py:1", "--worktree"]).ok();
    assert!(text.contains("phase / step changes it"), "{text}");
    let here = sandbox.path("pkg");
    let plan = sandbox.beside("plan.toml", two_steps());
    let text = sandbox.tool_in(&here, &["why", "user.py:3", "--plan", plan.to_str().unwrap()]).ok();
    assert!(text.starts_with("pkg/user.py:3 on main"), "{text}");
}

#[test]
fn the_question_can_be_asked_after_the_phase_has_been_applied() {
    let sandbox = sandbox();
    sandbox.with_plan(&two_steps(), &["apply", "--yes"]).ok();
    let why = |place: &str| sandbox.with_plan(&two_steps(), &["why", place]).ok();
    let text = why("app.py:1");
    assert!(
        text.contains("is a reference to pkg.legacy:Manager: it comes from the new home already, pkg.ssot:Manager"),
        "{text}"
    );
    let text = why("test_app.py:1");
    assert!(text.contains("phase / step leaves it") && text.contains("(in-string)"), "{text}");
}

#[test]
fn a_fix_that_waits_is_shown_and_taken_with_review() {
    let files = [
        ("pkg/__init__.py", ""),
        ("pkg/legacy.py", "def get(): ...\nclass Same: ...\n"),
        ("pkg/ssot.py", "from pkg.legacy import Same\nasync def get(): ...\n"),
        ("app.py", "import os\nfrom pkg.legacy import get, Same\n"),
    ];
    let sandbox = Sandbox::with_files(&files);
    let plan = plan_of("kind = \"move-module\"\nfrom = \"pkg.legacy\"\nto = \"pkg.ssot\"");
    let text = sandbox.with_plan(&plan, &["why", "app.py:2"]).ok();
    let waits = "phase / step would change it with --review: pkg.legacy:get is now pkg.ssot:get\n";
    assert!(text.contains(waits) && text.contains("one of the two is async and the other is not (async-differs)"), "{text}");
    assert!(text.contains("phase / step changes it: pkg.legacy:Same is now pkg.ssot:Same\n"), "{text}");
    let text = sandbox.with_plan(&plan, &["why", "app.py:2", "--review"]).ok();
    assert!(
        text.contains("phase / step changes it: pkg.legacy:get is now pkg.ssot:get\n") && !text.contains("would"),
        "{text}"
    );
}

#[test]
fn files_that_move_or_go_away_are_told() {
    let files =
        [("pkg/__init__.py", ""), ("pkg/old.py", "x = 1\n"), ("pkg/dead.py", "y = 1\n"), ("app.py", "import pkg.old\n")];
    let sandbox = Sandbox::with_files(&files);
    let plan = plan_of("kind = \"move-module\"\nfrom = \"pkg.old\"\nto = \"pkg.new\"\nmove_definition = true");
    let text = sandbox.with_plan(&plan, &["why", "pkg/old.py:1"]).ok();
    assert!(text.contains("phase / step moves the file: ") && text.contains("  to pkg/new.py\n"), "{text}");
    let text = sandbox.with_plan(&plan, &["why", "app.py:1"]).ok();
    assert!(text.ends_with("  - import pkg.old\n  + import pkg.new\n"), "{text}");
    let plan = plan_of("kind = \"delete-module\"\nof = \"pkg.dead\"");
    let text = sandbox.with_plan(&plan, &["why", "pkg/dead.py:1"]).ok();
    assert!(text.contains("phase / step deletes the file: delete pkg.dead\n"), "{text}");
}
