//! `plan`: what it answers and for which files, and that it writes nothing.

use crate::harness::{FILES, MOVE, MOVED, Sandbox, plan_of};

#[test]
fn the_answer_is_text_a_patch_or_json_and_nothing_is_written() {
    let sandbox = Sandbox::with_files(&FILES);
    let plan = plan_of(MOVE);
    let text = sandbox.with_plan(&plan, &["plan"]).ok();
    assert!(text.contains("step  1 import in 1 file; not touched because 1 target-chain\n"), "{text}");
    let patch = sandbox.with_plan(&plan, &["plan", "--format", "diff"]).ok();
    assert!(patch.contains("-from pkg.legacy import Manager\n+from pkg.ssot import Manager\n"), "{patch}");
    let json = sandbox.with_plan(&plan, &["plan", "--format", "json"]).ok();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["phases"][0]["steps"][0]["not_touched"], serde_json::json!({"target-chain": 1}));
    let findings = json["phases"][0]["steps"][0]["findings"].as_array().unwrap();
    let seen: Vec<(&str, u64, u64, &str)> = findings
        .iter()
        .map(|finding| {
            let number = |key: &str| finding[key].as_u64().unwrap();
            let text = |key: &str| finding[key].as_str().unwrap();
            (text("path"), number("line"), number("column"), text("outcome"))
        })
        .collect();
    assert_eq!(seen, [("app.py", 1, 0, "fixed"), ("pkg/ssot.py", 1, 23, "left")]);
    assert_eq!(findings[1]["reason"], "target-chain");
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
}

#[test]
fn a_local_name_that_stays_is_said_to_and_why() {
    let app = "from pkg.legacy import Manager\n\n\ndef test(\n    Manager\n): ...\n";
    let ssot = "from pkg.legacy import Manager\n\nNew = Manager\n";
    let sandbox = Sandbox::with_files(&[FILES[0], FILES[1], ("pkg/ssot.py", ssot), ("app.py", app)]);
    let plan = plan_of("kind = \"move-symbol\"\nfrom = \"pkg.legacy:Manager\"\nto = \"pkg.ssot:New\"\n");
    let json = sandbox.with_plan(&plan, &["plan", "--format", "json"]).ok();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let evidence = json["phases"][0]["steps"][0]["findings"][0]["evidence"].as_array().unwrap().last().unwrap().clone();
    let wanted = serde_json::json!({
        "role": "kept", "path": "app.py", "line": 5, "text": "the local name `Manager` stays: a parameter has the name"
    });
    assert_eq!(evidence, wanted);
}

#[test]
fn the_exit_code_says_whether_there_is_something_to_change() {
    let sandbox = Sandbox::with_files(&FILES);
    let plan = plan_of(MOVE);
    assert_eq!(sandbox.with_plan(&plan, &["plan"]).code, 0);
    assert_eq!(sandbox.with_plan(&plan, &["plan", "--exit-code"]).code, 1);
    sandbox.with_plan(&plan, &["apply", "--yes"]).ok();
    assert_eq!(sandbox.with_plan(&plan, &["plan", "--exit-code", "--phase", "phase"]).code, 0);
}

#[test]
fn head_is_planned_for_unless_another_commit_or_the_work_tree_is_named() {
    let sandbox = Sandbox::with_files(&FILES);
    sandbox.write("second.py", "from pkg.legacy import Manager\n");
    sandbox.commit("Second");
    sandbox.write("third.py", "from pkg.legacy import Manager\n");
    sandbox.write("app.py", "print()\n");
    let changed = |words: &[&str]| {
        let patch = sandbox.with_plan(&plan_of(MOVE), &[&["plan", "--format", "diff"], words].concat()).ok();
        patch.lines().filter_map(|line| line.strip_prefix("+++ b/").map(str::to_owned)).collect::<Vec<_>>()
    };
    assert_eq!(changed(&[]), ["app.py", "second.py"]);
    assert_eq!(changed(&["--at", "HEAD~1"]), ["app.py"]);
    assert_eq!(changed(&["--worktree"]), ["second.py", "third.py"]);
    assert!(sandbox.with_plan(&plan_of(MOVE), &["plan", "--at", "nowhere"]).fails(2).contains("`nowhere` is not a commit"));
}

#[test]
fn a_folder_without_git_is_planned_for_and_not_applied_to() {
    let sandbox = Sandbox::new();
    for (path, text) in FILES {
        sandbox.write(path, text);
    }
    for left_out in [".hidden/a.py", "node_modules/b.py", "ignored/c.py"] {
        sandbox.write(left_out, "from pkg.legacy import Manager\n");
    }
    sandbox.write(".gitignore", "ignored/\n");
    let root = sandbox.root();
    let words = ["--root", root.to_str().unwrap()];
    let text = sandbox.with_plan(&plan_of(MOVE), &[&["plan"][..], &words].concat()).ok();
    assert!(text.contains("1 import in 1 file"), "{text}");
    let error = sandbox.with_plan(&plan_of(MOVE), &[&["apply", "--yes"][..], &words].concat()).fails(2);
    assert!(error.contains("is not a git repository, and this command needs one\nhint: "), "{error}");
}

