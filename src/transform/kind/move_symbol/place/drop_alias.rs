//! Taking imported names out of a module: those of a definition that comes to it, and those that nothing uses any more.

use super::super::super::super::View;
use super::super::super::super::finding::Reason;
use super::super::draft::Stop;
use super::super::source;
use super::is_free_here;
use crate::index::references::{Search, Site, Target};
use crate::lang::python::definitions::take_out;
use crate::lang::python::facts::{Alias, AliasId, Binding, BindingKind, Context, ScopeId};
use crate::lang::python::imports::{self, Becomes, Change, Refusal, Source};
use crate::lang::python::modules::Module;
use crate::lang::python::rename::rename_uses;
use crate::lang::python::resolve::Symbol;
use crate::lang::python::statements;
use crate::text::edit::Edit;
use crate::text::eol;
use crate::text::span::Span;
use crate::transform::relocate::seen_from_outside;

/// The edits that make a module use a name of its own where it has imported a symbol until now.
pub(in super::super) fn edits(view: &View<'_>, symbol: &Symbol, name: &str) -> Result<Vec<Edit>, Stop> {
    let facts = view.facts;
    let targets = [Target::Symbol(symbol.clone())];
    let references = Search::new(view.index, &targets).run();
    let source = source(view)?;
    let mut edits = Vec::new();
    let mut dropped: Vec<AliasId> = Vec::new();
    let stop = |span| Stop { reason: Reason::InTarget, evidence: vec![view.quote("use", span)] };
    for reference in references.iter().filter(|reference| reference.file == view.file) {
        match reference.site {
            Site::Alias(id) if reference.distance == 0 => {
                edits.extend(follow(view, id, name).ok_or_else(|| stop(facts.aliases[id.index()].name_span))?);
                dropped.push(id);
            }
            Site::Alias(id) => return Err(stop(facts.aliases[id.index()].name_span)),
            Site::Attribute(id, depth) => {
                let used = &facts.uses[id.index()];
                let attributes = &facts.attributes_of(used)[..depth];
                let end = attributes.last().map_or(used.span.end, |last| last.span.end);
                let span = Span::new(used.span.start, end);
                let pieces: u32 = attributes.iter().map(|attribute| attribute.span.len() + 1).sum();
                let is_plain = span.len() == used.span.len() + pieces && !used.flags.frozen && !used.flags.is_store;
                if !is_plain || !is_free_here(facts, used.scope, name) {
                    return Err(stop(span));
                }
                edits.push(Edit::replace(span, name));
            }
            Site::Star(_, used) | Site::Unsure(used, _) => return Err(stop(facts.uses[used.index()].span)),
            Site::Name(_) | Site::Export(_) | Site::From(_) | Site::String(..) | Site::Member(_) | Site::Computed(_) => {}
        }
    }
    edits.extend(drop_aliases(&source, &dropped)?);
    Ok(edits)
}

/// The edits that spell the uses of an imported name differently; `None` where they cannot be.
fn follow(view: &View<'_>, id: AliasId, name: &str) -> Option<Vec<Edit>> {
    let facts = view.facts;
    let alias = &facts.aliases[id.index()];
    let import = facts.import_of(alias);
    let binding = facts.bindings.iter().find(|binding| binding.kind == BindingKind::Import(id))?;
    let is_simple = import.context == Context::default() || import.context == Context::TYPE_CHECKING;
    if !is_simple || facts.bindings_of(binding.scope, alias.local).count() > 1 || facts.is_star(alias) {
        return None;
    }
    let local = facts.names.get(alias.local);
    if local == name {
        let outer = facts.scopes[binding.scope.index()].parent;
        return outer.is_none_or(|outer| is_free_here(facts, outer, name)).then(Vec::new);
    }
    let own = Symbol { module: Module::File(view.file), name: local.into() };
    let is_public = binding.scope == ScopeId::MODULE
        && (facts.exports_name(local) || !seen_from_outside(view.index, &[Target::Symbol(own)]).is_empty());
    let is_this = |other: &Binding| other.kind == binding.kind;
    if is_public { None } else { rename_uses(facts, binding.scope, alias.local, name, &is_this).ok() }
}

