//! Whether one symbol may stand for another.

use super::View;
use crate::index::Index;
use crate::lang::typescript::facts::{BindingKind, Declaration, DeclarationKind};
use crate::lang::typescript::modules::Module;
use crate::lang::typescript::resolve::{Definition, End, Resolution, Symbol};
use crate::text::eol;
use crate::transform::finding::{Applicability, Evidence, Reason};

/// What is known of a pair of symbols.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// How sure it is that the new one may stand for the old; `None` where it cannot.
    pub applicability: Option<Applicability>,
    /// Why it is not surer.
    pub reason: Option<Reason>,
    /// The two definitions, where that matters.
    pub evidence: Vec<Evidence>,
}

impl Verdict {
    /// Both are one and the same.
    pub fn same() -> Self {
        Self { applicability: Some(Applicability::Safe), reason: None, evidence: Vec::new() }
    }
}

/// Compares two symbols. With `replaces`, the plan vouches that the new one does what the old one did.
pub fn judge(index: &Index, from: &Symbol, to: &Symbol, replaces: bool) -> Verdict {
    let code = index.typescript();
    let (old, new) = (code.resolve(from), code.resolve(to));
    let evidence = || vec![describe(index, "from", &old), describe(index, "to", &new)];
    let review = |reason| Verdict { applicability: Some(Applicability::Review), reason: Some(reason), evidence: evidence() };
    if old.is_same_object(&new) {
        // `export const Old = New`: a name that someone may have chosen to keep.
        return if old.is_renamed { review(Reason::OwnName) } else { Verdict::same() };
    }
    match (&old.end, &new.end) {
        (_, End::Unbound | End::Cycle) => {
            Verdict { applicability: None, reason: Some(Reason::TargetLacks), evidence: evidence() }
        }
        // Neither is in the repository: the plan's word is all there is.
        (End::Absent(_), End::Absent(_)) => Verdict::same(),
        (End::Definition(a), End::Definition(b)) => match differing(index, *a, *b) {
            Some(reason) => review(reason),
            None if replaces => Verdict::same(),
            None => review(Reason::DifferentObject),
        },
        (End::Absent(_), End::Definition(_)) if replaces => Verdict::same(),
        (End::Absent(_), End::Definition(_)) => review(Reason::DifferentObject),
        _ => review(Reason::NotProved),
    }
}

/// In what two definitions differ so that code that uses the one cannot use the other as it is.
fn differing(index: &Index, a: Definition, b: Definition) -> Option<Reason> {
    let (a, b) = (declaration(index, a)?, declaration(index, b)?);
    if is_callable(&a) && is_callable(&b) {
        return (a.is_async != b.is_async).then_some(Reason::AsyncDiffers);
    }
    (std::mem::discriminant(&a.kind) != std::mem::discriminant(&b.kind)).then_some(Reason::KindDiffers)
}

fn is_callable(declaration: &Declaration) -> bool {
    matches!(declaration.kind, DeclarationKind::Function | DeclarationKind::Variable { is_function: true, .. })
}

/// The first declaration of what is defined.
pub fn declaration(index: &Index, definition: Definition) -> Option<Declaration> {
    let Definition::Binding(file, binding) = definition else { return None };
    let facts = index.typescript().facts(file);
    let binding = &facts.bindings[binding.index()];
    facts.declarations_of(binding).first().cloned().filter(|_| !matches!(binding.kind, BindingKind::Parameter))
}

/// Says what a symbol is and where it is declared.
pub fn describe(index: &Index, role: &'static str, way: &Resolution) -> Evidence {
    let modules = index.typescript().modules();
    let spelled = way.hops.last().map(|symbol| format!("{}:{}", modules.module_name(&symbol.module), symbol.name));
    let spelled = spelled.unwrap_or_else(|| "nothing".to_owned());
    let state = match &way.end {
        End::Definition(definition) => {
            let view = View::open(index, definition.file());
            let span = match definition {
                Definition::Binding(..) => declaration(index, *definition).map(|declaration| declaration.statement),
                Definition::Expression(_, export) => Some(view.facts.exports[export.index()].statement),
            };
            let Some(span) = span else { return Evidence { role, at: None, text: spelled } };
            let line = &view.text[span.range().start..eol::line_end(&view.text, span.range().start)];
            let at = Some((view.path.clone(), view.place(span).position.line));
            return Evidence { role, at, text: line.trim().trim_end_matches('{').trim_end().to_owned() };
        }
        End::Module(Module::File(_)) => "a module",
        End::Module(Module::Absent(_)) | End::Absent(_) => "not in the repository",
        End::Unbound => "does not exist",
        End::Dynamic => "made at run time",
        End::Ambiguous(_) => "exported in several ways",
        End::Cycle => "an alias of itself",
    };
    Evidence { role, at: None, text: format!("{spelled} ({state})") }
}
