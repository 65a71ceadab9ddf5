//! Saved plans: what is applied is what was reviewed, what has drifted is named, and no file that calls itself a plan does more than that.

use std::path::PathBuf;

use crate::harness::{FILES, MOVE, MOVED, Said, Sandbox, plan_of};

const IMPORT: &str = "from pkg.legacy import Manager\n";

/// A repository in which three files import the manager, and its plan saved beside it.
fn three() -> (Sandbox, String) {
    let sandbox = Sandbox::with_files(&FILES);
    sandbox.write("b.py", IMPORT);
    sandbox.write("c.py", IMPORT);
    sandbox.commit("More");
    let saved = save(&sandbox, &plan(), &[]);
    (sandbox, saved)
}

fn plan() -> String {
    plan_of(&format!("title = \"Move the manager\"\n{MOVE}"))
}

fn save(sandbox: &Sandbox, plan: &str, words: &[&str]) -> String {
    let saved = beside(sandbox, "saved.json");
    let saved = saved.to_str().unwrap();
    sandbox.with_plan(plan, &[&["plan", "--out", saved], words].concat()).ok();
    saved.to_owned()
}

fn beside(sandbox: &Sandbox, name: &str) -> PathBuf {
    sandbox.root().parent().unwrap().join(name)
}

fn apply(sandbox: &Sandbox, saved: &str, words: &[&str]) -> Said {
    sandbox.tool(&[&["apply", saved, "--yes"], words].concat())
}

#[test]
fn a_saved_plan_is_bound_to_all_that_it_was_made_of() {
    let (sandbox, saved) = three();
    let wire: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&saved).unwrap()).unwrap();
    assert_eq!((wire["version"].as_u64(), wire["tool"].as_str()), (Some(2), Some(env!("CARGO_PKG_VERSION"))));
    assert_eq!(wire["commit"], *sandbox.git(&["rev-parse", "HEAD"]));
    assert_eq!(wire["tree"], *sandbox.tree());
    assert_eq!(wire["source"].as_str(), beside(&sandbox, "plan.toml").to_str());
    let file = &wire["steps"][0]["files"][0];
    assert_eq!((file["path"].as_str(), file["before"][1].as_str()), (Some("app.py"), Some("100644")));
    assert_eq!(file["before"][0], *sandbox.git(&["rev-parse", "HEAD:app.py"]));
    // A packaged transform is bound by its own digest.
    sandbox.write(".ssot-migrate/transforms/own/move.toml", MOVE);
    let used = plan_of("use = \"own/move\"");
    let wire: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(save(&sandbox, &used, &[])).unwrap()).unwrap();
    assert_eq!(wire["transforms"]["own/move"].as_str().map(str::len), Some(64));
    // A transform that has changed is named.
    sandbox.write(".ssot-migrate/transforms/own/move.toml", format!("title = \"Other\"\n{MOVE}"));
    let error = apply(&sandbox, &saved, &["--replan"]).fails(1);
    assert!(error.contains("changed: transforms of it: `own/move`"), "{error}");
}

#[test]
fn a_plan_is_not_saved_over_what_is_none() {
    let (sandbox, saved) = three();
    let before = std::fs::read(&saved).unwrap();
    save(&sandbox, &plan(), &[]);
    assert_eq!(std::fs::read(&saved).unwrap(), before, "over itself it is");
    let notes = sandbox.beside("notes.json", "{\"mine\": 1}");
    let error = sandbox.with_plan(&plan(), &["plan", "--out", notes.to_str().unwrap()]).fails(2);
    assert!(error.contains("notes.json exists and is not a saved plan: it is not overwritten\nhint: "), "{error}");
    let error = sandbox.with_plan(&plan(), &["plan", "--out", "pkg"]).fails(2);
    assert!(error.contains("pkg is not a regular file"), "{error}");
    let error = sandbox.with_plan(&plan(), &["plan", "--out", "no/such/folder.json"]).fails(2);
    assert!(error.contains("no/such/folder.json: there is no folder no/such\nhint: make it first"), "{error}");
    #[cfg(unix)]
    {
        let link = beside(&sandbox, "link.json");
        std::os::unix::fs::symlink(&saved, &link).unwrap();
        let error = sandbox.with_plan(&plan(), &["plan", "--out", link.to_str().unwrap()]).fails(2);
        assert!(error.contains("link.json is a link"), "{error}");
    }
    let left = std::fs::read_dir(beside(&sandbox, ""))
        .unwrap()
        .filter(|entry| entry.as_ref().is_ok_and(|entry| entry.file_name().to_string_lossy().starts_with(".ssot")));
    assert_eq!((std::fs::read(notes).unwrap(), left.count()), (b"{\"mine\": 1}".to_vec(), 0));
}

