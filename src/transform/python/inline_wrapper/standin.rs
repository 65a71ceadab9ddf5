//! What the calls of a wrapper stand for: its signature, and the expressions that take their place, with every name in them resolved.

use std::collections::{BTreeMap, BTreeSet};

use super::{Case, InlineWrapper, MemberRef};
use crate::index::Index;
use crate::lang::python::facts::{BindingKind, Definition, DefinitionKind, Facts, ScopeId, Use};
use crate::lang::python::modules::{Absence, Module};
use crate::lang::python::resolve::{self, End, Imported, Symbol};
use crate::lang::python::scope::Lookup;
use crate::lang::python::signature::{Gives, ShapeKind, Signature, shape};
use crate::lang::python::template::{Piece, Template};
use crate::lang::python::wrapper::{self, Wrapper};
use crate::text::snapshot::FileId;
use crate::text::span::Span;
use crate::transform::finding::{Evidence, Reason};
use crate::transform::python::{View, describe};
use crate::transform::wire::Located;

/// A wrapper, and what its calls stand for.
pub(super) struct Standin<'r> {
    pub wrapper: Wrapper,
    /// Where it is defined, where it is.
    pub home: Option<(FileId, Span)>,
    pub choices: Vec<Choice<'r>>,
    /// Whether the plan says what the calls stand for, and not the wrapper itself.
    pub is_stated: bool,
    /// The names that the wrapper reads when it runs: what patches them concerns its callers.
    pub reads: Vec<Symbol>,
    /// What a default is, by parameter; those that cannot be spelled at a call are missing.
    pub defaults: BTreeMap<String, Meant>,
    pub evidence: Vec<Evidence>,
}

/// An expression that calls may stand for.
pub(super) struct Choice<'r> {
    /// The arguments that a call has to give.
    pub given: &'r [Located<String>],
    /// The parameters whose arguments may be dropped.
    pub drops: &'r [Located<String>],
    pub template: Template,
    /// What the names in it mean, by where they start.
    pub names: BTreeMap<u32, Meant>,
    /// What its call gives.
    pub gives: Option<Gives>,
    /// The signature of what it calls.
    pub callee: Option<Signature>,
    /// What the wrapper imports when it runs, and not when its module is loaded.
    pub late: Vec<Symbol>,
    /// The attributes that nothing sets while a program runs: those of classes; by where the dotted name starts.
    pub steady: BTreeSet<u32>,
    /// The expression, in short.
    pub text: String,
}

/// What a name stands for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Meant {
    /// A symbol, for so many parts of the path.
    Symbol(Symbol, usize),
    /// What it means everywhere: a builtin, or text that needs no names.
    Text(String),
}

/// Why nothing is known of what the calls stand for.
pub(super) struct Unknown {
    pub reason: Reason,
    pub evidence: Vec<Evidence>,
}

impl InlineWrapper {
    /// Whether the plan is about a wrapper at all: it may ask for classes that refuse to be instantiated, and this one does not.
    pub(super) fn is_about(&self, index: &Index, wanted: &MemberRef) -> bool {
        let way = resolve::resolve(index, &wanted.symbol(index));
        let home = way.definition().and_then(|symbol| definition(index, symbol));
        !self.is_refused || home.is_some_and(|(file, span)| wrapper::refuses(&index.text(file).unwrap_or_default(), span))
    }

