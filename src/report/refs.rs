//! References to a symbol or module, for people and for programs; and all uses of imported bindings. Lines count from 1, columns are
//! UTF-8 bytes from 0. The JSON shape of the references is versioned as that of a plan is.

mod typescript;

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::Serialize;

use super::{clean, count, line, number};
use crate::index::Index;
use crate::index::imported_uses::{ImportedUse, imported_uses};
use crate::index::mentions::Mention;
use crate::index::references::{Reference, Search, Site, Target};
use crate::index::typescript::references as typescript_references;
use crate::lang::python::modules::Module;
use crate::lang::python::resolve::{self, End, Resolution, Symbol};
use crate::lang::python::strings;
use crate::text::path::RepoPath;
use crate::text::plain;
use crate::text::snapshot::FileId;
use crate::transform::finding::{Evidence, Form, Spelling};
use crate::transform::python::describe;
use crate::transform::python::shim;
use crate::transform::python::sightings::{Sighting, sightings};

/// The version of the JSON shape.
const VERSION: u32 = 1;

/// What refers to a symbol or a module.
#[derive(Serialize)]
pub struct Refs {
    format: &'static str,
    version: u32,
    tool: &'static str,
    base: String,
    of: String,
    /// Whether it is a shim, which forwards and says that it is deprecated.
    #[serde(skip_serializing_if = "is_false")]
    is_shim: bool,
    /// Where the symbol's own way leads.
    definition: Definition,
    /// Sorted by file and place.
    references: Vec<Row>,
    /// The number of references by spelling.
    counts: BTreeMap<&'static str, usize>,
    /// Files that spell the name and do not parse: there may be references in them that are not known.
    unparsable: Vec<Unparsable>,
}

#[derive(Serialize)]
struct Definition {
    path: Vec<String>,
    end: &'static str,
    /// The places that define it: several where it is bound in several ways.
    places: Vec<Defining>,
}

#[derive(Serialize)]
struct Defining {
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    text: String,
}

#[derive(Serialize)]
struct Row {
    file: String,
    line: u32,
    column: u32,
    form: &'static str,
    traits: Vec<&'static str>,
    /// What becomes of a string.
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    /// Whether the expression's first name is bound in several ways, one of which leads to the target.
    unsure: bool,
    /// The symbols passed, the first as the place names it.
    path: Vec<String>,
    end: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    definition: Option<Defined>,
    #[serde(skip)]
    spelling: String,
}

/// Where a way ends in the repository.
#[derive(Clone, Serialize)]
struct Defined {
    file: String,
    line: u32,
}

#[derive(Serialize)]
struct Unparsable {
    file: String,
    line: u32,
    message: String,
}

impl Definition {
    fn is_at(&self, place: &Defined) -> bool {
        self.places.iter().any(|own| own.file.as_ref() == Some(&place.file) && own.line == Some(place.line))
    }
}

impl Refs {
    /// Searches an index; `base` says in words which files it is of.
    pub fn search(index: &Index, base: String, target: &Target) -> Self {
        let targets = [target.clone()];
        let search = Search::new(index, &targets).with_own_files();
        let references = search.run();
        let sightings = sightings(index, &references);
        let mut ends = Ends { index, known: BTreeMap::new() };
        let mut references: Vec<Row> = sightings.iter().map(|sighting| row(&mut ends, sighting)).collect();
        references.extend(search.mentions(&|_| true).iter().map(|mention| mentioned(&mut ends, mention)));
        references.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
        let mut counts = BTreeMap::new();
        for row in &references {
            *counts.entry(row.form).or_default() += 1;
        }
        Self {
            format: "ssot-migrate refs report",
            version: VERSION,
            tool: env!("CARGO_PKG_VERSION"),
            base,
            of: target.spelled(index.modules()),
            is_shim: shim::is_shim(index, target),
            definition: definition(index, target),
            references,
            counts,
            unparsable: unparsable(index, search.candidates()),
        }
    }

    /// Searches the TypeScript of an index; `of` is the target as it is asked for.
    pub fn search_typescript(index: &Index, base: String, target: &typescript_references::Target, of: &str) -> Self {
        typescript::search(index, base, target, of)
    }

    /// Whether nothing refers to it.
    pub fn is_empty(&self) -> bool {
        self.references.is_empty()
    }