#[test]
fn a_folder_inside_a_repository_is_told_where_the_repository_is() {
    let sandbox = Sandbox::with_files(&FILES);
    let error = sandbox.tool(&["status", "--root", "pkg"]);
    // A folder can be asked about; only writing needs the repository.
    assert_eq!(error.code, 0, "{}", error.err);
    let error = sandbox.tool(&["apply", "--root", "pkg"]).fails(2);
    assert!(error.contains(&format!("--root {}", sandbox.root().display())), "{error}");
}

#[test]
fn required_phases_that_are_pending_are_planned_too() {
    let sandbox = Sandbox::with_files(&FILES);
    let plan = format!(
        "name = \"two\"\n[[phase]]\nid = \"second\"\nrequires = [\"first\"]\n[[phase.step]]\nid = \"absolute\"\nkind = \"absolute-imports\"\n\
         [[phase]]\nid = \"first\"\n[[phase.step]]\nid = \"move\"\n{MOVE}\n[[phase]]\nid = \"third\"\n"
    );
    let phases = |words: &[&str]| {
        let json = sandbox.with_plan(&plan, &[&["plan", "--format", "json"], words].concat()).ok();
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        json["phases"].as_array().unwrap().iter().map(|phase| phase["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(phases(&[]), ["first", "second"]);
    assert_eq!(phases(&["--phase", "second"]), ["first", "second"]);
    assert_eq!(phases(&["--phase", "second", "--only"]), ["second"]);
    sandbox.with_plan(&plan, &["apply", "--phase", "first", "--yes"]).ok();
    assert_eq!(phases(&["--phase", "second"]), ["second"]);
    assert_eq!(phases(&["--phase", "first"]), ["first"]);
}

#[test]
fn a_saved_plan_is_applied_as_it_was_reviewed() {
    let sandbox = Sandbox::with_files(&FILES);
    let saved = sandbox.beside("saved.json", "");
    let saved = saved.to_str().unwrap();
    sandbox.with_plan(&plan_of(MOVE), &["plan", "--out", saved]).ok();
    // A change elsewhere does not matter; one in a planned file does.
    sandbox.write("other.py", "x = 1\n");
    sandbox.commit("Elsewhere");
    let head = sandbox.git(&["rev-parse", "HEAD"]);
    sandbox.write("app.py", "from pkg.legacy import Manager  # changed\n");
    sandbox.commit("In a planned file");
    let error = sandbox.tool(&["apply", saved, "--yes"]).fails(1);
    assert!(
        error.contains("a file is not what the plan was made for:\n  app.py: changed\nhint: nothing has been changed"),
        "{error}"
    );
    sandbox.git(&["reset", "-q", "--hard", &head]);
    sandbox.tool(&["apply", saved, "--yes"]).ok();
    assert_eq!(sandbox.read("app.py"), MOVED);
    assert_eq!(sandbox.tool(&["apply", saved, "--yes"]).ok(), "Nothing to change.\n");
    let text = std::fs::read_to_string(saved).unwrap();
    std::fs::write(saved, text.replace("pkg.ssot", "pkg.evil")).unwrap();
    let error = sandbox.tool(&["apply", saved, "--yes"]).fails(2);
    assert!(error.contains("changed or cut off after it was made"), "{error}");
}

#[test]
fn review_fixes_wait_until_they_are_asked_for() {
    let files = [
        ("pkg/__init__.py", ""),
        ("pkg/legacy.py", "def get(): ...\nclass Same: ...\n"),
        ("pkg/ssot.py", "from pkg.legacy import Same\nasync def get(user): ...\n"),
        ("app.py", "from pkg.legacy import get, Same\n"),
    ];
    let sandbox = Sandbox::with_files(&files);
    let plan = plan_of("kind = \"move-module\"\nfrom = \"pkg.legacy\"\nto = \"pkg.ssot\"");
    let text = sandbox.with_plan(&plan, &["plan"]).ok();
    assert!(text.contains("from  pkg/legacy.py:1: def get()\n    to    pkg/ssot.py:2: async def get(user)"), "{text}");
    sandbox.with_plan(&plan, &["apply", "--yes", "--branch", "safe"]).ok();
    assert_eq!(sandbox.git(&["show", "safe:app.py"]), "from pkg.legacy import get\nfrom pkg.ssot import Same");
    sandbox.with_plan(&plan, &["apply", "--yes", "--review", "--branch", "all"]).ok();
    assert_eq!(sandbox.git(&["show", "all:app.py"]), "from pkg.ssot import Same, get");
}

#[test]
fn the_lowered_word_of_the_author_is_heeded() {
    let sandbox = Sandbox::with_files(&FILES);
    let plan = plan_of(&format!("{MOVE}\napplicability = \"review\""));
    let text = sandbox.with_plan(&plan, &["plan"]).ok();
    assert!(text.contains("nothing to change; 1 for review") && text.contains("the plan asks for a look"), "{text}");
}

#[test]
fn gates_are_measured_before_and_after() {
    let sandbox = Sandbox::with_files(&FILES);
    let gate = "[[phase.gate]]\nid = \"legacy\"\nmetric = \"references\"\nof = \"pkg.legacy\"\nmax = 2\n";
    let text = sandbox.with_plan(&format!("{}{gate}", plan_of(MOVE)), &["plan"]).ok();
    assert!(text.contains("gate legacy: 2 (2 service, 0 tests) -> 1 (1 service, 0 tests), at most 2: passes\n"), "{text}");
}

#[test]
fn help_names_every_command_and_usage_errors_exit_with_2() {
    let sandbox = Sandbox::new();
    let help = sandbox.tool(&["--help"]).ok();
    for command in ["plan", "apply", "rollback", "status", "verify", "refs", "why", "demo"] {
        assert!(help.contains(&format!("\n  {command} ")), "{help}");
        assert!(sandbox.tool(&[command, "--help"]).ok().contains("--plan <NAME|FILE>"));
    }
    sandbox.tool(&["plna"]).fails(2);
    sandbox.tool(&["rollback"]).fails(2);
    sandbox.tool(&["plan", "--root", "nowhere"]).fails(2);
}

#[test]
fn what_was_broken_before_is_listed_apart_and_never_blamed() {
    let sandbox = Sandbox::with_files(&[
        ("p/__init__.py", ""),
        ("p/old.py", "from .absent import x\nfrom . import other\nname = other.gone\n"),
        ("p/other.py", ""),
        ("q/__init__.py", ""),
        ("app.py", "import p.old\nfrom p.old import gone\nprint(p.old.name, p.old.nothing)\n"),
    ]);
    let plan = plan_of("kind = \"move-module\"\nfrom = \"p.old\"\nto = \"q.new\"\nmove_definition = true");
    let json = sandbox.with_plan(&plan, &["plan", "--format", "json"]).ok();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["phases"][0]["steps"][0]["findings"][0]["outcome"], "fixed", "{json:#}");
    let show = |entry: &serde_json::Value| {
        format!("{}:{}:{} {}", entry["path"].as_str().unwrap(), entry["line"], entry["column"], entry["kind"].as_str().unwrap())
    };
    let existing: Vec<String> = json["existing"].as_array().unwrap().iter().map(show).collect();
    let wanted = [
        "app.py:2:18 unresolved-import",
        "app.py:3:24 missing-attribute",
        "p/old.py:1:20 unresolved-import",
        "p/old.py:3:13 missing-attribute",
    ];
    assert_eq!(existing, wanted);
    assert_eq!(json["cycles"], serde_json::json!({ "modules": 5, "before": 0, "after": 0 }));
    let text = sandbox.with_plan(&plan, &["plan"]).ok();
    let line = "Broken before, and not the plan's: 2 unresolved imports, 2 missing attributes (--format json lists them)\n";
    assert!(text.contains(line), "{text}");
}

#[test]
fn what_was_broken_in_typescript_is_listed_with_its_configuration() {
    let sandbox = Sandbox::with_files(&[
        ("web/tsconfig.json", "{ \"extends\": \"./base.json\", \"compilerOptions\": { \"paths\": { \"@/*\": [\"./*\"] } } }\n"),
        ("web/lib/a.ts", "export const a = 1;\n"),
        ("web/app.ts", "import { a } from '@/lib/a';\nimport { b } from '@/lib/a';\nimport './absent';\nexport { a, b };\n"),
    ]);
    let plan = plan_of("kind = \"move-module\"\nfrom = \"web/lib/a\"\nto = \"web/core/a\"\nmove_definition = true");
    let json: serde_json::Value = serde_json::from_str(&sandbox.with_plan(&plan, &["plan", "--format", "json"]).ok()).unwrap();
    let show = |entry: &serde_json::Value| {
        let text = |key: &str| entry[key].as_str().unwrap().to_owned();
        format!("{}:{}:{} {}: {}", text("path"), entry["line"], entry["column"], text("kind"), text("message"))
    };
    let existing: Vec<String> = json["existing"].as_array().unwrap().iter().map(show).collect();
    let wanted = [
        "web/app.ts:2:9 unresolved-import: \"@/lib/a\" does not export `b`",
        "web/app.ts:3:7 unresolved-import: \"./absent\" leads to no module",
        "web/tsconfig.json:1:0 unreadable-configuration: it extends ./base.json, which is not there",
    ];
    assert_eq!(existing, wanted);
}
