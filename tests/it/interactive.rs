//! `apply --interactive`, on a pseudo terminal: what is asked, what becomes of answers, and that they are kept.
#![cfg(unix)]

use serde_json::{Value, json};

use crate::harness::{Said, Sandbox, plan_of, project};

const ASK: &str = "q,?]? ";

/// Three calls that a plan's rewrite would change, all for review.
fn calls() -> Sandbox {
    Sandbox::with_files(&[
        ("a.py", "def old(x):\n    return x\n\n\ndef new(x):\n    return x\n\n\nfirst = old(1)\nsecond = old(2)\n"),
        ("b.py", "from a import new, old\n\nprint(new, old)\nthird = old(3)\n"),
    ])
}

const REWRITE: &str = "kind = \"rewrite\"\nmatch = \"old($X)\"\nrewrite = \"new($X)\"";

fn talk_as(sandbox: &Sandbox, words: &[&str], talk: &[(&str, &str)], env: Value) -> Said {
    talk_about(sandbox, &plan_of(REWRITE), words, talk, env)
}

/// What `talk.py` is to do.
fn wanted(sandbox: &Sandbox, plan: &str, words: &[&str], talk: &[(&str, &str)], env: Value) -> String {
    let plan = sandbox.beside("plan.toml", plan);
    let mut run = vec![env!("CARGO_BIN_EXE_ssot-migrate"), "apply", "-i", "--plan", plan.to_str().unwrap()];
    run.extend(words);
    json!({ "run": run, "talk": talk, "env": env, "columns": 80 }).to_string()
}

fn script() -> String {
    project().join("tests/it/talk.py").to_str().unwrap().to_owned()
}

fn talk_about(sandbox: &Sandbox, plan: &str, words: &[&str], talk: &[(&str, &str)], env: Value) -> Said {
    let said = sandbox.python(&[&script(), &wanted(sandbox, plan, words, talk, env)]);
    let said = Said { out: said.out.replace("\u{1b}[K", "").replace('\r', ""), ..said };
    for line in said.out.lines() {
        let shown = plain(line);
        assert!(shown.chars().count() <= 80, "{shown}");
    }
    said
}

fn talk(sandbox: &Sandbox, words: &[&str], talk: &[(&str, &str)]) -> Said {
    talk_as(sandbox, words, talk, json!({ "NO_COLOR": "1" }))
}

/// Without colours.
fn plain(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some((before, behind)) = rest.split_once("\u{1b}[") {
        out += before;
        rest = behind.split_once('m').map_or("", |(_, rest)| rest);
    }
    out + rest
}

#[test]
fn what_is_accepted_is_made_and_nothing_else() {
    let sandbox = calls();
    let said = talk(&sandbox, &[], &[(ASK, "y\n"), (ASK, "n\n"), (ASK, "?\n"), (ASK, "y\n"), ("[y/N] ", "y\n")]);
    assert!(said.out.contains("phase / step: 1 of 3\na.py:9: "), "{}", said.out);
    assert!(said.out.contains("  why: the plan states what takes its place, which is not proved (stated)\n"), "{}", said.out);
    assert!(
        said.out.contains("@@ line 6 @@\n      return x\n\n\n- first = old(1)\n+ first = new(1)\n  second = old(2)\n"),
        "{}",
        said.out
    );
    assert!(said.out.contains("\nq  quit: "), "{}", said.out);
    assert!(said.out.contains("Answered: 2 accepted (0 by hand), 1 rejected, 0 left for later; 0 of them"), "{}", said.out);
    assert!(said.out.contains("Made 1 commit on main"), "{}", said.out);
    assert!(!said.out.contains('\u{fffd}'), "the line of the ticker is taken away, not shown: {}", said.out);
    assert!(sandbox.read("a.py").ends_with("first = new(1)\nsecond = old(2)\n"), "{}", sandbox.read("a.py"));
    assert!(sandbox.read("b.py").ends_with("third = new(3)\n"));
    let message = sandbox.git(&["log", "-1", "--format=%b"]);
    assert!(message.starts_with("Phase phase, step step: 2 edits in 2 files.\n1 place is left for a person."), "{message}");

    // The answer holds: nobody is asked, whatever moves the line, and `--review` leaves it too.
    sandbox.write("a.py", format!("# moved\n\n{}", sandbox.read("a.py")));
    sandbox.commit("Above");
    let said = talk(&sandbox, &["--phase", "phase"], &[]);
    assert!(
        said.out.contains("note: answers from before hold, 1 of them") && said.out.ends_with("Nothing to change.\n"),
        "{}",
        said.out
    );
    let plan = sandbox.with_plan(&plan_of(REWRITE), &["plan", "--review", "--phase", "phase"]);
    assert!(
        plan.out.contains("not touched because 1 rejected") && plan.err.contains("fixes are not made: 1"),
        "{}{}",
        plan.out,
        plan.err
    );
    // Another line is another question, and so is a line that has changed.
    sandbox.write("a.py", sandbox.read("a.py").replace("second = old(2)", "second = old(22)"));
    sandbox.commit("Changed");
    let said = talk(&sandbox, &["--phase", "phase"], &[(ASK, "q\n")]);
    assert!(said.out.contains("+ second = new(22)") && said.out.contains("1 left for later"), "{}", said.out);
    let said = talk(&sandbox, &["--phase", "phase", "--ask-again", "--yes"], &[(ASK, "y\n")]);
    assert!(said.out.contains("Made 1 commit on main"), "{}", said.out);
    assert!(sandbox.read("a.py").ends_with("second = new(22)\n"));
}

