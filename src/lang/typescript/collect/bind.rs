//! The first walk: the scopes of a file and what they bind, by the rules of TypeScript's own binder (`src/compiler/binder.ts`).
//!
//! The scope that a node opens is noted in the node itself, where oxc keeps a place for it: the second walk finds it there.

use std::cell::Cell;

use oxc_ast::AstKind;
use oxc_ast::ast::*;
use oxc_ast_visit::{Visit, walk};
use oxc_span::GetSpan;
use oxc_syntax::scope::{ScopeFlags, ScopeId as Noted};
use rustc_hash::FxHashMap;

use super::bound::{Bound, Declared, Opener};
use super::{Interner, grow, span};
use crate::lang::typescript::facts::{BindingId, Declaration as Fact, DeclarationKind, Meaning, Scope, ScopeId, ScopeKind};
use crate::text::span::Span;

/// Walks a program, and returns what its scopes bind.
pub(super) fn bind<'a>(program: &Program<'a>, names: &mut Interner) -> Bound {
    let is_ambient = program.source_type.is_typescript_definition();
    let mut binder = Binder {
        names,
        scopes: Vec::new(),
        bodies: Vec::new(),
        stack: Vec::new(),
        nodes: Vec::new(),
        ambient: u32::from(is_ambient),
        declared: Vec::new(),
        modules: FxHashMap::default(),
        requires: Vec::new(),
        openers: Vec::new(),
    };
    binder.visit_program(program);
    Bound::new(binder.scopes, binder.declared, binder.modules, binder.requires, &binder.openers)
}

struct Binder<'a, 'n> {
    names: &'n mut Interner,
    scopes: Vec<Scope>,
    /// The part of each scope in which what its inner part declares is seen: a function's body, the true branch of a conditional type.
    bodies: Vec<Option<Span>>,
    /// The open scopes.
    stack: Vec<ScopeId>,
    /// The open nodes.
    nodes: Vec<AstKind<'a>>,
    /// How many of them say `declare`.
    ambient: u32,
    declared: Vec<Declared>,
    /// The module of each import declaration's names, by the place of the local name.
    modules: FxHashMap<u32, Box<str>>,
    /// The places of the names that stand for `require` itself: `const require = createRequire(…)`.
    requires: Vec<u32>,
    /// The bodies of namespaces and enums.
    openers: Vec<Opener>,
}

impl<'a> Visit<'a> for Binder<'a, '_> {
    fn enter_node(&mut self, kind: AstKind<'a>) {
        self.ambient += u32::from(is_declare(&kind));
        self.nodes.push(kind);
        self.declare_node(kind);
    }

    fn leave_node(&mut self, kind: AstKind<'a>) {
        self.ambient -= u32::from(is_declare(&kind));
        self.nodes.pop();
    }

