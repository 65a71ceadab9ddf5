//! Calls by which test frameworks replace modules.

use oxc_ast::ast::*;

use super::path::key;
use super::{Collector, span};
use crate::lang::typescript::facts::{Alias, AliasForm, Imported, Mock, RequestId, RequestKind};

/// What a member of a framework's object asks for, and whether it gives a promise.
pub(super) fn mock(object: &IdentifierReference, member: &str) -> Option<(RequestKind, bool)> {
    let is_jest = object.name == "jest";
    if !is_jest && object.name != "vi" && object.name != "vitest" {
        return None;
    }
    let mock = match member {
        "mock" | "doMock" | "setMock" | "unstable_mockModule" => Mock::Replace { has_factory: false },
        "unmock" | "doUnmock" | "dontMock" | "deepUnmock" => Mock::Restore,
        "requireActual" if is_jest => Mock::Actual,
        "importActual" if !is_jest => Mock::Actual,
        "requireMock" | "createMockFromModule" | "genMockFromModule" if is_jest => Mock::Replacement,
        "importMock" if !is_jest => Mock::Replacement,
        _ => return None,
    };
    Some((RequestKind::Mock(mock), matches!(member, "importActual" | "importMock")))
}

/// What a call gives in place of the module: vitest's options and `undefined` are no such thing.
pub(super) fn factory<'b, 'a>(call: &'b CallExpression<'a>) -> Option<&'b Expression<'a>> {
    let given = call.arguments.get(1)?.as_expression()?.without_parentheses();
    let sets = matches!(&call.callee, Expression::StaticMemberExpression(callee) if callee.property.name == "setMock");
    match given {
        Expression::ObjectExpression(_) if !sets => None,
        Expression::Identifier(id) if id.name == "undefined" => None,
        given => Some(given),
    }
}

impl<'a> Collector<'_> {
    /// Notes the names that the replacement of a module has.
    pub(super) fn replacements(&mut self, request: RequestId, call: &CallExpression<'a>) {
        let Some(given) = factory(call) else { return };
        let is_whole = match replacement(given) {
            Some(object) => object.properties.iter().fold(false, |is_whole, property| match property {
                ObjectPropertyKind::ObjectProperty(property) => !self.replaced(request, property) || is_whole,
                // What is spread there is asked for by a call of its own.
                ObjectPropertyKind::SpreadProperty(_) => is_whole,
            }),
            None => true,
        };
        if is_whole {
            let whole = super::walk::place(given);
            self.add_alias(Alias {
                request,
                imported: Imported::Namespace,
                imported_span: whole,
                local: None,
                span: whole,
                form: AliasForm::Whole,
                is_type_only: false,
            });
        }
    }

    /// Notes one name of a replacement; returns whether the name is known.
    fn replaced(&mut self, request: RequestId, property: &ObjectProperty<'a>) -> bool {
        let Some((name, at)) = key(&property.key, property.computed) else { return false };
        if name == "__esModule" {
            return true;
        }
        let imported = Imported::Name(self.names.id(name));
        self.add_alias(Alias {
            request,
            imported,
            imported_span: at,
            local: None,
            span: span(property.span),
            form: AliasForm::Replacement,
            is_type_only: false,
        });
        true
    }
}

/// The object that stands for a module: given itself, or all that the factory returns.
fn replacement<'b, 'a>(given: &'b Expression<'a>) -> Option<&'b ObjectExpression<'a>> {
    let body = match given {
        Expression::ArrowFunctionExpression(arrow) => match &arrow.body {
            ArrowFunctionBody::FunctionBody(body) => body,
            body => return object(body.as_expression()?),
        },
        Expression::FunctionExpression(function) => function.body.as_ref()?,
        given => return object(given),
    };
    let (last, before) = body.statements.split_last()?;
    let Statement::ReturnStatement(last) = last else { return None };
    let is_simple = |statement: &Statement| {
        matches!(
            statement,
            Statement::VariableDeclaration(_)
                | Statement::ExpressionStatement(_)
                | Statement::FunctionDeclaration(_)
                | Statement::ClassDeclaration(_)
        )
    };
    before.iter().all(is_simple).then_some(object(last.argument.as_ref()?)?)
}

fn object<'b, 'a>(expression: &'b Expression<'a>) -> Option<&'b ObjectExpression<'a>> {
    match expression {
        Expression::ObjectExpression(object) => Some(object),
        Expression::ParenthesizedExpression(inner) => object(&inner.expression),
        Expression::TSAsExpression(inner) => object(&inner.expression),
        Expression::TSSatisfiesExpression(inner) => object(&inner.expression),
        _ => None,
    }
}
