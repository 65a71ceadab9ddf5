//! `move-symbol` for TypeScript.

mod arrival;
mod border;
mod carried;
mod definition;
mod held;
mod moment;
mod renamed;

use std::collections::BTreeSet;

use self::definition::move_definition;
use super::judge::judge;
use super::named::SymbolRef;
use super::relocate::{Home, Pair, Style, relocate};
use crate::index::Index;
use crate::lang::typescript::modules::{Absence, Module};
use crate::lang::typescript::resolve::End;
use crate::text::path::RepoPath;
use crate::transform::finding::{Applicability, Finding, Fix, Outcome, Reason};
use crate::transform::moves::Moves;
use crate::transform::wire::{Problem, Table};
use crate::transform::{Context, Rule, Subject};

struct MoveSymbol {
    told: Moves<SymbolRef>,
    style: Style,
}

/// Reads the parameters.
pub fn read(table: &Table<'_>) -> Option<Box<dyn Rule>> {
    let told: Moves<SymbolRef> = Moves::read(table);
    let style = Style { keeps_names: told.keeps_names, keeps_barrels: told.keeps_reexports };
    Some(Box::new(MoveSymbol { told, style }))
}

/// Where a symbol's module is.
pub fn home(index: &Index, symbol: &SymbolRef) -> Option<Home> {
    let modules = index.typescript().modules();
    match modules.find(&symbol.module.name) {
        Ok(Module::File(file)) => Some(Home::Path(index.snapshot().get(file).path.clone())),
        Ok(Module::Absent(name)) => Some(Home::Package(name.to_string())),
        Err(Absence::External | Absence::Unknown) => Some(Home::Package(symbol.module.name.clone())),
        Err(_) => RepoPath::new(&symbol.module.name).map(Home::Path),
    }
}

impl Rule for MoveSymbol {
    fn check(&self, index: &Index) -> Vec<Problem> {
        if self.told.external {
            return Vec::new();
        }
        if self.told.move_definition {
            let has_moved = |to: &SymbolRef| {
                let way = index.typescript().resolve(&to.symbol(index));
                matches!(way.end, End::Definition(_))
            };
            let unmoved = self.told.pairs.iter().filter(|(_, to)| !has_moved(to));
            return unmoved.filter_map(|(from, _)| from.check(index)).collect();
        }
        self.told.pairs.iter().flat_map(|(from, to)| [from.check(index), to.check(index)]).flatten().collect()
    }

    fn find(&self, context: &Context<'_>) -> Vec<Finding> {
        let index = context.index;
        if self.told.move_definition {
            let moved = self.told.pairs.iter();
            return one_by_one(
                moved.map(|(from, to)| move_definition(context, from, to, self.style, self.told.shim)).collect(),
            );
        }
        let pair = |(from, to): &(SymbolRef, SymbolRef)| {
            let (old, new) = (from.symbol(index), to.symbol(index));
            let verdict = judge(index, &old, &new, self.told.replaces);
            let (home, spelled) = (home(index, to)?, (from.spelled(), to.spelled()));
            Some(Pair { from: old, to: new, home, brings: Vec::new(), spelled, verdict })
        };
        let pairs: Vec<Pair> = self.told.pairs.iter().filter_map(pair).filter(|pair| pair.from != pair.to).collect();
        relocate(context, &pairs, self.style)
    }

    fn subjects(&self, _: &Index) -> Vec<Subject> {
        Vec::new()
    }
}

/// The findings of several moves, of which those that change the same files come one after another: a step sees its own result. What waits
/// for a safe move is not told before that is made; what waits for one that has to be looked at says so.
fn one_by_one(mut moves: Vec<Vec<Finding>>) -> Vec<Finding> {
    let fixes = |findings: &[Finding], is_wanted: &dyn Fn(&Fix) -> bool| {
        let made = findings.iter().filter_map(|finding| match &finding.outcome {
            Outcome::Fix(fix) => Some(fix),
            Outcome::Left(_) => None,
        });
        let paths = made.filter(|fix| is_wanted(fix)).flat_map(|fix| fix.change.files().keys().cloned());
        paths.collect::<BTreeSet<RepoPath>>()
    };
    let waits = |findings: &Vec<Finding>| !fixes(findings, &|fix| fix.applicability == Applicability::Review).is_empty();
    moves.sort_by_key(waits);
    let (mut safe, mut doubtful, mut found) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    for mut findings in moves {
        let paths = fixes(&findings, &|_| true);
        if !paths.is_disjoint(&safe) {
            continue;
        }
        if !paths.is_disjoint(&doubtful) {
            findings.iter_mut().for_each(|finding| finding.outcome = Outcome::Left(Reason::SameFiles));
        } else if waits(&findings) {
            doubtful.extend(paths);
        } else {
            safe.extend(paths);
        }
        found.extend(findings);
    }
    found
}
