//! Uses of names, and what follows them.

use oxc_ast::ast::*;
use oxc_ast_visit::Visit;

use super::path::{Member, Path, Root};
use super::{Collector, Waiting, span};
use crate::lang::typescript::facts::{Attribute, BindingId, BindingKind, Exported, Meaning, Use, UseForm, UseId, UseRole};

/// How a name is used, as the walk finds it.
#[derive(Clone, Copy)]
pub(super) struct Seen {
    pub(super) meaning: Meaning,
    pub(super) form: UseForm,
    pub(super) is_assigned: bool,
}

impl Seen {
    /// A name that is read as a value.
    pub(super) const VALUE: Seen = Seen { meaning: Meaning::VALUE, form: UseForm::Plain, is_assigned: false };

    /// A name that is assigned to.
    pub(super) const ASSIGNED: Seen = Seen { is_assigned: true, ..Self::VALUE };

    /// A name that is read as something else.
    pub(super) const fn as_meaning(meaning: Meaning) -> Self {
        Self { meaning, ..Self::VALUE }
    }

    /// A name that is written in another way.
    pub(super) const fn as_form(form: UseForm) -> Self {
        Self { form, ..Self::VALUE }
    }
}

impl<'a> Collector<'_> {
    /// Notes a use of a name with the members behind it.
    pub(super) fn used(&mut self, name: &str, place: oxc_span::Span, members: &[Member], seen: Seen) -> UseId {
        let (scope, id) = (self.scope(), self.names.id(name));
        let start = self.attributes.len() as u32;
        for member in members {
            let name = self.names.id(member.name);
            self.attributes.push(Attribute { name, span: member.span, is_quoted: member.is_quoted });
        }
        let id_of_use = UseId::new(self.uses.len());
        self.uses.push(Use {
            name: id,
            span: span(place),
            scope,
            binding: self.bound.lookup(scope, id, seen.meaning, place.start),
            attributes: (start, self.attributes.len() as u32),
            meaning: seen.meaning,
            form: seen.form,
            role: std::mem::take(&mut self.role),
            is_assigned: seen.is_assigned,
        });
        for waiting in self.waiting.remove(&place.start).unwrap_or_default() {
            match waiting {
                Waiting::Export(export) => self.exports[export.index()].what = Exported::Use(id_of_use),
                Waiting::Alias(binding) => {
                    self.kinds.insert(binding, BindingKind::Alias(id_of_use));
                }
            }
        }
        id_of_use
    }

    /// What a name means where the walk is.
    pub(super) fn lookup(&mut self, id: &IdentifierReference<'a>, meaning: Meaning) -> Option<BindingId> {
        let name = self.names.id(id.name.as_str());
        self.bound.lookup(self.scope(), name, meaning, id.span.start)
    }

    /// Whether a name is the global one that every file has.
    pub(super) fn is_global(&mut self, id: &IdentifierReference<'a>, name: &str) -> bool {
        id.name == name && self.lookup(id, Meaning::VALUE).is_none()
    }

    /// Notes a chain that starts with a name.
    pub(super) fn named(&mut self, id: &IdentifierReference<'a>, path: &Path<'_, 'a>, seen: Seen) {
        if !path.keys.is_empty() {
            self.role = UseRole::Spread;
        }
        self.used(id.name.as_str(), id.span, &path.members, seen);
        self.links(path);
    }

    /// Walks the types and computed names of a chain.
    pub(super) fn links(&mut self, path: &Path<'_, 'a>) {
        self.role = UseRole::Value;
        path.types.iter().for_each(|cast| self.visit_ts_type(cast));
        path.arguments.iter().for_each(|arguments| self.visit_ts_type_parameter_instantiation(arguments));
        path.keys.iter().for_each(|key| self.visit_expression(key));
    }

    /// Walks what is assigned to, where it is one name or member.
    pub(super) fn target(&mut self, target: &SimpleAssignmentTarget<'a>) {
        let path = match target {
            SimpleAssignmentTarget::AssignmentTargetIdentifier(id) => {
                self.used(id.name.as_str(), id.span, &[], Seen::ASSIGNED);
                return;
            }
            SimpleAssignmentTarget::TSAsExpression(it) => {
                self.visit_ts_type(&it.type_annotation);
                Path::new(&it.expression)
            }
            SimpleAssignmentTarget::TSSatisfiesExpression(it) => {
                self.visit_ts_type(&it.type_annotation);
                Path::new(&it.expression)
            }
            SimpleAssignmentTarget::TSTypeAssertion(it) => {
                self.visit_ts_type(&it.type_annotation);
                Path::new(&it.expression)
            }
            SimpleAssignmentTarget::TSNonNullExpression(it) => Path::new(&it.expression),
            member => match member.as_member_expression() {
                Some(member) => Path::of_member(member),
                None => return,
            },
        };
        let is_name = path.members.is_empty() && path.keys.is_empty();
        match path.root {
            Root::Name(id) if !path.is_awaited => {
                let seen = if is_name { Seen::ASSIGNED } else { Seen::VALUE };
                self.named(id, &path, seen);
            }
            _ => self.rooted(&path),
        }
    }

    /// Notes a name of a type, possibly qualified; `meaning` is that of the whole.
    pub(super) fn type_name(&mut self, name: &TSTypeName<'a>, meaning: Meaning) {
        let mut members = Vec::new();
        let mut left = name;
        while let TSTypeName::QualifiedName(qualified) = left {
            let name = qualified.right.name.as_str();
            members.push(Member { name, span: span(qualified.right.span), is_quoted: false });
            left = &qualified.left;
        }
        members.reverse();
        let TSTypeName::IdentifierReference(id) = left else { return };
        // A type stands in a namespace; a value, in a value.
        let meaning = if members.is_empty() || meaning == Meaning::VALUE { meaning } else { Meaning::NAMESPACE };
        self.used(id.name.as_str(), id.span, &members, Seen::as_meaning(meaning));
    }

    /// Notes the name of a JSX element that is a component.
    pub(super) fn element_name(&mut self, name: &JSXElementName<'a>) {
        let seen = Seen::as_form(UseForm::JsxName);
        match name {
            JSXElementName::IdentifierReference(id) => {
                self.used(id.name.as_str(), id.span, &[], seen);
            }
            JSXElementName::MemberExpression(member) => {
                let mut members = Vec::new();
                let mut member = &**member;
                let root = loop {
                    let property = &member.property;
                    members.push(Member { name: property.name.as_str(), span: span(property.span), is_quoted: false });
                    match &member.object {
                        JSXMemberExpressionObject::MemberExpression(inner) => member = inner,
                        JSXMemberExpressionObject::IdentifierReference(id) => break Some(id),
                        JSXMemberExpressionObject::ThisExpression(_) => break None,
                    }
                };
                members.reverse();
                if let Some(id) = root {
                    self.used(id.name.as_str(), id.span, &members, seen);
                }
            }
            _ => {}
        }
    }
}
