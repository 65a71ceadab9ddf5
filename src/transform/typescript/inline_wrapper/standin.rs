//! What the calls of a wrapper stand for.

use std::collections::{BTreeMap, BTreeSet};

use super::Case;
use crate::index::Index;
use crate::index::typescript::TypeScript;
use crate::lang::typescript::facts::{AliasForm, BindingId, BindingKind, Declaration, Exported, Facts, Imported, Meaning};
use crate::lang::typescript::facts::{ScopeId, Use};
use crate::lang::typescript::imports::Source;
use crate::lang::typescript::modules::Module;
use crate::lang::typescript::resolve::{Definition, Symbol};
use crate::lang::typescript::template::{self, Parameter, Signature, Template};
use crate::lang::typescript::{collect, grammar};
use crate::syntax::{self, Tree};
use crate::text::path::RepoPath;
use crate::text::snapshot::FileId;
use crate::text::span::Span;
use crate::transform::finding::{Evidence, Reason};
use crate::transform::typescript::View;
use crate::transform::typescript::judge::{declaration, describe};
use crate::transform::typescript::named::SymbolRef;

/// Names that mean something else in every function or file.
const OF_THEIR_PLACE: [&str; 7] = ["arguments", "eval", "require", "module", "exports", "__dirname", "__filename"];

/// A wrapper, and what its calls stand for.
pub(super) struct Standin<'c> {
    pub wanted: &'c SymbolRef,
    pub symbol: Symbol,
    /// Where it is defined: the file and the whole function.
    pub home: Option<(FileId, Span)>,
    /// What its calls become, the first that fits.
    pub bodies: Result<Vec<Body<'c>>, Reason>,
    pub evidence: Vec<Evidence>,
}

/// An expression that calls become.
pub(super) struct Body<'c> {
    pub text: String,
    pub facts: Facts,
    pub template: Template,
    /// What its names mean, by where they start; parameters and types of the function are not among them.
    pub names: BTreeMap<u32, Meant>,
    /// Those of them that get new values while the program runs.
    pub changing: BTreeSet<u32>,
    /// What the plan says of it, where the plan states it.
    pub case: Option<&'c Case>,
    /// Whether what it calls is known to be async.
    pub gives_promise: bool,
    /// How the type that the wrapper says it returns is to the one that the expression has.
    pub result: Told,
    /// The parameters whose types are those that what is called says for them.
    pub alike: BTreeSet<usize>,
    /// Where it is an element of another component that is given what it is given.
    pub component: Option<Component>,
}

/// A component that is another one.
pub(super) struct Component {
    /// The place of the other's name.
    pub name: Span,
    /// The attributes that it always gives, as they are written.
    pub attributes: Vec<(String, String)>,
    /// What it hands on.
    pub passes: Passes,
    /// Whether the other's properties have the same type.
    pub is_alike: bool,
}

/// What a component hands on to the one that it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Passes {
    /// `<New {...props} />`.
    Properties,
    /// `<New>{children}</New>`.
    Children,
    /// `<New />`.
    Nothing,
}

/// What the compiler is told by the type that a wrapper says it returns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Told {
    /// What it would see anyway, or nothing.
    Same,
    /// Perhaps another type.
    Other,
    /// `value is T`.
    Guard,
    /// `asserts value`.
    Assertion,
}

impl Body<'_> {
    /// Whether a name is bound by a function inside.
    pub fn is_bound_inside(&self, used: &Use) -> bool {
        used.binding.is_some_and(|binding| self.is_inside(self.facts.bindings[binding.index()].scope))
    }

    /// The names that functions inside bind where a name stands.
    pub fn names_inside<'b>(&'b self, used: &Use) -> impl Iterator<Item = &'b str> {
        let around = std::iter::successors(Some(used.scope), |scope| self.facts.scopes[scope.index()].parent);
        let inside: Vec<ScopeId> = around.take_while(|scope| self.is_inside(*scope)).collect();
        let bindings = self.facts.bindings.iter().filter(move |binding| inside.contains(&binding.scope));
        bindings.map(|binding| self.facts.names.get(binding.name))
    }

    /// Whether a parameter is tested or compared: the compiler may object to that where it knows the outcome.
    pub fn is_tested(&self, parameter: &Parameter) -> bool {
        let uses = self.facts.uses.iter().filter(|used| parameter.binding.is_some() && used.binding == parameter.binding);
        uses.filter(|used| self.template.body.covers(used.span)).any(|used| {
            let (before, behind) = (&self.text[..used.span.range().start], &self.text[used.span.range().end..]);
            let is_left = ["?", "||", "&&", "==", "!="].iter().any(|operator| behind.trim_start().starts_with(operator));
            is_left || ["!", "==", "typeof"].iter().any(|operator| before.trim_end().ends_with(operator))
        })
    }

    fn is_inside(&self, scope: ScopeId) -> bool {
        scope != ScopeId::MODULE && self.template.body.covers(self.facts.scopes[scope.index()].span)
    }
}

