//! Specifiers spelled over snapshots in memory.

use super::*;

fn spell(modules: &Modules, from: &str, to: &str, old: &str) -> String {
    let path = |text: &str| RepoPath::new(text).unwrap();
    modules.spell(&path(from), &path(to), old).unwrap_or_else(|| "None".to_owned())
}

#[test]
fn a_specifier_is_spelled_as_the_one_before() {
    let files = [
        "a/x.ts",
        "a/y.tsx",
        "b/index.ts",
        "b/z.mts",
        "index.ts",
        "c/hid.ts",
        "c/hid/index.ts",
        "c/t.ts",
        "c/t.tsx",
        "d/s.svg",
    ];
    let found = empty(&files);
    let cases = [
        ("a/y.tsx", "./old", "./y"),
        ("a/y.tsx", "./old.js", "./y.js"),
        ("a/y.tsx", "./old.jsx", "./y.jsx"),
        ("a/y.tsx", "./old.ts", "./y.tsx"),
        ("b/index.ts", "./old", "../b"),
        ("b/index.ts", "./old/index", "../b/index"),
        ("b/index.ts", "./old.js", "../b/index.js"),
        ("index.ts", "./old", ".."),
        ("b/z.mts", "./old", "../b/z.mjs"),
        ("b/z.mts", "./old.ts", "../b/z.mts"),
        // The folder is hidden by the file, and one ending by the other.
        ("c/hid/index.ts", "./old", "../c/hid/index"),
        ("c/hid.ts", "./old", "../c/hid"),
        ("c/t.tsx", "./old", "../c/t.tsx"),
        ("d/s.svg", "./old.svg?url", "../d/s.svg?url"),
        // Not there yet.
        ("new/place.ts", "./old", "../new/place"),
        ("new/index.ts", "./old", "../new"),
        ("c/hid.tsx", "./old", "../c/hid.tsx"),
        // A file stands where a folder is needed.
        ("c/t.ts/below.ts", "./old", "None"),
    ];
    for (to, old, want) in cases {
        assert_eq!(spell(&found, "a/x.ts", to, old), want, "{to} as {old}");
    }
    assert_eq!(spell(&found, "new/from.ts", "new/to.ts", "../x"), "./to");
}

#[test]
fn a_specifier_keeps_its_alias_or_takes_the_next() {
    let files = [
        ("web/tsconfig.json", TSCONFIG),
        ("web/lib/auth.ts", ""),
        ("web/lib/index.ts", ""),
        ("web/other/auth.ts", ""),
        ("web/other/spare.ts", ""),
        ("web/app/page.tsx", ""),
        ("outside.ts", ""),
    ];
    let found = modules(&files);
    let cases = [
        ("web/lib/auth.ts", "@/lib/old", "@/lib/auth"),
        ("web/lib/auth.ts", "@/app/old", "@/lib/auth"),
        ("web/lib/auth.ts", "@/lib/old.js", "@/lib/auth.js"),
        ("web/lib/index.ts", "@/lib/old", "@/lib"),
        ("web/other/spare.ts", "@/lib/old", "@/lib/spare"),
        // The first fallback of `@/lib/*` hides the second.
        ("web/other/auth.ts", "@/lib/old", "@/other/auth"),
        ("web/app/new.tsx", "@/lib/old", "@/app/new"),
        ("web/lib/auth.ts", "lib/old", "lib/auth"),
        ("web/lib/auth.ts", "./old", "../lib/auth"),
        // What leads there already stays, and what has a name of its own goes by it.
        ("web/lib/auth.ts", "exact", "exact"),
        ("web/lib/auth.ts", "../app/../lib/auth", "../app/../lib/auth"),
        ("web/lib/auth.ts", "exact/old", "None"),
        // No alias leads out of the project.
        ("outside.ts", "@/lib/old", "../../outside"),
        ("web/lib/auth.ts", "https://x.y/z", "None"),
    ];
    for (to, old, want) in cases {
        assert_eq!(spell(&found, "web/app/page.tsx", to, old), want, "{to} as {old}");
    }
}

