//! Layer 3: the facts of all files, joined.
//!
//! An [`Index`] answers for one snapshot. It is demand-driven: building it looks at paths alone; a file's words are read when
//! someone asks who contains a word, and a file is parsed when someone asks for its facts. Answers do not depend on the order
//! of the questions or on the number of threads. The index of the next snapshot shares what did not change.

pub mod imported_uses;
pub mod mentions;
pub mod references;
pub mod typescript;
pub mod unread;
pub mod used_as;
pub mod words;

use std::sync::{Arc, OnceLock};

use rayon::prelude::*;

use crate::lang::config::Format;
use crate::lang::python::collect::Version;
use crate::lang::python::facts::{Facts, SyntaxError};
use crate::lang::python::modules::{Module, ModuleTable, RootFolder};
use crate::lang::python::resolve::{Memo, Program, imported_modules};
use crate::lang::{self, python};
use crate::syntax::{self, Tree};
use crate::text::path::RepoPath;
use crate::text::snapshot::{FileId, ReadError, Snapshot};
use crate::text::span::{LineIndex, Position, Span};
use typescript::Projects;
use words::{Word, Words};

/// The largest file that is read as text, in bytes.
const LARGEST: usize = 16 << 20;

/// What a plan says about the languages.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Options {
    /// The folders that Python imports start from; found by [`RootFolder::detect`] where the plan does not say.
    pub roots: Option<Vec<RootFolder>>,
    /// The Python version that the code must run on; the newest where the plan does not say.
    pub version: Option<Version>,
    /// The `tsconfig.json` files that TypeScript and JavaScript files are read by; every one of the snapshot where the plan does not say.
    pub projects: Option<Vec<RepoPath>>,
}

/// The facts of all files of one snapshot.
pub struct Index {
    snapshot: Snapshot,
    options: Options,
    slots: Vec<Arc<Slot>>,
    modules: ModuleTable,
    projects: OnceLock<Projects>,
    memo: Memo,
    /// Whether each file patches by paths that are not written there, and whether it or one that it imports does.
    patching: Vec<(OnceLock<bool>, OnceLock<bool>)>,
}

/// What is known of one file's content so far.
#[derive(Default)]
struct Slot {
    words: OnceLock<Words>,
    facts: OnceLock<Facts>,
    typescript: OnceLock<crate::lang::typescript::Facts>,
    tree: OnceLock<Option<Tree>>,
    lines: OnceLock<LineIndex>,
    is_readable: OnceLock<bool>,
}

impl Index {
    /// Builds the index of a snapshot.
    pub fn build(snapshot: Snapshot, options: &Options) -> Self {
        let slots = snapshot.files().iter().map(|_| Arc::default()).collect();
        Self::assemble(snapshot, options.clone(), slots)
    }

    /// Builds the index of a snapshot that was made from this index's by a change.
    pub fn advance(&self, snapshot: Snapshot) -> Self {
        let slot = |file| {
            let id = self.snapshot.id(&snapshot.get(file).path)?;
            Arc::ptr_eq(self.snapshot.get(id), snapshot.get(file)).then(|| self.slots[id.index()].clone())
        };
        let slots = (0..snapshot.files().len()).map(|index| slot(FileId::new(index)).unwrap_or_default()).collect();
        Self::assemble(snapshot, self.options.clone(), slots)
    }

    fn assemble(snapshot: Snapshot, options: Options, slots: Vec<Arc<Slot>>) -> Self {
        let detected;
        let roots = match &options.roots {
            Some(roots) => roots,
            None => {
                detected = RootFolder::detect(&snapshot);
                &detected
            }
        };
        let modules = ModuleTable::new(&snapshot, roots);
        let patching = slots.iter().map(|_| <(OnceLock<bool>, OnceLock<bool>)>::default()).collect();
        Self { snapshot, options, slots, modules, projects: OnceLock::new(), memo: Memo::default(), patching }
    }

    /// The snapshot that the index answers for.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// What the plan says about the languages.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The modules of the snapshot.
    pub fn modules(&self) -> &ModuleTable {
        &self.modules
    }

    /// The ids of all Python files, in the order of their paths.
    pub fn python_files(&self) -> impl Iterator<Item = FileId> {
        let files = self.snapshot.files().iter().enumerate();
        files.filter(|(_, file)| python::is_source(&file.path)).map(|(index, _)| FileId::new(index))
    }

    /// The Python files that may contain one of the words, in the order of their paths.
    pub fn with_words(&self, words: &[Word]) -> Vec<FileId> {
        let files: Vec<FileId> = self.python_files().collect();
        files.into_par_iter().filter(|&file| words.iter().any(|&word| self.words(file).may_contain(word))).collect()
    }

    /// Whether a file may contain all of some words.
    pub fn may_spell(&self, file: FileId, words: &[Word]) -> bool {
        words.iter().all(|&word| self.words(file).may_contain(word))
    }

    /// The configuration files that matter and may contain one of the words, in the order of their paths, with their formats.
    pub fn config_files_with(&self, words: &[Word], matters: &(dyn Fn(FileId) -> bool + Sync)) -> Vec<(FileId, Format)> {
        let files = self.snapshot.files().iter().enumerate();
        let files = files.filter_map(|(index, file)| Some((FileId::new(index), Format::of(&file.path)?)));
        let files: Vec<(FileId, Format)> = files.filter(|(file, _)| matters(*file)).collect();
        files.into_par_iter().filter(|&(file, _)| words.iter().any(|&word| self.words(file).may_contain(word))).collect()
    }

