//! `verify`: what it measures, what it says, how it ends; and that `apply` does not leave a gate worse than it is.

use crate::harness::{FILES, MOVE, Sandbox, plan_of, project};

/// A plan that moves the manager, with these gates.
fn with_gates(gates: &[&str]) -> String {
    gates.iter().fold(plan_of(MOVE), |plan, gate| format!("{plan}\n[[phase.gate]]\n{gate}\n"))
}

const LEGACY: &str = "id = \"legacy\"\ntitle = \"Nobody imports the old module\"\nmetric = \"references\"\nof = \"pkg.legacy\"";
const TESTS: &str = "id = \"tests\"\nmetric = \"references\"\nof = \"pkg.legacy\"\nin = \"tests\"";

fn sandbox() -> Sandbox {
    let mut files = FILES.to_vec();
    let many = "import pkg.legacy as legacy\n".repeat(12);
    files.push(("tests/test_app.py", &many));
    Sandbox::with_files(&files)
}

#[test]
fn the_report_has_every_gate_and_where_those_that_fail_do_so() {
    let sandbox = sandbox();
    let head = sandbox.git(&["rev-parse", "--short=10", "HEAD"]);
    let service = "id = \"service\"\nmetric = \"references\"\nof = \"pkg.legacy\"\nin = \"service\"\nmax = 2";
    let slip = "id = \"slip\"\nmetric = \"references\"\nof = \"pkg.legcy\"";
    let command = "id = \"suite\"\nmetric = \"command\"\nrun = [\"false\"]";
    let said = sandbox.with_plan(&with_gates(&[LEGACY, service, slip, command]), &["verify"]);
    assert_eq!((said.code, said.err.as_str()), (1, ""));
    let plan = sandbox.beside("plan.toml", "");
    let out = said.out.replace(&head, "[head]").replace(plan.to_str().unwrap(), "[plan]");
    insta::assert_snapshot!(out, @"
    test on main at [head]

    phase
      gate legacy: 14 (2 service, 12 tests), at most 0: fails
        Nobody imports the old module
        app.py:1: from pkg.legacy import Manager
        pkg/ssot.py:1: from pkg.legacy import Manager
        tests/test_app.py:1: import pkg.legacy as legacy
        tests/test_app.py:2: import pkg.legacy as legacy
        tests/test_app.py:3: import pkg.legacy as legacy
        tests/test_app.py:4: import pkg.legacy as legacy
        tests/test_app.py:5: import pkg.legacy as legacy
        tests/test_app.py:6: import pkg.legacy as legacy
        tests/test_app.py:7: import pkg.legacy as legacy
        tests/test_app.py:8: import pkg.legacy as legacy
        … and 4 more; --format json lists all
      gate service: 14 (2 service, 12 tests), at most 2 in service code: passes
      gate slip: 0, at most 0: passes
        warning: [plan]:28:6: nothing is `pkg.legcy`, or refers to it; did you mean `pkg.legacy`?
      gate suite: not measured (verify --allow-commands runs it)

    4 gates: 1 fails, 1 not measured, 2 pass.
    ");
}

#[test]
fn the_exit_code_is_the_answer() {
    let sandbox = sandbox();
    let verify = |gates: &[&str], words: &[&str]| sandbox.with_plan(&with_gates(gates), &[&["verify"], words].concat());
    assert_eq!(verify(&[LEGACY], &[]).code, 1);
    assert_eq!(verify(&[&format!("{LEGACY}\nmax = 14")], &[]).code, 0);
    assert_eq!(verify(&[&format!("{LEGACY}\nmax = 14"), TESTS], &[]).code, 1);
    assert_eq!(verify(&[&format!("{LEGACY}\nmax = 14"), TESTS], &["--gate", "legacy", "--phase", "phase"]).code, 0);
    let error = verify(&[LEGACY, TESTS], &["--gate", "legcy"]).fails(2);
    assert_eq!(error, "error: the plan `test` has no gate `legcy`\nhint: did you mean `legacy`?\n");
    let error = verify(&[LEGACY], &["--phase", "phse"]).fails(2);
    assert_eq!(error, "error: the plan `test` has no phase `phse`\nhint: did you mean `phase`?\n");
    let error = verify(&[], &[]).fails(2);
    assert_eq!(
        error,
        "error: the plan `test` has no gates: there is nothing to verify\nhint: a gate is a [[phase.gate]] of the plan\n"
    );
}

#[test]
fn another_commit_or_the_work_tree_can_be_measured() {
    let sandbox = sandbox();
    sandbox.write("app.py", "");
    let count = |words: &[&str]| {
        let json = sandbox.with_plan(&with_gates(&[LEGACY]), &[&["verify", "--format", "json"], words].concat()).out;
        serde_json::from_str::<serde_json::Value>(&json).unwrap()["phases"][0]["gates"][0]["service"].as_u64().unwrap()
    };
    assert_eq!((count(&[]), count(&["--worktree"])), (2, 1));
    sandbox.commit("Without the app");
    assert_eq!((count(&[]), count(&["--at", "HEAD~1"])), (1, 2));
}

#[test]
fn the_json_report_has_every_place() {
    let sandbox = sandbox();
    let json = sandbox
        .with_plan(
            &with_gates(&[LEGACY, "id = \"c\"\nmetric = \"command\"\nrun = [\"true\"]"]),
            &["verify", "--format", "json"],
        )
        .out;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["version"], &json["passes"]), (&1.into(), &false.into()));
    let gate = &json["phases"][0]["gates"][0];
    let numbers = ["count", "service", "tests", "max"].map(|key| gate[key].as_u64().unwrap());
    assert_eq!((numbers, &gate["in"], &gate["measured"]), ([14, 2, 12, 0], &"all".into(), &true.into()));
    let places = gate["places"].as_array().unwrap();
    assert_eq!(places.len(), 14);
    let wanted = serde_json::json!({
        "path": "app.py", "line": 1, "column": 0, "what": "from pkg.legacy import Manager", "test": false
    });
    assert_eq!((&places[0], &places[13]["test"]), (&wanted, &true.into()));
    let command = &json["phases"][0]["gates"][1];
    assert_eq!((&command["measured"], &command["passes"], command.get("count")), (&false.into(), &false.into(), None));
}

