//! The TypeScript files of an index: their facts, and what the modules that they ask for are.
//!
//! A parse of all of them takes less time than reading the words of a Python tree of the same size, so nothing is skipped: a question
//! about one name looks at every file.

pub mod references;

use std::sync::OnceLock;

use rayon::prelude::*;

use super::Index;
use crate::lang::typescript;
use crate::lang::typescript::collect;
use crate::lang::typescript::facts::{Facts, Mock, Request, RequestId, RequestKind, SyntaxError};
use crate::lang::typescript::missing::{Missing, missing};
use crate::lang::typescript::modules::{Absence, Kind, Module, Modules, Options, Resolved};
use crate::lang::typescript::resolve::{self, Program, Resolution, Symbol};
use crate::text::snapshot::FileId;
use crate::text::span::Span;

/// What the files of one snapshot ask for.
pub(super) struct Projects {
    modules: Modules,
    targets: Vec<OnceLock<Box<[Resolved]>>>,
    /// What each file asks for in vain. It depends on all files, so it is kept with the snapshot and not with the file.
    missing: Vec<OnceLock<Box<[Missing]>>>,
}

/// The TypeScript files of an index.
#[derive(Clone, Copy)]
pub struct TypeScript<'i> {
    /// The index.
    pub index: &'i Index,
}

impl Index {
    /// Its TypeScript files.
    pub fn typescript(&self) -> TypeScript<'_> {
        TypeScript { index: self }
    }
}

impl<'i> TypeScript<'i> {
    /// The ids of the files, in the order of their paths.
    pub fn files(self) -> impl Iterator<Item = FileId> + 'i {
        let files = self.index.snapshot.files().iter().enumerate();
        files.filter(|(_, file)| typescript::is_source(&file.path)).map(|(index, _)| FileId::new(index))
    }

    /// The facts of a file. One that cannot be read, or is not UTF-8, has an error and nothing else.
    pub fn facts(self, file: FileId) -> &'i Facts {
        let path = &self.index.snapshot.get(file).path;
        self.index.slots[file.index()].typescript.get_or_init(|| match self.index.text(file) {
            Ok(text) => collect(&text, path),
            Err(error) => {
                let message = error.to_string().into();
                Facts { errors: [SyntaxError { span: Span::at(0), message }].into(), ..collect("", path) }
            }
        })
    }

    /// The files that have been parsed so far, in the order of their paths, with their facts.
    pub fn parsed(self) -> impl Iterator<Item = (FileId, &'i Facts)> {
        let slots = self.index.slots.iter().enumerate();
        slots.filter_map(|(index, slot)| Some((FileId::new(index), slot.typescript.get()?)))
    }

    /// Collects the facts of all files and finds what they ask for, on all threads.
    pub fn warm(self) {
        let files: Vec<FileId> = self.files().collect();
        files.par_iter().for_each(|&file| {
            self.targets(file);
        });
    }

    /// The modules.
    pub fn modules(self) -> &'i Modules {
        &self.projects().modules
    }

    /// What a file asks for, request by request.
    pub fn targets(self, file: FileId) -> &'i [Resolved] {
        let projects = self.projects();
        projects.targets[file.index()].get_or_init(|| {
            let facts = self.facts(file);
            let target = |request: &Request| projects.modules.resolve(file, facts.names.get(request.specifier), kind(request));
            facts.requests.iter().map(target).collect()
        })
    }

    /// What a file asks of modules that is not there, in the order of evaluation.
    pub fn missing(self, file: FileId) -> &'i [Missing] {
        self.projects().missing[file.index()].get_or_init(|| missing(&self, file).into())
    }

    /// Follows a symbol to what it means.
    pub fn resolve(self, symbol: &Symbol) -> Resolution {
        resolve::resolve(&self, symbol, self.absence(&symbol.module))
    }

    /// Why a module that a plan names is not in the snapshot, if so.
    fn absence(self, module: &Module) -> Option<Absence> {
        match module {
            Module::File(_) => None,
            Module::Absent(name) => Some(self.modules().find(name).err().unwrap_or(Absence::External)),
        }
    }

    fn projects(self) -> &'i Projects {
        self.index.projects.get_or_init(|| Projects {
            modules: Modules::new(&self.index.snapshot, &Options { projects: self.index.options.projects.clone() }),
            targets: self.index.snapshot.files().iter().map(|_| OnceLock::new()).collect(),
            missing: self.index.snapshot.files().iter().map(|_| OnceLock::new()).collect(),
        })
    }
}

/// By which rules a request is resolved.
pub fn kind(request: &Request) -> Kind {
    match request.kind {
        RequestKind::Require | RequestKind::Resolve | RequestKind::ImportEquals | RequestKind::Mock(Mock::Actual) => {
            Kind::Require
        }
        _ if request.is_type_only => Kind::Types,
        _ => Kind::Import,
    }
}

impl Program for TypeScript<'_> {
    fn facts(&self, file: FileId) -> &Facts {
        TypeScript::facts(*self, file)
    }

    fn target(&self, file: FileId, request: RequestId) -> &Resolved {
        &self.targets(file)[request.index()]
    }

    fn is_source(&self, file: FileId) -> bool {
        typescript::is_source(&self.index.snapshot.get(file).path)
    }
}
