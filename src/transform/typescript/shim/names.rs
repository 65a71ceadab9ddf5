//! Names of a module that forward. Those of one file are one change.

use std::collections::BTreeMap;

use super::{Doubt, Manner, Stop, leads_back, meaning, specifier};
use crate::index::Index;
use crate::lang::typescript::definitions;
use crate::lang::typescript::facts::{AliasForm, BindingId, BindingKind, Declaration, DeclarationId, ExportId, Exported};
use crate::lang::typescript::facts::{Facts, Meaning, ScopeId};
use crate::lang::typescript::imports::{self, Becomes, Change, Name, Source};
use crate::lang::typescript::modules::Module;
use crate::lang::typescript::resolve::End;
use crate::lang::typescript::shim::{self, Forward, Style};
use crate::lang::typescript::{collect, grammar};
use crate::syntax::{self, Tree};
use crate::text::change::SourceChange;
use crate::text::edit::{Edit, TextEdit};
use crate::text::path::RepoPath;
use crate::text::snapshot::FileId;
use crate::text::span::Span;
use crate::transform::Context;
use crate::transform::finding::{Applicability, Evidence, Finding, Fix, Form, Outcome, Reason, Spelling};
use crate::transform::typescript::judge::judge;
use crate::transform::typescript::named::SymbolRef;
use crate::transform::typescript::{View, refused};

type Row<'r> = (&'r SymbolRef, &'r SymbolRef);

/// What makes a name a shim.
struct Made {
    specifier: String,
    forward: Forward,
    doubts: Vec<Doubt>,
    evidence: Vec<Evidence>,
}

/// One file in the making.
struct Draft<'p> {
    path: &'p RepoPath,
    text: String,
    facts: Facts,
    tree: Tree,
    change: SourceChange,
}

impl<'p> Draft<'p> {
    fn new(path: &'p RepoPath, text: String, change: SourceChange) -> Result<Self, Reason> {
        let facts = collect(&text, path);
        let tree = grammar(path).and_then(|grammar| syntax::parse(grammar, &text));
        let tree = tree.filter(|_| facts.errors.is_empty()).ok_or(Reason::ParsersDisagree)?;
        Ok(Self { path, text, facts, tree, change })
    }

    fn source(&self) -> Source<'_> {
        Source { text: &self.text, facts: &self.facts, tree: &self.tree }
    }

    fn edit(self, edits: Vec<Edit>) -> Result<Self, Reason> {
        let edit = TextEdit::new(edits).map_err(|_| Reason::OddSpelling)?;
        let text = String::from_utf8(edit.apply(self.text.as_bytes())).map_err(|_| Reason::ParsersDisagree)?;
        let change = self.change.then(&SourceChange::edit(self.path.clone(), edit));
        Self::new(self.path, text, change)
    }
}

/// Makes the shims of all rows.
pub(super) fn find(context: &Context<'_>, rows: &[Row<'_>], manner: &Manner) -> Vec<Finding> {
    let index = context.index;
    let mut by_file: BTreeMap<FileId, Vec<Row<'_>>> = BTreeMap::new();
    for &(from, to) in rows {
        if let Module::File(file) = from.symbol(index).module {
            by_file.entry(file).or_default().push((from, to));
        }
    }
    by_file.into_iter().flat_map(|(file, rows)| in_file(context, file, &rows, manner)).collect()
}

