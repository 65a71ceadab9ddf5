//! From ruff's syntax tree to [`Facts`]: one walk in the order of evaluation, no look at other files.
//!
//! Where a construct opens a scope or binds a name is taken from CPython's `Python/symtable.c`. The tree is dropped at the
//! end; facts hold no node of it.

mod code_text;
mod conditions;
mod definitions;
mod exports;
mod forwards;
mod nesting;
mod strings;
mod type_text;
mod walk;

use ruff_python_ast::token::TokenKind;
use ruff_python_ast::visitor::Visitor;
use ruff_python_ast::{self as ast, Comprehension, ExceptHandler, Expr, ExprContext, Identifier, PythonVersion, Stmt};
use ruff_python_parser::{Mode, ParseOptions, parse_unchecked};
use ruff_text_size::{Ranged, TextRange};
use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use self::code_text::embedded_code;
use self::conditions::{catches, is_call_of, is_main, is_type_checking};
use self::strings::is_short;
use self::type_text::{Around, Pending, TypeComment, type_comments};
use super::facts::{
    Alias, AliasId, Attribute, Binding, BindingId, BindingKind, Computed, Context, Declaration, Definition, Exports, Facts,
    Forward, From, Import, ImportId, NameId, Names, Scope, ScopeId, ScopeKind, StringFact, StringPlace, SyntaxError, Use,
    UseFlags, UseId, UseRole,
};
use crate::text::span::Span;

/// A version of the Python language, such as 3.11.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Version {
    /// The 3 of 3.11.
    pub major: u8,
    /// The 11 of 3.11.
    pub minor: u8,
}

impl Version {
    /// Reads `3.11`.
    pub fn parse(text: &str) -> Option<Self> {
        let (major, minor) = text.split_once('.')?;
        let version = Self { major: major.parse().ok()?, minor: minor.parse().ok()? };
        (version.major == 3).then_some(version)
    }
}

/// Collects the facts of a text. With a version, syntax that is newer than it is an error of the file too.
pub fn collect(source: &str, version: Option<Version>) -> Facts {
    match nesting::stack(source) {
        Some(size) => stacker::maybe_grow(size, size, || parse(source, version)),
        None => {
            let message = "The file is nested too deeply to be read".into();
            Collector::new("").finish(vec![SyntaxError { span: Span::at(0), message }], Box::default())
        }
    }
}

fn parse(source: &str, version: Option<Version>) -> Facts {
    let version = match version {
        Some(Version { major, minor }) => PythonVersion { major, minor },
        None => PythonVersion::latest(),
    };
    let parsed = parse_unchecked(source, ParseOptions::from(Mode::Module).with_target_version(version));
    let mut collector = Collector::new(source);
    collector.type_comments = type_comments(parsed.tokens(), source);
    if let ast::Mod::Module(module) = parsed.syntax() {
        for stmt in &module.body {
            collector.visit_stmt(stmt);
        }
    }
    let mut errors: Vec<SyntaxError> = Vec::new();
    errors.extend(parsed.errors().iter().map(|error| syntax_error(error.location, &error.error)));
    errors.extend(parsed.unsupported_syntax_errors().iter().map(|error| syntax_error(error.range, error)));
    errors.sort_by_key(|error| error.span);
    let is_text = |range: &TextRange| !collector.has_read(*range);
    let tokens = parsed.tokens().iter().filter(|token| matches!(token.kind(), TokenKind::Comment | TokenKind::String));
    let embedded = tokens.filter_map(|token| {
        let code = embedded_code(token.kind(), &source[token.range()]).filter(|_| is_text(&token.range()))?;
        Some((span(token.range()), code))
    });
    let embedded = embedded.chain(collector.programs.iter().map(|range| (span(*range), source[*range].into())));
    let embedded = embedded.collect();
    collector.finish(errors, embedded)
}

fn syntax_error(range: TextRange, message: impl std::fmt::Display) -> SyntaxError {
    SyntaxError { span: span(range), message: message.to_string().into() }
}

fn span(range: TextRange) -> Span {
    Span::new(range.start().to_u32(), range.end().to_u32())
}

/// The bindings of aliases, by alias.
fn bound_by(bindings: &[Binding], aliases: usize) -> Box<[Option<BindingId>]> {
    let mut bound = vec![None; aliases];
    for (at, binding) in bindings.iter().enumerate() {
        if let BindingKind::Import(alias) = binding.kind {
            bound[alias.index()].get_or_insert(BindingId::new(at));
        }
    }
    bound.into()
}

