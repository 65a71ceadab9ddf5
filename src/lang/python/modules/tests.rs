//! Modules as the import system finds them.

use super::*;
use crate::lang::python::testing::program;
use crate::text::snapshot::{Memory, Opaque, OpaqueKind};

#[test]
fn a_package_wins_over_a_module_and_a_module_over_a_folder() {
    let files = program(&[
        ("a/__init__.py", ""),
        ("a/both.py", ""),
        ("a/both/__init__.py", ""),
        ("a/one.py", ""),
        ("a/one/inner.py", ""),
        ("a/stubbed.py", ""),
        ("a/stubbed.pyi", ""),
        ("a/only_stub.pyi", ""),
        ("space/deep/m.py", ""),
        ("a/copy.backup.py", "from . import one"),
        ("my-dir/x.py", ""),
    ]);
    let find = |dotted: &str| files.table.find(dotted);
    let file = |path: &str| Ok(Module::File(files.file(path)));
    assert_eq!(find("a"), file("a/__init__.py"));
    assert_eq!(find("a.both"), file("a/both/__init__.py"));
    assert_eq!(find("a.one"), file("a/one.py"));
    assert_eq!(find("a.one.inner"), Err(Absence::NotAPackage));
    assert_eq!(find("a.stubbed"), file("a/stubbed.py"));
    assert_eq!(find("a.only_stub"), file("a/only_stub.pyi"));
    assert_eq!(find("space"), Ok(Module::Namespace("space".into())));
    assert_eq!(find("space.deep.m"), file("space/deep/m.py"));
    assert_eq!(find("a.gone"), Err(Absence::Missing));
    assert_eq!(find("a.copy"), Err(Absence::Missing));
    assert_eq!(find("os.path"), Err(Absence::External));
    assert_eq!(files.table.absolute(files.file("a/copy.backup.py"), 1, Some("one")).as_deref(), Some("a.one"));
}

#[test]
fn relative_names_are_counted_from_the_package() {
    let files = program(&[("a/__init__.py", ""), ("a/b/__init__.py", ""), ("a/b/c.py", ""), ("top.py", "")]);
    let absolute = |path: &str, level, module| files.table.absolute(files.file(path), level, module);
    assert_eq!(absolute("a/b/c.py", 1, Some("d")).as_deref(), Some("a.b.d"));
    assert_eq!(absolute("a/b/__init__.py", 1, Some("d")).as_deref(), Some("a.b.d"));
    assert_eq!(absolute("a/b/c.py", 2, None).as_deref(), Some("a"));
    assert_eq!(absolute("a/b/c.py", 3, Some("x")), None, "beyond the top-level package");
    assert_eq!(absolute("top.py", 1, Some("x")), None, "no package to start from");
    assert_eq!(absolute("top.py", 0, Some("a.b")).as_deref(), Some("a.b"));
}

#[test]
fn nothing_is_known_behind_links_and_submodules() {
    let opaque =
        ["vendor/lib", "link.py"].map(|path| Opaque { path: RepoPath::new(path).unwrap(), kind: OpaqueKind::Submodule });
    let snapshot = Snapshot::new(Vec::new(), opaque.into(), std::sync::Arc::new(Memory::default()));
    let table = ModuleTable::new(&snapshot, &[RootFolder::new(b"")]);
    assert_eq!(table.find("vendor.lib.deep"), Err(Absence::Opaque));
    assert_eq!(table.find("link"), Err(Absence::Opaque));
    assert_eq!(table.find("vendor.other"), Err(Absence::Missing));
}