#[test]
fn answers_are_kept_whenever_it_ends() {
    for end in ["q\n", "\u{4}", "\u{3}"] {
        let sandbox = calls();
        let said = talk(&sandbox, &[], &[(ASK, "y\n"), (ASK, end), ("[y/N] ", "n\n")]);
        assert_ne!(said.code, 0, "{}", said.out);
        assert!(sandbox.read("a.py").contains("first = old(1)"), "nothing has been changed");
        let status = sandbox.with_plan(&plan_of(REWRITE), &["status"]).ok();
        assert!(status.contains("phase  nothing to do  1 answer kept, 3 places left"), "{status}");
        let said = talk(&sandbox, &[], &[(ASK, "n\n"), (ASK, "n\n"), ("[y/N] ", "y\n")]);
        assert!(said.out.contains("phase / step: 2 of 3\na.py:10: "), "{}", said.out);
        assert!(sandbox.read("a.py").ends_with("first = new(1)\nsecond = old(2)\n"));
        // What is made is no question any more; should it come back, it is one.
        let kept = std::fs::read_to_string(sandbox.path(".git/ssot-migrate/decisions/test.json")).unwrap();
        assert_eq!((kept.matches("\"accept\"").count(), kept.matches("\"reject\"").count()), (0, 2), "{kept}");
    }
}

#[test]
fn one_answer_may_be_for_many() {
    let sandbox = calls();
    let said = talk(&sandbox, &["--yes"], &[(ASK, "s\n"), (ASK, "a\n")]);
    assert!(said.out.contains("1 accepted (0 by hand), 0 rejected, 2 left for later"), "{}", said.out);
    assert!(sandbox.read("a.py").contains("first = old(1)") && sandbox.read("b.py").contains("third = new(3)"));
    let said = talk(&sandbox, &["--yes", "--phase", "phase"], &[(ASK, "a\n")]);
    assert!(said.out.contains("2 accepted") && !sandbox.read("a.py").contains("= old("), "{}", said.out);
}