/// The edits that drop names from import statements; a statement that is alone in its block leaves a `pass`.
fn drop_aliases(source: &Source<'_>, ids: &[AliasId]) -> Result<Vec<Edit>, Stop> {
    let facts = source.facts;
    let mut edits = Vec::new();
    let mut done = Vec::new();
    for id in ids {
        let import = facts.aliases[id.index()].import;
        if done.contains(&import) {
            continue;
        }
        done.push(import);
        let statement = &facts.imports[import.index()];
        let gone: Vec<AliasId> = ids.iter().copied().filter(|id| facts.aliases[id.index()].import == import).collect();
        let is_whole = facts.aliases_of(statement).count() == gone.len();
        let is_inner = statement.scope != ScopeId::MODULE || statement.context != Context::default();
        let change = Change { aliases: gone.into_iter().map(|id| (id, Becomes::Nothing)).collect(), added: Vec::new() };
        let refused = |_| Stop::from(Reason::ParsersDisagree);
        if is_whole && is_inner {
            edits.push(
                alone(source, statement.span)
                    .map_or_else(|| statements::remove(source, statement.span).map_err(refused), Ok)?,
            );
            continue;
        }
        let text = &source.text[statement.span.range().start..eol::line_end(source.text, statement.span.range().end)];
        let starts_line = source.text[eol::line_start(source.text, statement.span.range().start)..].starts_with(text);
        if is_whole && starts_line && !text.contains(['#', ';']) {
            edits.push(take_out(source.text, statement.span));
            continue;
        }
        match imports::rewrite(source, import, &change, &|_| true) {
            Ok(made) => edits.extend(made),
            Err(Refusal::Comment) => edits.push(statements::remove(source, statement.span).map_err(refused)?),
            Err(refusal) => return Err(refused(refusal)),
        }
    }
    Ok(edits)
}

/// The edit that takes out an `if TYPE_CHECKING:` with nothing but a statement in it.
fn alone(source: &Source<'_>, statement: Span) -> Option<Edit> {
    let text = source.text;
    let line = eol::line_start(text, statement.range().start);
    let head = eol::previous_line(text, line)?;
    let is_head = matches!(&text[head..eol::line_end(text, head)], "if TYPE_CHECKING:" | "if typing.TYPE_CHECKING:");
    let next = eol::next_line(text, statement.range().end);
    let follows = text[next..].lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let is_last = !follows.starts_with([' ', '\t']) && !follows.starts_with("el");
    let span = Span::new(head as u32, eol::line_end(text, statement.range().end) as u32);
    (is_head && is_last).then(|| take_out(text, span))
}

/// The edits that drop the imports of a name that nothing uses any more. What may be wanted for another reason stays: under a condition,
/// with a comment for a tool, of a submodule that is used by its path.
pub(in super::super) fn unused(view: &View<'_>, name: &str) -> Result<Vec<Edit>, Stop> {
    let facts = view.facts;
    let source = source(view)?;
    let aliases: Vec<(AliasId, &Alias)> = facts
        .module_bindings(name)
        .filter_map(|(_, binding)| match binding.kind {
            BindingKind::Import(id) => Some((id, &facts.aliases[id.index()])),
            _ => None,
        })
        .collect();
    let is_kept = |(_, alias): &(AliasId, &Alias)| {
        let import = facts.import_of(alias);
        let is_simple = import.context == Context::default() || import.context == Context::TYPE_CHECKING;
        let lines = &view.text[import.span.range().start..eol::line_end(&view.text, import.span.range().end)];
        let is_future = import.from.and_then(|from| from.module).is_some_and(|module| facts.names.get(module) == "__future__");
        !is_simple || import.scope != ScopeId::MODULE || lines.contains('#') || is_future
    };
    if aliases.len() != 1 || aliases.iter().any(is_kept) {
        return Ok(Vec::new());
    }
    drop_aliases(&source, &aliases.iter().map(|(id, _)| *id).collect::<Vec<_>>())
}