    /// For programs.
    pub fn json(&self) -> String {
        // Strings and numbers alone: nothing that could fail to serialise.
        plain::json(&serde_json::to_string_pretty(self).unwrap_or_default()).into_owned() + "\n"
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut out = String::new();
        line(&mut out, clean(&format!("{} on {}", self.of, self.base)));
        for place in &self.definition.places {
            let at =
                place.file.iter().zip(place.line).map(|(file, line)| format!("{}:{line}: ", clean(file))).collect::<String>();
            line(&mut out, format!("  {}  {at}{}", self.definition.end, clean(&place.text)));
        }
        if self.is_shim {
            line(&mut out, "  shim  it forwards, and says that it is deprecated");
        }
        if self.definition.path.len() > 1 {
            line(&mut out, format!("  path  {}", clean(&self.definition.path.join(ARROW))));
        }
        let place = |row: &Row| format!("{}:{}", row.line, row.column);
        let width = |text: &dyn Fn(&Row) -> usize| self.references.iter().map(text).max().unwrap_or_default();
        let place_width = width(&|row| place(row).len());
        let spelling_width = width(&|row| row.spelling.len());
        for rows in self.references.chunk_by(|a, b| a.file == b.file) {
            line(&mut out, format!("\n{}", clean(&rows[0].file)));
            for row in rows {
                // The definition has been shown; where a way ends elsewhere, the place is told.
                let elsewhere = row.definition.iter().filter(|place| !self.definition.is_at(place));
                let at: String = elsewhere.map(|place| format!(" {}:{}", clean(&place.file), place.line)).collect();
                let path = format!("{} ({}{at})", clean(&row.path.join(ARROW)), row.end);
                line(&mut out, format!("  {:<place_width$}  {:<spelling_width$}  {path}", place(row), row.spelling));
            }
        }
        line(&mut out, format!("\n{}", self.summary()));
        for file in &self.unparsable {
            line(
                &mut out,
                format!("  may hold more, it does not parse: {}:{}: {}", clean(&file.file), file.line, clean(&file.message)),
            );
        }
        out
    }

    fn summary(&self) -> String {
        let mut files: Vec<&str> = self.references.iter().map(|row| &*row.file).collect();
        files.dedup();
        if files.is_empty() {
            return "No references.".to_owned();
        }
        let tell = |counts: &BTreeMap<&'static str, usize>| {
            let mut counts: Vec<(&str, usize)> = counts.iter().map(|(word, times)| (*word, *times)).collect();
            counts.sort_by_key(|&(_, times)| std::cmp::Reverse(times));
            counts.iter().map(|(word, times)| format!("{} {word}", number(*times))).collect::<Vec<_>>().join(", ")
        };
        let mut traits: BTreeMap<&'static str, usize> = BTreeMap::new();
        for row in &self.references {
            for word in row.traits.iter().copied().chain(row.unsure.then_some(UNSURE)) {
                *traits.entry(word).or_default() += 1;
            }
        }
        let of_these = if traits.is_empty() { String::new() } else { format!("; of these {}", tell(&traits)) };
        format!(
            "{} in {}: {}{of_these}.",
            count(self.references.len(), "reference"),
            count(files.len(), "file"),
            tell(&self.counts)
        )
    }
}

/// Who still uses a shim, in a line.
pub fn used(shim: &shim::Standing) -> String {
    let used = match shim.references {
        0 => "unused".to_owned(),
        references => format!("{} in {}", count(references, "reference"), count(shim.files, "file")),
    };
    format!("shim {}: {used}", clean(&shim.old))
}

fn is_false(flag: &bool) -> bool {
    !flag
}

const ARROW: &str = " \u{2192} ";
const UNSURE: &str = "unsure";

fn definition(index: &Index, target: &Target) -> Definition {
    let way = match target {
        Target::Symbol(symbol) => resolve::resolve(index, symbol),
        Target::Module(dotted) => Resolution { hops: Vec::new(), end: End::Module(index.modules().module(dotted)) },
    };
    let path = way.hops.iter().map(|hop| hop.spelled(index.modules())).collect();
    let defining = |way: &Resolution| {
        let Evidence { at, text, .. } = describe(index, "definition", way);
        let (file, line) = at.map(|(path, line)| (path.to_text(), line)).unzip();
        Defining { file, line, text }
    };
    let places = match &way.end {
        End::Module(module) => vec![module_place(index, module)],
        End::Ambiguous(ways) => ways.iter().map(defining).collect(),
        _ => vec![defining(&way)],
    };
    Definition { path, end: word(&way.end), places }
}

fn module_place(index: &Index, module: &Module) -> Defining {
    match module {
        Module::File(file) => {
            let path = &index.snapshot().get(*file).path;
            Defining { file: Some(path.to_text()), line: Some(1), text: index.modules().dotted(module).to_string() }
        }
        Module::Namespace(dotted) => {
            Defining { file: None, line: None, text: format!("{dotted}, a folder without an `__init__.py`") }
        }
        Module::Absent(dotted) => Defining { file: None, line: None, text: format!("{dotted}, not in the repository") },
    }
}

/// Where the ways end that have been looked at.
struct Ends<'i> {
    index: &'i Index,
    known: BTreeMap<Symbol, Option<Defined>>,
}

impl Ends<'_> {
    fn of(&mut self, way: &Resolution) -> Option<Defined> {
        let index = self.index;
        match (&way.end, way.definition()) {
            (End::Module(Module::File(file)), _) => Some(Defined { file: index.snapshot().get(*file).path.to_text(), line: 1 }),
            (_, Some(symbol)) => {
                let find = || describe(index, "definition", way).at.map(|(path, line)| Defined { file: path.to_text(), line });
                self.known.entry(symbol.clone()).or_insert_with(find).clone()
            }
            _ => None,
        }
    }
}