    /// Reads the wrapper and what its calls stand for.
    pub(super) fn standin(&self, index: &Index, wanted: &MemberRef) -> Result<Standin<'_>, Unknown> {
        let symbol = wanted.symbol(index);
        let way = resolve::resolve(index, &symbol);
        let evidence = vec![describe(index, "from", &way)];
        let unknown = |reason, evidence: &[Evidence]| Unknown { reason, evidence: evidence.to_vec() };
        let home = definition(index, way.definition().unwrap_or(&symbol));
        // A class that refuses to be instantiated says nothing of the arguments that it is given all the same.
        let read = home.filter(|_| !self.is_refused || self.signature.is_none()).and_then(|(file, span)| {
            let text = index.text(file).unwrap_or_default();
            wrapper::read(&text, span, wanted.member.as_deref()).ok()
        });
        // What the plan says of the signature counts where there is none to read.
        let wrapper = read.or_else(|| self.signature.clone()).ok_or_else(|| unknown(Reason::NotProved, &evidence))?;
        let reads = home.map(|(file, span)| reads(index, file, span, wanted.member.as_deref())).unwrap_or_default();
        let mut standin = Standin {
            home,
            choices: Vec::new(),
            is_stated: !self.cases.is_empty(),
            reads,
            defaults: BTreeMap::new(),
            evidence,
            wrapper,
        };
        standin.defaults = standin.known_defaults(index);
        if standin.is_stated {
            let names: Vec<&str> = standin.wrapper.signature.names().collect();
            let choices = self.cases.iter().map(|case| self.choice(index, case, &names));
            standin.choices = choices.collect::<Option<_>>().ok_or_else(|| unknown(Reason::NotProved, &standin.evidence))?;
            return Ok(standin);
        }
        if let Some(decorator) = standin.decorated(index) {
            standin.evidence.push(decorator);
            return Err(unknown(Reason::Decorated, &standin.evidence));
        }
        match standin.own_choice(index, &symbol, wanted.member.as_deref()) {
            Ok(choice) => {
                standin.choices.push(choice);
                Ok(standin)
            }
            Err((reason, text)) => {
                standin.evidence.push(Evidence { role: "because", at: None, text });
                Err(unknown(reason, &standin.evidence))
            }
        }
    }

    /// What the plan says that a call stands for.
    fn choice<'r>(&'r self, index: &Index, case: &'r Case, parameters: &[&str]) -> Option<Choice<'r>> {
        let template = crate::lang::python::template::parse(&case.body.value, parameters).ok()?;
        let mut names = BTreeMap::new();
        let mut text = case.body.value.clone();
        for piece in template.pieces() {
            let Piece::Name { start, path } = piece else { continue };
            let meant = match path[0].strip_prefix('$') {
                Some(name) => {
                    let symbol = self.symbols.get(name)?.symbol(index);
                    text = text.replace(&path[0], &symbol.name);
                    Meant::Symbol(symbol, 1)
                }
                None => Meant::Text(path[0].clone()),
            };
            names.insert(*start, meant);
        }
        let target = target(&template, &names).cloned();
        let (gives, callee) = target.map_or((None, None), |symbol| called(index, &symbol));
        let gives = if template.is_awaited { Some(Gives::Coroutine) } else { gives };
        let steady = names.keys().copied().collect();
        Some(Choice { given: &case.given, drops: &case.drops, template, names, gives, callee, late: Vec::new(), steady, text })
    }
}