    fn enter_scope(&mut self, _: ScopeFlags, noted: &Cell<Option<Noted>>) {
        let Some(&node) = self.nodes.last() else { return };
        if let AstKind::Function(function) = node
            && function.is_expression()
            && let Some(id) = &function.id
        {
            // The name of a function expression stands around its parameters, which may hide it.
            let scope = self.open(ScopeKind::Block, node.span(), None);
            let value = self.expression_name(scope, id, DeclarationKind::Function, function.r#async);
            self.declared.push(value);
            self.stack.push(scope);
            let inner = self.open(ScopeKind::Function, node.span(), function.body.as_ref().map(|body| span(body.span)));
            self.stack.pop();
            return self.enter(inner, noted);
        }
        let (kind, body) = match node {
            AstKind::Program(_) => (ScopeKind::Module, None),
            AstKind::Function(function) => (ScopeKind::Function, function.body.as_ref().map(|body| span(body.span))),
            AstKind::ArrowFunctionExpression(arrow) => (ScopeKind::Function, Some(span(arrow.body.span()))),
            AstKind::StaticBlock(_) => (ScopeKind::Function, None),
            AstKind::Class(_) => (ScopeKind::Class, None),
            AstKind::TSNamespaceDeclaration(_) => (ScopeKind::Namespace, None),
            AstKind::TSExternalModuleDeclaration(_) => (ScopeKind::Augmentation, None),
            AstKind::TSGlobalDeclaration(_) => (ScopeKind::Global, None),
            AstKind::TSConditionalType(conditional) => (ScopeKind::Block, Some(span(conditional.true_type.span()))),
            _ => (ScopeKind::Block, None),
        };
        let scope = self.open(kind, node.span(), body);
        self.enter(scope, noted);
        match node {
            AstKind::TSNamespaceDeclaration(it) => self.opens(scope, &it.id, false),
            AstKind::TSEnumBody(_) => {
                if let Some(AstKind::TSEnumDeclaration(it)) = self.parent() {
                    self.opens(scope, &it.id, true);
                }
            }
            AstKind::Class(class) if class.is_expression() => {
                if let Some(id) = &class.id {
                    let mut value = self.expression_name(scope, id, DeclarationKind::Class, false);
                    value.meaning = Meaning::VALUE.and(Meaning::TYPE);
                    self.declared.push(value);
                }
            }
            AstKind::TSMappedType(mapped) => self.type_parameter(&mapped.key, mapped.key.span),
            _ => {}
        }
    }

    fn leave_scope(&mut self) {
        self.stack.pop();
    }

    fn visit_statement(&mut self, it: &Statement<'a>) {
        grow(|| walk::walk_statement(self, it));
    }

    fn visit_expression(&mut self, it: &Expression<'a>) {
        grow(|| walk::walk_expression(self, it));
    }

    fn visit_ts_type(&mut self, it: &TSType<'a>) {
        grow(|| walk::walk_ts_type(self, it));
    }

    fn visit_jsx_element(&mut self, it: &JSXElement<'a>) {
        grow(|| walk::walk_jsx_element(self, it));
    }

    fn visit_formal_parameter(&mut self, it: &FormalParameter<'a>) {
        // Decorators of parameters stand around the function.
        let own = self.stack.pop();
        self.visit_decorators(&it.decorators);
        self.stack.extend(own);
        let kind = AstKind::FormalParameter(self.alloc(it));
        self.enter_node(kind);
        self.visit_binding_pattern(&it.pattern);
        if let Some(annotation) = &it.type_annotation {
            self.visit_ts_type_annotation(annotation);
        }
        if let Some(initializer) = &it.initializer {
            self.visit_expression(initializer);
        }
        self.leave_node(kind);
    }
}

impl<'a> Binder<'a, '_> {
    fn open(&mut self, kind: ScopeKind, place: oxc_span::Span, body: Option<Span>) -> ScopeId {
        let parent = self.stack.last().copied();
        self.scopes.push(Scope { kind, parent, span: span(place) });
        self.bodies.push(body);
        ScopeId::new(self.scopes.len() - 1)
    }

    fn enter(&mut self, scope: ScopeId, noted: &Cell<Option<Noted>>) {
        noted.set(Some(Noted::from_usize(scope.index())));
        self.stack.push(scope);
    }

    fn opens(&mut self, body: ScopeId, id: &BindingIdentifier<'a>, is_enum: bool) {
        let name = self.names.id(id.name.as_str());
        self.openers.push(Opener { body, name, is_enum });
    }

    fn scope(&self) -> ScopeId {
        self.stack.last().copied().unwrap_or(ScopeId::MODULE)
    }

    /// The scope that a `var` belongs to.
    fn var_scope(&self) -> ScopeId {
        let is_block = |scope: ScopeId| matches!(self.scopes[scope.index()].kind, ScopeKind::Block | ScopeKind::Class);
        self.stack.iter().rev().copied().find(|&scope| !is_block(scope)).unwrap_or(ScopeId::MODULE)
    }

