//! Where TypeScript has what `rewrite` and `ban` look for.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::View;
use super::mocks::{Held, held};
use super::named::{SymbolRef, is_identifier};
use crate::index::Index;
use crate::index::typescript::references::{Reference, Search, Site, Target};
use crate::lang::typescript::facts::AliasForm;
use crate::lang::typescript::grammar;
use crate::lang::typescript::modules::Module;
use crate::lang::typescript::place::{Colour, Place};
use crate::lang::typescript::resolve::Symbol;
use crate::syntax::pattern::{Match, NoPattern, Pattern};
use crate::syntax::{Grammar, Tree};
use crate::text::snapshot::FileId;
use crate::text::span::Span;
use crate::transform::Context;
use crate::transform::finding::Reason;
use crate::transform::query::{self, Around, Function, Syntax};
use crate::transform::wire::{Located, Origin, Problem, Table};

/// The files whose code is looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Language {
    /// All of TypeScript and JavaScript.
    TypeScript,
    /// Those that may have JSX.
    Tsx,
}

/// What `language` says, where that is not Python.
pub fn language(table: &Table<'_>) -> Option<Language> {
    let words = [("python", None), ("typescript", Some(Language::TypeScript)), ("tsx", Some(Language::Tsx))];
    table.choice("language", &words).flatten()
}

impl Language {
    fn grammars(self) -> &'static [Grammar] {
        match self {
            Language::TypeScript => &[Grammar::TypeScript, Grammar::Tsx],
            Language::Tsx => &[Grammar::Tsx],
        }
    }
}

/// A pattern, as each grammar reads it that can.
pub struct Readings(Vec<(Grammar, Pattern)>);

impl Readings {
    fn parse(language: Language, text: &str) -> Result<Self, NoPattern> {
        let mut readings = Vec::new();
        let mut error = None;
        for &grammar in language.grammars() {
            match Pattern::parse(grammar, text) {
                Ok(pattern) => readings.push((grammar, pattern)),
                Err(problem) => error = error.or(Some(problem)),
            }
        }
        match error {
            Some(error) if readings.is_empty() => Err(error),
            _ => Ok(Self(readings)),
        }
    }

    fn of(&self, grammar: Grammar) -> Option<&Pattern> {
        self.0.iter().find(|(own, _)| *own == grammar).map(|(_, pattern)| pattern)
    }
}

/// A symbol, or a member of the object that it is, as a plan names it: `module:name` or `module:name.member`.
#[derive(Clone, Debug)]
pub struct MemberRef {
    /// The symbol.
    pub symbol: SymbolRef,
    /// The members.
    pub members: Vec<String>,
}

impl MemberRef {
    fn read(table: &Table<'_>, text: Located<String>) -> Option<Self> {
        let Located { value, origin } = text;
        let (whole, members) = match value.split_once(':').and_then(|(module, name)| Some((module, name.split_once('.')?))) {
            Some((module, (name, members))) => (format!("{module}:{name}"), members.split('.').map(str::to_owned).collect()),
            None => (value.clone(), Vec::new()),
        };
        if !members.iter().all(|member: &String| is_identifier(member)) {
            let problem = Problem::new(&origin, format!("`{value}` is not a symbol"));
            table.problem(problem.hint("a symbol is `module:name`, a member of the object that it is `module:name.member`"));
            return None;
        }
        Some(Self { symbol: SymbolRef::read(table, Located { value: whole, origin })?, members })
    }

    /// The expression by which code refers to it; `None` for a reference that is none to the member, or no expression.
    fn place(&self, view: &View<'_>, reference: &Reference) -> Option<Span> {
        let facts = view.facts;
        let (id, depth) = match reference.site {
            Site::Name(used) => (used, 0),
            Site::Attribute(used, depth) => (used, depth),
            Site::Alias(alias) => {
                let alias = &facts.aliases[alias.index()];
                let is_used_at_once = alias.form == AliasForm::Member && self.members.is_empty();
                return is_used_at_once.then_some(alias.span);
            }
            Site::Export(_) | Site::Request(_) => return None,
        };
        let used = &facts.uses[id.index()];
        let attributes = facts.attributes_of(used);
        let own = attributes.get(depth..depth + self.members.len())?;
        let is_it = own.iter().zip(&self.members).all(|(attribute, member)| facts.names.get(attribute.name) == member);
        let end =
            attributes[..depth + self.members.len()].last().map_or(used.span.end, |attribute| match attribute.is_quoted {
                // `a["b"]` ends behind its bracket.
                true => view.text[attribute.span.range().end..]
                    .find(']')
                    .map_or(attribute.span.end, |at| attribute.span.end + at as u32 + 1),
                false => attribute.span.end,
            });
        is_it.then(|| Span::new(used.span.start, end))
    }
}

