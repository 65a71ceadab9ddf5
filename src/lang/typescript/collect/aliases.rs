//! What is taken from a module that a call asks for.

use oxc_ast::ast::*;
use oxc_ast_visit::Visit;

use super::path::{Path, Root, key};
use super::requests::Asked;
use super::{Assigned, Collector, span};
use crate::lang::typescript::facts::{Alias, AliasForm, AliasId, BindingId, Imported, Meaning, Mock, RequestId, RequestKind};
use crate::text::span::Span;

/// What is done with the value of an expression.
#[derive(Clone, Copy)]
pub(super) enum Taken<'b, 'a> {
    /// Something of which nothing is known.
    Value,
    /// Nothing: it is a statement of its own.
    Nothing,
    /// A variable is given it, by a declarator or parameter.
    Pattern(&'b BindingPattern<'a>, Span),
    /// It is assigned.
    Target(&'b AssignmentTarget<'a>, Span),
}

impl<'a> Collector<'_> {
    /// Notes what is taken of a request.
    pub(super) fn take(&mut self, request: RequestId, asked: &Asked<'_, 'a>, path: &Path<'_, 'a>, taken: Taken<'_, 'a>) {
        let gives_module = matches!(
            asked.kind,
            RequestKind::Dynamic | RequestKind::Require | RequestKind::Mock(Mock::Actual | Mock::Replacement)
        );
        if !gives_module {
            return;
        }
        let has_module = !asked.is_promise || path.awaits_root;
        let is_direct = path.members.is_empty() && path.keys.is_empty();
        match (path.members.first(), taken) {
            _ if !path.keys.is_empty() => self.whole(request, asked.whole),
            (Some(member), taken) if has_module => {
                let local = match taken {
                    Taken::Pattern(BindingPattern::BindingIdentifier(id), _) => self.bound.declared_at(id.span.start),
                    Taken::Target(AssignmentTarget::AssignmentTargetIdentifier(id), _) => self.lookup(id, Meaning::VALUE),
                    _ => None,
                };
                let local = local.filter(|_| path.members.len() == 1);
                let imported = Imported::Name(self.names.id(member.name));
                let place = Span::new(asked.whole.start, member.span.end);
                let alias = self.alias_of(request, imported, member.span, place, AliasForm::Member, local);
                self.assign(local, alias);
            }
            (None, Taken::Nothing) if is_direct => {}
            (None, Taken::Pattern(pattern, place)) if has_module => self.pattern(request, pattern, place),
            (None, Taken::Target(target, place)) if has_module => self.assigned_target(request, target, place),
            (None, Taken::Value) if self.lazy.contains(&asked.whole.start) => {
                let imported = Imported::Name(self.names.id("default"));
                self.alias_of(request, imported, asked.whole, asked.whole, AliasForm::Member, None);
            }
            _ => self.whole(request, asked.whole),
        }
    }

    fn alias_of(
        &mut self,
        request: RequestId,
        imported: Imported,
        imported_span: Span,
        place: Span,
        form: AliasForm,
        local: Option<BindingId>,
    ) -> AliasId {
        self.add_alias(Alias { request, imported, imported_span, local, span: place, form, is_type_only: false })
    }

    fn whole(&mut self, request: RequestId, place: Span) {
        self.alias_of(request, Imported::Namespace, place, place, AliasForm::Whole, None);
    }

    fn assign(&mut self, local: Option<BindingId>, alias: AliasId) {
        if let Some(binding) = local {
            self.assigned.push(Assigned { binding, alias });
        }
    }

    /// Notes what a pattern takes of a module.
    fn pattern(&mut self, request: RequestId, pattern: &BindingPattern<'a>, place: Span) {
        match pattern {
            BindingPattern::BindingIdentifier(id) => {
                let local = self.bound.declared_at(id.span.start);
                let alias = self.alias_of(request, Imported::Namespace, span(id.span), place, AliasForm::Variable, local);
                self.assign(local, alias);
            }
            BindingPattern::AssignmentPattern(inner) => self.pattern(request, &inner.left, place),
            BindingPattern::ObjectPattern(object) => {
                for property in &object.properties {
                    let local = match &property.value {
                        BindingPattern::BindingIdentifier(id) => Some(id),
                        BindingPattern::AssignmentPattern(value) => match &value.left {
                            BindingPattern::BindingIdentifier(id) => Some(id),
                            _ => None,
                        },
                        _ => None,
                    };
                    let local = local.and_then(|id| self.bound.declared_at(id.span.start));
                    self.property(request, key(&property.key, property.computed), span(property.span), local);
                }
                if let Some(rest) = &object.rest {
                    self.whole(request, span(rest.span));
                }
            }
            BindingPattern::ArrayPattern(_) => self.whole(request, place),
        }
    }

