//! An expression with holes: what a function returns, with its parameters left open.
//!
//! Read from a function's own `return`, or from text that says what a call stands for; there a name behind a `$` stands for something
//! that the text's author explains. A template knows in which order it evaluates what is put into its holes, since an argument that
//! does something has to be evaluated once, and when it was before.

use ruff_python_ast::token::{Token, TokenKind, Tokens};
use ruff_python_ast::{self as ast, ArgOrKeyword, CmpOp, Expr, UnaryOp};
use ruff_python_parser::{ParseErrorType, parse_expression, parse_module};
use ruff_text_size::{Ranged, TextRange};

use crate::text::span::Span;

/// An expression with holes.
#[derive(Clone, Debug)]
pub struct Template {
    /// The expression, without the `await` at its head.
    pub form: Form,
    /// Whether an `await` stood at its head.
    pub is_awaited: bool,
    /// Whether it waits for something in its inside.
    pub waits: bool,
    /// Whether it can stand where anything binds to it: before a dot, behind an operator.
    pub is_primary: bool,
    /// What is evaluated, in order.
    pub events: Vec<Event>,
}

/// The form of an expression.
#[derive(Clone, Debug)]
pub enum Form {
    /// A call.
    Call {
        /// What is called.
        callee: Vec<Piece>,
        /// What it is given, in source order.
        arguments: Vec<Given>,
    },
    /// Any other.
    Other(Vec<Piece>),
}

/// An argument of a template's call.
#[derive(Clone, Debug)]
pub struct Given {
    /// How it is given.
    pub form: GivenForm,
    /// Its value.
    pub value: Vec<Piece>,
}

/// How an argument is given.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum GivenForm {
    /// By its place.
    Position,
    /// By this name.
    Keyword(String),
    /// `*value`.
    Star,
    /// `**value`.
    DoubleStar,
}

/// A piece of an expression.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Piece {
    /// Text that stays as it is.
    Text(String),
    /// A parameter.
    Parameter {
        /// Its name.
        name: String,
        /// Whether it stands by itself between brackets and commas, where nothing binds to it.
        is_bare: bool,
    },
    /// A name that is no parameter, and the attributes that follow it.
    Name {
        /// Where the name starts in the source.
        start: u32,
        /// The name, with its `$` if it has one, and the attributes.
        path: Vec<String>,
    },
}

/// Something that happens while an expression is evaluated.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// A parameter is evaluated.
    Read {
        /// Its name.
        parameter: String,
        /// Whether that happens each time.
        is_sure: bool,
    },
    /// An attribute is read of what a name stands for, which starts here: it may be another one, or another value, at another time.
    Lookup(u32),
    /// Other code may run.
    Effect,
}

/// Why a text is no template.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NoTemplate {
    /// What is wrong.
    pub message: String,
    /// Where in the text.
    pub span: Span,
}

/// Reads a template from a text in which `$NAME` stands for something that is explained elsewhere.
///
/// # Errors
/// The text is not an expression, or one that cannot be a template.
pub fn parse(text: &str, parameters: &[&str]) -> Result<Template, NoTemplate> {
    let bytes = text.as_bytes();
    let is_name = |at: usize| bytes.get(at + 1).is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_');
    let masked: String = text.char_indices().map(|(at, c)| if c == '$' && is_name(at) { '_' } else { c }).collect();
    let parsed = parse_expression(&masked).map_err(|error| {
        let message = match error.error {
            ParseErrorType::OtherError(message) => message,
            other => other.to_string(),
        };
        NoTemplate { message, span: Span::new(error.location.start().to_u32(), error.location.end().to_u32()) }
    })?;
    read(text, parsed.tokens(), parsed.expr(), parameters)
}

/// Whether a text is an expression to which a dot or an operator can bind; `None` where it is no expression.
pub fn is_primary(text: &str) -> Option<bool> {
    parse_expression(text).ok().map(|parsed| primary(parsed.expr()))
}

