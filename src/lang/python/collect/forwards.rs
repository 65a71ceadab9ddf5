//! Names that a module's `__getattr__` forwards (PEP 562): what people write who deprecate a name, and what a shim of ours is.

use ruff_python_ast::{self as ast, CmpOp, Expr, Stmt};
use ruff_text_size::{Ranged, TextRange};

use super::{Collector, chain, span};
use crate::lang::python::facts::{BindingKind, DefinitionId, Forward, NameId, ScopeId, UseId};

impl Collector<'_> {
    /// Takes the names that the module's `__getattr__` forwards, which has been walked. Whatever else it does can make other names.
    pub(super) fn module_getattr(&mut self, def: &ast::StmtFunctionDef) {
        let Some(function) = self.definition_of(def) else { return };
        let parameter = match &*def.parameters {
            parameters if parameters.len() != 1 => None,
            parameters => parameters.iter_non_variadic_params().next().map(|parameter| parameter.name().as_str()),
        };
        let body = def.body.iter().skip_while(|stmt| is_docstring(stmt));
        let mut statements = body.skip_while(|stmt| is_plain(stmt)).peekable();
        while let Some(Stmt::If(choice)) = statements.peek() {
            let forwards = parameter.filter(|_| def.decorator_list.is_empty() && !def.is_async);
            let Some(found) = forwards.and_then(|parameter| self.branches(choice, parameter, function)) else { break };
            self.forwards.extend(found);
            statements.next();
        }
        // What comes first answers; what stands behind anything that is not understood may never be reached.
        let is_understood = match statements.next() {
            Some(Stmt::Raise(_)) => parameter.is_some() && def.decorator_list.is_empty() && !def.is_async,
            _ => false,
        };
        self.is_dynamic |= !is_understood;
    }

    fn definition_of(&self, def: &ast::StmtFunctionDef) -> Option<DefinitionId> {
        let name = span(def.name.range);
        let is_it = |kind: &BindingKind| match kind {
            BindingKind::Definition(id) => Some(*id),
            _ => None,
        };
        self.bindings.iter().rev().find(|binding| binding.span == name).and_then(|binding| is_it(&binding.kind))
    }

    /// The names that an `if` with its `elif`s forwards; `None` where one of them does anything else.
    fn branches(&mut self, choice: &ast::StmtIf, parameter: &str, function: DefinitionId) -> Option<Vec<Forward>> {
        let first = (Some(&*choice.test), &choice.body[..], choice.range);
        let others = choice.elif_else_clauses.iter().map(|clause| (clause.test.as_ref(), &clause.body[..], clause.range));
        let clauses: Vec<_> = std::iter::once(first).chain(others).collect();
        let forward = |this: &mut Self, (test, body, range): (Option<&Expr>, &[Stmt], TextRange)| {
            let literal = asked_for(test?, parameter)?;
            let used = this.returned(body)?;
            let name: NameId = this.intern(literal.value.to_str());
            Some(Forward { name, span: span(literal.range), branch: span(range), used, function })
        };
        clauses.into_iter().map(|clause| forward(self, clause)).collect()
    }

    /// The use that a branch returns, if it does nothing before but import and call.
    fn returned(&self, body: &[Stmt]) -> Option<UseId> {
        let (last, before) = body.split_last()?;
        let Stmt::Return(ast::StmtReturn { value: Some(value), .. }) = last else { return None };
        let (name, _) = chain(value)?;
        let place = span(name.range());
        let used = self.uses.iter().rposition(|used| used.span == place && used.scope != ScopeId::MODULE)?;
        before.iter().all(is_plain).then(|| UseId::new(used))
    }
}

/// The literal in `name == "Old"`.
fn asked_for<'a>(test: &'a Expr, parameter: &str) -> Option<&'a ast::ExprStringLiteral> {
    let Expr::Compare(compare) = test else { return None };
    let [right] = &*compare.comparators else { return None };
    let is_parameter = |expr: &Expr| matches!(expr, Expr::Name(name) if name.id.as_str() == parameter);
    match (&*compare.ops, &*compare.left, right) {
        ([CmpOp::Eq], name, Expr::StringLiteral(literal)) | ([CmpOp::Eq], Expr::StringLiteral(literal), name)
            if is_parameter(name) =>
        {
            Some(literal)
        }
        _ => None,
    }
}

fn is_docstring(stmt: &Stmt) -> bool {
    matches!(stmt, Stmt::Expr(expr) if expr.value.is_string_literal_expr())
}

/// An import or a call, which give no name of the function another value.
fn is_plain(stmt: &Stmt) -> bool {
    match stmt {
        Stmt::Import(_) | Stmt::ImportFrom(_) => true,
        Stmt::Expr(expr) => expr.value.is_call_expr(),
        _ => false,
    }
}
