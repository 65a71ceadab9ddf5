//! What a definition is to those who use it: a class or a function, what a call of it gives, and which calls it takes.
//!
//! Read from the source when two definitions are compared, and not kept with the facts: a plan compares a handful of definitions,
//! an index holds a hundred thousand. Defaults and decorators are compared as they are written; annotations are not compared.

mod bind;

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{self as ast, Decorator, Expr, Parameters, Stmt};
use ruff_python_parser::{Mode, ParseOptions, parse_unchecked};
use ruff_text_size::{Ranged, TextRange};

pub use bind::Bound;

use crate::text::span::Span;

/// A definition, as far as its users see it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shape {
    /// What it is.
    pub kind: ShapeKind,
    /// Its decorators as they are written, without the `@`.
    pub decorators: Vec<String>,
}

/// A class or a function.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ShapeKind {
    /// A class, and the signature of the one `__init__` in its body, without `self`.
    Class(Option<Signature>),
    /// A function.
    Function {
        /// What a call of it gives.
        gives: Gives,
        /// Which calls it takes.
        signature: Signature,
    },
}

/// What a call of a function gives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Gives {
    /// `def`: what it returns.
    Value,
    /// `async def`: a coroutine, to be awaited.
    Coroutine,
    /// `def` with a `yield` in its body.
    Generator,
    /// `async def` with a `yield` in its body.
    AsyncGenerator,
}

/// The parameters of a function.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Signature {
    /// Those that may be given by place, in order.
    positional: Vec<Parameter>,
    /// How many of them may be given by place alone: those before the `/`.
    only_by_place: usize,
    /// Those that may be given by name alone: behind the `*`.
    by_name: Vec<Parameter>,
    /// The name of `*args`, where there is one.
    rest: Option<String>,
    /// The name of `**kwargs`, where there is one.
    named_rest: Option<String>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Parameter {
    name: String,
    /// As it is written, blanks apart.
    default: Option<String>,
}

/// How a definition differs from the one that it is to stand for, from the heaviest to the lightest.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Difference {
    /// One is a class and the other a function.
    Kind(String),
    /// One is async and the other is not, or what is given has to be awaited in one and iterated over in the other.
    Async(String),
    /// A call that the old one takes, the new one does not take in the same way.
    Signature(String),
    /// The decorators differ.
    Decorators(String),
}

impl Difference {
    /// What differs, in words that are said of the new one.
    pub fn text(&self) -> &str {
        match self {
            Difference::Kind(text) | Difference::Async(text) | Difference::Signature(text) | Difference::Decorators(text) => {
                text
            }
        }
    }
}

/// Reads the class or function definition that covers a span of a text, decorators included.
pub fn shape(source: &str, span: Span) -> Option<Shape> {
    let parsed = parse_unchecked(source, ParseOptions::from(Mode::Module));
    let ast::Mod::Module(module) = parsed.syntax() else { return None };
    let mut finder = Finder { source, span, found: None };
    finder.visit_body(&module.body);
    finder.found
}

struct Finder<'s> {
    source: &'s str,
    span: Span,
    found: Option<Shape>,
}

impl<'a> Visitor<'a> for Finder<'_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        let range = stmt.range();
        let (start, end) = (range.start().to_u32(), range.end().to_u32());
        if self.found.is_some() || self.span.start < start || end < self.span.end {
            return;
        }
        let is_it = (start, end) == (self.span.start, self.span.end);
        match stmt {
            Stmt::FunctionDef(def) if is_it => self.found = Some(self.function(def)),
            Stmt::ClassDef(def) if is_it => self.found = Some(self.class(def)),
            stmt => visitor::walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, _: &'a Expr) {}
}

