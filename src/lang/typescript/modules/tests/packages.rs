//! Packages of the snapshot: workspaces, `exports` and `imports`, and build output traced to its source.

use super::*;

#[test]
fn a_workspace_links_its_packages() {
    let packages = [
        ("packages/main/package.json", r#"{"name": "@s/main", "main": "./src/start.ts"}"#),
        ("packages/main/src/start.ts", ""),
        ("packages/main/lib/deep.ts", ""),
        ("packages/types/package.json", r#"{"name": "types", "types": "./src/api.ts", "main": "./gone.js"}"#),
        ("packages/types/src/api.ts", ""),
        ("packages/index/package.json", r#"{"name": "index"}"#),
        ("packages/index/index.ts", ""),
        ("packages/out/package.json", r#"{"name": "out"}"#),
        ("packages/out/index.ts", ""),
        ("app/x.ts", ""),
        ("outside/x.ts", ""),
    ];
    let globs = r#"["packages/*", "!packages/out"]"#;
    let workspaces = [
        ("package.json", format!(r#"{{"workspaces": {globs}}}"#)),
        ("package.json", format!(r#"{{"workspaces": {{"packages": {globs}, "nohoist": []}}}}"#)),
        (
            "pnpm-workspace.yaml",
            "# all\npackages:\n  - 'packages/*' # these\n  - \"!packages/out\"\ncatalog:\n  x: 1\n".to_owned(),
        ),
        ("pnpm-workspace.yaml", "packages: ['packages/*', '!packages/out']\n".to_owned()),
    ];
    for (file, text) in &workspaces {
        let files: Vec<(&str, &str)> = packages.iter().copied().chain([(*file, text.as_str())]).collect();
        let found = modules(&files);
        let cases = [
            ("@s/main", "packages/main/src/start.ts"),
            ("@s/main/lib/deep", "packages/main/lib/deep.ts"),
            ("@s/main/lib/gone", "Missing @s/main/lib/gone"),
            ("types", "packages/types/src/api.ts"),
            ("index", "packages/index/index.ts"),
            ("out", "External out"),
        ];
        for (specifier, want) in cases {
            assert_eq!(resolve(&found, "app/x.ts", specifier), want, "{specifier} by {text}");
        }
        assert_eq!(found.find("@s/main"), found.find("packages/main/src/start"));
        assert_eq!(found.find("out"), Err(Absence::External));
    }
    // Without a workspace, a package is known to those that name its folder.
    let linked = (r#"outside/package.json"#, r#"{"dependencies": {"types": "file:../packages/types", "react": "^19"}}"#);
    let files: Vec<(&str, &str)> = packages.iter().copied().chain([linked]).collect();
    let found = modules(&files);
    assert_eq!(resolve(&found, "outside/x.ts", "types"), "packages/types/src/api.ts");
    assert_eq!(resolve(&found, "app/x.ts", "types"), "External types");
}

#[test]
fn exports_and_imports_are_followed_by_their_conditions() {
    let manifest = r##"{
        "name": "pkg",
        "exports": {
            ".": {"types": "./src/types.d.ts", "import": "./src/esm.mts", "require": "./src/cjs.cts"},
            "./sub/*": "./src/sub/*.ts",
            "./custom": {"ours": "./src/ours.ts", "default": "./src/default.ts"},
            "./style.css": {"development": "./dist/style.css"},
            "./closed/*": null
        },
        "imports": {"#int/*": "./src/int/*.ts", "#dep": "other"}
    }"##;
    let files = [
        ("package.json", r#"{"workspaces": ["p", "other"]}"#),
        ("p/package.json", manifest),
        ("p/src/types.d.ts", ""),
        ("p/src/esm.mts", ""),
        ("p/src/cjs.cts", ""),
        ("p/src/sub/a.ts", ""),
        ("p/src/closed/a.ts", ""),
        ("p/src/int/i.ts", ""),
        ("p/src/ours.ts", ""),
        ("p/src/default.ts", ""),
        ("other/package.json", r#"{"name": "other", "exports": "./o.ts"}"#),
        ("other/o.ts", ""),
        ("tsconfig.json", r#"{"compilerOptions": {"customConditions": ["ours"]}}"#),
    ];
    let found = modules(&files);
    for (kind, want) in [(Kind::Import, "p/src/esm.mts"), (Kind::Require, "p/src/cjs.cts"), (Kind::Types, "p/src/types.d.ts")] {
        assert_eq!(resolve_as(&found, "app/x.ts", "pkg", kind), want);
        // By its own name.
        assert_eq!(resolve_as(&found, "p/src/ours.ts", "pkg", kind), want);
    }
    let cases = [
        ("pkg/sub/a", "p/src/sub/a.ts"),
        ("pkg/custom", "p/src/ours.ts"),
        ("pkg/sub/gone", "Output pkg/sub/gone"),
        ("pkg/style.css", "Output pkg/style.css"),
        ("pkg/closed/a", "Missing pkg/closed/a"),
        ("pkg/src/sub/a", "Missing pkg/src/sub/a"),
        ("#int/i", "p/src/int/i.ts"),
        ("#dep", "other/o.ts"),
        ("#int/gone", "Missing #int/gone"),
    ];
    for (specifier, want) in cases {
        assert_eq!(resolve(&found, "p/src/ours.ts", specifier), want, "{specifier}");
    }
    assert_eq!(resolve(&found, "app/x.ts", "#int/i"), "Unknown #int/i");
}

#[test]
fn build_output_is_traced_to_its_source() {
    let manifest = |name: &str| {
        format!(
            r#"{{"name": "{name}", "exports": {{".": {{"types": "./dist/index.d.ts", "import": "./dist/index.js"}}, "./*": "./dist/*.js"}}}}"#
        )
    };
    let files = [
        ("package.json", r#"{"workspaces": ["packages/*"]}"#.to_owned()),
        ("packages/a/package.json", manifest("a")),
        ("packages/a/tsconfig.json", r#"{"compilerOptions": {"outDir": "dist", "rootDir": "src"}}"#.to_owned()),
        ("packages/a/src/index.ts", String::new()),
        ("packages/a/src/view.tsx", String::new()),
        ("packages/a/src/two.ts", String::new()),
        ("packages/a/src/two.tsx", String::new()),
        // `rootDir` left out: the folder of all sources.
        ("packages/b/package.json", manifest("b")),
        ("packages/b/tsconfig.json", r#"{"include": ["lib"], "compilerOptions": {"outDir": "./dist/"}}"#.to_owned()),
        ("packages/b/lib/index.ts", String::new()),
        ("packages/b/lib/in/x.ts", String::new()),
        // What a bundler makes of what is not said.
        ("packages/c/package.json", manifest("c")),
        ("packages/c/src/index.ts", String::new()),
        ("packages/d/package.json", r#"{"name": "d", "main": "dist/index.js", "source": "src/index.ts"}"#.to_owned()),
        ("packages/d/src/index.ts", String::new()),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    let found = modules(&files);
    let cases = [
        ("a", "packages/a/src/index.ts"),
        ("a/view", "packages/a/src/view.tsx"),
        ("a/two", "Output a/two"),
        ("b", "packages/b/lib/index.ts"),
        ("b/in/x", "packages/b/lib/in/x.ts"),
        ("c", "Output c"),
        ("d", "packages/d/src/index.ts"),
        ("./packages/a/dist/index.js", "Output packages/a/dist/index"),
        ("./packages/a/dist/gone.js", "Missing packages/a/dist/gone"),
    ];
    for (specifier, want) in cases {
        assert_eq!(resolve(&found, "x.ts", specifier), want, "{specifier}");
    }
    assert_eq!(resolve_as(&found, "x.ts", "a", Kind::Types), "packages/a/src/index.ts");
}

#[test]
fn what_is_installed_is_external() {
    let files = [
        ("node_modules/lib/package.json", r#"{"name": "lib", "main": "x.js"}"#),
        ("node_modules/lib/x.js", ""),
        ("node_modules/@types/lib/index.d.ts", ""),
        (
            "tsconfig.json",
            r#"{"compilerOptions": {"paths": {"react": ["./node_modules/@types/react"], "gone/*": ["./gone/*"]}}}"#,
        ),
        ("package.json", r#"{"devDependencies": {"gone": "1"}}"#),
        ("a.ts", ""),
    ];
    let found = modules(&files);
    assert_eq!(resolve(&found, "a.ts", "./node_modules/lib/x"), "External lib/x.js");
    assert_eq!(resolve(&found, "a.ts", "./node_modules/other/x.css"), "External other/x.css");
    // An alias leads nowhere, and the package is one that the manifest asks for.
    assert_eq!(resolve(&found, "a.ts", "gone/x"), "External gone/x");
    for specifier in
        ["lib", "lib/x", "@types/lib", "react", "@scope/x/y", "http://x.y/z.js", "data:text/javascript,1", "/abs.js"]
    {
        assert_eq!(resolve(&found, "a.ts", specifier), format!("External {specifier}"));
        assert_eq!(resolve_as(&found, "a.ts", specifier, Kind::Types), format!("External {specifier}"));
    }
    assert_eq!(resolve(&found, "a.ts", "fs"), "External node:fs");
    assert_eq!(resolve(&found, "a.ts", "node:fs/promises"), "External node:fs/promises");
    assert_eq!(resolve(&found, "a.ts", ""), "Unknown ");
}

#[test]
fn a_package_may_hold_settings() {
    let files = [
        ("package.json", r#"{"workspaces": ["conf", "app"]}"#),
        ("conf/package.json", r#"{"name": "@s/conf"}"#),
        ("conf/tsconfig.json", r#"{"compilerOptions": {"paths": {"@/*": ["${configDir}/*"]}}}"#),
        ("conf/base.json", r#"{"extends": "./tsconfig.json"}"#),
        ("app/tsconfig.json", r#"{"extends": "@s/conf"}"#),
        ("app/x.ts", ""),
        ("lib/tsconfig.json", r#"{"extends": "@s/conf/base.json"}"#),
        ("lib/x.ts", ""),
    ];
    let found = modules(&files);
    assert_eq!(resolve(&found, "app/from.ts", "@/x"), "app/x.ts");
    assert_eq!(resolve(&found, "lib/from.ts", "@/x"), "lib/x.ts");
    assert_eq!(found.problems(), []);
}
