//! `ban`: finds what may not be there: references to symbols and modules, calls, code that a pattern matches, and definitions that play a
//! role. There is no fix: each place is listed, with the plan's message and suggestion.
//!
//! What is banned need not exist: that nobody brings it back is the point of a ban.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::super::finding::{Evidence, Finding, Form, Outcome, Place, Reason, Spelling};
use super::super::typescript;
use super::super::wire::{Located, Problem, Table, is_outside};
use super::super::{Context, Rule, Subject};
use super::View;
use super::named::{Named, Takes, in_code, is_dotted};
use super::query::{Python, Query};
use super::relocate::spelled;
use super::role::{Role, headline, read as read_role};
use crate::index::Index;
use crate::index::references::{Search, Target, is_inside};
use crate::index::typescript::references::is_inside as lies_in;
use crate::lang::python::facts::UseRole;
use crate::text::snapshot::FileId;
use crate::text::span::Span;

struct Ban {
    references: Vec<Named>,
    calls: Vec<Named>,
    /// The same of TypeScript.
    typescript: typescript::ban::Banned,
    query: Option<Query>,
    definitions: Option<Role>,
    allow: Allowed,
    message: Option<String>,
    suggestion: Option<String>,
}

/// Where the banned may be.
#[derive(Default)]
struct Allowed {
    paths: GlobSet,
    /// Modules, with all that lies in them.
    modules: Vec<String>,
    /// The same of TypeScript.
    folders: Vec<String>,
}

/// Reads the parameters.
pub fn read(table: &Table<'_>) -> Option<Box<dyn Rule>> {
    let references = Named::read_all(table, "references", Takes::SymbolsAndModules);
    let calls = Named::read_all(table, "calls", Takes::Functions);
    let has_pattern = table.has("match") && typescript::query::language(table).is_none();
    let query = has_pattern.then(|| Query::read(&Python, table));
    let definitions = table.table("definitions").and_then(|inner| {
        let id = Located { value: "definitions".to_owned(), origin: inner.origin().clone() };
        read_role(&id, &inner)
    });
    if !["references", "calls", "match", "definitions"].into_iter().any(|key| table.has(key)) {
        let problem = Problem::new(table.origin(), "nothing is banned");
        table.problem(problem.hint("name what may not be there: `references`, `calls`, `match` or `definitions`"));
    }
    Some(Box::new(Ban {
        references,
        calls,
        typescript: typescript::ban::Banned::read(table),
        query,
        definitions,
        allow: Allowed::read(table),
        message: table.string("message").map(|text| text.value),
        suggestion: table.string("suggest").map(|text| text.value),
    }))
}

impl Allowed {
    fn read(table: &Table<'_>) -> Self {
        let mut globs = GlobSetBuilder::new();
        let mut modules = Vec::new();
        let mut folders = Vec::new();
        for Located { value, origin } in table.strings("allow") {
            if is_dotted(&value) {
                modules.push(value);
                continue;
            }
            if !value.contains(['*', '?', '[', '{']) {
                folders.push(value.trim_end_matches('/').to_owned());
            }
            let hint = "`allow` has globs over paths, such as `auth_service/**`, and modules, such as `pkg.mod`";
            match GlobBuilder::new(&value).literal_separator(true).build() {
                Ok(glob) if !is_outside(&value) => {
                    globs.add(glob);
                }
                Ok(_) => table.problem(Problem::new(&origin, format!("`{value}` leads out of the root")).hint(hint)),
                Err(error) => table.problem(Problem::new(&origin, format!("this is not a glob: {}", error.kind())).hint(hint)),
            }
        }
        let paths = globs.build().map_err(|error| table.problem(Problem::new(table.origin(), format!("`allow`: {error}"))));
        Self { paths: paths.unwrap_or_default(), modules, folders }
    }

    fn has(&self, index: &Index, file: FileId) -> bool {
        let path = &index.snapshot().get(file).path;
        if crate::lang::typescript::is_source(path) {
            let name = index.typescript().modules().name(file).unwrap_or_default();
            return self.paths.is_match(path.to_os()) || self.folders.iter().any(|folder| lies_in(name, folder));
        }
        let name = index.modules().name(file).unwrap_or_default();
        self.paths.is_match(path.to_os()) || self.modules.iter().any(|module| is_inside(name, module))
    }
}

impl Rule for Ban {
    fn check(&self, _: &Index) -> Vec<Problem> {
        Vec::new()
    }

    fn find(&self, context: &Context<'_>) -> Vec<Finding> {
        let index = context.index;
        let matters = |file: FileId| context.in_scope(file) && !self.allow.has(index, file);
        let mut findings = self.referring(index, &matters);
        findings.extend(self.calling(index, &matters));
        findings.extend(self.matching(context));
        findings.extend(self.defining(index, &matters));
        let found = self.typescript.find(context, &matters).into_iter();
        findings.extend(found.map(|found| self.found_at(found.place, &found.what, found.spelling, found.reason)));
        findings
    }

