//! The rules for TypeScript and JavaScript. A kind reads its parameters here where they name TypeScript; what it is and what it promises is
//! said in its own file.

pub(super) mod ban;
pub(super) mod delete_definition;
pub(crate) mod delete_module;
mod found;
pub mod inline_wrapper;
mod judge;
mod library;
mod mocks;
pub(super) mod move_module;
pub(super) mod move_symbol;
pub mod named;
pub(super) mod package;
pub(super) mod query;
mod quiet;
mod relocate;
pub(super) mod remove_unused_imports;
pub(super) mod rewrite;
pub mod shim;
mod spell;

pub use self::judge::describe;
use std::sync::{Mutex, PoisonError};

use rustc_hash::FxHashMap;

use super::finding::{Evidence, Finding, Form, Outcome, Place, Reason, Spelling};
use crate::index::Index;
use crate::index::typescript::TypeScript;
use crate::index::typescript::references::{Reference, Site};
use crate::lang::typescript::facts::{
    AliasForm, Computed, Exported, Facts, Imported, NameId, Request, RequestId, RequestKind, UseForm,
};
use crate::lang::typescript::imports::{Refusal, Source};
use crate::lang::typescript::modules::{Kind, Module};
use crate::text::eol;
use crate::text::path::RepoPath;
use crate::text::snapshot::FileId;
use crate::text::span::{LineIndex, Span};

/// One file that findings are made in.
pub struct View<'i> {
    /// The TypeScript files.
    pub code: TypeScript<'i>,
    /// The file.
    pub file: FileId,
    /// Its path.
    pub path: &'i RepoPath,
    /// Its facts.
    pub facts: &'i Facts,
    /// Its text.
    pub text: String,
    lines: &'i LineIndex,
    specifiers: Mutex<FxHashMap<FileId, Option<String>>>,
}

impl<'i> View<'i> {
    /// Opens a file.
    pub fn open(index: &'i Index, file: FileId) -> Self {
        let code = index.typescript();
        let text = index.text(file).unwrap_or_default();
        Self {
            code,
            file,
            path: &index.snapshot().get(file).path,
            facts: code.facts(file),
            text,
            lines: index.lines(file),
            specifiers: Mutex::default(),
        }
    }

    /// The file as the editors of imports and definitions need it; `None` where tree-sitter gives up.
    pub fn source(&self) -> Option<Source<'_>> {
        let tree = self.code.index.tree(self.file, &self.text)?;
        Some(Source { text: &self.text, facts: self.facts, tree })
    }

    /// How an import of the file spells another, in the style of its requests of some kinds. Always the same kinds are asked for.
    pub fn specifier(&self, file: FileId, is_like: &dyn Fn(RequestKind) -> bool) -> Option<String> {
        let spell = || {
            let others = self.facts.requests.iter().filter(|request| is_like(request.kind));
            let others: Vec<&str> = others.map(|request| self.facts.names.get(request.specifier)).collect();
            self.code.modules().spell_like(self.path, &self.code.index.snapshot().get(file).path, &others)
        };
        let mut known = self.specifiers.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(file).or_insert_with(spell).clone()
    }

    /// A place of it.
    pub fn place(&self, span: Span) -> Place {
        Place { path: self.path.clone(), span, position: self.lines.position(span.start) }
    }

    /// The line that a span starts on, as evidence.
    pub fn quote(&self, role: &'static str, span: Span) -> Evidence {
        let line = eol::quoted(&self.text, span.range().start);
        Evidence { role, at: Some((self.path.clone(), self.lines.position(span.start).line)), text: line }
    }

    /// Whether a module's name that is put together at run time may be that of a file.
    pub fn may_lead(&self, computed: &Computed, to: FileId) -> bool {
        let Some((folder, start)) = self.facts.names.get(computed.prefix).rsplit_once('/') else { return false };
        let path = self.code.index.snapshot().get(to).path.as_str();
        let stem = path.and_then(|path| path.rsplit('/').next()).and_then(|name| name.split('.').next());
        stem.filter(|stem| stem.starts_with(start)).is_some_and(|stem| {
            let whole = self.code.modules().resolve(self.file, &format!("{folder}/{stem}"), Kind::Import);
            whole.module == Module::File(to)
        })
    }

    /// A finding in it.
    pub fn finding(&self, span: Span, message: String, spelling: Option<Spelling>, outcome: Outcome) -> Finding {
        Finding { place: self.place(span), message, spelling, evidence: Vec::new(), outcome }
    }

    /// How a request is spelled.
    pub fn spelling(&self, request: &Request) -> Spelling {
        let form = match request.kind {
            RequestKind::Import | RequestKind::ImportEquals => Form::Import,
            RequestKind::Export => Form::Export,
            RequestKind::Dynamic => Form::DynamicImport,
            RequestKind::Require => Form::Require,
            RequestKind::ImportType => Form::ImportType,
            RequestKind::Mock(_) => Form::Mock,
            RequestKind::Resolve | RequestKind::Url => Form::String,
            RequestKind::ReferencePath | RequestKind::ReferenceTypes => Form::Reference,
            RequestKind::Augmentation => Form::Augmentation,
        };
        Spelling {
            is_lazy: self.facts.is_lazy(request.scope),
            is_relative: self.facts.names.get(request.specifier).starts_with('.'),
            is_type_checking: request.is_type_only,
            is_multi_line: self.text[request.whole.range()].contains(['\n', '\r']),
            ..Spelling::of(form)
        }
    }
}

