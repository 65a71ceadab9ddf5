//! Whole modules that forward: one that is there becomes a list of re-exports of all its names, one that is not there is made.

use std::collections::BTreeSet;

use super::{Doubt, Manner, Stop, leads_back, meaning, specifier};
use crate::index::Index;
use crate::index::typescript::TypeScript;
use crate::lang::typescript::facts::{Exported, Facts, Meaning, RequestId};
use crate::lang::typescript::imports::Source;
use crate::lang::typescript::modules::{Absence, Module};
use crate::lang::typescript::resolve::{End, Symbol};
use crate::lang::typescript::shim::{self, Forward, Style};
use crate::lang::typescript::{grammar, is_source};
use crate::syntax;
use crate::text::blob::Mode;
use crate::text::change::{FileChange, SourceChange};
use crate::text::edit::{Edit, TextEdit};
use crate::text::path::RepoPath;
use crate::text::snapshot::FileId;
use crate::text::span::Span;
use crate::transform::Context;
use crate::transform::finding::{Evidence, Finding, Fix, Form, Outcome, Reason, Spelling};
use crate::transform::typescript::judge::judge;
use crate::transform::typescript::named::ModuleRef;
use crate::transform::typescript::{View, describe};

/// A change that makes a module a shim.
struct Made {
    change: SourceChange,
    doubts: Vec<Doubt>,
    evidence: Vec<Evidence>,
}

/// Makes a module a shim for another, where it is none yet.
pub(super) fn find(context: &Context<'_>, from: &ModuleRef, to: &ModuleRef, manner: &Manner) -> Vec<Finding> {
    let index = context.index;
    let modules = index.typescript().modules();
    let Ok(Module::File(home)) = modules.find(&to.name) else { return Vec::new() };
    let (file, made) = match modules.find(&from.name) {
        Ok(Module::File(file)) => match is_done(index, file, home) {
            true => return Vec::new(),
            false => (file, replaced(context, file, to, manner)),
        },
        Ok(Module::Absent(_)) | Err(Absence::External | Absence::Unknown | Absence::Missing) => {
            (home, created(context, home, (from, to), manner))
        }
        Err(_) => (home, Err(Reason::PlaceTaken.into())),
    };
    let view = View::open(index, file);
    let (outcome, evidence) = match made {
        Ok(Made { change, doubts, evidence }) => {
            let reason = doubts.first().map(|(reason, _)| *reason);
            let doubts = doubts.into_iter().map(|(_, evidence)| evidence);
            (Outcome::Fix(Fix::judged(reason, change)), doubts.chain(evidence).collect())
        }
        Err(Stop { reason, evidence }) => (Outcome::Left(reason), evidence),
    };
    let message = format!("{} becomes a shim for {}", from.name, to.name);
    let mut finding = view.finding(Span::at(0), message, Some(Spelling::of(Form::Definition)), outcome);
    finding.evidence = evidence;
    vec![finding]
}

/// Whether the module is a shim for the other already.
fn is_done(index: &Index, file: FileId, home: FileId) -> bool {
    let code = index.typescript();
    let leads = |request: RequestId| code.targets(file)[request.index()].module == Module::File(home);
    let is_there = |what| matches!(what, Exported::From { request, .. } if leads(request));
    super::is_whole_shim(index, file) && code.facts(file).exports.iter().all(|export| is_there(export.what))
}

/// The names that a module exports, through its stars as well; `None` where they cannot be listed.
fn offered(code: TypeScript<'_>, file: FileId) -> Option<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    let (mut open, mut seen) = (vec![file], BTreeSet::from([file]));
    while let Some(next) = open.pop() {
        if !is_source(&code.index.snapshot().get(next).path) {
            return None;
        }
        let facts = code.facts(next);
        if facts.is_dynamic || !facts.errors.is_empty() || facts.exports_of("export=").next().is_some() {
            return None;
        }
        let own = facts.exports.iter().map(|export| facts.names.get(export.name));
        names.extend(own.filter(|name| *name != "*" && (*name != "default" || next == file)).map(str::to_owned));
        for star in facts.stars() {
            match code.targets(next)[star.index()].module {
                Module::File(target) if seen.insert(target) => open.push(target),
                Module::File(_) => {}
                Module::Absent(_) => return None,
            }
        }
    }
    Some(names)
}

/// What forwards names to another module.
fn forwards(
    index: &Index,
    names: &BTreeSet<String>,
    home: &Symbol,
    specifier: &str,
    manner: &Manner,
) -> Result<Vec<Forward>, Stop> {
    let code = index.typescript();
    let forward = |name: &String| {
        let symbol = Symbol { name: name.as_str().into(), ..home.clone() };
        let way = code.resolve(&symbol);
        if matches!(way.end, End::Unbound | End::Cycle) {
            return Err(Stop { reason: Reason::TargetLacks, evidence: vec![describe(index, "to", &way)] });
        }
        Ok(manner.forward(name, name, specifier, !meaning(code, &way).contains(Meaning::VALUE)))
    };
    names.iter().map(forward).collect()
}

fn symbol(module: FileId, name: &str) -> Symbol {
    Symbol { module: Module::File(module), name: name.into() }
}