impl Standin<'_> {
    /// A decorator that may change what a call does.
    fn decorated(&self, index: &Index) -> Option<Evidence> {
        let (file, _) = self.home?;
        let view = View::open(index, file);
        let is_harmless = |span: &Span| {
            let used = view.facts.uses.iter().find(|used| used.span.start == span.start);
            let last = used.and_then(|used| resolve::steps(index, file, used).pop());
            let symbol = last.and_then(|step| step.hops.last().map(|symbol| symbol.spelled(index.modules())));
            let end = used.map_or(span.start, |used| {
                view.facts.attributes_of(used).last().map_or(used.span.end, |attribute| attribute.span.end)
            });
            // `@deprecated("…")` (PEP 702), `@override` (PEP 698): they mark.
            let is_marker = symbol.is_some_and(|symbol| {
                ["deprecated", "override", "final"].iter().any(|name| {
                    ["typing", "typing_extensions", "warnings"].iter().any(|module| symbol == format!("{module}:{name}"))
                })
            });
            is_marker && (end == span.end || view.text[end as usize..].starts_with('('))
        };
        let decorator = self.wrapper.decorators.iter().find(|span| !is_harmless(span))?;
        Some(view.quote("decorator", *decorator))
    }

    /// What the wrapper itself returns.
    fn own_choice<'c>(&self, index: &Index, symbol: &Symbol, method: Option<&str>) -> Result<Choice<'c>, (Reason, String)> {
        let body = self.wrapper.body.as_ref();
        let template = body.map_err(|error| (Reason::NotOneExpression, error.message.clone()))?.clone();
        if !matches!(self.wrapper.gives, Gives::Value | Gives::Coroutine) {
            return Err((Reason::NotOneExpression, "it is a generator".to_owned()));
        }
        let Some((file, span)) = self.home else { return Err((Reason::NotProved, String::new())) };
        let mut names = BTreeMap::new();
        let mut parts = Vec::new();
        let mut late = Vec::new();
        let mut steady = BTreeSet::new();
        for piece in template.pieces() {
            match piece {
                Piece::Name { start, path } => {
                    let is_class = self.wrapper.class_parameter.as_ref() == Some(&path[0]);
                    let meant = match is_class {
                        true => Some(Meant::Symbol(symbol.clone(), 1)),
                        false => meaning(index, file, *start, path.len()),
                    };
                    if meant == Some(Meant::Text(path[0].clone())) && is_of_its_place(&path[0]) {
                        return Err((Reason::NotOneExpression, format!("what `{}` gives depends on where it stands", path[0])));
                    }
                    let unknown = || (Reason::NotProved, format!("what `{}` is cannot be known", path.join(".")));
                    let meant = meant.ok_or_else(unknown)?;
                    if let Meant::Symbol(symbol, depth) = &meant {
                        let is_steady = match path.get(*depth..) {
                            Some([member]) => is_method(index, symbol, member) || is_enum(index, symbol),
                            rest => rest.is_none_or(<[String]>::is_empty),
                        };
                        steady.extend(is_steady.then_some(*start));
                        late.extend(is_late(index, file, *start).then(|| symbol.clone()));
                    }
                    names.insert(*start, meant);
                    parts.push(path.join("."));
                }
                Piece::Parameter { name, .. } => parts.push(name.clone()),
                Piece::Text(text) => parts.push(text.clone()),
            }
        }
        let is_own = |piece: &&Piece| match piece {
            Piece::Name { start, path } => match names.get(start) {
                Some(Meant::Symbol(symbol, depth)) if definition(index, symbol) == Some((file, span)) => {
                    method.is_none_or(|method| path.get(*depth).is_some_and(|name| name == method))
                }
                _ => false,
            },
            _ => false,
        };
        if template.pieces().iter().any(is_own) {
            return Err((Reason::NotOneExpression, "it calls itself".to_owned()));
        }
        let target = target(&template, &names).cloned();
        let (gives, callee) = target.map_or((None, None), |symbol| called(index, &symbol));
        let text = match template.callee() {
            Some(Piece::Name { path, .. }) => format!("{}(…)", path.join(".")),
            _ => parts.concat(),
        };
        Ok(Choice { given: &[], drops: &[], template, names, gives, callee, late, steady, text })
    }

    /// The defaults that can be spelled anywhere.
    fn known_defaults(&self, index: &Index) -> BTreeMap<String, Meant> {
        let known = |(name, span): &(String, Span)| {
            let text = self.wrapper.signature.default_of(name)?;
            let parsed = crate::lang::python::template::parse(text, &[]).ok()?;
            let pieces = parsed.pieces();
            let meant = match (&pieces[..], self.home) {
                ([Piece::Text(text)], _) if parsed.events.is_empty() && !text.starts_with(['[', '{']) => {
                    Meant::Text(text.clone())
                }
                ([Piece::Name { path, .. }], Some((file, _))) => match meaning(index, file, span.start, path.len())? {
                    Meant::Text(text) if is_of_its_place(&text) => return None,
                    // An attribute may have had another value when the wrapper was defined.
                    Meant::Symbol(symbol, depth) if depth < path.len() && !is_enum(index, &symbol) => return None,
                    meant => meant,
                },
                _ => return None,
            };
            Some((name.clone(), meant))
        };
        self.wrapper.defaults.iter().filter_map(known).collect()
    }
}

