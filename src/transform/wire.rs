//! Reading the TOML files that people write: plans and transforms.
//!
//! A [`Table`] is read key by key, each key with the type it must have, and at the end reports the keys that nobody asked for.
//! Every [`Problem`] knows its file and place and says what would be right; reading goes on after a problem, so that one run
//! shows them all.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use regex::Regex;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::text::plain;

/// The longest glob that is read, in bytes: as long as a path can be.
const LONGEST_GLOB: usize = 4_096;

/// A file that people write, with its name as it is shown.
#[derive(PartialEq, Eq, Debug)]
pub struct SpecFile {
    /// Its path, or `embedded:…` for one that is part of the tool.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// A place in a file that people write.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Origin {
    /// The file.
    pub file: Arc<SpecFile>,
    /// The bytes.
    pub range: Range<usize>,
}

impl Origin {
    /// The line, counted from 1, and the column, counted in characters from 1.
    pub fn line_column(&self) -> (usize, usize) {
        let before = &self.file.text[..self.range.start.min(self.file.text.len())];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        (line, column)
    }
}

/// Something that is wrong in a file that people write.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// Where.
    pub origin: Origin,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub hint: Option<String>,
}

impl Problem {
    /// A problem at a place.
    pub fn new(origin: &Origin, message: impl Into<String>) -> Self {
        Self { origin: origin.clone(), message: message.into(), hint: None }
    }

    /// Adds what would be right.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds `did you mean …`, where one of the candidates resembles the word.
    #[must_use]
    pub fn did_you_mean<'a>(self, word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Self {
        match nearest(word, candidates) {
            Some(candidate) => self.hint(format!("did you mean `{candidate}`?")),
            None => self,
        }
    }
}

/// The candidate that resembles the word most, where one resembles it at all.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let scored = candidates.into_iter().map(|candidate| (strsim::jaro_winkler(word, candidate), candidate));
    let best = scored.filter(|(score, _)| *score > 0.8).max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)));
    best.map(|(_, candidate)| candidate)
}

/// Problems in the files that people write; at least one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SpecError {
    /// The problems, in the order in which they were found.
    pub problems: Vec<Problem>,
}

impl std::error::Error for SpecError {}

impl std::fmt::Display for SpecError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl SpecError {
    /// Shows each problem with the lines around it.
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let render = |problem: &Problem| {
            let Origin { file, range } = &problem.origin;
            let place = AnnotationKind::Primary.span(range.clone());
            let snippet = Snippet::source(plain::source(&file.text)).path(plain::line(&file.name)).annotation(place);
            let error = Level::ERROR.primary_title(plain::line(&problem.message)).element(snippet);
            let hint = problem.hint.iter().map(|hint| Level::HELP.message(plain::line(hint)));
            renderer.render(&[error.elements(hint)])
        };
        self.problems.iter().map(render).collect::<Vec<_>>().join("\n\n")
    }
}

/// A value and where it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub origin: Origin,
}

/// A table of a TOML file that is being read.
///
/// A table may have a second layer under it: a step's `with = {…}` lies over the transform that the step uses.
pub struct Table<'t> {
    layers: Vec<(&'t DeTable<'t>, Origin)>,
    asked: RefCell<Vec<&'static str>>,
    shared: Rc<Shared<'t>>,
}

struct Shared<'t> {
    problems: RefCell<Vec<Problem>>,
    siblings: &'t dyn Siblings,
}

/// The files that stand beside a plan or transform.
pub trait Siblings {
    /// Reads the file with a name relative to the folder of another.
    ///
    /// # Errors
    /// It cannot be read; the message says why.
    fn sibling(&self, of: &SpecFile, name: &str) -> Result<Arc<SpecFile>, String>;
}

/// Parses a file's TOML, to be read with [`read_table`].
///
/// # Errors
/// It is not TOML.
pub fn parse(file: &Arc<SpecFile>) -> Result<Spanned<DeTable<'_>>, SpecError> {
    DeTable::parse(&file.text).map_err(|error| {
        let range = error.span().unwrap_or(0..0);
        let origin = Origin { file: file.clone(), range };
        SpecError { problems: vec![Problem::new(&origin, format!("this is not TOML: {}", error.message()))] }
    })
}

