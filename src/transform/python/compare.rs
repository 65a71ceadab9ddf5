//! Whether one definition can stand for another: what a plan's word (`replaces`) cannot make right, and what a person has to know
//! who looks at two different objects.

use super::super::finding::{Evidence, Reason};
use crate::index::Index;
use crate::lang::python::facts::{Binding, BindingKind, Definition, Facts};
use crate::lang::python::modules::Module;
use crate::lang::python::resolve::Symbol;
use crate::lang::python::signature::{Difference, Shape, shape};

/// How two definitions differ.
#[derive(Default)]
pub(super) struct Comparison {
    /// Why the new one cannot stand for the old one, whoever says so.
    pub reason: Option<Reason>,
    /// What differs, in words.
    pub evidence: Vec<Evidence>,
}

/// Compares what defines two symbols. Where a name has several definitions (one in each branch of a condition), each is compared
/// with each. Nothing is said of names that are not bound by definitions alone.
pub(super) fn compare(index: &Index, old: &Symbol, new: &Symbol) -> Comparison {
    let (Some(old), Some(new)) = (shapes(index, old), shapes(index, new)) else { return Comparison::default() };
    let pairs = old.iter().flat_map(|old| new.iter().map(move |new| (old, new)));
    let mut differences: Vec<Difference> = pairs.flat_map(|(old, new)| old.differences(new)).collect();
    differences.sort();
    differences.dedup();
    let reason = differences.iter().find_map(reason);
    let tell = |difference: &Difference| Evidence { role: "differs", at: None, text: difference.text().to_owned() };
    Comparison { reason, evidence: differences.iter().map(tell).collect() }
}

/// The reason that a difference is. Decorators may do anything, and nothing that matters: a person knows.
fn reason(difference: &Difference) -> Option<Reason> {
    match difference {
        Difference::Kind(_) => Some(Reason::KindDiffers),
        Difference::Async(_) => Some(Reason::AsyncDiffers),
        Difference::Signature(_) => Some(Reason::SignatureDiffers),
        Difference::Decorators(_) => None,
    }
}

/// The definitions of a name, without those that only type checkers see; `None` where something else binds it as well.
fn shapes(index: &Index, symbol: &Symbol) -> Option<Vec<Shape>> {
    let Module::File(file) = symbol.module else { return None };
    let facts = index.facts(file);
    let text = index.text(file).ok()?;
    let definition = |(_, binding): (_, &Binding)| -> Option<&Definition> {
        match binding.kind {
            BindingKind::Definition(definition) => Some(&facts.definitions[definition.index()]),
            _ => None,
        }
    };
    let bindings = facts.module_bindings(&symbol.name).filter(|(_, binding)| Facts::is_lasting(binding));
    let definitions: Vec<&Definition> = bindings.map(definition).collect::<Option<_>>()?;
    let mut shapes: Vec<Shape> = definitions.iter().map(|definition| shape(&text, definition.span)).collect::<Option<_>>()?;
    let is_overload = |shape: &Shape| shape.decorators.iter().any(|text| text.rsplit('.').next() == Some("overload"));
    if !shapes.iter().all(is_overload) {
        shapes.retain(|shape| !is_overload(shape));
    }
    (!shapes.is_empty()).then_some(shapes)
}
