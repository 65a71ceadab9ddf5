//! Modules found over snapshots in memory.

use std::collections::BTreeMap;

use super::*;
use crate::text::snapshot::{File, Memory, Opaque, OpaqueKind};

mod packages;
mod projects;
mod spelling;

/// The modules of these files.
fn modules(files: &[(&str, &str)]) -> Modules {
    Modules::new(&Memory::snapshot(files.iter().copied()), &Options::default())
}

/// The same of files whose content does not matter.
fn empty(paths: &[&str]) -> Modules {
    let files: Vec<(&str, &str)> = paths.iter().map(|path| (*path, "")).collect();
    modules(&files)
}

/// What a specifier means, as text: the file's path, or the absence and the name.
fn text(modules: &Modules, resolved: Resolved) -> String {
    match (resolved.module, resolved.absence) {
        (Module::File(file), None) => modules.snapshot.get(file).path.to_string(),
        (Module::Absent(name), Some(absence)) => format!("{absence:?} {name}"),
        odd => panic!("{odd:?}"),
    }
}

fn resolve_as(modules: &Modules, from: &str, specifier: &str, kind: Kind) -> String {
    text(modules, modules.resolve_at(&RepoPath::new(from).unwrap(), specifier, kind))
}

fn resolve(modules: &Modules, from: &str, specifier: &str) -> String {
    resolve_as(modules, from, specifier, Kind::Import)
}

#[test]
fn relative_paths_find_files_endings_and_indexes() {
    let found = empty(&["a/x.ts", "a/y.tsx", "a/index.ts", "a/b/index.tsx", "a/b.ts", "a/z.js", "a/d.json", "a.ts", "s.css"]);
    let cases = [
        ("./x", "a/x.ts"),
        ("./y", "a/y.tsx"),
        ("./z", "a/z.js"),
        (".", "a/index.ts"),
        ("./", "a/index.ts"),
        ("./index", "a/index.ts"),
        ("./b", "a/b.ts"),
        ("./b/", "a/b/index.tsx"),
        ("./b/index", "a/b/index.tsx"),
        ("./d.json", "a/d.json"),
        ("../s.css", "s.css"),
        ("../s.css?inline", "s.css"),
        ("../a", "a.ts"),
        ("../a/../a/x", "a/x.ts"),
        ("./gone", "Missing a/gone"),
        ("../gone", "Missing ./gone"),
        ("./X", "Missing a/X"),
    ];
    for (specifier, want) in cases {
        assert_eq!(resolve(&found, "a/x.ts", specifier), want, "{specifier}");
    }
    assert_eq!(resolve(&found, "a/b/index.tsx", ".."), "a/index.ts");
}

#[test]
fn an_output_ending_means_its_source() {
    let found =
        empty(&["x.ts", "y.tsx", "m.mts", "c.cts", "j.js", "k.jsx", "v.tsx", "chart.js/index.ts", "both.ts", "both.js"]);
    let cases = [
        ("./x.js", "x.ts"),
        ("./y.js", "y.tsx"),
        ("./v.jsx", "v.tsx"),
        ("./m.mjs", "m.mts"),
        ("./c.cjs", "c.cts"),
        ("./j.js", "j.js"),
        ("./k.jsx", "k.jsx"),
        ("./x.ts", "x.ts"),
        ("./chart.js", "chart.js/index.ts"),
        ("./both.js", "both.ts"),
        ("./m.js", "Missing ./m"),
    ];
    for (specifier, want) in cases {
        assert_eq!(resolve(&found, "from.ts", specifier), want, "{specifier}");
    }
}

#[test]
fn a_declaration_describes_the_script_beside_it() {
    let found = empty(&["x.js", "x.d.ts", "only.d.ts", "n.mjs", "n.d.mts"]);
    for (specifier, import, types) in [
        ("./x", "x.js", "x.d.ts"),
        ("./x.js", "x.js", "x.d.ts"),
        ("./only", "only.d.ts", "only.d.ts"),
        ("./n.mjs", "n.mjs", "n.d.mts"),
    ] {
        assert_eq!(resolve(&found, "a.ts", specifier), import);
        assert_eq!(resolve_as(&found, "a.ts", specifier, Kind::Types), types);
    }
    assert_eq!(resolve(&found, "a.ts", "./x.d.ts"), "x.d.ts");
}