impl Choice<'_> {
    /// The definitions that it names, and the attributes that follow them.
    pub(super) fn named(&self, index: &Index) -> Vec<((FileId, Span), Option<String>)> {
        let named = |piece: &Piece| {
            let Piece::Name { start, path } = piece else { return None };
            let Some(Meant::Symbol(symbol, depth)) = self.names.get(start) else { return None };
            let home = definition(index, resolve::resolve(index, symbol).definition()?)?;
            Some((home, path.get(*depth).cloned()))
        };
        self.template.pieces().into_iter().filter_map(named).collect()
    }
}

/// Whether a builtin name is about the module or the function that it stands in.
fn is_of_its_place(name: &str) -> bool {
    let is_module_own = name.starts_with("__") && name.ends_with("__") && name != "__debug__";
    is_module_own || ["locals", "globals", "vars", "dir", "eval", "exec", "super"].contains(&name)
}

/// Whether a name is bound by an import in a function.
fn is_late(index: &Index, file: FileId, start: u32) -> bool {
    let facts = index.facts(file);
    let used = facts.uses.iter().find(|used| used.span.start == start);
    let lookup = used.map(|used| facts.lookup(used.scope, used.name));
    matches!(lookup, Some(Lookup::Bound(owner)) if facts.is_lazy(owner))
}

/// Whether a member of a symbol, which is a class, is defined in it as a function.
fn is_method(index: &Index, symbol: &Symbol, member: &str) -> bool {
    let way = resolve::resolve(index, symbol);
    let Some((file, span)) = way.definition().and_then(|symbol| definition(index, symbol)) else { return false };
    let facts = index.facts(file);
    let is_it = |inner: &Definition| {
        inner.kind != DefinitionKind::Class
            && inner.span != span
            && span.covers(inner.span)
            && facts.names.get(inner.name) == member
    };
    facts.definitions.iter().any(is_it)
}

/// Whether a symbol is a class of constants: a base of it is one of the module `enum`.
fn is_enum(index: &Index, symbol: &Symbol) -> bool {
    let Some((file, DefinitionKind::Class, header)) = header(index, symbol) else { return false };
    let facts = index.facts(file);
    let bases = facts.uses.iter().filter(|used| header.covers(used.span));
    let last = |used: &Use| resolve::steps(index, file, used).pop().and_then(|step| step.hops.last().cloned());
    bases.filter_map(last).any(|base| base.spelled(index.modules()).starts_with("enum:"))
}

/// The header of what a symbol is one definition of.
fn header(index: &Index, symbol: &Symbol) -> Option<(FileId, DefinitionKind, Span)> {
    let way = resolve::resolve(index, symbol);
    let (file, span) = definition(index, way.definition()?)?;
    let found = index.facts(file).definitions.iter().find(|definition| definition.span == span)?;
    Some((file, found.kind, found.header))
}

/// The symbol that a template calls.
fn target<'n>(template: &Template, names: &'n BTreeMap<u32, Meant>) -> Option<&'n Symbol> {
    let Piece::Name { start, path } = template.callee()? else { return None };
    match names.get(start)? {
        Meant::Symbol(symbol, depth) if *depth == path.len() => Some(symbol),
        _ => None,
    }
}

/// What a call of a symbol gives, and its signature.
fn called(index: &Index, symbol: &Symbol) -> (Option<Gives>, Option<Signature>) {
    let way = resolve::resolve(index, symbol);
    let Some((file, span)) = way.definition().and_then(|symbol| definition(index, symbol)) else { return (None, None) };
    let text = index.text(file).unwrap_or_default();
    match shape(&text, span) {
        // A decorator may make anything of it.
        Some(shape) if !shape.decorators.is_empty() => (None, None),
        Some(shape) => match shape.kind {
            // What else looks at the arguments may have defaults of its own.
            ShapeKind::Class(_) if ["__new__", "metaclass"].iter().any(|word| text[span.range()].contains(word)) => {
                (Some(Gives::Value), None)
            }
            ShapeKind::Class(signature) => (Some(Gives::Value), signature),
            ShapeKind::Function { gives, signature } => (Some(gives), Some(signature)),
        },
        None => (None, None),
    }
}