    fn declare_node(&mut self, kind: AstKind<'a>) {
        const TYPE: Meaning = Meaning::TYPE;
        let class = Meaning::VALUE.and(TYPE);
        match kind {
            AstKind::Function(function) if function.is_declaration() || function.is_ts_declare_function() => {
                if let Some(id) = &function.id {
                    self.statement(id, kind.span(), DeclarationKind::Function, Meaning::VALUE);
                    self.last(|declared| declared.fact.is_async = function.r#async);
                }
            }
            AstKind::Class(it) if it.is_declaration() => {
                if let Some(id) = &it.id {
                    self.statement(id, decorated(it), DeclarationKind::Class, class);
                }
            }
            AstKind::TSInterfaceDeclaration(it) => self.statement(&it.id, it.span, DeclarationKind::Interface, TYPE),
            AstKind::TSTypeAliasDeclaration(it) => self.statement(&it.id, it.span, DeclarationKind::TypeAlias, TYPE),
            AstKind::TSEnumDeclaration(it) => {
                self.statement(&it.id, it.span, DeclarationKind::Enum, class.and(Meaning::NAMESPACE));
            }
            AstKind::TSNamespaceDeclaration(it) => {
                let value = if is_instantiated(it) { Meaning::VALUE } else { Meaning::NONE };
                self.statement(&it.id, it.span, DeclarationKind::Namespace, value.and(Meaning::NAMESPACE));
                // `namespace A.B`: the inner is exported by the outer.
                let is_inner = matches!(self.parent(), Some(AstKind::TSNamespaceDeclaration(_)));
                self.last(|declared| declared.fact.is_exported |= is_inner);
            }
            AstKind::TSEnumMember(it) => {
                let name = it.id.static_name();
                self.place(self.scope(), name.as_str(), span(it.id.span()), span(it.span), DeclarationKind::EnumMember, class);
            }
            AstKind::TSImportEqualsDeclaration(it) => {
                self.statement(&it.id, it.span, DeclarationKind::Import, Meaning::ANY);
                if let TSModuleReference::ExternalModuleReference(reference) = &it.module_reference {
                    self.modules.insert(it.id.span.start, reference.expression.value.as_str().into());
                }
            }
            AstKind::ImportSpecifier(it) => self.import(&it.local, it.span, it.local.span == it.imported.span()),
            AstKind::ImportDefaultSpecifier(it) => self.import(&it.local, it.span, false),
            AstKind::ImportNamespaceSpecifier(it) => self.import(&it.local, it.span, false),
            AstKind::VariableDeclarator(it) => self.variable(it),
            AstKind::FormalParameter(it) => self.parameters(&it.pattern, it.span),
            AstKind::FormalParameterRest(it) => self.parameters(&it.rest.argument, it.span),
            AstKind::CatchParameter(it) => self.parameters(&it.pattern, it.span),
            AstKind::TSTypeParameter(it) => self.type_parameter(&it.name, it.span),
            _ => {}
        }
    }

    fn parent(&self) -> Option<AstKind<'a>> {
        self.nodes.len().checked_sub(2).map(|at| self.nodes[at])
    }

    /// Declares what a whole statement declares.
    fn statement(&mut self, id: &BindingIdentifier<'a>, place: oxc_span::Span, kind: DeclarationKind, meaning: Meaning) {
        let (whole, is_exported) = self.exported(self.nodes.len(), place);
        self.place(self.scope(), id.name.as_str(), span(id.span), whole, kind, meaning);
        self.last(|declared| declared.fact.is_exported = is_exported);
    }

    /// The whole of the statement whose node is the last of the first `depth`, and whether `export` stands in it.
    fn exported(&self, depth: usize, place: oxc_span::Span) -> (Span, bool) {
        let around = depth.checked_sub(2).map(|at| self.nodes[at]);
        match around {
            Some(kind @ (AstKind::ExportDeclaration(_) | AstKind::ExportDefaultDeclaration(_))) => {
                let outer = span(kind.span());
                (Span::new(outer.start.min(place.start), outer.end), true)
            }
            _ => (span(place), false),
        }
    }

    fn import(&mut self, local: &BindingIdentifier<'a>, place: oxc_span::Span, is_shorthand: bool) {
        let Some(AstKind::ImportDeclaration(import)) = self.parent() else { return };
        self.modules.insert(local.span.start, import.source.value.as_str().into());
        let scope = self.scope();
        self.place(scope, local.name.as_str(), span(local.span), span(place), DeclarationKind::Import, Meaning::ANY);
        let statement = span(import.span);
        self.last(|declared| {
            declared.fact.statement = statement;
            declared.fact.is_shorthand = is_shorthand;
        });
    }