/// Whether a text is an expression that is another thing among the arguments of a call: `a, b`, `yield a`, `a := b`.
pub fn is_loose(text: &str) -> bool {
    let is_it = |expr: &Expr| match expr {
        Expr::Tuple(tuple) => !tuple.parenthesized,
        Expr::Generator(generator) => !generator.parenthesized,
        expr => matches!(expr, Expr::Yield(_) | Expr::YieldFrom(_) | Expr::Named(_)),
    };
    parse_expression(text).is_ok_and(|parsed| is_it(parsed.expr()))
}

/// Whether a text is statements, as they would stand at the head of a line.
pub fn is_statements(text: &str) -> bool {
    parse_module(text).is_ok()
}

/// Reads a template from an expression of a source.
///
/// # Errors
/// The expression has something that cannot be put elsewhere.
pub(super) fn read(source: &str, tokens: &Tokens, expression: &Expr, parameters: &[&str]) -> Result<Template, NoTemplate> {
    let mut inside = tokens.iter().filter(|token| expression.range().contains_range(token.range()));
    let is_private = |token: &&Token| {
        let text = &source[token.range()];
        token.kind() == TokenKind::Name && text.starts_with("__") && !text.ends_with("__")
    };
    if let Some(token) = inside.find(is_private) {
        let span = Span::new(token.range().start().to_u32(), token.range().end().to_u32());
        return Err(NoTemplate { message: "a private name, which is another one in a class".to_owned(), span });
    }
    let mut reader = Reader { source, tokens, parameters, events: Vec::new(), holes: Vec::new(), waits: false };
    let (inner, is_awaited) = match expression {
        Expr::Await(wait) => (&*wait.value, true),
        other => (other, false),
    };
    reader.walk(inner, true, true)?;
    reader.holes.sort_by_key(|hole| hole.range.start());
    let form = match inner {
        Expr::Call(call) => Form::Call {
            callee: reader.pieces(call.func.range()),
            arguments: call.arguments.iter_source_order().map(|argument| reader.given(argument)).collect(),
        },
        other => Form::Other(reader.pieces(other.range())),
    };
    Ok(Template { form, is_awaited, waits: reader.waits, is_primary: primary(inner), events: reader.events })
}

fn primary(expr: &Expr) -> bool {
    match expr {
        Expr::StringLiteral(text) => !text.value.is_implicit_concatenated(),
        expr => matches!(
            expr,
            Expr::Call(_)
                | Expr::Name(_)
                | Expr::Attribute(_)
                | Expr::Subscript(_)
                | Expr::List(_)
                | Expr::Dict(_)
                | Expr::Set(_)
                | Expr::NoneLiteral(_)
                | Expr::BooleanLiteral(_)
        ),
    }
}

struct Hole {
    range: TextRange,
    piece: Piece,
}

struct Reader<'s> {
    source: &'s str,
    tokens: &'s Tokens,
    parameters: &'s [&'s str],
    events: Vec<Event>,
    holes: Vec<Hole>,
    waits: bool,
}