/// How a reference is spelled.
pub fn spelling(view: &View<'_>, reference: &Reference) -> Spelling {
    let facts = view.facts;
    let of = |request: RequestId| view.spelling(&facts.requests[request.index()]);
    let spelling = match reference.site {
        Site::Request(request) => of(request),
        Site::Alias(alias) => {
            let alias = &facts.aliases[alias.index()];
            let local = alias.local.map(|local| facts.bindings[local.index()].name);
            let is_aliased = matches!((alias.imported, local), (Imported::Name(name), Some(local)) if name != local);
            let is_shared = match alias.form {
                AliasForm::Import(import) => facts.aliases_of(&facts.imports[import.index()]).count() > 1,
                _ => false,
            };
            Spelling { is_aliased, is_shared, is_type_checking: alias.is_type_only, ..of(alias.request) }
        }
        Site::Export(export) => match facts.exports[export.index()].what {
            Exported::From { request, .. } => of(request),
            _ => Spelling::of(Form::Export),
        },
        Site::Attribute(used, _) => {
            Spelling { is_lazy: facts.is_lazy(facts.uses[used.index()].scope), ..Spelling::of(Form::Attribute) }
        }
        Site::Name(used) => match facts.uses[used.index()].form {
            UseForm::ExportSpecifier(_) => Spelling::of(Form::Export),
            _ => Spelling::of(Form::Name),
        },
    };
    Spelling { is_indirect: reference.distance > 0, ..spelling }
}

/// Why the import editor does not do a thing, as a reason.
fn refused(refusal: Refusal) -> Reason {
    match refusal {
        Refusal::ParsersDisagree => Reason::ParsersDisagree,
        Refusal::Comment => Reason::Commented,
        Refusal::Shared => Reason::Shared,
        Refusal::Form => Reason::OddSpelling,
    }
}

/// The comments of a script that take types from a module, each with the place that names it.
pub fn documented(code: TypeScript<'_>, file: FileId, module: FileId) -> Vec<(Span, Span)> {
    let facts = code.facts(file);
    let leads = |path: NameId| {
        let found = code.modules().resolve(file, facts.names.get(path), Kind::Types);
        found.module == Module::File(module)
    };
    let named = facts.paths.iter().filter_map(|(path, span)| {
        let comment = facts.comments.iter().find(|comment| comment.covers(*span))?;
        leads(*path).then_some((*comment, *span))
    });
    named.collect()
}
