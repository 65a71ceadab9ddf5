//! `remove-unused-imports` for TypeScript: the names of import declarations that nothing in their file uses, as a value or as a type.
//!
//! A compiler leaves out of the program what is imported and not used, unless it is told otherwise: where it does, a declaration may go
//! as a whole; where it does not, the module would not be evaluated any more, which is for review if that does something. `import "m"`
//! is there for that alone and stays. The last import of a file leaves `export {}`, for without it the file would be no module.

mod judge;
mod marks;

pub use self::marks::jsx_names;
use std::collections::BTreeSet;

use rayon::prelude::*;

use self::judge::{Judged, Manner, judge, others};
pub use self::marks::has_word;
use super::View;
use super::named::Named;
use super::quiet::Quiet;
use crate::index::Index;
use crate::index::typescript::references::is_inside;
use crate::lang::typescript::definitions;
use crate::lang::typescript::facts::{AliasId, Export, ExportId, Facts, Imported, RequestId, RequestKind};
use crate::lang::typescript::imports::{self, Becomes, Change};
use crate::lang::typescript::load::kept;
use crate::lang::typescript::unused::unused;
use crate::text::change::SourceChange;
use crate::text::edit::{Edit, TextEdit};
use crate::text::eol;
use crate::text::snapshot::FileId;
use crate::text::span::Span;
use crate::transform::finding::{Bond, Finding, Fix, Outcome, Reason};
use crate::transform::wire::{Problem, Table};
use crate::transform::{Context, Rule, Subject};

/// Whether a step's parameters are for all languages: they name nothing.
pub fn is_meant_too(table: &Table<'_>) -> bool {
    !table.has("of") && !table.has("language")
}

struct RemoveUnusedImports {
    /// The modules and symbols whose imports are looked at; all of them where there are none.
    of: Vec<Named>,
}

/// Reads the parameters.
pub fn read(table: &Table<'_>) -> Option<Box<dyn Rule>> {
    let of = table.strings("of").into_iter().filter_map(|text| Named::read(table, text)).collect();
    Some(Box::new(RemoveUnusedImports { of }))
}

impl Rule for RemoveUnusedImports {
    fn check(&self, _: &Index) -> Vec<Problem> {
        Vec::new()
    }

    fn find(&self, context: &Context<'_>) -> Vec<Finding> {
        find(context, &self.of)
    }

    fn subjects(&self, _: &Index) -> Vec<Subject> {
        Vec::new()
    }
}

/// Finds the unused imports of some modules and symbols; all of them where none are named.
pub fn find(context: &Context<'_>, of: &[Named]) -> Vec<Finding> {
    let index = context.index;
    let code = index.typescript();
    let is_wanted = |file: FileId, id: &AliasId| {
        let alias = &code.facts(file).aliases[id.index()];
        let module = code.modules().module_name(&code.targets(file)[alias.request.index()].module);
        let is_it = |named: &Named| match (named, alias.imported) {
            (Named::Symbol(symbol), Imported::Name(name)) => {
                symbol.module.name == *module && symbol.name == code.facts(file).names.get(name)
            }
            (Named::Symbol(_), Imported::Namespace) => false,
            (Named::Module(outer), _) => is_inside(&module, &outer.name),
        };
        of.is_empty() || of.iter().any(is_it)
    };
    let files: Vec<FileId> = code.files().filter(|file| context.in_scope(*file)).collect();
    let quiet = Quiet::new(index);
    let in_file = |file: FileId| {
        let mut unused = unused(code.facts(file));
        unused.retain(|id| is_wanted(file, id));
        findings(&quiet, file, &unused, Manner::Everywhere, &|names| match names {
            [name] => format!("remove the unused import of {name}"),
            names => format!("remove the unused imports of {}", listed(names)),
        })
    };
    files.into_par_iter().flat_map_iter(in_file).collect()
}

/// An import that a step has made useless.
pub struct Orphan {
    /// The name.
    pub alias: AliasId,
    /// The program had the declaration before the step, so that the module was evaluated.
    pub was_loaded: bool,
}

/// Finds what becomes of imports that a step has made useless, given file by file; nothing in their files uses them.
pub fn orphans(index: &Index, unused: &[(FileId, Vec<Orphan>)]) -> Vec<Finding> {
    let quiet = Quiet::new(index);
    let in_file = |(file, orphans): &(FileId, Vec<Orphan>)| {
        let unused: Vec<AliasId> = orphans.iter().map(|orphan| orphan.alias).collect();
        let loaded: BTreeSet<AliasId> = orphans.iter().filter(|orphan| orphan.was_loaded).map(|orphan| orphan.alias).collect();
        findings(&quiet, *file, &unused, Manner::Orphaned(&loaded), &|names| {
            format!("remove the import{} of {}, which this step orphaned", plural(names), listed(names))
        })
    };
    unused.par_iter().flat_map_iter(in_file).collect()
}

