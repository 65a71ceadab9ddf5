//! Strings: those in annotations are expressions; others may name code for the call that they are given to.

use ruff_python_ast::visitor::Visitor;
use ruff_python_ast::{
    CmpOp, Expr, ExprCall, ExprCompare, ExprDict, ExprStringLiteral, FStringPart, InterpolatedStringElement, Operator,
};
use ruff_python_parser::typing::{AnnotationKind, parse_type_annotation};
use ruff_text_size::Ranged;

use super::code_text::{LONGEST_CODE_STRING, is_code_like};
use super::type_text::Around;
use super::{Collector, chain, span};
use crate::lang::python::facts::{Argument, Computed, First, NameId, Piece, Slot, StringFact, StringPlace, UseFlags, UseId};

/// Whether a text is short enough for the name of code.
pub(super) fn is_short(literal: &ExprStringLiteral) -> bool {
    literal.value.to_str().len() <= LONGEST_CODE_STRING
}

impl Collector<'_> {
    /// Walks an expression that stands in a place that matters to strings.
    pub(super) fn placed(&mut self, place: StringPlace, expr: &Expr) {
        self.place = place;
        self.visit_expr(expr);
        self.place = StringPlace::Elsewhere;
    }

    pub(super) fn string(&mut self, literal: &ExprStringLiteral, place: StringPlace) {
        if self.in_annotation {
            self.annotation(literal);
            return;
        }
        let value = literal.value.to_str();
        let fact = is_code_like(value).then(|| StringFact { value: self.intern(value), span: span(literal.range), place });
        self.defer(literal, fact);
    }

    /// Walks the type that a string holds, and says whether it holds one.
    pub(super) fn annotation(&mut self, literal: &ExprStringLiteral) -> bool {
        let Ok(parsed) = parse_type_annotation(literal, self.source) else { return false };
        let is_simple = matches!(parsed.kind(), AnnotationKind::Simple);
        let flags = UseFlags { in_string: true, frozen: self.flags.frozen || !is_simple, ..UseFlags::default() };
        self.with_flags(flags, |this| this.visit_annotation(parsed.expression()));
        true
    }

    /// Walks a dict. What it is assigned to or given to looks at its values or at its keys.
    pub(super) fn dict(&mut self, dict: &ExprDict, place: StringPlace) {
        let (key_place, value_place) = match place {
            StringPlace::Argument(argument) => {
                (StringPlace::Argument(Argument { slot: Slot::Key, ..argument }), StringPlace::Elsewhere)
            }
            StringPlace::Value(name) => (StringPlace::Elsewhere, StringPlace::Value(name)),
            StringPlace::Elsewhere | StringPlace::Key(_) => (StringPlace::Elsewhere, StringPlace::Elsewhere),
        };
        for item in &dict.items {
            if let Some(key) = &item.key {
                self.placed(key_place, key);
            }
            self.placed(value_place, &item.value);
        }
    }

    /// Walks the arguments of a call, whose function has just been walked. They are values, also inside an annotation such as
    /// `Annotated[int, Field(alias="x")]`.
    pub(super) fn arguments(&mut self, call: &ExprCall) {
        let callee = chain(&call.func).map(|_| self.last_use());
        let function = self.typing_use(&call.func);
        let place = |slot, first| {
            callee.map_or(StringPlace::Elsewhere, |callee| StringPlace::Argument(Argument { callee, slot, first }))
        };
        self.with_annotation(false, |this| {
            let mut first = First::Other;
            for (position, argument) in call.arguments.args.iter().enumerate() {
                let around = function.map(|function| Around::Argument(function, position));
                this.inside(around, |this| this.placed(place(Slot::Position(position as u32), first), argument));
                if position == 0 {
                    first = this.operand(argument);
                }
            }
            for keyword in &call.arguments.keywords {
                let name = keyword.arg.as_ref().map(|name| this.intern(&name.id));
                if let (Some(name), Some(spelled), Some(callee)) = (name, &keyword.arg, callee)
                    && this.takes_names(callee)
                {
                    this.strings.push(StringFact { value: name, span: span(spelled.range), place: place(Slot::Name, first) });
                }
                let around = function.zip(name).map(|(function, name)| Around::Keyword(function, name));
                let slot = name.map_or(Slot::Key, Slot::Keyword);
                this.inside(around, |this| this.placed(place(slot, first), &keyword.value));
            }
        });
    }

    /// Whether the keywords of a call can be names of a module: those of `patch.multiple` are.
    fn takes_names(&self, callee: UseId) -> bool {
        let (_, end) = self.uses[callee.index()].attributes;
        let last = self.attributes[..end as usize].last().map(|attribute| &*self.names[attribute.name.index()]);
        last == Some("multiple")
    }

    fn operand(&mut self, argument: &Expr) -> First {
        match argument {
            Expr::StringLiteral(literal) if is_short(literal) => First::String(self.intern(literal.value.to_str())),
            argument if chain(argument).is_some() => First::Use(self.last_use()),
            _ => First::Other,
        }
    }

    /// Walks a comparison; in `"a.b" in sys.modules` the string is a key.
    pub(super) fn compare(&mut self, compare: &ExprCompare) {
        let is_membership = matches!(&*compare.ops, [CmpOp::In | CmpOp::NotIn]);
        match (&*compare.left, &*compare.comparators) {
            (Expr::StringLiteral(_), [container]) if is_membership && chain(container).is_some() => {
                self.visit_expr(container);
                let place = StringPlace::Key(self.last_use());
                self.placed(place, &compare.left);
            }
            (left, others) => {
                self.visit_expr(left);
                others.iter().for_each(|other| self.visit_expr(other));
            }
        }
    }

    /// Takes an f-string or a sum of strings that is an argument; its names are the uses from `first_use` on.
    pub(super) fn computed(&mut self, expr: &Expr, place: StringPlace, first_use: usize) {
        let StringPlace::Argument(argument) = place else { return };
        let mut uses = first_use..self.uses.len();
        let mut pieces = Vec::new();
        self.pieces(expr, &mut uses, &mut pieces);
        let has_dot = |piece: &Piece| matches!(piece, Piece::Text(text) if self.names[text.index()].contains('.'));
        if pieces.len() > 1 && pieces.iter().any(has_dot) {
            self.computed.push(Computed { span: span(expr.range()), argument, pieces: pieces.into() });
        }
    }

    fn pieces(&mut self, expr: &Expr, uses: &mut std::ops::Range<usize>, pieces: &mut Vec<Piece>) {
        match expr {
            Expr::StringLiteral(literal) => pieces.push(self.text(literal.value.to_str())),
            Expr::BinOp(sum) if sum.op == Operator::Add => {
                self.pieces(&sum.left, uses, pieces);
                self.pieces(&sum.right, uses, pieces);
            }
            Expr::FString(string) => {
                for part in &string.value {
                    match part {
                        FStringPart::Literal(literal) => pieces.push(self.text(literal.as_str())),
                        FStringPart::FString(string) => {
                            for element in &string.elements {
                                match element {
                                    InterpolatedStringElement::Literal(literal) => pieces.push(self.text(&literal.value)),
                                    InterpolatedStringElement::Interpolation(inner) => {
                                        let is_plain = inner.debug_text.is_none() && inner.format_spec.is_none();
                                        match is_plain {
                                            true => self.pieces(&inner.expression, uses, pieces),
                                            false => pieces.push(Piece::Unknown),
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
            expr => pieces.push(match chain(expr) {
                Some((name, attributes)) if attributes.is_empty() => {
                    let place = span(name.range);
                    let found = uses.clone().find(|&at| self.uses[at].span == place);
                    found.map_or(Piece::Unknown, |at| Piece::Name(UseId::new(at)))
                }
                _ => Piece::Unknown,
            }),
        }
    }

    fn text(&mut self, text: &str) -> Piece {
        let id: NameId = self.intern(text);
        Piece::Text(id)
    }
}