/// What a name of an expression means.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Meant {
    /// What no file binds.
    Global,
    /// What a module exports; `*` for the object of all its exports.
    Symbol { symbol: Symbol, is_type_only: bool },
    /// What the wrapper's module keeps for itself.
    Private,
}

impl<'c> Standin<'c> {
    /// Reads what a wrapper stands for.
    pub fn of(index: &Index, wanted: &'c SymbolRef, cases: &'c [Case], symbols: &BTreeMap<String, SymbolRef>) -> Self {
        let code = index.typescript();
        let symbol = wanted.symbol(index);
        let way = code.resolve(&symbol);
        let evidence = vec![describe(index, "wrapper", &way)];
        let mut standin = Self { wanted, symbol, home: None, bodies: Err(Reason::NotOneExpression), evidence };
        let Some(Definition::Binding(file, binding)) = way.definition() else { return standin };
        let Some(own) = Own::read(index, file, binding) else { return standin };
        standin.home = Some((file, own.signature.whole));
        standin.bodies = match cases {
            [] => own.into_body(code, file).map(|body| vec![body]),
            cases => {
                let header = own.header();
                cases.iter().map(|case| stated(index, &header, case, symbols).map_err(|_| Reason::NotProved)).collect()
            }
        };
        standin
    }
}

/// The wrapper's own function.
pub(super) struct Own {
    pub text: String,
    pub facts: Facts,
    pub tree: Tree,
    pub binding: BindingId,
    declaration: Declaration,
    pub signature: Signature,
}

/// What a body calls.
pub(super) struct Called {
    pub is_async: bool,
    /// The type that it says it returns.
    result: Option<String>,
    /// The types of its parameters, by their places; none for all that are left.
    pub parameters: Vec<Option<String>>,
}

impl Called {
    /// Reads a definition; `None` where it is no function whose parameters are known.
    pub fn read(code: TypeScript<'_>, definition: Definition) -> Option<Self> {
        let Definition::Binding(file, _) = definition else { return None };
        let view = View::open(code.index, file);
        let declared = declaration(code.index, definition)?;
        let tree = code.index.tree(file, &view.text)?;
        let signature = template::signature(&Source { text: &view.text, facts: view.facts, tree }, &declared)?;
        let said = |place: usize| {
            let is_rest = signature.parameters.iter().any(|parameter| parameter.place == place && parameter.is_rest);
            signature.annotations[place].filter(|_| !is_rest).map(|span| view.text[span.range()].to_owned())
        };
        let result = signature.result.map(|span| view.text[span.range()].trim_start_matches(':').trim().to_owned());
        Some(Self { is_async: signature.is_async, result, parameters: (0..signature.places).map(said).collect() })
    }
}

/// The name of the type that an expression has whatever is in it.
fn primitive(tree: &Tree, text: &str, body: Span) -> Option<&'static str> {
    let is_a = |kind: &str| tree.node_at(body, kind).is_some();
    let operator = |kind: &str| {
        let node = tree.node_at(body, kind)?;
        node.child_by_field_name("operator").map(|operator| &text[operator.byte_range()])
    };
    if is_a("string") || is_a("template_string") {
        return Some("string");
    }
    match (operator("binary_expression"), operator("unary_expression")) {
        (Some("===" | "!==" | "==" | "!=" | "<" | ">" | "<=" | ">=" | "in" | "instanceof"), _) | (_, Some("!" | "delete")) => {
            Some("boolean")
        }
        (Some("-" | "*" | "/" | "%" | "**"), _) => Some("number"),
        _ => None,
    }
}

/// How a wrapper is called; `None` where that is not known.
pub(super) fn header(index: &Index, wanted: &SymbolRef) -> Option<Header> {
    match index.typescript().resolve(&wanted.symbol(index)).definition()? {
        Definition::Binding(file, binding) => Own::read(index, file, binding).map(|own| own.header()),
        Definition::Expression(..) => None,
    }
}

/// The head of a function that has a wrapper's parameters.
pub(super) struct Header {
    /// The names of the parameters.
    pub names: Vec<String>,
    text: String,
    is_async: bool,
}

