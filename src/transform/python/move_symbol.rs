//! `move-symbol`: every reference to a name of one module becomes a reference to a name of another.
//!
//! The move is safe where both names are one object, through whatever re-exports and aliases. Both names exist, or, with
//! `move_definition = true`, the definition moves first. What the references may look like is the business of `relocate`.

mod cycle;
mod definition;
pub(super) mod draft;
mod leftovers;
pub(super) mod lookups;
pub(super) mod moment;
mod needs;
pub(super) mod place;
mod transplant;

use self::definition::move_definitions;
use self::draft::Stop;
use self::transplant::Manner;
use super::super::finding::{Finding, Reason};
use super::super::wire::{Located, Origin, Problem, Table};
use super::super::{Context, Rule, Subject};
use super::View;
use super::named::{SymbolRef, check_module};
use super::relocate::{Names, Pair, Reexports, Style, judge, relocate};
use crate::index::Index;
use crate::index::references::Target;
use crate::lang::python::imports::Source;
use crate::lang::python::modules::{Absence, Module};
use crate::lang::python::resolve::{self, End};

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
    let to = table.string("to").and_then(|text| SymbolRef::read(table, text));
    let map = table.string("map");
    let mut moves = match (&to, &map) {
        (Some(to), _) => froms.into_iter().map(|from| (from, to.clone())).collect(),
        (None, _) => Vec::new(),
    };
    if let Some(map) = &map {
        moves.extend(read_map(table, map));
    }
    if !(table.has("from") && table.has("to")) && map.is_none() {
        let problem = Problem::new(table.origin(), "`from` and `to` are missing");
        table.problem(problem.hint("write `from` and `to`, or `map` with a CSV file of both"));
    }
    for (from, to) in &moves {
        if from.module == to.module && from.name == to.name {
            table.problem(Problem::new(&from.origin, format!("`{}:{}` is moved to itself", from.module, from.name)));
        }
    }
    for (at, (from, _)) in moves.iter().enumerate() {
        if moves[..at].iter().any(|(other, _)| other.module == from.module && other.name == from.name) {
            table.problem(Problem::new(&from.origin, format!("`{}:{}` is moved twice", from.module, from.name)));
        }
    }
    let style = Style {
        names: table.choice("names", &[("rename", Names::Rename), ("alias", Names::Alias)]).unwrap_or(Names::Rename),
        reexports: table
            .choice("reexports", &[("canonical", Reexports::Canonical), ("keep", Reexports::Keep)])
            .unwrap_or(Reexports::Canonical),
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

/// A file as the editing of imports and definitions needs it.
fn source<'v>(view: &'v View<'_>) -> Result<Source<'v>, Stop> {
    view.source().ok_or_else(|| Reason::ParsersDisagree.into())
}

/// Reports a definition that is neither in its old home nor in its new one.
fn check_definition(index: &Index, from: &SymbolRef, to: &SymbolRef) -> Option<Problem> {
    let end = |symbol: &SymbolRef| resolve::resolve(index, &symbol.symbol(index)).end;
    let has_moved = !matches!(end(to), End::Unbound | End::Absent(_));
    match index.modules().find(&from.module) {
        _ if has_moved => None,
        Ok(_) => {
            let to = match index.modules().find(&to.module) {
                Err(Absence::NotAPackage) => {
                    let problem = Problem::new(&to.origin, format!("`{}` would lie in a module", to.module));
                    Some(problem.hint("only a package can hold modules"))
                }
                Err(Absence::Opaque) => {
                    Some(Problem::new(&to.origin, format!("`{}` lies behind a link or in a submodule", to.module)))
                }
                Err(Absence::External) if to.module.contains('.') => Some(unknown_package(index, to)),
                _ => None,
            };
            let problem = from.check_name(index).map(|problem| Problem { hint: None, ..problem });
            let names = || match index.modules().module(&from.module) {
                Module::File(file) => super::module_names(index.facts(file)).collect(),
                _ => Vec::new(),
            };
            problem.map(|problem| problem.did_you_mean(&from.name, names())).or(to)
        }
        Err(_) => {
            let problem = Problem::new(&from.origin, format!("there is no module `{}`", from.module));
            Some(problem.did_you_mean(&from.module, index.modules().names()))
        }
    }
}

/// Reports a new module in a package that is not in the repository: more likely a slip than a wish for a package.
fn unknown_package(index: &Index, to: &SymbolRef) -> Problem {
    let package = to.module.split('.').next().unwrap_or_default();
    let problem = Problem::new(&to.origin, format!("there is no package `{package}` for `{}`", to.module));
    let known = index.modules().names().into_iter().filter(|name| !name.contains('.')).collect::<Vec<_>>();
    match problem.did_you_mean(package, known) {
        problem if problem.hint.is_some() => problem,
        problem => problem.hint(format!("make `{package}/__init__.py` first, or move to a package that is there")),
    }
}

/// Reads the rows `from,to` of a CSV file beside the plan; a first row with just these words is a heading.
fn read_map(table: &Table<'_>, name: &Located<String>) -> Vec<(SymbolRef, SymbolRef)> {
    let Some(file) = table.sibling(name) else { return Vec::new() };
    let mut rows = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .comment(Some(b'#'))
        .from_reader(file.text.as_bytes());
    let mut moves = Vec::new();
    for (at, row) in rows.records().enumerate() {
        let row = match row {
            Ok(row) => row,
            Err(error) => {
                let start = error.position().map_or(0, |position| position.byte() as usize);
                table.problem(Problem::new(
                    &Origin { file: file.clone(), range: start..start },
                    format!("this is not CSV: {error}"),
                ));
                continue;
            }
        };
        let start = row.position().map_or(0, |position| position.byte() as usize);
        let end = file.text[start..].find('\n').map_or(file.text.len(), |length| start + length);
        let origin = Origin { file: file.clone(), range: start..end };
        let (Some(from), Some(to), 2) = (row.get(0), row.get(1), row.len()) else {
            table.problem(Problem::new(&origin, "a row must have two columns").hint("the columns are `from` and `to`"));
            continue;
        };
        if at == 0 && (from, to) == ("from", "to") {
            continue;
        }
        let read = |text: &str| SymbolRef::read(table, Located { value: text.to_owned(), origin: origin.clone() });
        moves.extend(read(from).zip(read(to)));
    }
    moves
}

impl Rule for MoveSymbol {
    fn check(&self, index: &Index) -> Vec<Problem> {
        if self.external {
            return Vec::new();
        }
        if self.move_definition {
            return self.moves.iter().filter_map(|(from, to)| check_definition(index, from, to)).collect();
        }
        let check = |(from, to): &(SymbolRef, SymbolRef)| {
            let is_elsewhere = matches!(index.modules().find(&to.module), Err(Absence::External | Absence::Opaque));
            let target = || check_module(index, &to.module, &to.origin).or_else(|| to.check_name(index));
            [from.check_name(index), if is_elsewhere { None } else { target() }]
        };
        self.moves.iter().flat_map(check).flatten().collect()
    }

    fn find(&self, context: &Context<'_>) -> Vec<Finding> {
        if self.move_definition {
            let manner = Manner { style: self.style, shim: self.shim, is_cycle_checked: true };
            return move_definitions(context, &self.moves, manner);
        }
        let pair = |(from, to): &(SymbolRef, SymbolRef)| {
            let (old, new) = (from.symbol(context.index), to.symbol(context.index));
            let verdict = judge(context.index, &old, &new, self.replaces);
            Pair { from: old, to: new, module: to.module.clone(), verdict }
        };
        let pairs: Vec<Pair> = self.moves.iter().map(pair).filter(|pair| !is_self(pair)).collect();
        relocate(context, &pairs, self.style)
    }

    fn subjects(&self, index: &Index) -> Vec<Subject> {
        let target = |symbol: &SymbolRef| Target::Symbol(symbol.symbol(index));
        self.moves.iter().map(|(from, to)| Subject { target: target(from), home: Some(target(to)) }).collect()
    }
}

/// The same file under two names (two import roots) is no move.
fn is_self(pair: &Pair) -> bool {
    pair.from == pair.to && !matches!(pair.from.module, Module::Absent(_))
}
