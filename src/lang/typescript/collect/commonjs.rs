//! The exports of CommonJS modules.

use oxc_ast::ast::*;

use super::path::{Member, Path, Root, key, literal};
use super::{Collector, span};
use crate::lang::typescript::facts::{Export, Exported};
use crate::text::span::Span;

/// What a chain that starts with `exports` or `module.exports` names.
enum Target<'b> {
    /// All exports.
    All(Span),
    /// One of them.
    One(Member<'b>),
    /// A member of one, or nothing that is exported.
    Else,
    /// One that is not known.
    Computed,
}

impl<'a> Collector<'_> {
    /// What `exports.X` and its kin name; `None` for any other chain.
    fn exports_of<'b>(&mut self, path: &Path<'b, 'a>) -> Option<Target<'b>> {
        let id = path.name()?;
        let is_module = self.is_global(id, "module");
        let members = match path.members.split_first() {
            Some((first, rest)) if is_module && first.name == "exports" => rest,
            _ if !is_module && self.is_global(id, "exports") => &path.members,
            _ => return None,
        };
        Some(match members {
            _ if !path.keys.is_empty() => Target::Computed,
            [] => Target::All(if is_module { path.members[0].span } else { span(id.span) }),
            [one] => Target::One(*one),
            _ => Target::Else,
        })
    }

    /// Notes what an assignment exports.
    pub(super) fn exported_by_assignment(&mut self, it: &AssignmentExpression<'a>) {
        let Some(member) = it.left.as_member_expression() else { return };
        let path = Path::of_member(member);
        let Some(target) = self.exports_of(&path) else { return };
        self.is_module = true;
        let statement = span(it.span);
        let value = assigned(&it.right);
        match target {
            Target::One(member) if member.name != "__esModule" => self.exports_one(member, statement, statement, Some(value)),
            Target::All(at) => self.exports_all(at, statement, value),
            Target::Computed => self.is_dynamic = true,
            Target::One(_) | Target::Else => {}
        }
    }

    fn exports_one(&mut self, member: Member<'_>, place: Span, statement: Span, value: Option<&Expression<'a>>) {
        let name = self.names.id(member.name);
        let export = self.add_export(Export {
            name,
            name_span: member.span,
            span: place,
            statement,
            what: Exported::Expression,
            is_type_only: false,
        });
        self.wait(export, value);
    }

    fn exports_all(&mut self, at: Span, statement: Span, value: &Expression<'a>) {
        let Expression::ObjectExpression(object) = value else {
            let is_listed = Path::new(value).is_plain() || is_definition(value);
            self.is_dynamic |= !is_listed;
            let all = Member { name: "export=", span: at, is_quoted: false };
            return self.exports_one(all, statement, statement, Some(value));
        };
        for property in &object.properties {
            let ObjectPropertyKind::ObjectProperty(property) = property else {
                self.is_dynamic = true;
                continue;
            };
            match key(&property.key, property.computed) {
                Some(("__esModule", _)) => {}
                Some((name, at)) => {
                    let one = Member { name, span: at, is_quoted: false };
                    self.exports_one(one, span(property.span), statement, Some(&property.value));
                }
                None => self.is_dynamic = true,
            }
        }
    }

    /// Notes what `Object.defineProperty(exports, "X", …)` and its kin export.
    pub(super) fn exported_by_call(&mut self, call: &CallExpression<'a>) {
        let callee = Path::new(&call.callee);
        let (Some(id), Some(first)) = (callee.name(), call.arguments.first().and_then(Argument::as_expression)) else { return };
        let [method] = callee.members[..] else {
            let exports_star = id.name == "__exportStar" && call.arguments.len() == 2;
            self.is_dynamic |= exports_star;
            return;
        };
        if !matches!(method.name, "defineProperty" | "assign" | "defineProperties") || !self.is_global(id, "Object") {
            return;
        }
        let path = Path::new(first);
        if !matches!(path.root, Root::Name(_)) || !matches!(self.exports_of(&path), Some(Target::All(_))) {
            return;
        }
        self.is_module = true;
        let name = call.arguments.get(1).and_then(Argument::as_expression).and_then(literal);
        match name {
            Some(("__esModule", _)) => {}
            Some((name, at)) if method.name == "defineProperty" => {
                let member = Member { name, span: at, is_quoted: true };
                self.exports_one(member, span(call.span), span(call.span), None);
            }
            _ => self.is_dynamic = true,
        }
    }
}

/// The value that a chain of assignments assigns.
fn assigned<'b, 'a>(value: &'b Expression<'a>) -> &'b Expression<'a> {
    match value.without_parentheses() {
        Expression::AssignmentExpression(inner) => assigned(&inner.right),
        value => value,
    }
}

/// Whether a value is made where it stands, and has no other exports than itself.
fn is_definition(value: &Expression) -> bool {
    let is_literal = value.is_literal();
    is_literal
        || matches!(
            value,
            Expression::FunctionExpression(_) | Expression::ArrowFunctionExpression(_) | Expression::ClassExpression(_)
        )
}