fn in_file(context: &Context<'_>, file: FileId, rows: &[Row<'_>], manner: &Manner) -> Vec<Finding> {
    let index = context.index;
    let view = View::open(index, file);
    let mut findings = Vec::new();
    let mut classes: BTreeMap<Applicability, Vec<(Row<'_>, Made)>> = BTreeMap::new();
    for &row in rows.iter().filter(|(from, to)| !is_done(index, file, from, to)) {
        match made(context, &view, row, manner) {
            Ok(made) => {
                let class = if made.doubts.is_empty() { Applicability::Safe } else { Applicability::Review };
                classes.entry(class).or_default().push((row, made));
            }
            Err(stop) => findings.push(finding(&view, row, Outcome::Left(stop.reason), stop.evidence)),
        }
    }
    for (class, rows) in classes {
        let change = change(&view, &rows);
        for (row, made) in rows {
            let reason = made.doubts.first().map(|(reason, _)| *reason);
            let evidence = made.doubts.into_iter().map(|(_, evidence)| evidence).chain(made.evidence);
            let outcome = match &change {
                Ok(change) => Outcome::Fix(Fix::new(class, reason, change.clone())),
                Err(reason) => Outcome::Left(*reason),
            };
            findings.push(finding(&view, row, outcome, evidence.collect()));
        }
    }
    findings
}

fn finding(view: &View<'_>, (from, to): Row<'_>, outcome: Outcome, evidence: Vec<Evidence>) -> Finding {
    let span = view.facts.exports_of(&from.name).next().map_or(Span::at(0), |(_, export)| export.name_span);
    let message = format!("{} becomes a shim for {}", from.spelled(), to.spelled());
    let mut finding = view.finding(span, message, Some(Spelling::of(Form::Definition)), outcome);
    finding.evidence = evidence;
    finding
}

/// Whether the shim is there already.
fn is_done(index: &Index, file: FileId, from: &SymbolRef, to: &SymbolRef) -> bool {
    let code = index.typescript();
    let way = code.resolve(&from.symbol(index));
    super::is_shimmed(index, file, &from.name)
        && (way.hops.contains(&to.symbol(index)) || way.is_same_object(&code.resolve(&to.symbol(index))))
}

/// Says what a row comes to.
fn made(context: &Context<'_>, view: &View<'_>, (from, to): Row<'_>, manner: &Manner) -> Result<Made, Stop> {
    let index = context.index;
    let code = index.typescript();
    if let Some(reason) = context.keeps(view.file) {
        return Err(reason.into());
    }
    if let Some(error) = view.facts.errors.first() {
        return Err(Stop { reason: Reason::Unparsable, evidence: vec![view.quote("unparsable", error.span)] });
    }
    if view.facts.is_dynamic || !is_esm(view) {
        return Err(Reason::OddSpelling.into());
    }
    let (old_symbol, new_symbol) = (from.symbol(index), to.symbol(index));
    let (old, new) = (code.resolve(&old_symbol), code.resolve(&new_symbol));
    leads_back(index, &old_symbol, &new)?;
    let mut made = Made {
        specifier: specifier(index, view.path, Some(view.facts), &to.module)?,
        forward: manner.forward(&to.name, &from.name, "", false),
        doubts: Vec::new(),
        evidence: Vec::new(),
    };
    let had = meaning(code, &old);
    let has = if matches!(new.end, End::Absent(_)) { had } else { meaning(code, &new) };
    made.forward = manner.forward(&to.name, &from.name, &made.specifier, !has.contains(Meaning::VALUE));
    if old.end == End::Unbound {
        return Ok(made);
    }
    let verdict = judge(index, &old_symbol, &new_symbol, manner.replaces);
    made.evidence = verdict.evidence;
    if verdict.applicability.is_none() || (had.contains(Meaning::VALUE) && !has.contains(Meaning::VALUE)) {
        return Err(Stop { reason: verdict.reason.unwrap_or(Reason::TargetLacks), evidence: made.evidence });
    }
    if let Some(binding) = view.facts.exports_of(&from.name).find_map(|(_, export)| own(view.facts, export.what)) {
        let binding = &view.facts.bindings[binding.index()];
        if binding.is_assigned {
            let span = view.facts.declarations_of(binding)[0].name_span;
            return Err(Stop { reason: Reason::ModuleState, evidence: vec![view.quote("from", span)] });
        }
    }
    let place = made.evidence.first().cloned();
    made.doubts.extend(verdict.reason.zip(place.or_else(|| Some(view.quote("from", Span::at(0))))));
    Ok(made)
}

/// Whether all exports of a file are statements of ECMAScript, and not assignments to what CommonJS exports.
fn is_esm(view: &View<'_>) -> bool {
    let text = &view.text;
    view.facts.exports.iter().all(|export| {
        let statement = &text[export.statement.range()];
        let is_statement = statement.starts_with("export ") || statement.starts_with("export{") || statement.starts_with('@');
        let is_declaration = view.facts.declarations.iter().any(|it| it.is_exported && it.statement == export.statement);
        (is_statement || is_declaration || statement.starts_with("export*")) && view.facts.names.get(export.name) != "export="
    })
}

/// The binding of the file that an entry exports under a name.
fn own(facts: &Facts, what: Exported) -> Option<BindingId> {
    match what {
        Exported::Binding(binding) => Some(binding),
        Exported::Use(used) => {
            let used = &facts.uses[used.index()];
            used.binding.filter(|_| used.attributes.0 == used.attributes.1)
        }
        _ => None,
    }
}

/// The change of a file that makes shims of some of its names.
fn change(view: &View<'_>, rows: &[(Row<'_>, Made)]) -> Result<SourceChange, Reason> {
    let mut draft = Draft::new(view.path, view.text.clone(), SourceChange::default())?;
    for ((from, _), made) in rows {
        draft = taken_out(draft, from, made)?;
    }
    let style = Style::of(&view.text, view.facts);
    let mut by_specifier: BTreeMap<&str, Vec<Forward>> = BTreeMap::new();
    for (_, made) in rows {
        by_specifier.entry(&made.specifier).or_default().push(made.forward.clone());
    }
    for (specifier, forwards) in by_specifier {
        let text = shim::statements(&forwards, specifier, style);
        let edit = definitions::insert(&draft.source(), definitions::Spot::End, &text).map_err(refused)?;
        draft = draft.edit(vec![edit])?;
    }
    Ok(draft.change)
}