/// Makes a module that is not there.
fn created(context: &Context<'_>, home: FileId, (from, to): (&ModuleRef, &ModuleRef), manner: &Manner) -> Result<Made, Stop> {
    let index = context.index;
    let view = View::open(index, home);
    // What is only described, or compiled already, is written in TypeScript beside TypeScript.
    let extension = match view.path.extension() {
        Some(b"js" | b"jsx") => "js",
        Some(b"mjs") => "mjs",
        Some(b"mts") => "mts",
        _ => "ts",
    };
    let path = RepoPath::new(format!("{}.{extension}", from.name.trim_start_matches("./"))).ok_or(Reason::NotImportable)?;
    if let Some(reason) = context.keeps_path(&path) {
        return Err(reason.into());
    }
    if index.snapshot().id(&path).is_some() {
        return Err(Reason::PlaceTaken.into());
    }
    let not_listed = || Stop { reason: Reason::StarImport, evidence: vec![view.quote("to", Span::at(0))] };
    let names = offered(index.typescript(), home).ok_or_else(not_listed)?;
    if names.is_empty() {
        return Err(Stop { reason: Reason::TargetLacks, evidence: vec![view.quote("to", Span::at(0))] });
    }
    let specifier = specifier(index, &path, None, to)?;
    let forwards = forwards(index, &names, &symbol(home, ""), &specifier, manner)?;
    let style = Style::of(&view.text, view.facts);
    let content = format!("{}{}", shim::statements(&forwards, &specifier, style), style.eol);
    let change = SourceChange::of(path, FileChange::Create { content, mode: Mode::Regular });
    Ok(Made { change, doubts: Vec::new(), evidence: Vec::new() })
}

/// Lets a module forward all its names.
fn replaced(context: &Context<'_>, file: FileId, to: &ModuleRef, manner: &Manner) -> Result<Made, Stop> {
    let index = context.index;
    let code = index.typescript();
    let view = View::open(index, file);
    if let Some(reason) = context.keeps(file) {
        return Err(reason.into());
    }
    if let Some(error) = view.facts.errors.first() {
        return Err(Stop { reason: Reason::Unparsable, evidence: vec![view.quote("unparsable", error.span)] });
    }
    let Module::File(home) = code.modules().module(&to.name) else { return Err(Reason::TargetLacks.into()) };
    let names = offered(code, file).filter(|names| !names.is_empty()).ok_or(Reason::StarImport)?;
    let tree = grammar(view.path).and_then(|grammar| syntax::parse(grammar, &view.text)).ok_or(Reason::ParsersDisagree)?;
    let source = Source { text: &view.text, facts: view.facts, tree: &tree };
    let head = shim::head(&source);
    if view.text[head.range()].contains("use server") || view.facts.exports_of("export=").next().is_some() {
        return Err(Stop { reason: Reason::OddSpelling, evidence: vec![view.quote("from", head)] });
    }
    let (mut doubts, mut evidence) = (Vec::new(), Vec::new());
    for name in &names {
        let (old, new) = (symbol(file, name), symbol(home, name));
        leads_back(index, &old, &code.resolve(&new))?;
        let verdict = judge(index, &old, &new, manner.replaces);
        let has_value = |symbol: &Symbol| meaning(code, &code.resolve(symbol)).contains(Meaning::VALUE);
        if verdict.applicability.is_none() || (has_value(&old) && !has_value(&new)) {
            let reason = verdict.reason.unwrap_or(Reason::TargetLacks);
            return Err(Stop { reason, evidence: verdict.evidence });
        }
        match verdict.reason {
            Some(reason) => {
                let mut told = verdict.evidence.into_iter();
                doubts.extend(told.next().map(|first| (reason, first)));
                evidence.extend(told);
            }
            None => evidence.extend(verdict.evidence),
        }
    }
    doubts.extend(acts(&source).into_iter().map(|span| (Reason::LoadTime, view.quote("from", span))));
    let specifier = specifier(index, view.path, Some(view.facts), to)?;
    let forwards = forwards(index, &names, &symbol(home, ""), &specifier, manner)?;
    let style = Style::of(&view.text, view.facts);
    let text = format!("{}{}", shim::statements(&forwards, &specifier, style), style.eol);
    let text = if head.end > 0 { format!("{}{text}", style.eol) } else { text };
    let edit = Edit::replace(Span::new(head.end, view.text.len() as u32), text);
    let edit = TextEdit::new(vec![edit]).map_err(|_| Reason::ParsersDisagree)?;
    Ok(Made { change: SourceChange::edit(view.path.clone(), edit), doubts, evidence })
}

/// What a module does when it is loaded, besides defining, importing and exporting.
fn acts(source: &Source<'_>) -> Vec<Span> {
    const INERT: [&str; 13] = [
        "comment",
        "hash_bang_line",
        "import_statement",
        "export_statement",
        "lexical_declaration",
        "variable_declaration",
        "function_declaration",
        "generator_function_declaration",
        "function_signature",
        "class_declaration",
        "interface_declaration",
        "type_alias_declaration",
        "ambient_declaration",
    ];
    let facts: &Facts = source.facts;
    let is_for_effect = |span: Span| facts.imports.iter().any(|it| it.span == span && it.aliases.0 == it.aliases.1);
    let is_directive = |span: Span| source.text[span.range()].starts_with(['\'', '"']);
    let statements = syntax::children(source.tree.root()).into_iter();
    let acting = statements.filter(|node| {
        let span = syntax::span(*node);
        is_for_effect(span) || !(INERT.contains(&node.kind()) || node.kind().starts_with("enum") || is_directive(span))
    });
    acting.map(syntax::span).collect()
}