/// The uses of names in a body that are no parameters and no types of the function.
fn outer<'f>(facts: &'f Facts, template: &'f Template) -> impl Iterator<Item = &'f Use> {
    let is_inner = |binding: BindingId| {
        let scope = facts.bindings[binding.index()].scope;
        template.signature.whole.covers(facts.scopes[scope.index()].span) && scope != ScopeId::MODULE
    };
    let uses = facts.uses.iter().filter(|used| template.body.covers(used.span));
    uses.filter(move |used| used.binding.is_none_or(|binding| !is_inner(binding)))
}

impl Own {
    /// Reads the one function that a binding is.
    fn read(index: &Index, file: FileId, binding: BindingId) -> Option<Self> {
        let view = View::open(index, file);
        let bound = &view.facts.bindings[binding.index()];
        let [declaration] = view.facts.declarations_of(bound) else { return None };
        if bound.is_assigned || bound.scope != ScopeId::MODULE || !view.facts.errors.is_empty() {
            return None;
        }
        let declaration = declaration.clone();
        let facts = collect(&view.text, view.path);
        let tree = syntax::parse(grammar(view.path)?, &view.text)?;
        let signature = template::signature(&Source { text: &view.text, facts: &facts, tree: &tree }, &declaration)?;
        Some(Self { text: view.text, facts, tree, binding, declaration, signature })
    }

    fn header(&self) -> Header {
        let parameters = &self.signature.parameters;
        Header {
            names: parameters.iter().map(|parameter| parameter.name.clone()).collect(),
            text: self.signature.head.clone(),
            is_async: self.signature.is_async,
        }
    }

    fn into_body<'c>(self, code: TypeScript<'_>, file: FileId) -> Result<Body<'c>, Reason> {
        let source = Source { text: &self.text, facts: &self.facts, tree: &self.tree };
        let template = template::read(&source, &self.declaration).ok_or(Reason::NotOneExpression)?;
        let mut names = BTreeMap::new();
        let mut changing = BTreeSet::new();
        for used in outer(&self.facts, &template) {
            let name = self.facts.names.get(used.name);
            let is_of_place = used.binding.is_none() && OF_THEIR_PLACE.contains(&name);
            if used.binding == Some(self.binding) || is_of_place {
                return Err(Reason::NotOneExpression);
            }
            if used.binding.is_some_and(|binding| is_changing(code, file, binding)) {
                changing.insert(used.span.start);
            }
            names.insert(used.span.start, meant(code, file, &self.facts, used).ok_or(Reason::OddSpelling)?);
        }
        let target = self.target(code, file, template.body);
        let called = target.and_then(|definition| Called::read(code, definition));
        let result = self.told(template.body, called.as_ref());
        let alike = called.iter().flat_map(|called| self.alike(&template, called)).collect();
        let component = self.component(code, file, &template);
        let gives_promise = called.is_some_and(|called| called.is_async);
        let Self { text, facts, .. } = self;
        Ok(Body { text, facts, template, names, changing, case: None, gives_promise, result, alike, component })
    }

    /// What the type says that the wrapper says it returns.
    fn told(&self, body: Span, called: Option<&Called>) -> Told {
        let Some(said) = self.signature.result.map(|span| self.text[span.range()].trim_start_matches(':').trim()) else {
            return Told::Same;
        };
        if said.starts_with("asserts ") {
            return Told::Assertion;
        }
        if said.contains(" is ") {
            return Told::Guard;
        }
        let is_same = called.is_some_and(|called| called.result.as_deref() == Some(said));
        if is_same || primitive(&self.tree, &self.text, body) == Some(said) { Told::Same } else { Told::Other }
    }

    /// The parameters that are given as they are to what is called, which says the same type for them.
    fn alike(&self, template: &Template, called: &Called) -> Vec<usize> {
        let Some(call) = self.tree.node_at(template.body, "call_expression") else { return Vec::new() };
        let Some(list) = call.child_by_field_name("arguments") else { return Vec::new() };
        let given: Vec<Span> = syntax::children(list).into_iter().filter(|it| it.is_named()).map(syntax::span).collect();
        let is_alike = |parameter: &Parameter| {
            let mut uses = self.facts.uses.iter().filter(|used| used.binding == parameter.binding && used.binding.is_some());
            let (Some(only), None) = (uses.next(), uses.next()) else { return false };
            let said = parameter.annotation.map(|span| &self.text[span.range()]);
            let place = given.iter().position(|span| *span == only.span);
            said.is_some()
                && parameter.key.is_none()
                && place.and_then(|place| called.parameters.get(place)).is_some_and(|other| other.as_deref() == said)
        };
        let parameters = template.signature.parameters.iter().enumerate();
        parameters.filter(|(_, parameter)| is_alike(parameter)).map(|(at, _)| at).collect()
    }

    /// What the body calls, where that is a function by its name.
    fn target(&self, code: TypeScript<'_>, file: FileId, body: Span) -> Option<Definition> {
        let used = self.facts.uses.iter().find(|used| used.span.start == body.start)?;
        let is_called = self.text[used.span.range().end..].starts_with('(') && self.text[body.range()].ends_with(')');
        let is_whole =
            self.tree.node_at(body, "call_expression")?.child_by_field_name("function")?.end_byte() == used.span.range().end;
        let binding = used.binding.filter(|_| is_called && is_whole)?;
        crate::lang::typescript::resolve::bound(&code, file, binding).definition()
    }
}

