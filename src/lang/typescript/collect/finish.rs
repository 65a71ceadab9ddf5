//! The tables in the order that their docs promise.

use rustc_hash::FxHashMap;

use super::Collector;
use crate::lang::typescript::facts::{
    AliasForm, AliasId, BindingId, BindingKind, DeclarationKind, ExportId, Exported, Facts, Imported, RequestId, SyntaxError,
    UseForm, UseId,
};

impl Collector<'_> {
    /// The facts of all that has been found.
    pub(super) fn finish(mut self, errors: Vec<SyntaxError>) -> Facts {
        self.settle();
        let uses = sort(&mut self.uses, |used| used.span);
        let requests = sort(&mut self.requests, |request| request.span);
        // The names of an import stay together: they are sorted by the place of their module's string first.
        let places: Vec<_> = self.imports.iter().map(|import| import.span).collect();
        let aliases = sort(&mut self.aliases, |alias| match alias.form {
            AliasForm::Import(import) => (places[import.index()], alias.span),
            _ => (alias.span, alias.span),
        });
        let exports = sort(&mut self.exports, |export| export.name_span);
        self.renumber(&uses, &requests, &aliases, &exports);
        self.computed.sort_by_key(|computed| computed.span);
        self.paths.sort_by_key(|(_, span)| *span);
        self.comments.sort_unstable();
        let bindings = self.bound.bindings;
        Facts {
            names: self.names.finish(),
            scopes: self.bound.scopes.into(),
            bindings: bindings.into(),
            declarations: self.bound.declared.into_iter().map(|declared| declared.fact).collect(),
            uses: self.uses.into(),
            attributes: self.attributes.into(),
            requests: self.requests.into(),
            computed: self.computed.into(),
            imports: self.imports.into(),
            aliases: self.aliases.into(),
            exports: self.exports.into(),
            paths: self.paths.into(),
            comments: self.comments.into(),
            errors: errors.into(),
            is_module: self.is_module,
            is_dynamic: self.is_dynamic,
        }
    }

    /// Works out what every binding is.
    fn settle(&mut self) {
        let mut assignments: FxHashMap<BindingId, usize> = FxHashMap::default();
        for used in self.uses.iter().filter(|used| used.is_assigned) {
            if let Some(binding) = used.binding {
                *assignments.entry(binding).or_default() += 1;
                self.bound.bindings[binding.index()].is_assigned = true;
            }
        }
        let mut taken: FxHashMap<BindingId, Vec<AliasId>> = FxHashMap::default();
        for assigned in &self.assigned {
            taken.entry(assigned.binding).or_default().push(assigned.alias);
        }
        for (binding, aliases) in taken {
            if self.is_taken(binding, &aliases, assignments.get(&binding).copied().unwrap_or_default()) {
                self.kinds.insert(binding, BindingKind::Import(aliases[0]));
            } else {
                aliases.iter().for_each(|&alias| self.untake(alias));
            }
        }
        for (&binding, &kind) in &self.kinds {
            let own = &mut self.bound.bindings[binding.index()];
            let is_single = own.declarations.1 - own.declarations.0 == 1;
            let is_variable = |kind: BindingKind| matches!(kind, BindingKind::Alias(_)) && own.is_assigned;
            if is_single && !is_variable(kind) {
                own.kind = kind;
            }
        }
    }

    /// Whether a variable is never anything but one name of one module.
    fn is_taken(&self, binding: BindingId, aliases: &[AliasId], assignments: usize) -> bool {
        let what = |alias: AliasId| {
            let alias = &self.aliases[alias.index()];
            (self.requests[alias.request.index()].specifier, alias.imported)
        };
        let declarations = self.bound.declarations(binding);
        let is_variable = |kind| matches!(kind, DeclarationKind::Variable { .. } | DeclarationKind::Parameter);
        // Where it is declared with a value, that value is one of the aliases.
        let values = declarations.iter().filter(|declared| declared.has_value && is_variable(declared.fact.kind)).count();
        aliases.iter().all(|&alias| what(alias) == what(aliases[0])) && aliases.len() == assignments + values
    }

    fn untake(&mut self, alias: AliasId) {
        let alias = &mut self.aliases[alias.index()];
        alias.local = None;
        if alias.form == AliasForm::Variable && alias.imported == Imported::Namespace {
            alias.form = AliasForm::Whole;
        }
    }

    fn renumber(&mut self, uses: &[u32], requests: &[u32], aliases: &[u32], exports: &[u32]) {
        let request = |id: &mut RequestId| *id = RequestId::new(requests[id.index()] as usize);
        for binding in &mut self.bound.bindings {
            match &mut binding.kind {
                BindingKind::Import(alias) => *alias = AliasId::new(aliases[alias.index()] as usize),
                BindingKind::Alias(used) => *used = UseId::new(uses[used.index()] as usize),
                _ => {}
            }
        }
        for used in &mut self.uses {
            if let UseForm::ExportSpecifier(export) = &mut used.form {
                *export = ExportId::new(exports[export.index()] as usize);
            }
        }
        for import in &mut self.imports {
            request(&mut import.request);
            let (start, end) = import.aliases;
            if start < end {
                let start = aliases[start as usize];
                import.aliases = (start, start + (end - import.aliases.0));
            }
        }
        self.aliases.iter_mut().for_each(|alias| request(&mut alias.request));
        for export in &mut self.exports {
            match &mut export.what {
                Exported::Use(used) => *used = UseId::new(uses[used.index()] as usize),
                Exported::From { request: id, .. } | Exported::Namespace(id) | Exported::Star(id) => request(id),
                Exported::Binding(_) | Exported::Expression => {}
            }
        }
    }
}

/// Sorts a table, and returns where each of its entries is now.
fn sort<T, K: Ord>(table: &mut Vec<T>, key: impl Fn(&T) -> K) -> Vec<u32> {
    let mut order: Vec<usize> = (0..table.len()).collect();
    order.sort_by_key(|&at| key(&table[at]));
    let mut now = vec![0; table.len()];
    for (place, &at) in order.iter().enumerate() {
        now[at] = place as u32;
    }
    let mut entries: Vec<(u32, T)> = table.drain(..).enumerate().map(|(at, entry)| (now[at], entry)).collect();
    entries.sort_by_key(|(place, _)| *place);
    table.extend(entries.into_iter().map(|(_, entry)| entry));
    now
}
