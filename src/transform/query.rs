//! What `rewrite` and `ban` are told in any language: code patterns, the symbols that their names must mean, what stands around the place,
//! and what takes a match's place. Finding the places is each language's own.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

use super::finding::Reason;
use super::replacement::{Piece, REASONS, dedent, describe, pieces, unknown};
use super::wire::{Located, Origin, Problem, Table};
use crate::syntax::pattern::{Match, NoPattern};

/// What a language reads the parts of a query with.
pub trait Syntax {
    /// A code pattern.
    type Pattern;
    /// A symbol as plans name it.
    type Symbol;
    /// What else can be asked of the surroundings.
    type More: Default;

    /// Reads a pattern.
    ///
    /// # Errors
    /// It is none.
    fn pattern(&self, text: &str) -> Result<Self::Pattern, NoPattern>;

    /// The names behind a pattern's `$` and `$$$`.
    fn names(pattern: &Self::Pattern) -> BTreeSet<&str>;

    /// Reads a symbol, and reports what is none.
    fn symbol(&self, table: &Table<'_>, text: Located<String>) -> Option<Self::Symbol>;

    /// Where a symbol is written.
    fn origin(symbol: &Self::Symbol) -> &Origin;

    /// Reads what else is asked.
    fn more(&self, table: &Table<'_>) -> Self::More;
}

/// Patterns, and what has to be so where they match.
pub struct Query<S: Syntax> {
    /// The patterns.
    pub patterns: Vec<S::Pattern>,
    /// The symbols that names of the patterns, or of what takes their place, stand for.
    pub symbols: BTreeMap<String, S::Symbol>,
    /// What has to be so around the place.
    pub conditions: Conditions<S>,
    /// The author's word that symbols may be missing.
    pub is_external: bool,
}

/// What has to be so around a place.
pub struct Conditions<S: Syntax> {
    function: Option<Function>,
    inside: Vec<S::Pattern>,
    not_inside: Vec<S::Pattern>,
    /// Names of what the matched call is given: keyword arguments, properties of objects.
    argument: Vec<String>,
    no_argument: Vec<String>,
    /// What the whole text of a name has to match, and what it must not.
    text: Vec<(String, Regex)>,
    not_text: Vec<(String, Regex)>,
    /// What only the language can ask.
    pub more: S::More,
}

/// The function around a place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Function {
    /// One that can wait.
    Async,
    /// Any other.
    Sync,
    /// None: the module itself.
    Module,
}

/// A match and what stands around it.
pub struct Around<'a, P> {
    /// The match.
    pub found: &'a Match,
    /// The file's text.
    pub text: &'a str,
    /// The function around it.
    pub function: Function,
    /// The names of what the matched call is given.
    pub arguments: Vec<&'a str>,
    /// Whether the place lies in code that a pattern matches.
    pub is_inside: &'a dyn Fn(&P) -> bool,
}

/// What a `rewrite` is told.
pub struct Rewriting<S: Syntax> {
    /// What is looked for.
    pub query: Query<S>,
    /// The pattern and what takes its place, in short.
    pub message: String,
    /// What takes the place of a match; nothing where matches are only listed.
    pub replacement: Option<Vec<Piece>>,
    /// The matches that are for a person; the first that holds says why.
    pub leave: Vec<Leave<S>>,
    /// What a person can do.
    pub suggestion: Option<String>,
}

/// Matches that a person has to look at.
pub struct Leave<S: Syntax> {
    /// Which they are.
    pub conditions: Conditions<S>,
    /// Why.
    pub reason: Reason,
    /// What the person can do.
    pub suggestion: Option<String>,
}

/// Reads a pattern, or a list of patterns.
fn patterns<S: Syntax>(syntax: &S, table: &Table<'_>, key: &'static str) -> Vec<S::Pattern> {
    let read = |text: Located<String>| match syntax.pattern(&text.value) {
        Ok(pattern) => Some(pattern),
        Err(NoPattern(message)) => {
            let problem = Problem::new(&text.origin, format!("`{}` is no pattern: {message}", text.value));
            table.problem(problem.hint("a pattern is code, with `$NAME` for one part and `$$$NAME` for any number of them"));
            None
        }
    };
    table.strings(key).into_iter().filter_map(read).collect()
}