/// Reads a parsed file.
///
/// # Errors
/// `read` reported problems.
pub fn read_table<'t, T>(
    document: &'t DeTable<'t>,
    file: &Arc<SpecFile>,
    siblings: &'t dyn Siblings,
    read: impl FnOnce(&Table<'t>) -> Option<T>,
) -> Result<T, SpecError> {
    let shared = Rc::new(Shared { problems: RefCell::default(), siblings });
    let origin = Origin { file: file.clone(), range: 0..0 };
    let table = Table { layers: vec![(document, origin.clone())], asked: RefCell::default(), shared: shared.clone() };
    let value = read(&table);
    let problems = shared.problems.take();
    match value {
        Some(value) if problems.is_empty() => Ok(value),
        _ if problems.is_empty() => Err(SpecError { problems: vec![Problem::new(&origin, "the file could not be read")] }),
        _ => Err(SpecError { problems }),
    }
}

impl<'t> Table<'t> {
    /// Where the table stands.
    pub fn origin(&self) -> &Origin {
        &self.layers[0].1
    }

    /// Reports a problem.
    pub fn problem(&self, problem: Problem) {
        self.shared.problems.borrow_mut().push(problem);
    }

    /// Takes over the problems of another file that was read for this one.
    pub fn problems(&self, error: SpecError) {
        self.shared.problems.borrow_mut().extend(error.problems);
    }

