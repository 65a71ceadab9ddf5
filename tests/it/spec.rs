//! Plan files that are wrong: each error names file, line and column and says what would be right.
//!
//! A case is a file of `specs/`; what the tool says of it is a snapshot.

use crate::harness::{FILES, Sandbox, project};

#[test]
fn every_wrong_plan_is_refused_with_its_place() {
    let folder = project().join("tests/it/specs");
    let sandbox = Sandbox::with_files(&FILES);
    let mut cases = 0;
    for entry in walkdir::WalkDir::new(&folder).sort_by_file_name() {
        let path = entry.unwrap().into_path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let said = sandbox.tool(&["plan", "--plan", path.to_str().unwrap()]);
        assert_eq!(said.out, "", "{name}");
        let error = said.fails(2).replace(folder.to_str().unwrap(), "[specs]");
        assert!(error.contains(&format!("[specs]/{name}.")), "{name} is not named: {error}");
        insta::with_settings!({ snapshot_path => "snapshots/spec", prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(name, error);
        });
        cases += 1;
    }
    assert!(cases > 20);
}

#[test]
fn a_plan_or_phase_that_does_not_exist_is_answered_with_what_does() {
    let sandbox = Sandbox::with_files(&FILES);
    let error = sandbox.tool(&["plan", "--plan", "ssot-remediaton"]).fails(2);
    assert_eq!(error, "error: there is no plan `ssot-remediaton`\nhint: did you mean `ssot-remediation`?\n");
    let error = sandbox.tool(&["plan", "--phase", "websockets"]).fails(2);
    assert_eq!(error, "error: the plan `ssot-remediation` has no phase `websockets`\nhint: did you mean `websocket`?\n");
    let error = sandbox.tool(&["plan", "--plan", "nowhere/plan.toml"]).fails(2);
    assert!(error.starts_with("error: nowhere/plan.toml: "), "{error}");
}

#[test]
fn the_repositorys_own_plans_and_transforms_win() {
    let sandbox = Sandbox::with_files(&FILES);
    let step = "[[phase]]\nid = \"own\"\n[[phase.step]]\nid = \"step\"\nuse = \"own/move\"\n";
    sandbox.write(".ssot-migrate/plans/ssot-remediation.toml", format!("name = \"ours\"\n{step}"));
    let transform = format!("title = \"Ours\"\n{}\n", crate::harness::MOVE);
    sandbox.write(".ssot-migrate/transforms/own/move.toml", &transform);
    let report = sandbox.tool(&["plan"]).ok();
    assert!(report.starts_with("Plan ours ") && report.contains("1 import in 1 file"), "{report}");
    // An error in a transform names the transform's file.
    sandbox.write(".ssot-migrate/transforms/own/move.toml", transform.replace("from", "form"));
    let error = sandbox.tool(&["plan"]).fails(2);
    assert!(error.contains("transforms/own/move.toml:3:1") && error.contains("`form`"), "{error}");
}

#[test]
fn a_link_does_not_lead_a_plan_out_of_the_root() {
    let sandbox = Sandbox::with_files(&FILES);
    let outside = sandbox.beside("outside.toml", "name = \"x\"\n");
    std::fs::create_dir_all(sandbox.path(".ssot-migrate/plans")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(outside, sandbox.path(".ssot-migrate/plans/evil.toml")).unwrap();
    let error = sandbox.tool(&["plan", "--plan", "evil"]).fails(2);
    assert!(error.contains("leads out of the root"), "{error}");
}
