//! Whether a definition becomes the same at another moment: it is evaluated when its new module is loaded, which may be before or after
//! its old one is, and may never be.
//!
//! A doubt is what it runs then (a decorator that registers it, a call of something that the repository defines, or of what the platform
//! has), and what the old module goes on to do to it. Calls of libraries are taken to be the same at any time.

use super::definition::Moving;
use crate::lang::typescript::effects::effect_but;
use crate::lang::typescript::facts::{BindingKind, Meaning, ScopeId};
use crate::lang::typescript::imports::Source;
use crate::lang::typescript::modules::Module;
use crate::syntax::{self, Node};
use crate::text::snapshot::FileId;
use crate::text::span::Span;
use crate::transform::finding::Evidence;
use crate::transform::typescript::View;
use crate::transform::typescript::library::is_same_whenever;

impl Moving<'_> {
    /// What happens while the definition is evaluated, and what the old module does to it when it is loaded.
    pub(super) fn moments(&self) -> Vec<Evidence> {
        let (view, Ok(source)) = (&self.view, self.source()) else { return Vec::new() };
        let acts = self.regions().into_iter().filter_map(|region| act_in(view, &source, region));
        let uses = self.needed().into_iter().map(|at| &view.facts.uses[at]);
        let early = uses.filter(|used| used.meaning.intersects(Meaning::VALUE) && !view.facts.is_lazy(used.scope));
        let handed = early.map(|used| used.span).filter(|span| is_acted_on(&source, *span));
        let (acts, handed): (Vec<Span>, Vec<Span>) = (acts.collect(), handed.collect());
        let acts = acts.into_iter().map(|span| view.quote("load-time", span));
        acts.chain(handed.into_iter().map(|span| view.quote("changes", span))).collect()
    }

    /// The files that the new module loads for the definition.
    pub(super) fn brings(&self) -> Vec<FileId> {
        let (facts, targets) = (self.view.facts, self.view.code.targets(self.view.file));
        let regions = self.regions();
        let is_inside = |span: Span| regions.iter().any(|region| region.covers(span));
        let used = facts.uses.iter().filter(|used| is_inside(used.span) && used.meaning.intersects(Meaning::VALUE));
        let bound = used.filter_map(|used| used.binding).map(|binding| &facts.bindings[binding.index()]);
        let brought = bound.filter(|bound| bound.scope == ScopeId::MODULE).filter_map(|bound| match bound.kind {
            BindingKind::Import(alias) => match targets[facts.aliases[alias.index()].request.index()].module {
                Module::File(file) => Some(file),
                Module::Absent(_) => None,
            },
            _ => facts.declarations_of(bound).iter().all(|it| !is_inside(it.span)).then_some(self.view.file),
        });
        brought.collect()
    }
}

/// What happens first where some of a file is evaluated.
fn act_in(view: &View<'_>, source: &Source<'_>, region: Span) -> Option<Span> {
    let is_known = |call: Node<'_>| is_same_whenever(view, source, call);
    let statements = syntax::children(source.tree.root()).into_iter().filter(|top| region.covers(syntax::span(*top)));
    let mut nodes: Vec<Node<'_>> = statements.collect();
    if nodes.is_empty() {
        nodes.extend(source.tree.root().descendant_for_byte_range(region.range().start, region.range().end));
    }
    nodes.into_iter().find_map(|node| effect_but(source, node, &is_known))
}

/// Whether the statement at the top of a module that has a use does something with what is used: it hands it on, or changes it. To call it
/// is to use it.
fn is_acted_on(source: &Source<'_>, used: Span) -> bool {
    let tops = syntax::children(source.tree.root());
    let is_act = tops.iter().any(|top| syntax::span(*top).covers(used) && top.kind() == "expression_statement");
    let node = source.tree.root().descendant_for_byte_range(used.range().start, used.range().end);
    let call = node.and_then(|node| node.parent().filter(|parent| parent.child_by_field_name("function") == Some(node)));
    is_act && call.is_none()
}