impl Reader<'_> {
    /// Notes what happens while an expression is evaluated; `is_sure` is whether that is each time, and `is_bare` whether it stands
    /// by itself.
    fn walk(&mut self, expr: &Expr, is_sure: bool, is_bare: bool) -> Result<(), NoTemplate> {
        match expr {
            Expr::Name(name) => {
                let text = &self.source[name.range()];
                let piece = match self.parameters.contains(&text) {
                    true => {
                        self.events.push(Event::Read { parameter: text.to_owned(), is_sure });
                        Piece::Parameter { name: text.to_owned(), is_bare }
                    }
                    false => Piece::Name { start: name.range().start().to_u32(), path: vec![text.to_owned()] },
                };
                self.holes.push(Hole { range: name.range(), piece });
            }
            Expr::Attribute(attribute) => match self.dotted(expr) {
                Some((start, path)) => {
                    self.events.push(Event::Lookup(start));
                    self.holes.push(Hole { range: expr.range(), piece: Piece::Name { start, path } });
                }
                None => {
                    self.walk(&attribute.value, is_sure, false)?;
                    self.events.push(Event::Effect);
                }
            },
            Expr::Call(call) => {
                self.walk(&call.func, is_sure, false)?;
                let given: Vec<ArgOrKeyword<'_>> = call.arguments.iter_source_order().collect();
                let last_place = given.iter().rposition(|given| matches!(given, ArgOrKeyword::Arg(_)));
                let first_name = given.iter().position(|given| matches!(given, ArgOrKeyword::Keyword(_)));
                if first_name.is_some() && last_place > first_name {
                    return Err(refused(expr, "an unpacked argument behind a named one is evaluated before it"));
                }
                for argument in given {
                    match argument.value() {
                        Expr::Starred(starred) => self.walk(&starred.value, is_sure, false)?,
                        value => self.walk(value, is_sure, !argument.is_variadic())?,
                    }
                    if argument.is_variadic() {
                        self.events.push(Event::Effect);
                    }
                }
                self.events.push(Event::Effect);
            }
            Expr::BinOp(operation) => {
                self.walk(&operation.left, is_sure, false)?;
                self.walk(&operation.right, is_sure, false)?;
                self.events.push(Event::Effect);
            }
            Expr::UnaryOp(operation) => {
                self.walk(&operation.operand, is_sure, false)?;
                if operation.op != UnaryOp::Not || !is_test(&operation.operand) {
                    self.events.push(Event::Effect);
                }
            }
            Expr::Compare(comparison) => {
                self.walk(&comparison.left, is_sure, false)?;
                for (at, comparator) in comparison.comparators.iter().enumerate() {
                    self.walk(comparator, is_sure && at == 0, false)?;
                }
                if !comparison.ops.iter().all(|op| matches!(op, CmpOp::Is | CmpOp::IsNot)) {
                    self.events.push(Event::Effect);
                }
            }
            Expr::BoolOp(operation) => {
                for (at, value) in operation.values.iter().enumerate() {
                    self.walk(value, is_sure && at == 0, false)?;
                    // The last is not asked whether it is true.
                    if at + 1 < operation.values.len() && !is_test(value) {
                        self.events.push(Event::Effect);
                    }
                }
            }
            Expr::If(choice) => {
                self.walk(&choice.test, is_sure, false)?;
                if !is_test(&choice.test) {
                    self.events.push(Event::Effect);
                }
                self.walk(&choice.body, false, false)?;
                self.walk(&choice.orelse, false, false)?;
            }
            Expr::Subscript(subscript) => {
                self.walk(&subscript.value, is_sure, false)?;
                self.walk(&subscript.slice, is_sure, !subscript.slice.is_tuple_expr())?;
                self.events.push(Event::Effect);
            }
            Expr::Slice(slice) => {
                for part in [&slice.lower, &slice.upper, &slice.step].into_iter().flatten() {
                    self.walk(part, is_sure, false)?;
                }
            }
            Expr::Tuple(ast::ExprTuple { elts, parenthesized: true, .. }) | Expr::List(ast::ExprList { elts, .. }) => {
                elts.iter().try_for_each(|element| self.walk(element, is_sure, true))?;
            }
            Expr::Set(set) => {
                set.elts.iter().try_for_each(|element| self.walk(element, is_sure, true))?;
                self.events.push(Event::Effect);
            }
            Expr::Dict(dict) => {
                for item in &dict.items {
                    if let Some(key) = &item.key {
                        self.walk(key, is_sure, true)?;
                    }
                    self.walk(&item.value, is_sure, item.key.is_some())?;
                    if item.key.is_none() {
                        self.events.push(Event::Effect);
                    }
                }
                self.events.push(Event::Effect);
            }
            Expr::Await(wait) => {
                self.walk(&wait.value, is_sure, false)?;
                self.waits = true;
                self.events.push(Event::Effect);
            }
            Expr::StringLiteral(_) | Expr::BytesLiteral(_) if self.source[expr.range()].contains(['\n', '\r']) => {
                return Err(refused(expr, "a text over several lines"));
            }
            Expr::StringLiteral(_)
            | Expr::BytesLiteral(_)
            | Expr::NumberLiteral(_)
            | Expr::BooleanLiteral(_)
            | Expr::NoneLiteral(_)
            | Expr::EllipsisLiteral(_) => {}
            Expr::Lambda(_) => return Err(refused(expr, "a lambda")),
            Expr::FString(_) | Expr::TString(_) => return Err(refused(expr, "a format string")),
            Expr::ListComp(_) | Expr::SetComp(_) | Expr::DictComp(_) | Expr::Generator(_) => {
                return Err(refused(expr, "a comprehension"));
            }
            _ => return Err(refused(expr, "an expression of this kind")),
        }
        Ok(())
    }

    /// The name and the attributes of a dotted expression that does not start with a parameter.
    fn dotted(&self, expr: &Expr) -> Option<(u32, Vec<String>)> {
        match expr {
            Expr::Name(name) => {
                let text = &self.source[name.range()];
                (!self.parameters.contains(&text)).then(|| (name.range().start().to_u32(), vec![text.to_owned()]))
            }
            Expr::Attribute(attribute) => {
                let (start, mut path) = self.dotted(&attribute.value)?;
                path.push(attribute.attr.to_string());
                Some((start, path))
            }
            _ => None,
        }
    }

    fn given(&self, argument: ArgOrKeyword<'_>) -> Given {
        let (form, value) = match argument {
            ArgOrKeyword::Arg(Expr::Starred(starred)) => (GivenForm::Star, &*starred.value),
            ArgOrKeyword::Arg(value) => (GivenForm::Position, value),
            ArgOrKeyword::Keyword(keyword) => match &keyword.arg {
                Some(name) => (GivenForm::Keyword(name.to_string()), &keyword.value),
                None => (GivenForm::DoubleStar, &keyword.value),
            },
        };
        Given { form, value: self.pieces(value.range()) }
    }

    /// The pieces of a part of the expression, on one line and without comments.
    fn pieces(&self, range: TextRange) -> Vec<Piece> {
        let tokens = self.tokens.iter().filter(|token| range.contains_range(token.range()));
        let kept = tokens.filter(|token| {
            !matches!(token.kind(), TokenKind::Comment | TokenKind::NonLogicalNewline | TokenKind::Newline)
                && !token.range().is_empty()
        });
        let mut pieces: Vec<Piece> = Vec::new();
        let mut last: Option<&Token> = None;
        for token in kept {
            let gap = match last {
                Some(last) => {
                    let gap = &self.source[TextRange::new(last.end(), token.start())];
                    let is_tight = matches!(last.kind(), TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace)
                        || matches!(token.kind(), TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace);
                    match gap.contains(['\n', '\r']) {
                        true if is_tight => "",
                        true => " ",
                        false => gap,
                    }
                }
                None => "",
            };
            last = Some(token);
            let hole = self.holes.iter().find(|hole| hole.range.contains_range(token.range()));
            match hole {
                Some(hole) if hole.range.start() == token.start() => {
                    push(&mut pieces, gap);
                    pieces.push(hole.piece.clone());
                }
                // The rest of a dotted name.
                Some(_) => {}
                None => {
                    push(&mut pieces, gap);
                    push(&mut pieces, &self.source[token.range()]);
                }
            }
        }
        pieces
    }
}

