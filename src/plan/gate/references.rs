//! The metric `references`: places in scope whose code refers to a symbol or module. Imports, uses through a module and what star
//! imports bring count; strings are not code. A file that does not parse and spells the target counts as one place.

use super::{Context, Counted};
use crate::index::references::{Reference, Search, Site, Target};
use crate::index::typescript::references;
use crate::transform::python::named::{Named, Takes, in_code};
use crate::transform::typescript::named as typescript;
use crate::transform::wire::{Problem, Table};

/// What a gate of this metric counts.
pub struct References {
    /// One place that refers to several of them counts once.
    of: Vec<Named>,
    /// The same, of TypeScript.
    of_typescript: Vec<typescript::Named>,
    /// Whether only those count that name the target itself, and not those that come to it through another name.
    is_direct: bool,
    /// The author's word that the names come from outside.
    is_external: bool,
}

impl References {
    pub(super) fn read(table: &Table<'_>) -> Option<Self> {
        if !table.has("of") {
            let problem = Problem::new(table.origin(), "`of` is missing");
            table.problem(problem.hint("`of` names a symbol or module, or a list of them"));
        }
        let of = Named::read_all(table, "of", Takes::SymbolsAndModules);
        let of_typescript = typescript::Named::read_all(table, "of");
        let is_direct = table.choice("via", &[("any", false), ("direct", true)]).unwrap_or(false);
        let is_external = table.flag("external");
        (!of.is_empty() || !of_typescript.is_empty()).then_some(Self { of, of_typescript, is_direct, is_external })
    }

    pub(super) fn count(&self, context: &Context<'_>) -> (Vec<Counted>, Option<Problem>) {
        let (mut places, doubt) = self.in_python(context);
        let (more, other) = self.in_typescript(context);
        places.extend(more);
        (places, doubt.or(other))
    }

    fn in_typescript(&self, context: &Context<'_>) -> (Vec<Counted>, Option<Problem>) {
        if self.of_typescript.is_empty() {
            return (Vec::new(), None);
        }
        let index = context.index;
        let targets: Vec<_> = self.of_typescript.iter().map(|named| named.target(index)).collect();
        let references = references::Search::new(index.typescript(), &targets).run();
        let matters = |reference: &&references::Reference| {
            !(self.is_direct && reference.distance > 0) && context.has_file(reference.file)
        };
        let counted = |reference: &references::Reference| {
            let offset = reference.span(index.typescript()).start;
            context.counted(reference.file, offset, context.line(reference.file, offset))
        };
        let places = typescript::in_code(index, &self.of_typescript, &references).filter(matters).map(counted).collect();
        let is_meant = |target: usize| references.iter().any(|reference| reference.target == target);
        let doubted = self.of_typescript.iter().enumerate().filter(|(target, _)| !self.is_external && !is_meant(*target));
        (places, doubted.filter_map(|(_, named)| named.doubt(index)).next())
    }

    fn in_python(&self, context: &Context<'_>) -> (Vec<Counted>, Option<Problem>) {
        let index = context.index;
        if self.of.is_empty() {
            return (Vec::new(), None);
        }
        let targets: Vec<Target> = self.of.iter().map(|named| named.target(index)).collect();
        let search = Search::new(index, &targets);
        let references = search.run();
        let matters = |reference: &Reference| !(self.is_direct && reference.distance > 0) && context.has_file(reference.file);
        let place = |reference: &Reference| {
            let facts = index.facts(reference.file);
            let offset = match reference.site {
                Site::From(import) => facts.imports[import.index()].span.start,
                Site::Alias(alias) => facts.aliases[alias.index()].name_span.start,
                Site::Attribute(used, _) | Site::Unsure(used, _) | Site::Star(_, used) => facts.uses[used.index()].span.start,
                _ => return None,
            };
            Some(context.counted(reference.file, offset, context.line(reference.file, offset)))
        };
        let mut places: Vec<Counted> = in_code(index, &self.of, &references, matters).filter_map(place).collect();
        let unread = search.unread(&targets, &references);
        let mut files: Vec<_> = unread.iter().filter(|unread| context.has_file(unread.file)).collect();
        files.dedup_by_key(|unread| unread.file);
        places.extend(files.into_iter().map(|unread| {
            let line = context.line(unread.file, unread.span.start);
            context.counted(unread.file, unread.span.start, format!("does not parse: {line}"))
        }));
        let is_meant = |target: usize| {
            references.iter().any(|reference| reference.target == target) || unread.iter().any(|unread| unread.target == target)
        };
        let doubted = self.of.iter().enumerate().filter(|(target, _)| !self.is_external && !is_meant(*target));
        let doubt = doubted.filter_map(|(_, named)| named.doubt(index, context.subjects)).next();
        (places, doubt)
    }
}