impl Finder<'_> {
    fn function(&self, def: &ast::StmtFunctionDef) -> Shape {
        let gives = match (def.is_async, has_yield(&def.body)) {
            (false, false) => Gives::Value,
            (true, false) => Gives::Coroutine,
            (false, true) => Gives::Generator,
            (true, true) => Gives::AsyncGenerator,
        };
        let kind = ShapeKind::Function { gives, signature: self.signature(&def.parameters) };
        Shape { kind, decorators: self.decorators(&def.decorator_list) }
    }

    fn class(&self, def: &ast::StmtClassDef) -> Shape {
        let inits: Vec<&ast::StmtFunctionDef> = def
            .body
            .iter()
            .filter_map(|stmt| match stmt {
                Stmt::FunctionDef(function) if function.name.as_str() == "__init__" => Some(function),
                _ => None,
            })
            .collect();
        let init = match &inits[..] {
            [init] if init.decorator_list.is_empty() => self.signature(&init.parameters).without_self(),
            _ => None,
        };
        Shape { kind: ShapeKind::Class(init), decorators: self.decorators(&def.decorator_list) }
    }

    fn decorators(&self, decorators: &[Decorator]) -> Vec<String> {
        decorators.iter().map(|decorator| self.text(decorator.expression.range())).collect()
    }

    fn signature(&self, parameters: &Parameters) -> Signature {
        let read = |parameter: &ast::ParameterWithDefault| Parameter {
            name: parameter.parameter.name.to_string(),
            default: parameter.default().map(|default| self.text(default.range())),
        };
        Signature {
            positional: parameters.posonlyargs.iter().chain(&parameters.args).map(read).collect(),
            only_by_place: parameters.posonlyargs.len(),
            by_name: parameters.kwonlyargs.iter().map(read).collect(),
            rest: parameters.vararg.as_ref().map(|rest| rest.name.to_string()),
            named_rest: parameters.kwarg.as_ref().map(|rest| rest.name.to_string()),
        }
    }

    /// The text at a range; several lines are one.
    fn text(&self, range: TextRange) -> String {
        self.source[range].split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// Whether a function's own body yields: what stands in functions and classes inside it does not count.
fn has_yield(body: &[Stmt]) -> bool {
    struct Yields(bool);
    impl<'a> Visitor<'a> for Yields {
        fn visit_stmt(&mut self, stmt: &'a Stmt) {
            if !matches!(stmt, Stmt::FunctionDef(_) | Stmt::ClassDef(_)) {
                visitor::walk_stmt(self, stmt);
            }
        }

        fn visit_expr(&mut self, expr: &'a Expr) {
            match expr {
                Expr::Yield(_) | Expr::YieldFrom(_) => self.0 = true,
                Expr::Lambda(_) => {}
                expr => visitor::walk_expr(self, expr),
            }
        }
    }
    let mut yields = Yields(false);
    yields.visit_body(body);
    yields.0
}

impl Gives {
    /// What it is called beside another one.
    fn words(self, other: Gives) -> &'static str {
        match self {
            Gives::Value if other == Gives::Coroutine => "sync",
            Gives::Value => "a plain function",
            Gives::Coroutine => "async",
            Gives::Generator => "a generator",
            Gives::AsyncGenerator => "an async generator",
        }
    }

    fn is_async(self) -> bool {
        matches!(self, Gives::Coroutine | Gives::AsyncGenerator)
    }
}

