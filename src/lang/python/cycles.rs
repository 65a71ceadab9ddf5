//! Modules that import one another in a circle while they are loaded: the strongly connected components of the graph of eager
//! imports (Tarjan 1972), below some modules.
//!
//! An edge is an import that runs while the module is loaded: not in a function, not under `TYPE_CHECKING` or
//! `__name__ == "__main__"`. Importing `a.b.c` also loads the packages `a` and `a.b`, so they are edges too, except for a module
//! that lies in them: there they are loading anyway.

use std::collections::VecDeque;

use rustc_hash::{FxHashMap, FxHashSet};

use super::load::Scripts;
use crate::text::snapshot::FileId;

/// The components of the modules that can be reached from some modules.
#[derive(Default)]
pub struct Components {
    of: FxHashMap<FileId, usize>,
    /// The members of each, sorted.
    members: Vec<Vec<FileId>>,
}

/// What Tarjan's algorithm knows of a module.
struct Visit {
    /// When it was found.
    order: usize,
    /// The earliest module on the stack that can be reached from it.
    low: usize,
    is_on_stack: bool,
}

/// A module whose imports are being followed.
struct Frame {
    file: FileId,
    imports: Vec<FileId>,
    next: usize,
}

impl Components {
    /// Finds the components of all that can be reached from some modules.
    pub fn below(scripts: &Scripts<'_>, starts: impl IntoIterator<Item = FileId>) -> Self {
        let mut components = Self::default();
        let mut visits: FxHashMap<FileId, Visit> = FxHashMap::default();
        let mut stack: Vec<FileId> = Vec::new();
        for start in starts {
            // A stack of our own: chains of imports can be as long as a program.
            let mut frames = Vec::new();
            if !visits.contains_key(&start) {
                frames.push(enter(scripts, start, &mut visits, &mut stack));
            }
            while let Some(frame) = frames.last_mut() {
                let file = frame.file;
                if let Some(&target) = frame.imports.get(frame.next) {
                    frame.next += 1;
                    match visits.get(&target) {
                        None => frames.push(enter(scripts, target, &mut visits, &mut stack)),
                        Some(&Visit { order, is_on_stack: true, .. }) => lower(&mut visits, file, order),
                        Some(_) => {}
                    }
                    continue;
                }
                frames.pop();
                let (order, low) = visits.get(&file).map_or((0, 0), |visit| (visit.order, visit.low));
                if let Some(importer) = frames.last() {
                    lower(&mut visits, importer.file, low);
                }
                if low == order {
                    components.close(file, &mut visits, &mut stack);
                }
            }
        }
        components
    }

    /// Takes a component, whose first module is `root`, from the stack.
    fn close(&mut self, root: FileId, visits: &mut FxHashMap<FileId, Visit>, stack: &mut Vec<FileId>) {
        let start = stack.iter().rposition(|&file| file == root).unwrap_or_default();
        let mut members = stack.split_off(start);
        members.sort_unstable();
        for &member in &members {
            self.of.insert(member, self.members.len());
            if let Some(visit) = visits.get_mut(&member) {
                visit.is_on_stack = false;
            }
        }
        self.members.push(members);
    }

    /// The number of modules that were reached.
    pub fn modules(&self) -> usize {
        self.of.len()
    }

    /// The component of a module that was reached.
    pub fn get(&self, file: FileId) -> Option<usize> {
        self.of.get(&file).copied()
    }

    /// The components of more than one module, sorted by their first member; members are sorted.
    pub fn cycles(&self) -> Vec<&[FileId]> {
        let mut cycles: Vec<&[FileId]> =
            self.members.iter().filter(|members| members.len() > 1).map(|members| &members[..]).collect();
        cycles.sort_unstable();
        cycles
    }

    /// The modules of a shortest way from one module to another of its component, both included.
    pub fn way(&self, scripts: &Scripts<'_>, from: FileId, to: FileId) -> Option<Vec<FileId>> {
        let component = self.get(from).filter(|&component| self.get(to) == Some(component))?;
        let mut found_by: FxHashMap<FileId, FileId> = FxHashMap::default();
        let mut waiting = VecDeque::from([from]);
        while let Some(file) = waiting.pop_front() {
            if file == to {
                let importer = |file: &FileId| found_by.get(file).copied().filter(|_| *file != from);
                let mut way: Vec<FileId> = std::iter::successors(Some(to), importer).collect();
                way.reverse();
                return Some(way);
            }
            for (_, target) in scripts.get(file).imports() {
                if self.get(target) == Some(component) && target != from && !found_by.contains_key(&target) {
                    found_by.insert(target, file);
                    waiting.push_back(target);
                }
            }
        }
        None
    }
}

fn enter(scripts: &Scripts<'_>, file: FileId, visits: &mut FxHashMap<FileId, Visit>, stack: &mut Vec<FileId>) -> Frame {
    let order = visits.len();
    visits.insert(file, Visit { order, low: order, is_on_stack: true });
    stack.push(file);
    let mut seen: FxHashSet<FileId> = FxHashSet::default();
    let imports = scripts.get(file).imports().map(|(_, target)| target).filter(|&target| seen.insert(target));
    Frame { file, imports: imports.collect(), next: 0 }
}

fn lower(visits: &mut FxHashMap<FileId, Visit>, file: FileId, low: usize) {
    if let Some(visit) = visits.get_mut(&file) {
        visit.low = visit.low.min(low);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
