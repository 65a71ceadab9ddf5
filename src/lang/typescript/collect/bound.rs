//! What the scopes of a file bind, and what a name means at a place: TypeScript's `resolveName` (`src/compiler/utilities.ts`).

use rustc_hash::{FxHashMap, FxHashSet};

use crate::lang::typescript::facts::{
    Binding, BindingId, BindingKind, Declaration, DeclarationKind, Meaning, NameId, Scope, ScopeId, ScopeKind,
};
use crate::text::span::Span;

/// One declaration, as the walk finds it.
pub(super) struct Declared {
    pub(super) scope: ScopeId,
    pub(super) name: NameId,
    pub(super) fact: Declaration,
    pub(super) meaning: Meaning,
    /// The part of the scope in which it is seen; `None` for all of it.
    pub(super) visible: Option<Span>,
    /// Whether it has a value where it is declared.
    pub(super) has_value: bool,
    /// `const`.
    pub(super) is_const: bool,
}

/// The body of a namespace or an enum.
pub(super) struct Opener {
    pub(super) body: ScopeId,
    pub(super) name: NameId,
    pub(super) is_enum: bool,
}

/// What the scopes of a file bind.
pub(super) struct Bound {
    pub(super) scopes: Vec<Scope>,
    pub(super) bindings: Vec<Binding>,
    pub(super) declared: Vec<Declared>,
    named: FxHashMap<(ScopeId, NameId), BindingId>,
    at: FxHashMap<u32, BindingId>,
    /// The bodies of merged namespaces and enums, those of one together.
    merged: FxHashMap<ScopeId, Vec<ScopeId>>,
    globals: Vec<ScopeId>,
    modules: FxHashMap<u32, Box<str>>,
    requires: FxHashSet<BindingId>,
}

impl Bound {
    pub(super) fn new(
        scopes: Vec<Scope>,
        mut declared: Vec<Declared>,
        modules: FxHashMap<u32, Box<str>>,
        requires: Vec<u32>,
        openers: &[Opener],
    ) -> Self {
        declared.sort_by_key(|declared| (declared.scope, declared.name, declared.fact.name_span));
        let mut bindings: Vec<Binding> = Vec::new();
        for group in declared.chunk_by_mut(|a, b| (a.scope, a.name) == (b.scope, b.name)) {
            let start = bindings.last().map_or(0, |binding| binding.declarations.1);
            for one in group.iter_mut() {
                one.fact.binding = BindingId::new(bindings.len());
            }
            bindings.push(Binding {
                scope: group[0].scope,
                name: group[0].name,
                meaning: group.iter().fold(Meaning::NONE, |meaning, one| meaning.and(one.meaning)),
                kind: merged_kind(group),
                declarations: (start, start + group.len() as u32),
                is_assigned: false,
            });
        }
        let ids = || bindings.iter().enumerate().map(|(at, binding)| (BindingId::new(at), binding));
        let named = ids().map(|(id, binding)| ((binding.scope, binding.name), id)).collect();
        let at: FxHashMap<u32, BindingId> = declared.iter().map(|one| (one.fact.name_span.start, one.fact.binding)).collect();
        let requires = requires.iter().filter_map(|start| at.get(start).copied()).collect();
        let globals = |scopes: &[Scope]| {
            let all = scopes.iter().enumerate().filter(|(_, scope)| scope.kind == ScopeKind::Global);
            all.map(|(at, _)| ScopeId::new(at)).collect()
        };
        let globals = globals(&scopes);
        let merged = merged_bodies(&scopes, openers);
        Self { scopes, bindings, declared, named, at, merged, globals, modules, requires }
    }

    /// What is declared by the name that starts at a place.
    pub(super) fn declared_at(&self, start: u32) -> Option<BindingId> {
        self.at.get(&start).copied()
    }

    /// The module that an import takes a binding from.
    pub(super) fn module_of(&self, binding: BindingId) -> Option<&str> {
        let declared = self.declarations(binding).first()?;
        self.modules.get(&declared.fact.name_span.start).map(|module| &**module)
    }

    /// Whether a binding is what `createRequire` gives.
    pub(super) fn is_require(&self, binding: BindingId) -> bool {
        self.requires.contains(&binding)
    }

