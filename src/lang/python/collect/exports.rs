//! What the statements of a module do to its `__all__`.

use ruff_python_ast::{self as ast, Expr, Operator, Stmt};

use super::{Collector, span};
use crate::lang::python::facts::Exports;

impl Collector<'_> {
    /// Takes what a statement does to `__all__`.
    pub(super) fn export(&mut self, stmt: &Stmt) {
        let is_all = |expr: &Expr| matches!(expr, Expr::Name(name) if name.id.as_str() == "__all__");
        match stmt {
            Stmt::Assign(assign) if assign.targets.iter().any(is_all) => {
                let mut exports = self.exports.take().unwrap_or(Exports { entries: Vec::new(), is_complete: true });
                self.list(&assign.value, &mut exports);
                self.exports = Some(exports);
            }
            Stmt::AnnAssign(ast::StmtAnnAssign { target, value: Some(value), .. }) if is_all(target) => {
                let mut exports = self.exports.take().unwrap_or(Exports { entries: Vec::new(), is_complete: true });
                self.list(value, &mut exports);
                self.exports = Some(exports);
            }
            Stmt::AugAssign(assign) if is_all(&assign.target) => {
                let mut exports = self.exports.take().unwrap_or_default();
                exports.is_complete &= assign.op == Operator::Add;
                self.list(&assign.value, &mut exports);
                self.exports = Some(exports);
            }
            Stmt::Expr(expr) => {
                let Expr::Call(call) = &*expr.value else { return };
                let Expr::Attribute(method) = &*call.func else { return };
                if !is_all(&method.value) {
                    return;
                }
                let mut exports = self.exports.take().unwrap_or_default();
                match (method.attr.as_str(), &*call.arguments.args) {
                    ("extend", [list]) => self.list(list, &mut exports),
                    ("append", [Expr::StringLiteral(item)]) => self.entry(item, &mut exports),
                    ("remove", [Expr::StringLiteral(item)]) => {
                        let name = self.intern(item.value.to_str());
                        exports.entries.retain(|entry| entry.0 != name);
                    }
                    _ => exports.is_complete = false,
                }
                self.exports = Some(exports);
            }
            _ => {}
        }
    }

    fn list(&mut self, value: &Expr, exports: &mut Exports) {
        match value {
            Expr::List(ast::ExprList { elts, .. }) | Expr::Tuple(ast::ExprTuple { elts, .. }) => {
                for element in elts {
                    match element {
                        Expr::StringLiteral(item) => self.entry(item, exports),
                        _ => exports.is_complete = false,
                    }
                }
            }
            Expr::BinOp(sum) if sum.op == Operator::Add => {
                self.list(&sum.left, exports);
                self.list(&sum.right, exports);
            }
            _ => exports.is_complete = false,
        }
    }

    fn entry(&mut self, item: &ast::ExprStringLiteral, exports: &mut Exports) {
        let name = self.intern(item.value.to_str());
        exports.entries.push((name, span(item.range)));
    }
}