#[test]
fn every_file_that_has_drifted_is_named_and_nothing_applied() {
    let (sandbox, saved) = three();
    sandbox.write("b.py", format!("{IMPORT}# mine\n"));
    std::fs::remove_file(sandbox.path("c.py")).unwrap();
    sandbox.commit("Meanwhile");
    let head = sandbox.git(&["rev-parse", "HEAD"]);
    let error = apply(&sandbox, &saved, &[]).fails(1);
    assert!(
        error.contains(
            "2 files are not what the plan was made for:\n  b.py: changed\n  c.py: deleted\nhint: nothing has been changed"
        ),
        "{error}"
    );
    assert_eq!((sandbox.git(&["rev-parse", "HEAD"]), sandbox.git(&["status", "--porcelain"])), (head, String::new()));
}

#[cfg(unix)]
#[test]
fn a_mode_that_has_changed_is_drift() {
    use std::os::unix::fs::PermissionsExt;
    let (sandbox, saved) = three();
    std::fs::set_permissions(sandbox.path("b.py"), std::fs::Permissions::from_mode(0o755)).unwrap();
    sandbox.commit("Executable");
    let error = apply(&sandbox, &saved, &[]).fails(1);
    assert!(error.contains("a file is not what the plan was made for:\n  b.py: its mode has changed\n"), "{error}");
}

#[test]
fn the_rest_is_applied_where_it_can_stand() {
    let (sandbox, saved) = three();
    sandbox.write("b.py", format!("{IMPORT}# mine\n"));
    sandbox.commit("Meanwhile");
    let said = apply(&sandbox, &saved, &["--partial"]);
    assert!(
        said.err.contains("phase / step: 3 imports in 3 files (2 of 3 files)\n    left out: b.py: changed\n"),
        "{}",
        said.err
    );
    assert_eq!(said.code, 0);
    assert_eq!((sandbox.read("app.py").as_str(), sandbox.read("b.py").ends_with("# mine\n")), (MOVED, true));
    assert_eq!(sandbox.read("c.py"), "from pkg.ssot import Manager\n");
    let message = sandbox.git(&["log", "-1", "--format=%B"]);
    assert!(message.contains("\nApplied in part: 2 of 3 files. Left out:\n- b.py\n\nSsot-Plan: test\n"), "{message}");
    // The digest is of what was done: rollback takes the commit for the step's own.
    let status = sandbox.with_plan(&plan(), &["status"]).ok();
    assert!(status.contains("drifted        1 commit, 1 file to change"), "{status}");
    // Once more there is nothing to do, and with the file as it was, that file.
    assert_eq!(apply(&sandbox, &saved, &["--partial"]).ok(), "Nothing to change.\n");
    sandbox.write("b.py", IMPORT);
    sandbox.commit("As it was");
    assert!(apply(&sandbox, &saved, &[]).ok().contains("Made 1 commit"));
    let message = sandbox.git(&["log", "-1", "--format=%b"]);
    assert!(message.contains("Applied in part: 1 of 3 files; the others were as planned already.\n\nSsot-Plan"), "{message}");
    assert_eq!(sandbox.read("b.py"), "from pkg.ssot import Manager\n");
    assert_eq!(apply(&sandbox, &saved, &[]).ok(), "Nothing to change.\n");
    sandbox.with_plan(&plan(), &["rollback", "--phase", "phase", "--yes"]).ok();
    assert_eq!((sandbox.read("app.py"), sandbox.read("c.py")), (FILES[3].1.to_owned(), IMPORT.to_owned()));
}

