//! From oxc's syntax tree to [`Facts`]: one walk that binds, one that reads, no look at other files.
//!
//! oxc parses. What names mean is worked out here, by the rules of TypeScript's own binder and checker: parts of them (merged bodies of
//! namespaces, what a parameter's default sees) go beyond what oxc's binder knows. The tree is dropped at the end; facts hold no node
//! of it.

mod aliases;
mod bind;
mod bound;
mod commonjs;
mod exports;
mod finish;
mod jsdoc;
mod mocks;
mod names;
mod nesting;
mod path;
mod requests;
mod walk;

use oxc_allocator::Allocator;
use oxc_ast_visit::Visit;
use oxc_parser::Parser;
use oxc_span::SourceType;
use rustc_hash::{FxHashMap, FxHashSet};

use self::bind::bind;
use self::bound::Bound;
use super::facts::{
    Alias, AliasId, Attribute, BindingId, BindingKind, Computed, Export, ExportId, Facts, Import, NameId, Names, Request,
    ScopeId, ScopeKind, SyntaxError, Use, UseRole,
};
use crate::text::path::RepoPath;
use crate::text::span::Span;

/// Collects the facts of a text; the path says by its ending which language it is.
pub fn collect(text: &str, path: &RepoPath) -> Facts {
    match nesting::stack(text) {
        Some(size) => stacker::maybe_grow(size, size, || parse(text, path)),
        None => {
            Facts { errors: Box::new([error(Span::at(0), "The file is nested too deeply to be read")]), ..Facts::default() }
        }
    }
}

fn parse(text: &str, path: &RepoPath) -> Facts {
    let language = source_type(path);
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, text, language).parse();
    let errors = parsed.diagnostics.errors().map(|diagnostic| {
        let label = diagnostic.labels.first();
        let place = label.map(|label| Span::new(label.offset(), label.offset() + label.len()));
        error(place.unwrap_or(Span::at(0)), &diagnostic.message)
    });
    let mut errors: Vec<SyntaxError> = errors.collect();
    errors.sort_by_key(|error| error.span);
    let mut names = Interner::default();
    let bound = bind(&parsed.program, &mut names);
    let mut collector = Collector::new(text, bound, names);
    collector.is_javascript = language.is_javascript();
    collector.is_module = parsed.module_record.has_module_syntax || is_always_module(path);
    collector.comments = parsed.program.comments.iter().map(|comment| span(comment.span)).collect();
    collector.references(&parsed.program);
    collector.documented();
    collector.visit_program(&parsed.program);
    collector.implicit_exports(&parsed.program);
    collector.finish(errors)
}

/// What the name's ending says. JavaScript may have JSX everywhere; whether a file is a module or a script, its syntax says.
fn source_type(path: &RepoPath) -> SourceType {
    let name = String::from_utf8_lossy(path.file_name());
    let known = SourceType::from_path(&*name).unwrap_or_else(|_| SourceType::ts());
    let language = if known.is_javascript() { known.with_jsx(true) } else { known };
    let is_fixed = [".mts", ".mjs", ".cjs", ".cts"].iter().any(|ending| name.ends_with(ending));
    if is_fixed { language } else { language.with_unambiguous(true) }
}

/// Whether the name alone makes the file a module.
fn is_always_module(path: &RepoPath) -> bool {
    let name = path.file_name();
    let has_ending = |ending: &[u8]| name.ends_with(ending);
    [b".mjs", b".cjs", b".mts", b".cts"].iter().any(|ending| has_ending(&ending[..]))
        && !has_ending(b".d.mts")
        && !has_ending(b".d.cts")
}

fn error(span: Span, message: &str) -> SyntaxError {
    SyntaxError { span, message: message.into() }
}

fn span(span: oxc_span::Span) -> Span {
    Span::new(span.start, span.end)
}

/// Walks on, on a larger stack where the nesting asks for one.
fn grow<T>(walk: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(128 * 1024, 2 * 1024 * 1024, walk)
}

/// The names of a file, as they come.
#[derive(Default)]
struct Interner {
    names: Vec<Box<str>>,
    ids: FxHashMap<Box<str>, NameId>,
}

impl Interner {
    fn id(&mut self, name: &str) -> NameId {
        if let Some(&id) = self.ids.get(name) {
            return id;
        }
        let id = NameId::new(self.names.len());
        self.names.push(name.into());
        self.ids.insert(name.into(), id);
        id
    }

    fn finish(&self) -> Names {
        Names::new(self.names.iter().map(|name| &**name))
    }
}

/// What waits for the use that starts at a place.
enum Waiting {
    /// An export is what it names.
    Export(ExportId),
    /// A binding is another name for it.
    Alias(BindingId),
}

/// A value taken from a module that is assigned to a variable behind its declaration.
struct Assigned {
    binding: BindingId,
    alias: AliasId,
}

struct Collector<'t> {
    text: &'t str,
    bound: Bound,
    names: Interner,
    is_javascript: bool,
    is_module: bool,
    is_dynamic: bool,
    comments: Vec<Span>,
    uses: Vec<Use>,
    attributes: Vec<Attribute>,
    requests: Vec<Request>,
    computed: Vec<Computed>,
    imports: Vec<Import>,
    aliases: Vec<Alias>,
    exports: Vec<Export>,
    paths: Vec<(NameId, Span)>,
    /// What the bindings are, where more is known than the kinds of their declarations.
    kinds: FxHashMap<BindingId, BindingKind>,
    assigned: Vec<Assigned>,
    waiting: FxHashMap<u32, Vec<Waiting>>,
    /// The calls that a function returns which is given to `lazy` or `dynamic`, by the place where they start.
    lazy: FxHashSet<u32>,
    /// The open scopes.
    stack: Vec<ScopeId>,
    /// What the next expression is used as.
    role: UseRole,
}

impl<'t> Collector<'t> {
    fn new(text: &'t str, bound: Bound, names: Interner) -> Self {
        Self {
            text,
            bound,
            names,
            is_javascript: false,
            is_module: false,
            is_dynamic: false,
            comments: Vec::new(),
            uses: Vec::new(),
            attributes: Vec::new(),
            requests: Vec::new(),
            computed: Vec::new(),
            imports: Vec::new(),
            aliases: Vec::new(),
            exports: Vec::new(),
            paths: Vec::new(),
            kinds: FxHashMap::default(),
            assigned: Vec::new(),
            waiting: FxHashMap::default(),
            lazy: FxHashSet::default(),
            stack: Vec::new(),
            role: UseRole::Value,
        }
    }

    fn scope(&self) -> ScopeId {
        self.stack.last().copied().unwrap_or(ScopeId::MODULE)
    }

    fn is_in_function(&self) -> bool {
        self.stack.iter().any(|scope| self.bound.scopes[scope.index()].kind == ScopeKind::Function)
    }

    /// The first place of a word in a part of the text, comments left out.
    fn word(&self, part: Span, word: &str) -> Span {
        let is_code = |at: u32| !self.comments.iter().any(|comment| comment.start <= at && at < comment.end);
        let mut found = self.text[part.range()].match_indices(word).map(|(at, _)| part.start + at as u32);
        let start = found.find(|&at| is_code(at)).unwrap_or(part.start);
        Span::new(start, (start + word.len() as u32).min(part.end))
    }
}

#[cfg(test)]
mod tests;
