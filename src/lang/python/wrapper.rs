//! Functions that wrap an expression: their signature, and the expression where they return just that.

use ruff_python_ast::token::Tokens;
use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{self as ast, Expr, Stmt};
use ruff_python_parser::{Mode, ParseOptions, parse_unchecked};
use ruff_text_size::Ranged;

use super::signature::{Gives, Shape, ShapeKind, Signature, shape};
use super::template::{self, NoTemplate, Piece, Template};
use crate::text::span::Span;

/// A function or class, as those see it who call it.
#[derive(Clone, Debug)]
pub struct Wrapper {
    /// The whole definition.
    pub span: Span,
    /// What a call of it gives; a class gives a value.
    pub gives: Gives,
    /// Which calls it takes; without the `self` or `cls` that Python adds.
    pub signature: Signature,
    /// The expressions behind its `@`s.
    pub decorators: Vec<Span>,
    /// The parameter that is the class itself.
    pub class_parameter: Option<String>,
    /// The expressions of defaults, by parameter.
    pub defaults: Vec<(String, Span)>,
    /// What it returns.
    pub body: Result<Template, NoTemplate>,
}

/// Why something cannot be called like a function of its module.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Uncallable {
    /// There is no one definition of that name.
    NotDefined,
    /// It needs an object.
    InstanceMethod,
    /// Its parameters are not known: a class without an `__init__` of its own.
    NoSignature,
}

/// Reads the definition that covers a span of a source, or the method of that class.
///
/// # Errors
/// It is not one.
pub fn read(source: &str, span: Span, method: Option<&str>) -> Result<Wrapper, Uncallable> {
    let parsed = parse_unchecked(source, ParseOptions::from(Mode::Module));
    let ast::Mod::Module(module) = parsed.syntax() else { return Err(Uncallable::NotDefined) };
    let statement = find(&module.body, span).ok_or(Uncallable::NotDefined)?;
    match (statement, method) {
        (Stmt::FunctionDef(def), None) => function(source, parsed.tokens(), def, Binder::None),
        (Stmt::ClassDef(class), Some(method)) => {
            let methods = class.body.iter().filter_map(Stmt::as_function_def_stmt).filter(|def| def.name.as_str() == method);
            let [def] = &methods.collect::<Vec<_>>()[..] else { return Err(Uncallable::NotDefined) };
            let decorators: Vec<&str> =
                def.decorator_list.iter().map(|decorator| &source[decorator.expression.range()]).collect();
            let binder = match &decorators[..] {
                ["staticmethod"] => Binder::None,
                ["classmethod"] => Binder::Class,
                decorators if decorators.contains(&"staticmethod") || decorators.contains(&"classmethod") => Binder::Decorated,
                _ => return Err(Uncallable::InstanceMethod),
            };
            function(source, parsed.tokens(), def, binder)
        }
        (Stmt::ClassDef(class), None) => match shape(source, span).map(|shape| shape.kind) {
            Some(ShapeKind::Class(Some(signature))) => Ok(Wrapper {
                span,
                gives: Gives::Value,
                signature,
                decorators: Vec::new(),
                class_parameter: None,
                defaults: Vec::new(),
                body: Err(no_body(class.range())),
            }),
            _ => Err(Uncallable::NoSignature),
        },
        _ => Err(Uncallable::NotDefined),
    }
}

/// Whether the class that covers a span of a source refuses to be instantiated: its `__new__` or `__init__` raises, whatever it is given.
pub fn refuses(source: &str, span: Span) -> bool {
    let parsed = parse_unchecked(source, ParseOptions::from(Mode::Module));
    let ast::Mod::Module(module) = parsed.syntax() else { return false };
    let Some(Stmt::ClassDef(class)) = find(&module.body, span) else { return false };
    let makers = class.body.iter().filter_map(Stmt::as_function_def_stmt);
    let mut makers = makers.filter(|def| matches!(def.name.as_str(), "__new__" | "__init__") && def.decorator_list.is_empty());
    makers.any(|def| {
        let raises = def.body.iter().position(Stmt::is_raise_stmt);
        raises.is_some_and(|at| !def.body[..at].iter().any(returns))
    })
}

