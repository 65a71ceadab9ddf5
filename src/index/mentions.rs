//! The places of configuration files that name a symbol or a module.

use rayon::prelude::*;

use super::references::Search;
use super::words::Word;
use crate::lang::config::{Format, Position, dotted_paths};
use crate::lang::python::resolve::Resolution;
use crate::lang::python::strings;
use crate::text::path::RepoPath;
use crate::text::snapshot::FileId;
use crate::text::span::Span;

/// A dotted path in a configuration file that leads to a target.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mention {
    /// The file.
    pub file: FileId,
    /// The parts of the path that lead to the target.
    pub span: Span,
    /// The whole path.
    pub path: Span,
    /// Where it stands.
    pub position: Position,
    /// The file's format.
    pub format: Format,
    /// The index of the target among those searched for.
    pub target: usize,
    /// The way from the path to what it means.
    pub way: Resolution,
    /// How many hops of the way come before the target.
    pub distance: usize,
}

impl Mention {
    /// Whether something may well break without what it names. JSON is mostly data: records of what has been, not settings.
    pub fn is_binding(&self) -> bool {
        self.format != Format::Json
    }
}

/// Whether a file is a plan or transform of this tool: what is to move keeps its name there.
pub fn is_plan(path: &RepoPath, text: &str) -> bool {
    path.is_below(b".ssot-migrate") || text.lines().any(|line| line.trim() == "[[phase.step]]")
}

impl Search<'_> {
    /// Finds the mentions of the targets in the configuration files that matter, sorted by file and place.
    pub fn mentions(&self, matters: &(dyn Fn(FileId) -> bool + Sync)) -> Vec<Mention> {
        let words: Vec<Word> = self.names().map(Word::new).collect();
        let files = self.index().config_files_with(&words, matters);
        files.into_par_iter().flat_map_iter(|(file, format)| self.mentioned_in(file, format)).collect()
    }

    fn mentioned_in(&self, file: FileId, format: Format) -> Vec<Mention> {
        let Ok(text) = self.index().text(file) else { return Vec::new() };
        if is_plan(&self.index().snapshot().get(file).path, &text) {
            return Vec::new();
        }
        let mut found = Vec::new();
        for path in dotted_paths(format, &text, &|path| self.spells(path)) {
            let spelled = &text[path.span.range()];
            for (parts, way) in self.path(spelled) {
                let Some((target, distance)) = self.hit(&way) else { continue };
                let end = path.span.start + strings::prefix(spelled, parts).len() as u32;
                let span = Span::new(path.span.start, end);
                let (path, position) = (path.span, path.position);
                found.push(Mention { file, span, path, position, format, target, way, distance });
            }
        }
        found
    }
}