impl<S: Syntax> Query<S> {
    /// Reads `match`, `symbols`, `inside`, `not_inside` and `where`.
    pub fn read(syntax: &S, table: &Table<'_>) -> Self {
        let symbols = table.texts("symbols").into_iter();
        let symbols = symbols.filter_map(|(name, text)| Some((name, syntax.symbol(table, text)?))).collect();
        let conditions = table.table("where").map(|inner| {
            let conditions = Conditions::read(syntax, &inner);
            inner.finish();
            conditions
        });
        let mut conditions = conditions.unwrap_or_default();
        conditions.inside.extend(patterns(syntax, table, "inside"));
        conditions.not_inside.extend(patterns(syntax, table, "not_inside"));
        let is_external = table.flag("external");
        Self { patterns: patterns(syntax, table, "match"), symbols, conditions, is_external }
    }

    /// The names that every pattern has.
    pub fn captured(&self) -> BTreeSet<&str> {
        let mut names = self.patterns.iter().map(S::names);
        let first = names.next().unwrap_or_default();
        names.fold(first, |all, names| &all & &names)
    }

    /// The symbols that the patterns look for, those around a place included, by their names.
    pub fn wanted(&self) -> impl Iterator<Item = (&str, &S::Symbol)> {
        let all = self.patterns.iter().chain(&self.conditions.inside).chain(&self.conditions.not_inside);
        let names: BTreeSet<&str> = all.flat_map(S::names).collect();
        self.symbols.iter().map(|(name, symbol)| (name.as_str(), symbol)).filter(move |(name, _)| names.contains(name))
    }
}

impl<S: Syntax> Default for Conditions<S> {
    fn default() -> Self {
        Self {
            function: None,
            inside: Vec::new(),
            not_inside: Vec::new(),
            argument: Vec::new(),
            no_argument: Vec::new(),
            text: Vec::new(),
            not_text: Vec::new(),
            more: S::More::default(),
        }
    }
}

impl<S: Syntax> Conditions<S> {
    /// Reads the keys of a `where` table, or of one that says what is left for a person.
    pub fn read(syntax: &S, table: &Table<'_>) -> Self {
        let names = |key| table.strings(key).into_iter().map(|name| name.value).collect();
        let functions = [("async", Function::Async), ("sync", Function::Sync), ("module", Function::Module)];
        Self {
            function: table.choice("function", &functions),
            inside: patterns(syntax, table, "inside"),
            not_inside: patterns(syntax, table, "not_inside"),
            argument: names("argument"),
            no_argument: names("no_argument"),
            text: table.whole_texts("text"),
            not_text: table.whole_texts("not_text"),
            more: syntax.more(table),
        }
    }

    /// The names whose text they ask for.
    fn names(&self) -> impl Iterator<Item = &str> {
        self.text.iter().chain(&self.not_text).map(|(name, _)| name.as_str())
    }

    /// Whether all of them hold for a match, but for what only the language can ask.
    pub fn hold(&self, around: &Around<'_, S::Pattern>) -> bool {
        let found = around.found;
        let text = |name: &String| {
            let span = found.one.get(name).copied().or(found.many.get(name).copied().flatten());
            span.map_or("", |span| &around.text[span.range()])
        };
        let is_given = |name: &String| around.arguments.contains(&name.as_str());
        self.function.is_none_or(|wanted| wanted == around.function)
            && self.argument.iter().all(is_given)
            && !self.no_argument.iter().any(is_given)
            && self.text.iter().all(|(name, regex)| regex.is_match(text(name)))
            && !self.not_text.iter().any(|(name, regex)| regex.is_match(text(name)))
            && (self.inside.is_empty() || self.inside.iter().any(around.is_inside))
            && !self.not_inside.iter().any(around.is_inside)
    }
}