    /// Notes one property that a pattern takes.
    fn property(&mut self, request: RequestId, key: Option<(&str, Span)>, place: Span, local: Option<BindingId>) {
        let Some((name, at)) = key else { return self.whole(request, place) };
        let imported = Imported::Name(self.names.id(name));
        let alias = self.alias_of(request, imported, at, place, AliasForm::Pattern, local);
        self.assign(local, alias);
    }

    /// Notes what an assignment takes of a module.
    fn assigned_target(&mut self, request: RequestId, target: &AssignmentTarget<'a>, place: Span) {
        match target {
            AssignmentTarget::AssignmentTargetIdentifier(id) => {
                let local = self.lookup(id, Meaning::VALUE);
                let form = if local.is_some() { AliasForm::Variable } else { AliasForm::Whole };
                let alias = self.alias_of(request, Imported::Namespace, span(id.span), place, form, local);
                self.assign(local, alias);
            }
            AssignmentTarget::ObjectAssignmentTarget(object) => {
                for property in &object.properties {
                    match property {
                        AssignmentTargetProperty::AssignmentTargetPropertyIdentifier(property) => {
                            let id = &property.binding;
                            let local = self.lookup(id, Meaning::VALUE);
                            self.property(request, Some((id.name.as_str(), span(id.span))), span(property.span), local);
                        }
                        AssignmentTargetProperty::AssignmentTargetPropertyProperty(property) => {
                            let local = match &property.binding {
                                AssignmentTargetMaybeDefault::AssignmentTargetIdentifier(id) => self.lookup(id, Meaning::VALUE),
                                _ => None,
                            };
                            self.property(request, key(&property.name, property.computed), span(property.span), local);
                        }
                    }
                }
                if let Some(rest) = &object.rest {
                    self.whole(request, span(rest.span));
                }
            }
            _ => self.whole(request, place),
        }
    }

    /// Walks `import("m").then((ns) => …)`; returns whether a call is that.
    pub(super) fn then(&mut self, call: &CallExpression<'a>) -> bool {
        let Expression::StaticMemberExpression(callee) = &call.callee else { return false };
        if callee.property.name != "then" {
            return false;
        }
        let path = Path::new(&callee.object);
        let Some(asked) = self.asked(path.root) else { return false };
        if !asked.is_promise || path.is_awaited || !path.members.is_empty() || !path.keys.is_empty() {
            return false;
        }
        let given = call.arguments.first().and_then(Argument::as_expression).map(Expression::without_parentheses);
        let parameters = match given {
            Some(Expression::ArrowFunctionExpression(arrow)) => Some(&arrow.params),
            Some(Expression::FunctionExpression(function)) => Some(&function.params),
            _ => None,
        };
        // The callback's parameter is given the module itself, as if it were awaited.
        let awaited = Path { is_awaited: true, awaits_root: true, ..path };
        match parameters.map(|parameters| (parameters.items.first(), parameters.rest.is_some())) {
            Some((Some(first), _)) => self.request(&asked, &awaited, Taken::Pattern(&first.pattern, span(first.span))),
            Some((None, false)) => self.request(&asked, &awaited, Taken::Nothing),
            _ => self.request(&asked, &awaited, Taken::Value),
        }
        call.type_arguments.iter().for_each(|arguments| self.visit_ts_type_parameter_instantiation(arguments));
        self.visit_arguments(&call.arguments);
        true
    }

    /// Notes the import that a function returns which is given to `lazy` or `dynamic`: they take its default export.
    pub(super) fn note_lazy(&mut self, call: &CallExpression<'a>) {
        let path = Path::new(&call.callee);
        let last = path.members.last().map(|member| member.name);
        let name = last.or_else(|| path.name().map(|id| id.name.as_str()));
        if !matches!(name, Some("lazy" | "dynamic")) {
            return;
        }
        let returned = match call.arguments.first() {
            Some(Argument::ArrowFunctionExpression(arrow)) => match &arrow.body {
                ArrowFunctionBody::FunctionBody(body) => match &body.statements[..] {
                    [Statement::ReturnStatement(only)] => only.argument.as_ref(),
                    _ => None,
                },
                body => body.as_expression(),
            },
            _ => None,
        };
        let Some(path) = returned.map(Path::new) else { return };
        if let Root::Import(import) = path.root
            && path.members.is_empty()
            && path.keys.is_empty()
        {
            self.lazy.insert(import.span.start);
        }
    }
}
