//! `explain` and `test`: the transforms' manual pages and examples.

use crate::harness::{FILES, MOVE, Sandbox};

#[test]
fn all_transforms_are_listed_and_have_a_page() {
    let sandbox = Sandbox::with_files(&FILES);
    let list = sandbox.tool(&["explain"]).ok();
    let ids: Vec<&str> = list.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(ids.contains(&"websocket/create-manager") && ids.len() > 20, "{list}");
    for id in &ids {
        let page = sandbox.tool(&["explain", id]).ok();
        for part in ["kind ", "\nWhat\n", "\nWhy\n", "\nSafety\n", "\nExample: "] {
            assert!(page.contains(part), "{id} has no {part:?}:\n{page}");
        }
    }
    let error = sandbox.tool(&["explain", "websocket/create-manger"]).fails(2);
    assert_eq!(
        error,
        "error: there is no transform `websocket/create-manger`\nhint: did you mean `websocket/create-manager`?\n"
    );
}

#[test]
fn a_page_shows_what_its_examples_do() {
    let sandbox = Sandbox::with_files(&FILES);
    let page = sandbox.tool(&["explain", "compliance/environ-delete"]).ok();
    insta::with_settings!({ snapshot_path => "snapshots/pages", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("environ-delete", page);
    });
}

#[test]
fn the_examples_pass_and_those_that_do_not_are_named() {
    let sandbox = Sandbox::with_files(&FILES);
    let said = sandbox.tool(&["test"]).ok();
    assert!(said.ends_with(" examples passed, 0 failed\n"), "{said}");
    assert_eq!(sandbox.tool(&["test", "jwt/direct-decode"]).ok(), "2 examples passed, 0 failed\n");
    sandbox.tool(&["test", "jwt/no-such-rule"]).fails(2);

    let files = "[example.before]\n\"pkg/legacy.py\" = \"class Manager: ...\\n\"\n\"pkg/ssot.py\" = \"from pkg.legacy import Manager\\n\"\n\
                 \"pkg/__init__.py\" = \"\"\n\"app.py\" = \"from pkg.legacy import Manager\\n\"\n";
    let right = "[example.after]\n\"app.py\" = \"from pkg.ssot import Manager\\n\"\n";
    let transform = format!("title = \"Ours\"\n{MOVE}\n[[example]]\ntitle = \"One import\"\n{files}");
    sandbox.write(".ssot-migrate/transforms/own/move.toml", format!("{transform}{right}"));
    assert_eq!(sandbox.tool(&["test", "own/move"]).ok(), "1 example passed, 0 failed\n");
    sandbox.write(".ssot-migrate/transforms/own/move.toml", &transform);
    let failed = sandbox.tool(&["test", "own/move"]);
    assert_eq!(failed.code, 1);
    assert!(failed.out.contains("own/move.toml") && failed.out.contains("app.py became:"), "{}", failed.out);
    let listed = transform.replace("title = \"One import\"", "title = \"One import\"\nfound = [\"app.py:1\"]");
    sandbox.write(".ssot-migrate/transforms/own/move.toml", format!("{listed}{right}"));
    let failed = sandbox.tool(&["test", "own/move"]);
    assert!(failed.code == 1 && failed.out.contains("found pkg/ssot.py:1, not app.py:1"), "{}", failed.out);
}