impl<S: Syntax> Rewriting<S> {
    /// Reads a query with `rewrite`, `leave`, `suggest` and `message`, and reports names that nothing explains.
    pub fn read(syntax: &S, table: &Table<'_>) -> Self {
        if !table.has("match") {
            let problem = Problem::new(table.origin(), "`match` is missing");
            table.problem(problem.hint("`match` is a code pattern, or a list of them, such as `$DECODE($TOKEN, $$$REST)`"));
        }
        let query = Query::read(syntax, table);
        let suggestion = table.string("suggest").map(|text| text.value);
        let leave = table.tables("leave").into_iter().map(|inner| {
            let conditions = Conditions::read(syntax, &inner);
            let reason = inner.choice("reason", &REASONS).unwrap_or(Reason::ForPerson);
            let suggestion = inner.string("suggest").map(|text| text.value).or(suggestion.clone());
            inner.finish();
            (inner.origin().clone(), Leave { conditions, reason, suggestion })
        });
        let leave: Vec<(Origin, Leave<S>)> = leave.collect();
        let rewrite = table.string("rewrite");
        let replacement = rewrite.as_ref().map(|text| pieces(&dedent(&text.value)));
        check(table, &query, rewrite.as_ref().zip(replacement.as_deref()), &leave);
        let message = table.string("message").map(|text| text.value).unwrap_or_else(|| {
            let old = table.strings("match").into_iter().next().map(|text| text.value);
            old.map_or_else(String::new, |old| describe(&old, rewrite.as_ref().map(|new| new.value.as_str())))
        });
        let leave = leave.into_iter().map(|(_, leave)| leave).collect();
        Self { query, message, replacement, leave, suggestion }
    }
}

/// Reports names of a replacement that are in no pattern, symbols that nothing names, and names whose text cannot be asked for.
fn check<S: Syntax>(
    table: &Table<'_>,
    query: &Query<S>,
    replacement: Option<(&Located<String>, &[Piece])>,
    leave: &[(Origin, Leave<S>)],
) {
    let captured = query.captured();
    // A pattern that was not read has been reported, and so would be what is missing without it.
    let is_read = query.patterns.len() == table.strings("match").len();
    if let Some((text, pieces)) = replacement.filter(|_| is_read) {
        for name in unknown(pieces, &captured, &|name| query.symbols.contains_key(name)) {
            let problem =
                Problem::new(&text.origin, format!("`${name}` is in no pattern, and `symbols` does not say what it is"));
            let known = captured.iter().copied().chain(query.symbols.keys().map(String::as_str));
            table.problem(problem.hint("take a name that every pattern has, or add it to `symbols`").did_you_mean(name, known));
        }
    }
    let pieces = replacement.map(|(_, pieces)| pieces).unwrap_or_default();
    let is_written = |name: &str| pieces.iter().any(|piece| matches!(piece, Piece::One(other) if other == name));
    let wanted: BTreeSet<&str> = query.wanted().map(|(name, _)| name).collect();
    for (name, symbol) in query.symbols.iter().filter(|(name, _)| !wanted.contains(name.as_str()) && !is_written(name)) {
        let problem = Problem::new(S::origin(symbol), format!("neither `match` nor `rewrite` has `${name}`"));
        table.problem(problem.did_you_mean(name, captured.iter().copied()));
    }
    let asked = leave.iter().flat_map(|(origin, leave)| leave.conditions.names().map(move |name| (origin, name)));
    let asked = asked.chain(query.conditions.names().map(|name| (table.origin(), name)));
    for (origin, name) in asked.filter(|(_, name)| !captured.contains(name)) {
        let problem = Problem::new(origin, format!("not every pattern has `${name}`, whose text is asked for"));
        table.problem(problem.did_you_mean(name, captured.iter().copied()));
    }
}