fn row(ends: &mut Ends<'_>, sighting: &Sighting<'_>) -> Row {
    let Sighting { reference, place, spelling } = sighting;
    let Reference { way, site, .. } = reference;
    let mut path: Vec<String> = way.hops.iter().map(|hop| hop.spelled(ends.index.modules())).collect();
    if let End::Module(module) = &way.end {
        path.push(ends.index.modules().dotted(module).to_string());
    }
    let unsure = matches!(site, Site::Unsure(..));
    let definition = ends.of(way);
    let end = word(&way.end);
    let string = match *site {
        Site::String(at, _) | Site::Member(at) => Some(&ends.index.facts(reference.file).strings[at]),
        _ => None,
    };
    let role = string.map(|string| strings::role(ends.index, reference.file, string).word());
    let special = role.into_iter().chain(unsure.then_some(UNSURE)).map(|word| format!(", {word}")).collect::<String>();
    Row {
        role,
        file: place.path.to_text(),
        line: place.position.line,
        column: place.position.column,
        form: spelling.form.word(),
        traits: Spelling::traits(*spelling).collect(),
        unsure,
        spelling: format!("{spelling}{special}"),
        path,
        end,
        definition,
    }
}

/// A dotted path in a configuration file.
fn mentioned(ends: &mut Ends<'_>, mention: &Mention) -> Row {
    let index = ends.index;
    let position = index.position(mention.file, mention.path.start);
    let form = Form::Config.word();
    let mut path: Vec<String> = mention.way.hops.iter().map(|hop| hop.spelled(index.modules())).collect();
    if let End::Module(module) = &mention.way.end {
        path.push(index.modules().dotted(module).to_string());
    }
    Row {
        role: None,
        file: index.snapshot().get(mention.file).path.to_text(),
        line: position.line,
        column: position.column,
        form,
        traits: Vec::new(),
        unsure: false,
        spelling: form.to_owned(),
        path,
        end: word(&mention.way.end),
        definition: ends.of(&mention.way),
    }
}

/// How a way ends, in a word.
fn word(end: &End) -> &'static str {
    match end {
        End::Definition => "definition",
        End::Module(_) => "module",
        End::Absent(_) => "not in the repository",
        End::Unbound => "does not exist",
        End::Dynamic => "made at run time",
        End::Ambiguous(_) => "bound in several ways",
        End::Cycle => "an alias of itself",
        End::Local => "a value",
    }
}

fn unparsable(index: &Index, candidates: &[FileId]) -> Vec<Unparsable> {
    let entry = |&file: &FileId| {
        let error = index.facts(file).errors.first()?;
        Some(Unparsable {
            file: index.snapshot().get(file).path.to_text(),
            line: index.position(file, error.span.start).line,
            message: error.message.to_string(),
        })
    };
    candidates.iter().filter_map(entry).collect()
}

/// The form in which all uses of imported bindings are told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AllForm {
    /// `file:line:column  target`, one a line.
    Text,
    /// A JSON array of objects, one a line.
    Json,
}

#[derive(Serialize)]
struct Entry<'a> {
    file: &'a str,
    line: u32,
    column: u32,
    target: &'a str,
}

/// All uses of imported bindings, sorted by file, line, column and target; and the Python files that are left out because they do
/// not parse.
pub fn all(index: &Index, form: AllForm) -> (String, Vec<FileId>) {
    let mut files: Vec<(FileId, &RepoPath)> =
        index.python_files().map(|file| (file, &index.snapshot().get(file).path)).collect();
    files.sort_by_cached_key(|(_, path)| path.to_text());
    let parts: Vec<Option<String>> =
        files.par_iter().map(|&(file, path)| uses_of(index, file, &path.to_text(), form)).collect();
    let left_out = files.iter().zip(&parts).filter(|(_, part)| part.is_none()).map(|(&(file, _), _)| file).collect();
    let parts: Vec<String> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
    let out = match form {
        AllForm::Text => parts.concat(),
        AllForm::Json if parts.is_empty() => "[]\n".to_owned(),
        AllForm::Json => format!("[\n{}\n]\n", parts.join(",\n")),
    };
    (out, left_out)
}

/// The entries of one file; `None` where it does not parse.
fn uses_of(index: &Index, file: FileId, path: &str, form: AllForm) -> Option<String> {
    let uses = imported_uses(index, file)?;
    if uses.is_empty() {
        return Some(String::new());
    }
    let lines = index.lines(file);
    let entry = |used: &ImportedUse| {
        let position = lines.position(used.offset);
        let entry = Entry { file: path, line: position.line, column: position.column, target: &used.target };
        match form {
            AllForm::Text => format!("{}:{}:{}  {}\n", clean(path), entry.line, entry.column, clean(entry.target)),
            AllForm::Json => plain::json(&serde_json::to_string(&entry).unwrap_or_default()).into_owned(),
        }
    };
    let entries: Vec<String> = uses.iter().map(entry).collect();
    Some(entries.join(if form == AllForm::Json { ",\n" } else { "" }))
}
