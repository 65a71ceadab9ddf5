//! What the project asks of its own source: the layers, a paragraph at the head of every file, fixtures for every kind.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use ssot_migrate::plan::template::PLACEHOLDERS;
use ssot_migrate::transform::finding::Reason;
use ssot_migrate::transform::kind::KINDS;

use crate::harness::{files, project};

/// The layers, lowest first: each may use only those before it. `plan` data is what `git` writes, so `git` stands above it.
const LAYERS: [&str; 9] = ["text", "syntax", "lang", "index", "transform", "plan", "git", "report", "cli"];

fn sources() -> BTreeMap<String, String> {
    let files = files(&project().join("src")).into_iter();
    files.map(|(path, bytes)| (path, String::from_utf8(bytes).unwrap())).filter(|(path, _)| path.ends_with(".rs")).collect()
}

#[test]
fn no_layer_uses_one_above_it() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let Some(own) = LAYERS.iter().position(|layer| path.starts_with(&format!("{layer}/"))) else { continue };
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")) {
            for (above, layer) in LAYERS.iter().enumerate().skip(own + 1) {
                if line.contains(&format!("crate::{layer}::")) || line.contains(&format!("crate::{layer};")) {
                    wrong.push(format!("{path}:{}: {} uses {}", number + 1, LAYERS[own], LAYERS[above]));
                }
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn each_foreign_library_is_named_in_its_layer_alone() {
    let homes = [
        ("git2", "git/"),
        ("tree_sitter", "syntax/"),
        ("ruff_", "lang/python/"),
        ("oxc_", "lang/typescript/"),
        ("clap", "cli/"),
        ("similar", "report/"),
    ];
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        for (library, home) in homes {
            // Import editing walks tree-sitter's nodes; parsers and binders stay behind their layer.
            // Texts are compared where they are shown and where they are merged.
            let is_home = path.starts_with(home)
                || (library == "tree_sitter" && path.starts_with("lang/"))
                || (library == "similar" && path == "text/merge.rs");
            let is_named = text.lines().any(|line| {
                line.starts_with("use ") && line[4..].starts_with(library) || line.contains(&format!(" {library}::"))
            });
            if is_named && !is_home {
                wrong.push(format!("{path} names {library}"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn only_the_command_line_prints_and_asks_the_environment() {
    let mut wrong = Vec::new();
    for (path, text) in sources().into_iter().filter(|(path, _)| !path.starts_with("cli/")) {
        for word in ["println!", "eprint", "print!(", "std::process", "stdin()"] {
            let is_main = path == "main.rs" && word == "std::process";
            if text.contains(word) && !is_main {
                wrong.push(format!("{path}: {word}"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn every_file_opens_with_what_it_is() {
    let mut all = sources();
    let tests = files(&project().join("tests")).into_iter().filter(|(path, _)| path.ends_with(".rs"));
    all.extend(tests.map(|(path, bytes)| (format!("tests/{path}"), String::from_utf8(bytes).unwrap())));
    let wanting = |text: &str| !text.starts_with("//! ") || text.lines().next().is_some_and(|line| line.len() < 30);
    let wrong: Vec<&String> = all.iter().filter(|(_, text)| wanting(text)).map(|(path, _)| path).collect();
    assert_eq!(wrong, Vec::<&String>::new());
}

#[test]
fn nothing_is_left_unfinished_or_hidden() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for word in ["todo!", "unimplemented!", "dbg!", "#[allow(", "#[ignore", ".unwrap()", ".expect(", "panic!("] {
            if code.lines().any(|line| !line.trim_start().starts_with("//") && line.contains(word))
                && !(path.ends_with("/tests.rs") || path.contains("/tests/") || path.ends_with("/testing.rs"))
            {
                wrong.push(format!("{path}: {word}"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn every_kind_has_cases_that_change_and_cases_that_do_not() {
    let kinds: BTreeSet<&str> = KINDS.iter().map(|kind| kind.name).collect();
    assert!(kinds.contains("move-symbol"));
    for kind in kinds {
        let cases = project().join("fixtures/kinds").join(kind);
        let cases: Vec<_> =
            fs::read_dir(&cases).unwrap_or_else(|_| panic!("{kind} has no cases")).map(|entry| entry.unwrap().path()).collect();
        // A ban has no fix.
        let is_changed = |case: &std::path::PathBuf| case.join("after").is_dir();
        assert!(kind == "ban" || cases.iter().any(is_changed), "{kind} has no case that changes");
        assert!(cases.iter().any(|case| !case.join("after").is_dir()), "{kind} has no case that does not");
    }
}

#[test]
fn every_case_belongs_to_a_test() {
    // A snapshot without its case is a test that nobody runs.
    let snapshots = files(&project().join("tests/it/snapshots"));
    for path in snapshots.keys().filter(|path| !path.contains('/')) {
        let case = path.trim_end_matches(".snap").replace("__", "/");
        assert!(project().join("fixtures/kinds").join(&case).is_dir(), "{case} is gone");
    }
    for path in snapshots.keys().filter_map(|path| path.strip_prefix("spec/")) {
        let case = path.replace(".snap", ".toml");
        assert!(project().join("tests/it/specs").join(&case).is_file(), "{case} is gone");
    }
}

#[test]
fn the_manual_knows_every_kind_reason_and_placeholder() {
    let manual = fs::read_to_string(project().join("docs/manual.md")).unwrap();
    for reason in Reason::ALL {
        let row = format!("| `{}` | {} |", reason.code(), reason.explain());
        assert!(manual.contains(&row), "the manual lacks {row}");
    }
    for kind in KINDS {
        assert!(manual.contains(kind.name), "the manual lacks {}", kind.name);
    }
    for (name, what) in PLACEHOLDERS {
        let row = format!("| `{{{name}}}` | {what} |");
        assert!(manual.contains(&row), "the manual lacks {row}");
    }
}

#[test]
fn the_licences_are_there() {
    let manifest = fs::read_to_string(project().join("Cargo.toml")).unwrap();
    assert!(manifest.contains("license = \"MIT OR Apache-2.0\""));
    for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
        assert!(project().join(licence).is_file());
    }
}