#[test]
fn a_program_is_run_only_where_that_is_allowed() {
    let sandbox = sandbox();
    let verify = |run: &str, words: &[&str]| {
        let gate = format!("id = \"suite\"\nmetric = \"command\"\nrun = {run}");
        sandbox.with_plan(&with_gates(&[&gate]), &[&["verify"], words].concat())
    };
    let touch = "[\"touch\", \"ran\"]";
    let said = verify(touch, &[]);
    assert_eq!(said.code, 1);
    assert!(said.out.contains("  gate suite: not measured (verify --allow-commands runs it)\n"), "{}", said.out);
    assert!(said.out.ends_with("\n1 gate: 1 not measured.\n"), "{}", said.out);
    // Neither do the others run it.
    let gate = format!("id = \"suite\"\nmetric = \"command\"\nrun = {touch}");
    for words in [&["plan"][..], &["status"], &["apply", "--yes"]] {
        let out = sandbox.with_plan(&with_gates(&[&gate]), words).ok();
        assert!(words[0] == "apply" || out.contains("gate suite: not measured"), "{out}");
    }
    assert!(!sandbox.path("ran").exists());
    let said = verify(touch, &["--allow-commands"]);
    assert!(said.out.contains("  gate suite: passes, in the work tree\n"), "{}", said.out);
    assert_eq!((said.code, said.err.as_str(), sandbox.path("ran").exists()), (0, "", true));
    let error = verify(touch, &["--allow-commands", "--at", "HEAD"]).fails(2);
    assert!(error.contains("cannot be used with"), "{error}");
}

