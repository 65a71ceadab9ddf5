//! Modules that import one another in a circle while they are loaded: the strongly connected components of the graph of eager
//! imports (Tarjan 1972), below some modules. What an edge is, the language says.

use std::collections::VecDeque;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::text::snapshot::FileId;

/// Who loads whom.
pub trait Loads {
    /// What a module loads while it is loaded itself, with the place of the import, in order.
    fn loads(&self, file: FileId) -> Vec<(u32, FileId)>;
}

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
    pub fn below(graph: &dyn Loads, starts: impl IntoIterator<Item = FileId>) -> Self {
        let mut components = Self::default();
        let mut visits: FxHashMap<FileId, Visit> = FxHashMap::default();
        let mut stack: Vec<FileId> = Vec::new();
        for start in starts {
            // A stack of our own: chains of imports can be as long as a program.
            let mut frames = Vec::new();
            if !visits.contains_key(&start) {
                frames.push(enter(graph, start, &mut visits, &mut stack));
            }
            while let Some(frame) = frames.last_mut() {
                let file = frame.file;
                if let Some(&target) = frame.imports.get(frame.next) {
                    frame.next += 1;
                    match visits.get(&target) {
                        None => frames.push(enter(graph, target, &mut visits, &mut stack)),
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
    pub fn way(&self, graph: &dyn Loads, from: FileId, to: FileId) -> Option<Vec<FileId>> {
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
            for (_, target) in graph.loads(file) {
                if self.get(target) == Some(component) && target != from && !found_by.contains_key(&target) {
                    found_by.insert(target, file);
                    waiting.push_back(target);
                }
            }
        }
        None
    }
}

fn enter(graph: &dyn Loads, file: FileId, visits: &mut FxHashMap<FileId, Visit>, stack: &mut Vec<FileId>) -> Frame {
    let order = visits.len();
    visits.insert(file, Visit { order, low: order, is_on_stack: true });
    stack.push(file);
    let mut seen: FxHashSet<FileId> = FxHashSet::default();
    let imports = graph.loads(file).into_iter().map(|(_, target)| target).filter(|&target| seen.insert(target));
    Frame { file, imports: imports.collect(), next: 0 }
}

fn lower(visits: &mut FxHashMap<FileId, Visit>, file: FileId, low: usize) {
    if let Some(visit) = visits.get_mut(&file) {
        visit.low = visit.low.min(low);
    }
}
