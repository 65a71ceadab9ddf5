//! What is left for people: suggestions, owners, and `plan --format markdown`.

use crate::harness::{FILES, MOVE, Sandbox, plan_of};

fn findings(sandbox: &Sandbox, plan: &str, words: &[&str]) -> Vec<serde_json::Value> {
    let json = sandbox.with_plan(plan, &[&["plan", "--format", "json"], words].concat()).ok();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    json["phases"][0]["steps"][0]["findings"].as_array().unwrap().clone()
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