/// Takes out what exports a name, and what it is bound to where that is the module's own. What the module itself goes on to use it imports.
fn taken_out<'p>(draft: Draft<'p>, from: &SymbolRef, made: &Made) -> Result<Draft<'p>, Reason> {
    let entries: Vec<ExportId> = draft.facts.exports_of(&from.name).map(|(id, _)| id).collect();
    let binding = entries.iter().find_map(|id| own(&draft.facts, draft.facts.exports[id.index()].what));
    let Some(name) = binding.map(|binding| draft.facts.names.get(draft.facts.bindings[binding.index()].name).to_owned()) else {
        let edits = export_removal(&draft, &entries)?;
        return draft.edit(edits);
    };
    let is_listed = |id: &ExportId| {
        let statement = draft.facts.exports[id.index()].statement;
        !draft.facts.declarations.iter().any(|it| it.is_exported && it.statement == statement)
    };
    let listed: Vec<ExportId> = entries.iter().copied().filter(is_listed).collect();
    let edits = export_removal(&draft, &listed)?;
    let draft = draft.edit(edits)?;
    let Some(binding) = draft.facts.bound_in(ScopeId::MODULE, draft.facts.names.find(&name).ok_or(Reason::ParsersDisagree)?)
    else {
        return Ok(draft);
    };
    match draft.facts.bindings[binding.index()].kind {
        BindingKind::Import(alias) => {
            let facts = &draft.facts;
            let is_used = facts.uses.iter().any(|used| used.binding == Some(binding));
            let is_plain = matches!(facts.aliases[alias.index()].form, AliasForm::Import(_));
            if is_used || !is_plain {
                return Ok(draft);
            }
            let change = Change { aliases: vec![(alias, Becomes::Nothing)], ..Change::default() };
            let edits = imports::edits(&draft.source(), &change).map_err(refused)?;
            draft.edit(edits)
        }
        _ => definition_taken_out(draft, binding, &name, made),
    }
}

fn export_removal(draft: &Draft<'_>, entries: &[ExportId]) -> Result<Vec<Edit>, Reason> {
    let facts = &draft.facts;
    let is_default = |id: &&ExportId| {
        let export = &facts.exports[id.index()];
        matches!(export.what, Exported::Use(_) | Exported::Expression) && facts.names.get(export.name) == "default"
    };
    // `export default x` is a statement of its own.
    let (defaults, named): (Vec<&ExportId>, Vec<&ExportId>) = entries.iter().partition(is_default);
    let named: Vec<ExportId> = named.into_iter().copied().collect();
    let mut edits = shim::removal(&draft.source(), &named).map_err(refused)?;
    for id in defaults {
        edits.push(shim::statement_removal(&draft.source(), facts.exports[id.index()].statement).map_err(refused)?);
    }
    Ok(edits)
}

/// Takes a definition out. Where the module goes on to use its name, it imports the new one under that name.
fn definition_taken_out<'p>(draft: Draft<'p>, binding: BindingId, name: &str, made: &Made) -> Result<Draft<'p>, Reason> {
    let facts = &draft.facts;
    let declarations = facts.declarations_of(&facts.bindings[binding.index()]);
    let is_inside = |span: Span| declarations.iter().any(|it: &Declaration| it.span.covers(span));
    let is_left = facts.uses.iter().any(|used| used.binding == Some(binding) && !is_inside(used.span));
    let is_type_only = made.forward.is_type_only;
    let Some(id) = facts.declarations.iter().position(|it| it.binding == binding) else { return Ok(draft) };
    let edits = definitions::removal(&draft.source(), &[DeclarationId::new(id)]).map_err(refused)?;
    let draft = draft.edit(edits)?;
    if !is_left {
        return Ok(draft);
    }
    let needed = Name {
        specifier: made.specifier.clone(),
        imported: made.forward.imported.clone(),
        local: name.to_owned(),
        is_type_only,
    };
    let change = Change { added: vec![needed], ..Change::default() };
    let edits = imports::edits(&draft.source(), &change).map_err(refused)?;
    draft.edit(edits)
}