impl Shape {
    /// How a definition that is to stand for this one differs from it, as far as its users can see; the heaviest first.
    pub fn differences(&self, new: &Shape) -> Vec<Difference> {
        let mut found = match (&self.kind, &new.kind) {
            (ShapeKind::Class(_), ShapeKind::Function { .. }) => {
                vec![Difference::Kind("is a function, was a class".to_owned())]
            }
            (ShapeKind::Function { .. }, ShapeKind::Class(_)) => {
                vec![Difference::Kind("is a class, was a function".to_owned())]
            }
            (ShapeKind::Class(Some(old)), ShapeKind::Class(Some(new))) => {
                let differs = |text: String| Difference::Signature(format!("`__init__`: {text}"));
                old.differences(new).into_iter().map(differs).collect()
            }
            (ShapeKind::Class(_), ShapeKind::Class(_)) => Vec::new(),
            (ShapeKind::Function { gives: a, signature: old }, ShapeKind::Function { gives: b, signature: new }) => {
                let text = || format!("is {}, was {}", b.words(*a), a.words(*b));
                let gives = match a == b {
                    true => None,
                    false if a.is_async() || b.is_async() => Some(Difference::Async(text())),
                    false => Some(Difference::Signature(text())),
                };
                gives.into_iter().chain(old.differences(new).into_iter().map(Difference::Signature)).collect()
            }
        };
        if self.decorators != new.decorators {
            let list = |decorators: &[String]| match decorators {
                [] => "no decorator".to_owned(),
                decorators => decorators.iter().map(|decorator| format!("@{decorator}")).collect::<Vec<_>>().join(" "),
            };
            found.push(Difference::Decorators(format!("has {}, had {}", list(&new.decorators), list(&self.decorators))));
        }
        found
    }
}

impl Signature {
    /// The signature of a method as its callers see it; `None` where it takes no `self`.
    pub fn without_self(mut self) -> Option<Self> {
        if self.positional.is_empty() {
            return self.rest.is_some().then_some(self);
        }
        self.positional.remove(0);
        self.only_by_place = self.only_by_place.saturating_sub(1);
        Some(self)
    }

    /// Why a call that fits this signature may not fit another, or mean something else there.
    fn differences(&self, new: &Signature) -> Vec<String> {
        let mut found = Vec::new();
        for (at, old) in self.positional.iter().enumerate() {
            match new.positional.get(at) {
                Some(parameter) if parameter.name == old.name => {
                    if at >= self.only_by_place && at < new.only_by_place {
                        found.push(format!("parameter `{}` is by place only", old.name));
                    }
                    found.extend(default_differs(old, parameter));
                }
                _ => found.push(match new.find(&old.name) {
                    Some(_) => format!("parameter `{}` stands at another place", old.name),
                    None => format!("has no parameter `{}`", old.name),
                }),
            }
        }
        for old in &self.by_name {
            match new.find(&old.name).filter(|(at, _)| at.is_none_or(|at| at >= new.only_by_place)) {
                Some((_, parameter)) => found.extend(default_differs(old, parameter)),
                None => found.push(format!("has no parameter `{}`", old.name)),
            }
        }
        for parameter in new.positional.iter().chain(&new.by_name).filter(|parameter| self.find(&parameter.name).is_none()) {
            if parameter.default.is_none() {
                found.push(format!("parameter `{}` is new and has no default", parameter.name));
            } else if self.rest.is_some() || self.named_rest.is_some() {
                found.push(format!("parameter `{}` is new, and takes what went to the rest", parameter.name));
            }
        }
        if self.rest.is_some() && new.rest.is_none() {
            found.push("takes no `*args`".to_owned());
        }
        if self.named_rest.is_some() && new.named_rest.is_none() {
            found.push("takes no `**kwargs`".to_owned());
        }
        found
    }

    /// A parameter by its name, and its place where it may be given by place.
    fn find(&self, name: &str) -> Option<(Option<usize>, &Parameter)> {
        let by_place = self.positional.iter().enumerate().map(|(at, parameter)| (Some(at), parameter));
        by_place.chain(self.by_name.iter().map(|parameter| (None, parameter))).find(|(_, parameter)| parameter.name == name)
    }
}

/// What a call that leaves the parameter out would notice.
fn default_differs(old: &Parameter, new: &Parameter) -> Option<String> {
    match (&old.default, &new.default) {
        (Some(_), None) => Some(format!("parameter `{}` has no default", old.name)),
        (Some(was), Some(is)) if was != is => Some(format!("parameter `{}` is `{is}` by default, was `{was}`", old.name)),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