    fn variable(&mut self, declarator: &VariableDeclarator<'a>) {
        let Some(AstKind::VariableDeclaration(declaration)) = self.parent() else { return };
        let (statement, is_exported) = self.exported(self.nodes.len() - 1, declaration.span);
        let scope = if declaration.kind.is_var() { self.var_scope() } else { self.scope() };
        let is_pattern = !declarator.id.is_binding_identifier();
        let function = declarator.init.as_ref().and_then(function);
        let kind = DeclarationKind::Variable {
            is_function: !is_pattern && function.is_some(),
            is_pattern,
            is_alone: declaration.declarations.len() == 1,
        };
        if !is_pattern && declarator.init.as_ref().is_some_and(creates_require) {
            self.requires.push(declarator.id.span().start);
        }
        let has_value = declarator.init.as_ref().is_some_and(|init| !is_nothing(init));
        let place = span(declarator.span);
        names(&declarator.id, false, &mut |id, is_shorthand| {
            self.place(scope, id.name.as_str(), span(id.span), place, kind, Meaning::VALUE);
            self.last(|declared| {
                declared.fact.statement = statement;
                declared.fact.is_exported = is_exported;
                declared.fact.is_shorthand = is_shorthand;
                declared.fact.is_async = !is_pattern && function == Some(true);
                declared.has_value = has_value || is_pattern;
                declared.is_const = declaration.kind.is_const();
            });
        });
    }

    fn parameters(&mut self, pattern: &BindingPattern<'a>, place: oxc_span::Span) {
        let scope = self.scope();
        names(pattern, false, &mut |id, is_shorthand| {
            self.place(scope, id.name.as_str(), span(id.span), span(place), DeclarationKind::Parameter, Meaning::VALUE);
            self.last(|declared| {
                declared.fact.is_shorthand = is_shorthand;
                declared.has_value = true;
            });
        });
    }

    fn type_parameter(&mut self, id: &BindingIdentifier<'a>, place: oxc_span::Span) {
        let is_inferred = matches!(self.parent(), Some(AstKind::TSInferType(_)));
        let is_conditional =
            |scope: ScopeId| self.scopes[scope.index()].kind == ScopeKind::Block && self.bodies[scope.index()].is_some();
        let conditional = self.stack.iter().rev().copied().find(|&scope| is_conditional(scope)).filter(|_| is_inferred);
        let scope = conditional.unwrap_or_else(|| self.scope());
        self.place(scope, id.name.as_str(), span(id.span), span(place), DeclarationKind::TypeParameter, Meaning::TYPE);
        if let Some(scope) = conditional {
            let branch = self.bodies[scope.index()];
            self.last(|declared| declared.visible = branch);
        }
    }

    fn expression_name(
        &mut self,
        scope: ScopeId,
        id: &BindingIdentifier<'a>,
        kind: DeclarationKind,
        is_async: bool,
    ) -> Declared {
        let place = self.scopes[scope.index()].span;
        let mut declared = self.declared(scope, id.name.as_str(), span(id.span), place, kind, Meaning::VALUE);
        declared.fact.is_async = is_async;
        declared
    }

    fn place(&mut self, scope: ScopeId, name: &str, name_span: Span, place: Span, kind: DeclarationKind, meaning: Meaning) {
        let declared = self.declared(scope, name, name_span, place, kind, meaning);
        self.declared.push(declared);
    }

    fn declared(
        &mut self,
        scope: ScopeId,
        name: &str,
        name_span: Span,
        place: Span,
        kind: DeclarationKind,
        meaning: Meaning,
    ) -> Declared {
        let is_function = self.scopes[scope.index()].kind == ScopeKind::Function;
        let body = self.bodies[scope.index()].filter(|body| is_function && body.covers(name_span));
        Declared {
            scope,
            name: self.names.id(name),
            fact: Fact {
                binding: BindingId::new(0),
                name_span,
                span: place,
                statement: place,
                kind,
                is_async: false,
                is_exported: false,
                is_ambient: self.ambient > 0,
                is_shorthand: false,
            },
            meaning,
            visible: body,
            has_value: !matches!(kind, DeclarationKind::Variable { .. }),
            is_const: false,
        }
    }

