//! The second walk: which node uses a name, and as what.

use std::cell::Cell;

use oxc_ast::ast::*;
use oxc_ast_visit::{Visit, walk};
use oxc_span::GetSpan;
use oxc_syntax::scope::{ScopeFlags, ScopeId as Noted};

use super::aliases::Taken;
use super::names::Seen;
use super::path::{Path, Root, literal};
use super::{Collector, Waiting, grow, span};
use crate::lang::typescript::facts::{Meaning, ScopeId, UseForm, UseRole};

impl<'a> Visit<'a> for Collector<'_> {
    fn enter_scope(&mut self, _: ScopeFlags, noted: &Cell<Option<Noted>>) {
        self.stack.push(noted.get().map_or(ScopeId::MODULE, |scope| ScopeId::new(scope.index())));
    }

    fn leave_scope(&mut self) {
        self.stack.pop();
    }

    fn visit_statement(&mut self, it: &Statement<'a>) {
        grow(|| walk::walk_statement(self, it));
    }

    fn visit_expression(&mut self, it: &Expression<'a>) {
        grow(|| self.expression(it, Taken::Value));
    }

    fn visit_ts_type(&mut self, it: &TSType<'a>) {
        grow(|| walk::walk_ts_type(self, it));
    }

    fn visit_jsx_element(&mut self, it: &JSXElement<'a>) {
        grow(|| walk::walk_jsx_element(self, it));
    }

    fn visit_directive(&mut self, _: &Directive<'a>) {}

    fn visit_identifier_reference(&mut self, it: &IdentifierReference<'a>) {
        self.used(it.name.as_str(), it.span, &[], Seen::VALUE);
    }

    fn visit_expression_statement(&mut self, it: &ExpressionStatement<'a>) {
        let inner = match &it.expression {
            Expression::UnaryExpression(unary) if unary.operator.is_void() => &unary.argument,
            inner => inner,
        };
        grow(|| self.expression(inner, Taken::Nothing));
    }

    fn visit_variable_declarator(&mut self, it: &VariableDeclarator<'a>) {
        self.visit_binding_pattern(&it.id);
        if let Some(annotation) = &it.type_annotation {
            self.visit_ts_type_annotation(annotation);
        }
        let Some(init) = &it.init else { return };
        if let BindingPattern::BindingIdentifier(id) = &it.id {
            self.alias(id, init);
        }
        grow(|| self.expression(init, Taken::Pattern(&it.id, span(it.span))));
    }

    fn visit_for_of_statement(&mut self, it: &ForOfStatement<'a>) {
        self.enter_scope(ScopeFlags::empty(), &it.scope_id);
        self.visit_for_statement_left(&it.left);
        self.role = UseRole::Spread;
        self.visit_expression(&it.right);
        self.visit_statement(&it.body);
        self.leave_scope();
    }

    fn visit_for_in_statement(&mut self, it: &ForInStatement<'a>) {
        self.enter_scope(ScopeFlags::empty(), &it.scope_id);
        self.visit_for_statement_left(&it.left);
        self.role = UseRole::Spread;
        self.visit_expression(&it.right);
        self.visit_statement(&it.body);
        self.leave_scope();
    }

    fn visit_spread_element(&mut self, it: &SpreadElement<'a>) {
        self.role = UseRole::Spread;
        self.visit_expression(&it.argument);
    }

    fn visit_jsx_spread_attribute(&mut self, it: &JSXSpreadAttribute<'a>) {
        self.role = UseRole::Spread;
        self.visit_expression(&it.argument);
    }

    fn visit_object_property(&mut self, it: &ObjectProperty<'a>) {
        match &it.value {
            Expression::Identifier(id) if it.shorthand => {
                self.used(id.name.as_str(), id.span, &[], Seen::as_form(UseForm::Shorthand));
            }
            _ => walk::walk_object_property(self, it),
        }
    }

    fn visit_assignment_expression(&mut self, it: &AssignmentExpression<'a>) {
        self.exported_by_assignment(it);
        self.visit_assignment_target(&it.left);
        if it.operator.is_assign() {
            grow(|| self.expression(&it.right, Taken::Target(&it.left, span(it.span))));
        } else {
            self.visit_expression(&it.right);
        }
    }

    fn visit_simple_assignment_target(&mut self, it: &SimpleAssignmentTarget<'a>) {
        self.target(it);
    }

    fn visit_assignment_target_property_identifier(&mut self, it: &AssignmentTargetPropertyIdentifier<'a>) {
        let id = &it.binding;
        self.used(id.name.as_str(), id.span, &[], Seen { form: UseForm::Shorthand, ..Seen::ASSIGNED });
        if let Some(init) = &it.init {
            self.visit_expression(init);
        }
    }

    fn visit_formal_parameter(&mut self, it: &FormalParameter<'a>) {
        let own = self.stack.pop();
        self.visit_decorators(&it.decorators);
        self.stack.extend(own);
        self.visit_binding_pattern(&it.pattern);
        if let Some(annotation) = &it.type_annotation {
            self.visit_ts_type_annotation(annotation);
        }
        if let Some(initializer) = &it.initializer {
            self.visit_expression(initializer);
        }
    }

    fn visit_class_heritage(&mut self, it: &ClassHeritage<'a>) {
        self.role = UseRole::Base;
        self.visit_expression(&it.expression);
        if let Some(arguments) = &it.type_arguments {
            self.visit_ts_type_parameter_instantiation(arguments);
        }
    }

    fn visit_ts_class_implements(&mut self, it: &TSClassImplements<'a>) {
        self.role = UseRole::Interface;
        self.type_name(&it.expression, Meaning::TYPE);
        if let Some(arguments) = &it.type_arguments {
            self.visit_ts_type_parameter_instantiation(arguments);
        }
    }

    fn visit_ts_interface_heritage(&mut self, it: &TSInterfaceHeritage<'a>) {
        self.role = UseRole::Interface;
        self.type_name(&it.type_name, Meaning::TYPE);
        if let Some(arguments) = &it.type_arguments {
            self.visit_ts_type_parameter_instantiation(arguments);
        }
    }

    fn visit_ts_type_name(&mut self, it: &TSTypeName<'a>) {
        self.type_name(it, Meaning::TYPE);
    }

    fn visit_ts_type_query(&mut self, it: &TSTypeQuery<'a>) {
        match &it.expr_name {
            TSTypeQueryExprName::TSImportType(import) => self.visit_ts_import_type(import),
            name => name.as_ts_type_name().into_iter().for_each(|name| self.type_name(name, Meaning::VALUE)),
        }
        if let Some(arguments) = &it.type_arguments {
            self.visit_ts_type_parameter_instantiation(arguments);
        }
    }

    fn visit_ts_type_predicate(&mut self, it: &TSTypePredicate<'a>) {
        if let TSTypePredicateName::Identifier(id) = &it.parameter_name {
            self.used(id.name.as_str(), id.span, &[], Seen::VALUE);
        }
        if let Some(annotation) = &it.type_annotation {
            self.visit_ts_type_annotation(annotation);
        }
    }

    fn visit_ts_type_alias_declaration(&mut self, it: &TSTypeAliasDeclaration<'a>) {
        let binding = self.bound.declared_at(it.id.span.start).filter(|_| it.type_parameters.is_none());
        match (&it.type_annotation, binding) {
            (TSType::TSTypeReference(reference), Some(binding)) if reference.type_arguments.is_none() => {
                self.waiting.entry(reference.span.start).or_default().push(Waiting::Alias(binding));
            }
            (TSType::TSImportType(import), Some(binding)) if import.type_arguments.is_none() => {
                self.import_type(import, Some(binding));
                return;
            }
            _ => {}
        }
        walk::walk_ts_type_alias_declaration(self, it);
    }

    fn visit_ts_import_type(&mut self, it: &TSImportType<'a>) {
        self.import_type(it, None);
    }

    fn visit_ts_indexed_access_type(&mut self, it: &TSIndexedAccessType<'a>) {
        if !self.indexed_import(it) {
            walk::walk_ts_indexed_access_type(self, it);
        }
    }

    fn visit_jsx_element_name(&mut self, it: &JSXElementName<'a>) {
        self.element_name(it);
    }

    fn visit_string_literal(&mut self, it: &StringLiteral<'a>) {
        self.maybe_path(it.value.as_str(), span(it.span));
    }

    fn visit_import_declaration(&mut self, it: &ImportDeclaration<'a>) {
        self.import_declaration(it);
    }

    fn visit_ts_import_equals_declaration(&mut self, it: &TSImportEqualsDeclaration<'a>) {
        self.import_equals(it);
    }

    fn visit_ts_external_module_declaration(&mut self, it: &TSExternalModuleDeclaration<'a>) {
        self.augmentation(it);
        self.enter_scope(ScopeFlags::TsModuleBlock, &it.scope_id);
        if let Some(body) = &it.body {
            self.visit_ts_module_block(body);
        }
        self.leave_scope();
    }

    fn visit_export_declaration(&mut self, it: &ExportDeclaration<'a>) {
        self.export_declaration(it);
        self.visit_declaration(&it.declaration);
    }

    fn visit_export_default_declaration(&mut self, it: &ExportDefaultDeclaration<'a>) {
        self.export_default(it);
    }

    fn visit_export_named_declaration(&mut self, it: &ExportNamedDeclaration<'a>) {
        self.export_named(it);
    }

    fn visit_export_from_declaration(&mut self, it: &ExportFromDeclaration<'a>) {
        self.export_from(it);
    }

    fn visit_export_all_declaration(&mut self, it: &ExportAllDeclaration<'a>) {
        self.export_all(it);
    }

    fn visit_ts_export_assignment(&mut self, it: &TSExportAssignment<'a>) {
        self.export_assignment(it);
    }
}

