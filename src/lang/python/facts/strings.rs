//! Strings that could name code, and where they stand: what a dotted path means depends on who is given it.

use super::{NameId, UseId};
use crate::text::span::Span;

/// A string literal that could name code (identifiers, dots and the punctuation of type expressions, nothing else), or the name of
/// a keyword argument that does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StringFact {
    /// Its value.
    pub value: NameId,
    /// The literal with its quotes and prefix.
    pub span: Span,
    /// Where it stands.
    pub place: StringPlace,
}

/// Where a string stands.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum StringPlace {
    /// Nowhere in particular.
    #[default]
    Elsewhere,
    /// In the arguments of a call.
    Argument(Argument),
    /// `used["…"]`, or `"…" in used`.
    Key(UseId),
    /// Assigned to a name, by itself or in a list, tuple, set or dict.
    Value(NameId),
}

/// An argument of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Argument {
    /// What is called.
    pub callee: UseId,
    /// Which argument it is.
    pub slot: Slot,
    /// The call's first positional argument, where it comes before this one.
    pub first: First,
}

/// Which argument of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Slot {
    /// A positional one, counted from 0; alone or in a list.
    Position(u32),
    /// A keyword's value, alone or in a list.
    Keyword(NameId),
    /// The name of a keyword: the `X` of `patch.multiple("m", X=1)`.
    Name,
    /// A key of a dict that is an argument.
    Key,
}

/// The first positional argument of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum First {
    /// None, or an expression of another kind.
    Other,
    /// A name or dotted expression.
    Use(UseId),
    /// A string with this value.
    String(NameId),
}

/// A string that is put together at run time and given to a call: an f-string, or a sum of strings.
#[derive(Clone, Debug)]
pub struct Computed {
    /// The expression.
    pub span: Span,
    /// The call that it is an argument of.
    pub argument: Argument,
    /// What it is made of, in order.
    pub pieces: Box<[Piece]>,
}

/// A part of a string that is put together at run time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Piece {
    /// This text.
    Text(NameId),
    /// The value of a name.
    Name(UseId),
    /// The value of another expression.
    Unknown,
}