    fn last(&mut self, change: impl FnOnce(&mut Declared)) {
        if let Some(declared) = self.declared.last_mut() {
            change(declared);
        }
    }
}

fn is_declare(kind: &AstKind) -> bool {
    match kind {
        AstKind::VariableDeclaration(it) => it.declare,
        AstKind::Function(it) => it.declare,
        AstKind::Class(it) => it.declare,
        AstKind::TSInterfaceDeclaration(it) => it.declare,
        AstKind::TSTypeAliasDeclaration(it) => it.declare,
        AstKind::TSEnumDeclaration(it) => it.declare,
        AstKind::TSNamespaceDeclaration(it) => it.declare,
        AstKind::TSExternalModuleDeclaration(_) | AstKind::TSGlobalDeclaration(_) => true,
        _ => false,
    }
}

/// A class with its decorators.
fn decorated(class: &Class) -> oxc_span::Span {
    let start = class.decorators.iter().map(|decorator| decorator.span.start).min();
    oxc_span::Span::new(start.map_or(class.span.start, |start| start.min(class.span.start)), class.span.end)
}

/// Whether an expression is a function, and if so, whether it is `async`.
fn function(init: &Expression) -> Option<bool> {
    match init.without_parentheses() {
        Expression::ArrowFunctionExpression(arrow) => Some(arrow.r#async),
        Expression::FunctionExpression(function) => Some(function.r#async),
        _ => None,
    }
}

fn creates_require(init: &Expression) -> bool {
    let Expression::CallExpression(call) = init else { return false };
    match &call.callee {
        Expression::Identifier(id) => id.name == "createRequire",
        Expression::StaticMemberExpression(member) => member.property.name == "createRequire",
        _ => false,
    }
}

/// `null` and `undefined`: a variable that has no value yet.
fn is_nothing(init: &Expression) -> bool {
    match init {
        Expression::NullLiteral(_) => true,
        Expression::Identifier(id) => id.name == "undefined",
        Expression::TSAsExpression(cast) => is_nothing(&cast.expression),
        _ => false,
    }
}

/// The names that a pattern binds, and whether each is the key of its property as well.
fn names<'a>(pattern: &BindingPattern<'a>, is_shorthand: bool, found: &mut impl FnMut(&BindingIdentifier<'a>, bool)) {
    match pattern {
        BindingPattern::BindingIdentifier(id) => found(id, is_shorthand),
        BindingPattern::AssignmentPattern(it) => names(&it.left, is_shorthand, found),
        BindingPattern::ObjectPattern(it) => {
            it.properties.iter().for_each(|property| names(&property.value, property.shorthand, found));
            it.rest.iter().for_each(|rest| names(&rest.argument, false, found));
        }
        BindingPattern::ArrayPattern(it) => {
            it.elements.iter().flatten().for_each(|element| names(element, false, found));
            it.rest.iter().for_each(|rest| names(&rest.argument, false, found));
        }
    }
}

/// Whether something of a namespace is there at run time.
fn is_instantiated(namespace: &TSNamespaceDeclaration) -> bool {
    match &namespace.body {
        TSNamespaceDeclarationBody::TSNamespaceDeclaration(inner) => is_instantiated(inner),
        TSNamespaceDeclarationBody::TSModuleBlock(block) => block.body.iter().any(|statement| match statement {
            Statement::TSInterfaceDeclaration(_)
            | Statement::TSTypeAliasDeclaration(_)
            | Statement::TSImportEqualsDeclaration(_)
            | Statement::ImportDeclaration(_) => false,
            Statement::TSNamespaceDeclaration(inner) => is_instantiated(inner),
            Statement::ExportDeclaration(export) => match &export.declaration {
                Declaration::TSInterfaceDeclaration(_) | Declaration::TSTypeAliasDeclaration(_) => false,
                Declaration::TSNamespaceDeclaration(inner) => is_instantiated(inner),
                _ => true,
            },
            Statement::ExportNamedDeclaration(export) => !export.specifiers.is_empty() && !export.export_kind.is_type(),
            _ => true,
        }),
    }
}
