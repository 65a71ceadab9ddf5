//! Shims as Python sees them, and their way from the first to the last: made, counted, and taken away.

use crate::harness::Sandbox;

const SSOT: &str = "class Manager:\n    def __init__(self, user=None):\n        self.user = user\n\n\ndef create(user=None):\n    \
                    return Manager(user)\n";

/// Runs a script and tells of each deprecation where it is blamed on, and what it says.
const TOLD: &str = "import os, pathlib, sys, warnings
sys.path.insert(0, '.')
script = pathlib.Path(sys.argv[1]).read_text()
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter('always')
    exec(script)
for one in told:
    print(one.category.__name__, os.path.basename(one.filename), one.lineno, one.message, sep='|')
";

fn repository(more: &[(&str, &str)]) -> Sandbox {
    Sandbox::with_files(&[&[("pkg/__init__.py", ""), ("pkg/ssot.py", SSOT)], more].concat())
}

fn told(sandbox: &Sandbox, script: &str) -> Vec<String> {
    let (runner, script) = (sandbox.beside("told.py", TOLD), sandbox.beside("script.py", script));
    let said = sandbox.python(&[runner.to_str().unwrap(), script.to_str().unwrap()]).ok();
    said.lines().map(str::to_owned).collect()
}

fn plan(steps: &[(&str, &str)]) -> String {
    let step = |(phase, body): &(&str, &str)| {
        format!("[[phase]]\nid = \"{phase}\"\n[[phase.step]]\nid = \"step\"\nkind = \"shim\"\n{body}\n")
    };
    format!("name = \"test\"\n{}", steps.iter().map(step).collect::<String>())
}

const NAME: &str = "from = \"pkg.legacy:Old\"\nto = \"pkg.ssot:Manager\"\nreplaces = true";

#[test]
fn who_asks_for_an_old_name_gets_the_new_object_and_is_told() {
    let user = "import pkg.legacy\nfrom pkg.legacy import (\n    Old,\n)\n\n\ndef make():\n    return pkg.legacy.Old\n";
    let sandbox = repository(&[("pkg/legacy.py", "__all__ = ['Old']\n\n\nclass Old: ...\n"), ("user.py", user)]);
    sandbox.with_plan(&plan(&[("phase", NAME)]), &["apply", "--yes"]).ok();
    let script = "import user, pickle\nfrom unittest.mock import patch\nfrom pkg.ssot import Manager\nprint(user.Old is Manager)\n\
                  with patch('pkg.legacy.Old', 1):\n    print(user.make())\nprint(user.make() is Manager)\n\
                  scope = {}\nexec('from pkg.legacy import *', scope)\nprint(scope['Old'] is Manager)\n\
                  print(pickle.loads(b'cpkg.legacy\\nOld\\n.') is Manager)\ntry:\n    pkg.legacy.Other\nexcept AttributeError as error:\n    print(error)\n";
    let said = told(&sandbox, &format!("import pkg.legacy\n{script}"));
    let (printed, warned): (Vec<&String>, Vec<&String>) = said.iter().partition(|line| !line.starts_with("Deprecation"));
    let missing = "module 'pkg.legacy' has no attribute 'Other'";
    assert_eq!(printed, ["True", "1", "True", "True", "True", missing]);
    let message = "pkg.legacy.Old is deprecated: use pkg.ssot.Manager";
    // Each is blamed on the line that asks; that of an import in parentheses is its first, or its last in old Pythons.
    assert!(warned.contains(&&format!("DeprecationWarning|user.py|2|{message}")), "{warned:?}");
    assert!(warned.contains(&&format!("DeprecationWarning|user.py|8|{message}")), "{warned:?}");
    assert!(warned.iter().all(|line| line.ends_with(message)), "{warned:?}");
}

#[test]
fn a_module_says_once_who_loads_it() {
    let sandbox = repository(&[
        ("pkg/door.py", "from pkg.ssot import Manager\n"),
        ("pkg/sub/__init__.py", ""),
        ("one.py", "import pkg.door\n"),
        ("two.py", "import pkg.door\nimport pkg.sub.gone\n"),
    ]);
    let steps = [("a", "from = \"pkg.door\"\nto = \"pkg.ssot\""), ("b", "from = \"pkg.sub.gone\"\nto = \"pkg.ssot\"")];
    sandbox.with_plan(&plan(&steps), &["apply", "--yes"]).ok();
    let said = told(
        &sandbox,
        "import one, two, pkg\nprint(pkg.sub.gone.create is pkg.ssot.create, pkg.door.Manager is pkg.ssot.Manager)\n",
    );
    let wanted = [
        "True True",
        "DeprecationWarning|one.py|1|pkg.door is deprecated: use pkg.ssot",
        "DeprecationWarning|two.py|2|pkg.sub.gone is deprecated: use pkg.ssot",
    ];
    assert_eq!(said, wanted);
}