#[test]
fn a_new_specifier_is_spelled_as_most_that_lead_as_far() {
    let files = [
        ("web/tsconfig.json", TSCONFIG),
        ("web/lib/auth.ts", ""),
        ("web/lib/deep/er.ts", ""),
        ("web/app/near.ts", ""),
        ("web/app/deep/page.tsx", ""),
        ("web/app/page.tsx", ""),
    ];
    let found = modules(&files);
    let like = |from: &str, to: &str, others: &[&str]| {
        let path = |text: &str| RepoPath::new(text).unwrap();
        found.spell_like(&path(from), &path(to), others).unwrap()
    };
    let (from, auth, near) = ("web/app/page.tsx", "web/lib/auth.ts", "web/app/near.ts");
    assert_eq!(like(from, auth, &["@/lib/deep/er", "./near", "react"]), "@/lib/auth");
    assert_eq!(like(from, near, &["@/lib/deep/er", "./deep/page", "react"]), "./near");
    assert_eq!(like(from, near, &["@/app/deep/page"]), "@/app/near");
    assert_eq!(like(from, auth, &["../lib/deep/er.js"]), "../lib/auth.js");
    assert_eq!(like(from, near, &["../lib/deep/er.js"]), "./near.js");
    assert_eq!(like(from, auth, &["./near.js"]), "../lib/auth.js");
    assert_eq!(like(from, auth, &[]), "../lib/auth");
    assert_eq!(like(from, near, &[]), "./near");
    assert_eq!(like("web/app/deep/page.tsx", auth, &["react"]), "@/lib/auth");
}

#[test]
fn a_specifier_keeps_to_its_package() {
    let exported =
        r##"{"name": "ui", "exports": {".": "./src/index.ts", "./*": "./src/parts/*.ts"}, "imports": {"#in/*": "./src/*"}}"##;
    let files = [
        ("package.json", r#"{"workspaces": ["ui", "plain", "app"]}"#),
        ("ui/package.json", exported),
        ("ui/src/index.ts", ""),
        ("ui/src/parts/button.ts", ""),
        ("ui/src/secret.ts", ""),
        ("plain/package.json", r#"{"name": "@s/plain", "main": "main.ts"}"#),
        ("plain/main.ts", ""),
        ("plain/lib/x.ts", ""),
        ("app/package.json", r#"{"name": "app", "dependencies": {"ui": "workspace:*"}}"#),
        ("app/x.ts", ""),
    ];
    let found = modules(&files);
    let cases = [
        ("app/x.ts", "ui/src/parts/button.ts", "ui", "ui/button"),
        ("app/x.ts", "ui/src/index.ts", "ui/old", "ui"),
        ("app/x.ts", "ui/src/parts/new.ts", "ui/old", "ui/new"),
        // Not exported: only its path leads there.
        ("app/x.ts", "ui/src/secret.ts", "ui/old", "../ui/src/secret"),
        ("app/x.ts", "plain/lib/x.ts", "@s/plain/old", "@s/plain/lib/x"),
        ("app/x.ts", "plain/main.ts", "@s/plain/lib/old", "@s/plain"),
        // From one package into another that it depends on, and one that it does not.
        ("app/x.ts", "ui/src/parts/button.ts", "./old", "ui/button"),
        ("app/x.ts", "plain/lib/x.ts", "./old", "../plain/lib/x"),
        ("ui/src/index.ts", "ui/src/parts/button.ts", "#in/old.js", "#in/parts/button.js"),
        ("ui/src/index.ts", "ui/src/parts/button.ts", "./old", "./parts/button"),
    ];
    for (from, to, old, want) in cases {
        assert_eq!(spell(&found, from, to, old), want, "{from} to {to} as {old}");
    }
}

#[test]
fn declarations_and_scripts_are_told_apart() {
    let found = empty(&["x.js", "x.d.ts", "types.d.ts", "m.d.mts", "m.mjs"]);
    assert_eq!(spell(&found, "a.ts", "x.js", "./old"), "./x");
    assert_eq!(spell(&found, "a.ts", "x.d.ts", "./old"), "./x");
    assert_eq!(spell(&found, "a.ts", "types.d.ts", "./old"), "./types");
    assert_eq!(spell(&found, "a.ts", "m.mjs", "./old"), "./m.mjs");
    assert_eq!(spell(&found, "a.ts", "m.d.mts", "./old"), "./m.mjs");
}
