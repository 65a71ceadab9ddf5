//! Which imports of a module are edges of the graph of eager imports ([`crate::lang::cycles`]).
//!
//! An edge is an import that runs while the module is loaded: not in a function, not under `TYPE_CHECKING` or
//! `__name__ == "__main__"`. Importing `a.b.c` also loads the packages `a` and `a.b`, so they are edges too, except for a module
//! that lies in them: there they are loading anyway.

use super::load::Scripts;
use crate::lang::cycles::Loads;
use crate::text::snapshot::FileId;

impl Loads for Scripts<'_> {
    fn loads(&self, file: FileId) -> Vec<(u32, FileId)> {
        self.get(file).imports().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::cycles::Components;
    use crate::lang::python::testing::{Files, program};

    /// The cycles below a file, as the names of their modules.
    fn cycles(files: &Files, start: &str) -> Vec<String> {
        let scripts = Scripts::new(files, files.facts.len());
        let components = Components::below(&scripts, [files.file(start)]);
        let name = |file: &FileId| files.table.name(*file).unwrap_or_default();
        components.cycles().iter().map(|cycle| cycle.iter().map(name).collect::<Vec<_>>().join(" ")).collect()
    }

    #[test]
    fn modules_that_load_one_another_are_one_component() {
        let files = program(&[
            ("a.py", "import b\nimport leaf\n"),
            ("b.py", "from c import x\n"),
            ("c.py", "import b, d\n"),
            ("d.py", "import e\n"),
            ("e.py", "import d, leaf\n"),
            ("leaf.py", "import os\nimport leaf\n"),
        ]);
        assert_eq!(cycles(&files, "a.py"), ["b c", "d e"]);
        assert_eq!(cycles(&files, "e.py"), ["d e"]);
        assert_eq!(cycles(&files, "leaf.py"), [""; 0], "a module that imports itself waits for nobody");
        let scripts = Scripts::new(&files, files.facts.len());
        let components = Components::below(&scripts, [files.file("a.py")]);
        assert_eq!(components.modules(), 6);
        let way = |from: &str, to: &str| components.way(&scripts, files.file(from), files.file(to)).map(|way| way.len());
        assert_eq!((way("b.py", "c.py"), way("a.py", "b.py")), (Some(2), None));
    }

    #[test]
    fn only_what_runs_while_a_module_is_loaded_is_an_edge() {
        let files = program(&[
            (
                "a.py",
                "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import b\nif __name__ == '__main__':\n    import b\n\
                 def f():\n    import b\n",
            ),
            ("b.py", "import a\nimport c\n"),
            ("c.py", "class C:\n    try:\n        import b\n    except ImportError:\n        pass\n"),
        ]);
        assert_eq!(cycles(&files, "b.py"), ["b c"]);
    }

    #[test]
    fn the_packages_on_the_way_are_edges_for_those_outside_of_them() {
        let files = program(&[
            ("p/__init__.py", "from p import x\nimport q.m\n"),
            ("p/x.py", "import p.y\n"),
            ("p/y.py", ""),
            ("q/__init__.py", ""),
            ("q/m.py", "from p.y import name\n"),
            ("r/__init__.py", "from r.x import f\nNAME = 1\n"),
            ("r/x.py", "from r import NAME\n"),
            ("s/__init__.py", "from s.x import f\n"),
            ("s/x.py", "from . import y\nfrom s import y as z\ndef f(): ...\n"),
            ("s/y.py", ""),
        ]);
        assert_eq!(cycles(&files, "s/x.py"), [""; 0], "a sibling does not wait for the package");
        assert_eq!(cycles(&files, "p/x.py"), [""; 0], "`p` is loading whenever `p.x` is");
        assert_eq!(cycles(&files, "q/m.py"), ["p q.m"], "loading `p.y` loads `p`");
        assert_eq!(cycles(&files, "r/x.py"), ["r r.x"], "a package that is named is an edge");
    }

    #[test]
    fn a_chain_as_long_as_a_program_is_walked() {
        let names: Vec<(String, String)> =
            (0..20_000).map(|at| (format!("m{at}.py"), format!("import m{}\n", (at + 1) % 20_000))).collect();
        let files: Vec<(&str, &str)> = names.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let files = program(&files);
        let scripts = Scripts::new(&files, files.facts.len());
        assert_eq!(Components::below(&scripts, [files.file("m0.py")]).cycles()[0].len(), 20_000);
    }
}
