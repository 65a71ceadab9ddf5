//! What becomes of each import declaration with names that nothing in its file uses: they go, or a person looks at them first.

use std::collections::BTreeSet;

use rustc_hash::FxHashSet;

use super::marks::{has_word, is_marked, jsx_names, marks_file};
use crate::lang::typescript::facts::{Alias, AliasId, BindingId, RequestId, RequestKind};
use crate::lang::typescript::load::{is_kept_by, kept, values};
use crate::lang::typescript::modules::{Emit, Module};
use crate::syntax;
use crate::text::snapshot::FileId;
use crate::transform::finding::{Evidence, Reason};
use crate::transform::typescript::View;
use crate::transform::typescript::quiet::Quiet;

/// How imports are judged.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Manner<'m> {
    /// Nothing used them: a compiler that leaves unused imports out does not evaluate their modules as it is.
    Everywhere,
    /// A step makes them useless. These are of declarations that the program had before it, whose modules were evaluated.
    Orphaned(&'m BTreeSet<AliasId>),
}

/// The names of one declaration that nothing uses.
pub struct Judged {
    /// What the declaration asks for.
    pub request: RequestId,
    /// The names.
    pub aliases: Vec<AliasId>,
    /// Why a person has to look at it before they go.
    pub doubt: Option<(Reason, Evidence)>,
    /// What its module does when it is loaded, where the compiler would leave the declaration out, and that with it.
    pub act: Option<Evidence>,
}

/// Judges names of a file that nothing in it uses, declaration by declaration. Those that are used in a way that is not written, and
/// those that the author has marked, are left out.
pub fn judge(quiet: &Quiet<'_>, view: &View<'_>, unused: &[AliasId], manner: Manner<'_>) -> Vec<Judged> {
    let facts = view.facts;
    if unused.is_empty() || marks_file(&view.text, &facts.comments) {
        return Vec::new();
    }
    let compiled = Compiled { emit: view.code.modules().emit(view.path), values: values(facts), kept: kept(facts) };
    let kept = Kept::of(view, &compiled.emit, unused);
    let is_marked = |alias: &Alias| {
        let whole = facts.requests[alias.request.index()].whole;
        [whole, alias.span].iter().any(|place| is_marked(&view.text, &facts.comments, *place))
    };
    let mut judged: Vec<Judged> = Vec::new();
    for &id in unused {
        let alias = &facts.aliases[id.index()];
        if kept.has(view, alias) || is_marked(alias) {
            continue;
        }
        match judged.iter_mut().find(|judged| judged.request == alias.request) {
            Some(judged) => judged.aliases.push(id),
            None => judged.push(Judged { request: alias.request, aliases: vec![id], doubt: None, act: None }),
        }
    }
    for judged in &mut judged {
        let act = act(view, judged, &compiled, manner, quiet);
        match manner {
            // Left as it is, the declaration would be no part of the program any more.
            Manner::Orphaned(_) if !compiled.emit.keeps_imports => judged.act = act,
            _ => judged.doubt = act.map(|act| (Reason::LoadTime, act)),
        }
    }
    judged
}

/// What the compiler makes of a file.
struct Compiled {
    emit: Emit,
    /// The names that are used as values.
    values: FxHashSet<BindingId>,
    /// Which requests the program has.
    kept: Vec<bool>,
}

/// Names that are used though no use of them is written.
struct Kept {
    /// What JSX stands for, where the file has some.
    jsx: Vec<String>,
    /// The comments of a script may give its types.
    is_script: bool,
}

impl Kept {
    fn of(view: &View<'_>, emit: &Emit, unused: &[AliasId]) -> Self {
        let names = jsx_names(&view.text, &view.facts.comments).unwrap_or_else(|| emit.jsx_names.clone());
        let is_asked = unused.iter().any(|id| names.iter().any(|name| local(view, &view.facts.aliases[id.index()]) == name));
        let is_script = view.path.extension().is_some_and(|extension| !extension.contains(&b't'));
        Self { jsx: if is_asked && has_jsx(view) { names } else { Vec::new() }, is_script }
    }

    fn has(&self, view: &View<'_>, alias: &Alias) -> bool {
        let name = local(view, alias);
        let is_in_comment = || view.facts.comments.iter().any(|span| has_word(&view.text[span.range()], name));
        self.jsx.iter().any(|jsx| jsx == name) || (self.is_script && is_in_comment())
    }
}

fn local<'i>(view: &View<'i>, alias: &Alias) -> &'i str {
    let facts = view.facts;
    alias.local.map_or("", |local| facts.names.get(facts.bindings[local.index()].name))
}

fn has_jsx(view: &View<'_>) -> bool {
    let Some(source) = view.source() else { return true };
    let mut waiting = vec![source.tree.root()];
    while let Some(node) = waiting.pop() {
        if node.kind().starts_with("jsx_") {
            return true;
        }
        waiting.extend(syntax::children(node));
    }
    false
}

/// The other names of the declaration.
pub fn others(view: &View<'_>, judged: &Judged) -> impl Iterator<Item = AliasId> {
    let all = view.facts.aliases.iter().enumerate().filter(|(_, alias)| alias.request == judged.request);
    all.map(|(at, _)| AliasId::new(at)).filter(|id| !judged.aliases.contains(id))
}

/// What is not done any more when a declaration goes with its names, and with it the evaluation of its module.
fn act(view: &View<'_>, judged: &Judged, compiled: &Compiled, manner: Manner<'_>, quiet: &Quiet<'_>) -> Option<Evidence> {
    let facts = view.facts;
    // What is used as a type alone does not keep a declaration in the program.
    let keeps_imports = compiled.emit.keeps_imports;
    let keeps = |alias: &Alias| keeps_imports || is_kept_by(alias, &compiled.values);
    let mut others = others(view, judged).map(|id| &facts.aliases[id.index()]);
    let request = &facts.requests[judged.request.index()];
    let is_evaluated = match manner {
        _ if request.is_type_only || others.any(keeps) => false,
        Manner::Everywhere => keeps_imports,
        Manner::Orphaned(loaded) => keeps_imports || judged.aliases.iter().any(|id| loaded.contains(id)),
    };
    if !is_evaluated {
        return None;
    }
    match view.code.targets(view.file)[judged.request.index()].module {
        // What others load goes on to be loaded.
        Module::File(file)
            if !keeps_imports
                && (quiet.is_loaded_without(file, view.file) || is_loaded_beside(view, judged, file, &compiled.kept)) =>
        {
            None
        }
        Module::File(file) => quiet.act(file),
        Module::Absent(_) => keeps_imports.then(|| view.quote("load-time", request.whole)),
    }
}

/// Whether another declaration of the file goes on to load a file.
fn is_loaded_beside(view: &View<'_>, judged: &Judged, file: FileId, kept: &[bool]) -> bool {
    let targets = view.code.targets(view.file);
    let beside = |(at, is_kept): (usize, bool)| {
        let is_declaration = matches!(view.facts.requests[at].kind, RequestKind::Import | RequestKind::Export);
        is_kept && is_declaration && at != judged.request.index() && targets[at].module == Module::File(file)
    };
    kept.iter().copied().enumerate().any(beside)
}
