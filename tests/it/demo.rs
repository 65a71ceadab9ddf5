//! `ssot-migrate demo`: the whole story runs through, and what it leaves behind is what it says.

use crate::harness::{Sandbox, project};

#[test]
fn the_demo_plans_applies_shows_and_takes_back() {
    let sandbox = Sandbox::new();
    let dir = sandbox.path("sample");
    let story = sandbox.tool(&["demo", "--dir", dir.to_str().unwrap()]).ok();
    let at = |text: &str| story.find(text).unwrap_or_else(|| panic!("{text:?} is not in\n{story}"));
    let chapters = [
        "files is in",
        "$ ssot-migrate plan\n",
        "$ ssot-migrate plan --phase websocket --format diff",
        "$ ssot-migrate apply --phase websocket --yes",
        "$ ssot-migrate status",
        "$ ssot-migrate verify",
        "6 gates: 2 fail, 4 pass.",
        "$ ssot-migrate rollback --phase golden-path --yes",
        "rolled back",
        "Now try it yourself:",
    ];
    let places = chapters.map(at);
    assert!(places.is_sorted(), "{story}");

    let git = |words: &[&str]| sandbox.git(&[&["-C", dir.to_str().unwrap()], words].concat());
    assert_eq!(git(&["status", "--porcelain"]), "");
    let phases = git(&["log", "--reverse", "--format=%(trailers:key=Ssot-Phase,valueonly,separator=)"]);
    let mut phases: Vec<&str> = phases.lines().filter(|phase| !phase.is_empty()).collect();
    phases.dedup();
    assert_eq!(phases, ["jwt", "websocket", "golden-path"]);
    let taken_back = git(&["log", "--format=%(trailers:key=Ssot-Reverts,valueonly,separator=)"]);
    assert_eq!(taken_back.lines().filter(|commit| !commit.is_empty()).count(), 1);
    let tests = sandbox.python(&["-m", "unittest", "discover", "-q", "-s", "sample", "-t", "sample"]);
    assert_eq!(tests.code, 0, "{}", tests.err);
}

#[test]
fn the_demo_never_writes_into_a_folder_with_files() {
    let sandbox = Sandbox::with_files(&[("mine.txt", "mine")]);
    let said = sandbox.tool(&["demo", "--root", "elsewhere"]).fails(2);
    assert!(said.contains("`--dir` says where the sample goes"), "{said}");
    let said = sandbox.tool(&["demo", "--dir", sandbox.root().to_str().unwrap()]).fails(2);
    assert!(said.contains("is not empty"), "{said}");
    assert_eq!(sandbox.files().len(), 1);
}

#[test]
fn the_readme_shows_what_the_tool_says() {
    let readme = std::fs::read_to_string(project().join("README.md")).unwrap();
    let block = |start: &str, end: &str| {
        let from = readme.find(start).unwrap() + start.len();
        readme[from..].split(end).next().unwrap().to_owned()
    };
    let sandbox = Sandbox::with_copy_of(&project().join("fixtures/netra-mini"));
    let said = sandbox.with_plan(&block("```toml\n", "```"), &["plan"]).ok();
    let mut said = said.lines();
    let shown = block("$ ssot-migrate plan --plan managers.toml\n", "```");
    // The first line has the commit; `…` stands for lines that are left out.
    for line in shown.lines().skip(1).filter(|line| line.trim() != "…") {
        assert!(said.any(|other| other == line), "{line:?} is not said, or not there");
    }
    assert!(shown.lines().count() > 10);
    let said = sandbox.with_plan(&block("```toml\n", "```"), &["why", "tests/unit/test_websocket_manager.py:50"]).ok();
    let shown = block("$ ssot-migrate why --plan managers.toml tests/unit/test_websocket_manager.py:50\n", "```");
    assert!(said.lines().skip(1).eq(shown.lines().skip(1)), "{said}");
}
