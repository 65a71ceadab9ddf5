//! What `move-symbol` is told in any language: which names go where, and what becomes of their definitions and of those who use them.

use super::wire::{Located, Origin, Problem, Table};

/// A symbol as plans name it.
pub trait Named: Clone {
    /// Reads one, and reports what is none.
    fn read(table: &Table<'_>, text: Located<String>) -> Option<Self>;

    /// As it is written.
    fn spelled(&self) -> String;

    /// Where it is written.
    fn origin(&self) -> &Origin;
}

/// The parameters of `move-symbol`.
pub struct Moves<S> {
    /// What goes where.
    pub pairs: Vec<(S, S)>,
    /// Whether local names stay as they are.
    pub keeps_names: bool,
    /// Whether those who take a name through a re-export go on to do so.
    pub keeps_reexports: bool,
    /// The author's word that one can stand for the other.
    pub replaces: bool,
    /// The author's word that symbols may be missing.
    pub external: bool,
    /// Whether the definition goes along.
    pub move_definition: bool,
    /// Whether the old name stays as a shim.
    pub shim: bool,
}

impl<S: Named> Moves<S> {
    /// Reads them, and reports what contradicts itself.
    pub fn read(table: &Table<'_>) -> Self {
        let froms = table.strings("from").into_iter().filter_map(|text| S::read(table, text));
        let froms: Vec<S> = froms.collect();
        let to = table.string("to").and_then(|text| S::read(table, text));
        let map = table.string("map");
        let mut pairs: Vec<(S, S)> = froms.into_iter().zip(to.into_iter().cycle()).collect();
        if let Some(map) = &map {
            let rows = rows(table, map).into_iter();
            pairs.extend(rows.filter_map(|(from, to)| S::read(table, from).zip(S::read(table, to))));
        }
        if !(table.has("from") && table.has("to")) && map.is_none() {
            let problem = Problem::new(table.origin(), "`from` and `to` are missing");
            table.problem(problem.hint("write `from` and `to`, or `map` with a CSV file of both"));
        }
        for (at, (from, to)) in pairs.iter().enumerate() {
            if from.spelled() == to.spelled() {
                table.problem(Problem::new(from.origin(), format!("`{}` is moved to itself", from.spelled())));
            }
            if pairs[..at].iter().any(|(other, _)| other.spelled() == from.spelled()) {
                table.problem(Problem::new(from.origin(), format!("`{}` is moved twice", from.spelled())));
            }
        }
        let moves = Self {
            pairs,
            keeps_names: table.choice("names", &[("rename", false), ("alias", true)]).unwrap_or(false),
            keeps_reexports: table.choice("reexports", &[("canonical", false), ("keep", true)]).unwrap_or(false),
            replaces: table.flag("replaces"),
            external: table.flag("external"),
            move_definition: table.flag("move_definition"),
            shim: table.flag("shim"),
        };
        moves.check(table);
        moves
    }

    fn check(&self, table: &Table<'_>) {
        let contradicts =
            |flag: &str| Problem::new(table.origin(), format!("`{flag}` and `move_definition` exclude one another"));
        if self.move_definition && self.replaces {
            table.problem(contradicts("replaces").hint("what moves is the same object; `replaces` puts another in its place"));
        }
        if self.move_definition && self.external {
            table.problem(contradicts("external").hint("only a definition of this repository can be moved"));
        }
        if self.shim && !self.move_definition {
            let problem = Problem::new(table.origin(), "`shim` is for steps with `move_definition = true`");
            table.problem(problem.hint("without it, the old name stays what it is"));
        }
    }
}

/// The names in the first row of a step's `map`, where it has one that can be read; nothing is reported.
pub fn first_of_map(table: &Table<'_>) -> Option<String> {
    let name = table.peek("map").first().map(|name| (*name).to_owned())?;
    let file = table.beside(&name)?;
    let mut rows = reader(&file.text);
    let mut names = rows.records().filter_map(|row| row.ok()?.get(0).map(str::to_owned));
    names.find(|name| name != "from")
}

fn reader(text: &str) -> csv::Reader<&[u8]> {
    let mut builder = csv::ReaderBuilder::new();
    builder.has_headers(false).flexible(true).trim(csv::Trim::All).comment(Some(b'#'));
    builder.from_reader(text.as_bytes())
}

/// Reads the rows `from,to` of a CSV file beside the plan; a first row with just these words is a heading.
fn rows(table: &Table<'_>, name: &Located<String>) -> Vec<(Located<String>, Located<String>)> {
    let Some(file) = table.sibling(name) else { return Vec::new() };
    let mut rows = reader(&file.text);
    let mut found = Vec::new();
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
        let located = |text: &str| Located { value: text.to_owned(), origin: origin.clone() };
        found.push((located(from), located(to)));
    }
    found
}