/// The imports among some of a file, which uses them, that go as a whole and without a doubt once nothing in the file does.
pub fn droppable(index: &Index, file: FileId, unused: &[AliasId]) -> Vec<AliasId> {
    let view = View::open(index, file);
    let kept = kept(view.facts);
    let is_loaded = |id: &AliasId| kept[view.facts.aliases[id.index()].request.index()];
    let loaded: BTreeSet<AliasId> = unused.iter().copied().filter(is_loaded).collect();
    let judged = judge(&Quiet::new(index), &view, unused, Manner::Orphaned(&loaded));
    judged
        .into_iter()
        .filter(|judged| judged.doubt.is_none() && judged.act.is_none())
        .flat_map(|judged| judged.aliases)
        .collect()
}

fn plural(names: &[String]) -> &'static str {
    if names.len() == 1 { "" } else { "s" }
}

/// `a`, `a` and `b`, or `a`, `b` and `c`.
fn listed(names: &[String]) -> String {
    match names {
        [names @ .., last] if !names.is_empty() => format!("{} and {last}", names.join(", ")),
        names => names.concat(),
    }
}

/// The findings of one file, one for each declaration. What goes in a file goes at once: the first of them carries it.
fn findings(
    quiet: &Quiet<'_>,
    file: FileId,
    unused: &[AliasId],
    manner: Manner<'_>,
    message: &dyn Fn(&[String]) -> String,
) -> Vec<Finding> {
    if unused.is_empty() {
        return Vec::new();
    }
    let view = View::open(quiet.index, file);
    let judged = judge(quiet, &view, unused, manner);
    let finding = |judged: &Judged, outcome: Outcome| {
        let facts = view.facts;
        let spans: Vec<Span> = judged.aliases.iter().map(|id| facts.aliases[id.index()].span).collect();
        let spelled = |span: &Span| format!("`{}`", view.text[span.range()].split_whitespace().collect::<Vec<_>>().join(" "));
        let names: Vec<String> = spans.iter().map(spelled).collect();
        let spelling = view.spelling(&facts.requests[judged.request.index()]);
        let message = match judged.act {
            Some(_) => format!(
                "import the module of {} for what loading it does; this step orphaned the name{}",
                listed(&names),
                plural(&names)
            ),
            None => message(&names),
        };
        let mut finding = view.finding(spans[0], message, Some(spelling), outcome);
        finding.evidence = judged.doubt.iter().map(|(_, evidence)| evidence).chain(&judged.act).cloned().collect();
        finding
    };
    let mut found = Vec::new();
    for is_safe in [true, false] {
        let of_class = judged.iter().filter(|judged| judged.doubt.is_none() == is_safe);
        let (going, refused): (Vec<_>, Vec<_>) =
            of_class.map(|judged| (judged, change(&view, &[judged]))).partition(|(_, made)| made.is_ok());
        let left = |(judged, made): (&Judged, Result<TextEdit, Reason>)| Some(finding(judged, Outcome::Left(made.err()?)));
        found.extend(refused.into_iter().filter_map(left));
        let going: Vec<&Judged> = going.into_iter().map(|(judged, _)| judged).collect();
        let made = change(&view, &going);
        let key = format!("unused imports of {}, {}", view.path, if is_safe { "safe" } else { "after a look" });
        for (at, judged) in going.into_iter().enumerate() {
            let outcome = match &made {
                Err(reason) => Outcome::Left(*reason),
                Ok(edit) => {
                    let (change, bond) = match at {
                        0 => (
                            SourceChange::edit(view.path.clone(), edit.clone()),
                            Bond { settles: vec![key.clone()], needs: Vec::new() },
                        ),
                        _ => (SourceChange::default(), Bond { settles: Vec::new(), needs: vec![key.clone()] }),
                    };
                    Outcome::Fix(Fix { bond, ..Fix::judged(judged.doubt.as_ref().map(|(reason, _)| *reason), change) })
                }
            };
            found.push(finding(judged, outcome));
        }
    }
    found
}

/// The edit that takes the names out of some declarations. A module that has to be loaded all the same is imported without a name.
fn change(view: &View<'_>, going: &[&Judged]) -> Result<TextEdit, Reason> {
    let is_whole = |judged: &&&Judged| judged.act.is_some() && others(view, judged).next().is_none();
    let (bare, listed): (Vec<&&Judged>, Vec<&&Judged>) = going.iter().partition(is_whole);
    let aliases: Vec<AliasId> = listed.iter().flat_map(|judged| judged.aliases.iter().copied()).collect();
    let mut edits = match drop_names(view, &aliases, &[]) {
        // The names stay; what loading does goes on to be done.
        Err(_) if listed.iter().all(|judged| judged.act.is_some()) => Vec::new(),
        dropped => dropped?,
    };
    edits.extend(listed.iter().filter(|judged| judged.act.is_some()).map(|judged| also_for_effects(view, judged.request)));
    edits.extend(bare.iter().flat_map(|judged| only_for_effects(view, judged.request)));
    TextEdit::new(edits).map_err(|_| Reason::ParsersDisagree)
}

