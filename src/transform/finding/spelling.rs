//! How a reference is spelled: its construct, and what is special about it.

use std::fmt;

/// How a reference is spelled.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Spelling {
    /// The construct.
    pub form: Form,
    /// Inside a function: it runs when the function does.
    pub is_lazy: bool,
    /// Relative, with leading dots, in TypeScript `./` or `../`.
    pub is_relative: bool,
    /// Over several lines.
    pub is_multi_line: bool,
    /// With `as`.
    pub is_aliased: bool,
    /// Together with other names in one statement.
    pub is_shared: bool,
    /// Under `if TYPE_CHECKING`, or `import type`.
    pub is_type_checking: bool,
    /// In a `try` that catches the failure of an import, or in its handler.
    pub is_guarded: bool,
    /// Through a re-export and not from the module itself.
    pub is_indirect: bool,
}

/// The construct of a reference.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Form {
    /// `from m import name`.
    FromImport,
    /// `import m`.
    Import,
    /// `m.name`.
    Attribute,
    /// `name`.
    Name,
    /// `from m import *`.
    Star,
    /// A string literal.
    String,
    /// An entry of `__all__`, or of `export { … }`.
    Export,
    /// `import("m")`.
    DynamicImport,
    /// `require("m")`.
    Require,
    /// `import("m").T` as a type.
    ImportType,
    /// `jest.mock("m")` and its like.
    Mock,
    /// `/// <reference … />`.
    Reference,
    /// `declare module "m"`.
    Augmentation,
    /// A dotted path in a configuration file.
    Config,
    /// A definition.
    Definition,
    /// A call.
    Call,
    /// A piece of code that a pattern matches.
    Code,
}

impl Spelling {
    /// The plain spelling of a construct.
    pub fn of(form: Form) -> Self {
        Self {
            form,
            is_lazy: false,
            is_relative: false,
            is_multi_line: false,
            is_aliased: false,
            is_shared: false,
            is_type_checking: false,
            is_guarded: false,
            is_indirect: false,
        }
    }

    /// The words for what is special about it.
    pub fn traits(self) -> impl Iterator<Item = &'static str> {
        let traits = [
            (self.is_lazy, "lazy"),
            (self.is_relative, "relative"),
            (self.is_multi_line, "multi-line"),
            (self.is_aliased, "aliased"),
            (self.is_shared, "shared"),
            (self.is_type_checking, "type-checking"),
            (self.is_guarded, "guarded"),
            (self.is_indirect, "re-export"),
        ];
        traits.into_iter().filter(|(holds, _)| *holds).map(|(_, word)| word)
    }
}

impl Form {
    /// The word that reports use.
    pub fn word(self) -> &'static str {
        match self {
            Form::FromImport => "from-import",
            Form::Import => "import",
            Form::Attribute => "attribute",
            Form::Name => "name",
            Form::Star => "star-import",
            Form::String => "string",
            Form::Export => "export",
            Form::DynamicImport => "dynamic-import",
            Form::Require => "require",
            Form::ImportType => "import-type",
            Form::Mock => "mock",
            Form::Reference => "reference",
            Form::Augmentation => "augmentation",
            Form::Config => "config",
            Form::Definition => "definition",
            Form::Call => "call",
            Form::Code => "code",
        }
    }
}

impl fmt::Display for Spelling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.form.word())?;
        self.traits().try_for_each(|word| write!(f, ", {word}"))
    }
}
