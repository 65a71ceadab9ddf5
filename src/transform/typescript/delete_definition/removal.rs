//! A definition that is to go: what of its file belongs to it, and how it is taken out.

use crate::syntax::Node;

use crate::index::Index;
use crate::lang::typescript::effects::effect_in;
use crate::lang::typescript::facts::{
    BindingId, BindingKind, DeclarationId, DeclarationKind, ExportId, Exported, Facts, ScopeId,
};
use crate::lang::typescript::imports::Source;
use crate::lang::typescript::modules::Module;
use crate::lang::typescript::resolve::Symbol;
use crate::syntax;
use crate::text::snapshot::FileId;
use crate::text::span::Span;
use crate::transform::finding::{Evidence, Reason};
use crate::transform::typescript::View;
use crate::transform::typescript::quiet::Quiet;

/// A definition that is to go.
pub struct Doomed {
    /// Its module.
    pub file: FileId,
    /// What it is.
    pub what: What,
    /// The names by which its module exports it; for one that it does not export, its own.
    pub names: Vec<Box<str>>,
    /// Whether its module exports it at all.
    pub is_exported: bool,
    /// What is said of it.
    pub message: String,
    /// Whether only what was deleted used it: nothing is said where it has to stay.
    pub is_helper: bool,
}

/// What a definition is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum What {
    /// What the file declares, with all its exports.
    Binding(BindingId),
    /// An export entry that passes on what is defined elsewhere, or exports an expression.
    Entry(ExportId),
}

impl Doomed {
    /// A name that its module declares or passes on; `None` where it does not, or where the module is not in the repository.
    pub fn new(index: &Index, symbol: &Symbol, message: String) -> Option<Self> {
        let Module::File(file) = symbol.module else { return None };
        let facts = index.typescript().facts(file);
        let what = match facts.exports_of(&symbol.name).next() {
            Some((id, _)) => own(facts, id).map_or(What::Entry(id), What::Binding),
            None => What::Binding(facts.top_level(&symbol.name).filter(|binding| is_declared(facts, *binding))?),
        };
        let exported = |binding: BindingId| {
            let entries = (0..facts.exports.len()).map(ExportId::new).filter(move |id| own(facts, *id) == Some(binding));
            entries.map(|id| facts.names.get(facts.exports[id.index()].name).into())
        };
        let names: Vec<Box<str>> = match what {
            What::Binding(binding) => exported(binding).collect(),
            What::Entry(_) => vec![(&*symbol.name).into()],
        };
        let is_exported = !names.is_empty();
        let names = if is_exported { names } else { vec![(&*symbol.name).into()] };
        Some(Self { file, what, names, is_exported, message, is_helper: false })
    }

    /// The entries by which the module exports it, other than by `export` in the declaration itself.
    pub fn entries(&self, facts: &Facts) -> Vec<ExportId> {
        let ids = (0..facts.exports.len()).map(ExportId::new);
        match self.what {
            What::Entry(id) => vec![id],
            What::Binding(binding) => {
                let declarations = facts.declarations_of(&facts.bindings[binding.index()]);
                let is_apart = |id: &ExportId| {
                    let statement = facts.exports[id.index()].statement;
                    own(facts, *id) == Some(binding) && declarations.iter().all(|it| it.statement.start != statement.start)
                };
                ids.filter(is_apart).collect()
            }
        }
    }

    /// Its declarations.
    pub fn declarations(&self, facts: &Facts) -> Vec<DeclarationId> {
        match self.what {
            What::Entry(_) => Vec::new(),
            What::Binding(binding) => {
                let (start, end) = facts.bindings[binding.index()].declarations;
                (start..end).map(|at| DeclarationId::new(at as usize)).collect()
            }
        }
    }

    /// The first place of it.
    pub fn place(&self, facts: &Facts) -> Span {
        match self.what {
            What::Entry(id) => facts.exports[id.index()].name_span,
            What::Binding(_) => {
                self.declarations(facts).first().map_or(Span::at(0), |id| facts.declarations[id.index()].name_span)
            }
        }
    }