/// What is looked for in TypeScript.
pub type Query = query::Query<Language>;

/// What has to be so around a place, in TypeScript.
pub type Conditions = query::Conditions<Language>;

impl Syntax for Language {
    type Pattern = Readings;
    type Symbol = MemberRef;
    type More = ();

    fn pattern(&self, text: &str) -> Result<Readings, NoPattern> {
        Readings::parse(*self, text)
    }

    fn names(readings: &Readings) -> BTreeSet<&str> {
        readings.0.iter().flat_map(|(_, pattern)| pattern.names()).map(String::as_str).collect()
    }

    fn symbol(&self, table: &Table<'_>, text: Located<String>) -> Option<MemberRef> {
        MemberRef::read(table, text)
    }

    fn origin(symbol: &MemberRef) -> &Origin {
        symbol.symbol.origin()
    }

    fn more(&self, table: &Table<'_>) {
        if let Some(caught) = table.strings("catches").first() {
            let problem = Problem::new(&caught.origin, "a `catch` of TypeScript catches everything");
            table.problem(problem.hint("write `inside = \"try { $$$ } catch ($E) { $$$ }\"`"));
        }
    }
}

/// A place that a query has found.
pub struct Hit {
    /// The place.
    pub found: Match,
    /// What a test replaces of what the place reads, or of what is to take its place, and why that is to be looked at.
    pub held: Option<(Reason, Held)>,
}

/// A file in which a query has found places; with none, one that does not parse and may have some.
pub struct Found {
    /// The file.
    pub file: FileId,
    /// The places.
    pub hits: Vec<Hit>,
    /// The error of a file that does not parse.
    pub unparsable: Option<Span>,
}

/// The expressions that mean each symbol.
type Meaning<'q> = BTreeMap<&'q str, BTreeSet<Span>>;

impl Query {
    /// Reports symbols that do not exist.
    pub fn check(&self, index: &Index) -> Vec<Problem> {
        let symbols = self.symbols.values().filter(|_| !self.is_external);
        symbols.filter_map(|member| member.symbol.check(index)).collect()
    }

    /// Finds the places, file by file.
    pub fn run(&self, context: &Context<'_>) -> Vec<Found> {
        let index = context.index;
        let code = index.typescript();
        let symbols: Vec<Symbol> = self.wanted().map(|(_, member)| member.symbol.symbol(index)).collect();
        let unique: BTreeSet<&Symbol> = symbols.iter().collect();
        let targets: Vec<Target> = unique.into_iter().cloned().map(Target::Symbol).collect();
        let mut references: FxHashMap<FileId, Vec<Reference>> = FxHashMap::default();
        if !targets.is_empty() {
            for reference in Search::new(code, &targets).run() {
                references.entry(reference.file).or_default().push(reference);
            }
        }
        let files: Vec<FileId> = code.files().filter(|&file| context.in_scope(file)).collect();
        let none = Vec::new();
        let mut found: Vec<Found> = files
            .par_iter()
            .filter_map(|&file| self.in_file(index, file, &targets, references.get(&file).unwrap_or(&none)))
            .filter(|found| !found.hits.is_empty() || found.unparsable.is_some())
            .collect();
        let hit: BTreeSet<FileId> = found.iter().filter(|found| !found.hits.is_empty()).map(|found| found.file).collect();
        let in_hit = references.iter().filter(|(file, _)| hit.contains(*file)).flat_map(|(_, all)| all);
        let passed = in_hit.flat_map(|reference| reference.way.hops.iter().take(reference.distance + 1));
        let read: BTreeSet<Module> = passed.map(|hop| hop.module.clone()).collect();
        let wanted: BTreeSet<&str> = self.wanted().map(|(name, _)| name).collect();
        let written = self.symbols.iter().filter(|(name, _)| !wanted.contains(name.as_str()));
        let homes: BTreeSet<Module> = written.map(|(_, member)| member.symbol.symbol(index).module).collect();
        let (read, homes) = if hit.is_empty() { Default::default() } else { (held(code, &read), held(code, &homes)) };
        for found in &mut found {
            let old = read.get(&found.file).map(|held| (Reason::Patched, *held));
            let held = old.or_else(|| homes.get(&found.file).map(|held| (Reason::PatchedThere, *held)));
            found.hits.iter_mut().for_each(|hit| hit.held = held);
        }
        found
    }