#[test]
fn a_program_that_fails_is_missing_or_takes_too_long_fails_its_gate() {
    let sandbox = sandbox();
    sandbox.write("bin/check", "#!/bin/sh\ni=0\nwhile [ $i -lt 30 ]; do i=$((i+1)); echo line $i; done\nprintf '\\033[31mred\\033[0m \\033]0;evil\\007\\n' >&2\nexit 3\n");
    sandbox.try_git(&["update-index", "--chmod=+x", "bin/check"]);
    let verify = |run: &str| {
        let gate = format!("id = \"suite\"\nmetric = \"command\"\nrun = {run}\ntimeout = 1");
        let said = sandbox.with_plan(&with_gates(&[&gate]), &["verify", "--allow-commands"]);
        assert_eq!(said.code, 1, "{}{}", said.out, said.err);
        said
    };
    let said = verify("[\"sh\", \"bin/check\"]");
    assert!(said.out.contains("  gate suite: fails, in the work tree: `sh bin/check` ends with 3\n"), "{}", said.out);
    let lines: Vec<&str> = said.err.lines().collect();
    assert_eq!((lines.len(), lines[0], lines[1]), (21, "gate suite: `sh bin/check` ends with 3", "  line 12"));
    assert_eq!(lines[20], "  red \u{fffd}]0;evil\u{fffd}");
    let said = verify("[\"no-such-program\"]");
    assert!(said.out.contains("fails, in the work tree: `no-such-program` cannot be run: No such file"), "{}", said.out);
    let said = verify("[\"./bin/missing\", \"x\"]");
    assert!(said.out.contains("`./bin/missing x` cannot be run: No such file"), "{}", said.out);
    let said = verify("[\"sleep\", \"60\"]");
    assert!(said.out.contains("`sleep 60` ran longer than 1 s and was stopped"), "{}", said.out);
}

/// A plan after which more refers to `pkg.ssot` than before.
fn worsening(more: &str) -> String {
    with_gates(&[&format!("id = \"ssot\"\nmetric = \"references\"\nof = \"pkg.ssot\"\n{more}")])
}

#[test]
fn a_phase_that_leaves_a_gate_worse_is_refused_and_nothing_is_written() {
    let sandbox = Sandbox::with_files(&FILES);
    let (head, files) = (sandbox.git(&["rev-parse", "HEAD"]), sandbox.files());
    let line = "phase / gate ssot: 0 -> 1 (1 service, 0 tests), at most 0: fails\n    app.py:1: from pkg.ssot import Manager";
    let report = sandbox.with_plan(&worsening(""), &["plan"]).ok();
    assert!(
        report.contains(&format!("\nWarning: apply refuses this, because it leaves gates worse than they are:\n  {line}\n")),
        "{report}"
    );
    let wanted = format!(
        "error: a gate would be left worse than it is:\n  {line}\nhint: nothing has been changed; narrow the steps, or mend what is new first\n"
    );
    assert_eq!(sandbox.with_plan(&worsening(""), &["apply", "--yes"]).fails(1), wanted);
    let saved = sandbox.beside("saved.json", "");
    sandbox.with_plan(&worsening(""), &["plan", "--out", saved.to_str().unwrap()]).ok();
    assert_eq!(sandbox.tool(&["apply", saved.to_str().unwrap(), "--yes"]).fails(1), wanted);
    assert_eq!((sandbox.git(&["rev-parse", "HEAD"]), sandbox.files()), (head, files));
    let json = sandbox.with_plan(&worsening(""), &["plan", "--format", "json"]).ok();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let gate = &json["phases"][0]["gates"][0];
    assert_eq!((&gate["before"], &gate["after"], &gate["worse"][0]["path"]), (&0.into(), &1.into(), &"app.py".into()));
}

