//! Who refers to what a TypeScript module exports, or to a module, through which barrels.
//!
//! Every place that could is followed to what it means; nothing is a reference because it looks like one.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::TypeScript;
use crate::lang::typescript::facts::{
    AliasForm, AliasId, BindingId, ExportId, Exported, Imported, RequestId, RequestKind, ScopeId, ScopeKind, UseId,
};
use crate::lang::typescript::modules::Module;
use crate::lang::typescript::resolve::{self, Definition, End, Program, Resolution, Symbol};
use crate::text::snapshot::FileId;
use crate::text::span::Span;

/// What is searched for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Target {
    /// A name that a module exports, by this very path: another name of the same thing is not a reference to it.
    Symbol(Symbol),
    /// A module, or all modules of a folder or package, by its name in plans.
    Module(Box<str>),
}

/// Where a reference stands in its file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Site {
    /// A string that names the module.
    Request(RequestId),
    /// A name that is taken from a module.
    Alias(AliasId),
    /// An export entry: `export { X } from "m"`, or `export { X }` of an imported name.
    Export(ExportId),
    /// A use of a name with members; the number is how many of them lead to the target.
    Attribute(UseId, usize),
    /// A name that stands for the target: bound by an import above, or the declaration's own.
    Name(UseId),
}

/// One reference.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reference {
    /// The file that refers.
    pub file: FileId,
    /// Where in it.
    pub site: Site,
    /// The index of the target among those searched for.
    pub target: usize,
    /// The way from the place to what it means; empty for a module.
    pub way: Resolution,
    /// How many hops of the way come before the target: 0 for a direct reference, more for one through barrels.
    pub distance: usize,
}

/// A search for the references to some targets.
pub struct Search<'i> {
    code: TypeScript<'i>,
    symbols: FxHashMap<&'i Symbol, usize>,
    /// What the targets are bound to in the files that declare them: the files' own uses refer to these.
    own: FxHashMap<Definition, usize>,
    modules: Vec<(&'i str, usize)>,
}

impl<'i> Search<'i> {
    /// Prepares a search.
    pub fn new(code: TypeScript<'i>, targets: &'i [Target]) -> Self {
        let mut search = Self { code, symbols: FxHashMap::default(), own: FxHashMap::default(), modules: Vec::new() };
        for (at, target) in targets.iter().enumerate() {
            match target {
                Target::Symbol(symbol) => {
                    search.symbols.entry(symbol).or_insert(at);
                    if let Module::File(file) = symbol.module
                        && let Some(binding) = own_binding(code, file, &symbol.name)
                    {
                        search.own.entry(Definition::Binding(file, binding)).or_insert(at);
                    }
                }
                Target::Module(name) => search.modules.push((name, at)),
            }
        }
        search
    }

    /// Finds all references, sorted by file; in a file by the kind of site, then by place.
    pub fn run(&self) -> Vec<Reference> {
        let files: Vec<FileId> = self.code.files().collect();
        files.into_par_iter().flat_map_iter(|file| self.in_file(file)).collect()
    }

    /// Finds the references in one file, in the same order.
    pub fn in_file(&self, file: FileId) -> Vec<Reference> {
        let mut found = Vec::new();
        let facts = self.code.facts(file);
        for (at, target) in self.code.targets(file).iter().enumerate() {
            if let Some(hit) = self.module(&target.module) {
                let way = Resolution { hops: Vec::new(), is_renamed: false, end: End::Module(target.module.clone()) };
                found.push(Reference { file, site: Site::Request(RequestId::new(at)), target: hit, way, distance: 0 });
            }
        }
        if self.symbols.is_empty() {
            return found;
        }
        let mut push = |site, way: Resolution| {
            if let Some((target, distance)) = self.hit(&way) {
                found.push(Reference { file, site, target, way, distance });
            }
        };
        for (at, alias) in facts.aliases.iter().enumerate().filter(|(_, alias)| is_name(alias.imported)) {
            push(Site::Alias(AliasId::new(at)), resolve::imported(&self.code, file, alias));
        }
        for (at, export) in facts.exports.iter().enumerate() {
            let way = match export.what {
                Exported::From { request, imported, .. } => {
                    let target = self.code.target(file, request);
                    let symbol = Symbol { module: target.module.clone(), name: facts.names.get(imported).into() };
                    resolve::resolve(&self.code, &symbol, target.absence)
                }
                Exported::Binding(binding) => resolve::bound(&self.code, file, binding),
                _ => continue,
            };
            push(Site::Export(ExportId::new(at)), way);
        }
        for (at, used) in facts.uses.iter().enumerate() {
            let Some(binding) = used.binding else { continue };
            let id = UseId::new(at);
            if let Some(&target) = self.own.get(&Definition::Binding(file, binding)) {
                let end = End::Definition(Definition::Binding(file, binding));
                let way = Resolution { hops: Vec::new(), is_renamed: false, end };
                found.push(Reference { file, site: Site::Name(id), target, way, distance: 0 });
                continue;
            }
            for (depth, way) in resolve::steps(&self.code, file, used).into_iter().enumerate() {
                if let Some((target, distance)) = self.hit(&way) {
                    let site = if depth == 0 { Site::Name(id) } else { Site::Attribute(id, depth) };
                    found.push(Reference { file, site, target, way, distance });
                    break;
                }
            }
        }
        found
    }

