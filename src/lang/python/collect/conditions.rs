//! What the conditions and handlers around an import say about when it runs and what becomes of its failure.

use ruff_python_ast::Expr;

use crate::lang::python::facts::Context;

pub(super) fn is_type_checking(test: &Expr) -> bool {
    match test {
        Expr::Name(name) => name.id.as_str() == "TYPE_CHECKING",
        Expr::Attribute(attribute) => attribute.attr.as_str() == "TYPE_CHECKING",
        _ => false,
    }
}

pub(super) fn is_main(test: &Expr) -> bool {
    let Expr::Compare(compare) = test else { return false };
    let (left, right) = (&*compare.left, compare.comparators.first());
    matches!(left, Expr::Name(name) if name.id.as_str() == "__name__")
        && matches!(right, Some(Expr::StringLiteral(literal)) if literal.value.to_str() == "__main__")
}

pub(super) fn is_call_of(expr: &Expr, function: &str) -> bool {
    matches!(expr, Expr::Call(call) if matches!(&*call.func, Expr::Name(name) if name.id.as_str() == function))
}

/// What an exception handler means for imports in its `try` body.
pub(super) fn catches(kind: Option<&Expr>) -> Context {
    match kind {
        None => Context::TRY_ANY,
        Some(Expr::Tuple(tuple)) => tuple.elts.iter().fold(Context::default(), |all, kind| all.and(catches(Some(kind)))),
        Some(kind) => match last_name(kind) {
            Some("ImportError" | "ModuleNotFoundError") => Context::TRY_IMPORT,
            Some("Exception" | "BaseException") => Context::TRY_ANY,
            _ => Context::default(),
        },
    }
}

/// What `with contextlib.suppress(ImportError):` means for imports in its body.
pub(super) fn suppresses(manager: &Expr) -> Context {
    match manager {
        Expr::Call(call) if last_name(&call.func) == Some("suppress") => {
            call.arguments.args.iter().fold(Context::default(), |all, kind| all.and(catches(Some(kind))))
        }
        _ => Context::default(),
    }
}

pub(super) fn last_name(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Name(name) => Some(name.id.as_str()),
        Expr::Attribute(attribute) => Some(attribute.attr.as_str()),
        _ => None,
    }
}
