//! `inline-wrapper` for TypeScript: every call of a function becomes the expression that it returns, or the one that the plan states.
//!
//! Arguments go where the function's own parameters send them. The expression takes the place of a call only where that is proved to be the
//! same: each argument is evaluated once and in its order, every name means what it means in the function, and a promise stays one.

mod bound;
mod component;
mod inlining;
mod names;
mod site;
mod standin;

use std::collections::BTreeMap;

use self::inlining::inline;
use self::standin::Standin;
use super::named::SymbolRef;
use crate::index::Index;
use crate::transform::cases::Case;
use crate::transform::finding::Finding;
use crate::transform::wire::{Problem, Table};
use crate::transform::{Context, Rule, Subject};

struct InlineWrapper {
    wrappers: Vec<SymbolRef>,
    symbols: BTreeMap<String, SymbolRef>,
    cases: Vec<Case>,
    is_external: bool,
}

/// Reads the parameters.
pub fn read(table: &Table<'_>) -> Option<Box<dyn Rule>> {
    if !table.has("of") {
        let problem = Problem::new(table.origin(), "`of` is missing");
        table.problem(problem.hint("`of` names the wrapper, or a list of wrappers: `web/lib/api:makeClient`"));
    }
    let wrappers: Vec<SymbolRef> = table.strings("of").into_iter().filter_map(|text| SymbolRef::read(table, text)).collect();
    for key in ["signature", "refused"] {
        if table.has(key) {
            let problem = Problem::new(table.origin(), format!("`{key}` is for Python"));
            table.problem(problem.hint("the parameters of a TypeScript function are read from its definition"));
        }
    }
    let symbols: BTreeMap<String, SymbolRef> =
        table.texts("symbols").into_iter().filter_map(|(name, text)| Some((name, SymbolRef::read(table, text)?))).collect();
    let cases = Case::read_all(table);
    let is_used = |name: &String| cases.iter().any(|case| case.body.value.contains(&format!("${name}")));
    for (name, symbol) in symbols.iter().filter(|(name, _)| !is_used(name)) {
        table.problem(Problem::new(symbol.origin(), format!("no body has `${name}`")).hint("a body names a symbol with a `$`"));
    }
    Some(Box::new(InlineWrapper { wrappers, symbols, cases, is_external: table.flag("external") }))
}

impl Rule for InlineWrapper {
    fn check(&self, index: &Index) -> Vec<Problem> {
        if self.is_external {
            return Vec::new();
        }
        let mut problems: Vec<Problem> = self.wrappers.iter().filter_map(|wrapper| wrapper.check(index)).collect();
        problems.extend(self.symbols.values().filter_map(|symbol| symbol.check(index)));
        if problems.is_empty() {
            problems.extend(self.wrappers.iter().flat_map(|wrapper| self.check_bodies(index, wrapper)));
        }
        problems
    }

    fn find(&self, context: &Context<'_>) -> Vec<Finding> {
        let index = context.index;
        let standins: Vec<Standin<'_>> =
            self.wrappers.iter().map(|wrapper| Standin::of(index, wrapper, &self.cases, &self.symbols)).collect();
        inline(context, &standins)
    }

    fn subjects(&self, _: &Index) -> Vec<Subject> {
        Vec::new()
    }
}

impl InlineWrapper {
    /// Reports what the plan states and is no expression, or names what there is not.
    fn check_bodies(&self, index: &Index, wrapper: &SymbolRef) -> Vec<Problem> {
        let Some(header) = standin::header(index, wrapper) else { return Vec::new() };
        let known: Vec<&str> = header.names.iter().map(String::as_str).collect();
        let mut problems = Vec::new();
        for case in &self.cases {
            for name in case.given.iter().chain(&case.drops).filter(|name| !known.contains(&name.value.as_str())) {
                let problem = Problem::new(&name.origin, format!("`{}` is no parameter of the wrapper", name.value));
                let hint = format!("its parameters are {}", known.join(", "));
                problems.push(problem.hint(hint).did_you_mean(&name.value, known.iter().copied()));
            }
            match standin::stated(index, &header, case, &self.symbols) {
                Ok(_) => {}
                Err(Some(name)) => problems.push(
                    Problem::new(&case.body.origin, format!("`symbols` does not say what `{name}` is"))
                        .hint(format!("add `symbols = {{ {} = \"module:Name\" }}`", name.trim_start_matches('$'))),
                ),
                Err(None) => problems.push(
                    Problem::new(&case.body.origin, "this is not an expression that can stand in a call's place")
                        .hint("such as `$TARGET(user)`, with parameters of the wrapper as names"),
                ),
            }
        }
        problems
    }
}