#[test]
fn a_flag_chooses_and_is_silent_while_it_is_off() {
    let legacy = "class Old:\n    pass\n\n\ndef make():\n    return Old\n";
    let sandbox = repository(&[("pkg/legacy.py", legacy)]);
    sandbox.with_plan(&plan(&[("phase", &format!("{NAME}\nflag = \"USE_NEW\""))]), &["apply", "--yes"]).ok();
    let script = |value: &str| {
        format!(
            "os.environ['USE_NEW'] = {value:?}\nimport pkg.legacy, pkg.ssot\n\
             print(pkg.legacy.Old is pkg.ssot.Manager, pkg.legacy.make() is pkg.legacy.Old)\n"
        )
    };
    for value in ["", "0", "no", "off"] {
        assert_eq!(told(&sandbox, &script(value)), ["False True"], "{value}");
    }
    for value in ["1", "TRUE", "yes", "On"] {
        let said = told(&sandbox, &script(value));
        assert_eq!((said.len(), &*said[0]), (2, "True True"), "{said:?}");
        assert!(said[1].contains("pkg.legacy.Old is deprecated: use pkg.ssot.Manager"), "{said:?}");
    }
}

#[test]
fn users_are_counted_until_there_are_none_and_the_shim_goes() {
    let legacy = "\"\"\"Old.\"\"\"\n\nLIMIT = 3\n\n\nclass Old:\n    pass\n";
    let user = "from pkg.legacy import LIMIT, Old\n\nprint(Old().user, LIMIT)\n";
    let sandbox = repository(&[
        ("pkg/legacy.py", legacy),
        ("user.py", user),
        ("other.py", "import pkg.legacy\n\nprint(pkg.legacy.Old())\n"),
    ]);
    let plan = plan(&[("shim", NAME), ("remove", "from = \"pkg.legacy:Old\"\nremove = true")]);
    sandbox.with_plan(&plan, &["apply", "--phase", "shim", "--yes"]).ok();
    let shimmed = sandbox.read("pkg/legacy.py");
    let status = || sandbox.with_plan(&plan, &["status"]).ok();
    assert!(status().contains("    shim pkg.legacy:Old: 3 references in 2 files\n"), "{}", status());
    let refs = sandbox.tool(&["refs", "pkg.legacy:Old"]).ok();
    assert!(
        refs.contains("  shim  it forwards, and says that it is deprecated\n") && refs.contains("3 references in 2 files"),
        "{refs}"
    );

    let left = sandbox.with_plan(&plan, &["apply", "--phase", "remove", "--yes"]).ok();
    assert!(left.starts_with("Nothing to change."), "{left}");
    let report = sandbox.with_plan(&plan, &["plan", "--phase", "remove"]).ok();
    assert!(report.contains("still-referenced") && report.contains("first at other.py:3"), "{report}");

    sandbox.write("user.py", user.replace(", Old", "").replace("Old().user, ", ""));
    sandbox.write("other.py", "from pkg.ssot import Manager\n");
    sandbox.commit("Move on");
    assert!(status().contains("    shim pkg.legacy:Old: unused\n"), "{}", status());
    sandbox.with_plan(&plan, &["apply", "--phase", "remove", "--yes"]).ok();
    assert_eq!(sandbox.read("pkg/legacy.py"), "\"\"\"Old.\"\"\"\n\nLIMIT = 3\n");
    assert!(!status().contains("shim pkg.legacy"), "{}", status());
    assert_eq!(sandbox.with_plan(&plan, &["plan", "--exit-code"]).code, 0);

    sandbox.with_plan(&plan, &["rollback", "--phase", "remove", "--yes"]).ok();
    assert_eq!(sandbox.read("pkg/legacy.py"), shimmed);
}

#[test]
fn generated_repositories_behave_as_before() {
    crate::generated::stay_the_same("generate_shims.py", "SHIM_SEEDS", &[1, 2, 3, 5, 8, 13, 21, 34, 55, 89]);
}

#[test]
fn a_typescript_shim_is_told_with_its_users() {
    let sandbox = Sandbox::with_files(&[
        ("web/new.ts", "export const make = (): number => 1;\n"),
        ("web/old.ts", "export {\n  /** @deprecated Use `make`. */\n  make as build,\n} from './new';\n"),
        ("web/main.ts", "import { build } from './old';\nimport * as all from './old';\n\nbuild();\nall.build();\n"),
    ]);
    let refs = sandbox.tool(&["refs", "web/old:build"]).ok();
    assert!(refs.contains("  shim  it forwards, and says that it is deprecated\n"), "{refs}");
    let plan = "name = \"shims\"\ntitle = \"Shims\"\n\n[[phase]]\nid = \"phase\"\ntitle = \"Phase\"\n\n[[phase.step]]\nid = \"old\"\n\
                kind = \"shim\"\nfrom = \"web/old:build\"\nto = \"web/new:make\"\n";
    let plan = sandbox.beside("plan.toml", plan);
    let status = sandbox.tool(&["status", "--plan", plan.to_str().unwrap()]).ok();
    assert!(status.contains("shim web/old:build: 3 references in 1 file\n"), "{status}");
}

#[test]
fn a_typescript_shim_is_not_made_by_the_keys_of_python() {
    let sandbox = Sandbox::with_files(&[("web/new.ts", "export const a = 1;\n"), ("web/old.ts", "export const a = 1;\n")]);
    let plan = "name = \"shims\"\ntitle = \"Shims\"\n\n[[phase]]\nid = \"phase\"\ntitle = \"Phase\"\n\n[[phase.step]]\nid = \"old\"\n\
                kind = \"shim\"\nfrom = \"web/old\"\nto = \"web/new\"\nflag = \"USE_NEW\"\n";
    let plan = sandbox.beside("plan.toml", plan);
    let made = sandbox.tool(&["plan", "--plan", plan.to_str().unwrap()]);
    assert!(made.err.contains("`flag` is for Python"), "{}", made.err);
}
