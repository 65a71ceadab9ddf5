//! Hostile files: deep, large, broken, behind links.

use std::fmt::Write;
use std::fs;

use super::{plan, read_all};
use crate::harness::{FILES, MOVED, Sandbox, plan_of};

/// More than any parser or walk can go down for.
const DEEP: usize = 30_000;

#[test]
fn what_is_nested_too_deeply_is_told_and_left() {
    let sandbox = Sandbox::with_files(&FILES);
    let many = |text: &str| text.repeat(DEEP);
    let python = [
        many("("),
        many("[") + "1",
        many("{1:"),
        many("not "),
        many("-"),
        many("lambda: "),
        many("1 if 1 else "),
        format!("x = a{}", many(".b")),
        format!("x = a{}", many("()")),
        format!("x = a{}", many("[0]")),
        format!("x = {}1", many("1 + ")),
        format!("x: {}A", many("A | ")),
        many("f'{"),
        format!("f'{{1:{}", many("{1:")),
    ];
    for (at, text) in python.iter().enumerate() {
        sandbox.write(&format!("deep/p{at}.py"), format!("from pkg.legacy import Manager\nManager(1)\n{text}\n"));
    }
    let flat = [
        many("@a\n") + "def f(): pass\n",
        format!("if a: pass\n{}", many("elif a: pass\n")),
        format!("x = {}1\n", many("x = ")),
    ];
    for (at, text) in flat.iter().enumerate() {
        sandbox.write(&format!("flat/p{at}.py"), format!("from pkg.legacy import Manager\n{text}"));
    }
    let typescript = [
        many("("),
        many("{a:["),
        many("!"),
        many("a ? b : "),
        many("a => "),
        many("`${"),
        format!("type X = {}A", many("A<")),
        format!("type X = {}A", many("A | ")),
        many("<a>"),
        format!("x = a{}", many(".b")),
        format!("x = {}1", many("1 + ")),
        format!("if (a) {{}}{}", many(" else if (a) {}")),
    ];
    for (at, text) in typescript.iter().enumerate() {
        sandbox.write(&format!("deep/t{at}.tsx"), format!("import {{ X }} from './x';\nX();\n{text}\n"));
    }
    for name in ["tsconfig.json", "package.json", "deep/tsconfig.json", "pyproject.toml", "deep/data.json"] {
        sandbox.write(name, format!("{{\"a\": {}", many("[")));
    }
    sandbox.commit("Deep");
    let said = read_all(&sandbox, &[]);
    assert!(said[0].out.contains("1 import in 1 file") || said[0].out.contains("4 imports in 4 files"), "{}", said[0].out);
    assert!(said[0].out.contains("deep/p0.py:1: The file is nested too deeply to be read"), "{}", said[0].out);
}

#[test]
fn what_is_no_source_is_told_and_left() {
    let sandbox = Sandbox::with_files(&FILES);
    let utf16: Vec<u8> = "\u{feff}from pkg.legacy import Manager\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    sandbox.write("utf16.py", utf16);
    sandbox.write("bom.py", "\u{feff}from pkg.legacy import Manager\n");
    sandbox.write("nul.py", b"from pkg.legacy import Manager\0\n\xff\xfe\0Manager(1)\n");
    sandbox.write("picture.py", [&b"\x89PNG\r\n\x1a\n\0\0 Manager pkg.legacy "[..], &[0xff; 4096]].concat());
    let garbage = b"\0\xff{[(<\x1b]0;x\x07 = \n[[[\n@@@ \\ Manager pkg.legacy";
    for name in [
        "package.json",
        "tsconfig.json",
        "pyproject.toml",
        "setup.cfg",
        "CODEOWNERS",
        "pnpm-workspace.yaml",
        "tox.ini",
        "web/tsconfig.json",
        ".github/CODEOWNERS",
        ".gitignore",
    ] {
        sandbox.write(name, garbage);
    }
    let owners: String = (0..2_000).fold(String::new(), |mut text, at| {
        let _ = writeln!(text, "{}{at} @x", "{**/".repeat(20));
        text
    });
    sandbox.write("docs/CODEOWNERS", owners);
    sandbox.write("web/a.ts", "import { b } from '@/b';\nb();\n");
    let circle = "{ \"extends\": \"./b.json\", \"references\": [{ \"path\": \".\" }], \"compilerOptions\": { \"paths\": { \"*\": [\"*\", \"/etc/*\", \"../../*\"] } } }";
    sandbox.write("circle/tsconfig.json", circle);
    sandbox.write("circle/b.json", circle.replace("./b.json", "./tsconfig.json"));
    sandbox.write("circle/a.ts", "import { b } from 'passwd';\nimport '../../../../etc/passwd';\nb();\n");
    sandbox.git(&["add", "-A", "-f"]);
    sandbox.commit("Garbage");
    let said = read_all(&sandbox, &[&["refs", "web/a"]]);
    assert!(said[0].out.contains("2 imports in 2 files"), "{}", said[0].out);
    sandbox.with_plan(&plan(), &["apply", "--yes"]).ok();
    assert_eq!(sandbox.read("app.py"), MOVED);
    assert_eq!(sandbox.read("bom.py"), "\u{feff}from pkg.ssot import Manager\n");
    assert_eq!(sandbox.git(&["diff", "--name-only", "HEAD~1"]), "app.py\nbom.py");
}