/// Whether what a name of a file means gets new values while the program runs.
fn is_changing(code: TypeScript<'_>, file: FileId, binding: BindingId) -> bool {
    match crate::lang::typescript::resolve::bound(&code, file, binding).definition() {
        Some(Definition::Binding(file, binding)) => code.facts(file).bindings[binding.index()].is_assigned,
        _ => false,
    }
}

/// What a name of a file means to whom is not in it; `None` where it cannot be imported as it is.
fn meant(code: TypeScript<'_>, file: FileId, facts: &Facts, used: &Use) -> Option<Meant> {
    let Some(binding) = used.binding else { return Some(Meant::Global) };
    let bound = &facts.bindings[binding.index()];
    let is_type_only = !used.meaning.contains(Meaning::VALUE);
    match bound.kind {
        BindingKind::Import(alias) => {
            let alias = &facts.aliases[alias.index()];
            let module = code.targets(file)[alias.request.index()].module.clone();
            let name = match alias.imported {
                Imported::Name(name) => facts.names.get(name).into(),
                Imported::Namespace => "*".into(),
            };
            let is_plain = matches!(alias.form, AliasForm::Import(_));
            is_plain
                .then_some(Meant::Symbol { symbol: Symbol { module, name }, is_type_only: is_type_only || alias.is_type_only })
        }
        _ => {
            let mut exports = facts.exports.iter().filter(|export| export.what == Exported::Binding(binding));
            let symbol = |name: &str| Symbol { module: Module::File(file), name: name.into() };
            Some(match exports.next() {
                Some(export) => Meant::Symbol { symbol: symbol(facts.names.get(export.name)), is_type_only },
                None => Meant::Private,
            })
        }
    }
}

/// Reads what the plan states.
///
/// # Errors
/// It is no expression; with a name, that is no symbol of the plan.
pub(super) fn stated<'c>(
    index: &Index,
    header: &Header,
    case: &'c Case,
    symbols: &BTreeMap<String, SymbolRef>,
) -> Result<Body<'c>, Option<String>> {
    let text = format!("async function stated({}) {{ return {}\n}}\n", header.text, case.body.value);
    let path = RepoPath::new("stated.ts").ok_or(None)?;
    let facts = collect(&text, &path);
    let tree = grammar(&path).and_then(|grammar| syntax::parse(grammar, &text)).ok_or(None)?;
    let declared = facts.declarations.iter().find(|it| facts.names.get(facts.bindings[it.binding.index()].name) == "stated");
    let declared = declared.filter(|_| facts.errors.is_empty()).ok_or(None)?.clone();
    let mut template = template::read(&Source { text: &text, facts: &facts, tree: &tree }, &declared).ok_or(None)?;
    // So that it may say `await`, the text above is async whatever the wrapper is.
    template.signature.is_async = header.is_async;
    let mut names = BTreeMap::new();
    for used in outer(&facts, &template) {
        let name = facts.names.get(used.name);
        let meant = match name.strip_prefix('$') {
            Some(key) if !key.is_empty() => {
                let symbol = symbols.get(key).ok_or_else(|| Some(name.to_owned()))?.symbol(index);
                Meant::Symbol { symbol, is_type_only: !used.meaning.contains(Meaning::VALUE) }
            }
            _ => Meant::Global,
        };
        names.insert(used.span.start, meant);
    }
    Ok(Body {
        text,
        facts,
        template,
        names,
        changing: BTreeSet::new(),
        case: Some(case),
        gives_promise: true,
        result: Told::Same,
        alike: BTreeSet::new(),
        component: None,
    })
}