const MOVE_FILE: &str = "kind = \"move-module\"\nfrom = \"pkg.legacy\"\nto = \"pkg.fresh\"\nmove_definition = true";

#[test]
fn what_cannot_stand_without_the_drifted_files_is_refused() {
    let sandbox = Sandbox::with_files(&FILES);
    let saved = save(&sandbox, &plan_of(MOVE_FILE), &[]);
    // This file goes on to import the module, so it cannot go; and nothing can import it from where it does not go.
    sandbox.write("app.py", format!("{}\n# mine\n", FILES[3].1));
    sandbox.commit("Meanwhile");
    let head = sandbox.git(&["rev-parse", "HEAD"]);
    let error = apply(&sandbox, &saved, &["--partial"]).fails(1);
    assert!(error.contains("without the files that have drifted, nothing of the plan can stand:\n"), "{error}");
    assert!(
        error.contains("left out: app.py: changed\n") && error.contains("pkg/legacy.py: it would break something: "),
        "{error}"
    );
    assert_eq!(sandbox.git(&["rev-parse", "HEAD"]), head);
}

#[test]
fn what_has_come_since_is_not_broken_by_a_plan_that_did_not_know_it() {
    let sandbox = Sandbox::with_files(&FILES);
    let saved = save(&sandbox, &plan_of(MOVE_FILE), &[]);
    sandbox.write("notes.py", "x = 1\n");
    sandbox.commit("Of no matter");
    sandbox.write("late.py", IMPORT);
    sandbox.commit("A new importer");
    let error = apply(&sandbox, &saved, &[]).fails(1);
    assert!(
        error.contains("would break what has come since, or what else is there:\n  late.py:1: `from pkg.legacy import"),
        "{error}"
    );
    sandbox.git(&["reset", "-q", "--hard", "HEAD~1"]);
    apply(&sandbox, &saved, &[]).ok();
    assert_eq!((sandbox.git(&["status", "--porcelain"]), sandbox.path("pkg/fresh.py").exists()), (String::new(), true));
}

#[cfg(unix)]
#[test]
fn nothing_is_made_through_a_link_that_has_come_since() {
    let sandbox = Sandbox::with_files(&FILES);
    let saved = save(&sandbox, &plan_of(&MOVE_FILE.replace("pkg.fresh", "new.fresh")), &[]);
    let outside = beside(&sandbox, "outside");
    std::fs::create_dir(&outside).unwrap();
    std::os::unix::fs::symlink(&outside, sandbox.path("new")).unwrap();
    let error = apply(&sandbox, &saved, &[]).fails(1);
    assert!(error.contains("would be overwritten:\n  new"), "not tracked: {error}");
    sandbox.commit("A link");
    let error = apply(&sandbox, &saved, &[]).fails(1);
    assert!(error.contains("new/fresh.py: the plan would make it, and new stands in its way\n"), "tracked: {error}");
    assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 0);
}

const STEPS: &str = "[[phase.step]]\nid = \"absolute\"\nkind = \"absolute-imports\"\n";

#[test]
fn steps_that_are_there_are_passed_over() {
    let sandbox = Sandbox::with_files(&FILES);
    sandbox.write("pkg/rel.py", "from . import ssot\nprint(ssot)\n");
    sandbox.commit("Relative");
    let two = plan() + STEPS;
    let saved = save(&sandbox, &two, &[]);
    assert!(apply(&sandbox, &saved, &[]).ok().starts_with("Made 2 commits"));
    let tree = sandbox.tree();
    assert_eq!(apply(&sandbox, &saved, &[]).ok(), "Nothing to change.\n");
    sandbox.git(&["reset", "-q", "--hard", "HEAD~1"]);
    let said = apply(&sandbox, &saved, &[]).ok();
    assert!(said.starts_with("Made 1 commit on main:\n") && said.contains("phase / absolute"), "{said}");
    assert_eq!((sandbox.tree(), sandbox.git(&["rev-list", "--count", "HEAD"])), (tree, "4".to_owned()));
}