    /// The first target that a way passes, and the number of hops before it.
    fn hit(&self, way: &Resolution) -> Option<(usize, usize)> {
        way.hops.iter().enumerate().find_map(|(distance, hop)| self.symbols.get(hop).map(|&target| (target, distance)))
    }

    /// The target that a module is, or lies in.
    fn module(&self, module: &Module) -> Option<usize> {
        if self.modules.is_empty() {
            return None;
        }
        let name = self.code.modules().module_name(module);
        self.modules.iter().find(|(target, _)| is_inside(&name, target)).map(|&(_, at)| at)
    }
}

/// What a file itself binds an exported name to; where it does not export the name, what it binds the name to.
pub fn own_binding(code: TypeScript<'_>, file: FileId, name: &str) -> Option<BindingId> {
    let facts = code.facts(file);
    let exported = facts.exports_of(name).find_map(|(_, export)| match export.what {
        Exported::Binding(binding) => Some(binding),
        Exported::Use(used) => {
            let used = &facts.uses[used.index()];
            used.binding.filter(|_| used.attributes.0 == used.attributes.1)
        }
        _ => None,
    });
    exported.or_else(|| if facts.exports_of(name).next().is_some() { None } else { facts.top_level(name) })
}

/// The declarations in a file that merge with a definition of another one: `declare module "m" { interface X { … } }`.
pub fn augmentations(code: TypeScript<'_>, file: FileId, of: Definition) -> Vec<Span> {
    let facts = code.facts(file);
    let requests = facts.requests.iter().zip(code.targets(file));
    let added = requests.filter(|(request, _)| request.kind == RequestKind::Augmentation).flat_map(|(request, target)| {
        let is_body = |scope: ScopeId| {
            let scope = &facts.scopes[scope.index()];
            scope.kind == ScopeKind::Augmentation && request.whole.covers(scope.span)
        };
        facts.bindings.iter().filter(move |binding| is_body(binding.scope)).map(|binding| (&target.module, binding))
    });
    let merged = added.filter(|(module, binding)| {
        let symbol = Symbol { module: (*module).clone(), name: facts.names.get(binding.name).into() };
        code.resolve(&symbol).definition() == Some(of)
    });
    merged.flat_map(|(_, binding)| facts.declarations_of(binding)).map(|declaration| declaration.name_span).collect()
}

/// Whether a module's name is `outer` or lies in it.
pub fn is_inside(name: &str, outer: &str) -> bool {
    name.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn is_name(imported: Imported) -> bool {
    matches!(imported, Imported::Name(_))
}

impl Reference {
    /// The place of a reference.
    pub fn span(&self, code: TypeScript<'_>) -> Span {
        let facts = code.facts(self.file);
        match self.site {
            Site::Request(request) => facts.requests[request.index()].span,
            Site::Alias(alias) => facts.aliases[alias.index()].imported_span,
            Site::Export(export) => match facts.exports[export.index()].what {
                Exported::From { imported_span, .. } => imported_span,
                _ => facts.exports[export.index()].name_span,
            },
            Site::Attribute(used, depth) => {
                let used = &facts.uses[used.index()];
                Span::new(used.span.start, facts.attributes_of(used)[depth - 1].span.end)
            }
            Site::Name(used) => facts.uses[used.index()].span,
        }
    }

    /// Whether the reference is how a test replaces the name.
    pub fn is_replacement(&self, code: TypeScript<'_>) -> bool {
        match self.site {
            Site::Alias(alias) => code.facts(self.file).aliases[alias.index()].form == AliasForm::Replacement,
            _ => false,
        }
    }
}
