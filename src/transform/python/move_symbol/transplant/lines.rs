//! The lines of a definition: which they are in the old module, and how they stand in the new one.

use super::Transplant;
use crate::lang::python::definitions::{self, Block};
use crate::lang::python::facts::{Binding, BindingKind, Context as Under, Definition, ImportId, ScopeId, Use};
use crate::lang::python::imports;
use crate::lang::python::rename::has_word;
use crate::lang::python::scope::Lookup;
use crate::lang::python::statements;
use crate::text::edit::{Edit, TextEdit};
use crate::text::span::Span;
use crate::transform::finding::Reason;
use crate::transform::python::View;
use crate::transform::python::move_symbol::draft::{Doubt, Stop};
use crate::transform::python::move_symbol::place::is_free_here;
use crate::transform::python::move_symbol::source;

impl Transplant<'_, '_> {
    /// The binding statements of the definition, as whole lines of their module.
    pub(super) fn block(&self, view: &View<'_>) -> Result<(Block, Vec<Span>), Stop> {
        let facts = view.facts;
        if !facts.errors.is_empty() {
            return Err(Reason::Unparsable.into());
        }
        let source = source(view)?;
        let bindings: Vec<&Binding> = facts.module_bindings(&self.from.name).map(|(_, binding)| binding).collect();
        let stop = |reason| {
            let evidence = bindings.iter().map(|binding| view.quote("from", binding.span)).collect();
            Err(Stop { reason, evidence })
        };
        if bindings.iter().any(|binding| binding.site != ScopeId::MODULE || binding.kind == BindingKind::Delete) {
            return stop(Reason::SeveralBindings);
        }
        if bindings.iter().any(|binding| binding.context != Under::default()) {
            return stop(Reason::Conditional);
        }
        let definition = |binding: &&Binding| match binding.kind {
            BindingKind::Definition(id) => Some(&facts.definitions[id.index()]),
            _ => None,
        };
        let definitions: Vec<&Definition> = bindings.iter().filter_map(definition).collect();
        let is_overloaded = |definition: &Definition| {
            let is_it = |used: &Use| {
                let last = facts.attributes_of(used).last().map_or(used.name, |attribute| attribute.name);
                used.span.start < definition.header.start && facts.names.get(last) == "overload"
            };
            facts.uses.iter().filter(|used| definition.span.covers(used.span)).any(is_it)
        };
        let is_one = match &definitions[..] {
            _ if definitions.len() != bindings.len() => bindings.len() == 1,
            [overloads @ .., _] => overloads.iter().all(|definition| is_overloaded(definition)),
            [] => false,
        };
        if !is_one {
            return stop(Reason::SeveralBindings);
        }
        let spans: Vec<Span> = match definitions.is_empty() {
            false => definitions.iter().map(|definition| definition.span).collect(),
            true => bindings.iter().map(|binding| binding.span).collect(),
        };
        if let ([], [binding]) = (&definitions[..], &bindings[..]) {
            let whole = statements::whole(&source, binding.span).map_err(|_| Reason::ParsersDisagree)?;
            let is_alias = view.text[whole.range()].starts_with("type");
            if whole.start != binding.span.start && !is_alias {
                return stop(Reason::OddSpelling);
            }
        }
        let block = definitions::block(&source, &spans).map_err(|_| Reason::OddSpelling)?;
        let is_other = |binding: &Binding| {
            let is_here =
                binding.scope == ScopeId::MODULE && binding.site == ScopeId::MODULE && block.span.covers(binding.span);
            is_here && facts.names.get(binding.name) != self.from.name
        };
        if facts.bindings.iter().any(is_other) {
            return stop(Reason::OddSpelling);
        }
        let names = bindings.iter().map(|binding| binding.span).collect();
        Ok((block, names))
    }

    /// The lines as they stand in the new module: under the new name, with relative imports that mean what they meant.
    pub(super) fn lines(&self, old: &View<'_>, block: &Block, names: &[Span], doubts: &mut Vec<Doubt>) -> Result<String, Stop> {
        let facts = old.facts;
        let mut edits = Vec::new();
        let source = source(old)?;
        for (at, import) in facts.imports.iter().enumerate() {
            let Some(from) = import.from.filter(|from| from.level > 0 && block.span.covers(import.span)) else { continue };
            let module = from.module.map(|module| facts.names.get(module));
            let absolute = old.index.modules().absolute(old.file, from.level, module).ok_or(Reason::BeyondRoot)?;
            let spelled = imports::relative(&self.new.package, &absolute).unwrap_or(absolute);
            let id = ImportId::new(at);
            edits.extend(imports::replace_module(&source, id, &spelled).map_err(|_| Reason::ParsersDisagree)?);
        }
        let (from, to) = (&*self.from.name, &*self.to.name);
        if from != to {
            edits.extend(names.iter().map(|span| Edit::replace(*span, to)));
            for used in facts.uses.iter().filter(|used| block.span.covers(used.span) && facts.names.get(used.name) == from) {
                match facts.lookup(used.scope, used.name) {
                    Lookup::Bound(ScopeId::MODULE) => {
                        if used.flags.frozen {
                            return Err(Reason::OddSpelling.into());
                        }
                        if !is_free_here(facts, used.scope, to) {
                            return Err(Reason::NameTaken.into());
                        }
                        edits.push(Edit::replace(used.span, to));
                    }
                    Lookup::ClassOr(_, Some(ScopeId::MODULE)) => return Err(Reason::NameTaken.into()),
                    _ => {}
                }
            }
            let strings = facts.strings.iter().filter(|string| block.span.covers(string.span));
            let named = strings.filter(|string| has_word(facts.names.get(string.value), from));
            doubts.extend(named.map(|string| (Reason::InString, old.quote("string", string.span))));
        }
        let start = block.span.start;
        let moved = edits
            .into_iter()
            .map(|edit: Edit| Edit { span: Span::new(edit.span.start - start, edit.span.end - start), text: edit.text });
        let edit = TextEdit::new(moved.collect()).map_err(|_| Reason::ParsersDisagree)?;
        let lines = edit.apply(old.text[block.span.range()].as_bytes());
        String::from_utf8(lines).map_err(|_| Reason::ParsersDisagree.into())
    }
}
