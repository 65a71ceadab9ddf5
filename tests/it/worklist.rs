//! What is left for people: suggestions, owners, and `plan --format markdown`.

use crate::harness::{FILES, MOVE, Sandbox, plan_of, project};

fn findings(sandbox: &Sandbox, plan: &str, words: &[&str]) -> Vec<serde_json::Value> {
    let json = sandbox.with_plan(plan, &[&["plan", "--format", "json"], words].concat()).ok();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    json["phases"][0]["steps"][0]["findings"].as_array().unwrap().clone()
}

/// The Markdown of a plan, without the commit that differs.
fn markdown(sandbox: &Sandbox, words: &[&str]) -> String {
    let text = sandbox.tool(&[&["plan", "--format", "markdown"], words].concat()).ok();
    text.replace(&sandbox.git(&["rev-parse", "--short=10", "HEAD"]), "[commit]")
}

macro_rules! assert_markdown {
    ($name:literal, $text:expr) => {
        insta::with_settings!({ snapshot_path => "snapshots/markdown", prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!($name, $text);
        });
    };
}

#[test]
fn the_embedded_plan_as_markdown() {
    let sandbox = Sandbox::with_copy_of(&project().join("fixtures/netra-mini"));
    let owners = "/netra_backend/ @netra/backend\n/tests/ @netra/quality\n/tests/unit/ @netra/quality @ada\n/scripts/\n";
    sandbox.write(".github/CODEOWNERS", owners);
    sandbox.commit("Name the owners");
    let text = markdown(&sandbox, &[]);
    assert_eq!(text, markdown(&sandbox, &["--jobs", "1"]));
    assert_markdown!("netra-mini", text);
}

#[test]
fn nothing_of_a_repository_becomes_markup() {
    let call = "legacy(1)\n";
    let sandbox = Sandbox::with_files(&[
        ("a|b <img src=x onerror=alert(1)>.py", call),
        ("`rm`/*star* _under_.py", call),
        ("cc @everyone #1 [x](https:) &lt;.py", call),
        ("new\n- [x] line.py", call),
        ("turned\u{202e}yp.exe.py", call),
        ("broken `\n# it*.py", "legacy(1\n"),
        ("CODEOWNERS", "* @<b>all</b>`x`\n"),
    ]);
    let plan = "title = \"<h1>| @title\"\n[[phase]]\nid = \"phase\"\ntitle = \"[t](u) `<b>`\"\n[[phase.step]]\nid = \"step\"\n\
                kind = \"rewrite\"\nmatch = \"legacy($X)\"\nmessage = \"<script>\\n# `one` *call* of #2\"\n\
                suggest = \"ask @team | <!-- see `x|y` at www.x.y -->\"\n";
    let plan = format!("name = \"hostile\"\n{plan}");
    let file = sandbox.beside("plan.toml", plan);
    assert_markdown!("hostile", markdown(&sandbox, &["--plan", file.to_str().unwrap()]));
}

#[test]
fn many_places_are_counted_and_few_are_not() {
    let sandbox = Sandbox::with_files(&[("app.py", &"legacy(1)\n".repeat(60)), ("other.py", "legacy(1), legacy(2)\n")]);
    let plan = sandbox.beside("plan.toml", plan_of("kind = \"rewrite\"\nmatch = \"legacy($X)\""));
    let text = markdown(&sandbox, &["--plan", plan.to_str().unwrap()]);
    assert!(text.contains("\n- 62 places: `legacy($X)`\n  - [ ] `app.py:1`\n"), "{text}");
    assert!(text.contains("\n  - [ ] `app.py:50`\n  - … and 12 more; `--format json` lists all\n"), "{text}");
    assert!(!text.contains("####"), "no owners are told of where nothing names them: {text}");
}

#[test]
fn a_plan_that_leaves_nothing_says_so() {
    let files = [FILES[0], ("pkg/legacy.py", ""), ("pkg/ssot.py", "class Manager: ...\n")];
    let sandbox = Sandbox::with_files(&files);
    let plan = plan_of(&format!("{MOVE}\nexternal = true"));
    let text = sandbox.with_plan(&plan, &["plan", "--format", "markdown"]).ok();
    assert!(text.ends_with("## Worklist\n\nNothing is left for a person.\n"), "{text}");
}

#[test]
fn a_finding_says_what_to_do_and_whom_to_ask() {
    let sandbox = Sandbox::with_files(&FILES);
    let plan = plan_of(MOVE);
    let told = |words: &[&str]| -> Vec<(String, serde_json::Value, serde_json::Value)> {
        let findings = findings(&sandbox, &plan, words).into_iter();
        findings
            .map(|one| (one["outcome"].as_str().unwrap().to_owned(), one["suggestion"].clone(), one["owners"].clone()))
            .collect()
    };
    let null = serde_json::Value::Null;
    let chain = "nothing, as long as the new home gets it from here; to turn that round, move the definition";
    let left = |owners| ("left".to_owned(), serde_json::json!(chain), owners);
    let fixed = |owners| ("fixed".to_owned(), null.clone(), owners);
    assert_eq!(told(&[]), [fixed(null.clone()), left(null.clone())]);
    sandbox.write("docs/CODEOWNERS", "* @all\n/pkg/ @org/pkg ops@example.com\n");
    sandbox.commit("Name the owners");
    let pkg = serde_json::json!(["@org/pkg", "ops@example.com"]);
    assert_eq!(told(&[]), [fixed(serde_json::json!(["@all"])), left(pkg)]);
    // The owners are those of the commit that is planned for.
    assert_eq!(told(&["--at", "HEAD~1"]), [fixed(null.clone()), left(null.clone())]);
}

#[test]
fn the_plans_own_suggestion_wins() {
    let sandbox = Sandbox::with_files(&[("app.py", "legacy(1)\n")]);
    let own = |suggest: &str| {
        let plan = plan_of(&format!("kind = \"rewrite\"\nmatch = \"legacy($X)\"\n{suggest}"));
        findings(&sandbox, &plan, &[])[0]["suggestion"].as_str().unwrap().to_owned()
    };
    assert_eq!(own("suggest = \"call the new one\""), "call the new one");
    assert_eq!(own(""), "change it by hand as the plan's documentation says");
}