    fn words(&self, file: FileId) -> &Words {
        self.slots[file.index()].words.get_or_init(|| match self.snapshot.read(self.snapshot.get(file)) {
            Ok(bytes) => Words::of(&bytes),
            Err(_) => Words::Unknown,
        })
    }

    /// The facts of a Python file. One that cannot be read, or is not UTF-8, has an error and nothing else.
    pub fn facts(&self, file: FileId) -> &Facts {
        self.slots[file.index()].facts.get_or_init(|| match self.text(file) {
            Ok(text) => python::collect(&text, self.options.version),
            Err(error) => {
                let message = error.to_string().into();
                Facts { errors: [SyntaxError { span: Span::at(0), message }].into(), ..python::collect("", None) }
            }
        })
    }

    /// Whether a program of its format's could read a configuration file.
    pub fn is_readable(&self, file: FileId, format: Format) -> bool {
        let ask = || self.text(file).is_ok_and(|text| lang::config::is_readable(format, &text));
        *self.slots[file.index()].is_readable.get_or_init(ask)
    }

    /// Whether a file, or one that it imports, patches something by a path that is not written where it does so.
    pub fn patches_unseen(&self, file: FileId) -> bool {
        let ask = || {
            let is_patching = |module: Module| matches!(module, Module::File(helper) if self.patches_unknown_paths(helper));
            self.patches_unknown_paths(file) || imported_modules(self, file).into_iter().any(is_patching)
        };
        *self.patching[file.index()].1.get_or_init(ask)
    }

    fn patches_unknown_paths(&self, file: FileId) -> bool {
        let ask = || self.text(file).is_ok_and(|text| python::strings::patches_unknown_paths(self, file, &text));
        *self.patching[file.index()].0.get_or_init(ask)
    }

    /// Collects the facts of many files at once, on all threads.
    pub fn warm(&self, files: &[FileId]) {
        files.par_iter().for_each(|&file| {
            self.facts(file);
        });
    }

    /// The first Python file that `in_scope` wants and that cannot be read. One that is too large is told like one that does not parse.
    pub fn unreadable(&self, in_scope: &(dyn Fn(&RepoPath) -> bool + Sync)) -> Option<ReadError> {
        let files: Vec<FileId> = self.python_files().collect();
        files.into_par_iter().find_map_first(|file| {
            let entry = self.snapshot.get(file);
            match self.words(file) {
                Words::Unknown if in_scope(&entry.path) => {
                    self.snapshot.read(entry).err().filter(|error| !matches!(error, ReadError::TooLarge { .. }))
                }
                _ => None,
            }
        })
    }

    /// The Python files that have been parsed so far, in the order of their paths, with their facts.
    pub fn parsed(&self) -> impl Iterator<Item = (FileId, &Facts)> {
        let slots = self.slots.iter().enumerate();
        slots.filter_map(|(index, slot)| Some((FileId::new(index), slot.facts.get()?)))
    }

    /// The text of a file.
    ///
    /// # Errors
    /// It cannot be read, is too large, or is not UTF-8.
    pub fn text(&self, file: FileId) -> Result<String, TextError> {
        let bytes = match self.snapshot.read(self.snapshot.get(file)) {
            Ok(bytes) if bytes.len() <= LARGEST => bytes,
            Ok(_) | Err(ReadError::TooLarge { .. }) => return Err(TextError::TooLarge),
            Err(error) => return Err(error.into()),
        };
        match std::str::from_utf8(&bytes) {
            Ok(text) => Ok(text.to_owned()),
            Err(error) => Err(TextError::NotUtf8 { offset: error.valid_up_to() }),
        }
    }

    /// Where the lines of a file start. One that cannot be read has one line.
    pub fn lines(&self, file: FileId) -> &LineIndex {
        self.slots[file.index()].lines.get_or_init(|| {
            let bytes = self.snapshot.read(self.snapshot.get(file));
            LineIndex::new(bytes.as_deref().unwrap_or_default())
        })
    }

    /// The position of a byte offset in a file.
    pub fn position(&self, file: FileId, offset: u32) -> Position {
        self.lines(file).position(offset)
    }

    /// The concrete syntax tree of a source file, which must have this text. It is kept as long as the file does not change.
    pub fn tree(&self, file: FileId, text: &str) -> Option<&Tree> {
        let grammar = lang::grammar(&self.snapshot.get(file).path)?;
        self.slots[file.index()].tree.get_or_init(|| syntax::parse(grammar, text)).as_ref()
    }
}

impl Program for Index {
    fn facts(&self, file: FileId) -> &Facts {
        self.facts(file)
    }

    fn modules(&self) -> &ModuleTable {
        &self.modules
    }

    fn memo(&self) -> Option<&Memo> {
        Some(&self.memo)
    }
}

/// Why a file has no text.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TextError {
    /// It cannot be read.
    #[error("cannot be read: {0}")]
    Read(#[from] ReadError),
    /// It is larger than any source that people write; its syntax tree would take more memory than there is.
    #[error("is larger than {} MiB", LARGEST >> 20)]
    TooLarge,
    /// It is not UTF-8.
    #[error("is not UTF-8 (byte {offset})")]
    NotUtf8 {
        /// The first byte that is not part of a UTF-8 character.
        offset: usize,
    },
}
