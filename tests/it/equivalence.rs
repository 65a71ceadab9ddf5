//! Programs behave as before: generated repositories and the sample monorepo are run by Python before and after.

use crate::harness::{Sandbox, project};

/// A generated repository, committed, and its plan's file.
fn generated(seed: u32, files: u32, symbols: u32, options: &[&str]) -> (Sandbox, String) {
    let sandbox = Sandbox::new();
    let (seed, files, symbols) = (seed.to_string(), files.to_string(), symbols.to_string());
    let script = generator();
    let words = [&script, ".", "--seed", &seed, "--files", &files, "--symbols", &symbols];
    sandbox.python(&[&words[..], options].concat()).ok();
    sandbox.init();
    let plan = sandbox.path(".oracle/plan.toml").to_str().unwrap().to_owned();
    (sandbox, plan)
}

fn generator() -> String {
    project().join("tests/generate_repo.py").to_str().unwrap().to_owned()
}

/// Applies the plan of a generated repository and holds the result against the generator's answers.
fn migrate(seed: u32, files: u32, symbols: u32, options: &[&str]) {
    let (sandbox, plan) = generated(seed, files, symbols, options);
    let start = sandbox.tree();
    let observed = sandbox.python(&["run_all.py"]).ok();
    assert_eq!(observed.lines().count(), files as usize, "every consumer tells what it observes");
    let open = sandbox.python(&[&generator(), "--check", "."]);
    assert_eq!((open.code, open.out.is_empty()), (1, false), "there is something to do");

    let patches = ["1", "2", "7"].map(|jobs| sandbox.tool(&["plan", "--plan", &plan, "--format", "diff", "--jobs", jobs]).ok());
    assert!(patches.iter().all(|patch| *patch == patches[0]), "the number of threads does not matter");
    sandbox.tool(&["apply", "--plan", &plan, "--yes"]).ok();
    let applied = sandbox.tree();
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
    assert_eq!(sandbox.python(&[&generator(), "--check", "."]).ok(), "");
    assert_eq!(sandbox.python(&["run_all.py"]).ok(), observed);

    sandbox.git(&["checkout", "-q", "-b", "patched", &format!("HEAD~{}", commits_of_the_plan(&sandbox))]);
    assert_eq!(sandbox.tree(), start);
    let patch = sandbox.beside("whole.patch", &patches[0]);
    sandbox.git(&["apply", "--index", patch.to_str().unwrap()]);
    assert_eq!(sandbox.git(&["write-tree"]), applied, "the patch that `plan` shows is what `apply` does");
    sandbox.git(&["reset", "-q", "--hard"]);

    sandbox.git(&["checkout", "-q", "main"]);
    sandbox.tool(&["rollback", "--plan", &plan, "--phase", "generated", "--yes"]).ok();
    assert_eq!(sandbox.tree(), start);
}

fn commits_of_the_plan(sandbox: &Sandbox) -> usize {
    sandbox
        .git(&["log", "--format=%(trailers:key=Ssot-Step,valueonly,separator=)"])
        .lines()
        .filter(|step| !step.is_empty())
        .count()
}

#[test]
fn a_generated_repository_behaves_as_before() {
    migrate(1, 160, 12, &[]);
}

#[test]
fn few_files_with_many_names_behave_as_before() {
    migrate(2, 30, 60, &[]);
}

#[test]
fn a_repository_whose_new_home_loads_the_old_one_behaves_as_before() {
    migrate(3, 110, 8, &["--unruly"]);
}

#[test]
fn the_samples_own_tests_pass_before_and_after_every_phase_and_its_rollback() {
    let sandbox = Sandbox::with_copy_of(&project().join("fixtures/netra-mini"));
    let run = |when: &str| {
        let said = sandbox.python(&["-m", "unittest", "-q"]);
        assert_eq!(said.code, 0, "{when}: {}", said.err);
        let ran = said.err.lines().find(|line| line.starts_with("Ran ")).map(str::to_owned).unwrap();
        ran.split_whitespace().nth(1).unwrap().parse::<u32>().unwrap()
    };
    let tests = run("before");
    assert!(tests > 40, "{tests} tests ran");
    let mut trees = vec![sandbox.tree()];
    let phases = ["jwt", "websocket", "golden-path"];
    for phase in phases {
        sandbox.tool(&["apply", "--phase", phase, "--yes"]).ok();
        assert_eq!(run(phase), tests);
        assert_ne!(trees.last(), Some(&sandbox.tree()), "{phase} has something to do");
        trees.push(sandbox.tree());
    }
    for (phase, tree) in phases.iter().zip(&trees).rev() {
        sandbox.tool(&["rollback", "--phase", phase, "--yes"]).ok();
        assert_eq!(run("rolled back"), tests);
        assert_eq!(sandbox.tree(), *tree, "{phase}");
    }
}
