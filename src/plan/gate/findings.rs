//! The metric `findings`: the places that a transform finds, those that it would fix and those that it leaves.

use std::collections::BTreeMap;

use super::{Context, Counted, Known};
use crate::transform::finding::Place;
use crate::transform::wire::{Problem, Table};
use crate::transform::{Transform, run};

/// What a gate of this metric counts.
pub struct Findings {
    source: Source,
}

enum Source {
    /// A transform of a pack.
    Transform(Box<Transform>),
    /// What a step of the gate's phase runs.
    Step(String),
}

impl Findings {
    pub(super) fn read(table: &Table<'_>, known: &Known<'_>) -> Option<Self> {
        let of = table.string("of");
        let step = table.string("step");
        let source = match (of, step) {
            (Some(of), None) => Source::Transform(Box::new((known.transform)(table, &of)?)),
            (None, Some(step)) if known.steps.contains(&step.value.as_str()) => Source::Step(step.value),
            (None, Some(step)) => {
                let problem = Problem::new(&step.origin, format!("there is no step `{}` in this phase", step.value));
                let problem = problem.hint(match &known.steps[..] {
                    [] => "it has none".to_owned(),
                    steps => format!("its steps are {}", steps.join(", ")),
                });
                table.problem(problem.did_you_mean(&step.value, known.steps.iter().copied()));
                return None;
            }
            (Some(_), Some(step)) => {
                table.problem(Problem::new(&step.origin, "a gate has either `of` or `step`"));
                return None;
            }
            (None, None) => {
                let problem = Problem::new(table.origin(), "`of` or `step` is missing");
                table.problem(problem.hint("`of = \"pack/name\"` names a transform, `step = \"id\"` a step of this phase"));
                return None;
            }
        };
        Some(Self { source })
    }

    pub(super) fn transform(&self) -> Option<&str> {
        match &self.source {
            Source::Transform(transform) => Some(&transform.id),
            Source::Step(_) => None,
        }
    }

    pub(super) fn count(&self, context: &Context<'_>) -> (Vec<Counted>, Option<Problem>) {
        let transform = match &self.source {
            Source::Transform(transform) => Some(&**transform),
            Source::Step(id) => context.phase.steps.iter().find(|step| step.id == *id).map(|step| &step.transform),
        };
        let Some(transform) = transform else { return (Vec::new(), None) };
        let findings = run(context.index, &context.plan.scope, transform, context.subjects);
        // Several findings at one place are one place.
        let mut places: BTreeMap<Place, String> = BTreeMap::new();
        for finding in findings.into_iter().filter(|finding| context.has(&finding.place.path)) {
            places.entry(finding.place).or_insert(finding.message);
        }
        let places: Vec<Counted> =
            places.into_iter().map(|(place, message)| context.at(place.path, place.position, message)).collect();
        // A transform that is about nothing finds nothing.
        let is_own = matches!(self.source, Source::Transform(_)) && places.is_empty();
        let doubt = is_own.then(|| transform.rule.check(context.index).into_iter().next()).flatten();
        (places, doubt)
    }
}