/// Whether a statement may end its function without raising.
fn returns(stmt: &Stmt) -> bool {
    struct Returns(bool);
    impl<'a> Visitor<'a> for Returns {
        fn visit_stmt(&mut self, stmt: &'a Stmt) {
            match stmt {
                Stmt::Return(_) => self.0 = true,
                Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
                stmt => visitor::walk_stmt(self, stmt),
            }
        }

        fn visit_expr(&mut self, _: &'a Expr) {}
    }
    let mut returns = Returns(false);
    returns.visit_stmt(stmt);
    returns.0
}

/// Reads a signature that a person has written: `def f(a, b=None)`, `async def f(a)` or `(a, b=None)`.
///
/// # Errors
/// It is not one.
pub fn read_header(text: &str) -> Result<Wrapper, Uncallable> {
    let text = text.trim();
    let header = if text.starts_with('(') { format!("def f{text}") } else { text.to_owned() };
    let source = format!("{header}: ...");
    let parsed = parse_unchecked(&source, ParseOptions::from(Mode::Module));
    let ast::Mod::Module(module) = parsed.syntax() else { return Err(Uncallable::NotDefined) };
    match &module.body[..] {
        [Stmt::FunctionDef(def)] if parsed.errors().is_empty() => function(&source, parsed.tokens(), def, Binder::None),
        _ => Err(Uncallable::NotDefined),
    }
}

/// What Python gives a function besides what the call says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Binder {
    None,
    Class,
    /// Other decorators stand with `staticmethod` or `classmethod`.
    Decorated,
}

fn function(source: &str, tokens: &Tokens, def: &ast::StmtFunctionDef, binder: Binder) -> Result<Wrapper, Uncallable> {
    let range = def.range();
    let span = Span::new(range.start().to_u32(), range.end().to_u32());
    let Some(Shape { kind: ShapeKind::Function { gives, signature }, .. }) = shape(source, span) else {
        return Err(Uncallable::NotDefined);
    };
    let is_class_method = def.decorator_list.iter().any(|decorator| &source[decorator.expression.range()] == "classmethod");
    let class_parameter = is_class_method.then(|| signature.names().next().map(str::to_owned)).flatten();
    let signature = match is_class_method {
        true => signature.without_self().ok_or(Uncallable::NotDefined)?,
        false => signature,
    };
    let to_span = |expr: &Expr| Span::new(expr.range().start().to_u32(), expr.range().end().to_u32());
    let defaults = def.parameters.iter_non_variadic_params().filter_map(|parameter| {
        let default = parameter.default()?;
        Some((parameter.name().to_string(), to_span(default)))
    });
    let decorators = match binder {
        Binder::None | Binder::Class if binder == Binder::Class || is_plain_static(source, def) => Vec::new(),
        _ => def.decorator_list.iter().map(|decorator| to_span(&decorator.expression)).collect(),
    };
    let names: Vec<&str> = signature.names().collect();
    let body = match returned(def) {
        Some(expression) => template::read(source, tokens, expression, &names),
        None => Err(no_body(range)),
    };
    let body = body.and_then(|template| match def.body.iter().find(|stmt| is_for_its_effect(stmt, &template)) {
        Some(stmt) => Err(NoTemplate { message: "it imports what it does not read".to_owned(), span: to_stmt_span(stmt) }),
        None => Ok(template),
    });
    Ok(Wrapper { span, gives, class_parameter, decorators, defaults: defaults.collect(), body, signature: signature.clone() })
}

fn is_plain_static(source: &str, def: &ast::StmtFunctionDef) -> bool {
    def.decorator_list.iter().all(|decorator| &source[decorator.expression.range()] == "staticmethod")
}

fn to_stmt_span(stmt: &Stmt) -> Span {
    Span::new(stmt.range().start().to_u32(), stmt.range().end().to_u32())
}

fn no_body(range: ruff_text_size::TextRange) -> NoTemplate {
    let span = Span::new(range.start().to_u32(), range.end().to_u32());
    NoTemplate { message: "it does more than return one expression".to_owned(), span }
}

