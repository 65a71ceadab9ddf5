//! `inline-wrapper`: every call of a wrapper becomes what it stands for: the expression that the wrapper returns, or the one that the
//! plan states.
//!
//! Arguments go where the wrapper's own signature sends them. What the wrapper returns takes the place of a call only where that is
//! proved to be the same: each argument is evaluated once and in its order, every name means what it means in the wrapper, the result
//! is awaited as before, and no test patches what is read. What the plan states is for review, unless it vouches for it.

mod inlining;
mod objects;
mod site;
mod standin;
mod write;

use std::collections::BTreeMap;

use self::inlining::{Inlining, Wrapped};
use super::super::cases::Case;
use super::super::finding::Finding;
use super::super::wire::{Origin, Problem, Table};
use super::super::{Context, Rule, Subject};
use super::named::{MemberRef, SymbolRef};
use crate::index::Index;
use crate::index::references::Target;
use crate::lang::python::modules::Module;
use crate::lang::python::resolve;
use crate::lang::python::scope::is_builtin;
use crate::lang::python::template::{self, NoTemplate, Piece};
use crate::lang::python::wrapper::{self, Uncallable, Wrapper};

struct InlineWrapper {
    wrappers: Vec<MemberRef>,
    /// The signature, where the plan says it.
    signature: Option<Wrapper>,
    symbols: BTreeMap<String, SymbolRef>,
    cases: Vec<Case>,
    /// Whether only classes count that refuse to be instantiated.
    is_refused: bool,
    /// The author's word that what does not exist may be missing.
    is_external: bool,
}

/// Reads the parameters.
pub fn read(table: &Table<'_>) -> Option<Box<dyn Rule>> {
    if !table.has("of") {
        let problem = Problem::new(table.origin(), "`of` is missing");
        table
            .problem(problem.hint("`of` names the wrapper, or a list of wrappers: `module:function` or `module:Class.method`"));
    }
    let wrappers: Vec<MemberRef> = table.strings("of").into_iter().filter_map(|text| MemberRef::read(table, text)).collect();
    let signature = table.string("signature").and_then(|text| match wrapper::read_header(&text.value) {
        Ok(wrapper) => Some(wrapper),
        Err(_) => {
            let problem = Problem::new(&text.origin, format!("`{}` is not a signature", text.value));
            table.problem(problem.hint("a signature is such as `async def create(user, mode=None)`"));
            None
        }
    });
    let symbols: BTreeMap<String, SymbolRef> =
        table.texts("symbols").into_iter().filter_map(|(name, text)| Some((name, SymbolRef::read(table, text)?))).collect();
    let cases = Case::read_all(table);
    for case in &cases {
        check_body(table, case, &symbols);
    }
    let is_used = |name: &String| cases.iter().any(|case| case.body.value.contains(&format!("${name}")));
    for (name, symbol) in symbols.iter().filter(|(name, _)| !is_used(name)) {
        table.problem(Problem::new(&symbol.origin, format!("no body has `${name}`")).hint("a body names a symbol with a `$`"));
    }
    let (is_refused, is_external) = (table.flag("refused"), table.flag("external"));
    Some(Box::new(InlineWrapper { wrappers, signature, symbols, cases, is_refused, is_external }))
}

/// Reports a body that is no expression, or names symbols that are not there.
fn check_body(table: &Table<'_>, case: &Case, symbols: &BTreeMap<String, SymbolRef>) {
    match template::parse(&case.body.value, &[]) {
        Ok(template) => {
            for piece in template.pieces() {
                let Piece::Name { path, .. } = piece else { continue };
                if let Some(name) = path[0].strip_prefix('$').filter(|name| !symbols.contains_key(*name)) {
                    let problem = Problem::new(&case.body.origin, format!("`symbols` does not say what `${name}` is"));
                    let hint = format!("add `symbols = {{ {name} = \"module:Name\" }}`");
                    table.problem(problem.hint(hint).did_you_mean(name, symbols.keys().map(String::as_str)));
                }
            }
        }
        Err(NoTemplate { message, span }) => {
            let text = case.body.value.get(span.range()).unwrap_or_default();
            let at = if text.is_empty() { String::new() } else { format!(" (`{text}`)") };
            let problem = Problem::new(
                &case.body.origin,
                format!("this is not an expression that can stand in a call's place: {message}{at}"),
            );
            table.problem(problem.hint("such as `$TARGET(user=user)`, with parameters of the wrapper as names"));
        }
    }
}

