//! Hostile plans: paths that lead out, links, texts that would be read as the tool's own, patterns that blow up.

use std::fs;
use std::process::Command;

use super::harmless;
use crate::harness::{FILES, MOVE, Sandbox, files, plan_of};

/// Every plan is refused with its file and line by all that would use it, and nothing is written anywhere.
#[track_caller]
fn refused(sandbox: &Sandbox, plan: &str, wanted: &str) {
    let before = files(sandbox.root().parent().unwrap());
    for words in [&["plan"][..], &["apply", "--yes"], &["status"], &["verify"], &["rollback", "--phase", "phase", "--yes"]] {
        let said = sandbox.with_plan(plan, words);
        harmless(&said);
        let error = said.fails(2);
        assert!(error.contains(wanted) && (error.contains("plan.toml:") || error.contains(".csv")), "{plan}\n{error}");
    }
    let mut after = files(sandbox.root().parent().unwrap());
    after.retain(|path, _| path != "plan.toml");
    assert!(after.iter().all(|(path, bytes)| before.get(path) == Some(bytes)), "{plan}");
}

#[test]
fn no_path_of_a_plan_leads_out() {
    let sandbox = Sandbox::with_files(&FILES);
    for path in ["../x", "/etc/passwd", "a/../../x", "C:\\\\x", "..\\\\x", "\\\\\\\\host\\\\x"] {
        let plan = |line: &str| format!("{line}\n{}", plan_of(MOVE)).replace("PATH", path);
        for line in ["[scope]\ninclude = [\"PATH/**\"]", "[scope]\nexclude = [\"PATH\"]", "[python]\nroots = [\"PATH\"]"] {
            let plan = plan(&format!("name = \"test\"\n{line}")).replacen("name = \"test\"\n\n", "", 1);
            refused(&sandbox, &plan, "the root");
        }
        refused(&sandbox, &plan_of(&format!("kind = \"move-symbol\"\nmap = \"{path}\"")), "leads out of the plan's folder");
    }
    let projects = format!("name = \"test\"\n[typescript]\nprojects = [\".GIT/x.json\"]\n{}", plan_of(MOVE));
    refused(&sandbox, &projects.replacen("name = \"test\"\n\n", "", 1), "is not a file below the root");
}

#[test]
fn nothing_is_made_where_git_keeps_its_own() {
    let sandbox = Sandbox::with_files(&[
        ("web/a.ts", "export class X {}\n"),
        ("web/b.ts", "import { X } from './a';\n\nnew X();\n"),
        ("pkg/__init__.py", ""),
        ("pkg/a.py", "class X: ...\n"),
    ]);
    let own = || files(&sandbox.path(".git/hooks")).into_keys().chain(files(&sandbox.path(".git/info")).into_keys()).count();
    let before = own();
    let mut plans = Vec::new();
    for to in [".git/hooks/x", "web/.GIT/x", "git~1/x", "web/.git /x", ".g\\u200cit/x", "../x", "/tmp/x", "web/../../x"] {
        plans.push(format!("kind = \"move-symbol\"\nfrom = \"web/a:X\"\nto = \"{to}:X\"\nmove_definition = true"));
        plans.push(format!("kind = \"move-module\"\nfrom = \"web/a\"\nto = \"{to}\"\nmove_definition = true"));
        plans.push(format!("kind = \"shim\"\nfrom = \"{to}:X\"\nto = \"web/a:X\""));
    }
    for to in [".git.x", "..x", "pkg..x", "git~1.x"] {
        plans.push(format!("kind = \"move-module\"\nfrom = \"pkg.a\"\nto = \"{to}\"\nmove_definition = true"));
    }
    for plan in plans {
        let said = sandbox.with_plan(&plan_of(&plan), &["apply", "--yes"]);
        harmless(&said);
        let tree = sandbox.git(&["ls-tree", "-r", "--name-only", "HEAD"]);
        let is_sound = |path: &str| path.starts_with("web/") || path.starts_with("pkg/");
        assert!(tree.lines().all(is_sound) && !tree.to_lowercase().contains("git"), "{plan}: {tree}\n{}{}", said.out, said.err);
        assert_eq!(own(), before, "{plan}");
        assert!(!sandbox.root().parent().unwrap().join("x.ts").exists() && !sandbox.path("x.ts").exists(), "{plan}");
    }
    assert_eq!(sandbox.git(&["rev-list", "--count", "HEAD"]), "1", "none of them has found anything to do");
}