    fn subjects(&self, index: &Index) -> Vec<Subject> {
        let named = self.references.iter().chain(&self.calls).map(|named| named.target(index));
        let queried = self.query.iter().flat_map(|query| query.targets(index));
        named.chain(queried).map(|target| Subject { target, home: None }).collect()
    }
}

impl Ban {
    fn found(&self, view: &View<'_>, span: Span, what: &str, spelling: Spelling, reason: Reason) -> Finding {
        self.found_at(view.place(span), what, spelling, reason)
    }

    fn found_at(&self, place: Place, what: &str, spelling: Spelling, reason: Reason) -> Finding {
        let message = self.message.clone().unwrap_or_else(|| what.to_owned());
        let outcome = Outcome::Left(reason);
        let mut finding = Finding { place, message, spelling: Some(spelling), evidence: Vec::new(), outcome };
        if self.message.is_some() {
            finding.evidence.push(Evidence { role: "banned", at: None, text: what.to_owned() });
        }
        let suggestion = self.suggestion.as_ref().map(|text| Evidence { role: "suggest", at: None, text: text.clone() });
        finding.evidence.extend(suggestion);
        finding
    }

    /// The files that do not parse and spell one of the targets.
    fn unread(&self, index: &Index, search: &Search<'_>, targets: &[Target], matters: &dyn Fn(FileId) -> bool) -> Vec<Finding> {
        let finding = |unread: &crate::index::unread::Unread| {
            let what = format!("{} is spelled here", targets[unread.target].spelled(index.modules()));
            self.found(&View::open(index, unread.file), unread.span, &what, Spelling::of(Form::Name), Reason::Unparsable)
        };
        search.unread(targets, &[]).iter().filter(|unread| matters(unread.file)).map(finding).collect()
    }

    /// Imports, uses through a module, and what star imports bring.
    fn referring(&self, index: &Index, matters: &(dyn Fn(FileId) -> bool + Sync)) -> Vec<Finding> {
        if self.references.is_empty() {
            return Vec::new();
        }
        let targets: Vec<Target> = self.references.iter().map(|named| named.target(index)).collect();
        let search = Search::new(index, &targets);
        let references = search.run();
        let found = in_code(index, &self.references, &references, |reference| matters(reference.file)).map(|reference| {
            let view = View::open(index, reference.file);
            let (span, spelling) = spelled(&view, reference);
            let what = format!("a reference to {}", targets[reference.target].spelled(index.modules()));
            self.found(&view, span, &what, spelling, Reason::Banned)
        });
        let mut findings: Vec<Finding> = found.collect();
        findings.extend(self.unread(index, &search, &targets, matters));
        findings
    }

    fn calling(&self, index: &Index, matters: &(dyn Fn(FileId) -> bool + Sync)) -> Vec<Finding> {
        let mut findings = Vec::new();
        for named in &self.calls {
            let targets = [named.target(index)];
            let search = Search::new(index, &targets);
            for (file, used) in search.used_as(UseRole::Callee).into_iter().filter(|(file, _)| matters(*file)) {
                let view = View::open(index, file);
                let used = &view.facts.uses[used.index()];
                let end = view.facts.attributes_of(used).last().map_or(used.span.end, |attribute| attribute.span.end);
                let what = format!("a call of {}", named.spelled());
                let span = Span::new(used.span.start, end);
                findings.push(self.found(&view, span, &what, Spelling::of(Form::Call), Reason::Banned));
            }
            findings.extend(self.unread(index, &search, &targets, matters));
        }
        findings
    }

    fn matching(&self, context: &Context<'_>) -> Vec<Finding> {
        let index = context.index;
        let found = self.query.iter().flat_map(|query| query.run(context));
        let mut findings = Vec::new();
        for found in found.filter(|found| !self.allow.has(index, found.file)) {
            let view = View::open(index, found.file);
            let code = Spelling::of(Form::Code);
            for hit in &found.hits {
                let text = &view.text[hit.found.span.range()];
                let line = text.lines().next().unwrap_or_default().trim_end();
                findings.push(self.found(&view, hit.found.span, &format!("`{line}`"), code, Reason::Banned));
            }
            let unparsable =
                found.unparsable.map(|span| self.found(&view, span, "what may be such code", code, Reason::Unparsable));
            findings.extend(unparsable);
        }
        findings
    }

    fn defining(&self, index: &Index, matters: &(dyn Fn(FileId) -> bool + Sync)) -> Vec<Finding> {
        let Some(role) = &self.definitions else { return Vec::new() };
        let players = role.players(index, matters);
        let form = Spelling::of(Form::Definition);
        let defined = players.definitions.iter().map(|&(file, id)| {
            let view = View::open(index, file);
            let definition = &view.facts.definitions[id.index()];
            let what = format!("`{}`", headline(view.facts, definition));
            self.found(&view, definition.header, &what, form, Reason::Banned)
        });
        let unread = players.unread.iter().map(|&(file, span)| {
            self.found(&View::open(index, file), span, "what may be such a definition", form, Reason::Unparsable)
        });
        defined.chain(unread).collect()
    }
}