#[test]
fn a_phase_that_leaves_a_failing_gate_no_worse_is_applied() {
    for gates in [worsening("max = 1"), worsening("in = \"tests\""), with_gates(&[LEGACY])] {
        let sandbox = Sandbox::with_files(&FILES);
        let saved = sandbox.beside("saved.json", "");
        sandbox.with_plan(&gates, &["plan", "--out", saved.to_str().unwrap()]).ok();
        assert!(!std::fs::read_to_string(&saved).unwrap().contains("worse"));
        sandbox.tool(&["apply", saved.to_str().unwrap(), "--yes"]).ok();
        assert!(sandbox.read("app.py").contains("pkg.ssot"));
    }
}

#[test]
fn the_gates_of_a_saved_plan_are_measured_on_what_is_committed() {
    let sandbox = Sandbox::with_files(&FILES);
    let saved = sandbox.beside("saved.json", "");
    let saved = saved.to_str().unwrap();
    sandbox.with_plan(&worsening("max = 1"), &["plan", "--out", saved]).ok();
    // One more by somebody else: alone each of the two would pass.
    sandbox.write("other.py", "from pkg.ssot import Manager\n");
    sandbox.commit("Meanwhile");
    let head = sandbox.git(&["rev-parse", "HEAD"]);
    let line = "gate ssot: 1 (1 service, 0 tests) -> 2 (2 service, 0 tests), at most 1: fails\n    app.py:1: from pkg.ssot import Manager";
    for words in [&["apply", saved, "--yes"][..], &["apply", saved, "--yes", "--partial"]] {
        let error = sandbox.tool(words).fails(1);
        assert!(error.contains(&format!("a gate would be left worse than it is:\n  phase / {line}\nhint: ")), "{error}");
    }
    // By which gates, nobody knows where the plan is another one by now.
    sandbox.beside("plan.toml", worsening("max = 2"));
    let error = sandbox.tool(&["apply", saved, "--yes"]).fails(1);
    assert!(error.contains("changed: the plan itself\nhint: nothing has been changed; `--replan --changed-plan`"), "{error}");
    assert_eq!(sandbox.git(&["rev-parse", "HEAD"]), head);
    sandbox.beside("plan.toml", worsening("max = 1"));
    sandbox.write("other.py", "x = 1\n");
    sandbox.commit("Gone again");
    sandbox.tool(&["apply", saved, "--yes"]).ok();
}

#[test]
fn each_phase_is_judged_by_its_own_gates_and_files() {
    // The first phase makes the gate of the second worse; the second finds it so, and leaves it as it is.
    let sandbox = Sandbox::with_files(&FILES);
    let second = "\n[[phase]]\nid = \"second\"\nrequires = [\"phase\"]\n[[phase.gate]]\nid = \"ssot\"\nmetric = \"references\"\nof = \"pkg.ssot\"\n\
                  [[phase.step]]\nid = \"absolute\"\nkind = \"absolute-imports\"\n";
    let plan = format!("{}{second}", plan_of(MOVE));
    let report = sandbox.with_plan(&plan, &["plan"]).ok();
    assert!(report.contains("gate ssot: 1 (1 service, 0 tests) -> 1 (1 service, 0 tests), at most 0: fails\n"), "{report}");
    // What holds now is what the files say now.
    let status = sandbox.with_plan(&plan, &["status"]).ok();
    assert!(status.contains("gate ssot: 0, at most 0: passes\n"), "{status}");
    sandbox.with_plan(&plan, &["apply", "--yes"]).ok();
    let status = sandbox.with_plan(&plan, &["status"]).ok();
    assert!(status.contains("gate ssot: 1 (1 service, 0 tests), at most 0: fails\n"), "{status}");
}

