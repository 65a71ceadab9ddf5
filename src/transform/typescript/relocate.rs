//! Sending references elsewhere: what takes a name from one module takes a name from another, whatever its spelling.
//!
//! All that changes in a file changes together, since an import and the uses of its name cannot be told apart: of the findings of a file
//! one carries the change, the others depend on it.

mod file;
mod loads;

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use self::file::InFile;
use self::loads::Lost;
use super::View;
use super::judge::Verdict;
use super::mocks::Mocks;
use crate::index::typescript::references::{Reference, Search, Target};
use crate::lang::typescript::modules::Module;
use crate::lang::typescript::resolve::Symbol;
use crate::text::path::RepoPath;
use crate::text::snapshot::FileId;
use crate::transform::Context;
use crate::transform::finding::{Finding, Outcome, Reason};

/// A symbol and what takes its place.
pub struct Pair {
    /// The old symbol.
    pub from: Symbol,
    /// The new one.
    pub to: Symbol,
    /// Where its module lies, or will lie; a package by its specifier.
    pub home: Home,
    /// The files that the new module will load for it.
    pub brings: Vec<FileId>,
    /// The new symbol as plans write it.
    pub spelled: (String, String),
    /// Whether the one may stand for the other.
    pub verdict: Verdict,
}

/// Where the new symbol's module is.
pub enum Home {
    /// At a path of the repository.
    Path(RepoPath),
    /// A package, or whatever else stands between the quotes as it is.
    Package(String),
}

/// How references are rewritten.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Style {
    /// Whether local names stay as they are.
    pub keeps_names: bool,
    /// Whether those who take the symbol from a barrel go on to do so.
    pub keeps_barrels: bool,
}

/// Sends all references of some symbols elsewhere.
pub fn relocate(context: &Context<'_>, pairs: &[Pair], style: Style) -> Vec<Finding> {
    let code = context.index.typescript();
    let targets: Vec<Target> = pairs.iter().map(|pair| Target::Symbol(pair.from.clone())).collect();
    let search = Search::new(code, &targets);
    let references = search.run();
    let mut by_file: BTreeMap<FileId, Vec<&Reference>> = BTreeMap::new();
    for reference in &references {
        by_file.entry(reference.file).or_default().push(reference);
    }
    let chain = target_chain(context, pairs);
    let lost = Lost::of(context, pairs, &references, style);
    let files: Vec<(FileId, Vec<&Reference>)> = by_file.into_iter().collect();
    let mut stuck: BTreeSet<FileId> = BTreeSet::new();
    // A replacement that would go along stays with code that stays; then other code stays with it.
    loop {
        let mocks = Mocks::of(code, pairs, &references, &stuck);
        let in_file = |(file, references): &(FileId, Vec<&Reference>)| {
            let view = View::open(context.index, *file);
            InFile { context, pairs, style, view: &view, chain: &chain, mocks: &mocks, lost: &lost }.findings(references)
        };
        let findings: Vec<Finding> = files.par_iter().flat_map_iter(in_file).collect();
        let stays = |finding: &&Finding| match finding.outcome {
            Outcome::Left(reason) => !matches!(reason, Reason::InTarget | Reason::TargetChain | Reason::ReadersSplit),
            Outcome::Fix(_) => false,
        };
        let left = findings.iter().filter(stays).filter_map(|finding| context.index.snapshot().id(&finding.place.path));
        let left: BTreeSet<FileId> = left.collect();
        if !mocks.need_any(&left) {
            return findings;
        }
        stuck.extend(left);
    }
}

/// The symbols through which the targets themselves get the old things: sending these elsewhere would send them in a circle.
fn target_chain(context: &Context<'_>, pairs: &[Pair]) -> Vec<Symbol> {
    let code = context.index.typescript();
    let is_own = |pair: &&Pair| matches!(pair.to.module, Module::File(_));
    let ways = pairs.iter().filter(is_own).map(|pair| (code.resolve(&pair.to), &pair.from));
    ways.filter_map(|(way, from)| {
        let at = way.hops.iter().position(|hop| hop == from)?;
        Some(way.hops[..at].to_vec())
    })
    .flatten()
    .collect()
}
