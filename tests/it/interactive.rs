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
    let plan = sandbox.beside("plan.toml", plan_of(REWRITE));
    let mut run = vec![env!("CARGO_BIN_EXE_ssot-migrate"), "apply", "-i", "--plan", plan.to_str().unwrap()];
    run.extend(words);
    let wanted = json!({ "run": run, "talk": talk, "env": env, "columns": 80 });
    let script = project().join("tests/it/talk.py");
    let said = sandbox.python(&[script.to_str().unwrap(), &wanted.to_string()]);
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
