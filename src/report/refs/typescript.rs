//! References to what TypeScript modules export.

use std::collections::BTreeMap;

use super::{Defined, Defining, Definition, Refs, Row, Unparsable, VERSION};
use crate::index::Index;
use crate::index::typescript::references::{Reference, Search, Site, Target};
use crate::lang::typescript::facts::Exported;
use crate::lang::typescript::modules::Module;
use crate::lang::typescript::resolve::{End, Resolution, Symbol};
use crate::transform::finding::{Evidence, Spelling};
use crate::transform::typescript::{View, describe, shim, spelling};

/// Searches an index; `base` says in words which files it is of, `of` is the target as it is asked for.
pub fn search(index: &Index, base: String, target: &Target, of: &str) -> Refs {
    let code = index.typescript();
    let targets = [target.clone()];
    let found = Search::new(code, &targets).run();
    let mut references: Vec<Row> =
        found.iter().filter(|reference| is_told(index, reference)).map(|reference| row(index, reference)).collect();
    references.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
    let mut counts = BTreeMap::new();
    for row in &references {
        *counts.entry(row.form).or_default() += 1;
    }
    Refs {
        format: "ssot-migrate refs report",
        version: VERSION,
        tool: env!("CARGO_PKG_VERSION"),
        base,
        of: of.to_owned(),
        is_shim: shim::is_shim(index, target),
        definition: definition(index, target),
        references,
        counts,
        unparsable: unparsable(index),
    }
}

/// Whether a reference is told by itself. An export entry of the file's own name is told by the use in it: `X` in `export { X as Y }`.
fn is_told(index: &Index, reference: &Reference) -> bool {
    let facts = index.typescript().facts(reference.file);
    match reference.site {
        Site::Export(export) => matches!(facts.exports[export.index()].what, Exported::From { .. }),
        _ => true,
    }
}

fn row(index: &Index, reference: &Reference) -> Row {
    let view = View::open(index, reference.file);
    let spelling = spelling(&view, reference);
    let position = view.place(reference.span(view.code)).position;
    let way = &reference.way;
    Row {
        file: view.path.to_text(),
        line: position.line,
        column: position.column,
        form: spelling.form.word(),
        traits: Spelling::traits(spelling).collect(),
        role: None,
        unsure: false,
        path: path(index, way),
        end: word(&way.end),
        definition: defined(index, way),
        spelling: spelling.to_string(),
    }
}

fn name(index: &Index, symbol: &Symbol) -> String {
    format!("{}:{}", index.typescript().modules().module_name(&symbol.module), symbol.name)
}

/// The symbols passed, and the module at the end.
fn path(index: &Index, way: &Resolution) -> Vec<String> {
    let mut path: Vec<String> = way.hops.iter().map(|hop| name(index, hop)).collect();
    if let End::Module(module) = &way.end {
        path.push(index.typescript().modules().module_name(module).to_string());
    }
    path
}

fn defined(index: &Index, way: &Resolution) -> Option<Defined> {
    match &way.end {
        End::Module(Module::File(file)) => Some(Defined { file: index.snapshot().get(*file).path.to_text(), line: 1 }),
        End::Definition(_) => {
            let (path, line) = describe(index, "definition", way).at?;
            Some(Defined { file: path.to_text(), line })
        }
        _ => None,
    }
}

fn definition(index: &Index, target: &Target) -> Definition {
    let code = index.typescript();
    let way = match target {
        Target::Symbol(symbol) => code.resolve(symbol),
        Target::Module(name) => {
            Resolution { hops: Vec::new(), is_renamed: false, end: End::Module(code.modules().module(name)) }
        }
    };
    let place = |way: &Resolution| {
        let Evidence { at, text, .. } = describe(index, "definition", way);
        let (file, line) = at.map(|(path, line)| (path.to_text(), line)).unzip();
        Defining { file, line, text }
    };
    let places = match &way.end {
        End::Module(Module::File(file)) => {
            let path = index.snapshot().get(*file).path.to_text();
            let text = code.modules().name(*file).unwrap_or(&path).to_owned();
            vec![Defining { file: Some(path), line: Some(1), text }]
        }
        End::Module(Module::Absent(name)) => {
            vec![Defining { file: None, line: None, text: format!("{name}, not in the repository") }]
        }
        End::Ambiguous(ways) => ways.iter().map(place).collect(),
        _ => vec![place(&way)],
    };
    Definition { path: path(index, &way), end: word(&way.end), places }
}

/// How a way ends, in a word.
fn word(end: &End) -> &'static str {
    match end {
        End::Definition(_) => "definition",
        End::Module(_) => "module",
        End::Absent(_) => "not in the repository",
        End::Unbound => "does not exist",
        End::Dynamic => "made at run time",
        End::Ambiguous(_) => "exported in several ways",
        End::Cycle => "an alias of itself",
    }
}

fn unparsable(index: &Index) -> Vec<Unparsable> {
    let code = index.typescript();
    let entry = |file| {
        let error = code.facts(file).errors.first()?;
        Some(Unparsable {
            file: index.snapshot().get(file).path.to_text(),
            line: index.position(file, error.span.start).line,
            message: error.message.to_string(),
        })
    };
    code.files().filter_map(entry).collect()
}
