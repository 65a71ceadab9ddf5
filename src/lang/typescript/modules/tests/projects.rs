//! Which configuration counts for a file, and what is said of those that cannot be read.

use super::*;

fn problems(modules: &Modules) -> Vec<String> {
    modules.problems().iter().map(ToString::to_string).collect()
}

#[test]
fn settings_are_inherited() {
    let files = [
        ("base/paths.json", r#"{"compilerOptions": {"paths": {"~/*": ["./src/*"]}}}"#),
        ("base/root.json", r#"{"compilerOptions": {"baseUrl": "${configDir}/lib", "paths": {"never/*": ["x/*"]}}}"#),
        ("a/tsconfig.json", r#"{"extends": "../base/paths"}"#),
        ("b/tsconfig.json", r#"{"extends": ["../base/root.json", "../base/paths.json", "@tsconfig/node20/tsconfig.json"]}"#),
        ("c/tsconfig.json", r#"{"extends": "../base/paths.json", "compilerOptions": {"paths": {"own/*": ["./*"]}}}"#),
        ("base/src/x.ts", ""),
        ("b/lib/y.ts", ""),
        ("b/lib/src/z.ts", ""),
        ("c/w.ts", ""),
    ];
    let found = modules(&files);
    assert_eq!(resolve(&found, "a/from.ts", "~/x"), "base/src/x.ts");
    assert_eq!(resolve(&found, "b/from.ts", "y"), "b/lib/y.ts");
    // Where `baseUrl` is set, `paths` start there, and the later base wins.
    assert_eq!(resolve(&found, "b/from.ts", "~/z"), "b/lib/src/z.ts");
    assert_eq!(resolve(&found, "b/from.ts", "never/y"), "External never/y");
    assert_eq!(resolve(&found, "c/from.ts", "own/w"), "c/w.ts");
    assert_eq!(resolve(&found, "c/from.ts", "~/x"), "Unknown ~/x");
    assert_eq!(problems(&found), ["b/tsconfig.json: it extends @tsconfig/node20/tsconfig.json, which is not there"]);
}

#[test]
fn a_file_belongs_to_the_nearest_project_that_covers_it() {
    let alias = |to: &str| format!(r##""compilerOptions": {{"paths": {{"#x": ["./{to}"]}}}}"##);
    let files = [
        ("tsconfig.json".to_owned(), format!("{{{}}}", alias("top"))),
        (
            "web/tsconfig.json".to_owned(),
            r#"{"files": [], "references": [{"path": "./app.json"}, {"path": "./node"}]}"#.to_owned(),
        ),
        ("web/app.json".to_owned(), format!(r#"{{"include": ["src"], "exclude": ["**/*.test.ts"], {}}}"#, alias("app"))),
        ("web/node/tsconfig.json".to_owned(), format!(r#"{{"include": ["../*.config.ts"], {}}}"#, alias("node"))),
        ("web/vite.config.ts".to_owned(), String::new()),
        ("js/jsconfig.json".to_owned(), format!("{{{}}}", alias("js"))),
        ("top.ts".to_owned(), String::new()),
        ("web/app.ts".to_owned(), String::new()),
        ("web/node/node.ts".to_owned(), String::new()),
        ("js/js.js".to_owned(), String::new()),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let found = modules(&files);
    assert_eq!(resolve(&found, "web/src/[id]/x.ts", "#x"), "web/app.ts");
    assert_eq!(resolve(&found, "web/vite.config.ts", "#x"), "web/node/node.ts");
    assert_eq!(resolve(&found, "web/src/x.test.ts", "#x"), "top.ts");
    assert_eq!(resolve(&found, "web/other/x.ts", "#x"), "top.ts");
    assert_eq!(resolve(&found, "js/x.js", "#x"), "js/js.js");
    // Not covered by any: `allowJs` is off; the nearest counts.
    assert_eq!(resolve(&found, "tool.js", "#x"), "top.ts");
    // A plan says which projects count.
    let only = Options { projects: Some(vec![RepoPath::new("web/app.json").unwrap()]) };
    let named = Modules::new(&found.snapshot, &only);
    assert_eq!(resolve(&named, "web/src/x.ts", "#x"), "web/app.ts");
    assert_eq!(resolve(&named, "web/src/x.test.ts", "#x"), "web/app.ts");
    assert_eq!(resolve(&named, "tool.ts", "#x"), "Unknown #x");
}

#[test]
fn root_folders_are_one() {
    let config = r#"{"compilerOptions": {"rootDirs": ["src", "generated"]}}"#;
    let found = modules(&[("tsconfig.json", config), ("src/a/x.ts", ""), ("generated/a/y.ts", "")]);
    assert_eq!(resolve(&found, "src/a/x.ts", "./y"), "generated/a/y.ts");
    assert_eq!(resolve(&found, "src/a/x.ts", "./z"), "Missing src/a/z");
}

#[test]
fn what_cannot_be_read_is_said_and_the_rest_counts() {
    let deep = format!("{{\"compilerOptions\": {}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let huge = format!("{{\"x\": \"{}\"}}", " ".repeat(5 << 20));
    let files = [
        ("broken/tsconfig.json", "{\"compilerOptions\": {"),
        ("broken/package.json", "{"),
        ("list/tsconfig.json", "[]"),
        ("blank/tsconfig.json", " "),
        ("round/tsconfig.json", r#"{"extends": "./other", "compilerOptions": {"paths": {"@/*": ["./*"]}}}"#),
        ("round/other.json", r#"{"extends": "./tsconfig.json"}"#),
        (
            "odd/tsconfig.json",
            r#"{"extends": 3, "include": "x", "references": [{"path": "../gone"}, 1], "compilerOptions": {"paths": {"a": "b", "@/*": ["/abs/*", "../../out/*", "./*"]}}}"#,
        ),
        ("deep/tsconfig.json", deep.as_str()),
        ("huge/tsconfig.json", huge.as_str()),
        ("broken/x.ts", ""),
        ("round/x.ts", ""),
        ("odd/x.ts", ""),
    ];
    let found = modules(&files);
    assert_eq!(resolve(&found, "broken/from.ts", "./x"), "broken/x.ts");
    assert_eq!(resolve(&found, "broken/from.ts", "react"), "External react");
    assert_eq!(resolve(&found, "round/from.ts", "@/x"), "round/x.ts");
    assert_eq!(resolve(&found, "odd/from.ts", "@/x"), "odd/x.ts");
    let wanted = [
        "broken/package.json: EOF while parsing an object at line 1 column 1",
        "broken/tsconfig.json: EOF while parsing an object at line 1 column 21",
        "deep/tsconfig.json: recursion limit exceeded at line 1 column 147",
        "huge/tsconfig.json: its 5242889 bytes are too many for a configuration",
        "list/tsconfig.json: it is not a JSON object",
        "odd/tsconfig.json: it references ../gone, which is not there",
        "round/tsconfig.json: it extends itself by way of round/tsconfig.json",
    ];
    assert_eq!(problems(&found), wanted);
}

#[test]
fn links_and_submodules_are_not_looked_into() {
    let path = |text: &str| RepoPath::new(text).unwrap();
    let files = ["a/x.ts", "a/lib.ts", "tsconfig.json"];
    let text = BTreeMap::from(files.map(|file| (path(file), Vec::new())));
    let list = files.map(|file| File::stored(path(file), Mode::Regular, None));
    let opaque = ["a/link.ts", "a/lib", "sub"].map(|at| Opaque { path: path(at), kind: OpaqueKind::Symlink });
    let snapshot = Snapshot::new(list.into(), opaque.into(), Arc::new(Memory(text)));
    let found = Modules::new(&snapshot, &Options::default());
    let cases = [
        ("./link", "Opaque a/link"),
        ("./link.js", "Opaque a/link"),
        ("./lib", "a/lib.ts"),
        ("./lib/x", "Opaque a/lib/x"),
        ("../sub", "Opaque ./sub"),
        ("../sub/x", "Opaque sub/x"),
    ];
    for (specifier, want) in cases {
        assert_eq!(resolve(&found, "a/x.ts", specifier), want, "{specifier}");
    }
    assert_eq!(found.find("sub/x"), Err(Absence::Opaque));
}