    fn in_file(&self, index: &Index, file: FileId, targets: &[Target], references: &[Reference]) -> Option<Found> {
        let path = &index.snapshot().get(file).path;
        let grammar = grammar(path)?;
        let view = View::open(index, file);
        let is_spelled = |pattern: &Pattern| {
            let symbols = pattern.names().iter().filter_map(|name| self.symbols.get(name));
            let names = symbols.map(|member| member.symbol.name.as_str()).filter(|name| *name != "default");
            let is_unread = !view.facts.errors.is_empty();
            pattern.words().all(|word| view.text.contains(word))
                && (!is_unread || { names }.all(|name| view.text.contains(name)))
        };
        let patterns: Vec<&Pattern> =
            self.patterns.iter().filter_map(|readings| readings.of(grammar)).filter(|pattern| is_spelled(pattern)).collect();
        if patterns.is_empty() {
            return None;
        }
        if let Some(error) = view.facts.errors.first() {
            return Some(Found { file, hits: Vec::new(), unparsable: Some(error.span) });
        }
        // Where a pattern cannot do without a symbol, only the files that refer to it matter.
        let needs = |pattern: &&Pattern| pattern.names().iter().any(|name| self.symbols.contains_key(name));
        if references.is_empty() && patterns.iter().all(needs) {
            return None;
        }
        let tree = index.tree(file, &view.text)?;
        let mut meaning: Meaning<'_> = BTreeMap::new();
        for (name, member) in self.wanted() {
            let symbol = Target::Symbol(member.symbol.symbol(index));
            let is_it = |reference: &&Reference| targets[reference.target] == symbol;
            let places = references.iter().filter(is_it).filter_map(|reference| member.place(&view, reference));
            meaning.insert(name, places.collect());
        }
        let mut hits: BTreeMap<Span, Hit> = BTreeMap::new();
        for found in patterns.iter().flat_map(|pattern| pattern.find(tree, &view.text)) {
            let scene = Scene { grammar, tree, text: &view.text };
            if means(&found, &meaning) && hold(&self.conditions, &scene, &found, &meaning) {
                hits.entry(found.span).or_insert(Hit { found, held: None });
            }
        }
        Some(Found { file, hits: hits.into_values().collect(), unparsable: None })
    }
}

/// Whether each name that stands for a symbol means it here.
fn means(found: &Match, meaning: &Meaning<'_>) -> bool {
    found.one.iter().all(|(name, span)| meaning.get(name.as_str()).is_none_or(|places| places.contains(span)))
}

/// A file that matches are judged in.
pub struct Scene<'t> {
    /// The grammar of the file.
    pub grammar: Grammar,
    /// Its tree.
    pub tree: &'t Tree,
    /// Its text.
    pub text: &'t str,
}

impl<'t> Scene<'t> {
    /// A place of it.
    pub fn place(&self, span: Span) -> Option<Place<'t>> {
        Place::of(self.grammar, self.tree, self.text, span)
    }
}

/// Whether conditions hold for a match.
pub fn hold(conditions: &Conditions, scene: &Scene<'_>, found: &Match, meaning: &Meaning<'_>) -> bool {
    let Some(place) = scene.place(found.span) else { return false };
    let function = match place.colour() {
        Colour::Async => Function::Async,
        Colour::Sync => Function::Sync,
        Colour::Module => Function::Module,
    };
    let is_inside = |readings: &Readings| {
        let around = readings.of(scene.grammar).map(|pattern| pattern.around(scene.tree, scene.text, found.span));
        around.is_some_and(|around| around.iter().any(|outer| means(outer, meaning)))
    };
    let arguments = place.keywords();
    conditions.hold(&Around { found, text: scene.text, function, arguments, is_inside: &is_inside })
}