#[test]
fn gates_of_a_phase_without_steps_are_measured() {
    let sandbox = sandbox();
    let plan = format!("name = \"test\"\n[[phase]]\nid = \"only\"\n[[phase.gate]]\n{LEGACY}\n");
    let line = "gate legacy: 14 (2 service, 12 tests), at most 0: fails\n";
    assert!(sandbox.with_plan(&plan, &["verify"]).out.contains(line));
    assert!(sandbox.with_plan(&plan, &["status"]).ok().contains(line));
    let report = sandbox.with_plan(&plan, &["plan", "--phase", "only"]).ok();
    assert!(report.contains("\nonly\n  gate legacy: 14 (2 service, 12 tests) -> 14"), "{report}");
}

#[test]
fn a_folder_without_git_can_be_verified() {
    let sandbox = Sandbox::new();
    for (path, text) in FILES {
        sandbox.write(path, text);
    }
    let root = sandbox.root();
    let gate = "id = \"suite\"\nmetric = \"command\"\nrun = [\"test\", \"-f\", \"app.py\"]";
    let words = ["verify", "--allow-commands", "--root", root.to_str().unwrap()];
    let said = sandbox.with_plan(&with_gates(&[gate, &format!("{LEGACY}\nmax = 2")]), &words);
    assert!(said.code == 0 && said.out.ends_with("\n2 gates: 2 pass.\n"), "{}{}", said.out, said.err);
}

#[test]
fn the_sample_has_a_second_place_that_reads_tokens_and_doors_that_close() {
    let sandbox = Sandbox::with_copy_of(&project().join("fixtures/netra-mini"));
    let handler = "auth_service.auth_core.core.jwt_handler";
    let plan = format!(
        "name = \"tokens\"\n[role.validator]\nkind = \"function\"\ncalls = \"{handler}:decode_part\"\nallow = \"{handler}\"\n\
         [[phase]]\nid = \"jwt\"\n[[phase.gate]]\nid = \"validators\"\nmetric = \"definitions\"\nrole = \"validator\"\n"
    );
    let said = sandbox.with_plan(&plan, &["verify"]);
    let wanted = "  gate validators: 1 (1 service, 0 tests), at most 0: fails\n    \
                  auth_service/auth_core/core/token_validator.py:17: def TokenValidator.validate_token\n";
    assert!(said.code == 1 && said.out.contains(wanted), "{}", said.out);
    // The embedded plan: nobody uses a library for tokens here, and the door `canonical_imports` is one that nobody uses after it.
    let passed = |out: &str| {
        let gates = out.lines().filter(|line| line.starts_with("  gate ") && line.ends_with("passes"));
        gates.map(|line| line.split([' ', ':']).nth(3).unwrap().to_owned()).collect::<Vec<_>>()
    };
    let before = sandbox.tool(&["verify"]);
    assert!(before.code == 1 && !before.out.contains("warning"), "{}", before.out);
    assert_eq!(passed(&before.out), ["token_validators", "jwt_library_references", "jwt_decode_references"]);
    sandbox.tool(&["apply", "--yes"]).ok();
    assert_eq!(
        passed(&sandbox.tool(&["verify"]).out),
        ["token_validators", "jwt_library_references", "jwt_decode_references", "canonical_imports_references"]
    );
}

#[test]
fn one_gate_counts_what_both_languages_spell() {
    let case = project().join("fixtures/kinds/rewrite/both-languages");
    let (sandbox, plan) = crate::fixtures::open(&case);
    let verify = |sandbox: &Sandbox| sandbox.tool(&crate::fixtures::words(&["verify"], &plan));
    let before = verify(&sandbox);
    assert_eq!(before.code, 1, "{}", before.err);
    for place in ["backend/routes.py:5", "web/lib/client.ts:3", "web/lib/client.ts:4", "web/lib/Link.tsx:1"] {
        assert!(before.out.contains(place), "{place} is missing in\n{}", before.out);
    }
    sandbox.tool(&crate::fixtures::words(&["apply", "--yes"], &plan)).ok();
    let after = verify(&sandbox);
    assert_eq!(after.code, 0, "{}{}", after.out, after.err);
}