#[test]
fn planning_anew_shows_what_has_become_different() {
    let (sandbox, saved) = three();
    sandbox.write("b.py", format!("{IMPORT}# mine\n"));
    std::fs::remove_file(sandbox.path("c.py")).unwrap();
    sandbox.write("d.py", IMPORT);
    sandbox.write("app.py", "from pkg.legacy import Manager as M\n\nprint(M.__name__)");
    sandbox.commit("Meanwhile");
    // In a question without a terminal nothing is done.
    let error = sandbox.tool(&["apply", &saved, "--replan"]).fails(2);
    assert!(error.contains("there is no terminal to ask on"), "{error}");
    let said = apply(&sandbox, &saved, &["--replan"]);
    let wanted = "  phase / step: 1 as before, 1 no longer changed, 1 new, 1 changed in another way\n    no longer    c.py\n    new          d.py\n    another way  app.py\n";
    assert!(said.err.contains(wanted), "{}", said.err);
    assert_eq!((said.code, sandbox.read("b.py")), (0, "from pkg.ssot import Manager\n# mine\n".to_owned()));
    assert_eq!(apply(&sandbox, &saved, &["--replan"]).ok(), "Nothing to change.\n");
}

#[test]
fn a_plan_that_has_changed_is_not_taken_for_the_saved_one() {
    let (sandbox, saved) = three();
    sandbox.beside("plan.toml", plan().replace("Move the manager", "Move it"));
    let error = apply(&sandbox, &saved, &["--replan"]).fails(1);
    assert!(
        error.contains("the plan `test` is not what it was when it was saved; changed: the plan itself\nhint: "),
        "{error}"
    );
    let said = apply(&sandbox, &saved, &["--replan", "--changed-plan"]);
    assert!(said.err.contains("note: changed since the plan was saved: the plan itself"), "{}", said.err);
    assert_eq!((said.code, sandbox.read("app.py")), (0, MOVED.to_owned()));
    // So is a file beside the plan that it reads.
    sandbox.beside("moves.csv", "from,to\npkg.legacy:Manager,pkg.ssot:Manager\n");
    let mapped = save(&sandbox, &plan_of("kind = \"move-symbol\"\nmap = \"moves.csv\""), &["--phase", "phase"]);
    sandbox.beside("moves.csv", "from,to\npkg.ssot:Manager,pkg.legacy:Manager\n");
    let error = apply(&sandbox, &mapped, &["--replan"]).fails(1);
    assert!(error.contains("changed: the plan itself"), "{error}");
    std::fs::remove_file(beside(&sandbox, "plan.toml")).unwrap();
    let error = apply(&sandbox, &saved, &["--replan"]).fails(2);
    assert!(error.contains("plan.toml") && error.contains("hint: the saved plan was read from"), "{error}");
    // It may be elsewhere by now.
    let elsewhere = sandbox.beside("elsewhere.toml", plan_of("kind = \"move-symbol\"\nmap = \"moves.csv\""));
    sandbox.beside("moves.csv", "from,to\npkg.legacy:Manager,pkg.ssot:Manager\n");
    let said = apply(&sandbox, &mapped, &["--replan", "--plan", elsewhere.to_str().unwrap()]);
    assert_eq!(said.ok(), "Nothing to change.\n");
}

