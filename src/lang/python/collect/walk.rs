//! The walk over ruff's syntax tree: which statement and expression does what, in the order of evaluation.

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{self as ast, ExceptHandler, Expr, ExprContext, InterpolatedStringElement, Pattern, Stmt, TypeParam};
use ruff_text_size::Ranged;

use super::code_text::program;
use super::conditions::suppresses;
use super::{Collector, chain, span};
use crate::lang::python::facts::{BindingKind, Context, Declaration, ScopeId, ScopeKind, UseFlags, UseRole};

impl<'ast> Visitor<'ast> for Collector<'_> {
    fn visit_stmt(&mut self, stmt: &'ast Stmt) {
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.stmt(stmt));
    }

    fn visit_expr(&mut self, expr: &'ast Expr) {
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.expr(expr));
    }

    fn visit_annotation(&mut self, expr: &'ast Expr) {
        self.with_annotation(true, |this| this.visit_expr(expr));
    }

    fn visit_except_handler(&mut self, handler: &'ast ExceptHandler) {
        let ExceptHandler::ExceptHandler(handler) = handler;
        if let Some(kind) = &handler.type_ {
            self.visit_expr(kind);
        }
        if let Some(name) = &handler.name {
            self.bind(&name.id, name.range, BindingKind::Exception);
        }
        self.visit_body(&handler.body);
    }

    fn visit_type_param(&mut self, parameter: &'ast TypeParam) {
        self.bind(&parameter.name().id, parameter.name().range, BindingKind::TypeParameter);
        visitor::walk_type_param(self, parameter);
    }

    fn visit_pattern(&mut self, pattern: &'ast Pattern) {
        let captured = match pattern {
            Pattern::MatchMapping(mapping) => mapping.rest.as_ref(),
            Pattern::MatchStar(star) => star.name.as_ref(),
            Pattern::MatchAs(capture) => capture.name.as_ref(),
            _ => None,
        };
        if let Some(name) = captured {
            self.bind(&name.id, name.range, BindingKind::Value);
        }
        visitor::walk_pattern(self, pattern);
    }

    fn visit_t_string(&mut self, t_string: &'ast ast::TString) {
        // A template keeps the text of its expressions (PEP 750).
        self.with_flags(UseFlags { frozen: true, ..self.flags }, |this| visitor::walk_t_string(this, t_string));
    }

    fn visit_interpolated_string_element(&mut self, element: &'ast InterpolatedStringElement) {
        let prints_source =
            matches!(element, InterpolatedStringElement::Interpolation(interpolation) if interpolation.debug_text.is_some());
        let flags = UseFlags { frozen: self.flags.frozen || prints_source, ..self.flags };
        self.with_flags(flags, |this| visitor::walk_interpolated_string_element(this, element));
    }
}

