//! Functions and classes: what runs outside of them, and the scopes that they open.

use ruff_python_ast::visitor::Visitor;
use ruff_python_ast::{self as ast, Identifier, Parameters, TypeParams};
use ruff_text_size::{Ranged, TextRange};

use super::{Collector, span, without_comments};
use crate::lang::python::facts::{BindingKind, Definition, DefinitionId, DefinitionKind, ScopeId, ScopeKind, UseRole};
use crate::text::span::Span;

impl Collector<'_> {
    pub(super) fn function(&mut self, def: &ast::StmtFunctionDef) {
        for decorator in &def.decorator_list {
            self.visit_decorator(decorator);
        }
        let kind = if def.is_async { DefinitionKind::AsyncFunction } else { DefinitionKind::Function };
        let keyword = def.decorator_list.last().map_or(def.range.start(), |decorator| decorator.range.end());
        let end = def.returns.as_ref().map_or(def.parameters.range.end(), |returns| returns.range().end());
        let start = self.define(kind, &def.name, def.range, TextRange::new(keyword, end));
        self.defaults(&def.parameters);
        self.signature_comments(&def.parameters, &def.body);
        self.with_type_parameters(def.type_params.as_deref(), start, |this| {
            for parameter in &*def.parameters {
                if let Some(annotation) = parameter.annotation() {
                    this.visit_annotation(annotation);
                }
            }
            if let Some(returns) = &def.returns {
                this.visit_annotation(returns);
            }
            this.in_scope(ScopeKind::Function, start, |this| {
                this.parameters(&def.parameters);
                this.in_body(|this| this.visit_body(&def.body));
            });
        });
        if self.scope == ScopeId::MODULE && def.name.as_str() == "__getattr__" {
            self.module_getattr(def);
        }
    }

    pub(super) fn class(&mut self, def: &ast::StmtClassDef) {
        for decorator in &def.decorator_list {
            self.visit_decorator(decorator);
        }
        let keyword = def.decorator_list.last().map_or(def.range.start(), |decorator| decorator.range.end());
        let end = match (&def.arguments, &def.type_params) {
            (Some(arguments), _) => arguments.range.end(),
            (None, Some(parameters)) => parameters.range.end(),
            (None, None) => def.name.range.end(),
        };
        let start = self.define(DefinitionKind::Class, &def.name, def.range, TextRange::new(keyword, end));
        self.with_type_parameters(def.type_params.as_deref(), start, |this| {
            if let Some(arguments) = &def.arguments {
                arguments.args.iter().for_each(|base| this.used_as(UseRole::Base, base));
                arguments.keywords.iter().for_each(|keyword| this.visit_keyword(keyword));
            }
            this.classes.push(def.name.id.as_str().into());
            this.in_scope(ScopeKind::Class, start, |this| this.visit_body(&def.body));
            this.classes.pop();
        });
    }

    /// Records a definition and returns where its keyword stands.
    fn define(&mut self, kind: DefinitionKind, name: &Identifier, range: TextRange, header: TextRange) -> u32 {
        let id = DefinitionId::new(self.definitions.len());
        let name_id = self.identifier(&name.id);
        let start = header.end().to_u32() - without_comments(&self.source[header]).len() as u32;
        self.definitions.push(Definition {
            kind,
            name: name_id,
            scope: self.scope,
            span: span(range),
            header: Span::new(start, header.end().to_u32()),
        });
        self.bind_in(self.scope, name_id, span(name.range), BindingKind::Definition(id));
        start
    }

    pub(super) fn with_type_parameters(&mut self, parameters: Option<&TypeParams>, start: u32, walk: impl FnOnce(&mut Self)) {
        match parameters {
            None => walk(self),
            Some(parameters) => self.in_scope(ScopeKind::TypeParameters, start, |this| {
                this.visit_type_params(parameters);
                walk(this);
            }),
        }
    }

    pub(super) fn defaults(&mut self, parameters: &Parameters) {
        for parameter in parameters.iter_non_variadic_params() {
            if let Some(default) = &parameter.default {
                self.visit_expr(default);
            }
        }
    }

    pub(super) fn parameters(&mut self, parameters: &Parameters) {
        for parameter in parameters {
            self.bind(parameter.name(), parameter.name().range, BindingKind::Parameter);
        }
    }
}
