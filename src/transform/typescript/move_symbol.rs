//! `move-symbol` for TypeScript.

use super::judge::judge;
use super::named::{Language, SymbolRef};
use super::relocate::{Home, Pair, Style, relocate};
use crate::index::Index;
use crate::lang::typescript::modules::{Absence, Module};
use crate::text::path::RepoPath;
use crate::transform::finding::Finding;
use crate::transform::wire::{Problem, Table};
use crate::transform::{Context, Rule, Subject};

/// Whether a step's parameters are TypeScript's.
pub fn is_meant(table: &Table<'_>) -> bool {
    Language::of(table, &["from", "to"]) == Language::TypeScript
}

struct MoveSymbol {
    moves: Vec<(SymbolRef, SymbolRef)>,
    style: Style,
    replaces: bool,
    external: bool,
}

/// Reads the parameters.
pub fn read(table: &Table<'_>) -> Option<Box<dyn Rule>> {
    let froms: Vec<SymbolRef> = table.strings("from").into_iter().filter_map(|text| SymbolRef::read(table, text)).collect();
    let to = table.required("to").and_then(|text| SymbolRef::read(table, text));
    if !table.has("from") {
        table.problem(Problem::new(table.origin(), "`from` is missing"));
    }
    let moves: Vec<(SymbolRef, SymbolRef)> = froms.into_iter().zip(std::iter::repeat(to?)).collect();
    for (from, to) in moves.iter().filter(|(from, to)| from.spelled() == to.spelled()) {
        table.problem(Problem::new(from.origin(), format!("`{}` is moved to itself", to.spelled())));
    }
    let style = Style {
        keeps_names: table.choice("names", &[("rename", false), ("alias", true)]).unwrap_or(false),
        keeps_barrels: table.choice("reexports", &[("canonical", false), ("keep", true)]).unwrap_or(false),
    };
    let (replaces, external) = (table.flag("replaces"), table.flag("external"));
    Some(Box::new(MoveSymbol { moves, style, replaces, external }))
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
        if self.external {
            return Vec::new();
        }
        self.moves.iter().flat_map(|(from, to)| [from.check(index), to.check(index)]).flatten().collect()
    }

    fn find(&self, context: &Context<'_>) -> Vec<Finding> {
        let index = context.index;
        let pair = |(from, to): &(SymbolRef, SymbolRef)| {
            let (old, new) = (from.symbol(index), to.symbol(index));
            let verdict = judge(index, &old, &new, self.replaces);
            Some(Pair { from: old, to: new, home: home(index, to)?, spelled: (from.spelled(), to.spelled()), verdict })
        };
        let pairs: Vec<Pair> = self.moves.iter().filter_map(pair).filter(|pair| pair.from != pair.to).collect();
        relocate(context, &pairs, self.style)
    }

    fn subjects(&self, _: &Index) -> Vec<Subject> {
        Vec::new()
    }
}