fn push(pieces: &mut Vec<Piece>, text: &str) {
    match pieces.last_mut() {
        _ if text.is_empty() => {}
        Some(Piece::Text(last)) => last.push_str(text),
        _ => pieces.push(Piece::Text(text.to_owned())),
    }
}

fn refused(expr: &Expr, what: &str) -> NoTemplate {
    let range = expr.range();
    NoTemplate { message: what.to_owned(), span: Span::new(range.start().to_u32(), range.end().to_u32()) }
}

/// Whether an expression is true or false by itself, so that asking it runs no code.
fn is_test(expr: &Expr) -> bool {
    match expr {
        Expr::Compare(comparison) => comparison.ops.iter().all(|op| matches!(op, CmpOp::Is | CmpOp::IsNot)),
        Expr::UnaryOp(operation) => operation.op == UnaryOp::Not,
        Expr::BooleanLiteral(_) | Expr::NoneLiteral(_) => true,
        _ => false,
    }
}

impl Template {
    /// All its pieces, in order.
    pub fn pieces(&self) -> Vec<&Piece> {
        match &self.form {
            Form::Call { callee, arguments } => {
                callee.iter().chain(arguments.iter().flat_map(|argument| &argument.value)).collect()
            }
            Form::Other(pieces) => pieces.iter().collect(),
        }
    }

