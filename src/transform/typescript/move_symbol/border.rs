//! What a definition meets when it leaves its module: a module that frameworks or the compiler read in another way, and tests that replace
//! one of the two modules while the other one goes on to use it.

use super::definition::{Moving, Stop};
use crate::lang::typescript::facts::{BindingKind, Meaning, ScopeId, Use};
use crate::lang::typescript::marks::marks;
use crate::lang::typescript::modules::Module;
use crate::text::path::RepoPath;
use crate::text::span::Span;
use crate::transform::finding::{Evidence, Reason};
use crate::transform::typescript::found::by_exports;
use crate::transform::typescript::{View, mocks};

impl Moving<'_> {
    /// Why the move is to be looked at, though all references are known.
    pub fn border(&self) -> Option<Stop> {
        let marks = self.unlike();
        if !marks.is_empty() {
            return Some(Stop { reason: Reason::OtherRealm, evidence: marks });
        }
        let moments = self.moments();
        if !moments.is_empty() {
            return Some(Stop { reason: Reason::LoadTime, evidence: moments });
        }
        let patches = self.patches();
        if !patches.is_empty() {
            return Some(Stop { reason: Reason::Patched, evidence: patches });
        }
        let found = [self.view.path, &self.place].into_iter().find_map(|path| Some((path, by_exports(path)?)));
        if let Some((path, by)) = found {
            let evidence = Evidence { role: "found", at: Some((path.clone(), 1)), text: format!("by {by}") };
            return Some(Stop { reason: Reason::FoundOtherwise, evidence: vec![evidence] });
        }
        let (old, new) = (self.manifest(self.view.path), self.manifest(&self.place));
        let manifest =
            |role, path: Option<RepoPath>| path.map(|path| Evidence { role, text: path.to_text(), at: Some((path, 1)) });
        (old != new).then(|| Stop {
            reason: Reason::OtherPackage,
            evidence: [manifest("from", old), manifest("to", new)].into_iter().flatten().collect(),
        })
    }

    /// The manifest of the package that a file belongs to.
    fn manifest(&self, path: &RepoPath) -> Option<RepoPath> {
        let text = path.as_str()?;
        let folders = std::iter::successors(text.rsplit_once('/').map(|(folder, _)| folder).or(Some("")), |folder| {
            folder.rsplit_once('/').map(|(folder, _)| folder).or((!folder.is_empty()).then_some(""))
        });
        let manifests = folders.filter_map(|folder| RepoPath::new(format!("{folder}/package.json").trim_start_matches('/')));
        { manifests }.find(|path| self.context.index.snapshot().id(path).is_some())
    }

    /// What the old and the new module say of themselves, where that is not the same: `"use client"`, `// @ts-nocheck`. A new file says what
    /// the old one says.
    fn unlike(&self) -> Vec<Evidence> {
        let index = self.context.index;
        let is_type = !self.view.facts.bindings[self.binding.index()].meaning.contains(Meaning::VALUE);
        let Some(file) = index.snapshot().id(&self.place) else { return Vec::new() };
        let view = View::open(index, file);
        let (own, theirs) = (marks(&self.view.text), marks(&view.text));
        let is_about = |mark: &(Span, &str)| !is_type || mark.1.starts_with('@');
        let is_known = |mark: &(Span, &str), others: &[(Span, &str)]| others.iter().any(|other| other.1 == mark.1);
        let lost = own.iter().filter(|mark| is_about(mark) && !is_known(mark, &theirs));
        let met = theirs.iter().filter(|mark| is_about(mark) && !is_known(mark, &own));
        let lost = lost.map(|(span, _)| self.view.quote("from", *span));
        lost.chain(met.map(|(span, _)| view.quote("to", *span))).collect()
    }

    /// The replacements of one module that the other one, which goes on to use it, would meet: within a module nothing is replaced.
    fn patches(&self) -> Vec<Evidence> {
        let index = self.context.index;
        let code = index.typescript();
        let facts = self.view.facts;
        let is_value = |used: &Use| used.meaning.intersects(Meaning::VALUE);
        let uses_new = self.needed().iter().any(|at| is_value(&facts.uses[*at]));
        let regions = self.regions();
        let is_inside = |span: Span| regions.iter().any(|region| region.covers(span));
        let uses_old = facts.uses.iter().filter(|used| is_inside(used.span) && is_value(used)).any(|used| {
            let Some(binding) = used.binding else { return false };
            let bound = &facts.bindings[binding.index()];
            let is_import = matches!(bound.kind, BindingKind::Import(_));
            let moves = facts.declarations_of(bound).iter().any(|declaration| is_inside(declaration.span));
            bound.scope == ScopeId::MODULE && !is_import && !moves
        });
        if !uses_old && !uses_new {
            return Vec::new();
        }
        let is_old = |module: &Module| *module == Module::File(self.view.file);
        let is_new = |module: &Module| match module {
            Module::File(file) => index.snapshot().get(*file).path == self.place,
            Module::Absent(_) => false,
        };
        let found = mocks::of_module(code, move |module| is_old(module) || is_new(module));
        let met = found.filter(|(test, request)| {
            // Of an old module that is replaced as a whole nothing is evaluated.
            let whole = code.facts(*test).requests[request.index()].whole;
            let is_old = is_old(&code.targets(*test)[request.index()].module);
            !is_old
                || !mocks::has_factory(code.facts(*test), *request)
                || View::open(index, *test).text[whole.range()].contains("...")
        });
        met.map(|(test, request)| View::open(index, test).quote("replaced", code.facts(test).requests[request.index()].span))
            .collect()
    }
}