impl<'a> Collector<'_> {
    /// Walks an expression; `taken` says what is taken of it, should it be a module.
    pub(super) fn expression(&mut self, expression: &Expression<'a>, taken: Taken<'_, 'a>) {
        let path = Path::new(expression);
        // `await` outside of functions is what only modules have.
        self.is_module |= path.is_awaited && !self.is_in_function();
        if let Some(id) = path.name() {
            return self.named(id, &path, Seen::VALUE);
        }
        if let Some(asked) = self.asked(path.root) {
            return self.request(&asked, &path, taken);
        }
        self.rooted(&path);
    }

    /// Walks a chain that neither starts with a name nor is a request.
    pub(super) fn rooted(&mut self, path: &Path<'_, 'a>) {
        self.links(path);
        match path.root {
            Root::Name(id) => self.visit_identifier_reference(id),
            Root::Call(call) => self.call(call, path.awaits_root),
            Root::Import(import) => self.visit_expression(&import.source),
            Root::Private(object) => self.visit_expression(object),
            Root::Other(other) => self.other(other),
        }
    }

    fn other(&mut self, expression: &Expression<'a>) {
        match expression {
            Expression::NewExpression(new) => self.construct(new),
            Expression::TaggedTemplateExpression(tagged) => {
                self.role = UseRole::Callee { is_awaited: false };
                self.visit_expression(&tagged.tag);
                tagged.type_arguments.iter().for_each(|arguments| self.visit_ts_type_parameter_instantiation(arguments));
                self.visit_template_literal(&tagged.quasi);
            }
            Expression::TemplateLiteral(_) => {
                if let Some((value, span)) = literal(expression) {
                    self.maybe_path(value, span);
                }
                walk::walk_expression(self, expression);
            }
            _ => walk::walk_expression(self, expression),
        }
    }

