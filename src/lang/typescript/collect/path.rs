//! Chains of members: `a.b.c`, with what does not change their value taken off.

use oxc_ast::ast::*;

use super::span;
use crate::text::span::Span;

/// One member of a chain.
#[derive(Clone, Copy)]
pub(super) struct Member<'b> {
    pub(super) name: &'b str,
    /// With its quotes, where it has some.
    pub(super) span: Span,
    pub(super) is_quoted: bool,
}

/// What a chain starts with.
#[derive(Clone, Copy)]
pub(super) enum Root<'b, 'a> {
    Name(&'b IdentifierReference<'a>),
    Call(&'b CallExpression<'a>),
    Import(&'b ImportExpression<'a>),
    /// Any other expression.
    Other(&'b Expression<'a>),
    /// What a private field is read from.
    Private(&'b Expression<'a>),
}

/// An expression taken apart. Parentheses, `!`, `as`, `satisfies` and `<T>` leave a value what it is, and so are no part of it.
pub(super) struct Path<'b, 'a> {
    pub(super) root: Root<'b, 'a>,
    pub(super) members: Vec<Member<'b>>,
    /// The types of the casts.
    pub(super) types: Vec<&'b TSType<'a>>,
    /// The type arguments of instantiations.
    pub(super) arguments: Vec<&'b TSTypeParameterInstantiation<'a>>,
    /// The expressions of computed names.
    pub(super) keys: Vec<&'b Expression<'a>>,
    /// `await` stands in the chain.
    pub(super) is_awaited: bool,
    /// It stands before the root itself.
    pub(super) awaits_root: bool,
}

enum Link<'b, 'a> {
    Expression(&'b Expression<'a>),
    Member(&'b MemberExpression<'a>),
}

impl<'b, 'a> Path<'b, 'a> {
    /// Takes an expression apart.
    pub(super) fn new(expression: &'b Expression<'a>) -> Self {
        Self::of(expression, Link::Expression(expression))
    }

    /// Takes a member expression apart.
    pub(super) fn of_member(member: &'b MemberExpression<'a>) -> Self {
        let object = member.object();
        Self::of(object, Link::Member(member))
    }

    fn of(whole: &'b Expression<'a>, mut link: Link<'b, 'a>) -> Self {
        let mut path = Self {
            root: Root::Other(whole),
            members: Vec::new(),
            types: Vec::new(),
            arguments: Vec::new(),
            keys: Vec::new(),
            is_awaited: false,
            awaits_root: false,
        };
        loop {
            let next = match link {
                Link::Member(member) => path.member(member),
                Link::Expression(expression) => path.expression(expression),
            };
            match next {
                Some(next) => link = next,
                None => break,
            }
        }
        path.members.reverse();
        path.keys.reverse();
        path
    }

    fn expression(&mut self, expression: &'b Expression<'a>) -> Option<Link<'b, 'a>> {
        let inner = match expression {
            Expression::ParenthesizedExpression(it) => &it.expression,
            Expression::TSNonNullExpression(it) => &it.expression,
            Expression::TSAsExpression(it) => {
                self.types.push(&it.type_annotation);
                &it.expression
            }
            Expression::TSSatisfiesExpression(it) => {
                self.types.push(&it.type_annotation);
                &it.expression
            }
            Expression::TSTypeAssertion(it) => {
                self.types.push(&it.type_annotation);
                &it.expression
            }
            Expression::TSInstantiationExpression(it) => {
                self.arguments.push(&it.type_arguments);
                &it.expression
            }
            Expression::AwaitExpression(it) => {
                self.is_awaited = true;
                self.awaits_root = true;
                &it.argument
            }
            Expression::ChainExpression(it) => match &it.expression {
                ChainElement::TSNonNullExpression(it) => &it.expression,
                ChainElement::CallExpression(it) => return self.end(Root::Call(it)),
                element => return element.as_member_expression().map(Link::Member),
            },
            Expression::Identifier(id) => return self.end(Root::Name(id)),
            Expression::CallExpression(call) => return self.end(Root::Call(call)),
            Expression::ImportExpression(import) => return self.end(Root::Import(import)),
            other => {
                self.root = Root::Other(other);
                return other.as_member_expression().map(Link::Member);
            }
        };
        Some(Link::Expression(inner))
    }

    fn member(&mut self, member: &'b MemberExpression<'a>) -> Option<Link<'b, 'a>> {
        self.awaits_root = false;
        match member {
            MemberExpression::StaticMemberExpression(it) => {
                let name = it.property.name.as_str();
                self.members.push(Member { name, span: span(it.property.span), is_quoted: false });
                Some(Link::Expression(&it.object))
            }
            MemberExpression::ComputedMemberExpression(it) => {
                match literal(&it.expression) {
                    Some((name, span)) => self.members.push(Member { name, span, is_quoted: true }),
                    None => {
                        self.members.clear();
                        self.keys.push(&it.expression);
                    }
                }
                Some(Link::Expression(&it.object))
            }
            MemberExpression::PrivateFieldExpression(it) => self.end(Root::Private(&it.object)),
        }
    }

    fn end(&mut self, root: Root<'b, 'a>) -> Option<Link<'b, 'a>> {
        self.root = root;
        None
    }

    /// The name at the root, where it alone, with members, is the expression.
    pub(super) fn name(&self) -> Option<&'b IdentifierReference<'a>> {
        match self.root {
            Root::Name(id) if !self.is_awaited => Some(id),
            _ => None,
        }
    }

    /// Whether nothing but a name and members is there.
    pub(super) fn is_plain(&self) -> bool {
        self.keys.is_empty() && self.name().is_some()
    }
}

/// The value of a string, or of a template without holes, and its place with the quotes.
pub(super) fn literal<'b>(expression: &'b Expression) -> Option<(&'b str, Span)> {
    match expression.without_parentheses() {
        Expression::StringLiteral(string) if !string.lone_surrogates => Some((string.value.as_str(), span(string.span))),
        Expression::TemplateLiteral(template) if template.expressions.is_empty() => {
            let value = template.quasis.first()?.value.cooked.as_ref()?;
            Some((value.as_str(), span(template.span)))
        }
        _ => None,
    }
}

/// The text that a string that is put together begins with.
pub(super) fn prefix<'b>(expression: &'b Expression) -> &'b str {
    match expression.without_parentheses() {
        Expression::BinaryExpression(binary) if binary.operator.as_str() == "+" => prefix(&binary.left),
        Expression::TemplateLiteral(template) => {
            template.quasis.first().and_then(|first| first.value.cooked.as_ref()).map_or("", |text| text.as_str())
        }
        Expression::StringLiteral(string) => string.value.as_str(),
        _ => "",
    }
}

/// The name that a key spells, and its place with the quotes.
pub(super) fn key<'b>(key: &'b PropertyKey, is_computed: bool) -> Option<(&'b str, Span)> {
    match key {
        PropertyKey::StaticIdentifier(id) => Some((id.name.as_str(), span(id.span))),
        PropertyKey::StringLiteral(string) => Some((string.value.as_str(), span(string.span))),
        key if is_computed => literal(key.as_expression()?),
        _ => None,
    }
}
