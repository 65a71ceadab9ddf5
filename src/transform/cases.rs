//! What an `inline-wrapper` is told that calls stand for, in any language.

use super::wire::{Located, Problem, Table};

/// What the plan says that a call stands for.
pub struct Case {
    /// The parameters that the call has to give, other than as a literal that says nothing (`None`, `undefined`).
    pub given: Vec<Located<String>>,
    /// The parameters whose arguments may be dropped.
    pub drops: Vec<Located<String>>,
    /// What takes the call's place.
    pub body: Located<String>,
}

impl Case {
    /// Reads `body`, or the `case`s, with `drops`, and reports a step that has both.
    pub fn read_all(table: &Table<'_>) -> Vec<Self> {
        let drops = table.strings("drops");
        let whole = table.string("body").map(|body| Case { given: Vec::new(), drops: drops.clone(), body });
        let cases = table.tables("case").into_iter().filter_map(|inner| {
            let body = inner.required("body");
            let given = inner.strings("given");
            let own = inner.strings("drops");
            inner.finish();
            let drops = drops.iter().cloned().chain(own).collect();
            Some(Case { given, drops, body: body? })
        });
        let cases: Vec<Case> = cases.collect();
        if let (Some(body), false) = (&whole, cases.is_empty()) {
            table.problem(Problem::new(&body.body.origin, "a step has either a `body` or `[[phase.step.case]]`s"));
        }
        cases.into_iter().chain(whole).collect()
    }
}