    /// The declarations of a binding.
    pub(super) fn declarations(&self, binding: BindingId) -> &[Declared] {
        let (start, end) = self.bindings[binding.index()].declarations;
        &self.declared[start as usize..end as usize]
    }

    /// What a name that stands at a place means there.
    pub(super) fn lookup(&self, scope: ScopeId, name: NameId, meaning: Meaning, at: u32) -> Option<BindingId> {
        let around = std::iter::successors(Some(scope), |scope| self.scopes[scope.index()].parent);
        let own = around.into_iter().find_map(|scope| {
            let own = self.named.get(&(scope, name)).copied().filter(|&id| self.is_meant(id, meaning, at));
            own.or_else(|| self.exported(self.merged.get(&scope)?, name, meaning))
        });
        own.or_else(|| {
            let mut all = self.globals.iter().filter_map(|&scope| self.named.get(&(scope, name)).copied());
            all.find(|id| self.bindings[id.index()].meaning.intersects(meaning))
        })
    }

    fn is_meant(&self, id: BindingId, meaning: Meaning, at: u32) -> bool {
        let is_seen = |one: &Declared| one.visible.is_none_or(|part| part.start <= at && at < part.end);
        self.bindings[id.index()].meaning.intersects(meaning) && self.declarations(id).iter().any(is_seen)
    }

    /// What the other bodies of a namespace or enum show.
    fn exported(&self, bodies: &[ScopeId], name: NameId, meaning: Meaning) -> Option<BindingId> {
        let is_shown =
            |one: &Declared| one.fact.is_exported || one.fact.is_ambient || one.fact.kind == DeclarationKind::EnumMember;
        let mut found = bodies.iter().filter_map(|&body| self.named.get(&(body, name)).copied());
        found.find(|&id| self.is_meant(id, meaning, 0) && self.declarations(id).iter().any(is_shown))
    }
}

/// The kind that all of the declarations have.
fn merged_kind(group: &[Declared]) -> BindingKind {
    let kind = |declared: &Declared| match declared.fact.kind {
        DeclarationKind::Function => BindingKind::Function,
        DeclarationKind::Class => BindingKind::Class,
        DeclarationKind::Interface => BindingKind::Interface,
        DeclarationKind::TypeAlias => BindingKind::TypeAlias,
        DeclarationKind::Enum => BindingKind::Enum,
        DeclarationKind::EnumMember => BindingKind::EnumMember,
        DeclarationKind::Namespace => BindingKind::Namespace,
        // What an import is bound to is known once its module is read.
        DeclarationKind::Variable { .. } | DeclarationKind::Import => BindingKind::Variable,
        DeclarationKind::Parameter => BindingKind::Parameter,
        DeclarationKind::TypeParameter => BindingKind::TypeParameter,
    };
    let is_import = |declared: &Declared| declared.fact.kind == DeclarationKind::Import;
    let first = kind(&group[0]);
    let is_same = |declared: &Declared| kind(declared) == first && is_import(declared) == is_import(&group[0]);
    if group.iter().all(is_same) { first } else { BindingKind::Merged }
}

/// The bodies of namespaces, and of enums, that have one name in one scope.
fn merged_bodies(scopes: &[Scope], openers: &[Opener]) -> FxHashMap<ScopeId, Vec<ScopeId>> {
    let mut groups: FxHashMap<(ScopeId, NameId, bool), Vec<ScopeId>> = FxHashMap::default();
    let mut first: FxHashMap<ScopeId, ScopeId> = FxHashMap::default();
    for opener in openers {
        let Some(parent) = scopes[opener.body.index()].parent else { continue };
        // Bodies inside of bodies that merge do so themselves.
        let parent = first.get(&parent).copied().unwrap_or(parent);
        let group = groups.entry((parent, opener.name, opener.is_enum)).or_default();
        group.push(opener.body);
        first.insert(opener.body, group[0]);
    }
    let several = groups.into_values().filter(|group| group.len() > 1);
    several.flat_map(|group| group.clone().into_iter().map(move |body| (body, group.clone()))).collect()
}
