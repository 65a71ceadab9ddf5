//! Types in text that is no annotation: `cast("X", …)`, `TypeVar("T", bound="X")`, `Optional["X"]`, and the comments of PEP 484.
//!
//! Whether such a string is a type depends on what the call or subscript around it means, which is known only when every binding
//! of the file is. So the walk notes the strings with what stands around them, and they are read at its end: as types where each name
//! comes from `typing`, as strings like others where not. A type comment is read with the statement that it belongs to; one that
//! belongs to none, or that is no expression, stays text.

use ruff_python_ast::token::{TokenKind, Tokens};
use ruff_python_ast::visitor::Visitor;
use ruff_python_ast::{self as ast, Expr, ExprStringLiteral, Parameters, Stmt};
use ruff_python_parser::{parse_expression_range, parse_parenthesized_expression_range};
use ruff_text_size::{Ranged, TextRange, TextSize};

use super::code_text::type_comment;
use super::conditions::last_name;
use super::{Collector, chain};
use crate::lang::python::facts::{BindingKind, Facts, From, NameId, ScopeId, StringFact, StringPlace, UseFlags, UseId};
use crate::lang::python::scope::Lookup;

/// The modules whose classes take types in brackets, and the first two of which have functions that take types.
const MODULES: [&str; 3] = ["typing", "typing_extensions", "collections.abc"];

/// The builtin classes that take types in brackets (PEP 585).
const GENERICS: [&str; 6] = ["dict", "frozenset", "list", "set", "tuple", "type"];

/// What stands around a string that may be a type.
#[derive(Clone, Copy)]
pub(super) enum Around {
    /// `base[…]`, and which element of the brackets it is.
    Subscript(UseId, usize),
    /// A positional argument of a call.
    Argument(UseId, usize),
    /// An argument that is named.
    Keyword(UseId, NameId),
    /// The value of an annotated assignment.
    Value(UseId),
}

/// A string that may be a type.
pub(super) struct Pending {
    literal: TextRange,
    scope: ScopeId,
    flags: UseFlags,
    around: Vec<Around>,
    /// What it is if it is no type.
    fact: Option<StringFact>,
}

/// A comment `# type: …`.
pub(super) struct TypeComment {
    /// The text of the type.
    text: TextRange,
    /// Whether the walk has taken it for the type of something.
    is_read: bool,
}

/// The type comments of a file, in order.
pub(super) fn type_comments(tokens: &Tokens, source: &str) -> Vec<TypeComment> {
    let comments = tokens.iter().filter(|token| token.kind() == TokenKind::Comment);
    let text = |range: TextRange| {
        let comment = &source[range];
        // A comment may follow the type.
        let text = type_comment(comment)?.split('#').next()?.trim();
        let start = range.start() + TextSize::try_from(text.as_ptr() as usize - comment.as_ptr() as usize).ok()?;
        Some(TextRange::at(start, TextSize::try_from(text.len()).ok()?))
    };
    comments.filter_map(|token| text(token.range())).map(|text| TypeComment { text, is_read: false }).collect()
}