impl Collector<'_> {
    fn stmt(&mut self, stmt: &Stmt) {
        if self.scope == ScopeId::MODULE {
            self.export(stmt);
        }
        match stmt {
            Stmt::FunctionDef(def) => self.function(def),
            Stmt::ClassDef(def) => self.class(def),
            Stmt::Assign(assign) => {
                self.assign(assign);
                self.comment_behind(assign.end());
            }
            Stmt::AnnAssign(assign) => {
                self.visit_annotation(&assign.annotation);
                let kind = match &assign.value {
                    Some(value) => self.annotated_value(&assign.annotation, value, &assign.target),
                    None => BindingKind::Annotation,
                };
                self.target(&assign.target, kind);
            }
            Stmt::AugAssign(assign) => {
                self.visit_expr(&assign.value);
                if let Expr::Name(name) = &*assign.target {
                    self.used(name, &[], false);
                }
                self.target(&assign.target, BindingKind::Value);
            }
            Stmt::TypeAlias(alias) => {
                self.target(&alias.name, BindingKind::TypeParameter);
                self.in_scope(ScopeKind::TypeParameters, alias.range.start().to_u32(), |this| {
                    if let Some(parameters) = &alias.type_params {
                        this.visit_type_params(parameters);
                    }
                    this.visit_expr(&alias.value);
                });
            }
            Stmt::For(stmt) => {
                self.visit_expr(&stmt.iter);
                self.visit_expr(&stmt.target);
                self.comment_behind(stmt.iter.end());
                self.in_context(Context::CONDITIONAL, |this| {
                    this.visit_body(&stmt.body);
                    this.visit_body(&stmt.orelse);
                });
            }
            Stmt::While(stmt) => {
                self.visit_expr(&stmt.test);
                self.in_context(Context::CONDITIONAL, |this| {
                    this.visit_body(&stmt.body);
                    this.visit_body(&stmt.orelse);
                });
            }
            Stmt::If(stmt) => {
                let mut negates = self.branch(Some(&stmt.test), &stmt.body, false);
                for clause in &stmt.elif_else_clauses {
                    negates = self.branch(clause.test.as_ref(), &clause.body, negates);
                }
            }
            Stmt::Match(stmt) => {
                self.visit_expr(&stmt.subject);
                self.in_context(Context::CONDITIONAL, |this| {
                    for case in &stmt.cases {
                        this.visit_match_case(case);
                    }
                });
            }
            Stmt::With(stmt) => {
                for item in &stmt.items {
                    self.visit_expr(&item.context_expr);
                    if let Some(target) = &item.optional_vars {
                        let kind = self.entered(&item.context_expr);
                        self.target(target, kind);
                    }
                }
                if let Some(last) = stmt.items.last() {
                    self.comment_behind(last.end());
                }
                let suppressed = stmt.items.iter().map(|item| suppresses(&item.context_expr));
                let context = suppressed.fold(Context::default(), Context::and);
                self.in_context(context, |this| this.visit_body(&stmt.body));
            }
            Stmt::Try(stmt) => self.attempt(stmt),
            Stmt::Import(stmt) => self.import(stmt.range, None, &stmt.names),
            Stmt::ImportFrom(stmt) => self.import(stmt.range, Some((stmt.level, stmt.module.as_ref())), &stmt.names),
            Stmt::Global(stmt) => self.declare(&stmt.names, Declaration::Global),
            Stmt::Nonlocal(stmt) => self.declare(&stmt.names, Declaration::Nonlocal),
            // A string on its own is documentation.
            Stmt::Expr(stmt) if stmt.value.is_string_literal_expr() => {}
            stmt => visitor::walk_stmt(self, stmt),
        }
    }

    fn expr(&mut self, expr: &Expr) {
        let place = std::mem::take(&mut self.place);
        if let Some((name, attributes)) = chain(expr) {
            let is_store = matches!(expr, Expr::Attribute(attribute) if attribute.ctx != ExprContext::Load);
            self.used(name, &attributes, is_store);
            return;
        }
        match expr {
            Expr::Name(name) => match name.ctx {
                ExprContext::Store => self.bind(&name.id, name.range, BindingKind::Value),
                ExprContext::Del => self.bind(&name.id, name.range, BindingKind::Delete),
                ExprContext::Load | ExprContext::Invalid => {}
            },
            Expr::Named(named) => {
                self.visit_expr(&named.value);
                let is_comprehension = |scope: &ScopeId| self.scopes[scope.index()].kind == ScopeKind::Comprehension;
                let parents = std::iter::successors(Some(self.scope), |scope| self.scopes[scope.index()].parent);
                let scope = parents.into_iter().find(|scope| !is_comprehension(scope)).unwrap_or(ScopeId::MODULE);
                if let Expr::Name(name) = &*named.target {
                    let id = self.identifier(&name.id);
                    self.bind_in(scope, id, span(name.range), BindingKind::Value);
                }
            }
            Expr::Lambda(lambda) => {
                if let Some(parameters) = &lambda.parameters {
                    self.defaults(parameters);
                }
                self.in_scope(ScopeKind::Function, lambda.range.start().to_u32(), |this| {
                    if let Some(parameters) = &lambda.parameters {
                        this.parameters(parameters);
                    }
                    this.in_body(|this| this.visit_expr(&lambda.body));
                });
            }
            Expr::ListComp(comp) => self.comprehension(comp.range, &comp.generators, |this| this.visit_expr(&comp.elt)),
            Expr::SetComp(comp) => self.comprehension(comp.range, &comp.generators, |this| this.visit_expr(&comp.elt)),
            Expr::Generator(comp) => self.comprehension(comp.range, &comp.generators, |this| this.visit_expr(&comp.elt)),
            Expr::DictComp(comp) => self.comprehension(comp.range, &comp.generators, |this| {
                if let Some(key) = &comp.key {
                    this.visit_expr(key);
                }
                this.visit_expr(&comp.value);
            }),
            Expr::StringLiteral(literal) => self.string(literal, place),
            Expr::List(ast::ExprList { elts, .. })
            | Expr::Tuple(ast::ExprTuple { elts, .. })
            | Expr::Set(ast::ExprSet { elts, .. }) => {
                elts.iter().for_each(|element| self.placed(place, element));
            }
            Expr::Dict(dict) => self.dict(dict, place),
            Expr::FString(_) | Expr::BinOp(_) => {
                let first = self.uses.len();
                visitor::walk_expr(self, expr);
                self.computed(expr, place, first);
            }
            Expr::Call(call) => {
                self.dynamic_call(call);
                self.programs.extend(program(call).map(Ranged::range));
                self.used_as(UseRole::Callee, &call.func);
                self.arguments(call);
            }
            Expr::Compare(compare) => self.compare(compare),
            Expr::Subscript(subscript) if self.in_annotation => {
                self.visit_expr(&subscript.value);
                if self.is_named(&subscript.value, "Literal") {
                    self.with_annotation(false, |this| this.visit_expr(&subscript.slice));
                } else if self.is_named(&subscript.value, "Annotated") {
                    self.annotated(&subscript.slice);
                } else {
                    self.visit_expr(&subscript.slice);
                }
            }
            Expr::Subscript(subscript) => self.subscript(subscript),
            Expr::Attribute(attribute) => {
                let name = self.identifier(&attribute.attr.id);
                self.loose_attributes.insert(name);
                self.visit_expr(&attribute.value);
            }
            expr => visitor::walk_expr(self, expr),
        }
    }

    /// What entering an expression that has just been walked binds.
    fn entered(&self, context: &Expr) -> BindingKind {
        match context {
            Expr::Call(call) if call.arguments.is_empty() && chain(&call.func).is_some() => {
                BindingKind::Entered(self.last_use())
            }
            _ => BindingKind::Value,
        }
    }

    /// Walks the inside of `Annotated[T, …]`: a type, then values (PEP 593).
    fn annotated(&mut self, slice: &Expr) {
        let Expr::Tuple(tuple) = slice else { return self.visit_expr(slice) };
        for (index, element) in tuple.elts.iter().enumerate() {
            self.with_annotation(index == 0, |this| this.visit_expr(element));
        }
    }
}