struct Collector<'s> {
    source: &'s str,
    names: Vec<Box<str>>,
    ids: FxHashMap<Box<str>, NameId>,
    scopes: Vec<Scope>,
    declarations: Vec<(ScopeId, NameId, Declaration)>,
    bindings: Vec<Binding>,
    uses: Vec<Use>,
    attributes: Vec<Attribute>,
    loose_attributes: BTreeSet<NameId>,
    imports: Vec<Import>,
    aliases: Vec<Alias>,
    definitions: Vec<Definition>,
    exports: Option<Exports>,
    forwards: Vec<Forward>,
    strings: Vec<StringFact>,
    computed: Vec<Computed>,
    is_dynamic: bool,
    has_main: bool,
    /// The scope that the walk is in.
    scope: ScopeId,
    /// The conditions that the walk is under.
    context: Context,
    /// The names of the classes around, for the mangling of private names; empty text for a function in between is not
    /// needed, since mangling goes through functions.
    classes: Vec<Box<str>>,
    /// Whether the expression is an annotation, in which a string is an expression too.
    in_annotation: bool,
    /// The flags of the uses that the walk finds.
    flags: UseFlags,
    /// Where the expression stands that comes next, as far as it matters to strings.
    place: StringPlace,
    /// The local names that imports from `typing` and its kin have bound so far, with the names that they import.
    typing: FxHashMap<NameId, NameId>,
    /// What stands around the expression and may make a string in it a type, outermost first.
    around: Vec<Around>,
    /// The strings that may be types.
    pending: Vec<Pending>,
    type_comments: Vec<TypeComment>,
    /// The texts that are run as programs, as they are written.
    programs: Vec<TextRange>,
}

impl<'s> Collector<'s> {
    fn new(source: &'s str) -> Self {
        Self {
            source,
            names: Vec::new(),
            ids: FxHashMap::default(),
            scopes: vec![Scope { kind: ScopeKind::Module, parent: None, start: 0 }],
            declarations: Vec::new(),
            bindings: Vec::new(),
            uses: Vec::new(),
            attributes: Vec::new(),
            loose_attributes: BTreeSet::new(),
            imports: Vec::new(),
            aliases: Vec::new(),
            definitions: Vec::new(),
            exports: None,
            forwards: Vec::new(),
            strings: Vec::new(),
            computed: Vec::new(),
            is_dynamic: false,
            has_main: false,
            scope: ScopeId::MODULE,
            context: Context::default(),
            classes: Vec::new(),
            in_annotation: false,
            flags: UseFlags::default(),
            place: StringPlace::Elsewhere,
            typing: FxHashMap::default(),
            around: Vec::new(),
            pending: Vec::new(),
            type_comments: Vec::new(),
            programs: Vec::new(),
        }
    }

    /// Sorts what has been found, and gives each binding to the scope that owns it.
    fn settle(&mut self) {
        self.declarations.sort();
        self.declarations.dedup_by_key(|&mut (scope, name, _)| (scope, name));
        let owners: Vec<ScopeId> = self.bindings.iter().map(|binding| self.owner(binding)).collect();
        for (binding, owner) in self.bindings.iter_mut().zip(owners) {
            binding.scope = owner;
        }
        self.bindings.sort_by_key(|binding| (binding.scope, binding.name, binding.span));
    }

    fn finish(mut self, errors: Vec<SyntaxError>, embedded_code: Box<[(Span, Box<str>)]>) -> Facts {
        self.settle();
        self.read_types();
        self.strings.sort_by_key(|string| string.span);
        self.computed.sort_by_key(|computed| computed.span);
        let bound_by = bound_by(&self.bindings, self.aliases.len());
        let is_star = |(_, alias): &(usize, &Alias)| &*self.names[alias.name.index()] == "*";
        let star_aliases = self.aliases.iter().enumerate().filter(is_star).map(|(at, _)| AliasId::new(at)).collect();
        Facts {
            bound_by,
            star_aliases,
            names: Names::new(self.names.iter().map(|name| &**name)),
            scopes: self.scopes.into(),
            declarations: self.declarations.into(),
            bindings: self.bindings.into(),
            uses: self.uses.into(),
            attributes: self.attributes.into(),
            loose_attributes: self.loose_attributes.into_iter().collect(),
            imports: self.imports.into(),
            aliases: self.aliases.into(),
            definitions: self.definitions.into(),
            exports: self.exports,
            forwards: self.forwards.into(),
            strings: self.strings.into(),
            computed: self.computed.into(),
            embedded_code,
            errors: errors.into(),
            is_dynamic: self.is_dynamic,
            has_main: self.has_main,
        }
    }