/// Turns a declaration into `import "m"`, with the comments that stand in it.
fn only_for_effects(view: &View<'_>, request: RequestId) -> impl Iterator<Item = Edit> {
    let request = &view.facts.requests[request.index()];
    let head = Span::new(request.whole.start, request.span.start);
    let mut text = "import ".to_owned();
    for comment in view.facts.comments.iter().filter(|comment| head.covers(**comment)) {
        let comment = &view.text[comment.range()];
        text += comment;
        text += if comment.starts_with("//") { eol::line_ending(&view.text) } else { " " };
    }
    let start = Edit::replace(head, text);
    // `import x = require("m")` ends with a bracket.
    let behind = &view.text[request.span.end as usize..request.whole.end as usize];
    let bracket = behind.find(')').filter(|_| request.kind == RequestKind::ImportEquals);
    let bracket = bracket.map(|at| Edit::delete(Span::new(request.span.end, request.span.end + at as u32 + 1)));
    std::iter::once(start).chain(bracket)
}

/// Puts `import "m"` in front of a declaration.
fn also_for_effects(view: &View<'_>, request: RequestId) -> Edit {
    let request = &view.facts.requests[request.index()];
    let semicolon = if view.text[request.whole.range()].ends_with(';') { ";" } else { "" };
    let text = format!("import {}{semicolon}{}", &view.text[request.span.range()], eol::line_ending(&view.text));
    Edit::insert(request.whole.start, text)
}

/// The edits that take names out of the import declarations and re-exports of a file. A file that nothing else makes a module is left
/// with `export {}`, unless it exports something. A declaration file of which only its imports make a module, so that it exports all that
/// it declares, cannot be left with that, which would take its exports away.
///
/// # Errors
/// Why that is not done.
pub fn drop_names(view: &View<'_>, aliases: &[AliasId], exports: &[ExportId]) -> Result<Vec<Edit>, Reason> {
    let facts = view.facts;
    let source = view.source().ok_or(Reason::ParsersDisagree)?;
    let request = |id: &AliasId| facts.aliases[id.index()].request;
    let last = last_import(facts, aliases);
    let says = |export: &Export| view.text[export.statement.range()].starts_with("export");
    if last.is_some() && !facts.exports.is_empty() && !facts.exports.iter().any(says) {
        return Err(Reason::NotProved);
    }
    let last = last.filter(|_| facts.exports.is_empty());
    let mut edits = Vec::new();
    if let Some(last) = last {
        let whole = facts.requests[last.index()].whole;
        let end = if view.text[whole.range()].ends_with(';') { ";" } else { "" };
        edits.push(Edit::replace(whole, format!("export {{}}{end}")));
    }
    // `import x = require("m")` is a statement of its own.
    let is_equals = |id: &&AliasId| facts.requests[request(id).index()].kind == RequestKind::ImportEquals;
    let (equals, listed): (Vec<_>, Vec<_>) = aliases.iter().filter(|id| Some(request(id)) != last).partition(is_equals);
    let equals: Vec<Span> = equals.into_iter().map(|id| facts.requests[request(id).index()].whole).collect();
    edits.extend(definitions::removal_with(&source, &[], &equals).map_err(super::refused)?);
    let change = Change {
        aliases: listed.into_iter().map(|id| (*id, Becomes::Nothing)).collect(),
        exports: exports.iter().map(|id| (*id, Becomes::Nothing)).collect(),
        ..Change::default()
    };
    edits.extend(imports::edits(&source, &change).map_err(super::refused)?);
    Ok(edits)
}

/// The import declaration that goes last, where nothing but what it exports makes the file a module.
pub fn last_import(facts: &Facts, aliases: &[AliasId]) -> Option<RequestId> {
    let asks = |kind: RequestKind| matches!(kind, RequestKind::Import | RequestKind::ImportEquals | RequestKind::Export);
    let ids = (0..facts.requests.len()).map(RequestId::new);
    let declarations: Vec<RequestId> = ids.filter(|request| asks(facts.requests[request.index()].kind)).collect();
    let goes = |request: &RequestId| {
        let of_request = facts.aliases.iter().enumerate().filter(|(_, alias)| alias.request == *request);
        let mut of_request = of_request.map(|(at, _)| aliases.contains(&AliasId::new(at))).peekable();
        of_request.peek().is_some() && of_request.all(|is_gone| is_gone)
    };
    let is_last = facts.is_module && !aliases.is_empty() && declarations.iter().all(goes);
    declarations.last().copied().filter(|_| is_last)
}
