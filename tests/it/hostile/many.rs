//! One file, or a few, with thousands of one thing: what would take the square of their number would not end here in minutes.

use std::fmt::Write;

use crate::harness::{FILES, MOVE, Sandbox, plan_of};

/// A text of many parts.
fn many(count: usize, part: impl Fn(usize, &mut String)) -> String {
    (0..count).fold(String::new(), |mut text, at| {
        part(at, &mut text);
        text
    })
}

/// What a plan of one step says about the files of [`FILES`] and more.
#[track_caller]
fn planned(step: &str, files: &[(&str, &str)]) -> String {
    let sandbox = Sandbox::new();
    for (path, text) in FILES.iter().chain(files) {
        sandbox.write(path, text);
    }
    sandbox.with_plan(&plan_of(step), &["plan"]).ok()
}

#[test]
fn imports_of_one_block_are_rewritten() {
    let imports = many(3_000, |at, text| {
        let _ = writeln!(text, "from pkg.legacy import Manager as m{at}");
    });
    let said = planned(MOVE, &[("many.py", &imports)]);
    assert!(said.contains("3,001 imports in 2 files"), "{said}");
}

#[test]
fn uses_are_rewritten_in_one_step() {
    let rewrite = "kind = \"rewrite\"\nmatch = \"$OLD($$$A)\"\nrewrite = \"$NEW($$$A)\"\napplicability = \"safe\"\n\
                   symbols = { OLD = \"pkg.legacy:Manager\", NEW = \"pkg.other:Other\" }";
    let calls = format!("from pkg.legacy import Manager\n{}", "Manager(1)\n".repeat(1_500));
    let said = planned(rewrite, &[("many.py", &calls), ("pkg/other.py", "class Other:\n    pass\n")]);
    assert!(said.contains("1,500 ") && !said.contains("not touched because 1,500"), "{said}");
}

#[test]
fn strings_that_may_be_patched_are_judged() {
    let calls = format!("from pkg.legacy import Manager\n{}", "f(\"pkg.legacy.Manager\")\n".repeat(2_000));
    let said = planned(MOVE, &[("many.py", &calls)]);
    assert!(said.contains("2 imports in 2 files"), "{said}");
}

#[test]
fn values_of_one_line_of_configuration_are_judged() {
    let values = many(2_000, |at, text| {
        let _ = write!(text, ", \"k{at}\": \"pkg.legacy.Manager\"");
    });
    let said = planned(MOVE, &[("many.json", &format!("{{\"a\": 1{values}}}"))]);
    assert!(said.contains("1 import in 1 file"), "{said}");
}

/// Texts of files, by path.
fn parts(files: &[(String, String)]) -> Vec<(&str, &str)> {
    files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect()
}

#[test]
fn names_that_are_bound_to_themselves_again_and_again_are_followed() {
    let again = format!("from pkg.legacy import Manager\n{}", "Manager = Manager\n".repeat(500));
    let said = planned(MOVE, &[("many.py", &again)]);
    assert!(said.contains("2 imports in 2 files"), "{said}");
}

#[test]
fn aliases_that_are_bound_twice_each_are_followed() {
    let aliases = many(300, |at, text| {
        let _ = writeln!(text, "a{} = a{at}\na{} = a{at}", at + 1, at + 1);
    });
    let said = planned(MOVE, &[("many.py", &format!("from pkg.legacy import Manager as a0\n{aliases}"))]);
    assert!(said.contains("2 imports in 2 files"), "{said}");
}

#[test]
fn modules_that_each_have_a_name_from_two_others_are_followed() {
    let modules: Vec<(String, String)> = (0..60)
        .map(|at| {
            let from = |module: String| format!("from {module} import Manager\n");
            let other = |at: usize| if at < 60 { format!("m{at}") } else { "pkg.legacy".to_owned() };
            (format!("m{at}.py"), from(other(at + 1)) + &from(other(at + 2)))
        })
        .collect();
    let said = planned(MOVE, &parts(&modules));
    assert!(said.contains("121 imports in 61 files"), "{said}");
}

/// A move of `web/old:X` to `web/new:X`, which are one class.
const MOVE_X: &str = "kind = \"move-symbol\"\nfrom = \"web/old:X\"\nto = \"web/new:X\"";
const WEB: [(&str, &str); 2] = [("web/old.ts", "export { X } from './new';\n"), ("web/new.ts", "export class X {}\n")];

#[test]
fn imports_of_one_block_are_rewritten_in_typescript() {
    let imports = many(1_500, |at, text| {
        let _ = writeln!(text, "import {{ X as a{at} }} from './old';\na{at};");
    });
    let block = imports.lines().filter(|line| line.starts_with("import")).fold(String::new(), |text, line| text + line + "\n");
    let said = planned(MOVE_X, &[WEB[0], WEB[1], ("web/apart.ts", &imports), ("web/block.ts", &block)]);
    assert!(said.contains("3,000 imports in 2 files"), "{said}");
}

#[test]
fn barrels_that_export_one_another_are_followed() {
    let barrels: Vec<(String, String)> = (0..30)
        .map(|at| {
            let others = (0..30).filter(|other| *other != at);
            (format!("web/m{at}.ts"), others.map(|other| format!("export * from './m{other}';\n")).collect())
        })
        .collect();
    let mut files = vec![WEB[0], WEB[1], ("web/use.ts", "import { X } from './old';\nimport { Z } from './m0';\nnew X(Z);\n")];
    files.extend(barrels.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    let said = planned(MOVE_X, &files);
    assert!(said.contains("1 import in 1 file"), "{said}");
}