    /// The scope that owns a binding, now that every `global` and `nonlocal` has been seen.
    fn owner(&self, binding: &Binding) -> ScopeId {
        let declared = |scope, name| {
            let at = self.declarations.binary_search_by_key(&(scope, name), |&(scope, name, _)| (scope, name)).ok()?;
            Some(self.declarations[at].2)
        };
        match declared(binding.scope, binding.name) {
            None => binding.scope,
            Some(Declaration::Global) => ScopeId::MODULE,
            Some(Declaration::Nonlocal) => {
                let parents =
                    std::iter::successors(self.scopes[binding.scope.index()].parent, |scope| self.scopes[scope.index()].parent);
                let binds = |scope: &ScopeId| {
                    self.scopes[scope.index()].kind == ScopeKind::Function
                        && declared(*scope, binding.name).is_none()
                        && self.bindings.iter().any(|other| other.scope == *scope && other.name == binding.name)
                };
                parents.into_iter().find(binds).unwrap_or(binding.scope)
            }
        }
    }

    fn intern(&mut self, name: &str) -> NameId {
        if let Some(&id) = self.ids.get(name) {
            return id;
        }
        let id = NameId::new(self.names.len());
        self.names.push(name.into());
        self.ids.insert(name.into(), id);
        id
    }

    /// Interns an identifier as it is looked up: private names in a class body are mangled (language reference, 6.2.1).
    fn identifier(&mut self, name: &str) -> NameId {
        let mangled = match self.classes.last() {
            Some(class) if name.starts_with("__") && !name.ends_with("__") => {
                let class = class.trim_start_matches('_');
                (!class.is_empty()).then(|| format!("_{class}{name}"))
            }
            _ => None,
        };
        self.intern(mangled.as_deref().unwrap_or(name))
    }

    fn bind(&mut self, name: &str, place: TextRange, kind: BindingKind) {
        let name = self.identifier(name);
        self.bind_in(self.scope, name, span(place), kind);
    }

    fn bind_in(&mut self, scope: ScopeId, name: NameId, span: Span, kind: BindingKind) {
        // The parser puts an empty name where one is missing.
        if self.names[name.index()].is_empty() {
            return;
        }
        self.bindings.push(Binding { scope, name, span, kind, site: self.scope, context: self.context });
    }

    fn in_scope(&mut self, kind: ScopeKind, start: u32, walk: impl FnOnce(&mut Self)) {
        let outer = self.scope;
        self.scope = ScopeId::new(self.scopes.len());
        self.scopes.push(Scope { kind, parent: Some(outer), start });
        walk(self);
        self.scope = outer;
    }

    fn in_context(&mut self, context: Context, walk: impl FnOnce(&mut Self)) {
        let outer = self.context;
        self.context = outer.and(context);
        walk(self);
        self.context = outer;
    }

    /// Walks code that runs when a function is called: no longer inside the `try` around the function.
    fn in_body(&mut self, walk: impl FnOnce(&mut Self)) {
        let outer = self.context;
        self.context = [Context::TYPE_CHECKING, Context::MAIN]
            .into_iter()
            .filter(|&context| outer.contains(context))
            .fold(Context::default(), Context::and);
        walk(self);
        self.context = outer;
    }