#[test]
fn nothing_outside_of_the_snapshot_is_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("real.ts"), "").unwrap();
    let real = folder.path().join("real").display().to_string();
    let found = empty(&["a/x.ts"]);
    assert_eq!(resolve(&found, "a/x.ts", &real), format!("External {real}"));
    for up in ["../../", "../../../../../../../../", "../../:top:/"] {
        let specifier = format!("{up}{}", real.trim_start_matches('/'));
        assert_eq!(resolve(&found, "a/x.ts", &specifier), format!("Missing {specifier}"));
    }
    let specifier = "../../:top:/a/x";
    assert_eq!(resolve(&found, "a/x.ts", specifier), format!("Missing {specifier}"));
    assert_eq!(resolve(&found, "a/x.ts", "file:///etc/passwd"), "External file:///etc/passwd");
}

const TSCONFIG: &str = r#"{
    // A comment, and trailing commas.
    "compilerOptions": {
        "baseUrl": ".",
        "paths": {
            "@/lib/*": ["./lib/*", "./other/*"],
            "@/*": ["./*"], /* all the rest */
            "exact": ["./lib/auth"],
        },
    },
}"#;

#[test]
fn aliases_are_tried_as_typescript_does() {
    let files = [
        ("web/tsconfig.json", TSCONFIG),
        ("web/lib/auth.ts", ""),
        ("web/lib/index.ts", ""),
        ("web/other/spare.ts", ""),
        ("web/app/[id]/page.tsx", ""),
        ("web/fs.ts", ""),
        ("outside.ts", ""),
    ];
    let found = modules(&files);
    let cases = [
        ("@/lib/auth", "web/lib/auth.ts"),
        ("@/lib/auth.js", "web/lib/auth.ts"),
        ("@/lib/spare", "web/other/spare.ts"),
        ("@/lib", "web/lib/index.ts"),
        ("@/app/[id]/page", "web/app/[id]/page.tsx"),
        ("exact", "web/lib/auth.ts"),
        ("lib/auth", "web/lib/auth.ts"),
        ("fs", "web/fs.ts"),
        ("node:fs", "External node:fs"),
        ("path", "External node:path"),
        ("@/lib/gone", "Missing web/lib/gone"),
        ("lib/gone", "Missing web/lib/gone"),
        ("lodash/fp", "External lodash/fp"),
        ("react", "External react"),
    ];
    for (specifier, want) in cases {
        assert_eq!(resolve(&found, "web/app/[id]/page.tsx", specifier), want, "{specifier}");
    }
    assert_eq!(resolve(&found, "outside.ts", "@/lib/auth"), "Unknown @/lib/auth");
    assert_eq!(found.problems(), []);
}

#[test]
fn names_are_paths_without_endings() {
    let found = empty(&["index.ts", "a/x.ts", "a/x.tsx", "a/x.d.ts", "a/b/index.ts", "s.css", "a/b/y.test.ts"]);
    let name = |path: &str| found.name(found.snapshot.id(&RepoPath::new(path).unwrap()).unwrap()).unwrap();
    let named = [
        ("index.ts", "./index"),
        ("a/x.ts", "a/x"),
        ("a/x.tsx", "a/x.tsx"),
        ("a/x.d.ts", "a/x.d.ts"),
        ("a/b/index.ts", "a/b/index"),
        ("s.css", "./s.css"),
        ("a/b/y.test.ts", "a/b/y.test"),
    ];
    for (path, want) in named {
        assert_eq!(name(path), want);
        assert_eq!(found.find(want).map(|module| found.module_name(&module).to_string()), Ok(want.to_owned()));
    }
    assert_eq!(found.find("a/b"), found.find("a/b/index"));
    assert_eq!(found.find("a/x.ts"), found.find("a/x"));
    assert_eq!(found.find("a/gone"), Err(Absence::Missing));
    assert_eq!(found.find("./gone"), Err(Absence::Missing));
    assert_eq!(found.find("react"), Err(Absence::External));
    assert_eq!(found.find("@scope/lib/x"), Err(Absence::External));
    assert_eq!(found.names(), ["./index", "a/b/index", "a/b/y.test", "a/x", "a/x.d.ts", "a/x.tsx"]);
}