    /// The bytes that go with it.
    pub fn extents(&self, view: &View<'_>) -> Vec<Span> {
        let facts = view.facts;
        let declared = self.declarations(facts).into_iter().map(|id| {
            let declaration = &facts.declarations[id.index()];
            match declaration.kind {
                DeclarationKind::Variable { is_alone: false, .. } => declaration.span,
                _ => declaration.statement,
            }
        });
        let entries = self.entries(facts).into_iter().map(|id| match facts.exports[id.index()].what {
            Exported::Binding(_) | Exported::From { .. } => facts.exports[id.index()].span,
            _ => facts.exports[id.index()].statement,
        });
        declared.chain(entries).chain(self.attached(view)).collect()
    }

    /// The statements that only give it members: `X.displayName = "X"`.
    pub fn attached(&self, view: &View<'_>) -> Vec<Span> {
        let What::Binding(binding) = self.what else { return Vec::new() };
        let name = view.facts.names.get(view.facts.bindings[binding.index()].name);
        let Some(source) = view.source().filter(|source| source.text.contains(&format!("{name}."))) else { return Vec::new() };
        let gives = |node: &Node<'_>| {
            let assignment =
                node.named_child(0).filter(|it| node.kind() == "expression_statement" && it.kind() == "assignment_expression");
            let left =
                assignment.and_then(|it| it.child_by_field_name("left")).filter(|left| left.kind() == "member_expression");
            let object = left.and_then(|left| left.child_by_field_name("object"));
            object.is_some_and(|object| &source.text[object.byte_range()] == name) && effect_in(&source, *node).is_none()
        };
        syntax::children(source.tree.root()).into_iter().filter(gives).map(syntax::span).collect()
    }

    /// What happens by it while its module is loaded, and would not any more.
    pub fn act(&self, view: &View<'_>, quiet: &Quiet<'_>) -> Option<Evidence> {
        let facts = view.facts;
        let source = view.source()?;
        let request = match self.what {
            What::Entry(id) => match facts.exports[id.index()].what {
                Exported::From { request, .. } | Exported::Namespace(request) | Exported::Star(request) => Some(request),
                _ => None,
            },
            What::Binding(_) => None,
        };
        if let Some(request) = request {
            // What is passed on by itself is loaded by that.
            let others = facts
                .exports
                .iter()
                .filter(|export| matches!(export.what, Exported::From { request: other, .. } if other == request));
            let is_only = others.count() <= 1 && !facts.requests[request.index()].is_type_only;
            return match view.code.targets(view.file)[request.index()].module {
                Module::File(file) if is_only => quiet.act(file),
                _ => None,
            };
        }
        self.extents(view).into_iter().find_map(|span| {
            let node = source.tree.root().descendant_for_byte_range(span.range().start, span.range().end)?;
            effect_in(&source, node).map(|at| view.quote("load-time", at))
        })
    }

    /// Why it cannot be taken out, if so.
    pub fn obstacle(&self, facts: &Facts) -> Option<Reason> {
        if !facts.errors.is_empty() {
            return Some(Reason::Unparsable);
        }
        let is_odd = |id: ExportId| {
            let name = facts.names.get(facts.exports[id.index()].name);
            name == "export=" || facts.is_dynamic
        };
        let entries = self.entries(facts);
        entries.into_iter().any(is_odd).then_some(Reason::OddSpelling)
    }
}

/// What the file itself declares and an entry exports.
fn own(facts: &Facts, id: ExportId) -> Option<BindingId> {
    let binding = match facts.exports[id.index()].what {
        Exported::Binding(binding) => Some(binding),
        Exported::Use(used) => {
            let used = &facts.uses[used.index()];
            used.binding.filter(|_| used.attributes.0 == used.attributes.1)
        }
        _ => None,
    };
    binding.filter(|binding| is_declared(facts, *binding))
}

/// Whether a name is declared at the top of the file, and not imported.
fn is_declared(facts: &Facts, binding: BindingId) -> bool {
    let binding = &facts.bindings[binding.index()];
    binding.scope == ScopeId::MODULE && !matches!(binding.kind, BindingKind::Import(_))
}

/// Whether the statements of a file that stay are none, or only directives.
pub fn leaves_nothing(source: &Source<'_>, gone: &[Span]) -> bool {
    let stays = |node: &Node<'_>| node.kind() != "comment" && !gone.iter().any(|span| span.covers(syntax::span(*node)));
    !syntax::children(source.tree.root()).iter().any(stays)
}