    fn with_flags(&mut self, flags: UseFlags, walk: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.flags, flags);
        walk(self);
        self.flags = outer;
    }

    fn with_annotation(&mut self, in_annotation: bool, walk: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.in_annotation, in_annotation);
        walk(self);
        self.in_annotation = outer;
    }

    /// Records the use of a name followed by attributes.
    fn used(&mut self, name: &ast::ExprName, attributes: &[&Identifier], is_store: bool) -> UseId {
        let start = self.attributes.len() as u32;
        for attribute in attributes {
            let name = self.identifier(&attribute.id);
            self.attributes.push(Attribute { name, span: span(attribute.range) });
        }
        let id = UseId::new(self.uses.len());
        let name_id = self.identifier(&name.id);
        self.uses.push(Use {
            name: name_id,
            span: span(name.range),
            scope: self.scope,
            attributes: (start, self.attributes.len() as u32),
            flags: UseFlags { is_store, ..self.flags },
        });
        id
    }

    /// Walks an expression that is called, or that a class derives from, and marks the use that stands for it.
    fn used_as(&mut self, role: UseRole, expr: &Expr) {
        let first = self.uses.len();
        self.visit_expr(expr);
        let value = match expr {
            Expr::Subscript(subscript) if role == UseRole::Base => &subscript.value,
            expr => expr,
        };
        if let Some(used) = self.uses.get_mut(first).filter(|_| chain(value).is_some()) {
            used.flags.role = role;
        }
    }

    /// Walks the value of an assignment to these targets and says whether it is just another name, or a text.
    fn value(&mut self, value: &Expr, targets: &[&Expr]) -> BindingKind {
        let place = match targets {
            [Expr::Name(name)] => StringPlace::Value(self.intern(&name.id)),
            _ => StringPlace::Elsewhere,
        };
        self.placed(place, value);
        match (chain(value), value) {
            (Some(_), _) => BindingKind::Alias(self.last_use()),
            (None, Expr::StringLiteral(literal)) if is_short(literal) => BindingKind::Text(self.intern(literal.value.to_str())),
            _ => BindingKind::Value,
        }
    }

    /// The use that has been recorded last.
    fn last_use(&self) -> UseId {
        UseId::new(self.uses.len() - 1)
    }

    /// Walks an assignment. `a, b = c, d` makes `a` another name for `c` and `b` one for `d`.
    fn assign(&mut self, assign: &ast::StmtAssign) {
        let is_pairwise = assign.targets.iter().any(|target| elements(target).is_some());
        let Some(values) = elements(&assign.value).filter(|_| is_pairwise) else {
            let kind = self.value(&assign.value, &assign.targets.iter().collect::<Vec<_>>());
            for target in &assign.targets {
                self.dynamic_store(target);
                self.target(target, kind);
            }
            return;
        };
        let kinds: Vec<BindingKind> = values.iter().map(|value| self.value(value, &[])).collect();
        for target in &assign.targets {
            self.dynamic_store(target);
            match elements(target).filter(|targets| targets.len() == kinds.len()) {
                Some(targets) => targets.iter().zip(&kinds).for_each(|(target, &kind)| self.target(target, kind)),
                None => self.target(target, BindingKind::Value),
            }
        }
    }

    fn target(&mut self, target: &Expr, kind: BindingKind) {
        match target {
            Expr::Name(name) => self.bind(&name.id, name.range, kind),
            target => self.visit_expr(target),
        }
    }

    fn comprehension(&mut self, range: TextRange, generators: &[Comprehension], element: impl FnOnce(&mut Self)) {
        if let Some(first) = generators.first() {
            self.visit_expr(&first.iter);
        }
        self.in_scope(ScopeKind::Comprehension, range.start().to_u32(), |this| {
            for (index, generator) in generators.iter().enumerate() {
                if index > 0 {
                    this.visit_expr(&generator.iter);
                }
                this.visit_expr(&generator.target);
                for test in &generator.ifs {
                    this.visit_expr(test);
                }
            }
            element(this);
        });
    }

    fn import(&mut self, range: TextRange, from: Option<(u32, Option<&Identifier>)>, names: &[ast::Alias]) {
        let import = ImportId::new(self.imports.len());
        let start = self.aliases.len() as u32;
        for alias in names {
            let id = AliasId::new(self.aliases.len());
            let name = self.intern(&alias.name.id);
            let asname = alias.asname.as_ref().map(|asname| (self.identifier(&asname.id), span(asname.range)));
            let local = match (&asname, from) {
                (Some((local, _)), _) => *local,
                (None, Some(_)) => self.identifier(&alias.name.id),
                (None, None) => self.identifier(alias.name.id.split('.').next().unwrap_or_default()),
            };
            let module = from.and_then(|(_, module)| module).map(|module| self.intern(&module.id));
            self.note_typing(module, name, local);
            self.aliases.push(Alias { import, name, name_span: span(alias.name.range), asname, local });
            if alias.name.as_str() != "*" {
                let place = alias.asname.as_ref().map_or(alias.name.range, |asname| asname.range);
                self.bind_in(self.scope, local, span(place), BindingKind::Import(id));
            }
        }
        let from = from.map(|(level, module)| From { level, module: module.map(|module| self.intern(&module.id)) });
        self.imports.push(Import {
            span: span(range),
            scope: self.scope,
            context: self.context,
            from,
            aliases: (start, self.aliases.len() as u32),
        });
    }

    fn declare(&mut self, names: &[Identifier], declaration: Declaration) {
        for name in names {
            let name = self.identifier(&name.id);
            self.declarations.push((self.scope, name, declaration));
        }
    }

    fn branch(&mut self, test: Option<&Expr>, body: &[Stmt], negated_before: bool) -> bool {
        if let Some(test) = test {
            self.visit_expr(test);
        }
        let (context, negates) = match test {
            Some(test) if is_type_checking(test) => (Context::TYPE_CHECKING, false),
            Some(Expr::UnaryOp(not)) if not.op == ast::UnaryOp::Not && is_type_checking(&not.operand) => {
                (Context::CONDITIONAL, true)
            }
            Some(test) if is_main(test) => {
                self.has_main = true;
                (Context::MAIN, false)
            }
            None if negated_before => (Context::TYPE_CHECKING, false),
            _ => (Context::CONDITIONAL, false),
        };
        self.in_context(context, |this| this.visit_body(body));
        negates
    }

    fn attempt(&mut self, stmt: &ast::StmtTry) {
        let caught = stmt.handlers.iter().map(|handler| {
            let ExceptHandler::ExceptHandler(handler) = handler;
            catches(handler.type_.as_deref())
        });
        let context = caught.fold(Context::CONDITIONAL, Context::and);
        self.in_context(context, |this| this.visit_body(&stmt.body));
        for handler in &stmt.handlers {
            self.in_context(Context::HANDLER, |this| this.visit_except_handler(handler));
        }
        self.in_context(Context::CONDITIONAL, |this| this.visit_body(&stmt.orelse));
        self.visit_body(&stmt.finalbody);
    }

    /// Takes `globals()["name"] = …` and its kin, which bind names of the module that no statement shows.
    fn dynamic_store(&mut self, target: &Expr) {
        let Expr::Subscript(subscript) = target else { return };
        if !is_call_of(&subscript.value, "globals") {
            return;
        }
        match &*subscript.slice {
            Expr::StringLiteral(key) => {
                let name = self.intern(key.value.to_str());
                self.bind_in(ScopeId::MODULE, name, span(key.range), BindingKind::Value);
            }
            _ => self.is_dynamic = true,
        }
    }

    fn dynamic_call(&mut self, call: &ast::ExprCall) {
        let updates_globals = matches!(&*call.func, Expr::Attribute(method)
            if method.attr.as_str() == "update" && (is_call_of(&method.value, "globals") || is_call_of(&method.value, "vars")));
        let sets_attribute = matches!(&*call.func, Expr::Name(name) if name.id.as_str() == "setattr")
            && matches!(call.arguments.args.first(), Some(Expr::Subscript(subscript))
                if chain(&subscript.value).is_some_and(|(root, rest)| root.id.as_str() == "sys" && rest.len() == 1 && rest[0].as_str() == "modules"));
        self.is_dynamic |= updates_globals || sets_attribute;
    }
}

/// The elements of a tuple or list, where each is one.
fn elements(expr: &Expr) -> Option<&[Expr]> {
    let elements = match expr {
        Expr::Tuple(tuple) => &tuple.elts[..],
        Expr::List(list) => &list.elts[..],
        _ => return None,
    };
    (!elements.iter().any(Expr::is_starred_expr)).then_some(elements)
}

/// The text from its first token on: between the last decorator and the keyword of a definition may stand comments.
fn without_comments(text: &str) -> &str {
    let text = text.trim_start();
    match text.strip_prefix('#') {
        Some(comment) => without_comments(comment.split_once('\n').map_or("", |(_, rest)| rest)),
        None => text,
    }
}

/// The name and attributes of `a.b.c`; `None` for any other expression.
fn chain(expr: &Expr) -> Option<(&ast::ExprName, Vec<&Identifier>)> {
    let mut attributes = Vec::new();
    let mut expr = expr;
    loop {
        match expr {
            Expr::Attribute(attribute) => {
                attributes.push(&attribute.attr);
                expr = &attribute.value;
            }
            Expr::Name(name) if name.ctx == ExprContext::Load => {
                attributes.reverse();
                return Some((name, attributes));
            }
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests;