impl Collector<'_> {
    /// Whether a comment has been read as a type.
    pub(super) fn has_read(&self, comment: TextRange) -> bool {
        self.type_comments.iter().any(|one| one.is_read && comment.contains_range(one.text))
    }

    /// Notes a local name that an import statement binds, if it may lead to `typing`.
    pub(super) fn note_typing(&mut self, module: Option<NameId>, name: NameId, local: NameId) {
        if MODULES.contains(&&*self.names[module.unwrap_or(name).index()]) {
            self.typing.insert(local, name);
        }
    }

    /// Walks a subscript that is in no annotation.
    pub(super) fn subscript(&mut self, subscript: &ast::ExprSubscript) {
        self.visit_expr(&subscript.value);
        let is_generic = matches!(&*subscript.value, Expr::Name(name) if GENERICS.contains(&name.id.as_str()));
        let is_special = self.is_named(&subscript.value, "Literal") || self.is_named(&subscript.value, "Annotated");
        let last = chain(&subscript.value).map(|_| self.last_use());
        let base = self.typing_use(&subscript.value).or(last.filter(|_| is_generic || is_special));
        let Some(base) = base else {
            return self.placed(last.map_or(StringPlace::Elsewhere, StringPlace::Key), &subscript.slice);
        };
        let elements = match &*subscript.slice {
            Expr::Tuple(tuple) => &tuple.elts[..],
            slice => std::slice::from_ref(slice),
        };
        for (index, element) in elements.iter().enumerate() {
            self.around.push(Around::Subscript(base, index));
            self.visit_expr(element);
            self.around.pop();
        }
    }

    /// Walks the value of an annotated assignment whose annotation has just been walked, and says what it binds.
    pub(super) fn annotated_value(&mut self, annotation: &Expr, value: &Expr, target: &Expr) -> BindingKind {
        let around = self.typing_use(annotation).map(Around::Value);
        let mut kind = BindingKind::Value;
        self.inside(around, |this| kind = this.value(value, &[target]));
        kind
    }

    /// Whether an expression is a name of `typing`, or spelled like it.
    pub(super) fn is_named(&self, expr: &Expr, name: &str) -> bool {
        let imported = match expr {
            Expr::Name(local) => self.ids.get(local.id.as_str()).and_then(|local| self.typing.get(local)),
            _ => None,
        };
        last_name(expr) == Some(name) || imported.is_some_and(|imported| &*self.names[imported.index()] == name)
    }

    /// The use of a name that may be one of `typing`, which has just been walked.
    pub(super) fn typing_use(&self, expr: &Expr) -> Option<UseId> {
        let (root, _) = chain(expr)?;
        let local = self.ids.get(root.id.as_str())?;
        self.typing.contains_key(local).then(|| self.last_use())
    }

    pub(super) fn inside(&mut self, around: Option<Around>, walk: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.around, around.into_iter().collect());
        walk(self);
        self.around = outer;
    }

    /// Takes a string for later, if it may be a type.
    pub(super) fn defer(&mut self, literal: &ExprStringLiteral, fact: Option<StringFact>) {
        if self.around.is_empty() {
            return self.strings.extend(fact);
        }
        let (scope, flags, around) = (self.scope, self.flags, self.around.clone());
        self.pending.push(Pending { literal: literal.range, scope, flags, around, fact });
    }

    /// Reads the strings that turn out to be types, now that all bindings are known.
    pub(super) fn read_types(&mut self) {
        let pending = std::mem::take(&mut self.pending);
        if pending.is_empty() {
            return;
        }
        let table = Facts {
            scopes: std::mem::take(&mut self.scopes).into(),
            declarations: std::mem::take(&mut self.declarations).into(),
            bindings: std::mem::take(&mut self.bindings).into(),
            ..Facts::default()
        };
        let types: Vec<bool> = pending.iter().map(|pending| self.is_type(&table, pending)).collect();
        self.scopes = table.scopes.into();
        self.declarations = table.declarations.into();
        self.bindings = table.bindings.into();
        for (pending, is_type) in pending.into_iter().zip(types) {
            (self.scope, self.flags) = (pending.scope, pending.flags);
            if !is_type || !self.read_literal(pending.literal) {
                self.strings.extend(pending.fact);
            }
        }
        self.settle();
    }

    fn read_literal(&mut self, literal: TextRange) -> bool {
        let Ok(parsed) = parse_parenthesized_expression_range(self.source, literal) else { return false };
        matches!(parsed.expr(), Expr::StringLiteral(literal) if self.annotation(literal))
    }

    fn is_type(&self, table: &Facts, pending: &Pending) -> bool {
        pending.around.iter().fold(false, |is_type, around| match *around {
            Around::Subscript(base, index) => match self.meaning(table, base).or(self.spelled(base)) {
                Some("Literal") => false,
                Some("Annotated") => index == 0,
                Some(_) => true,
                None => is_type,
            },
            Around::Argument(function, index) => match self.meaning(table, function) {
                Some("cast" | "ForwardRef") => index == 0,
                Some("NewType" | "assert_type" | "TypeAliasType") => index == 1,
                Some("TypeVar") => index > 0,
                _ => false,
            },
            Around::Keyword(function, name) => {
                let name = &*self.names[name.index()];
                match self.meaning(table, function) {
                    Some("cast" | "assert_type") => name == "typ",
                    Some("NewType") => name == "tp",
                    Some("TypeAliasType") => name == "value",
                    Some("TypeVar" | "ParamSpec" | "TypeVarTuple") => name == "bound" || name == "default",
                    _ => false,
                }
            }
            Around::Value(annotation) => self.meaning(table, annotation) == Some("TypeAlias"),
        })
    }

    /// The name that a use means in one of the modules, or among the builtins.
    fn meaning(&self, table: &Facts, used: UseId) -> Option<&str> {
        let used = &self.uses[used.index()];
        let (start, end) = used.attributes;
        let attributes = &self.attributes[start as usize..end as usize];
        let text = |name: NameId| &*self.names[name.index()];
        let scope = match table.lookup(used.scope, used.name) {
            Lookup::Bound(scope) | Lookup::ClassOr(scope, None) => scope,
            Lookup::Free => return GENERICS.contains(&text(used.name)).then(|| text(used.name)),
            Lookup::ClassOr(..) => return None,
        };
        let mut meanings = table.bindings_of(scope, used.name).map(|(_, binding)| {
            let BindingKind::Import(alias) = binding.kind else { return None };
            let alias = &self.aliases[alias.index()];
            match (self.imports[alias.import.index()].from, attributes) {
                (Some(From { level: 0, module: Some(module) }), []) => {
                    MODULES.contains(&text(module)).then(|| text(alias.name))
                }
                (None, [attribute]) => MODULES.contains(&text(alias.name)).then(|| text(attribute.name)),
                _ => None,
            }
        });
        let first = meanings.next()??;
        meanings.all(|other| other == Some(first)).then_some(first)
    }

    /// The special forms whose spelling alone is enough not to take what is in them for types.
    fn spelled(&self, used: UseId) -> Option<&str> {
        let used = &self.uses[used.index()];
        let (start, end) = used.attributes;
        let last = self.attributes[start as usize..end as usize].last().map_or(used.name, |last| last.name);
        Some(&*self.names[last.index()]).filter(|name| matches!(*name, "Literal" | "Annotated"))
    }

    /// Reads the type comment behind an assignment, or behind the head of a loop or `with` statement.
    pub(super) fn comment_behind(&mut self, end: TextSize) {
        let at = self.type_comments.partition_point(|comment| comment.text.start() < end);
        let Some(comment) = self.type_comments.get(at) else { return };
        let between = &self.source[TextRange::new(end, comment.text.start())];
        let gap = between.split('#').next().unwrap_or_default();
        if gap.chars().all(|c| matches!(c, ' ' | '\t' | ')' | ':' | ';')) && !between.contains('\n') {
            self.read_comment(at, TypeComments::One);
        }
    }

    /// Reads the type comments of a function: behind its parameters, and the one for all of them.
    pub(super) fn signature_comments(&mut self, parameters: &Parameters, body: &[Stmt]) {
        if self.type_comments.is_empty() {
            return;
        }
        let end = body.first().map_or(parameters.end(), Ranged::start);
        let first = self.type_comments.partition_point(|comment| comment.text.start() < parameters.start());
        let count = self.type_comments[first..].partition_point(|comment| comment.text.end() <= end);
        for at in first..first + count {
            let is_inside = self.type_comments[at].text.end() <= parameters.end();
            self.read_comment(at, if is_inside { TypeComments::One } else { TypeComments::Signature });
        }
    }

    fn read_comment(&mut self, at: usize, form: TypeComments) {
        let text = self.type_comments[at].text;
        let ranges = match form {
            TypeComments::One => Some(vec![text]),
            TypeComments::Signature => signature(self.source, text),
        };
        let parsed = |ranges: Vec<TextRange>| {
            ranges.into_iter().map(|range| parse_expression_range(self.source, range)).collect::<Result<Vec<_>, _>>().ok()
        };
        let Some(types) = ranges.and_then(parsed) else { return };
        self.type_comments[at].is_read = true;
        self.with_flags(UseFlags { in_string: true, ..UseFlags::default() }, |this| {
            types.iter().for_each(|one| this.visit_annotation(one.expr()));
        });
    }
}

/// What a type comment holds.
#[derive(Clone, Copy)]
enum TypeComments {
    /// One type, or several with commas between them.
    One,
    /// `(A, *B, **C) -> D`.
    Signature,
}

/// The types of `(A, *B, **C) -> D`; `None` where the text is none.
fn signature(source: &str, text: TextRange) -> Option<Vec<TextRange>> {
    let range = |part: &str| {
        let start = part.as_ptr() as usize - source.as_ptr() as usize;
        Some(TextRange::at(TextSize::try_from(start).ok()?, TextSize::try_from(part.len()).ok()?))
    };
    let (parameters, returned) = source[text].rsplit_once("->")?;
    let inner = parameters.trim().strip_prefix('(')?.strip_suffix(')')?;
    let mut depth = 0_usize;
    let is_comma = |c: char| {
        depth = match c {
            '[' | '(' => depth + 1,
            ']' | ')' => depth.saturating_sub(1),
            _ => depth,
        };
        c == ',' && depth == 0
    };
    let parts = inner.split(is_comma).map(|part| part.trim().trim_start_matches('*').trim_start());
    parts.filter(|part| !part.is_empty()).chain([returned.trim()]).map(range).collect()
}

#[cfg(test)]
mod tests;
