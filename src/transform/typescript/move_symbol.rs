//! `move-symbol` for TypeScript.

mod arrival;
mod border;
mod carried;
mod definition;
mod held;
mod moment;
mod renamed;

use self::definition::move_definition;
use super::judge::judge;
use super::named::SymbolRef;
use super::relocate::{Home, Pair, Style, relocate};
use crate::index::Index;
use crate::lang::typescript::modules::{Absence, Module};
use crate::lang::typescript::resolve::End;
use crate::text::path::RepoPath;
use crate::transform::finding::Finding;
use crate::transform::wire::{Problem, Table};
use crate::transform::{Context, Rule, Subject};

struct MoveSymbol {
    moves: Vec<(SymbolRef, SymbolRef)>,
    style: Style,
    replaces: bool,
    external: bool,
    move_definition: bool,
    shim: bool,
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
    let (move_definition, shim) = (table.flag("move_definition"), table.flag("shim"));
    let contradicts = |flag: &str| Problem::new(table.origin(), format!("`{flag}` and `move_definition` exclude one another"));
    if move_definition && replaces {
        table.problem(contradicts("replaces").hint("what moves is the same object; `replaces` puts another in its place"));
    }
    if move_definition && external {
        table.problem(contradicts("external").hint("only a definition of this repository can be moved"));
    }
    if shim && !move_definition {
        let problem = Problem::new(table.origin(), "`shim` is for steps with `move_definition = true`");
        table.problem(problem.hint("without it, the old name stays what it is"));
    }
    Some(Box::new(MoveSymbol { moves, style, replaces, external, move_definition, shim }))
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
        if self.move_definition {
            let has_moved = |to: &SymbolRef| {
                let way = index.typescript().resolve(&to.symbol(index));
                matches!(way.end, End::Definition(_))
            };
            let unmoved = self.moves.iter().filter(|(_, to)| !has_moved(to));
            return unmoved.filter_map(|(from, _)| from.check(index)).collect();
        }
        self.moves.iter().flat_map(|(from, to)| [from.check(index), to.check(index)]).flatten().collect()
    }

    fn find(&self, context: &Context<'_>) -> Vec<Finding> {
        let index = context.index;
        if self.move_definition {
            let moved = self.moves.iter();
            return moved.flat_map(|(from, to)| move_definition(context, from, to, self.style, self.shim)).collect();
        }
        let pair = |(from, to): &(SymbolRef, SymbolRef)| {
            let (old, new) = (from.symbol(index), to.symbol(index));
            let verdict = judge(index, &old, &new, self.replaces);
            let (home, spelled) = (home(index, to)?, (from.spelled(), to.spelled()));
            Some(Pair { from: old, to: new, home, brings: Vec::new(), spelled, verdict })
        };
        let pairs: Vec<Pair> = self.moves.iter().filter_map(pair).filter(|pair| pair.from != pair.to).collect();
        relocate(context, &pairs, self.style)
    }

    fn subjects(&self, _: &Index) -> Vec<Subject> {
        Vec::new()
    }
}