/// The expression that a function returns, where it does nothing else: apart from a docstring, imports of its own, and the warning
/// that it is deprecated.
fn returned(def: &ast::StmtFunctionDef) -> Option<&Expr> {
    let is_docstring = |stmt: &Stmt| matches!(stmt, Stmt::Expr(expr) if expr.value.is_string_literal_expr());
    let is_passed =
        |stmt: &&Stmt| is_docstring(stmt) || stmt.is_import_stmt() || stmt.is_import_from_stmt() || is_warning(stmt);
    let rest: Vec<&Stmt> = def.body.iter().skip_while(is_passed).collect();
    match &rest[..] {
        [Stmt::Return(ast::StmtReturn { value: Some(value), .. })] => Some(value),
        // `made = …` and `return made`.
        [made, Stmt::Return(ast::StmtReturn { value: Some(value), .. })] => {
            let (target, expression) = match made {
                Stmt::Assign(assign) => match &assign.targets[..] {
                    [target] => (target, &*assign.value),
                    _ => return None,
                },
                Stmt::AnnAssign(assign) => (&*assign.target, assign.value.as_deref()?),
                _ => return None,
            };
            let is_it = matches!((target, &**value), (Expr::Name(target), Expr::Name(value)) if target.id == value.id);
            is_it.then_some(expression)
        }
        _ => None,
    }
}

/// Whether a statement imports nothing that a template reads: it may be there for what loading a module does.
fn is_for_its_effect(stmt: &Stmt, template: &Template) -> bool {
    let pieces = template.pieces();
    let is_read = |wanted: &str| {
        let wanted: Vec<&str> = wanted.split('.').collect();
        pieces.iter().any(|piece| match piece {
            Piece::Name { path, .. } => path.len() >= wanted.len() && path.iter().zip(&wanted).all(|(part, name)| part == name),
            _ => false,
        })
    };
    let names = |alias: &ast::Alias| is_read(alias.asname.as_ref().unwrap_or(&alias.name).as_str());
    // What the warning needs.
    let is_known = |name: &str| name == "warnings";
    match stmt {
        // Each module of `import a, b` is loaded by itself.
        Stmt::Import(import) => !import.names.iter().all(|alias| names(alias) || is_known(&alias.name)),
        Stmt::ImportFrom(import) => {
            !import.names.iter().any(names) && !import.module.as_ref().is_some_and(|module| is_known(module))
        }
        _ => false,
    }
}

/// `warnings.warn(…)` of plain values, with a category that says that the function is deprecated.
fn is_warning(stmt: &Stmt) -> bool {
    let Stmt::Expr(expr) = stmt else { return false };
    let Expr::Call(call) = &*expr.value else { return false };
    let is_warn = match &*call.func {
        Expr::Name(name) => name.id.as_str() == "warn",
        Expr::Attribute(attribute) => attribute.attr.as_str() == "warn",
        _ => false,
    };
    let is_category = |value: &Expr| {
        let Expr::Name(name) = value else { return false };
        matches!(name.id.as_str(), "DeprecationWarning" | "PendingDeprecationWarning" | "FutureWarning")
    };
    let is_plain = |value: &Expr| value.is_literal_expr() || is_category(value);
    let mut values = call.arguments.iter_source_order().map(ast::ArgOrKeyword::value);
    is_warn && values.clone().any(is_category) && values.all(is_plain)
}

fn find(body: &[Stmt], span: Span) -> Option<&Stmt> {
    for stmt in body {
        let range = stmt.range();
        if (range.start().to_u32(), range.end().to_u32()) == (span.start, span.end) {
            return Some(stmt);
        }
        let inner: Vec<&[Stmt]> = match stmt {
            Stmt::If(choice) => std::iter::once(&choice.body[..])
                .chain(choice.elif_else_clauses.iter().map(|clause| &clause.body[..]))
                .collect(),
            Stmt::Try(attempt) => {
                let handlers = attempt.handlers.iter().map(|handler| {
                    let ast::ExceptHandler::ExceptHandler(handler) = handler;
                    &handler.body[..]
                });
                [&attempt.body[..], &attempt.orelse, &attempt.finalbody].into_iter().chain(handlers).collect()
            }
            Stmt::With(with) => vec![&with.body[..]],
            _ => Vec::new(),
        };
        if let Some(found) = inner.into_iter().find_map(|body| find(body, span)) {
            return Some(found);
        }
    }
    None
}