    /// What it calls, if it is the call of a dotted name.
    pub fn callee(&self) -> Option<&Piece> {
        match &self.form {
            Form::Call { callee, .. } => match &callee[..] {
                [piece @ Piece::Name { .. }] => Some(piece),
                _ => None,
            },
            Form::Other(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(text: &str, parameters: &[&str]) -> String {
        let template = parse(text, parameters).unwrap();
        let word = |event: &Event| match event {
            Event::Read { parameter, is_sure: true } => parameter.clone(),
            Event::Read { parameter, is_sure: false } => format!("{parameter}?"),
            Event::Lookup(_) => ".".to_owned(),
            Event::Effect => "!".to_owned(),
        };
        template.events.iter().map(word).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_order_of_evaluation() {
        assert_eq!(events("$G(a, key=b)", &["a", "b"]), "a b !");
        assert_eq!(events("make(b.x, a)", &["a", "b"]), "b ! a !");
        assert_eq!(events("G(a) if b is None else H(a)", &["a", "b"]), "b a? ! a? !");
        assert_eq!(events("a or Registry.get().find(b)", &["a", "b"]), "a ! . ! ! b? !");
        assert_eq!(events("{**a, 'k': b}", &["a", "b"]), "a ! b !");
        assert_eq!(events("a is not None and b", &["a", "b"]), "a b?");
        assert_eq!(events("pkg.mod.G(*a, **b)", &["a", "b"]), ". a ! b ! !");
    }

    #[test]
    fn pieces_are_on_one_line() {
        let text = "$G(\n    a,  # first\n    key=[\n        b,\n        1,\n    ],\n)";
        let template = parse(text, &["a", "b"]).unwrap();
        let Form::Call { callee, arguments } = template.form else { panic!("a call") };
        assert_eq!(callee, [Piece::Name { start: 0, path: vec!["$G".to_owned()] }]);
        assert_eq!(arguments[0].value, [Piece::Parameter { name: "a".to_owned(), is_bare: true }]);
        let [Piece::Text(open), Piece::Parameter { name, is_bare: true }, Piece::Text(rest)] = &arguments[1].value[..] else {
            panic!("{:?}", arguments[1])
        };
        assert_eq!((&**open, &**name, &**rest), ("[", "b", ", 1,]"));
        assert_eq!(arguments[1].form, GivenForm::Keyword("key".to_owned()));
    }

    #[test]
    fn a_head_that_waits_is_known() {
        let template = parse("await $G(x=a)", &["a"]).unwrap();
        assert!(template.is_awaited && !template.waits && template.is_primary);
        assert!(parse("f(await $G(a))", &["a"]).unwrap().waits);
    }

    #[test]
    fn what_cannot_be_put_elsewhere() {
        let message = |text: &str| parse(text, &["a"]).unwrap_err().message;
        assert_eq!(message("lambda: a"), "a lambda");
        assert_eq!(message("[a for _ in b]"), "a comprehension");
        assert_eq!(message("f'{a}'"), "a format string");
        assert_eq!(message("a.__secret"), "a private name, which is another one in a class");
        assert!(parse("a.__class__", &["a"]).is_ok());
        assert!(parse("f(", &[]).is_err());
        assert!(parse("x = 1", &[]).is_err());
    }
}