#[cfg(unix)]
#[test]
fn links_and_pipes_beside_a_plan_are_refused() {
    use std::os::unix::fs::symlink;
    let sandbox = Sandbox::with_files(&FILES);
    fs::create_dir_all(sandbox.path(".ssot-migrate/plans")).unwrap();
    let secret = sandbox.beside("secret.csv", "top,secret\n");
    let own = plan_of("kind = \"move-symbol\"\nmap = \"moves.csv\"");
    sandbox.write(".ssot-migrate/plans/own.toml", own);
    let moves = sandbox.path(".ssot-migrate/plans/moves.csv");
    symlink(&secret, &moves).unwrap();
    let refused = |words: &[&str], wanted: &str| {
        let error = sandbox.tool(words).fails(2);
        assert!(error.contains(wanted) && !error.contains("top"), "{error}");
    };
    refused(&["plan", "--plan", "own"], "leads out of the plan's folder");
    fs::remove_file(&moves).unwrap();
    assert!(Command::new("mkfifo").arg(&moves).status().unwrap().success());
    refused(&["plan", "--plan", "own"], "it is not a regular file");
    fs::remove_file(&moves).unwrap();
    fs::File::create(&moves).unwrap().set_len(1 << 40).unwrap();
    refused(&["plan", "--plan", "own"], "it is larger than 16 MiB");
    fs::create_dir_all(sandbox.path(".ssot-migrate/transforms/own")).unwrap();
    symlink(&secret, sandbox.path(".ssot-migrate/transforms/own/t.toml")).unwrap();
    refused(&["explain"], "leads out of the root");
    refused(&["status"], "leads out of the root");
    fs::remove_dir_all(sandbox.path(".ssot-migrate")).unwrap();
    let elsewhere = secret.parent().unwrap().join("elsewhere/plans");
    fs::create_dir_all(&elsewhere).unwrap();
    fs::write(elsewhere.join("own.toml"), plan_of(MOVE)).unwrap();
    symlink(elsewhere.parent().unwrap(), sandbox.path(".ssot-migrate")).unwrap();
    refused(&["plan", "--plan", "own"], "leads out of the root");
}

#[test]
fn no_text_of_a_plan_is_read_as_the_tool_s_own() {
    let sandbox = Sandbox::with_files(&FILES);
    let step = |line: &str| plan_of(&format!("{line}\n{MOVE}"));
    refused(&sandbox, &step("title = \"a\\u001b[31mb\""), "`title` has the control character U+001B");
    refused(&sandbox, &step("why = \"a\\u009bb\""), "`why` has the control character U+009B");
    refused(&sandbox, &step("title = \"One\\nFORGED\""), "`title` must be one line");
    for why in ["x\\n\\nSsot-Phase: y", "x\\n  ssot-plan: test", "SSOT-STEP : x", "This reverts commit 0123456789."] {
        refused(&sandbox, &step(&format!("why = \"{why}\"")), "would be read in a commit as what the tool itself writes");
    }
    refused(&sandbox, &step("title = \"Ssot-Plan: test\""), "would be read in a commit");
    let phase = plan_of(MOVE).replace("id = \"phase\"", "id = \"phase\"\ntitle = \"Ssot-Digest: 0\"");
    refused(&sandbox, &phase, "would be read in a commit");
    refused(&sandbox, &plan_of(MOVE).replace("\"step\"", "\"a\\nSsot-Phase: y\""), "is not an id");
    // What only looks like it is said as it is.
    sandbox
        .with_plan(&step("title = \"SSOT: one door\"\nwhy = \"See Ssot-Phase: it is a trailer.\""), &["apply", "--yes"])
        .ok();
    let trailers = sandbox.git(&["log", "-1", "--format=%(trailers:only,keyonly)"]);
    assert_eq!(trailers.split_whitespace().collect::<Vec<_>>(), ["Ssot-Plan", "Ssot-Phase", "Ssot-Step", "Ssot-Digest"]);
}

#[test]
fn patterns_that_blow_up_are_refused() {
    let sandbox = Sandbox::with_files(&FILES);
    let many = |text: &str| text.repeat(100_000);
    let glob = |glob: &str| format!("name = \"x\"\n[scope]\ninclude = [\"{glob}\"]\n[[phase]]\nid = \"phase\"\n");
    refused(&sandbox, &glob(&many("{")), "a glob has at most 4096 bytes");
    refused(&sandbox, &glob(&"{".repeat(4_000)), "this is not a glob");
    refused(&sandbox, &glob(&"{a,".repeat(1_000)), "this is not a glob");
    let rewrite = |line: &str| plan_of(&format!("kind = \"rewrite\"\n{line}"));
    let lists = "f($$$A, $$$B, $$$C, $$$D, $$$E, $$$F, $$$G)";
    refused(&sandbox, &rewrite(&format!("match = \"{lists}\"")), "a pattern has at most 4096 bytes and 6 `$$$`");
    refused(&sandbox, &rewrite(&format!("match = \"{}\"", many("("))), "a pattern has at most");
    for regex in ["(a{1000}){1000}", &"(".repeat(10_000), "[[[[", "(?=a)"] {
        let text = rewrite(&format!("match = \"f($A)\"\nwhere = {{ text = {{ A = \"{regex}\" }} }}"));
        refused(&sandbox, &text, "this is no regular expression");
    }
    for toml in [format!("x = {}", many("[")), format!("x = {}", many("{a=")), many("[a"), many("a."), many("[[")] {
        refused(&sandbox, &toml, "plan.toml");
    }
    // What takes long elsewhere is no work here: expressions are matched in linear time.
    let slow = rewrite("match = \"print($A)\"\nwhere = { text = { A = \"(a*)*(a*)*b\" } }");
    sandbox.write("slow.py", format!("print('{}')\n", "a".repeat(50_000)));
    sandbox.commit("Slow");
    sandbox.with_plan(&slow, &["plan"]).ok();
}