/// Where a symbol's one class or function is defined.
pub(super) fn definition(index: &Index, symbol: &Symbol) -> Option<(FileId, Span)> {
    let Module::File(file) = symbol.module else { return None };
    let facts = index.facts(file);
    let mut bindings =
        facts.module_bindings(&symbol.name).map(|(_, binding)| binding).filter(|binding| Facts::is_lasting(binding));
    let binding = bindings.next()?;
    match binding.kind {
        BindingKind::Definition(definition) if bindings.next().is_none() => {
            Some((file, facts.definitions[definition.index()].span))
        }
        _ => None,
    }
}

/// What a dotted expression of so many parts means to whom is not in its file; `None` where that is not known, or may change.
fn meaning(index: &Index, file: FileId, start: u32, parts: usize) -> Option<Meant> {
    let facts = index.facts(file);
    let used = facts.uses.iter().find(|used| used.span.start == start)?;
    let lookup = facts.lookup(used.scope, used.name);
    if lookup == Lookup::Free && !facts.has_stars() {
        return Some(Meant::Text(facts.names.get(used.name).to_owned()));
    }
    let Lookup::Bound(owner) = lookup else { return None };
    let bindings: Vec<_> = facts.bindings_of(owner, used.name).map(|(_, binding)| binding).collect();
    let [binding] = &bindings[..] else { return None };
    let steps = resolve::steps(index, file, used);
    let is_known = |end: &End| matches!(end, End::Definition | End::Absent(Absence::External));
    // The module that a name stands for is not imported, what is read out of it is.
    let depth = steps.iter().take(parts).position(|step| !matches!(step.end, End::Module(_)))?;
    let step = steps.get(depth).filter(|step| is_known(&step.end))?;
    if depth > 0 {
        let symbol = step.hops.first()?.clone();
        // Programs give `sys.stdout` and the like other values: an import would keep the one of its time.
        let is_kept = symbol.spelled(index.modules()).starts_with("sys:");
        return (!is_kept).then(|| Meant::Symbol(symbol, depth + 1));
    }
    match binding.kind {
        BindingKind::Import(alias) => {
            let alias = &facts.aliases[alias.index()];
            match resolve::imported(index, file, facts.import_of(alias), alias) {
                Imported::Symbol(symbol) => Some(Meant::Symbol(symbol, 1)),
                Imported::Module(_) | Imported::Beyond => None,
            }
        }
        BindingKind::Parameter => None,
        _ if owner == ScopeId::MODULE => {
            Some(Meant::Symbol(Symbol { module: Module::File(file), name: facts.names.get(used.name).into() }, 1))
        }
        _ => None,
    }
}

/// The names that a function, or a method of a class, reads out of namespaces when it runs.
fn reads(index: &Index, file: FileId, span: Span, method: Option<&str>) -> Vec<Symbol> {
    let facts = index.facts(file);
    let is_it = |found: &&Definition| match method {
        Some(method) => found.span != span && span.covers(found.span) && facts.names.get(found.name) == method,
        None => found.span == span,
    };
    let Some(found) = facts.definitions.iter().find(is_it).filter(|found| found.kind != DefinitionKind::Class) else {
        return Vec::new();
    };
    let body = Span::new(found.header.end, found.span.end);
    let own = |used: &Use| {
        let is_own = facts.lookup(used.scope, used.name) == Lookup::Bound(ScopeId::MODULE);
        is_own.then(|| Symbol { module: Module::File(file), name: facts.names.get(used.name).into() })
    };
    let inner = |used: &&Use| body.covers(used.span);
    let mut found: Vec<Symbol> = facts.uses.iter().filter(inner).filter_map(own).collect();
    for used in facts.uses.iter().filter(inner) {
        found.extend(resolve::steps(index, file, used).iter().skip(1).filter_map(|step| step.hops.first().cloned()));
    }
    for alias in facts.aliases.iter().filter(|alias| body.covers(facts.import_of(alias).span)) {
        if let Imported::Symbol(symbol) = resolve::imported(index, file, facts.import_of(alias), alias) {
            found.push(symbol);
        }
    }
    found.sort();
    found.dedup();
    found
}