fn editor(sandbox: &Sandbox, script: &str) -> String {
    use std::os::unix::fs::PermissionsExt;
    let path = sandbox.beside("editor.sh", format!("#!/bin/sh\n{script}\n"));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_fix_may_be_written_by_hand_and_has_to_keep_the_laws() {
    let sandbox = calls();
    // The first attempt is no Python, the second reads a name that nothing binds; the third is sound and keeps the old call.
    let script = "n=$(cat ../count 2>/dev/null || echo 0); echo $((n+1)) > ../count\n\
                  case $n in 0) echo 'first = new(' > \"$1\";; 1) echo 'first = nowhere(1)' > \"$1\";; *) echo 'first = old(1) + 0' > \"$1\";; esac";
    let env = json!({ "NO_COLOR": "1", "GIT_EDITOR": editor(&sandbox, script), "EDITOR": "false" });
    let answers = [(ASK, "e\n"), (ASK, "e\n"), (ASK, "e\n"), (ASK, "n\n"), (ASK, "n\n"), ("[y/N] ", "n\n")];
    let said = talk_as(&sandbox, &[], &answers, env);
    assert!(said.out.contains("That would break something; edit it again, or answer otherwise:\n  a.py:"), "{}", said.out);
    assert!(said.out.contains("syntax error") && said.out.contains("`nowhere` is not bound any more"), "{}", said.out);
    assert!(said.out.contains("1 accepted (1 by hand), 2 rejected"), "{}", said.out);
    // What was written is kept, and made without another question; the old call in it is no question either.
    let said = talk(&sandbox, &["--yes"], &[]);
    assert!(said.out.contains("Made 1 commit on main") && said.out.contains("; 3 of them"), "{}", said.out);
    assert!(sandbox.read("a.py").ends_with("first = old(1) + 0\nsecond = old(2)\n"), "{}", sandbox.read("a.py"));
    let said = talk(&sandbox, &["--phase", "phase"], &[]);
    assert!(said.out.ends_with("Nothing to change.\n"), "{}", said.out);
    let left = std::fs::read_dir(sandbox.path(".git/ssot-migrate")).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(left.collect::<Vec<_>>(), ["decisions"]);
}

#[test]
fn the_editor_is_left_alone_and_what_it_leaves_is_looked_at() {
    let sandbox = calls();
    // With an argument; it gives up first, then takes the file away, then hears Ctrl-C itself and goes on.
    let script = "test \"$1\" = --wait || exit 1; n=$(cat ../count 2>/dev/null || echo 0); echo $((n+1)) > ../count\n\
                  case $n in 0) ;; 1) rm \"$2\";; *) trap 'echo heard' INT; echo ready; sleep 5; echo 'first = 7' > \"$2\";; esac";
    let env = json!({ "NO_COLOR": "1", "GIT_EDITOR": format!("{} --wait", editor(&sandbox, script)) });
    let answers = [(ASK, "e\n"), (ASK, "e\n"), (ASK, "e\n"), ("ready", "\u{3}"), (ASK, "q\n")];
    let said = talk_as(&sandbox, &["--yes"], &answers, env);
    assert!(said.out.contains("Nothing was edited: y makes the change as it is.\n"), "{}", said.out);
    let joined = said.out.replace("\n  ", " ");
    assert!(joined.contains("No such file or directory") && said.out.contains("heard\n"), "{}", said.out);
    assert!(sandbox.read("a.py").ends_with("first = 7\nsecond = old(2)\n"), "{}", said.out);
}

#[test]
fn an_editor_that_fails_is_told_and_asked_again() {
    let sandbox = calls();
    sandbox.git(&["config", "core.editor", "no-such-editor-here"]);
    let said = talk(&sandbox, &[], &[(ASK, "e\n"), (ASK, "q\n")]);
    assert!(said.out.contains("error: the editor `no-such-editor-here` failed ("), "{}", said.out);
    assert!(said.out.contains("\nhint: set GIT_EDITOR, git's core.editor, VISUAL or EDITOR"), "{}", said.out);
    let env = json!({ "TERM": "dumb" });
    sandbox.git(&["config", "--unset", "core.editor"]);
    let said = talk_as(&sandbox, &[], &[(ASK, "e\n"), (ASK, "q\n")], env);
    assert!(
        said.out.contains("the terminal is dumb, and no editor is set for it") && !said.out.contains('\u{1b}'),
        "{}",
        said.out
    );
}

#[test]
fn what_stands_in_files_does_nothing_to_the_terminal() {
    let long = format!("x = old('\u{1b}[2J\u{1b}]0;title\u{7}{}')", "long ".repeat(40));
    let path = "bad\u{1b}[31m\u{202e}.py";
    let sandbox = Sandbox::with_files(&[
        (path, &format!("from b import new, old\nprint(new)\n{long}\n")),
        ("b.py", "def old(x):\n    pass\n\n\nnew = old\n"),
    ]);
    let said = talk_as(&sandbox, &[], &[(ASK, "q\n")], json!({}));
    assert!(
        said.out.contains("\u{1b}[31m- x = old('\u{fffd}[2J\u{fffd}]0;title\u{fffd}long "),
        "coloured, and harmless: {:?}",
        said.out
    );
    let controls =
        said.out.replace("\u{1b}[31m", "").replace("\u{1b}[32m", "").replace("\u{1b}[36m", "").replace("\u{1b}[1m", "");
    assert!(!controls.replace("\u{1b}[0m", "").contains(['\u{1b}', '\u{7}', '\u{202e}']), "{controls:?}");
}

#[test]
fn without_a_terminal_nobody_is_asked() {
    let sandbox = calls();
    let error = sandbox.with_plan(&plan_of(REWRITE), &["apply", "--interactive"]).fails(2);
    assert!(error.contains("error: --interactive needs a terminal to ask on\nhint: without one, `--review` takes"), "{error}");
    let error = sandbox.with_plan(&plan_of(REWRITE), &["apply", "--ask-again"]).fails(2);
    assert!(error.contains("--interactive"), "{error}");
}

#[test]
fn linked_work_trees_share_the_answers() {
    let sandbox = calls();
    talk(&sandbox, &[], &[(ASK, "n\n"), (ASK, "q\n")]);
    let linked = sandbox.root().parent().unwrap().join("linked");
    let linked = linked.to_str().unwrap();
    sandbox.git(&["worktree", "add", "-q", "-b", "side", linked]);
    let said = talk(&sandbox, &["--root", linked], &[(ASK, "q\n")]);
    assert!(
        said.out.contains("note: answers from before hold, 1 of them") && said.out.contains("phase / step: 2 of 3"),
        "{}",
        said.out
    );
}

/// A rewrite that brings an import: the import and the calls of a file need one another.
const BRINGS: &str =
    "kind = \"rewrite\"\nmatch = \"$OLD($X)\"\nrewrite = \"$NEW($X)\"\nsymbols = { OLD = \"olds:old\", NEW = \"news:new\" }";

#[test]
fn fixes_that_need_one_another_are_one_question() {
    let sandbox = Sandbox::with_files(&[
        ("news.py", "def new(x):\n    return x\n"),
        ("olds.py", "def old(x):\n    return x\n"),
        ("a.py", "from olds import old\n\nfirst = old(1)\nsecond = old(2)\n"),
        ("b.py", "from olds import old\n\nthird = old(3)\n"),
    ]);
    let plain = || json!({ "NO_COLOR": "1" });
    // What is rejected takes nothing of the group with it, and nothing of it is edited by hand.
    let talk = [(ASK, "e\n"), (ASK, "n\n"), (ASK, "y\n"), ("[y/N] ", "y\n")];
    let said = talk_about(&sandbox, &plan_of(BRINGS), &[], &talk, plain());
    assert!(
        said.out.contains("phase / step: 1 of 2\n3 fixes that are made together or not at all:\na.py:1: imports for "),
        "{}",
        said.out
    );
    assert!(said.out.contains("[y,n,a,s,q,?]? e\nOnly a fix that stands alone"), "{}", said.out);
    assert!(said.out.contains("Answered: 2 accepted (0 by hand), 3 rejected"), "{}", said.out);
    assert_eq!(sandbox.read("a.py"), "from olds import old\n\nfirst = old(1)\nsecond = old(2)\n");
    assert_eq!(sandbox.read("b.py"), "from news import new\n\nthird = new(3)\n");
    // One more in the file makes another group of them, which is asked about as a whole.
    sandbox.write("a.py", format!("{}more = old(4)\n", sandbox.read("a.py")));
    sandbox.commit("One more");
    let said = talk_about(&sandbox, &plan_of(BRINGS), &["--phase", "phase", "--yes"], &[(ASK, "a\n")], plain());
    assert!(said.out.contains("4 fixes that are made together") && said.out.contains("4 accepted"), "{}", said.out);
    assert!(sandbox.read("a.py").ends_with("first = new(1)\nsecond = new(2)\nmore = new(4)\n"), "{}", sandbox.read("a.py"));
}

#[test]
fn answers_that_break_something_together_are_named() {
    let sandbox = calls();
    // Nothing binds the new name here.
    sandbox.write("c.py", "from a import old\n\nfourth = old(4)\n");
    sandbox.commit("Without the new one");
    let said = talk(&sandbox, &[], &[(ASK, "n\n"), (ASK, "n\n"), (ASK, "y\n"), (ASK, "y\n")]);
    assert_eq!(said.code, 2, "{}", said.out);
    let wanted =
        "as was answered in an interactive review:\n  c.py:3: accepted\nhint: nothing has been changed; `apply -i --ask-again`";
    assert!(said.out.contains("would break 1 thing:\n  c.py:3: ") && said.out.contains(wanted), "{}", said.out);
    // The same answers come to the same; they can be given anew.
    assert!(talk(&sandbox, &[], &[]).out.contains(wanted));
    let answers = [(ASK, "y\n"), (ASK, "n\n"), (ASK, "n\n"), (ASK, "n\n")];
    talk(&sandbox, &["--ask-again", "--yes"], &answers).ok();
    assert!(sandbox.read("a.py").contains("first = new(1)\nsecond = old(2)"));
}

#[test]
fn two_sessions_at_once_lose_no_answer_of_each_other() {
    let sandbox = calls();
    let no = [(ASK, "n\n"), (ASK, "n\n"), (ASK, "q\n")];
    let other = sandbox.beside("other.json", wanted(&sandbox, &plan_of(REWRITE), &[], &no, json!({ "NO_COLOR": "1" })));
    // While the first session waits for its editor, the second one says no to two fixes.
    let run = format!("python3 '{}' \"$(cat '{}')\" > /dev/null; echo 'first = 1' > \"$1\"", script(), other.display());
    let env = json!({ "NO_COLOR": "1", "GIT_EDITOR": editor(&sandbox, &run) });
    let said = talk_as(&sandbox, &["--yes"], &[(ASK, "e\n"), (ASK, "q\n")], env);
    assert!(said.out.contains("phase / step: 3 of 3") && !said.out.contains("phase / step: 2 of 3"), "{}", said.out);
    assert!(said.out.contains("1 accepted (1 by hand), 1 rejected, 1 left for later; 1 of them"), "{}", said.out);
    assert!(sandbox.read("a.py").ends_with("first = 1\nsecond = old(2)\n"), "{}", sandbox.read("a.py"));
    let status = sandbox.with_plan(&plan_of(REWRITE), &["status"]).ok();
    assert!(status.contains("1 answer kept"), "{status}");
}

/// The first phase moves a class, and the second, for review, moves it on: in the same lines, where somebody imported it from its first home.
const TWO: &str = r#"name = "test"

[[phase]]
id = "a"
[[phase.step]]
id = "move"
kind = "move-symbol"
from = "pkg.legacy:Manager"
to = "pkg.ssot:Manager"

[[phase]]
id = "b"
[[phase.step]]
id = "on"
kind = "move-symbol"
from = ["pkg.ssot:Manager", "pkg.legacy:Manager"]
to = "pkg.last:Manager"
applicability = "review"
"#;

#[test]
fn what_is_planned_again_takes_the_fixes_that_had_been_taken() {
    let import = |module: &str| format!("from pkg.{module} import Manager\n");
    let sandbox = Sandbox::with_files(&[
        ("pkg/__init__.py", ""),
        ("pkg/legacy.py", "class Manager:\n    pass\n"),
        ("pkg/ssot.py", "from pkg.legacy import Manager as Manager\n"),
        ("pkg/last.py", "from pkg.legacy import Manager as Manager\n"),
        ("a.py", &import("legacy")),
        ("b.py", &import("legacy")),
        ("c.py", &import("ssot")),
        ("d.py", &import("ssot")),
    ]);
    sandbox.with_plan(TWO, &["apply", "--phase", "a", "--yes"]).ok();
    let talk = [(ASK, "y\n"), (ASK, "n\n"), (ASK, "y\n"), (ASK, "n\n"), (ASK, "n\n")];
    talk_about(&sandbox, TWO, &["--yes"], &talk, json!({ "NO_COLOR": "1" })).ok();
    let imports = |sandbox: &Sandbox| ["a.py", "b.py", "c.py", "d.py"].map(|path| sandbox.read(path));
    assert_eq!(imports(&sandbox), ["last", "ssot", "last", "ssot"].map(import));
    // A clone knows nothing but the history.
    let clone = sandbox.root().parent().unwrap().join("clone");
    let clone = clone.to_str().unwrap();
    sandbox.git(&["clone", "-q", ".", clone]);
    for root in [".", clone] {
        let seen = sandbox.with_plan(TWO, &["rollback", "--phase", "a", "--cascade", "--dry-run", "--root", root]);
        let wanted = "Would undo `b`, `a`, and make b again.\n  b / on: fixes for review: 2 made again; 3 not made, because they were \
                      not before (`--review` takes all)\n";
        assert_eq!(seen.err, wanted);
    }
    sandbox.with_plan(TWO, &["rollback", "--phase", "a", "--cascade", "--yes"]).ok();
    assert_eq!(imports(&sandbox), ["last", "legacy", "last", "ssot"].map(import));
    // `--review` takes all of them, but for what was rejected here and is still the same.
    sandbox.git(&["reset", "-q", "--hard", "HEAD~3"]);
    let said = sandbox.with_plan(TWO, &["rollback", "--phase", "a", "--cascade", "--review", "--yes"]);
    assert!(said.err.contains("fixes are not made: "), "{}", said.err);
    assert_eq!(imports(&sandbox), ["last", "last", "last", "ssot"].map(import));
}
