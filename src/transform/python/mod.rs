//! The rules for Python. A kind reads its parameters here where they name Python; what it is and what it promises is said in its own
//! file.

pub(super) mod absolute_imports;
pub(super) mod ban;
mod bring;
mod compare;
pub(super) mod delete_definition;
pub mod delete_module;
pub(super) mod inline_wrapper;
pub mod mention;
pub(super) mod move_module;
pub(super) mod move_symbol;
pub mod named;
mod query;
mod relocate;
pub mod remove_unused_imports;
pub(super) mod rewrite;
pub mod role;
pub mod shim;
pub mod sightings;
mod spell;

use super::Subject;
use super::finding::{Evidence, Finding, Form, Outcome, Place, Spelling};
use crate::index::Index;
use crate::index::references::Target;
use crate::lang::python::facts::{Facts, Import, ScopeId};
use crate::lang::python::imports::Source;
use crate::lang::python::modules::Module;
use crate::lang::python::resolve::{Resolution, Symbol};
use crate::text::path::RepoPath;
use crate::text::snapshot::FileId;
use crate::text::span::{LineIndex, Span};

/// One file that findings are made in.
pub struct View<'i> {
    index: &'i Index,
    file: FileId,
    path: &'i RepoPath,
    facts: &'i Facts,
    text: String,
    lines: &'i LineIndex,
    spellings: spell::Known,
}

impl<'i> View<'i> {
    fn open(index: &'i Index, file: FileId) -> Self {
        let text = index.text(file).unwrap_or_default();
        let path = &index.snapshot().get(file).path;
        Self { index, file, path, facts: index.facts(file), text, lines: index.lines(file), spellings: spell::Known::default() }
    }

    fn place(&self, span: Span) -> Place {
        Place { path: self.path.clone(), span, position: self.lines.position(span.start) }
    }

    /// The line that a span starts on, as evidence.
    fn quote(&self, role: &'static str, span: Span) -> Evidence {
        let line = crate::text::eol::quoted(&self.text, span.range().start);
        Evidence { role, at: Some((self.path.clone(), self.lines.position(span.start).line)), text: line }
    }

    /// The file as the import editor needs it; `None` where tree-sitter gives up.
    fn source(&self) -> Option<Source<'_>> {
        let tree = self.index.tree(self.file, &self.text)?;
        Some(Source { file: self.file, text: &self.text, facts: self.facts, tree, modules: self.index.modules() })
    }

    fn finding(&self, span: Span, message: String, spelling: Option<Spelling>, outcome: Outcome) -> Finding {
        Finding { place: self.place(span), message, spelling, evidence: Vec::new(), outcome }
    }

    /// How a statement is spelled, apart from its names.
    fn import_spelling(&self, import: &Import) -> Spelling {
        use crate::lang::python::facts::Context as Under;
        let text = &self.text[import.span.range()];
        Spelling {
            is_lazy: self.facts.is_lazy(import.scope),
            is_relative: import.from.is_some_and(|from| from.level > 0),
            is_multi_line: text.contains(['\n', '\r']),
            is_shared: import.aliases.1 - import.aliases.0 > 1,
            is_type_checking: import.context.contains(Under::TYPE_CHECKING),
            is_guarded: [Under::TRY_IMPORT, Under::TRY_ANY, Under::HANDLER].iter().any(|&under| import.context.contains(under)),
            ..Spelling::of(if import.from.is_some() { Form::FromImport } else { Form::Import })
        }
    }
}

/// Says what a symbol is and where it is defined.
pub fn describe(index: &Index, role: &'static str, way: &Resolution) -> Evidence {
    let spelled = |symbol: &Symbol| symbol.spelled(index.modules());
    let Some(last) = way.hops.last() else {
        return Evidence { role, at: None, text: "nothing".to_owned() };
    };
    use crate::lang::python::facts::BindingKind;
    use crate::lang::python::modules::Module;
    use crate::lang::python::resolve::End;
    let (Module::File(file), End::Definition) = (&last.module, &way.end) else {
        let state = match &way.end {
            End::Absent(_) => "not in the repository",
            End::Unbound => "does not exist",
            End::Ambiguous(_) => "bound in several ways",
            End::Dynamic => "made at run time",
            End::Module(_) => "a module",
            End::Cycle => "an alias of itself",
            End::Definition | End::Local => "a value",
        };
        return Evidence { role, at: None, text: format!("{} ({state})", spelled(last)) };
    };
    let view = View::open(index, *file);
    let binding =
        view.facts.module_bindings(&last.name).map(|(_, binding)| binding).rfind(|binding| Facts::is_lasting(binding));
    let Some(binding) = binding else { return Evidence { role, at: None, text: spelled(last) } };
    let header = match binding.kind {
        BindingKind::Definition(definition) => &view.text[view.facts.definitions[definition.index()].header.range()],
        _ => {
            let start = crate::text::eol::line_start(&view.text, binding.span.range().start);
            view.text[start..crate::text::eol::line_end(&view.text, start)].trim()
        }
    };
    // A signature over several lines, on one.
    let header =
        header.split_whitespace().collect::<Vec<_>>().join(" ").replace("( ", "(").replace(", )", ")").replace(" )", ")");
    let line = view.lines.position(binding.span.start).line;
    Evidence { role, at: Some((view.path.clone(), line)), text: header }
}

/// A module as the subject of a rule, with the classes and functions that it defines.
fn module_subjects(index: &Index, from: &str, to: Option<&str>) -> Vec<Subject> {
    let whole = Subject { target: Target::Module(from.into()), home: to.map(|to| Target::Module(to.into())) };
    let module = index.modules().module(from);
    let Module::File(file) = module else { return vec![whole] };
    let facts = index.facts(file);
    let symbol = |module: &Module, name: &str| Target::Symbol(Symbol { module: module.clone(), name: name.into() });
    let defined = facts.definitions.iter().filter(|definition| definition.scope == ScopeId::MODULE);
    let subject =
        |name: &str| Subject { target: symbol(&module, name), home: to.map(|to| symbol(&index.modules().module(to), name)) };
    std::iter::once(whole).chain(defined.map(|definition| subject(facts.names.get(definition.name)))).collect()
}

/// The stub beside a file.
fn stub_beside(index: &Index, path: &RepoPath) -> Option<RepoPath> {
    let stub = path.as_str().and_then(|path| RepoPath::new(format!("{path}i")));
    stub.filter(|path| index.snapshot().id(path).is_some())
}

/// The names that a module binds or forwards.
pub fn module_names(facts: &Facts) -> impl Iterator<Item = &str> {
    let bindings = facts.bindings.iter().take_while(|binding| binding.scope == ScopeId::MODULE);
    let bound = bindings.map(|binding| binding.name);
    bound.chain(facts.forwards.iter().map(|forward| forward.name)).map(|name| facts.names.get(name))
}