    /// Walks a call that asks for no module itself.
    pub(super) fn call(&mut self, call: &CallExpression<'a>, is_awaited: bool) {
        self.exported_by_call(call);
        self.note_lazy(call);
        if self.then(call) {
            return;
        }
        self.role = UseRole::Callee { is_awaited };
        self.visit_expression(&call.callee);
        self.role = UseRole::Value;
        call.type_arguments.iter().for_each(|arguments| self.visit_ts_type_parameter_instantiation(arguments));
        self.visit_arguments(&call.arguments);
    }

    fn construct(&mut self, new: &NewExpression<'a>) {
        let is_url = self.url(new);
        self.role = UseRole::Constructed;
        self.visit_expression(&new.callee);
        self.role = UseRole::Value;
        new.type_arguments.iter().for_each(|arguments| self.visit_ts_type_parameter_instantiation(arguments));
        new.arguments.iter().skip(usize::from(is_url)).for_each(|argument| self.visit_argument(argument));
    }

    /// Notes that a variable may be another name for what it is given.
    fn alias(&mut self, id: &BindingIdentifier<'a>, init: &Expression<'a>) {
        let path = Path::new(init);
        let binding = self.bound.declared_at(id.span.start);
        let is_const = |binding| self.bound.declarations(binding).iter().all(|declared| declared.is_const);
        if let (Some(root), Some(binding)) = (path.name(), binding)
            && path.is_plain()
            && is_const(binding)
        {
            self.waiting.entry(root.span.start).or_default().push(Waiting::Alias(binding));
        }
    }

    /// Notes a string that looks like the path of a module.
    pub(super) fn maybe_path(&mut self, value: &str, place: crate::text::span::Span) {
        let is_relative = ["./", "../", "@/", "~/"].iter().any(|start| value.starts_with(start));
        let is_path = value.contains('/') && !value.contains("://");
        if (is_relative || is_path) && value.len() <= 200 && !value.contains(char::is_whitespace) {
            let name = self.names.id(value);
            self.paths.push((name, place));
        }
    }
}

/// The place of an expression.
pub(super) fn place<'a>(expression: &Expression<'a>) -> crate::text::span::Span {
    span(expression.span())
}