    /// Lays this table over one of another file: keys that are missing here are read there.
    pub fn over(&self, under: &'t DeTable<'t>, origin: Origin) -> Table<'t> {
        let layers = self.layers.iter().cloned().chain([(under, origin)]).collect();
        Table { layers, asked: RefCell::default(), shared: self.shared.clone() }
    }

    /// The table of another file, read in place of this one.
    pub fn standing_in(&self, table: &'t DeTable<'t>, origin: Origin) -> Table<'t> {
        self.inner(table, origin)
    }

    /// The file beside the plan that a value names; a problem is reported where it cannot be had.
    pub fn sibling(&self, name: &Located<String>) -> Option<Arc<SpecFile>> {
        if is_outside(&name.value) {
            let message = format!("`{}` leads out of the plan's folder", name.value);
            self.problem(Problem::new(&name.origin, message).hint("name a file beside the plan"));
            return None;
        }
        match self.shared.siblings.sibling(&name.origin.file, &name.value) {
            Ok(file) => Some(file),
            Err(message) => {
                self.problem(Problem::new(&name.origin, format!("`{}` cannot be read: {message}", name.value)));
                None
            }
        }
    }

    /// The file beside the plan of a name, where it can be had; nothing is reported.
    pub fn beside(&self, name: &str) -> Option<Arc<SpecFile>> {
        let (_, origin) = self.layers.first()?;
        if is_outside(name) { None } else { self.shared.siblings.sibling(&origin.file, name).ok() }
    }

    fn get(&self, key: &'static str) -> Option<(&'t DeValue<'t>, Origin)> {
        self.asked.borrow_mut().push(key);
        self.layers.iter().find_map(|(table, origin)| {
            let value = table.get(key)?;
            Some((value.get_ref(), Origin { file: origin.file.clone(), range: value.span() }))
        })
    }

    fn wrong_type(&self, key: &str, origin: &Origin, wanted: &str, found: &DeValue<'_>) {
        self.problem(Problem::new(origin, format!("`{key}` must be {wanted}, not {}", article(found.type_str()))));
    }

    /// Whether the table has the key.
    pub fn has(&self, key: &'static str) -> bool {
        self.get(key).is_some()
    }

    /// A string.
    pub fn string(&self, key: &'static str) -> Option<Located<String>> {
        let (value, origin) = self.get(key)?;
        match value.as_str() {
            Some(text) => self.shown(key, Located { value: text.to_owned(), origin }),
            None => {
                self.wrong_type(key, &origin, "a string", value);
                None
            }
        }
    }

    /// A string of one line, such as a title.
    pub fn line(&self, key: &'static str) -> Option<Located<String>> {
        let text = self.string(key)?;
        if text.value.trim_end().contains('\n') {
            self.problem(Problem::new(&text.origin, format!("`{key}` must be one line")));
            return None;
        }
        Some(text)
    }

    /// A string without control characters: plans are shown on terminals and go into commits. TOML lets them in by escapes alone.
    fn shown(&self, key: &str, text: Located<String>) -> Option<Located<String>> {
        let rest = text.value.replace("\r\n", "\n");
        let Some(wrong) = rest.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\t')) else { return Some(text) };
        let message = format!("`{key}` has the control character U+{:04X}", u32::from(wrong));
        self.problem(
            Problem::new(&text.origin, message).hint("line ends and tabs are allowed, nothing else that is not shown"),
        );
        None
    }

    /// A string that has to be there.
    pub fn required(&self, key: &'static str) -> Option<Located<String>> {
        if !self.has(key) {
            self.problem(Problem::new(self.origin(), format!("`{key}` is missing")));
        }
        self.string(key)
    }

    /// A string or a list of strings; empty where the key is missing.
    pub fn strings(&self, key: &'static str) -> Vec<Located<String>> {
        let Some((value, origin)) = self.get(key) else { return Vec::new() };
        let one = |value: &DeValue<'_>, origin: Origin| match value.as_str() {
            Some(text) => self.shown(key, Located { value: text.to_owned(), origin }),
            None => {
                self.wrong_type(key, &origin, "a string or a list of strings", value);
                None
            }
        };
        match value {
            DeValue::Array(items) => items
                .iter()
                .filter_map(|item| one(item.get_ref(), Origin { file: origin.file.clone(), range: item.span() }))
                .collect(),
            value => one(value, origin).into_iter().collect(),
        }
    }

    /// The strings under a key, if it has any, without a word on what is wrong with it.
    pub fn peek(&self, key: &str) -> Vec<&str> {
        let value = self.layers.iter().find_map(|(table, _)| table.get(key)).map(|value| value.get_ref());
        match value {
            Some(DeValue::Array(items)) => items.iter().filter_map(|item| item.get_ref().as_str()).collect(),
            value => value.and_then(|value| value.as_str()).into_iter().collect(),
        }
    }

    /// `true` or `false`; `false` where the key is missing.
    pub fn flag(&self, key: &'static str) -> bool {
        let Some((value, origin)) = self.get(key) else { return false };
        match value.as_bool() {
            Some(flag) => flag,
            None => {
                self.wrong_type(key, &origin, "true or false", value);
                false
            }
        }
    }

    /// One of several words.
    pub fn choice<T: Copy>(&self, key: &'static str, choices: &[(&'static str, T)]) -> Option<T> {
        let text = self.string(key)?;
        let found = choices.iter().find(|(word, _)| *word == text.value);
        if found.is_none() {
            let words: Vec<String> = choices.iter().map(|(word, _)| format!("`{word}`")).collect();
            let message = format!("`{key}` must be {}", words.join(" or "));
            self.problem(Problem::new(&text.origin, message).did_you_mean(&text.value, choices.iter().map(|(word, _)| *word)));
        }
        found.map(|(_, choice)| *choice)
    }

    /// A table.
    pub fn table(&self, key: &'static str) -> Option<Table<'t>> {
        let (value, origin) = self.get(key)?;
        match value {
            DeValue::Table(table) => Some(self.inner(table, origin)),
            value => {
                self.wrong_type(key, &origin, "a table", value);
                None
            }
        }
    }

    /// An array of tables (`[[key]]`); empty where the key is missing.
    pub fn tables(&self, key: &'static str) -> Vec<Table<'t>> {
        let Some((value, origin)) = self.get(key) else { return Vec::new() };
        let DeValue::Array(items) = value else {
            self.wrong_type(key, &origin, "an array of tables", value);
            return Vec::new();
        };
        let mut tables = Vec::new();
        for item in items.iter() {
            let origin = Origin { file: origin.file.clone(), range: item.span() };
            match item.get_ref() {
                DeValue::Table(table) => tables.push(self.inner(table, origin)),
                value => self.wrong_type(key, &origin, "a table", value),
            }
        }
        tables
    }

    /// The tables of a table (`[key.name]`), with their names, in the order in which they are written; empty where the key is missing.
    pub fn named_tables(&self, key: &'static str) -> Vec<(Located<String>, Table<'t>)> {
        let Some(table) = self.table(key) else { return Vec::new() };
        let (entries, origin) = &table.layers[0];
        let mut tables = Vec::new();
        for (name, value) in entries.iter() {
            let named = Origin { file: origin.file.clone(), range: name.span() };
            match value.get_ref() {
                DeValue::Table(inner) => {
                    let name = Located { value: name.get_ref().to_string(), origin: named.clone() };
                    tables.push((name, table.inner(inner, named)));
                }
                value => self.wrong_type(name.get_ref(), &named, "a table", value),
            }
        }
        tables.sort_by_key(|(name, _)| name.origin.range.start);
        tables
    }

    /// A table of texts; empty where the key is missing.
    pub fn texts(&self, key: &'static str) -> BTreeMap<String, Located<String>> {
        let Some(table) = self.table(key) else { return BTreeMap::new() };
        let (texts, origin) = &table.layers[0];
        let mut found = BTreeMap::new();
        for (name, value) in texts.iter() {
            let origin = Origin { file: origin.file.clone(), range: value.span() };
            match value.get_ref().as_str() {
                Some(text) => {
                    found.insert(name.get_ref().to_string(), Located { value: text.to_owned(), origin });
                }
                None => self.wrong_type(name.get_ref(), &origin, "a string", value.get_ref()),
            }
        }
        found
    }

    /// A table of regular expressions, each of which has to match a whole text; empty where the key is missing.
    pub fn whole_texts(&self, key: &'static str) -> Vec<(String, Regex)> {
        let read = |(name, text): (String, Located<String>)| match Regex::new(&format!("^(?:{})$", text.value)) {
            Ok(regex) => Some((name, regex)),
            Err(error) => {
                let message = error.to_string();
                let message = message.lines().last().unwrap_or_default().trim_start_matches("error: ");
                self.problem(Problem::new(&text.origin, format!("this is no regular expression: {message}")));
                None
            }
        };
        self.texts(key).into_iter().filter_map(read).collect()
    }

    /// A whole number.
    pub fn number(&self, key: &'static str) -> Option<Located<u64>> {
        let (value, origin) = self.get(key)?;
        let number = value.as_integer().and_then(|number| u64::from_str_radix(number.as_str(), number.radix()).ok());
        match number {
            Some(value) => Some(Located { value, origin }),
            None => {
                self.wrong_type(key, &origin, "a whole number from 0", value);
                None
            }
        }
    }

    /// A glob or a list of globs over paths from the root; `None` where the key is missing.
    pub fn globs(&self, key: &'static str) -> Option<GlobSet> {
        if !self.has(key) {
            return None;
        }
        let mut set = GlobSetBuilder::new();
        for text in self.strings(key) {
            if is_outside(&text.value) {
                let message = format!("`{}` leads out of the root", text.value);
                self.problem(Problem::new(&text.origin, message).hint("paths start at the root and hold no `..`"));
                continue;
            }
            if text.value.len() > LONGEST_GLOB {
                let message = format!("a glob has at most {LONGEST_GLOB} bytes");
                self.problem(Problem::new(&text.origin, message));
                continue;
            }
            match GlobBuilder::new(&text.value).literal_separator(true).build() {
                Ok(glob) => {
                    set.add(glob);
                }
                Err(error) => self.problem(Problem::new(&text.origin, format!("this is not a glob: {}", error.kind()))),
            }
        }
        match set.build() {
            Ok(set) => Some(set),
            Err(error) => {
                self.problem(Problem::new(self.origin(), format!("`{key}`: {error}")));
                None
            }
        }
    }

    fn inner(&self, table: &'t DeTable<'t>, origin: Origin) -> Table<'t> {
        Table { layers: vec![(table, origin)], asked: RefCell::default(), shared: self.shared.clone() }
    }

    /// Reports the keys that nobody asked for.
    pub fn finish(&self) {
        let asked = self.asked.borrow();
        for (table, origin) in &self.layers {
            for key in table.keys().filter(|key| !asked.contains(&&**key.get_ref())) {
                let name: &str = key.get_ref();
                let origin = Origin { file: origin.file.clone(), range: key.span() };
                let problem = Problem::new(&origin, format!("unknown key `{name}`")).did_you_mean(name, asked.iter().copied());
                let known = || {
                    let mut known: Vec<&str> = asked.clone();
                    known.sort_unstable();
                    known.dedup();
                    format!("known here: {}", known.join(", "))
                };
                let hint = problem.hint.clone().unwrap_or_else(known);
                self.problem(problem.hint(hint));
            }
        }
    }
}

/// Whether a path of a plan is absolute or leads out of the root (design, law 9).
pub fn is_outside(path: &str) -> bool {
    let has_drive = path.as_bytes().get(1) == Some(&b':');
    path.starts_with(['/', '\\']) || has_drive || path.split(['/', '\\']).any(|part| part == "..")
}

fn article(kind: &str) -> String {
    let vowel = kind.starts_with(['a', 'e', 'i', 'o', 'u']);
    format!("{} {kind}", if vowel { "an" } else { "a" })
}
