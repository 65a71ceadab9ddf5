//! Which import declarations and re-exports stand together, so that a name can go from one to another.
//!
//! A file may have thousands that change, so what stands together is found out once.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;
use tree_sitter::Node;

use super::plan::Planned;

/// The statements of a file, by what stands around them. A statement goes by its index.
pub struct Near {
    /// The run of statements that each stands in.
    runs: Vec<u32>,
    /// The statements of a run that ask for a module.
    hosts: FxHashMap<u32, FxHashMap<String, BTreeSet<usize>>>,
    /// The statements of a run behind which new ones come.
    leading: FxHashMap<u32, BTreeSet<usize>>,
}

impl Near {
    /// What stands together: imports with nothing but comments between them; of re-exports, both.
    pub fn new(statements: &[Planned<'_>]) -> Self {
        let by_node: FxHashMap<usize, usize> =
            statements.iter().enumerate().map(|(at, planned)| (planned.statement.node.id(), at)).collect();
        let mut runs = vec![0; statements.len()];
        let mut count = 0;
        for is_export in [false, true] {
            let mut known = vec![false; statements.len()];
            for (at, planned) in statements.iter().enumerate() {
                if known[at] || (planned.statement.is_export && !is_export) {
                    continue;
                }
                let run = std::iter::successors(Some(planned.statement.node), |node| node.next_sibling());
                for node in run.take_while(|node| is_passed(node, is_export)) {
                    let Some(&at) = by_node.get(&node.id()) else { continue };
                    known[at] = true;
                    if statements[at].statement.is_export == is_export {
                        runs[at] = count;
                    }
                }
                count += 1;
            }
        }
        let mut near = Self { runs, hosts: FxHashMap::default(), leading: FxHashMap::default() };
        for (at, planned) in statements.iter().enumerate() {
            near.add(at, &planned.specifier);
        }
        near
    }

    fn add(&mut self, at: usize, specifier: &str) {
        let hosts = self.hosts.entry(self.runs[at]).or_default();
        hosts.entry(specifier.to_owned()).or_default().insert(at);
    }

    /// The statements around one that ask for a module, nearest first, those before it before those behind it.
    pub fn hosts(&self, at: usize, specifier: &str) -> impl Iterator<Item = usize> {
        around(self.hosts.get(&self.runs[at]).and_then(|hosts| hosts.get(specifier)), at)
    }

    /// The statements around one behind which new ones come, in the same order.
    pub fn leading(&self, at: usize) -> impl Iterator<Item = usize> {
        around(self.leading.get(&self.runs[at]), at)
    }

    /// A statement asks for another module.
    pub fn respell(&mut self, at: usize, old: &str, new: &str) {
        if let Some(hosts) = self.hosts.get_mut(&self.runs[at]).and_then(|hosts| hosts.get_mut(old)) {
            hosts.remove(&at);
        }
        self.add(at, new);
    }

    /// New statements come behind one.
    pub fn lead(&mut self, at: usize) {
        self.leading.entry(self.runs[at]).or_default().insert(at);
    }
}

fn around(all: Option<&BTreeSet<usize>>, at: usize) -> impl Iterator<Item = usize> {
    all.into_iter().flat_map(move |all| all.range(..at).rev().chain(all.range(at + 1..))).copied()
}

/// Whether a run goes on behind such a node.
fn is_passed(node: &Node<'_>, is_export: bool) -> bool {
    match node.kind() {
        "import_statement" | "comment" => true,
        "export_statement" => is_export && node.child_by_field_name("source").is_some(),
        _ => false,
    }
}