#[test]
fn a_saved_plan_is_shown_whatever_has_become_of_the_files() {
    let (sandbox, saved) = three();
    let show = |words: &[&str]| sandbox.tool(&[&["show", &saved], words].concat()).ok();
    let text = show(&[]);
    assert!(text.starts_with("Saved plan test: 3 changed files in 1 step\n  made for commit "), "{text}");
    assert!(text.contains("phase / step: 3 imports in 3 files; 1 left for a person\n  edits app.py\n"), "{text}");
    assert!(
        text.contains("target-chain") && text.contains("\n    pkg/ssot.py:1\n") && text.contains("\nIt fits main at "),
        "{text}"
    );
    let patch = show(&["--format", "diff"]);
    assert_eq!(patch, sandbox.with_plan(&plan(), &["plan", "--format", "diff"]).ok());

    sandbox.write("b.py", format!("{IMPORT}# mine\n"));
    sandbox.commit("Meanwhile");
    let text = show(&[]);
    assert!(
        text.ends_with("these files are not what it was made for.\n  b.py: changed\n") && text.contains("\nDrifted: on main"),
        "{text}"
    );
    assert_eq!(show(&["--format", "diff"]), patch, "the old contents are in the object database");
    let wire: serde_json::Value = serde_json::from_str(&show(&["--format", "json"])).unwrap();
    assert_eq!((wire["state"].as_str(), wire["drifted"][0]["became"].as_str()), (Some("drifted"), Some("changed")));
    let page = show(&["--format", "markdown"]);
    assert!(
        page.contains("| phase | step | 3 imports in 3 files | 0 | 1 |") && page.contains("- [ ] `pkg/ssot.py:1`"),
        "{page}"
    );

    // Outside of any repository, and in one that does not have the contents.
    let outside = beside(&sandbox, "outside");
    std::fs::create_dir(&outside).unwrap();
    let text = sandbox.tool_in(&outside, &["show", &saved]).ok();
    assert!(text.contains("Not compared with the files as they are: ") && text.contains("is not a git repository"), "{text}");
    let patch = sandbox.tool_in(&outside, &["show", &saved, "--format", "diff"]).ok();
    assert!(patch.starts_with("# app.py: the content that it was planned for is not here"), "{patch}");
    let other = Sandbox::with_files(&[("app.py", "other = 1\n")]);
    let text = other.tool(&["show", &saved]).ok();
    assert!(text.contains("  app.py: changed\n  b.py: deleted\n"), "{text}");
}

#[test]
fn a_file_that_is_no_sound_plan_is_refused_everywhere() {
    let (sandbox, saved) = three();
    let text = std::fs::read_to_string(&saved).unwrap();
    let head = sandbox.git(&["rev-parse", "HEAD"]);
    for (content, wanted) in [
        (text.replace("pkg.ssot", "pkg.evil"), "it was made: its digest does not fit"),
        (text[..text.len() / 2].to_owned(), "this is not a saved plan: "),
        ("{\"version\": 3}".to_owned(), "this is not a saved plan: "),
        (
            text.replace("\"version\": 2", "\"version\": 9"),
            "saved by a newer version of the tool (format 9; this one reads format 2)",
        ),
        (text.replace("\"version\": 2", "\"version\": 1"), "saved by an older version"),
    ] {
        let file = sandbox.beside("other.json", content);
        for command in ["apply", "show"] {
            let error = sandbox.tool(&[command, file.to_str().unwrap()]).fails(2);
            assert!(error.contains(wanted.trim_start_matches("it was made: ")) && error.contains("\nhint: "), "{error}");
        }
    }
    let binary = sandbox.beside("binary", [0xff, 0xfe]);
    assert!(sandbox.tool(&["show", binary.to_str().unwrap()]).fails(2).contains("it is not UTF-8"));
    assert!(sandbox.tool(&["show", "missing.json"]).fails(2).contains("missing.json: "));
    assert!(sandbox.tool(&["show", "app.py"]).fails(2).contains("this is not a saved plan: "));
    assert!(sandbox.tool(&["show", "app.py"]).fails(2).contains("\n  in app.py\nhint: "));
    // A plan has no say in what is shown.
    assert!(sandbox.with_plan(&plan(), &["show", &saved]).fails(2).contains("hint: leave --plan out"));
    assert_eq!(sandbox.git(&["rev-parse", "HEAD"]), head);
}