#[test]
fn large_files_are_told_and_left() {
    let sandbox = Sandbox::with_files(&FILES);
    // A file of zeros that takes no room on the disk, with the words at its beginning.
    sandbox.write("large.py", "from pkg.legacy import Manager\n");
    fs::File::options().write(true).open(sandbox.path("large.py")).unwrap().set_len((16 << 20) + 1).unwrap();
    sandbox.write("long.py", format!("from pkg.legacy import Manager; x = [{}]\n", "1, ".repeat(100_000)));
    sandbox.write("many.py", "from pkg.legacy import Manager\n".repeat(100));
    let text = sandbox.with_plan(&plan(), &["plan", "--worktree"]).ok();
    assert!(text.contains("large.py:1: is larger than 16 MiB"), "{text}");
    assert!(text.contains("102 imports in 3 files"), "{text}");
}

#[test]
fn what_is_larger_than_memory_is_not_read() {
    let sandbox = Sandbox::with_files(&FILES);
    let empty = |name: &str, length: u64| {
        sandbox.write(name, "");
        fs::File::options().write(true).open(sandbox.path(name)).unwrap().set_len(length).unwrap();
    };
    empty("large.py", (128 << 20) + 1);
    sandbox.git(&["add", "large.py"]);
    sandbox.commit("A small object");
    let gone = plan_of("kind = \"delete-definition\"\nof = \"pkg.legacy:Unused\"");
    sandbox.write("pkg/legacy.py", format!("{}\n\nclass Unused:\n    pass\n", FILES[1].1));
    sandbox.commit("Nobody uses it, as far as can be read");
    let said = |words: &[&str], plan: &str| {
        let text = sandbox.with_plan(plan, words).ok();
        assert!(text.contains("large.py:1: is larger than 16 MiB"), "{text}");
        text
    };
    assert!(said(&["plan"], &gone).contains("1 still-referenced"));
    // Not from the disk, and not from the database either; a terabyte of nothing beside it.
    fs::remove_file(sandbox.path("large.py")).unwrap();
    assert!(said(&["plan"], &plan()).contains("1 import in 1 file"));
    for name in ["large.py", "data.json", "web.ts"] {
        empty(name, 1 << 40);
    }
    assert!(said(&["plan", "--worktree"], &plan()).contains("1 import in 1 file"));
}

#[cfg(unix)]
#[test]
fn nothing_is_read_or_written_behind_a_link() {
    let sandbox = Sandbox::with_files(&FILES);
    sandbox.write("d/app.py", FILES[3].1);
    sandbox.commit("A folder");
    let outside = sandbox.beside("outside", "").with_file_name("other");
    fs::create_dir_all(&outside).unwrap();
    let target = outside.join("app.py");
    fs::write(&target, FILES[3].1).unwrap();
    fs::remove_dir_all(sandbox.path("d")).unwrap();
    std::os::unix::fs::symlink(&outside, sandbox.path("d")).unwrap();
    let text = sandbox.with_plan(&plan(), &["plan", "--worktree"]).ok();
    assert!(text.contains("1 import in 1 file"), "the file behind the link is none of the work tree's: {text}");
    let error = sandbox.with_plan(&plan(), &["apply", "--yes"]).fails(1);
    assert!(error.contains("d/app.py") || error.contains("  d"), "{error}");
    assert_eq!(fs::read_to_string(&target).unwrap(), FILES[3].1);
    // A plain folder is read in the same way.
    fs::remove_dir_all(sandbox.path(".git")).unwrap();
    fs::write(&target, "from pkg.legacy import Manager  # SECRET\n").unwrap();
    let text = sandbox.with_plan(&plan_of(crate::harness::MOVE), &["plan", "--format", "json"]).ok();
    assert!(!text.contains("SECRET") && !text.contains("d/app.py"), "{text}");
}