impl InlineWrapper {
    /// Reports names in the plan's words that the wrapper does not have.
    fn check_names(&self, wrapper: &Wrapper, index: &Index) -> Vec<Problem> {
        let known: Vec<&str> = wrapper.signature.names().collect();
        let mut problems = Vec::new();
        for case in &self.cases {
            let mut unknown = |origin: &Origin, name: &str, what: &str| {
                problems.push(
                    Problem::new(origin, format!("`{name}` is {what}"))
                        .hint(format!("its parameters are {}", known.join(", ")))
                        .did_you_mean(name, known.iter().copied()),
                );
            };
            let named = case.given.iter().chain(&case.drops);
            for name in named.filter(|name| !known.contains(&name.value.as_str())) {
                unknown(&name.origin, &name.value, "no parameter of the wrapper");
            }
            let Ok(template) = template::parse(&case.body.value, &known) else { continue };
            for piece in template.pieces() {
                let Piece::Name { path, .. } = piece else { continue };
                let is_known = path[0].starts_with('$') || is_builtin(&path[0]);
                if !is_known {
                    unknown(&case.body.origin, &path[0], "neither a parameter of the wrapper nor a builtin");
                }
            }
        }
        problems.extend(self.symbols.values().filter_map(|symbol| symbol.check_name(index)));
        problems
    }

    /// Reports a wrapper that is not there, or that is called otherwise than the plan says.
    fn check_wrapper(&self, index: &Index, wanted: &MemberRef) -> Vec<Problem> {
        let origin = &wanted.symbol.origin;
        let symbol = wanted.symbol(index);
        let way = resolve::resolve(index, &symbol);
        let home = way.definition().and_then(|symbol| standin::definition(index, symbol));
        let read =
            home.map(|(file, span)| wrapper::read(&index.text(file).unwrap_or_default(), span, wanted.member.as_deref()));
        let problem =
            |text: &str, hint: &str| vec![Problem::new(origin, format!("`{}` {text}", wanted.spelled())).hint(hint.to_owned())];
        match (read, &self.signature) {
            (Some(Ok(wrapper)), _) => self.check_names(&wrapper, index),
            (_, Some(signature)) => self.check_names(signature, index),
            (Some(Err(Uncallable::InstanceMethod)), None) => {
                problem("is a method of objects", "only static methods and class methods are called through their class")
            }
            (Some(Err(Uncallable::NotDefined)), None) => {
                problem("is not one definition of its class", "`of` names a function, a class, or a method of a class")
            }
            (Some(Err(Uncallable::NoSignature)), None) => {
                problem("has no `__init__` of its own", "say which arguments it takes with `signature`")
            }
            (None, None) => match wanted.symbol.check_name(index) {
                Some(problem) => vec![problem],
                // What is not in the repository is none of its business.
                None if matches!(symbol.module, Module::Absent(_)) => Vec::new(),
                None => problem(
                    "is not one function or class",
                    "say how it is called: `signature = \"def name(first, second=None)\"`",
                ),
            },
        }
    }
}

impl Rule for InlineWrapper {
    fn check(&self, index: &Index) -> Vec<Problem> {
        if self.is_external {
            return Vec::new();
        }
        self.wrappers.iter().flat_map(|wanted| self.check_wrapper(index, wanted)).collect()
    }

    fn find(&self, context: &Context<'_>) -> Vec<Finding> {
        let wrapper =
            |wanted| Wrapped { wanted, symbol: wanted.symbol(context.index), standin: self.standin(context.index, wanted) };
        let wanted = self.wrappers.iter().filter(|wanted| self.is_about(context.index, wanted));
        let wanted: Vec<&MemberRef> = wanted.collect();
        let through_objects = wanted.iter().flat_map(|wanted| objects::calls(context, wanted, &wanted.symbol(context.index)));
        let mut findings: Vec<Finding> = through_objects.collect();
        findings.extend(Inlining::new(context, wanted.into_iter().map(wrapper).collect()).run());
        findings
    }

    fn subjects(&self, index: &Index) -> Vec<Subject> {
        self.wrappers.iter().map(|wanted| Subject { target: Target::Symbol(wanted.symbol(index)), home: None }).collect()
    }
}
